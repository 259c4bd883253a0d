"""From a circuit to payloads, one or one for each point of a sweep, with the metadata of their jobs."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias

import cirq
import msgspec

from qsession_cirq.conversion.convert import convert
from qsession_cirq.conversion.readout import KEY
from qsession_cirq.conversion.sweeps import params_of, values_of
from qsession_core.decoding import read_json
from qsession_core.errors import ConversionError, UnboundParameterError
from qsession_core.formats.ionq import INPUT as IONQ_JSON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_cirq.conversion.convert import Conversion
    from qsession_core import Payload, Target

__all__ = ["Encoding", "Sendable"]

# What can be sent: a circuit, or a program as text, as bytes or as the path of a file
Sendable: TypeAlias = cirq.AbstractCircuit | str | bytes | PathLike[str]

_NATIVE = frozenset({"gpi", "gpi2", "ms", "zz"})
_PIECE, _PIECES = 40, 9  # cirq-ionq stores the measured keys in at most 9 values of 40 characters


class Encoding(msgspec.Struct, frozen=True):
    """Encodes circuits for a target.

    Attributes:
        target: The core's target.
        input_params: Added to the job's ``inputParams``, by the service's and provider's own names.
        metadata: Added to the job's metadata.
        input_data_format: The format to encode in; None for the target's first that can express the circuit.
        gateset: ``"qis"`` or ``"native"``; None for native if the circuit has native gates alone.
        allow_unknown: Let options in ``input_params`` through that the provider's row does not know.
    """

    target: Target
    input_params: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)
    input_data_format: str | None = None
    gateset: str | None = None
    allow_unknown: bool = False

    def one(self, program: object, repetitions: int, resolver: cirq.ParamResolver) -> Payload:
        """Return the payload of one circuit.

        Args:
            program: The circuit, or a program as text, as bytes or as the path of a file.
            repetitions: At least 1.
            resolver: Values of all its symbols.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
        """
        if isinstance(program, str | bytes | PathLike):
            return self._text(program, repetitions)
        if not isinstance(program, cirq.AbstractCircuit):
            raise ConversionError(
                f"A {type(program).__name__} is no Cirq circuit; pass a cirq.Circuit, or a program as text or file."
            )
        conversion = convert(program, param_resolver=resolver)
        _check_measures(conversion)
        _check_bound(conversion)
        payload = self.target.encode(
            conversion.program,
            shots=repetitions,
            input_data_format=self.input_data_format,
            input_params=self.input_params,
            metadata=self._texts(repetitions),
            gateset=self.gateset or self._native(conversion),
            allow_unknown=self.allow_unknown,
        )
        return _stamped(payload, conversion, None)

    def _text(self, program: str | bytes | PathLike[str], repetitions: int) -> Payload:
        """Return the payload of a program that is a text already; its registers are the keys of its results."""
        return self.target.encode(
            program,
            shots=repetitions,
            input_data_format=self.input_data_format,
            input_params=self.input_params,
            metadata=self._texts(repetitions),
            allow_unknown=self.allow_unknown,
        )

    def sweep(
        self, program: cirq.AbstractCircuit, repetitions: int, resolvers: Sequence[cirq.ParamResolver]
    ) -> list[Payload]:
        """Return the payload of each point; the circuit is converted and encoded once if possible.

        Args:
            program: The circuit.
            repetitions: At each point, at least 1.
            resolvers: One for each point.

        Raises:
            ConversionError: The circuit cannot be sent as it is; every problem is listed.
        """
        if len(resolvers) == 1:
            return [self.one(program, repetitions, resolvers[0])]
        try:
            conversion = convert(program)
            _check_measures(conversion)
            template = self.target.template(
                conversion.program,
                shots=repetitions,
                input_data_format=self.input_data_format,
                input_params=self.input_params,
                metadata=self._texts(repetitions),
                gateset=self.gateset or self._native(conversion),
            )
        except (
            ConversionError
        ):  # some circuits differ from point to point, such as by a symbol as number of repetitions
            return [self.one(program, repetitions, resolver) for resolver in resolvers]
        values = values_of(conversion.expressions, resolvers).tolist()
        return [
            _stamped(template.bind(point), conversion, resolver)
            for point, resolver in zip(values, resolvers, strict=True)
        ]

    def _native(self, conversion: Conversion) -> str | None:
        """Return ``"native"`` if the circuit has native gates alone and the provider takes them."""
        gates = conversion.program.words - {"measure", "barrier"}
        return "native" if gates and gates <= _NATIVE and "native" in self.target.provider.gatesets else None

    def _texts(self, repetitions: int) -> dict[str, str]:
        """Return the metadata with values as text, as the service needs them."""
        return {
            key: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for key, value in {"repetitions": str(repetitions), **self.metadata}.items()
            if value is not None
        }


def _check_measures(conversion: Conversion) -> None:
    if not conversion.readout.keys:
        raise ConversionError("The circuit has no measurements, so there is nothing to return; add cirq.measure(...).")


def _check_bound(conversion: Conversion) -> None:
    if conversion.expressions:
        names = sorted({str(symbol) for expression in conversion.expressions for symbol in expression.free_symbols})
        raise UnboundParameterError(
            f"The circuit's symbols {', '.join(names)} have no value; give them one by param_resolver.",
            parameters=tuple(names),
        )


def _stamped(payload: Payload, conversion: Conversion, resolver: cirq.ParamResolver | None) -> Payload:
    """Add the metadata of one payload: its values, and the measured keys in the official client's form."""
    metadata = dict(payload.metadata)
    if resolver is not None:
        metadata[KEY] = msgspec.structs.replace(conversion.readout, params=params_of(resolver)).to_text()
    if payload.input_data_format == IONQ_JSON:
        # cirq-ionq joins all keys that begin with "measurement", so the other form must be removed
        pieces = _cirq_ionq_keys(conversion)
        if pieces:
            del metadata["measurement_dict"]
            metadata |= pieces
    return replace(payload, metadata=metadata)


def _cirq_ionq_keys(conversion: Conversion) -> dict[str, str]:
    """Return measured keys in cirq-ionq's form; empty if a key does not fit it or is not a plain measurement."""
    if any(key.instances > 1 or key.inverted or key.confusions for key in conversion.readout.keys):
        return {}
    measured = read_json(conversion.program.metadata["measurement_dict"], dict[str, list[int]])
    text = "\x1e".join(f"{key}\x1f{','.join(map(str, qubits))}" for key, qubits in measured.items())
    if len(text) > _PIECE * _PIECES or any("\x1e" in key or "\x1f" in key for key in measured):
        return {}
    return {f"measurement{start // _PIECE}": text[start : start + _PIECE] for start in range(0, len(text), _PIECE)}
