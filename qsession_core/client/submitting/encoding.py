"""From a caller's program to a payload: the choice of the format, the job's parameters, the checks."""

from __future__ import annotations

import sys
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar

import msgspec

from qsession_core import plugins
from qsession_core.client.service.blobs import MAX_BYTES
from qsession_core.client.submitting.checks import check_payload, check_shots, plain_metadata
from qsession_core.errors import ConfigurationError, ConversionError
from qsession_core.formats import Payload, Template
from qsession_core.formats.registry import as_is
from qsession_core.logs import logger
from qsession_core.program import Program
from qsession_core.providers.options import DEFAULT_SHOTS, SHOT_NAMES, plain_params, shots_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qsession_core.catalog import KnownTarget
    from qsession_core.formats import Format
    from qsession_core.providers.row import Provider

__all__ = ["Encoder", "PayloadTemplate", "name_of"]

_log = logger(__name__)
T = TypeVar("T")
_EMPTY = Payload(b"", "", "", "")


class PayloadTemplate(msgspec.Struct, frozen=True):
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


class Encoder(msgspec.Struct, frozen=True):
    """Encodes programs for one target; the arguments of its methods are explained at ``Target.encode``.

    Attributes:
        provider: The target's provider.
        target: The target, with what its workspace says.
        input_data_format: The only format to use; None to try the provider's formats in order.
        gateset: The gate set to use; None for the format's default.
        stated_qubits: The target's width as its workspace says it; None if it does not say. A wider program is refused;
            where only our table has a width, it is warned of.
        warned: The warnings that were given already; each is given once.
        allow_unknown: Let options in ``inputParams`` through that the provider's row does not know.
    """

    provider: Provider
    target: KnownTarget
    input_data_format: str | None = None
    gateset: str | None = None
    stated_qubits: int | None = None
    warned: set[str] = msgspec.field(default_factory=set)
    allow_unknown: bool = False

    def encode(
        self,
        input_data: object,
        shots: SupportsIndex | None,
        input_params: Mapping[str, Any] | None,
        metadata: Mapping[str, str] | None,
    ) -> Payload:
        """Return the payload, after all checks; raises as ``Target.encode``."""
        input_params, metadata = plain_params(input_params), plain_metadata(metadata)
        problems = self._option_problems(input_params)
        if isinstance(input_data, Payload):  # the caller's arguments win over the payload's own
            keeps = shots is None and not shots_in(input_params)
            own = {name: value for name, value in input_data.input_params.items() if keeps or name not in SHOT_NAMES}
            input_params = {**own, **input_params}
        params = self._params(shots, input_params, problems)
        payload: Payload | None = None
        try:
            payload = self._payload(input_data)
        except ConversionError as error:
            problems += error.problems or (error,)
        if payload is not None:
            size = input_data.num_qubits if isinstance(input_data, Program) else 0
            problems += self._size_problems(payload, payload.num_qubits or size, own=size)
        elif isinstance(input_data, Program):
            problems += self._size_problems(_EMPTY, input_data.num_qubits)
        if problems or payload is None:
            raise ConversionError.of(problems)
        return replace(
            payload,
            input_params={
                **{name: value for name, value in payload.input_params.items() if name not in SHOT_NAMES},
                **params,
            },
            metadata={**payload.metadata, **metadata},
        )

    def template(
        self,
        program: Program,
        shots: SupportsIndex | None,
        input_params: Mapping[str, Any] | None,
        metadata: Mapping[str, str] | None,
    ) -> PayloadTemplate:
        """Encode a program with parameters once; raises as ``Target.template``."""
        input_params, metadata = plain_params(input_params), plain_metadata(metadata)
        problems = self._option_problems(input_params)
        params = self._params(shots, input_params, problems)
        template: Template | None = None
        try:
            template = self._first_that_can(lambda format_: format_.template(program, profile=self.target.profile))
        except ConversionError as error:
            problems += error.problems or (error,)
        width = max(program.num_qubits, template.num_qubits if template is not None else 0)
        problems += self._size_problems(_EMPTY, width, own=program.num_qubits)
        if problems or template is None:
            raise ConversionError.of(problems)
        return PayloadTemplate(template, params, metadata)

    def _size_problems(self, payload: Payload, num_qubits: int, *, own: int = 0) -> list[ConversionError]:
        """Return what is wrong with the size of a payload; warn of a width that only our table knows."""
        known = self.target.num_qubits
        if self.stated_qubits is None and known and num_qubits > known:
            warning = (
                f"The program needs {num_qubits} qubits; {self.target.name} had {known} when its row was written. The "
                "workspace does not say how many it has now, so the program is sent."
            )
            if warning not in self.warned:
                self.warned.add(warning)
                _log.warning("%s", warning)
        return check_payload(payload, num_qubits, self.stated_qubits, self.target.name, own=own)

    def _params(
        self, shots: SupportsIndex | None, given: Mapping[str, Any] | None, problems: list[ConversionError]
    ) -> dict[str, Any]:
        """Return the job's inputParams with its shots; append to the problems if these are wrong."""
        params = {name: value for name, value in (given or {}).items() if name not in SHOT_NAMES or value is not None}
        asked: list[Any] = [*([] if shots is None else [shots]), *shots_in(params)]
        found = [self._checked_shots(each) for each in asked or [None]]
        checked = next((each for each in found if isinstance(each, ConversionError)), found[0])
        if not isinstance(checked, ConversionError) and len(set(found)) > 1:
            told = " and ".join(map(str, dict.fromkeys(found)))
            checked = ConversionError(f"The shots are given as {told}. Give them once.")
        if isinstance(checked, ConversionError):
            problems.append(checked)
        else:
            # by the caller's word too where it was another one, since a provider may read either
            params |= {name: checked for name in SHOT_NAMES if name == "shots" or name in params}
        return params

    def _checked_shots(self, shots: SupportsIndex | None) -> int | ConversionError:
        return check_shots(shots, default=DEFAULT_SHOTS, limit=self.target.max_shots, target=self.target.name)

    def _option_problems(self, given: Mapping[str, Any] | None) -> list[ConversionError]:
        """Return what is wrong with a caller's inputParams, besides the shots."""
        found = self.provider.option_problems(given or {}, allow_unknown=self.allow_unknown)
        return [ConversionError(sentence) for sentence in found]

    def _payload(self, input_data: object) -> Payload:
        if isinstance(input_data, Payload):
            return input_data
        if not isinstance(input_data, Program):
            if hasattr(input_data, "_repr_qir_"):
                from qsession_core.formats.qir.module import from_qir_object

                return from_qir_object(input_data, self.target.name, self.target.profile)
            if isinstance(input_data, bytearray | memoryview):
                input_data = bytes(input_data)
            if isinstance(input_data, str | bytes | PathLike):
                from qsession_core.client.submitting.texts import payload_of_text
                from qsession_core.sources.files import source_of

                source = source_of(input_data, most_bytes=MAX_BYTES)
                return payload_of_text(source, self.provider, self.target, self.input_data_format)
            if hasattr(input_data, "keys"):
                return as_is(input_data, self.input_data_format or self.provider.raw_format)  # type: ignore[arg-type]
            input_data = _converted(input_data)
        program = input_data
        return self._first_that_can(lambda format_: format_.encode(program, profile=self.target.profile))

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
    """Return the default name of a job: that of the program, or of its file without folder and suffix."""
    if isinstance(input_data, str | PathLike):
        from qsession_core.sources.files import path_of

        path = path_of(input_data)
        if path is not None:
            return path.stem or "qsession-job"
    return str(getattr(input_data, "name", None) or "qsession-job")


def _converted(circuit: object) -> Program:
    """Turn a circuit into a program by the front end of its SDK."""
    module = type(circuit).__module__.partition(".")[0]
    if module not in plugins.names(plugins.FRONTENDS) or module not in sys.modules:
        there = ", ".join(plugins.names(plugins.FRONTENDS)) or "none"
        if isinstance(circuit, list | tuple):
            raise ConfigurationError("Several programs are several jobs: send them by submit_all(...).")
        raise ConfigurationError(
            f"A {type(circuit).__name__} of {module} cannot be sent. Pass a circuit of an installed front end "
            f"({there}), a Program, or data that is encoded already."
        )
    convert = plugins.load(plugins.FRONTENDS, module)
    program = convert(circuit)  # type: ignore[operator]
    if not isinstance(program, Program):
        raise ConfigurationError(f"The front end {module!r} returned a {type(program).__name__}, not a Program.")
    return program
