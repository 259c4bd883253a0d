"""What LLVM's arithmetic does, on Python's numbers: integers of a width, two's complement; doubles.

Source: LLVM Language Reference, "Binary Operations" to "Other Operations".
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING

from qsession_core.local.readers.circuit import JobFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["compute"]

Number = int | float


def _width(kind: str) -> int:
    return int(kind[1:]) if kind[:1] == "i" and kind[1:].isdigit() else 64


def _signed(value: int, width: int) -> int:
    """Return the number that the low bits of a value mean, two's complement; i1 is 0 or 1 throughout.

    >>> _signed(255, 8), _signed(127, 8), _signed(1, 1)
    (-1, 127, 1)
    """
    value &= (1 << width) - 1
    return value - (1 << width) if width > 1 and value >> (width - 1) else value


def _truncated(a: int, b: int) -> int:
    """Divide towards zero, as sdiv does."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


_UNSIGNED: dict[str, Callable[[int, int], int]] = {
    "udiv": operator.floordiv, "urem": operator.mod, "lshr": operator.rshift, "iugt": operator.gt,
    "iuge": operator.ge, "iult": operator.lt, "iule": operator.le,
}  # fmt: skip
_SIGNED: dict[str, Callable[[int, int], int]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "sdiv": _truncated,
    "srem": lambda a, b: a - b * _truncated(a, b), "and": operator.and_, "or": operator.or_, "xor": operator.xor,
    "shl": operator.lshift, "ashr": operator.rshift, "ieq": operator.eq, "ine": operator.ne, "isgt": operator.gt,
    "isge": operator.ge, "islt": operator.lt, "isle": operator.le,
}  # fmt: skip
_FLOAT: dict[str, Callable[[float, float], float]] = {
    "fadd": operator.add, "fsub": operator.sub, "fmul": operator.mul, "frem": math.fmod,
    "fdiv": lambda a, b: a / b if b else math.copysign(math.inf, a) * math.copysign(1, b) if a else math.nan,
    "oeq": operator.eq, "one": operator.ne, "ogt": operator.gt, "oge": operator.ge, "olt": operator.lt,
    "ole": operator.le, "ueq": operator.eq, "une": operator.ne, "ugt": operator.gt, "uge": operator.ge,
    "ult": operator.lt, "ule": operator.le,
}  # fmt: skip


def compute(opcode: str, kind: str, values: Sequence[Number]) -> Number:
    """Return the value of one instruction.

    Args:
        opcode: LLVM's word; comparisons of integers have an ``i`` before their predicate (``isgt``).
        kind: The type of the operands, or, for conversions, of the result.
        values: The operands.

    Raises:
        JobFailure: The instruction has no value, such as a division by zero.
    """
    width = _width(kind)
    try:
        if opcode == "select":
            return values[1] if values[0] else values[2]
        if opcode in _FLOAT:
            return _as_number(_FLOAT[opcode](float(values[0]), float(values[1])))
        if opcode == "fneg":
            return -values[0]
        if opcode in {"sitofp", "uitofp"}:
            return float(values[0])
        mask = (1 << width) - 1
        if opcode in {"zext", "uitofp"}:
            return _signed(int(values[0]) & mask, width)
        if opcode in {"sext", "trunc", "fptosi", "fptoui"}:
            return _signed(int(values[0]), width)
        a, b = int(values[0]), int(values[1])
        if opcode in {"shl", "lshr", "ashr"} and not 0 <= b < width:
            raise JobFailure("InvalidInputData", f"A shift by {b} of {width} bits has no value.")
        if opcode in _UNSIGNED:
            return _signed(int(_UNSIGNED[opcode](a & mask, b & mask)), width)
        return _signed(int(_SIGNED[opcode](a, b)), width)
    except (ZeroDivisionError, OverflowError, ValueError, IndexError, KeyError) as error:
        raise JobFailure("InvalidInputData", f"The program computes {opcode} where it has no value.") from error


def _as_number(value: float | bool) -> Number:  # noqa: FBT001 - comparisons give truth values
    return int(value) if isinstance(value, bool) else value
