"""The decompositions of the gate words: steps (name, places among the gate's qubits, angles) in order of time.

They are right up to a global phase, and exact otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

# An angle is a float, or anything with a float's arithmetic, such as program.Angle
Step = tuple[str, tuple[int, ...], tuple[Any, ...]]
Steps = tuple[Step, ...]
Rule = Callable[..., Steps]

PI = math.pi


class _Angle(Protocol):
    """The arithmetic that a decomposition needs of an angle."""

    def __add__(self, other: Any, /) -> Any: ...
    def __truediv__(self, other: float, /) -> Any: ...
    def __neg__(self) -> Any: ...


A = TypeVar("A", bound=_Angle)

_0, _1, _2, _01, _10 = (0,), (1,), (2,), (0, 1), (1, 0)


def conjugate(before: Steps, middle: Step, after: Steps | None = None) -> Steps:
    """Return before, middle, after; ``after`` defaults to ``before``, for steps that are their own inverse."""
    return (*before, middle, *(before if after is None else after))


def h_around(name: str, place: int, places: tuple[int, ...]) -> Rule:
    """Return a gate with a Hadamard gate on one of its qubits before and after it."""
    return lambda *params: conjugate((("h", (place,), ()),), (name, places, params))


def controlled_rotation(axis: str) -> Rule:
    """Rotate by theta/2, flip, by -theta/2, flip: the sum is theta if the control is 1, else 0."""

    def rule(theta: A) -> Steps:
        return ((axis, _1, (theta / 2,)), ("cx", _01, ()), (axis, _1, (-(theta / 2),)), ("cx", _01, ()))

    return rule


def cp(lam: A) -> Steps:
    """Decompose cp."""
    return (
        ("rz", _0, (lam / 2,)),
        ("rz", _1, (lam / 2,)),
        ("cx", _01, ()),
        ("rz", _1, (-(lam / 2),)),
        ("cx", _01, ()),
    )


def cu(theta: A, phi: A, lam: A, gamma: A) -> Steps:
    """Decompose cu."""
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


def rxx(theta: A) -> Steps:
    """Decompose rxx."""
    return conjugate((("h", _0, ()), ("h", _1, ())), ("rzz", _01, (theta,)))


def ryy(theta: A) -> Steps:
    """Decompose ryy."""
    turn, back = PI / 2, -PI / 2
    return conjugate(
        (("rx", _0, (turn,)), ("rx", _1, (turn,))), ("rzz", _01, (theta,)), (("rx", _0, (back,)), ("rx", _1, (back,)))
    )


def rxxyyzz(alpha: A, beta: A, gamma: A) -> Steps:
    """Decompose rxxyyzz, whose parts commute."""
    return (("rxx", _01, (alpha,)), ("ryy", _01, (beta,)), ("rzz", _01, (gamma,)))


def ms(phi0: Any, phi1: Any, angle: Any = 0.25) -> Steps:
    """Decompose ms; angles in turns."""
    back = (("rz", _0, (phi0 * (-2 * PI),)), ("rz", _1, (phi1 * (-2 * PI),)))
    forth = (("rz", _0, (phi0 * (2 * PI),)), ("rz", _1, (phi1 * (2 * PI),)))
    return conjugate(back, ("rxx", _01, (angle * (2 * PI),)), forth)


def fixed(*steps: Step) -> Rule:
    """Return the decomposition of a gate without angles."""
    return lambda: steps


CCX = fixed(
    ("h", _2, ()), ("cx", (1, 2), ()), ("tdg", _2, ()), ("cx", (0, 2), ()), ("t", _2, ()), ("cx", (1, 2), ()),
    ("tdg", _2, ()), ("cx", (0, 2), ()), ("t", _1, ()), ("t", _2, ()), ("h", _2, ()), ("cx", _01, ()), ("t", _0, ()),
    ("tdg", _1, ()), ("cx", _01, ()),
)  # fmt: skip
