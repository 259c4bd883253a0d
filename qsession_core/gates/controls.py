"""Gates under any number of controls: their names and their decompositions.

``ctrl(n) @ name`` puts n controls before the qubits of a gate. If the result has a word of its own (``cx``), only that
word is used.

A decomposition needs no ancilla qubits. Each gate is written as V^-1 C V: then only the core C needs the controls. The
cores are x, p, rz and ry. A rotation under n controls takes about 8 n Toffoli gates (each half of the controls serves
as borrowed qubits for the other: Barenco et al., 1995, Lemma 7.2; Vale et al., 2023). A phase is a rotation, and half
the phase on the controls, so it takes about 4 n**2. All are exact, phase included.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from qsession_core.gates.decompositions import rxxyyzz

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qsession_core.gates.decompositions import Rule, Step, Steps

__all__ = ["controlled_rule", "with_controls", "without_controls"]

PI = math.pi
_CONTROLLED = re.compile(r"ctrl\((\d+)\) @ (\w+)")

# Word -> the word of the same gate under one control
_ONE_CONTROL = {
    "x": "cx", "y": "cy", "z": "cz", "h": "ch", "p": "cp", "s": "cs", "sdg": "csdg", "sx": "csx", "sxdg": "csxdg",
    "rx": "crx", "ry": "cry", "rz": "crz", "swap": "cswap",
}  # fmt: skip
_NAMES = {**{(target, 1): word for target, word in _ONE_CONTROL.items()}, ("x", 2): "ccx", ("z", 2): "ccz"}
_PARTS = {word: parts for parts, word in _NAMES.items()}


def with_controls(target: str, num_controls: int) -> str:
    """Return the name of a gate under controls.

    >>> with_controls("x", 2), with_controls("x", 3), with_controls("t", 1)
    ('ccx', 'ctrl(3) @ x', 'ctrl(1) @ t')
    """
    if not num_controls:
        return target
    return _NAMES.get((target, num_controls)) or f"ctrl({num_controls}) @ {target}"


def without_controls(name: str) -> tuple[str, int]:
    """Return the gate without its controls, and the number of controls.

    >>> without_controls("ccz"), without_controls("ctrl(4) @ rx"), without_controls("ctrl(2) @ crz")
    (('z', 2), ('rx', 4), ('rz', 3))
    """
    found = _CONTROLLED.fullmatch(name)
    if found is None:
        return _PARTS.get(name, (name, 0))
    target, already = _PARTS.get(found[2], (found[2], 0))
    return target, already + int(found[1])


# --- cores: (V^-1, C, V) of each gate, exact including the phase -----------------------------------------------------

_0, _1, _01, _10 = (0,), (1,), (0, 1), (1, 0)
_H0: Steps = (("h", _0, ()),)
_CX: Steps = (("cx", _01, ()),)


def _phase(angle: float) -> Callable[[], tuple[Steps, Steps, Steps]]:
    return lambda: ((), (("p", _0, (angle,)),), ())


def _in_h(word: str, *angles: float) -> Callable[..., tuple[Steps, Steps, Steps]]:
    return lambda *given: (_H0, ((word, _0, (*given, *angles)),), _H0)


def _parity(theta: Any, before: Steps, after: Steps) -> tuple[Steps, Steps, Steps]:
    """Return a rotation about ZZ in the basis that ``before`` changes to."""
    return (*before, *_CX), (("rz", _1, (theta,)),), (*_CX, *after)


def _both(word: str, *angles: float) -> Steps:
    return (word, _0, angles), (word, _1, angles)


def _turned(core: Step, *turns: tuple[int, Any]) -> tuple[Steps, Steps, Steps]:
    """Put a core between z rotations: (place, angle) of each."""
    back = tuple(("rz", (place,), (-angle,)) for place, angle in turns)
    return back, (core,), tuple(("rz", (place,), (angle,)) for place, angle in turns)


_CORES: dict[str, Callable[..., tuple[Steps, Steps, Steps]]] = {
    "id": lambda: ((), (), ()),
    "z": _phase(PI),
    "s": _phase(PI / 2),
    "sdg": _phase(-PI / 2),
    "t": _phase(PI / 4),
    "tdg": _phase(-PI / 4),
    "x": _in_h("p", PI),
    "sx": _in_h("p", PI / 2),
    "sxdg": _in_h("p", -PI / 2),
    "rx": _in_h("rz"),
    "y": lambda: ((("sdg", _0, ()),), (("x", _0, ()),), (("s", _0, ()),)),
    "h": lambda: (
        (("s", _0, ()), ("h", _0, ()), ("t", _0, ())),
        (("x", _0, ()),),
        (("tdg", _0, ()), ("h", _0, ()), ("sdg", _0, ())),
    ),
    "swap": lambda: ((("cx", _10, ()),), (("cx", _01, ()),), (("cx", _10, ()),)),
    "dcx": lambda: ((), (("cx", _01, ()), ("cx", _10, ())), ()),
    "rzz": lambda theta: _parity(theta, (), ()),
    "rxx": lambda theta: _parity(theta, _both("h"), _both("h")),
    "ryy": lambda theta: _parity(theta, _both("rx", PI / 2), _both("rx", -PI / 2)),
    "rxxyyzz": lambda *angles: ((), rxxyyzz(*angles), ()),
    "rzx": lambda theta: _parity(theta, (("h", _1, ()),), (("h", _1, ()),)),
    "ecr": lambda: ((), (("rzx", _01, (PI / 2,)), ("x", _0, ())), ()),
    "iswap": lambda: ((), (("rxx", _01, (-PI / 2,)), ("ryy", _01, (-PI / 2,))), ()),
    "cu": lambda theta, phi, lam, gamma: (
        (),
        ((with_controls("u", 1), _01, (theta, phi, lam)), ("p", _0, (gamma,))),
        (),
    ),
    "gpi": lambda phi: _turned(("x", _0, ()), (0, phi * (2 * PI))),
    "gpi2": lambda phi: _turned(("rx", _0, (PI / 2,)), (0, phi * (2 * PI))),
    "ms": lambda phi0, phi1, angle=0.25: _turned(
        ("rxx", _01, (angle * (2 * PI),)), (0, phi0 * (2 * PI)), (1, phi1 * (2 * PI))
    ),
    "zz": lambda angle: ((), (("rzz", _01, (angle * (2 * PI),)),), ()),
}


# --- decompositions ------------------------------------------------------------------------------------------------


def controlled_rule(target: str, num_controls: int) -> Rule:
    """Return the decomposition of a gate under at least one control; the controls are its first qubits.

    Args:
        target: A gate word without controls.
        num_controls: At least 1.

    Raises:
        KeyError: The gate has no decomposition under controls.
    """
    if target == "u":
        return _u(num_controls)
    if target == "p":
        return lambda lam: _controlled_phase(lam, num_controls)
    if target in {"rz", "ry"}:
        return lambda theta: _controlled_rotation(target, theta, num_controls)
    cores = _CORES[target]

    def rule(*params: Any) -> Steps:
        before, core, after = cores(*params)
        moved = [_behind(num_controls, step) for step in before]
        for name, places, angles in core:
            inner, already = without_controls(name)
            everything = (*range(num_controls), *(place + num_controls for place in places))
            moved.append((with_controls(inner, already + num_controls), everything, angles))
        return (*moved, *(_behind(num_controls, step) for step in after))

    return rule


def _behind(num_controls: int, step: Step) -> Step:
    """Return a step with its places shifted behind the controls."""
    name, places, angles = step
    return name, tuple(place + num_controls for place in places), angles


def _controlled_phase(lam: Any, num_controls: int) -> Steps:
    """Write a phase as a rotation about z, and half the phase on the controls."""
    everything = tuple(range(num_controls + 1))
    return (
        (with_controls("rz", num_controls), everything, (lam,)),
        (with_controls("p", num_controls - 1), everything[:-1], (lam / 2,)),
    )


def _controlled_rotation(axis: str, theta: Any, num_controls: int) -> Steps:
    """Apply theta/4 four times, signs alternating by X gates on each half of the controls: the sum is theta or 0."""
    at = num_controls
    if num_controls == 1:
        flip = ("cx", (0, 1), ())
        return (axis, (1,), (theta / 2,)), flip, (axis, (1,), (-(theta / 2),)), flip
    middle = (num_controls + 1) // 2
    first, second = tuple(range(middle)), tuple(range(middle, num_controls))
    one, other = _flip(first, second, at), _flip(second, first, at)
    quarter: Step = (axis, (at,), (theta / 4,))
    back: Step = (axis, (at,), (-(theta / 4),))
    return (*one, back, *other, quarter, *one, back, *other, quarter)


def _flip(controls: tuple[int, ...], borrowed: Sequence[int], target: int) -> Steps:
    """Flip a qubit under controls with borrowed qubits, whose states are restored.

    Args:
        controls: The places of the controls.
        borrowed: At least ``len(controls) - 2`` other places, in any state.
        target: The place of the qubit to flip.
    """
    if len(controls) <= 2:  # noqa: PLR2004 - cx and ccx are words
        return ((with_controls("x", len(controls)), (*controls, target), ()),)
    chain = (*borrowed[: len(controls) - 2], target)
    down: list[Step] = [
        ("ccx", (controls[place + 1], chain[place - 1], chain[place]), ()) for place in range(len(chain) - 1, 0, -1)
    ]
    bottom: Step = ("ccx", (controls[0], controls[1], chain[0]), ())
    inner = (*down[1:], bottom, *down[:0:-1])
    return (down[0], *inner, down[0], *inner)


def _u(num_controls: int) -> Rule:
    """Write u as three rotations, and the phase by which it differs from them on the controls."""
    everything = tuple(range(num_controls + 1))
    if num_controls == 1:
        return lambda theta, phi, lam: (("cu", everything, (theta, phi, lam, 0.0)),)
    return lambda theta, phi, lam: (
        (with_controls("p", num_controls - 1), everything[:-1], ((phi + lam) / 2,)),
        (with_controls("rz", num_controls), everything, (lam,)),
        (with_controls("ry", num_controls), everything, (theta,)),
        (with_controls("rz", num_controls), everything, (phi,)),
    )
