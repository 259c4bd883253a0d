"""IonQ's native gates as Cirq gates; angles are in turns (1 turn = 2 pi).

Source of the matrices: IonQ's documentation, "Getting started with native gates".

>>> import cirq, numpy
>>> numpy.round(cirq.unitary(GPI(0.25)), 3).tolist()
[[0j, -1j], [1j, 0j]]
>>> print(cirq.Circuit(MS(0.0, 0.0).on(*cirq.LineQubit.range(2))))
0: ───MS(0, 0, 0.25)───
      │
1: ───MS───────────────
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import cirq

from qsession_core.gates.words import gate_named

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["GPI", "GPI2", "MS", "ZZ"]


class _Native(cirq.Gate):  # type: ignore[misc]  # cirq ships no types
    """A gate with the matrix of a core gate and named angles."""

    _word: str
    _angles: tuple[str, ...]

    def _num_qubits_(self) -> int:
        return gate_named(self._word).num_qubits

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._angles)

    def _unitary_(self) -> NDArray[np.complex128]:
        if self._is_parameterized_():
            return NotImplemented  # type: ignore[no-any-return]
        matrix: NDArray[np.complex128] = gate_named(self._word).matrix(*map(float, self._values()))
        return matrix

    def _is_parameterized_(self) -> bool:
        return any(cirq.is_parameterized(value) for value in self._values())

    def _parameter_names_(self) -> frozenset[str]:
        return frozenset(name for value in self._values() for name in cirq.parameter_names(value))

    def _resolve_parameters_(self, resolver: cirq.ParamResolver, recursive: bool) -> Self:  # noqa: FBT001 - Cirq's protocol
        return type(self)(*(resolver.value_of(value, recursive) for value in self._values()))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        return f"qsession_cirq.{type(self).__name__}({', '.join(map(repr, self._values()))})"

    @classmethod
    def _json_namespace_(cls) -> str:
        return "qsession_cirq"

    def _json_dict_(self) -> dict[str, Any]:
        found: dict[str, Any] = cirq.obj_to_dict_helper(self, self._angles)
        return found

    def _circuit_diagram_info_(self, args: cirq.CircuitDiagramInfoArgs) -> cirq.CircuitDiagramInfo:
        angles = ", ".join(args.format_real(value) for value in self._values())
        name = type(self).__name__
        return cirq.CircuitDiagramInfo((f"{name}({angles})", *[name] * (self._num_qubits_() - 1)))


class GPI(_Native):
    """A pi rotation about an axis in the equator of the Bloch sphere.

    >>> import cirq
    >>> cirq.unitary(GPI(phi=0.0)).real
    array([[0., 1.],
           [1., 0.]])

    Attributes:
        phi: Azimuth of the axis, in turns: X for 0, Y for 0.25.
    """

    _word = "gpi"
    _angles = ("phi",)

    def __init__(self, phi: cirq.TParamVal) -> None:
        self.phi = phi

    def __pow__(self, exponent: float) -> GPI:
        return self if exponent in {1, -1} else NotImplemented


class GPI2(_Native):
    """A pi/2 rotation about an axis in the equator of the Bloch sphere.

    >>> import cirq
    >>> cirq.num_qubits(GPI2(phi=0.25))
    1

    Attributes:
        phi: Azimuth of the axis, in turns: X for 0, Y for 0.25.
    """

    _word = "gpi2"
    _angles = ("phi",)

    def __init__(self, phi: cirq.TParamVal) -> None:
        self.phi = phi

    def __pow__(self, exponent: float) -> GPI2:
        match exponent:
            case 1:
                return self
            case -1:
                return GPI2(self.phi + 0.5)
            case _:
                return NotImplemented


class MS(_Native):
    """The Mølmer-Sørensen gate: exp(-i pi angle XX) for phases 0.

    >>> import cirq
    >>> cirq.num_qubits(MS(phi0=0.0, phi1=0.0))
    2

    Attributes:
        phi0: Azimuth of the first qubit's axis, in turns.
        phi1: Azimuth of the second qubit's axis, in turns.
        angle: Rotation angle, in turns; 0.25 is fully entangling.
    """

    _word = "ms"
    _angles = ("phi0", "phi1", "angle")

    def __init__(self, phi0: cirq.TParamVal, phi1: cirq.TParamVal, angle: cirq.TParamVal = 0.25) -> None:
        self.phi0, self.phi1, self.angle = phi0, phi1, angle

    def __pow__(self, exponent: float) -> MS:
        return MS(self.phi0, self.phi1, self.angle * exponent)


class ZZ(_Native):
    """The rotation exp(-i pi angle ZZ) of IonQ's Forte systems.

    >>> import cirq
    >>> cirq.num_qubits(ZZ(angle=0.25))
    2

    Attributes:
        angle: Rotation angle, in turns; 0.25 is fully entangling.
    """

    _word = "zz"
    _angles = ("angle",)

    def __init__(self, angle: cirq.TParamVal) -> None:
        self.angle = angle

    def __pow__(self, exponent: float) -> ZZ:
        return ZZ(self.angle * exponent)
