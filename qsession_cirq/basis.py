"""Target facts as Cirq gatesets, for ``cirq.optimize_for_target_gateset(circuit, gateset=target.gateset)``.

Nobody has to use them: whatever Cirq can decompose is decomposed on the way out. They are for those who want to see, or
to shorten, what will be sent.

>>> import cirq
>>> a, b = cirq.LineQubit.range(2)
>>> circuit = cirq.Circuit(cirq.CZ(a, b) ** 0.5, cirq.ISWAP(a, b), cirq.measure(a, b, key="m"))
>>> native = cirq.optimize_for_target_gateset(circuit, gateset=IonQNativeGateset())
>>> sorted({type(op.gate).__name__ for op in native.all_operations()})
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
    """What both gatesets have in common: any two-qubit unitary as at most three rotations about XX, YY and ZZ."""

    _axes: str  # the rotations that it has; the first one stands in for the others

    def __init__(self, *gates: Any, name: str, atol: float) -> None:
        super().__init__(*gates, cirq.MeasurementGate, cirq.GlobalPhaseGate, name=name)
        self.atol = atol

    def _one(self, matrix: Matrix, qubit: cirq.Qid) -> list[cirq.Operation]:
        """Write a one-qubit unitary."""
        raise NotImplementedError

    def _entangle(self, axis: str, angle: float, a: cirq.Qid, b: cirq.Qid) -> cirq.Operation:
        """Write exp(i angle P P)."""
        raise NotImplementedError

    def _decompose_single_qubit_operation(self, op: cirq.Operation, _: int) -> cirq.OP_TREE:
        return self._one(cirq.unitary(op), op.qubits[0]) if cirq.has_unitary(op) else NotImplemented

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
            written = axis if axis in self._axes else self._axes[0]
            turn = _TURNS[axis + written]
            yield self._one(turn @ pending[0], a)
            yield self._one(turn @ pending[1], b)
            yield self._entangle(written, angle, a, b)
            pending = (turn.conj().T, turn.conj().T)
        after = parts.single_qubit_operations_after
        yield self._one(after[0] @ pending[0], a)
        yield self._one(after[1] @ pending[1], b)

    @property
    def preprocess_transformers(self) -> list[cirq.TRANSFORMER]:
        """Take apart what has three qubits and more, unless the target takes it."""
        expand = cirq.create_transformer_with_kwargs(
            cirq.expand_composite, no_decomp=lambda op: len(op.qubits) <= _TWO_QUBITS or op in self
        )
        return [expand]

    @property
    def postprocess_transformers(self) -> list[cirq.TRANSFORMER]:
        """Drop what does nothing."""
        return [cirq.drop_negligible_operations, cirq.drop_empty_moments]


class TargetGateset(_Gateset):
    """Rotations of one and two qubits, H, CNOT, CZ, SWAP and CCX: what every target takes as it is.

    Attributes:
        resets: Whether it has resets, too.
        atol: How far a decomposition may be off.
    """

    _axes = "xyz"

    def __init__(self, *, resets: bool = True, atol: float = 1e-8) -> None:
        """Make the gateset of a target that resets, or does not."""
        gates: list[Any] = [
            cirq.H, cirq.CNOT, cirq.SWAP, cirq.CZ, cirq.CCX, cirq.XPowGate, cirq.YPowGate, cirq.ZPowGate,
            cirq.XXPowGate, cirq.YYPowGate, cirq.ZZPowGate,
        ]  # fmt: skip
        super().__init__(*gates, *([cirq.ResetChannel] if resets else []), name="qsession", atol=atol)
        self.resets = resets

    def _one(self, matrix: Matrix, qubit: cirq.Qid) -> list[cirq.Operation]:
        return [gate(qubit) for gate in cirq.single_qubit_matrix_to_gates(matrix, self.atol)]

    def _entangle(self, axis: str, angle: float, a: cirq.Qid, b: cirq.Qid) -> cirq.Operation:
        kind = {"x": cirq.XXPowGate, "y": cirq.YYPowGate, "z": cirq.ZZPowGate}[axis]
        return kind(exponent=-2 * angle / math.pi, global_shift=-0.5).on(a, b)

    def __repr__(self) -> str:
        return f"qsession_cirq.TargetGateset(resets={self.resets}, atol={self.atol})"

    def _value_equality_values_(self) -> tuple[object, ...]:
        return self.resets, self.atol


class IonQNativeGateset(_Gateset):
    """GPI, GPI2 and MS (ZZ instead, where the hardware has it).

    Attributes:
        zz: Whether the entangling gate is ZZ, as on Forte systems.
        atol: How far a decomposition may be off.
    """

    def __init__(self, *, zz: bool = False, atol: float = 1e-8) -> None:
        """Make the native gateset of Aria (MS) or Forte (ZZ) systems."""
        super().__init__(GPI, GPI2, ZZ if zz else MS, name="ionq native", atol=atol)
        self.zz = zz
        self._axes = "z" if zz else "xy"

    def _one(self, matrix: Matrix, qubit: cirq.Qid) -> list[cirq.Operation]:
        """Write any unitary U as GPI2, GPI, GPI2: two of their three angles are those of U X, the third its height."""
        if cirq.allclose_up_to_global_phase(matrix, np.eye(2), atol=self.atol):
            return []
        theta, phi, lam = euler(matrix @ np.array([[0, 1], [1, 0]]))
        first, last = lam, phi + math.pi
        middle = (theta + math.pi + first + last) / 2
        turns = [angle / (2 * math.pi) % 1.0 for angle in (first, middle, last)]
        return [GPI2(turns[0]).on(qubit), GPI(turns[1]).on(qubit), GPI2(turns[2]).on(qubit)]

    def _entangle(self, axis: str, angle: float, a: cirq.Qid, b: cirq.Qid) -> cirq.Operation:
        """Write exp(i angle P P). MS takes 0 to a quarter turn only, so the sign goes into an axis."""
        if self.zz:
            return ZZ(-angle / math.pi).on(a, b)
        turn = 0.25 if axis == "y" else 0.0
        return MS((turn + (0.5 if angle > 0 else 0.0)) % 1.0, turn, abs(angle) / math.pi).on(a, b)

    def __repr__(self) -> str:
        return f"qsession_cirq.IonQNativeGateset(zz={self.zz}, atol={self.atol})"

    def _value_equality_values_(self) -> tuple[object, ...]:
        return self.zz, self.atol


# What turns the first axis into the second, on each of the two qubits
_TURNS: dict[str, Matrix] = {
    **dict.fromkeys(("xx", "yy", "zz"), np.eye(2, dtype=np.complex128)),
    "zx": cirq.unitary(cirq.ry(math.pi / 2)),
    "xz": cirq.unitary(cirq.ry(-math.pi / 2)),
    "yz": cirq.unitary(cirq.rx(math.pi / 2)),
}  # fmt: skip
