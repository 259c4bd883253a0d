"""From what the caller has to what is sent: which format, with which parameters, after which checks."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar

from qsession_core import plugins
from qsession_core.client.submitting.checks import check_payload, check_shots
from qsession_core.errors import ConfigurationError, ConversionError
from qsession_core.formats import Payload, Template
from qsession_core.formats.qir.module import INPUT as QIR
from qsession_core.formats.qir.module import from_qir_object
from qsession_core.formats.registry import as_is
from qsession_core.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qsession_core.client.target import Target
    from qsession_core.formats import Format

__all__ = ["Encoder", "PayloadTemplate", "name_of"]

T = TypeVar("T")
_QIR_MARK = "__quantum__"
_EMPTY = Payload(b"", "", "", "")


@dataclass(frozen=True, slots=True)
class PayloadTemplate:
    """A program with parameters, encoded once for many bindings.

    Attributes:
        template: The format's own.
        input_params: The job's ``inputParams`` beside the format's.
        metadata: Metadata beside the format's.
    """

    template: Template
    input_params: Mapping[str, Any]
    metadata: Mapping[str, str]

    def bind(self, values: Sequence[float]) -> Payload:
        """Return the payload in which parameter i of the program has ``values[i]``.

        Raises:
            ConversionError: A value is not finite.
        """
        payload = self.template.bind(values)
        return replace(
            payload,
            input_params={**self.input_params, **payload.input_params},
            metadata={**payload.metadata, **self.metadata},
        )


@dataclass(frozen=True, slots=True)
class Encoder:
    """How programs are encoded for one target.

    Attributes:
        target: The target; its arguments' words are explained at :meth:`Target.encode`.
        input_data_format: The only format to take; None for the target's own, one after the other.
        gateset: The gate set to take; None for the target's own.
    """

    target: Target
    input_data_format: str | None = None
    gateset: str | None = None

    def encode(
        self,
        input_data: object,
        shots: SupportsIndex | None,
        input_params: Mapping[str, Any] | None,
        metadata: Mapping[str, str] | None,
    ) -> Payload:
        """Return what would be sent, after all checks; raises as :meth:`Target.encode`."""
        problems: list[ConversionError] = []
        if isinstance(input_data, Payload):  # what it says holds, unless the caller says otherwise
            said = {name: value for name, value in input_data.input_params.items() if name != "shots" or shots is None}
            input_params = {**said, **(input_params or {})}
        params = self._params(shots, input_params, problems)
        payload: Payload | None = None
        try:
            payload = self._payload(input_data)
        except ConversionError as error:
            problems += error.problems or (error,)
        if payload is not None:
            width = payload.num_qubits or (input_data.num_qubits if isinstance(input_data, Program) else 0)
            problems += check_payload(payload, width, self.target.known_num_qubits, self.target.name)
        elif isinstance(input_data, Program):
            problems += check_payload(_EMPTY, input_data.num_qubits, self.target.known_num_qubits, self.target.name)
        if problems or payload is None:
            raise ConversionError.of(problems)
        return replace(
            payload,
            input_params={**payload.input_params, **params},
            metadata={**payload.metadata, **(metadata or {})},
        )

    def template(
        self,
        program: Program,
        shots: SupportsIndex | None,
        input_params: Mapping[str, Any] | None,
        metadata: Mapping[str, str] | None,
    ) -> PayloadTemplate:
        """Encode a program with parameters once; raises as :meth:`Target.template`."""
        problems: list[ConversionError] = []
        params = self._params(shots, input_params, problems)
        template: Template | None = None
        try:
            template = self._first_that_can(
                lambda format_: format_.template(program, profile=self.target.target_profile)
            )
        except ConversionError as error:
            problems += error.problems or (error,)
        width = max(program.num_qubits, template.num_qubits if template is not None else 0)
        problems += check_payload(_EMPTY, width, self.target.known_num_qubits, self.target.name)
        if problems or template is None:
            raise ConversionError.of(problems)
        return PayloadTemplate(template, params, dict(metadata or {}))

    def _params(
        self, shots: SupportsIndex | None, given: Mapping[str, Any] | None, problems: list[ConversionError]
    ) -> dict[str, Any]:
        """Return the job's inputParams with its shots; note what is wrong with them."""
        params = dict(given or {})
        said = params.pop("shots", None)
        if said is not None and shots is not None and said != shots:
            problems.append(ConversionError(f"shots is {shots!r}, and input_params says {said!r}. Say it once."))
        checked = check_shots(
            said if shots is None else shots,
            default=self.target.default_shots,
            limit=self.target.max_shots,
            target=self.target.name,
        )
        if isinstance(checked, ConversionError):
            problems.append(checked)
        else:
            params["shots"] = checked
        return params

    def _payload(self, input_data: object) -> Payload:
        if isinstance(input_data, Payload):
            return input_data
        if not isinstance(input_data, Program):
            if hasattr(input_data, "_repr_qir_"):
                return from_qir_object(input_data, self.target.name, self.target.target_profile)
            if isinstance(input_data, str | bytes) or hasattr(input_data, "keys"):
                return as_is(input_data, self.input_data_format or self._format_of(input_data))  # type: ignore[arg-type]
            input_data = _converted(input_data)
        program = input_data
        return self._first_that_can(lambda format_: format_.encode(program, profile=self.target.target_profile))

    def _format_of(self, data: object) -> str:
        """Return the format of data that the caller has encoded: QIR where it looks so, else the provider's own."""
        if isinstance(data, bytes):
            is_qir = data.startswith(b"BC\xc0\xde") or _QIR_MARK.encode() in data
        else:
            is_qir = isinstance(data, str) and _QIR_MARK in data
        return QIR if is_qir else self.target.provider.raw_format

    def _formats(self) -> tuple[Format, ...]:
        """Return the formats to try, in order."""
        input_data_format, gateset = self.input_data_format, self.gateset
        if gateset is not None:
            if gateset not in self.target.provider.gatesets:
                there = ", ".join(self.target.provider.gatesets) or "none to choose"
                raise ConfigurationError(f"{self.target.name} has no gate set {gateset!r}; there is: {there}.")
            chosen = self.target.provider.gatesets[gateset]
            if input_data_format in {None, chosen.input_data_format}:
                return (chosen,)
        formats = self.target.provider.formats
        if input_data_format is not None:
            formats = tuple(format_ for format_ in formats if format_.input_data_format == input_data_format)
            if not formats:
                there = ", ".join(self.target.input_data_formats) or "none"
                raise ConfigurationError(
                    f"No circuit can be encoded as {input_data_format!r} for {self.target.name}; there is: {there}. "
                    "Data that is encoded already can be passed as dict, text or bytes."
                )
        if not formats:
            raise ConversionError(
                f"{self.target.name} runs no circuits; pass {self.target.provider.raw_format} as dict or text."
            )
        return formats

    def _first_that_can(self, encode: Callable[[Format], T]) -> T:
        """Encode in the first format that can hold the program; if none can, the first one's problems count."""
        first: ConversionError | None = None
        for format_ in self._formats():
            try:
                return encode(format_)
            except ConversionError as error:
                first = first or error
        assert first is not None  # noqa: S101 - there is at least one format
        raise first


def name_of(input_data: object) -> str:
    """Return what a job is called after."""
    return str(getattr(input_data, "name", None) or "qsession-job")


def _converted(circuit: object) -> Program:
    """Turn a circuit into a program by the front end of its SDK."""
    module = type(circuit).__module__.partition(".")[0]
    if module not in plugins.names(plugins.FRONTENDS) or module not in sys.modules:
        there = ", ".join(plugins.names(plugins.FRONTENDS)) or "none"
        raise ConfigurationError(
            f"A {type(circuit).__name__} of {module} cannot be sent. Pass a circuit of an installed front end "
            f"({there}), a Program, or data that is encoded already."
        )
    convert = plugins.load(plugins.FRONTENDS, module)
    program = convert(circuit)  # type: ignore[operator]
    if not isinstance(program, Program):
        raise ConfigurationError(f"The front end {module!r} returned a {type(program).__name__}, not a Program.")
    return program
