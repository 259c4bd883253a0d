"""IonQ's native gates as Qiskit gates. Angles are in **turns**: 1 turn is 2 pi.

>>> import numpy as np
>>> np.allclose(GPIGate(0.25).to_matrix(), [[0, -1j], [1j, 0]])  # a quarter turn away from X: Y
True

Source: IonQ's documentation, "Getting started with native gates".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from qiskit.circuit import Gate, QuantumCircuit

from qsession_core.gates.words import gate_named

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray
    from qiskit.circuit import ParameterExpression

    Turns: TypeAlias = float | ParameterExpression

__all__ = ["NATIVE_GATES", "GPI2Gate", "GPIGate", "MSGate", "ZZGate"]

_HALF = 0.5


class _NativeGate(Gate):  # type: ignore[misc]
    """What the four have in common: matrix and decomposition are those of the gate word."""

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[np.complex128]:  # noqa: FBT001 - numpy's protocol
        """Return the matrix with qubit 0 as the least significant bit, as Qiskit has it."""
        matrix = gate_named(self.name).matrix(*map(float, self.params))
        if self.num_qubits == 2:  # noqa: PLR2004
            order = [0, 2, 1, 3]
            matrix = matrix[np.ix_(order, order)]
        return np.asarray(matrix, dtype=dtype)

    def _define(self) -> None:
        rule = gate_named(self.name).rule
        assert rule is not None  # noqa: S101 - every native word has one
        circuit = QuantumCircuit(self.num_qubits, name=self.name)
        for name, places, angles in rule(*self.params):
            getattr(circuit, name)(*angles, *places)
        self.definition = circuit


class GPIGate(_NativeGate):
    """Half a turn around an axis in the equator: X for phase 0, Y for a quarter turn."""

    def __init__(self, phi: Turns, label: str | None = None) -> None:
        super().__init__("gpi", 1, [phi], label=label)

    def inverse(self, annotated: bool = False) -> GPIGate:  # noqa: ARG002, FBT001, FBT002 - Qiskit's signature
        """Return itself: two halves are a whole turn."""
        return GPIGate(self.params[0])


class GPI2Gate(_NativeGate):
    """A quarter turn around an axis in the equator: Rx(pi/2) for phase 0, Ry(pi/2) for a quarter turn."""

    def __init__(self, phi: Turns, label: str | None = None) -> None:
        super().__init__("gpi2", 1, [phi], label=label)

    def inverse(self, annotated: bool = False) -> GPI2Gate:  # noqa: ARG002, FBT001, FBT002 - Qiskit's signature
        """Return the quarter turn around the opposite axis."""
        return GPI2Gate(self.params[0] + _HALF)


class MSGate(_NativeGate):
    """The Mølmer-Sørensen gate: exp(-i pi angle X X) for phases 0; fully entangling at a quarter turn."""

    def __init__(self, phi0: Turns, phi1: Turns, angle: Turns = 0.25, label: str | None = None) -> None:
        super().__init__("ms", 2, [phi0, phi1, angle], label=label)

    def inverse(self, annotated: bool = False) -> MSGate:  # noqa: ARG002, FBT001, FBT002 - Qiskit's signature
        """Return the gate whose first phase points the other way."""
        phi0, phi1, angle = self.params
        return MSGate(phi0 + _HALF, phi1, angle)


class ZZGate(_NativeGate):
    """exp(-i pi angle Z Z): fully entangling at a quarter turn."""

    def __init__(self, angle: Turns, label: str | None = None) -> None:
        super().__init__("zz", 2, [angle], label=label)

    def inverse(self, annotated: bool = False) -> ZZGate:  # noqa: ARG002, FBT001, FBT002 - Qiskit's signature
        """Return the gate with the opposite angle."""
        return ZZGate(-self.params[0])


NATIVE_GATES: dict[str, type[Any]] = {"gpi": GPIGate, "gpi2": GPI2Gate, "ms": MSGate, "zz": ZZGate}
