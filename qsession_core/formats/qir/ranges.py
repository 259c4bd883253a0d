"""The range of every integer in a condition, from its bits: what fits into 64 bits, and what does not."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from qsession_core.expressions import Binary, Expression, Literal, Uint, Unary, evaluate, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Known = Callable[[int], bool | None]  # takes a classical bit, returns its value if it is a constant

__all__ = ["BITS", "Range", "fits", "range_of"]

BITS = 64
_MAX_SHIFT = 1024

Range = tuple[int, int]


def range_of(expression: Expression, known: Known) -> Range:
    """Return the least and the greatest value of an integer or a truth value.

    Raises:
        ValueError: It shifts by an amount that may be negative or too large, or it is no whole number.
    """
    if kind_of(expression) == "truth":
        return 0, 1
    match expression:
        case Uint(clbits):
            return 0, sum(1 << place for place, clbit in enumerate(clbits) if known(clbit) is not False)
        case Literal(int(value)):
            return value, value
        case Unary(_, operand, width):
            low, high = range_of(operand, known)
            mask = (1 << width) - 1
            return (mask - high, mask - low) if low >= 0 and high <= mask else _bits_range((low, high), (0, mask))
        case Binary(operator, left, right) if kind_of(expression) == "integer":
            return _combined(operator, range_of(left, known), range_of(right, known))
    raise ValueError("it uses a number with a fraction as a whole number")


def fits(expression: Expression, known: Known) -> bool:
    """Return whether an integer and all that it is computed from fit into 64 bits with a sign."""
    match expression:
        case _ if kind_of(expression) == "truth":
            return True  # what it compares has words of its own
        case Unary(_, operand, width):
            parts = fits(operand, known) and width < BITS
        case Binary(_, left, right):
            parts = fits(left, known) and fits(right, known)
        case _:
            parts = True
    low, high = range_of(expression, known)
    return parts and low >= -(1 << (BITS - 1)) and high < 1 << (BITS - 1)


def _combined(operator: str, left: Range, right: Range) -> Range:
    """Return the range of an operation on two integers, by their ranges."""
    if operator in {"&", "|", "^"}:
        if operator == "&" and left[0] >= 0 and right[0] >= 0:
            return 0, min(left[1], right[1])
        if operator == "&" and max(left[0], right[0]) >= 0:  # with an integer that is not negative, no sign is left
            return 0, left[1] if left[0] >= 0 else right[1]
        return _bits_range(left, right)
    if operator in {"<<", ">>"} and not (right[0] >= 0 and right[1] < _MAX_SHIFT):
        raise ValueError(f"it shifts by an amount that may be negative or beyond {_MAX_SHIFT - 1}")
    corners = [int(evaluate(Binary(operator, Literal(a), Literal(b)), ())) for a, b in itertools.product(left, right)]
    return min(corners), max(corners)


def _bits_range(left: Range, right: Range) -> Range:
    """Return the range of integers with as many bits as the larger bound."""
    size = max(abs(bound).bit_length() for bound in (*left, *right))
    return (-(1 << size) if min(left[0], right[0]) < 0 else 0), (1 << size) - 1
