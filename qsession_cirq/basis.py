"""Gatesets of targets, for ``cirq.optimize_for_target_gateset(circuit, gateset=target.gateset)``.

Their use is optional, because the conversion decomposes every gate that Cirq can decompose. They show, and may shorten,
the circuit that is sent.

>>> import cirq
>>> a, b = cirq.LineQubit.range(2)
>>> circuit = cirq.Circuit(cirq.CZ(a, b) ** 0.5, cirq.ISWAP(a, b), cirq.measure(a, b, key="m"))
>>> optimized = cirq.optimize_for_target_gateset(circuit, gateset=IonQNativeGateset())
>>> sorted({type(op.gate).__name__ for op in optimized.all_operations()})
['GPI', 'GPI2', 'MS', 'MeasurementGate']
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cirq
import numpy as np

from qsession_cirq.conversion.rules import euler
from qsession_cirq.native import GPI, GPI2, MS, ZZ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Matrix = NDArray[np.complex128]

__all__ = ["IonQNativeGateset", "TargetGateset"]

_TWO_QUBITS = 2


class _Gateset(cirq.TwoQubitCompilationTargetGateset):  # type: ignore[misc]  # cirq ships no types
    """Base of both gatesets: decomposes a two-qubit unitary into at most three rotations about XX, YY and ZZ (KAK)."""

    _stored: tuple[str, ...]  # the arguments of the constructor
    _axes: str  # axes of the two-qubit rotations in the gateset; the first one replaces those that are missing

    def __init__(self, *gates: Any, name: str, atol: float) -> None:
        super().__init__(*gates, cirq.MeasurementGate, cirq.GlobalPhaseGate, name=name)
        self.atol = atol

    @classmethod
    def _json_namespace_(cls) -> str:
        return "qsession_cirq"

    def _json_dict_(self) -> dict[str, Any]:
        found: dict[str, Any] = cirq.obj_to_dict_helper(self, self._stored)
        return found

    @classmethod
    def _from_json_dict_(cls, **members: Any) -> _Gateset:
        return cls(**{name: members[name] for name in cls._stored})

    def _single_qubit(self, matrix: Matrix, qubit: cirq.Qid) -> list[cirq.Operation]:
        """Decompose a one-qubit unitary."""
        raise NotImplementedError

    def _entangle(self, axis: str, angle: float, a: cirq.Qid, b: cirq.Qid) -> cirq.Operation:
        """Return the rotation exp(i angle PP), where P is the Pauli matrix of the axis; the angle is in radians."""
        raise NotImplementedError

    def _decompose_single_qubit_operation(self, op: cirq.Operation, _: int) -> cirq.OP_TREE:
        return self._single_qubit(cirq.unitary(op), op.qubits[0]) if cirq.has_unitary(op) else NotImplemented

    def _decompose_two_qubit_operation(self, op: cirq.Operation, _: int) -> cirq.OP_TREE:
        return list(self._rotations(op)) if cirq.has_unitary(op) else NotImplemented

    def _decompose_multi_qubit_operation(self, op: cirq.Operation, _: int) -> cirq.OP_TREE:
        parts = cirq.decompose_once(op, default=None)
        return NotImplemented if parts is None else parts

    def _rotations(self, op: cirq.Operation) -> Iterator[cirq.OP_TREE]:
        a, b = op.qubits
        parts = cirq.kak_decomposition(cirq.unitary(op), rtol=self.atol, atol=self.atol)
        pending = parts.single_qubit_operations_before
        for axis, angle in zip("xyz", parts.interaction_coefficients, strict=True):
            if abs(angle) < self.atol:
                continue
            available = axis if axis in self._axes else self._axes[0]
            change = _AXIS_CHANGES[axis + available]
            yield self._single_qubit(change @ pending[0], a)
            yield self._single_qubit(change @ pending[1], b)
            yield self._entangle(available, angle, a, b)
            pending = (change.conj().T, change.conj().T)
        after = parts.single_qubit_operations_after
        yield self._single_qubit(after[0] @ pending[0], a)
        yield self._single_qubit(after[1] @ pending[1], b)

    @property
    def preprocess_transformers(self) -> list[cirq.TRANSFORMER]:
        """Decompose operations on three or more qubits that are not in the gateset."""
        expand = cirq.create_transformer_with_kwargs(
            cirq.expand_composite, no_decomp=lambda op: len(op.qubits) <= _TWO_QUBITS or op in self
        )
        return [expand]

    @property
    def postprocess_transformers(self) -> list[cirq.TRANSFORMER]:
        """Drop negligible operations and empty moments."""
        return [cirq.drop_negligible_operations, cirq.drop_empty_moments]


class TargetGateset(_Gateset):
    """One- and two-qubit Pauli rotations, H, CNOT, CZ, SWAP and CCX: gates that every target accepts.

    >>> import cirq
    >>> circuit = cirq.Circuit(cirq.ISWAP(cirq.q(0), cirq.q(1)))
    >>> compiled = cirq.optimize_for_target_gateset(circuit, gateset=TargetGateset())
    >>> TargetGateset().validate(compiled)
    True

    Attributes:
        resets: Whether the gateset includes resets.
        atol: Absolute tolerance of decompositions.
    """

    _stored = ("resets", "atol")
    _axes = "xyz"

    def __init__(self, *, resets: bool = True, atol: float = 1e-8) -> None:
        """Make a gateset with or without resets."""
        gates: list[Any] = [
            cirq.H, cirq.CNOT, cirq.SWAP, cirq.CZ, cirq.CCX, cirq.XPowGate, cirq.YPowGate, cirq.ZPowGate,
            cirq.XXPowGate, cirq.YYPowGate, cirq.ZZPowGate,
        ]  # fmt: skip
        super().__init__(*gates, *([cirq.ResetChannel] if resets else []), name="qsession", atol=atol)
        self.resets = resets

    def _single_qubit(self, matrix: Matrix, qubit: cirq.Qid) -> list[cirq.Operation]:
        return [gate(qubit) for gate in cirq.single_qubit_matrix_to_gates(matrix, self.atol)]

    def _entangle(self, axis: str, angle: float, a: cirq.Qid, b: cirq.Qid) -> cirq.Operation:
        kind = {"x": cirq.XXPowGate, "y": cirq.YYPowGate, "z": cirq.ZZPowGate}[axis]
        return kind(exponent=-2 * angle / math.pi, global_shift=-0.5).on(a, b)

    def __repr__(self) -> str:
        return f"qsession_cirq.TargetGateset(resets={self.resets}, atol={self.atol})"

    def _value_equality_values_(self) -> tuple[object, ...]:
        return self.resets, self.atol


class IonQNativeGateset(_Gateset):
    """GPI, GPI2, and MS or ZZ.

    >>> import cirq
    >>> bell = cirq.Circuit(cirq.H(cirq.q(0)), cirq.CNOT(cirq.q(0), cirq.q(1)))
    >>> native = cirq.optimize_for_target_gateset(bell, gateset=IonQNativeGateset())
    >>> sorted({type(each.gate).__name__ for each in native.all_operations()})
    ['GPI', 'GPI2', 'MS']

    Attributes:
        zz: Whether the entangling gate is ZZ, as on Forte systems, or MS, as on Aria systems.
        atol: Absolute tolerance of decompositions.
    """

    _stored = ("zz", "atol")

    def __init__(self, *, zz: bool = False, atol: float = 1e-8) -> None:
        """Make the native gateset with MS (Aria systems) or ZZ (Forte systems)."""
        super().__init__(GPI, GPI2, ZZ if zz else MS, name="ionq native", atol=atol)
        self.zz = zz
        self._axes = "z" if zz else "xy"

    def _single_qubit(self, matrix: Matrix, qubit: cirq.Qid) -> list[cirq.Operation]:
        """Decompose a unitary U into GPI2, GPI, GPI2, whose phases follow from the Euler angles of U X."""
        if cirq.allclose_up_to_global_phase(matrix, np.eye(2), atol=self.atol):
            return []
        theta, phi, lam = euler(matrix @ np.array([[0, 1], [1, 0]]))
        first, last = lam, phi + math.pi
        middle = (theta + math.pi + first + last) / 2
        turns = [angle / (2 * math.pi) % 1.0 for angle in (first, middle, last)]
        return [GPI2(turns[0]).on(qubit), GPI(turns[1]).on(qubit), GPI2(turns[2]).on(qubit)]

    def _entangle(self, axis: str, angle: float, a: cirq.Qid, b: cirq.Qid) -> cirq.Operation:
        """Return exp(i angle PP). The angle of MS is from 0 to 0.25 turns, so an opposite axis gives the sign."""
        if self.zz:
            return ZZ(-angle / math.pi).on(a, b)
        azimuth = 0.25 if axis == "y" else 0.0
        return MS((azimuth + (0.5 if angle > 0 else 0.0)) % 1.0, azimuth, abs(angle) / math.pi).on(a, b)

    def __repr__(self) -> str:
        return f"qsession_cirq.IonQNativeGateset(zz={self.zz}, atol={self.atol})"

    def _value_equality_values_(self) -> tuple[object, ...]:
        return self.zz, self.atol


# Axes (from, to) -> rotation of each qubit that maps the first axis to the second
_AXIS_CHANGES: dict[str, Matrix] = {
    **dict.fromkeys(("xx", "yy", "zz"), np.eye(2, dtype=np.complex128)),
    "zx": cirq.unitary(cirq.ry(math.pi / 2)),
    "xz": cirq.unitary(cirq.ry(-math.pi / 2)),
    "yz": cirq.unitary(cirq.rx(math.pi / 2)),
}  # fmt: skip
