"""Classical expressions over the bits of a program: what an ``if`` tests, and the one evaluator of it.

Integers are unbounded and do not wrap around.

>>> evaluate(Binary("==", Uint((0, 1)), Literal(2)), [0, 1])
True
>>> fold(Binary("and", Bit(0), Unary("not", Bit(1))), {1: False}.get)
Bit(clbit=0)
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "COMPARISONS",
    "Binary",
    "Bit",
    "Expression",
    "Literal",
    "Uint",
    "Unary",
    "bits_read",
    "evaluate",
    "fold",
    "kind_of",
    "simplified",
]


class Bit(msgspec.Struct, frozen=True):
    """The present value of a classical bit, as a truth value."""

    clbit: int


class Uint(msgspec.Struct, frozen=True):
    """Several classical bits read as an unsigned integer; the least significant comes first."""

    clbits: tuple[int, ...]


class Literal(msgspec.Struct, frozen=True):
    """A constant."""

    value: bool | int | float


class Unary(msgspec.Struct, frozen=True):
    """``not`` of a truth value, or ``~`` of an unsigned integer of ``width`` bits."""

    operator: str
    operand: Expression
    width: int = 1


class Binary(msgspec.Struct, frozen=True):
    """Two operands and one of ``and or == != < <= > >= & | ^ << >> + - *``."""

    operator: str
    left: Expression
    right: Expression


Expression = Bit | Uint | Literal | Unary | Binary

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_BINARY: dict[str, Callable[[Any, Any], bool | int | float]] = {
    **COMPARISONS,
    "and": lambda a, b: bool(a and b),
    "or": lambda a, b: bool(a or b),
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_ALSO_LOGICAL = {"&", "|", "^"}  # of truth values they make truth values


def evaluate(expression: Expression, bits: Sequence[int]) -> bool | int | float:
    """Return the value of an expression.

    Args:
        expression: The expression.
        bits: The value of every classical bit, 0 or 1.
    """
    match expression:
        case Bit(clbit):
            return bool(bits[clbit])
        case Uint(clbits):
            return sum(bits[clbit] << place for place, clbit in enumerate(clbits))
        case Literal(value):
            return value
        case Unary("not", operand):
            return not evaluate(operand, bits)
        case Unary(_, operand, width):
            return int(evaluate(operand, bits)) ^ ((1 << width) - 1)
        case Binary(name, left, right):
            return _BINARY[name](evaluate(left, bits), evaluate(right, bits))


def fold(expression: Expression, known: Callable[[int], bool | None]) -> Expression:
    """Fold the constants of an expression.

    Args:
        expression: The expression.
        known: Returns the value of a classical bit if it is constant, else None.
    """
    match expression:
        case Bit(clbit):
            value = known(clbit)
            return expression if value is None else Literal(value)
        case Uint(clbits):
            values = [known(clbit) for clbit in clbits]
            if None in values:
                return expression
            return Literal(sum(bool(value) << place for place, value in enumerate(values)))
        case Unary(name, operand, width):
            return simplified(Unary(name, fold(operand, known), width))
        case Binary(name, left, right):
            return simplified(Binary(name, fold(left, known), fold(right, known)))
        case _:
            return expression


def simplified(expression: Expression) -> Expression:
    """Fold the outermost operation, whose operands are folded already."""
    match expression:
        case Unary(operand=Literal()) | Binary(left=Literal(), right=Literal()):
            return Literal(evaluate(expression, ()))
        case Binary("and" | "or" as name, Literal(value), other) | Binary("and" | "or" as name, other, Literal(value)):
            if bool(value) is (name == "or"):
                return Literal(name == "or")
            return other if kind_of(other) == "truth" else expression
        case _:
            return expression


def kind_of(expression: Expression) -> str:
    """Return the type of an expression's value: ``"truth"``, ``"integer"`` or ``"float"``."""
    match expression:
        case Bit() | Literal(bool()) | Unary("not"):
            return "truth"
        case Uint() | Literal(int()) | Unary():
            return "integer"
        case Literal():
            return "float"
        case Binary(name, left, right):
            kinds = {kind_of(left), kind_of(right)}
            if name in COMPARISONS or name in {"and", "or"} or (name in _ALSO_LOGICAL and kinds == {"truth"}):
                return "truth"
            return "float" if "float" in kinds else "integer"


def bits_read(expression: Expression) -> set[int]:
    """Return every classical bit that an expression reads."""
    match expression:
        case Bit(clbit):
            return {clbit}
        case Uint(clbits):
            return set(clbits)
        case Unary(_, operand):
            return bits_read(operand)
        case Binary(_, left, right):
            return bits_read(left) | bits_read(right)
        case _:
            return set()
