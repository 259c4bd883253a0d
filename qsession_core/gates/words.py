"""The gate words: what each name means.

Names are those of OpenQASM 3's ``stdgates.inc`` where it has one, with Qiskit's names beside them (``sxdg``, ``rxx``,
``ecr``...), Quantinuum's ``rxxyyzz`` and IonQ's native gates (``gpi``, ``gpi2``, ``ms``, ``zz``, whose angles are in
turns, 1 turn = 2 pi).
``ctrl(n) @ name`` puts n more controls before the qubits of any gate.

Matrices: ``qubits[0]`` is the most significant bit of the row and column number, so that controls come first and a
controlled gate ends in its target's matrix:

>>> import numpy
>>> numpy.real(gate_named("cx").matrix()).astype(int).tolist()
[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]

Decompositions are right up to a global phase, and exact otherwise. :func:`decompose` applies them until only words that
a format can write are left. Sources: the OpenQASM 3 specification, section "Standard library" (arXiv:2104.14722), and
for the native gates IonQ's documentation, "Getting started with native gates".
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.gates import decompositions as rules
from qsession_core.gates import matrices
from qsession_core.gates.controls import controlled_rule, with_controls, without_controls

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from qsession_core.gates.decompositions import Rule
    from qsession_core.gates.matrices import Matrix

__all__ = ["GATES", "UNCONTROLLED", "Gate", "controlled", "decompose", "gate_named"]

PI = math.pi
_0, _1, _01, _10 = (0,), (1,), (0, 1), (1, 0)
_R = matrices.SQRT_HALF


class Gate(msgspec.Struct, frozen=True):
    """One gate word.

    Attributes:
        name: The word.
        num_qubits: The qubits it acts on; controls, if any, are the first of them.
        num_params: The angles it takes, in radians (turns for gpi, gpi2, ms and zz).
        build: Takes the angles, returns the matrix.
        rule: Takes the angles, returns the decomposition, one level lower; None for primitive gates.
    """

    name: str
    num_qubits: int
    num_params: int
    build: Callable[..., Matrix]
    rule: Rule | None = None

    def matrix(self, *params: float) -> Matrix:
        """Return the unitary matrix, shape (2**num_qubits, 2**num_qubits); qubit 0 is the most significant bit."""
        return self.build(*params)


def _words() -> Iterator[Gate]:
    """List every word; each decomposition uses only words that stand above it."""
    # primitive gates: every format writes these, or an equivalent
    yield Gate("x", 1, 0, matrices.X)
    yield Gate("y", 1, 0, matrices.Y)
    yield Gate("z", 1, 0, matrices.Z)
    yield Gate("h", 1, 0, matrices.H)
    yield Gate("s", 1, 0, matrices.S)
    yield Gate("sdg", 1, 0, matrices.fixed((1, 0), (0, -1j)))
    yield Gate("t", 1, 0, lambda: matrices.p(PI / 4))
    yield Gate("tdg", 1, 0, lambda: matrices.p(-PI / 4))
    yield Gate("rx", 1, 1, matrices.rx)
    yield Gate("ry", 1, 1, matrices.ry)
    yield Gate("rz", 1, 1, matrices.rz)
    yield Gate("cx", 2, 0, matrices.controlled(matrices.X, 1))
    # one qubit
    yield Gate("id", 1, 0, matrices.fixed((1, 0), (0, 1)), rules.fixed())
    yield Gate("sx", 1, 0, matrices.SX, rules.fixed(("h", _0, ()), ("s", _0, ()), ("h", _0, ())))
    yield Gate("sxdg", 1, 0, matrices.SXDG, rules.fixed(("h", _0, ()), ("sdg", _0, ()), ("h", _0, ())))
    yield Gate("p", 1, 1, matrices.p, lambda lam: (("rz", _0, (lam,)),))
    yield Gate(
        "u", 1, 3, matrices.u, lambda theta, phi, lam: (("rz", _0, (lam,)), ("ry", _0, (theta,)), ("rz", _0, (phi,)))
    )
    # two qubits
    yield Gate("cz", 2, 0, matrices.controlled(matrices.Z, 1), rules.h_around("cx", 1, _01))
    yield Gate(
        "cy", 2, 0, matrices.controlled(matrices.Y, 1), rules.fixed(("sdg", _1, ()), ("cx", _01, ()), ("s", _1, ()))
    )
    yield Gate(
        "ch",
        2,
        0,
        matrices.controlled(matrices.H, 1),
        lambda: rules.conjugate(
            (("s", _1, ()), ("h", _1, ()), ("t", _1, ())),
            ("cx", _01, ()),
            (("tdg", _1, ()), ("h", _1, ()), ("sdg", _1, ())),
        ),
    )
    yield Gate("cp", 2, 1, matrices.controlled(matrices.p, 1), rules.cp)
    yield Gate("cs", 2, 0, matrices.controlled(matrices.S, 1), lambda: rules.cp(PI / 2))
    yield Gate("csdg", 2, 0, matrices.controlled(lambda: matrices.p(-PI / 2), 1), lambda: rules.cp(-PI / 2))
    yield Gate(
        "csx", 2, 0, matrices.controlled(matrices.SX, 1), lambda: rules.conjugate((("h", _1, ()),), ("cs", _01, ()))
    )
    yield Gate(
        "csxdg",
        2,
        0,
        matrices.controlled(matrices.SXDG, 1),
        lambda: rules.conjugate((("h", _1, ()),), ("csdg", _01, ())),
    )
    yield Gate("crz", 2, 1, matrices.controlled(matrices.rz, 1), rules.controlled_rotation("rz"))
    yield Gate("cry", 2, 1, matrices.controlled(matrices.ry, 1), rules.controlled_rotation("ry"))
    yield Gate("crx", 2, 1, matrices.controlled(matrices.rx, 1), rules.h_around("crz", 1, _01))
    yield Gate("cu", 2, 4, matrices.cu, rules.cu)
    yield Gate("swap", 2, 0, matrices.SWAP, rules.fixed(("cx", _01, ()), ("cx", _10, ()), ("cx", _01, ())))
    yield Gate("rzz", 2, 1, matrices.rzz, lambda theta: (("cx", _01, ()), ("rz", _1, (theta,)), ("cx", _01, ())))
    yield Gate("rxx", 2, 1, matrices.rxx, rules.rxx)
    yield Gate("ryy", 2, 1, matrices.ryy, rules.ryy)
    yield Gate("rzx", 2, 1, matrices.rzx, rules.h_around("rzz", 1, _01))
    yield Gate(
        "ecr",
        2,
        0,
        matrices.fixed((0, 0, _R, 1j * _R), (0, 0, 1j * _R, _R), (_R, -1j * _R, 0, 0), (-1j * _R, _R, 0, 0)),
        rules.fixed(("rzx", _01, (PI / 4,)), ("x", _0, ()), ("rzx", _01, (-PI / 4,))),
    )
    yield Gate(
        "iswap",
        2,
        0,
        matrices.fixed((1, 0, 0, 0), (0, 0, 1j, 0), (0, 1j, 0, 0), (0, 0, 0, 1)),
        rules.fixed(("s", _0, ()), ("s", _1, ()), ("h", _0, ()), ("cx", _01, ()), ("cx", _10, ()), ("h", _1, ())),
    )
    yield Gate(
        "dcx",
        2,
        0,
        matrices.fixed((1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0, 1, 0, 0)),
        rules.fixed(("cx", _01, ()), ("cx", _10, ())),
    )
    yield Gate("rxxyyzz", 2, 3, matrices.rxxyyzz, rules.rxxyyzz)
    # three qubits
    yield Gate("ccx", 3, 0, matrices.controlled(matrices.X, 2), rules.CCX)
    yield Gate("ccz", 3, 0, matrices.controlled(matrices.Z, 2), rules.h_around("ccx", 2, (0, 1, 2)))
    yield Gate(
        "cswap",
        3,
        0,
        matrices.controlled(matrices.SWAP, 1),
        rules.fixed(("cx", (2, 1), ()), ("ccx", (0, 1, 2), ()), ("cx", (2, 1), ())),
    )
    # IonQ's native gates: angles in turns
    yield Gate("gpi", 1, 1, matrices.gpi, lambda phi: (("x", _0, ()), ("rz", _0, (phi * (4 * PI),))))
    yield Gate(
        "gpi2",
        1,
        1,
        matrices.gpi2,
        lambda phi: (("rz", _0, (phi * (-2 * PI),)), ("rx", _0, (PI / 2,)), ("rz", _0, (phi * (2 * PI),))),
    )
    yield Gate("ms", 2, 3, matrices.ms, rules.ms)
    yield Gate(
        "zz", 2, 1, lambda angle: matrices.rzz(2 * PI * angle), lambda angle: (("rzz", _01, (angle * (2 * PI),)),)
    )


GATES: dict[str, Gate] = {word.name: word for word in _words()}

# Word of a controlled gate -> (the gate without controls, the number of controls)
UNCONTROLLED: dict[str, tuple[str, int]] = {word: without_controls(word) for word in GATES if without_controls(word)[1]}


def controlled(name: str, num_controls: int) -> str:
    """Return the word of a gate with more controls before its qubits.

    >>> controlled("x", 1), controlled("x", 2), controlled("x", 5), controlled("crz", 2)
    ('cx', 'ccx', 'ctrl(5) @ x', 'ctrl(3) @ rz')

    Raises:
        KeyError: There is no gate of this name.
    """
    target, already = without_controls(name)
    return with_controls(GATES[target].name, already + num_controls)


@cache
def gate_named(name: str) -> Gate:
    """Return the gate of this name, ``ctrl(n) @ name`` included.

    Raises:
        KeyError: There is no gate of this name.
    """
    if name in GATES:
        return GATES[name]
    target, num_controls = without_controls(name)
    inner = GATES[target]
    if num_controls == 0:
        raise KeyError(name)
    if (word := with_controls(target, num_controls)) in GATES:  # "ctrl(1) @ x" is cx
        return GATES[word]
    return Gate(
        name,
        inner.num_qubits + num_controls,
        inner.num_params,
        matrices.controlled(inner.build, num_controls),
        controlled_rule(target, num_controls),
    )


def decompose(
    name: str, qubits: Sequence[int], params: Sequence[Any], writable: Container[str]
) -> Iterator[tuple[str, tuple[int, ...], tuple[Any, ...]]]:
    """Write one gate in other words, in order of time, up to a global phase.

    >>> list(decompose("crz", (2, 5), (0.5,), {"rz", "cx"}))
    [('rz', (5,), (0.25,)), ('cx', (2, 5), ()), ('rz', (5,), (-0.25,)), ('cx', (2, 5), ())]

    Args:
        name: The gate.
        qubits: The qubits it acts on.
        params: Its angles: floats, or anything with their arithmetic.
        writable: The words that may be left.

    Yields:
        (name, qubits, angles) of each gate.

    Raises:
        KeyError: There is no such gate, or a primitive gate that it needs is not writable.
    """
    if name in writable:
        yield name, tuple(qubits), tuple(params)
        return
    rule = gate_named(name).rule
    if rule is None:
        raise KeyError(name)
    for step, places, angles in rule(*params):
        yield from decompose(step, tuple(qubits[place] for place in places), angles, writable)
