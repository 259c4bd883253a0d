"""What LLVM's arithmetic does, on Python's numbers: integers of a width, two's complement; doubles.

Integers are held as signed numbers of their width, those of one bit as 0 and 1. What has no value in LLVM (a division
by zero, a shift by too much) fails. Source: LLVM Language Reference, "Binary Operations" to "Other Operations".
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING

from qsession_core.local.readers.circuit import JobFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["compute", "convert"]

Number = int | float


def _held(value: int, width: int) -> int:
    """Return the number that the low bits of a value mean, as it is held.

    >>> _held(255, 8), _held(127, 8), _held(1, 1)
    (-1, 127, 1)
    """
    value &= (1 << width) - 1
    return value - (1 << width) if width > 1 and value >> (width - 1) else value


def _signed(value: int, width: int) -> int:
    """Return a number that is held as LLVM's signed instructions read it: one bit that is set is -1."""
    return -value if width == 1 else value


def _truncated(a: int, b: int) -> int:
    """Divide towards zero, as sdiv does."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _divided(a: float, b: float) -> float:
    """Divide as IEEE 754 does: by zero too."""
    if b:
        return a / b
    return math.copysign(math.inf, a) * math.copysign(1, b) if a and not math.isnan(a) else math.nan


_UNSIGNED: dict[str, Callable[[int, int], int]] = {
    "udiv": operator.floordiv, "urem": operator.mod, "lshr": operator.rshift, "iugt": operator.gt,
    "iuge": operator.ge, "iult": operator.lt, "iule": operator.le, "shl": operator.lshift, "and": operator.and_,
    "or": operator.or_, "xor": operator.xor, "add": operator.add, "sub": operator.sub, "mul": operator.mul,
    "ieq": operator.eq, "ine": operator.ne,
}  # fmt: skip
_SIGNED: dict[str, Callable[[int, int], int]] = {
    "sdiv": _truncated, "srem": lambda a, b: a - b * _truncated(a, b), "ashr": operator.rshift,
    "isgt": operator.gt, "isge": operator.ge, "islt": operator.lt, "isle": operator.le,
}  # fmt: skip
_FLOAT: dict[str, Callable[[float, float], float]] = {
    "fadd": operator.add, "fsub": operator.sub, "fmul": operator.mul, "frem": math.fmod,
    "fdiv": _divided,
}  # fmt: skip
_FLOAT_TESTS: dict[str, Callable[[float, float], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le,
}  # fmt: skip


def compute(opcode: str, width: int, values: Sequence[Number]) -> Number:
    """Return the value of one instruction.

    Args:
        opcode: LLVM's word; comparisons of integers have an ``i`` before their predicate (``isgt``), those of doubles
            are their predicate (``ogt``).
        width: The bits of the operands.
        values: The operands.

    Raises:
        JobFailure: The instruction has no value, such as a division by zero.
    """
    try:
        if opcode == "fneg":
            return -values[0]
        a, b = values
        if opcode in _FLOAT:
            return _FLOAT[opcode](float(a), float(b))
        if opcode not in _UNSIGNED and opcode not in _SIGNED:
            return int(_float_test(opcode, a, b))
        a, b = int(a), int(b)
        if opcode in {"shl", "lshr", "ashr"} and not 0 <= b < width:
            raise JobFailure("InvalidInputData", f"A shift by {b} of {width} bits has no value.")
        if opcode in _SIGNED:
            made = int(_SIGNED[opcode](_signed(a, width), _signed(b, width)))
            if opcode == "sdiv" and made >> (width - 1) not in {0, -1}:
                raise JobFailure("InvalidInputData", f"{a} divided by {b} is beyond {width} bits.")
        else:
            mask = (1 << width) - 1
            made = int(_UNSIGNED[opcode](a & mask, b & mask))
        return made if opcode[0] == "i" else _held(made, width)
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        raise JobFailure("InvalidInputData", f"The program computes {opcode} where it has no value.") from error


def _float_test(predicate: str, a: float, b: float) -> bool:
    """Compare two doubles: ``o`` predicates are false, ``u`` predicates true where one of them is not a number."""
    is_unordered = math.isnan(a) or math.isnan(b)
    match predicate:
        case "true" | "false":
            return predicate == "true"
        case "ord" | "uno":
            return is_unordered == (predicate == "uno")
    return predicate[0] == "u" if is_unordered else _FLOAT_TESTS[predicate[1:]](a, b)


def convert(opcode: str, source: int, target: int, value: Number) -> Number:
    """Return a converted value.

    >>> convert("sext", 1, 64, 1), convert("zext", 8, 64, -1), convert("uitofp", 8, 64, -1)
    (-1, 255, 255.0)

    Args:
        opcode: LLVM's word.
        source: The bits of the operand's type; 64 for doubles and pointers.
        target: The bits of the result's type.
        value: The operand.

    Raises:
        JobFailure: The number is not one of the result's type.
    """
    match opcode:
        case "zext" | "ptrtoint" | "inttoptr":
            return _held(int(value) & ((1 << source) - 1), target)
        case "sext" | "trunc":
            return _held(_signed(int(value), source), target)
        case "sitofp":
            return float(_signed(int(value), source))
        case "uitofp":
            return float(int(value) & ((1 << source) - 1))
    low, high = (0, (1 << target) - 1) if opcode == "fptoui" else (-(1 << (target - 1)), (1 << (target - 1)) - 1)
    if not math.isfinite(value) or not low <= int(value) <= high:
        raise JobFailure("InvalidInputData", f"The program converts {value} to an integer of {target} bits.")
    return _held(int(value), target)
