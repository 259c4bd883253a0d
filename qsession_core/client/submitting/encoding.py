"""From a caller's program to a payload: the choice of the format, the job's parameters, the checks."""

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
from qsession_core.providers.row import DEFAULT_SHOTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qsession_core.catalog import KnownTarget
    from qsession_core.formats import Format
    from qsession_core.providers.row import Provider

__all__ = ["Encoder", "PayloadTemplate", "name_of"]

T = TypeVar("T")
_QIR_MARK = "__quantum__"
_EMPTY = Payload(b"", "", "", "")


@dataclass(frozen=True, slots=True)
class PayloadTemplate:
    """A program with parameters, encoded once for many bindings.

    Attributes:
        template: The template of the format.
        input_params: The job's ``inputParams``, without the format's.
        metadata: The job's metadata, without the format's.
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
    """Encodes programs for one target; the arguments of its methods are explained at ``Target.encode``.

    Attributes:
        provider: The target's provider.
        target: The target, with what its workspace says.
        input_data_format: The only format to use; None to try the provider's formats in order.
        gateset: The gate set to use; None for the format's default.
    """

    provider: Provider
    target: KnownTarget
    input_data_format: str | None = None
    gateset: str | None = None

    def encode(
        self,
        input_data: object,
        shots: SupportsIndex | None,
        input_params: Mapping[str, Any] | None,
        metadata: Mapping[str, str] | None,
    ) -> Payload:
        """Return the payload, after all checks; raises as ``Target.encode``."""
        problems: list[ConversionError] = []
        if isinstance(input_data, Payload):  # the caller's arguments win over the payload's own
            own = {name: value for name, value in input_data.input_params.items() if name != "shots" or shots is None}
            input_params = {**own, **(input_params or {})}
        params = self._params(shots, input_params, problems)
        payload: Payload | None = None
        try:
            payload = self._payload(input_data)
        except ConversionError as error:
            problems += error.problems or (error,)
        if payload is not None:
            width = payload.num_qubits or (input_data.num_qubits if isinstance(input_data, Program) else 0)
            problems += check_payload(payload, width, self.target.num_qubits or None, self.target.name)
        elif isinstance(input_data, Program):
            problems += check_payload(_EMPTY, input_data.num_qubits, self.target.num_qubits or None, self.target.name)
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
        """Encode a program with parameters once; raises as ``Target.template``."""
        problems: list[ConversionError] = []
        params = self._params(shots, input_params, problems)
        template: Template | None = None
        try:
            template = self._first_that_can(lambda format_: format_.template(program, profile=self.target.profile))
        except ConversionError as error:
            problems += error.problems or (error,)
        width = max(program.num_qubits, template.num_qubits if template is not None else 0)
        problems += check_payload(_EMPTY, width, self.target.num_qubits or None, self.target.name)
        if problems or template is None:
            raise ConversionError.of(problems)
        return PayloadTemplate(template, params, dict(metadata or {}))

    def _params(
        self, shots: SupportsIndex | None, given: Mapping[str, Any] | None, problems: list[ConversionError]
    ) -> dict[str, Any]:
        """Return the job's inputParams with its shots; append to the problems if these are wrong."""
        params = dict(given or {})
        other = params.pop("shots", None)
        if other is None:
            other = params.get("count")  # the older word for it; the provider may read either
        if other is not None and shots is not None and other != shots:
            problems.append(ConversionError(f"shots is {shots!r}, and {other!r} in input_params. Give it once."))
        checked = check_shots(
            other if shots is None else shots,
            default=DEFAULT_SHOTS,
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
                return from_qir_object(input_data, self.target.name, self.target.profile)
            if isinstance(input_data, str | bytes) or hasattr(input_data, "keys"):
                return as_is(input_data, self.input_data_format or self._format_of(input_data))  # type: ignore[arg-type]
            input_data = _converted(input_data)
        program = input_data
        return self._first_that_can(lambda format_: format_.encode(program, profile=self.target.profile))

    def _format_of(self, data: object) -> str:
        """Return the format of data that the caller has encoded: QIR if it looks like QIR, else the provider's own."""
        if isinstance(data, bytes):
            is_qir = data.startswith(b"BC\xc0\xde") or _QIR_MARK.encode() in data
        else:
            is_qir = isinstance(data, str) and _QIR_MARK in data
        return QIR if is_qir else self.provider.raw_format

    def _formats(self) -> tuple[Format, ...]:
        """Return the formats to try, in order."""
        input_data_format, gateset = self.input_data_format, self.gateset
        if gateset is not None:
            if gateset not in self.provider.gatesets:
                there = ", ".join(self.provider.gatesets) or "none to choose"
                raise ConfigurationError(f"{self.target.name} has no gate set {gateset!r}; there is: {there}.")
            chosen = self.provider.gatesets[gateset]
            if input_data_format in {None, chosen.input_data_format}:
                return (chosen,)
        formats = self.provider.formats
        if input_data_format is not None:
            formats = tuple(format_ for format_ in formats if format_.input_data_format == input_data_format)
            if not formats:
                there = ", ".join(format_.input_data_format for format_ in self.provider.formats) or "none"
                raise ConfigurationError(
                    f"No circuit can be encoded as {input_data_format!r} for {self.target.name}; there is: {there}. "
                    "Data that is encoded already can be passed as dict, text or bytes."
                )
        if not formats:
            raise ConversionError(
                f"{self.target.name} runs no circuits; pass {self.provider.raw_format} as dict or text."
            )
        return formats

    def _first_that_can(self, encode: Callable[[Format], T]) -> T:
        """Encode in the first format that can express the program; if none can, raise the first one's problems."""
        first: ConversionError | None = None
        for format_ in self._formats():
            try:
                return encode(format_)
            except ConversionError as error:
                first = first or error
        assert first is not None  # noqa: S101 - there is at least one format
        raise first


def name_of(input_data: object) -> str:
    """Return the default name of a job."""
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
