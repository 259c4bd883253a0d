"""Cirq's classical conditions as expressions of the core.

A condition sees what Cirq records: the latest bits of a key, the first qubit most significant, after ``invert_mask``.
The wire has the bits as they were measured, so the mask goes into the expression:

>>> import cirq
>>> asked = cirq.KeyCondition(cirq.MeasurementKey("m"))
>>> expression(asked, lambda key, index: Recorded((4, 5), (0, 1)))
Binary(operator='!=', left=Uint(clbits=(4, 5)), right=Literal(value=2))
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import cirq
import sympy

from qsession_core.expressions import Binary, Bit, Literal, Uint, Unary

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core.expressions import Expression

__all__ = ["ConditionError", "Recorded", "expression"]


class ConditionError(ValueError):
    """A condition that no expression says; the sentence tells why."""


class Recorded(NamedTuple):
    """One measurement under a key: its classical bits in Cirq's order, and 1 for each that is recorded inverted."""

    clbits: tuple[int, ...]
    inverted: tuple[int, ...]

    @property
    def mask(self) -> int:
        """The inverted bits as a whole number, the first one most significant."""
        return int("".join(map(str, self.inverted)), 2) if self.inverted else 0


if TYPE_CHECKING:
    Lookup = Callable[[Any, int], Recorded]


def expression(condition: Any, lookup: Lookup) -> Expression:
    """Return the expression that is true when a condition is.

    Args:
        condition: A ``cirq.Condition``.
        lookup: From a measurement key and the number of one of its instances to what was measured there.

    Raises:
        ConditionError: It says something that the core's expressions cannot.
    """
    match condition:
        case cirq.KeyCondition():
            return _unequal(lookup(condition.key, condition.index), 0)
        case cirq.BitMaskKeyCondition():
            return _masked(condition, lookup(condition.key, condition.index))
        case cirq.SympyCondition():
            return _truth(condition.expr, lookup)
        case _:
            raise ConditionError(f"a {type(condition).__name__} is none of Cirq's own conditions")


def _uint(clbits: tuple[int, ...]) -> Uint:
    return Uint(clbits[::-1])


def _equal(recorded: Recorded, value: int) -> Expression:
    """Compare with a number, in the bits as measured and in the register's order, as OpenQASM 2 can write it."""
    width = len(recorded.clbits)
    if value < 0 or value >> width:
        return Literal(value=False)
    measured = value ^ recorded.mask
    if width == 1 and measured:
        return Bit(recorded.clbits[0])
    turned = int(f"{measured:0{width}b}"[::-1], 2) if width else 0
    return Binary("==", Uint(recorded.clbits), Literal(turned))


def _unequal(recorded: Recorded, value: int) -> Expression:
    match _equal(recorded, value):
        case Bit(clbit):
            return Binary("==", Uint((clbit,)), Literal(0))
        case Binary("==", Uint((clbit,)), _):
            return Bit(clbit)
        case Binary("==", left, right):
            return Binary("!=", left, right)
        case Literal(known):
            return Literal(not known)
        case other:
            return Unary("not", other)


def _masked(condition: Any, recorded: Recorded) -> Expression:
    """Look only at the bits of the mask: comparing fewer bits is simpler than masking many."""
    target = condition.target_value
    mask = condition.bitmask
    if mask is not None:
        width = len(recorded.clbits)
        seen = [place for place in range(width) if mask >> (width - 1 - place) & 1]
        if target & ~mask or target < 0:
            return Literal(value=not condition.equal_target)
        bits = [target >> (width - 1 - place) & 1 for place in seen]
        outside = target >> width  # the mask may reach further than the key, the value never does
        target = -1 if outside else int("".join(map(str, bits)) or "0", 2)
        recorded = Recorded(
            tuple(recorded.clbits[place] for place in seen), tuple(recorded.inverted[place] for place in seen)
        )
    return _equal(recorded, target) if condition.equal_target else _unequal(recorded, target)


def _truth(expr: Any, lookup: Lookup) -> Expression:
    match expr:
        case sympy.Eq() | sympy.Ne():
            compare = _equal if isinstance(expr, sympy.Eq) else _unequal
            for one, other in ((expr.lhs, expr.rhs), (expr.rhs, expr.lhs)):
                if _is_key(one) and isinstance(other, sympy.Integer):
                    return compare(_recorded(one, lookup), int(other))
            return _compare("==" if isinstance(expr, sympy.Eq) else "!=", expr.lhs, expr.rhs, lookup)
        case sympy.Rel():
            return _compare(expr.rel_op, expr.lhs, expr.rhs, lookup)
        case sympy.And() | sympy.Or():
            operator = "and" if isinstance(expr, sympy.And) else "or"
            return reduce(lambda a, b: Binary(operator, a, b), [_truth(arg, lookup) for arg in expr.args])
        case sympy.Xor():
            return reduce(lambda a, b: Binary("!=", a, b), [_truth(arg, lookup) for arg in expr.args])
        case sympy.Not():
            return Unary("not", _truth(expr.args[0], lookup))
        case _ if expr in {sympy.true, sympy.false}:
            return Literal(bool(expr))
        case _ if _is_key(expr):
            return _unequal(_recorded(expr, lookup), 0)
        case _:
            return _compare("!=", expr, sympy.Integer(0), lookup)


def _compare(operator: str, lhs: Any, rhs: Any, lookup: Lookup) -> Expression:
    """Compare two sums, each term on the side where it is positive: machines count without a sign."""
    terms = sympy.Add.make_args(sympy.expand(lhs - rhs))
    left = [term for term in terms if not term.could_extract_minus_sign()]
    right = [-term for term in terms if term.could_extract_minus_sign()]
    return Binary(operator, _sum(left, lookup), _sum(right, lookup))


def _sum(terms: list[Any], lookup: Lookup) -> Expression:
    parts = [_whole(term, lookup) for term in terms]
    return reduce(lambda a, b: Binary("+", a, b), parts) if parts else Literal(0)


def _whole(expr: Any, lookup: Lookup) -> Expression:
    if _is_key(expr):
        recorded = _recorded(expr, lookup)
        raw = _uint(recorded.clbits)
        return Binary("^", raw, Literal(recorded.mask)) if recorded.mask else raw
    match expr:
        case sympy.Integer():
            return Literal(int(expr))
        case sympy.Add():
            return _sum(list(expr.args), lookup)
        case sympy.Mul():
            return reduce(lambda a, b: Binary("*", a, b), [_whole(arg, lookup) for arg in expr.args])
        case sympy.Pow() if isinstance(expr.exp, sympy.Integer) and 1 < expr.exp <= 8:  # noqa: PLR2004 - unrolled
            return reduce(lambda a, b: Binary("*", a, b), [_whole(expr.base, lookup)] * int(expr.exp))
        case sympy.Mod() if isinstance(expr.args[1], sympy.Integer) and int(expr.args[1]).bit_count() == 1:
            return Binary("&", _whole(expr.args[0], lookup), Literal(int(expr.args[1]) - 1))
        case _:
            raise ConditionError(
                f"{expr} is no sum, product or comparison of keys and whole numbers, nor a remainder by 2, 4, 8..."
            )


def _is_key(expr: Any) -> bool:
    return isinstance(expr, sympy.Symbol | sympy.Indexed)


def _recorded(expr: Any, lookup: Lookup) -> Recorded:
    if isinstance(expr, sympy.Symbol):
        return lookup(cirq.MeasurementKey.parse_serialized(expr.name), -1)
    recorded = lookup(cirq.MeasurementKey.parse_serialized(str(expr.base.label)), -1)
    (place,) = expr.indices
    if not isinstance(place, sympy.Integer) or not 0 <= int(place) < len(recorded.clbits):
        raise ConditionError(f"{expr} names no bit of a key that has {len(recorded.clbits)}")
    return Recorded((recorded.clbits[int(place)],), (recorded.inverted[int(place)],))
