"""IonQ's native gates as Qiskit gates; angles are in turns (1 turn = 2 pi).

>>> import numpy as np
>>> np.allclose(GPIGate(0.25).to_matrix(), [[0, -1j], [1j, 0]])  # a quarter turn away from X: Y
True

Source of the matrices: IonQ's documentation, "Getting started with native gates".
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
    """A gate with the matrix and the decomposition of the core's gate of the same name."""

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[np.complex128]:  # noqa: FBT001 - numpy's protocol
        """Return the matrix in Qiskit's order: qubit 0 is the least significant bit."""
        matrix = gate_named(self.name).matrix(*map(float, self.params))
        if self.num_qubits == 2:  # noqa: PLR2004
            order = [0, 2, 1, 3]
            matrix = matrix[np.ix_(order, order)]
        return np.asarray(matrix, dtype=dtype)

    def _define(self) -> None:
        rule = gate_named(self.name).rule
        assert rule is not None  # noqa: S101 - every native gate has a decomposition
        circuit = QuantumCircuit(self.num_qubits, name=self.name)
        for name, places, angles in rule(*self.params):
            getattr(circuit, name)(*angles, *places)
        self.definition = circuit


class GPIGate(_NativeGate):
    """A pi rotation about the axis at ``phi`` turns in the equator of the Bloch sphere: X for 0, Y for 0.25.

    >>> GPIGate(0.25).to_matrix().round(3).tolist()  # Y
    [[0j, -1j], [1j, 0j]]
    """

    def __init__(self, phi: Turns, label: str | None = None) -> None:
        super().__init__("gpi", 1, [phi], label=label)

    def inverse(self, annotated: bool = False) -> GPIGate:  # noqa: ARG002, FBT001, FBT002 - Qiskit's signature
        """Return a copy: the gate is its own inverse."""
        return GPIGate(self.params[0])


class GPI2Gate(_NativeGate):
    """A pi/2 rotation about the axis at ``phi`` turns in the equator: Rx(pi/2) for 0, Ry(pi/2) for 0.25.

    >>> GPI2Gate(0.0).inverse().params
    [0.5]
    """

    def __init__(self, phi: Turns, label: str | None = None) -> None:
        super().__init__("gpi2", 1, [phi], label=label)

    def inverse(self, annotated: bool = False) -> GPI2Gate:  # noqa: ARG002, FBT001, FBT002 - Qiskit's signature
        """Return the rotation about the opposite axis."""
        return GPI2Gate(self.params[0] + _HALF)


class MSGate(_NativeGate):
    """The Mølmer-Sørensen gate: exp(-i pi angle XX) for phases 0; fully entangling for ``angle`` 0.25.

    >>> MSGate(0.0, 0.0).num_qubits, MSGate(0.0, 0.0).params
    (2, [0.0, 0.0, 0.25])
    """

    def __init__(self, phi0: Turns, phi1: Turns, angle: Turns = 0.25, label: str | None = None) -> None:
        super().__init__("ms", 2, [phi0, phi1, angle], label=label)

    def inverse(self, annotated: bool = False) -> MSGate:  # noqa: ARG002, FBT001, FBT002 - Qiskit's signature
        """Return the gate with the opposite axis for the first qubit."""
        phi0, phi1, angle = self.params
        return MSGate(phi0 + _HALF, phi1, angle)


class ZZGate(_NativeGate):
    """The rotation exp(-i pi angle ZZ); fully entangling for ``angle`` 0.25.

    >>> ZZGate(0.25).num_qubits, ZZGate(0.25).params
    (2, [0.25])
    """

    def __init__(self, angle: Turns, label: str | None = None) -> None:
        super().__init__("zz", 2, [angle], label=label)

    def inverse(self, annotated: bool = False) -> ZZGate:  # noqa: ARG002, FBT001, FBT002 - Qiskit's signature
        """Return the gate with the opposite angle."""
        return ZZGate(-self.params[0])


NATIVE_GATES: dict[str, type[Any]] = {"gpi": GPIGate, "gpi2": GPI2Gate, "ms": MSGate, "zz": ZZGate}
