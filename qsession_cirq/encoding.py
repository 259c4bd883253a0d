"""From a circuit to payloads: one, or one a point of a sweep; and what travels with each in its metadata."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_cirq.conversion.convert import convert
from qsession_cirq.conversion.readout import KEY
from qsession_cirq.conversion.sweeps import params_of, values_of
from qsession_core.errors import ConversionError, UnboundParameterError
from qsession_core.formats.ionq import INPUT as IONQ_JSON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import cirq

    from qsession_cirq.conversion.convert import Conversion
    from qsession_core import Payload, Target

__all__ = ["Encoding"]

_NATIVE = frozenset({"gpi", "gpi2", "ms", "zz"})
_PIECE, _PIECES = 40, 9  # cirq-ionq keeps the measured keys in so many pieces of so many characters


@dataclass(frozen=True, slots=True)
class Encoding:
    """How circuits are to be encoded for a target.

    Attributes:
        target: The core's target.
        input_params: More of the job's ``inputParams``, by the service's and provider's own names.
        metadata: More metadata.
        input_data_format: What to encode in; None for the first of the target's that can hold the circuit.
        gateset: Where the provider has several; None for native where the circuit is of native gates alone.
    """

    target: Target
    input_params: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    input_data_format: str | None = None
    gateset: str | None = None

    def one(self, program: cirq.AbstractCircuit, repetitions: int, resolver: cirq.ParamResolver) -> Payload:
        """Return what would be sent of one circuit.

        Args:
            program: The circuit.
            repetitions: How many.
            resolver: Values of all its symbols.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
        """
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
        )
        return _stamped(payload, conversion, None)

    def sweep(
        self, program: cirq.AbstractCircuit, repetitions: int, resolvers: Sequence[cirq.ParamResolver]
    ) -> list[Payload]:
        """Return what would be sent for each point; converted and encoded once where that is possible.

        Args:
            program: The circuit.
            repetitions: How many at each point.
            resolvers: One a point.

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
        except ConversionError:  # each point may be a circuit of its own: repetitions that are a symbol, say
            return [self.one(program, repetitions, resolver) for resolver in resolvers]
        values = values_of(conversion.expressions, resolvers).tolist()
        return [
            _stamped(template.bind(point), conversion, resolver)
            for point, resolver in zip(values, resolvers, strict=True)
        ]

    def _native(self, conversion: Conversion) -> str | None:
        """Return ``"native"`` for a circuit of native gates alone, where the provider has them."""
        gates = conversion.program.words - {"measure", "barrier"}
        return "native" if gates and gates <= _NATIVE and "native" in self.target.provider.gatesets else None

    def _texts(self, repetitions: int) -> dict[str, str]:
        """Return metadata as the service keeps it: text by key."""
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
    """Write what travels with this payload alone: its values, and the keys as the official client reads them."""
    metadata = dict(payload.metadata)
    if resolver is not None:
        metadata[KEY] = replace(conversion.readout, params=params_of(resolver)).to_text()
    if payload.input_data_format == IONQ_JSON:
        # cirq-ionq joins everything that begins with "measurement", so the other form has to go
        pieces = _cirq_ionq_keys(conversion)
        if pieces:
            del metadata["measurement_dict"]
            metadata |= pieces
    return replace(payload, metadata=metadata)


def _cirq_ionq_keys(conversion: Conversion) -> dict[str, str]:
    """Write measured keys as cirq-ionq does; nothing where a key does not fit its form, or is no plain measurement."""
    if any(key.instances > 1 or key.inverted or key.confusions for key in conversion.readout.keys):
        return {}
    measured = msgspec.json.decode(conversion.program.metadata["measurement_dict"], type=dict[str, list[int]])
    text = "\x1e".join(f"{key}\x1f{','.join(map(str, qubits))}" for key, qubits in measured.items())
    if len(text) > _PIECE * _PIECES or any("\x1e" in key or "\x1f" in key for key in measured):
        return {}
    return {f"measurement{start // _PIECE}": text[start : start + _PIECE] for start in range(0, len(text), _PIECE)}
