"""Collects the measurements of a circuit by key: for its registers, for its conditions and for the readout.

The way of a measurement key: :meth:`Measurements.add` assigns classical bits; :meth:`Measurements.registers` makes one
register of them, which the result has again; :meth:`Measurements.keys` describes what else is needed to make Cirq's
records of that register. The description is sent in the job's metadata (``convert.py``), and
:meth:`Readout.records <qsession_cirq.conversion.readout.Readout.records>` applies it to the result.
"""

from __future__ import annotations

from typing import Any

import cirq
import msgspec

from qsession_cirq.conversion.conditions import ConditionError, Recorded
from qsession_cirq.conversion.readout import Confusion, Key
from qsession_cirq.conversion.rules import unsupported_operation
from qsession_core.program import Register

__all__ = ["Measurements"]


class _MeasuredKey(msgspec.Struct):
    """The measurements of one key, in order."""

    instances: list[Recorded] = msgspec.field(default_factory=list)
    qubits: list[int] = msgspec.field(default_factory=list)
    confusions: list[Confusion] = msgspec.field(default_factory=list)

    @property
    def clbits(self) -> tuple[int, ...]:
        """The classical bits of all instances."""
        return tuple(clbit for instance in self.instances for clbit in instance.clbits)


class Measurements:
    """The measurements of a circuit, by key in order of first measurement.

    Attributes:
        num_clbits: Number of classical bits assigned so far.
        qubits: Indices of all qubits measured so far.
    """

    def __init__(self) -> None:
        self.num_clbits = 0
        self.qubits: set[int] = set()
        self._measured: dict[str, _MeasuredKey] = {}

    def add(self, operation: Any, qubits: tuple[int, ...]) -> tuple[int, ...]:
        """Assign a classical bit to each qubit of a measurement.

        Args:
            operation: The measurement.
            qubits: Indices of its qubits.

        Returns:
            The classical bits, in the order of the qubits.

        Raises:
            UnsupportedOperationError: An earlier measurement of the key has a different number of qubits.
        """
        name = cirq.measurement_key_name(operation)
        key = self._measured.setdefault(name, _MeasuredKey())
        if key.instances and len(key.instances[0].clbits) != len(qubits):
            width = len(key.instances[0].clbits)
            raise unsupported_operation(
                str(operation), f"the key {name!r} was used for {width} qubits; use another.", qubits
            )
        clbits = tuple(range(self.num_clbits, self.num_clbits + len(qubits)))
        self.num_clbits += len(qubits)
        start = len(key.qubits)
        key.confusions += [
            Confusion(tuple(start + place for place in places), tuple(map(tuple, matrix.tolist())))
            for places, matrix in operation.gate.confusion_map.items()
        ]
        key.instances.append(Recorded(clbits, tuple(map(int, operation.gate.full_invert_mask()))))
        key.qubits += qubits
        self.qubits.update(qubits)
        return clbits

    def recorded(self, key: Any, index: int) -> Recorded:
        """Return the measurement that a classical control at this point of the circuit reads.

        Args:
            key: The measurement key.
            index: Which measurement of the key; -1 for the latest.

        Raises:
            ConditionError: There is no such measurement yet, or it has a confusion map.
        """
        name = str(key)
        if name not in self._measured:
            raise ConditionError(f"the key {name!r} has not been measured before this condition")
        if self._measured[name].confusions:
            raise ConditionError(
                f"the key {name!r} has a confusion_map, which is applied to results, not to conditions"
            )
        try:
            return self._measured[name].instances[index]
        except IndexError:
            raise ConditionError(f"the key {name!r} has no measurement number {index} yet") from None

    def registers(self) -> tuple[Register, ...]:
        """Return one register a key: the classical bits of all its instances, one instance after the other."""
        return tuple(Register(name, key.clbits) for name, key in self._measured.items())

    def keys(self) -> tuple[Key, ...]:
        """Return the description of each key for the readout."""
        return tuple(
            Key(
                name,
                len(key.instances),
                len(key.instances[0].clbits),
                tuple(
                    place
                    for place, inverted in enumerate(bit for instance in key.instances for bit in instance.inverted)
                    if inverted
                ),
                tuple(key.confusions),
            )
            for name, key in self._measured.items()
        )

    def measurement_dict(self) -> str:
        """Return key -> indices of its qubits as JSON, as the official client writes and reads it."""
        return msgspec.json.encode({name: key.qubits for name, key in self._measured.items()}).decode()
