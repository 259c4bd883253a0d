"""The gate words: what each name means.

Names are those of OpenQASM 3's ``stdgates.inc`` where it has one, with Qiskit's names beside them (``sxdg``, ``rxx``,
``ecr``...) and IonQ's native gates (``gpi``, ``gpi2``, ``ms``, ``zz``, whose angles are in turns, 1 turn = 2 pi).
``ctrl(n) @ name`` puts n more controls before the qubits of any gate.

Matrices: ``qubits[0]`` is the most significant bit of the row and column number, so that controls come first and a
controlled gate ends in its target's matrix:

>>> import numpy
>>> numpy.real(gate("cx").matrix()).astype(int).tolist()
[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]

Decompositions are right up to a global phase, and exact otherwise; :func:`lower` applies them until only words that a
format can write are left. Sources: the OpenQASM 3 specification, section "Standard library" (arXiv:2104.14722), and for
the native gates IonQ's documentation, "Getting started with native gates".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from qsession_core.gates.controls import join, split, under

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.complex128]
    # An angle is a float, or anything with a float's arithmetic, such as program.Angle
    Step = tuple[str, tuple[int, ...], tuple[Any, ...]]
    Rule = Callable[..., tuple[Step, ...]]

__all__ = ["GATES", "UNCONTROLLED", "Gate", "controlled", "gate", "lower"]

PI = math.pi


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate word.

    Attributes:
        name: The word.
        num_qubits: How many qubits it acts on; controls, if any, are the first of them.
        num_params: How many angles it takes, in radians (turns for gpi, gpi2, ms and zz).
        build: Its matrix from its angles.
        rule: Its decomposition from its angles, one step lower; None for the words at the bottom.
    """

    name: str
    num_qubits: int
    num_params: int
    build: Callable[..., Matrix]
    rule: Rule | None = None

    def matrix(self, *params: float) -> Matrix:
        """Return the unitary matrix, shape (2**num_qubits, 2**num_qubits); qubit 0 is the most significant bit.

        Args:
            params: The angles, ``num_params`` of them.
        """
        return self.build(*params)


class _Angle(Protocol):
    """What a decomposition does with an angle."""

    def __add__(self, other: Any, /) -> Any: ...
    def __truediv__(self, other: float, /) -> Any: ...
    def __neg__(self) -> Any: ...


A = TypeVar("A", bound=_Angle)


# --- matrices --------------------------------------------------------------------------------------------------


def _array(rows: Sequence[Sequence[complex]]) -> Matrix:
    import numpy as np  # numpy costs 65 ms: only who asks for a matrix pays

    return np.array(rows, dtype=np.complex128)


def _fixed(*rows: Sequence[complex]) -> Callable[[], Matrix]:
    return lambda: _array(rows)


def _expi(angle: float) -> complex:
    return complex(math.cos(angle), math.sin(angle))


def _diagonal(*entries: complex) -> Matrix:
    return _array(
        [[entry if row == column else 0 for column in range(len(entries))] for row, entry in enumerate(entries)]
    )


def _u(theta: float, phi: float, lam: float) -> Matrix:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return _array([[cos, -_expi(lam) * sin], [_expi(phi) * sin, _expi(phi + lam) * cos]])


def _rx(theta: float) -> Matrix:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return _array([[cos, -1j * sin], [-1j * sin, cos]])


def _ry(theta: float) -> Matrix:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return _array([[cos, -sin], [sin, cos]])


def _rz(theta: float) -> Matrix:
    return _diagonal(_expi(-theta / 2), _expi(theta / 2))


def _p(lam: float) -> Matrix:
    return _diagonal(1, _expi(lam))


def _rxx(theta: float) -> Matrix:
    c, s = math.cos(theta / 2), -1j * math.sin(theta / 2)
    return _array([[c, 0, 0, s], [0, c, s, 0], [0, s, c, 0], [s, 0, 0, c]])


def _ryy(theta: float) -> Matrix:
    c, s = math.cos(theta / 2), -1j * math.sin(theta / 2)
    return _array([[c, 0, 0, -s], [0, c, s, 0], [0, s, c, 0], [-s, 0, 0, c]])


def _rzz(theta: float) -> Matrix:
    minus, plus = _expi(-theta / 2), _expi(theta / 2)
    return _diagonal(minus, plus, plus, minus)


def _rzx(theta: float) -> Matrix:
    c, s = math.cos(theta / 2), -1j * math.sin(theta / 2)
    return _array([[c, s, 0, 0], [s, c, 0, 0], [0, 0, c, -s], [0, 0, -s, c]])


def _gpi(phi: float) -> Matrix:
    return _array([[0, _expi(-2 * PI * phi)], [_expi(2 * PI * phi), 0]])


def _gpi2(phi: float) -> Matrix:
    r = math.sqrt(0.5)
    return _array([[r, -1j * r * _expi(-2 * PI * phi)], [-1j * r * _expi(2 * PI * phi), r]])


def _ms(phi0: float, phi1: float, angle: float = 0.25) -> Matrix:
    c, s = math.cos(PI * angle), -1j * math.sin(PI * angle)
    both, one = 2 * PI * (phi0 + phi1), 2 * PI * (phi0 - phi1)
    return _array(
        [[c, 0, 0, s * _expi(-both)], [0, c, s * _expi(-one), 0], [0, s * _expi(one), c, 0], [s * _expi(both), 0, 0, c]]
    )


def _control(build: Callable[..., Matrix], num_controls: int) -> Callable[..., Matrix]:
    """Put controls before a matrix: the identity, with the matrix as its last block."""

    def controlled_matrix(*params: float) -> Matrix:
        import numpy as np

        inner = build(*params)
        size = len(inner) << num_controls
        matrix = np.eye(size, dtype=np.complex128)
        matrix[size - len(inner) :, size - len(inner) :] = inner
        return matrix

    return controlled_matrix


_R = math.sqrt(0.5)
_X = _fixed((0, 1), (1, 0))
_Y = _fixed((0, -1j), (1j, 0))
_Z = _fixed((1, 0), (0, -1))
_H = _fixed((_R, _R), (_R, -_R))
_S = _fixed((1, 0), (0, 1j))
_SX = _fixed((0.5 + 0.5j, 0.5 - 0.5j), (0.5 - 0.5j, 0.5 + 0.5j))
_SXDG = _fixed((0.5 - 0.5j, 0.5 + 0.5j), (0.5 + 0.5j, 0.5 - 0.5j))
_SWAP = _fixed((1, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0), (0, 0, 0, 1))


def _cu(theta: float, phi: float, lam: float, gamma: float) -> Matrix:
    return _control(lambda: _expi(gamma) * _u(theta, phi, lam), 1)()


# --- decompositions: (name, places among the gate's qubits, angles), in order of time ---------------------------

_0, _1, _2, _01, _10 = (0,), (1,), (2,), (0, 1), (1, 0)


def _conjugate(before: tuple[Step, ...], middle: Step, after: tuple[Step, ...] | None = None) -> tuple[Step, ...]:
    """Return before, middle, after; where before is its own inverse, after may be left out."""
    return (*before, middle, *(before if after is None else after))


def _h_around(name: str, place: int, places: tuple[int, ...]) -> Rule:
    return lambda *params: _conjugate((("h", (place,), ()),), (name, places, params))


def _controlled_rotation(axis: str, *, flip: str = "cx") -> Rule:
    """Half the angle, flip, minus half the angle, flip back: the rotation happens only where the control is 1."""

    def rule(theta: A) -> tuple[Step, ...]:
        return ((axis, _1, (theta / 2,)), (flip, _01, ()), (axis, _1, (-(theta / 2),)), (flip, _01, ()))

    return rule


def _cp_rule(lam: A) -> tuple[Step, ...]:
    return (
        ("rz", _0, (lam / 2,)),
        ("rz", _1, (lam / 2,)),
        ("cx", _01, ()),
        ("rz", _1, (-(lam / 2),)),
        ("cx", _01, ()),
    )


def _cu_rule(theta: A, phi: A, lam: A, gamma: A) -> tuple[Step, ...]:
    return (
        ("rz", _0, (gamma + (lam + phi) / 2,)),
        ("rz", _1, ((lam + -phi) / 2,)),
        ("cx", _01, ()),
        ("rz", _1, (-((lam + phi) / 2),)),
        ("ry", _1, (-(theta / 2),)),
        ("cx", _01, ()),
        ("ry", _1, (theta / 2,)),
        ("rz", _1, (phi,)),
    )


def _rxx_rule(theta: A) -> tuple[Step, ...]:
    return _conjugate((("h", _0, ()), ("h", _1, ())), ("rzz", _01, (theta,)))


def _ryy_rule(theta: A) -> tuple[Step, ...]:
    turn, back = PI / 2, -PI / 2
    return _conjugate(
        (("rx", _0, (turn,)), ("rx", _1, (turn,))), ("rzz", _01, (theta,)), (("rx", _0, (back,)), ("rx", _1, (back,)))
    )


def _ms_rule(phi0: Any, phi1: Any, angle: Any = 0.25) -> tuple[Step, ...]:
    back = (("rz", _0, (phi0 * (-2 * PI),)), ("rz", _1, (phi1 * (-2 * PI),)))
    forth = (("rz", _0, (phi0 * (2 * PI),)), ("rz", _1, (phi1 * (2 * PI),)))
    return _conjugate(back, ("rxx", _01, (angle * (2 * PI),)), forth)


def _steps(*steps: Step) -> Rule:
    return lambda: steps


_CCX = _steps(
    ("h", _2, ()),
    ("cx", (1, 2), ()),
    ("tdg", _2, ()),
    ("cx", (0, 2), ()),
    ("t", _2, ()),
    ("cx", (1, 2), ()),
    ("tdg", _2, ()),
    ("cx", (0, 2), ()),
    ("t", _1, ()),
    ("t", _2, ()),
    ("h", _2, ()),
    ("cx", _01, ()),
    ("t", _0, ()),
    ("tdg", _1, ()),
    ("cx", _01, ()),
)


def _words() -> Iterator[Gate]:
    """List every word; each rule uses only words that stand above it."""
    # words at the bottom: every format can write them, or something equal
    yield Gate("x", 1, 0, _X)
    yield Gate("y", 1, 0, _Y)
    yield Gate("z", 1, 0, _Z)
    yield Gate("h", 1, 0, _H)
    yield Gate("s", 1, 0, _S)
    yield Gate("sdg", 1, 0, _fixed((1, 0), (0, -1j)))
    yield Gate("t", 1, 0, lambda: _p(PI / 4))
    yield Gate("tdg", 1, 0, lambda: _p(-PI / 4))
    yield Gate("rx", 1, 1, _rx)
    yield Gate("ry", 1, 1, _ry)
    yield Gate("rz", 1, 1, _rz)
    yield Gate("cx", 2, 0, _control(_X, 1))
    # one qubit
    yield Gate("id", 1, 0, _fixed((1, 0), (0, 1)), _steps())
    yield Gate("sx", 1, 0, _SX, _steps(("h", _0, ()), ("s", _0, ()), ("h", _0, ())))
    yield Gate("sxdg", 1, 0, _SXDG, _steps(("h", _0, ()), ("sdg", _0, ()), ("h", _0, ())))
    yield Gate("p", 1, 1, _p, lambda lam: (("rz", _0, (lam,)),))
    yield Gate("u", 1, 3, _u, lambda theta, phi, lam: (("rz", _0, (lam,)), ("ry", _0, (theta,)), ("rz", _0, (phi,))))
    # two qubits
    yield Gate("cz", 2, 0, _control(_Z, 1), _h_around("cx", 1, _01))
    yield Gate("cy", 2, 0, _control(_Y, 1), _steps(("sdg", _1, ()), ("cx", _01, ()), ("s", _1, ())))
    yield Gate(
        "ch",
        2,
        0,
        _control(_H, 1),
        lambda: _conjugate(
            (("s", _1, ()), ("h", _1, ()), ("t", _1, ())),
            ("cx", _01, ()),
            (("tdg", _1, ()), ("h", _1, ()), ("sdg", _1, ())),
        ),
    )
    yield Gate("cp", 2, 1, _control(_p, 1), _cp_rule)
    yield Gate("cs", 2, 0, _control(_S, 1), lambda: _cp_rule(PI / 2))
    yield Gate("csdg", 2, 0, _control(lambda: _p(-PI / 2), 1), lambda: _cp_rule(-PI / 2))
    yield Gate("csx", 2, 0, _control(_SX, 1), lambda: _conjugate((("h", _1, ()),), ("cs", _01, ())))
    yield Gate("csxdg", 2, 0, _control(_SXDG, 1), lambda: _conjugate((("h", _1, ()),), ("csdg", _01, ())))
    yield Gate("crz", 2, 1, _control(_rz, 1), _controlled_rotation("rz"))
    yield Gate("cry", 2, 1, _control(_ry, 1), _controlled_rotation("ry"))
    yield Gate("crx", 2, 1, _control(_rx, 1), _h_around("crz", 1, _01))
    yield Gate("cu", 2, 4, _cu, _cu_rule)
    yield Gate("swap", 2, 0, _SWAP, _steps(("cx", _01, ()), ("cx", _10, ()), ("cx", _01, ())))
    yield Gate("rzz", 2, 1, _rzz, lambda theta: (("cx", _01, ()), ("rz", _1, (theta,)), ("cx", _01, ())))
    yield Gate("rxx", 2, 1, _rxx, _rxx_rule)
    yield Gate("ryy", 2, 1, _ryy, _ryy_rule)
    yield Gate("rzx", 2, 1, _rzx, _h_around("rzz", 1, _01))
    yield Gate(
        "ecr",
        2,
        0,
        _fixed((0, 0, _R, 1j * _R), (0, 0, 1j * _R, _R), (_R, -1j * _R, 0, 0), (-1j * _R, _R, 0, 0)),
        _steps(("rzx", _01, (PI / 4,)), ("x", _0, ()), ("rzx", _01, (-PI / 4,))),
    )
    yield Gate(
        "iswap",
        2,
        0,
        _fixed((1, 0, 0, 0), (0, 0, 1j, 0), (0, 1j, 0, 0), (0, 0, 0, 1)),
        _steps(("s", _0, ()), ("s", _1, ()), ("h", _0, ()), ("cx", _01, ()), ("cx", _10, ()), ("h", _1, ())),
    )
    yield Gate(
        "dcx",
        2,
        0,
        _fixed((1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0, 1, 0, 0)),
        _steps(("cx", _01, ()), ("cx", _10, ())),
    )
    # three qubits
    yield Gate("ccx", 3, 0, _control(_X, 2), _CCX)
    yield Gate("ccz", 3, 0, _control(_Z, 2), _h_around("ccx", 2, (0, 1, 2)))
    yield Gate(
        "cswap", 3, 0, _control(_SWAP, 1), _steps(("cx", (2, 1), ()), ("ccx", (0, 1, 2), ()), ("cx", (2, 1), ()))
    )
    # IonQ's native gates: angles in turns
    yield Gate("gpi", 1, 1, _gpi, lambda phi: (("x", _0, ()), ("rz", _0, (phi * (4 * PI),))))
    yield Gate(
        "gpi2",
        1,
        1,
        _gpi2,
        lambda phi: (("rz", _0, (phi * (-2 * PI),)), ("rx", _0, (PI / 2,)), ("rz", _0, (phi * (2 * PI),))),
    )
    yield Gate("ms", 2, 3, _ms, _ms_rule)
    yield Gate("zz", 2, 1, lambda angle: _rzz(2 * PI * angle), lambda angle: (("rzz", _01, (angle * (2 * PI),)),))


GATES: dict[str, Gate] = {word.name: word for word in _words()}

# The words that are one target under some controls: (target, controls)
UNCONTROLLED: dict[str, tuple[str, int]] = {word: split(word) for word in GATES if split(word)[1]}


def controlled(name: str, num_controls: int) -> str:
    """Return the word for a gate with controls before its qubits.

    >>> controlled("x", 1), controlled("x", 2), controlled("x", 5), controlled("crz", 2)
    ('cx', 'ccx', 'ctrl(5) @ x', 'ctrl(3) @ rz')

    Raises:
        KeyError: There is no gate of this name.
    """
    target, already = split(name)
    return join(GATES[target].name, already + num_controls)


@cache
def gate(name: str) -> Gate:
    """Return the gate of this name, ``ctrl(n) @ name`` included.

    Raises:
        KeyError: There is no such word.
    """
    if name in GATES:
        return GATES[name]
    target, num_controls = split(name)
    inner = GATES[target]
    if num_controls == 0:
        raise KeyError(name)
    if (word := join(target, num_controls)) in GATES:  # "ctrl(1) @ x" is cx
        return GATES[word]
    return Gate(
        name,
        inner.num_qubits + num_controls,
        inner.num_params,
        _control(inner.build, num_controls),
        under(target, num_controls),
    )


def lower(
    name: str, qubits: Sequence[int], params: Sequence[Any], writable: Container[str]
) -> Iterator[tuple[str, tuple[int, ...], tuple[Any, ...]]]:
    """Write one gate in words that a format has, in order of time, up to a global phase.

    >>> list(lower("crz", (2, 5), (0.5,), {"rz", "cx"}))
    [('rz', (5,), (0.25,)), ('cx', (2, 5), ()), ('rz', (5,), (-0.25,)), ('cx', (2, 5), ())]

    Args:
        name: The gate.
        qubits: The qubits it acts on.
        params: Its angles: floats, or anything with their arithmetic.
        writable: The words the format has.

    Yields:
        (name, qubits, angles) of each gate.

    Raises:
        KeyError: The gate is no word, or ends at a word that the format has not.
    """
    if name in writable:
        yield name, tuple(qubits), tuple(params)
        return
    rule = gate(name).rule
    if rule is None:
        raise KeyError(name)
    for step, places, angles in rule(*params):
        yield from lower(step, tuple(qubits[place] for place in places), angles, writable)
