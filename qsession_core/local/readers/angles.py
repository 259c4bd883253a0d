"""Reads angles that are written as expressions: ``3*pi/4``, ``-0.5``, ``sin(pi/3)``.

Python's parser reads them, and only numbers, names, arithmetic and a few functions are taken from what it finds.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from qsession_core.local.readers.circuit import JobFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["angle", "split_at_commas"]

_TWO: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "exp": math.exp, "ln": math.log, "sqrt": math.sqrt,
}  # fmt: skip
_MAX_LENGTH = 1000
# Names get a letter of ours before them: "lambda" is a name in OpenQASM, and none in Python
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def angle(text: str, names: Mapping[str, float] | None = None) -> float:
    """Return the value of an expression.

    >>> angle("-pi/2 + 2^-1")
    -1.0707963267948966

    Raises:
        JobFailure: It is not an expression, or has no finite value.
    """
    try:
        value = _value(_parsed(text), {"pi": math.pi, **(names or {})})
    except (ValueError, SyntaxError, TypeError, KeyError, ArithmeticError, RecursionError, MemoryError) as error:
        raise JobFailure("InvalidInputData", f"{text[:60]!r} is not an angle.") from error
    if not math.isfinite(value):
        raise JobFailure("InvalidInputData", f"{text[:60]!r} has no finite value.")
    return value


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr:
    if len(text) > _MAX_LENGTH:
        raise ValueError("too long")
    return ast.parse(_WORD.sub(r"_\g<0>", text.strip().replace("^", "**")), mode="eval").body


def _value(node: ast.expr, names: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return names[name[1:]]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, names)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _value(inner, names)
        case ast.BinOp(left=left, op=op, right=right):
            value = _TWO[type(op)](_value(left, names), _value(right, names))
            return float(value)
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]):
            return _FUNCTIONS[name[1:]](_value(inner, names))
    raise ValueError("not understood")


def split_at_commas(text: str) -> list[str]:
    """Split at commas outside parentheses."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    last = text[start:].strip()
    return [*parts, last] if last or parts else []
