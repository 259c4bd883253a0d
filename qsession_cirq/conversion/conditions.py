"""Converts Cirq's classical conditions into core expressions.

A condition reads the recorded bits of a measurement key: by default of its latest measurement, the first qubit most
significant, after ``invert_mask``. A program has the bits as measured, so the expression includes the mask:

>>> import cirq
>>> condition = cirq.KeyCondition(cirq.MeasurementKey("m"))
>>> expression(condition, lambda key, index: Recorded((4, 5), (0, 1)))
Binary(operator='!=', left=Uint(clbits=(4, 5)), right=Literal(value=2))
"""

from __future__ import annotations

import math
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
    """Raised for a condition that core expressions cannot represent."""


class Recorded(NamedTuple):
    """One measurement of a key.

    Attributes:
        clbits: Indices of its classical bits, in the order of its qubits.
        inverted: For each bit 1 if ``invert_mask`` inverts it, else 0.
    """

    clbits: tuple[int, ...]
    inverted: tuple[int, ...]

    @property
    def mask(self) -> int:
        """``inverted`` as an integer, the first bit most significant."""
        return int(cirq.big_endian_bits_to_int(self.inverted))


if TYPE_CHECKING:
    Lookup = Callable[[Any, int], Recorded]


def expression(condition: Any, lookup: Lookup) -> Expression:
    """Convert a condition.

    Args:
        condition: A ``cirq.Condition``.
        lookup: Returns the measurement of a key with an index, as :meth:`Measurements.recorded
            <qsession_cirq.conversion.measurements.Measurements.recorded>` does.

    Raises:
        ConditionError: Core expressions cannot represent the condition.
    """
    match condition:
        case cirq.KeyCondition():
            return _unequal(lookup(condition.key, condition.index), 0)
        case cirq.BitMaskKeyCondition():
            return _masked(condition, lookup(condition.key, condition.index))
        case cirq.SympyCondition():
            return _truth(condition.expr, lookup)
        case _:
            raise ConditionError(f"a {type(condition).__name__} is not one of Cirq's own conditions")


def _equal(recorded: Recorded, value: int) -> Expression:
    """Compare with an integer.

    The comparison is of the bits as measured, the first one least significant, because OpenQASM 2 can only compare a
    whole register with an integer.
    """
    width = len(recorded.clbits)
    if value < 0 or value >> width:
        return Literal(value=False)
    bits = cirq.big_endian_int_to_bits(value, bit_count=width)
    measured = [bit ^ inverted for bit, inverted in zip(bits, recorded.inverted, strict=True)]
    if measured == [1]:
        return Bit(recorded.clbits[0])
    return Binary("==", Uint(recorded.clbits), Literal(cirq.big_endian_bits_to_int(measured[::-1])))


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
    """Compare only the bits of the mask, which needs no operator for masking."""
    target = condition.target_value
    mask = condition.bitmask
    if mask is not None:
        width = len(recorded.clbits)
        masked = [place for place, bit in enumerate(cirq.big_endian_int_to_bits(mask, bit_count=width)) if bit]
        if target & ~mask or target < 0:
            return Literal(value=not condition.equal_target)
        bits = cirq.big_endian_int_to_bits(target, bit_count=width)
        is_reachable = not target >> width  # the mask may have more bits than the key
        target = cirq.big_endian_bits_to_int(bits[place] for place in masked) if is_reachable else -1
        recorded = Recorded(
            tuple(recorded.clbits[place] for place in masked), tuple(recorded.inverted[place] for place in masked)
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
    """Compare two sums; negative terms move to the other side, because targets compare unsigned integers.

    Fractions of integers are multiplied out, so that every target with classical control compares them exactly.
    """
    terms = sympy.Add.make_args(sympy.expand(lhs - rhs))
    factors = [term.as_coeff_Mul()[0] for term in terms]
    if all(isinstance(factor, sympy.Rational) for factor in factors):
        multiple = math.lcm(*(int(factor.q) for factor in factors))
        terms = tuple(term * multiple for term in terms)
    left = [term for term in terms if not term.could_extract_minus_sign()]
    right = [-term for term in terms if term.could_extract_minus_sign()]
    return Binary(operator, _sum(left, lookup), _sum(right, lookup))


def _sum(terms: list[Any], lookup: Lookup) -> Expression:
    parts = [_integer(term, lookup) for term in terms]
    return reduce(lambda a, b: Binary("+", a, b), parts) if parts else Literal(0)


def _integer(expr: Any, lookup: Lookup) -> Expression:
    if _is_key(expr):
        recorded = _recorded(expr, lookup)
        measured = Uint(recorded.clbits[::-1])
        return Binary("^", measured, Literal(recorded.mask)) if recorded.mask else measured
    match expr:
        case sympy.Integer():
            return Literal(int(expr))
        case sympy.Rational() | sympy.Float():
            return Literal(float(expr))
        case sympy.Add():
            return _sum(list(expr.args), lookup)
        case sympy.Mul():
            return reduce(lambda a, b: Binary("*", a, b), [_integer(arg, lookup) for arg in expr.args])
        case sympy.Pow() if isinstance(expr.exp, sympy.Integer) and 1 < expr.exp <= 8:  # noqa: PLR2004 - unrolled
            return reduce(lambda a, b: Binary("*", a, b), [_integer(expr.base, lookup)] * int(expr.exp))
        case sympy.Mod() if isinstance(expr.args[1], sympy.Integer) and int(expr.args[1]).bit_count() == 1:
            return Binary("&", _integer(expr.args[0], lookup), Literal(int(expr.args[1]) - 1))
        case _:
            raise ConditionError(
                f"{expr} is not supported; use sums, products and comparisons of keys and numbers, "
                "and remainders modulo 2, 4, 8..."
            )


def _is_key(expr: Any) -> bool:
    return isinstance(expr, sympy.Symbol | sympy.Indexed)


def _recorded(expr: Any, lookup: Lookup) -> Recorded:
    if isinstance(expr, sympy.Symbol):
        return lookup(cirq.MeasurementKey.parse_serialized(expr.name), -1)
    recorded = lookup(cirq.MeasurementKey.parse_serialized(str(expr.base.label)), -1)
    (place,) = expr.indices
    if not isinstance(place, sympy.Integer) or not 0 <= int(place) < len(recorded.clbits):
        raise ConditionError(f"{expr} is out of range; the key has {len(recorded.clbits)} bits")
    return Recorded((recorded.clbits[int(place)],), (recorded.inverted[int(place)],))
