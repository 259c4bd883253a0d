"""The unitary matrices of the gate words, as functions of their angles.

``qubits[0]`` of a gate is the most significant bit of the row and column number. Angles are in radians, those of the
native gates gpi, gpi2 and ms in turns (1 turn = 2 pi).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.complex128]

PI = math.pi


def array(rows: Sequence[Sequence[complex]]) -> Matrix:
    """Return rows as a matrix."""
    import numpy as np  # numpy loads in 65 ms, so only when a matrix is needed

    return np.array(rows, dtype=np.complex128)


def fixed(*rows: Sequence[complex]) -> Callable[[], Matrix]:
    """Return what builds a matrix without angles."""
    return lambda: array(rows)


def expi(angle: float) -> complex:
    """Return exp(i angle)."""
    return complex(math.cos(angle), math.sin(angle))


def diagonal(*entries: complex) -> Matrix:
    """Return a diagonal matrix."""
    return array(
        [[entry if row == column else 0 for column in range(len(entries))] for row, entry in enumerate(entries)]
    )


def u(theta: float, phi: float, lam: float) -> Matrix:
    """Return OpenQASM 3's ``U(theta, phi, lam)`` in the convention of a real first entry."""
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return array([[cos, -expi(lam) * sin], [expi(phi) * sin, expi(phi + lam) * cos]])


def rx(theta: float) -> Matrix:
    """Return exp(-i theta X / 2)."""
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return array([[cos, -1j * sin], [-1j * sin, cos]])


def ry(theta: float) -> Matrix:
    """Return exp(-i theta Y / 2)."""
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return array([[cos, -sin], [sin, cos]])


def rz(theta: float) -> Matrix:
    """Return exp(-i theta Z / 2)."""
    return diagonal(expi(-theta / 2), expi(theta / 2))


def p(lam: float) -> Matrix:
    """Return diag(1, exp(i lam))."""
    return diagonal(1, expi(lam))


def rxx(theta: float) -> Matrix:
    """Return exp(-i theta XX / 2)."""
    c, s = math.cos(theta / 2), -1j * math.sin(theta / 2)
    return array([[c, 0, 0, s], [0, c, s, 0], [0, s, c, 0], [s, 0, 0, c]])


def ryy(theta: float) -> Matrix:
    """Return exp(-i theta YY / 2)."""
    c, s = math.cos(theta / 2), -1j * math.sin(theta / 2)
    return array([[c, 0, 0, -s], [0, c, s, 0], [0, s, c, 0], [-s, 0, 0, c]])


def rzz(theta: float) -> Matrix:
    """Return exp(-i theta ZZ / 2)."""
    minus, plus = expi(-theta / 2), expi(theta / 2)
    return diagonal(minus, plus, plus, minus)


def rxxyyzz(alpha: float, beta: float, gamma: float) -> Matrix:
    """Return exp(-i (alpha XX + beta YY + gamma ZZ) / 2)."""
    return rxx(alpha) @ ryy(beta) @ rzz(gamma)


def rzx(theta: float) -> Matrix:
    """Return exp(-i theta ZX / 2), Z on the first qubit."""
    c, s = math.cos(theta / 2), -1j * math.sin(theta / 2)
    return array([[c, s, 0, 0], [s, c, 0, 0], [0, 0, c, -s], [0, 0, -s, c]])


def gpi(phi: float) -> Matrix:
    """Return IonQ's gpi; ``phi`` in turns."""
    return array([[0, expi(-2 * PI * phi)], [expi(2 * PI * phi), 0]])


def gpi2(phi: float) -> Matrix:
    """Return IonQ's gpi2; ``phi`` in turns."""
    r = math.sqrt(0.5)
    return array([[r, -1j * r * expi(-2 * PI * phi)], [-1j * r * expi(2 * PI * phi), r]])


def ms(phi0: float, phi1: float, angle: float = 0.25) -> Matrix:
    """Return IonQ's ms (Molmer-Sorensen); all in turns, ``angle=0.25`` entangles fully."""
    c, s = math.cos(PI * angle), -1j * math.sin(PI * angle)
    both, one = 2 * PI * (phi0 + phi1), 2 * PI * (phi0 - phi1)
    return array(
        [[c, 0, 0, s * expi(-both)], [0, c, s * expi(-one), 0], [0, s * expi(one), c, 0], [s * expi(both), 0, 0, c]]
    )


def controlled(build: Callable[..., Matrix], num_controls: int) -> Callable[..., Matrix]:
    """Return what builds a controlled matrix: the identity, with the matrix as its last block."""

    def controlled_matrix(*params: float) -> Matrix:
        import numpy as np

        inner = build(*params)
        size = len(inner) << num_controls
        matrix = np.eye(size, dtype=np.complex128)
        matrix[size - len(inner) :, size - len(inner) :] = inner
        return matrix

    return controlled_matrix


SQRT_HALF = math.sqrt(0.5)
X = fixed((0, 1), (1, 0))
Y = fixed((0, -1j), (1j, 0))
Z = fixed((1, 0), (0, -1))
H = fixed((SQRT_HALF, SQRT_HALF), (SQRT_HALF, -SQRT_HALF))
S = fixed((1, 0), (0, 1j))
SX = fixed((0.5 + 0.5j, 0.5 - 0.5j), (0.5 - 0.5j, 0.5 + 0.5j))
SXDG = fixed((0.5 - 0.5j, 0.5 + 0.5j), (0.5 + 0.5j, 0.5 - 0.5j))
SWAP = fixed((1, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0), (0, 0, 0, 1))


def cu(theta: float, phi: float, lam: float, gamma: float) -> Matrix:
    """Return the controlled exp(i gamma) U(theta, phi, lam)."""
    return controlled(lambda: expi(gamma) * u(theta, phi, lam), 1)()
