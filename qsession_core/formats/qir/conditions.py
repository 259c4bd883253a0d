"""Conditions as LLVM instructions, with the meaning that :func:`qsession_core.expressions.evaluate` gives them.

Integers do not wrap around there, nor here: the range of every integer is known from its bits. Integers are signed i64,
truth values i1, other numbers double, which only the profile Adaptive_RIF has. A comparison of integers that may leave
64 bits is written in words (words.py). Constants are folded.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qsession_core.expressions import Binary, Bit, Expression, Literal, Uint, Unary, fold, kind_of
from qsession_core.formats.qir.ranges import BITS, fits, range_of
from qsession_core.formats.qir.words import Words
from qsession_core.formats.writing.gapped_text import llvm_doubles

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Conditions"]

_INTEGER = {"&": "and", "|": "or", "^": "xor", "<<": "shl", ">>": "ashr", "+": "add", "-": "sub", "*": "mul"}
_FLOAT = {"+": "fadd", "-": "fsub", "*": "fmul"}
_COMPARE = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}
# ordered comparisons only: Microsoft's simulator has no others, and no number here is NaN
_COMPARE_FLOAT = {"==": "oeq", "!=": "one", "<": "olt", "<=": "ole", ">": "ogt", ">=": "oge"}
_SWAPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_LOGIC = {"and": "and", "or": "or", "&": "and", "|": "or", "^": "xor"}
_EXACT_DOUBLE = 1 << 53


class Conditions:
    """Writes conditions where they are used.

    Raises:
        ValueError: From all methods: a condition cannot be written; the message says why.
    """

    def __init__(
        self,
        new: Callable[[str], str],
        read: Callable[[int], str],
        known: Callable[[int], bool | None],
        *,
        floats: bool,
    ) -> None:
        """Write instructions by ``new``.

        Args:
            new: Takes an instruction, returns the name of its value.
            read: Takes a classical bit, returns its present value as an i1.
            known: Takes a classical bit, returns its value if it is a constant, else None.
            floats: Whether the profile has doubles.
        """
        self._new = new
        self._read = read
        self._known = known
        self._floats = floats

    def truth(self, expression: Expression) -> str:
        """Write a condition; return an i1, ``"true"`` or ``"false"``."""
        whole = fold(expression, self._known)
        if isinstance(whole, Literal):
            return "true" if whole.value else "false"
        return self._truth(whole)

    def bits(self, expression: Expression, count: int) -> list[str]:
        """Write an integer or a truth value; return its lowest bits as i1, the least significant first."""
        return self._bits(fold(expression, self._known), count)

    def _bits(self, expression: Expression, count: int) -> list[str]:
        if kind_of(expression) == "truth":
            return [self._truth(expression), *["false"] * (count - 1)]
        match expression:
            case Literal(int(value)):
                return ["true" if value >> bit & 1 else "false" for bit in range(count)]
            case Uint(clbits):
                return [self._read(clbits[place]) if place < len(clbits) else "false" for place in range(count)]
            case Binary("&", inner, Literal(int(mask))) | Binary("&", Literal(int(mask)), inner) if mask >= 0:
                kept = min(count, mask.bit_length())
                bits = [*self._bits(inner, kept), *["false"] * (count - kept)]
                return [bit if mask >> lower & 1 else "false" for lower, bit in enumerate(bits)]
        if not fits(expression, self._known):
            raise ValueError("it computes with whole numbers beyond 63 bits; use narrower ones")
        whole, found = self._integer(expression), list[str]()
        for place in range(count):
            shifted = self._new(f"ashr i64 {whole}, {min(place, BITS - 1)}") if place else whole
            bit = self._new(f"and i64 {shifted}, 1")
            found.append(self._new(f"icmp ne i64 {bit}, 0"))
        return found

    def _truth(self, expression: Expression) -> str:
        match expression:
            case Bit(clbit):
                return self._read(clbit)
            case Literal(value):
                return "true" if value else "false"
            case Unary("not", operand):
                return self._new(f"xor i1 {self._truth(operand)}, true")
            case Binary(operator, left, right) if operator in _COMPARE:
                return self._comparison(operator, left, right)
            case Binary(operator, left, right) if kind_of(expression) == "truth":
                return self._new(f"{_LOGIC[operator]} i1 {self._truth(left)}, {self._truth(right)}")
        if kind_of(expression) == "float":
            return self._new(f"fcmp one double {self._double(expression)}, {_double(0.0)}")
        return self._comparison("!=", expression, Literal(0))

    def _comparison(self, operator: str, left: Expression, right: Expression) -> str:
        if isinstance(left, Literal):
            operator, left, right = _SWAPPED[operator], right, left
        if isinstance(right, Literal) and isinstance(right.value, float) and kind_of(left) != "float":
            return self._against_float(operator, left, right.value)
        if "float" in {kind_of(left), kind_of(right)}:
            one, other = self._double(left), self._double(right)
            return self._new(f"fcmp {_COMPARE_FLOAT[operator]} double {one}, {other}")
        if not (fits(left, self._known) and fits(right, self._known)):
            return Words(self._new, self._truth, self._integer, self._known).comparison(operator, left, right)
        one, other = self._integer(left), self._integer(right)
        return self._new(f"icmp {_COMPARE[operator]} i64 {one}, {other}")

    def _against_float(self, operator: str, left: Expression, value: float) -> str:
        """Compare an integer with a double, by the integer above or below it."""
        if not math.isfinite(value) or abs(value) >= 1 << (BITS - 2):
            raise ValueError(f"it compares a whole number with {value}")
        if operator in {"==", "!="} and not value.is_integer():
            return "true" if operator == "!=" else "false"
        bound = math.ceil(value) if operator in {"<", ">="} else math.floor(value)
        return self._comparison(operator, left, Literal(bound))

    # --- integers ---------------------------------------------------------------------------------------------

    def _integer(self, expression: Expression) -> str:
        """Write an integer that fits; return it as an i64."""
        if kind_of(expression) == "truth":
            truth = self._truth(expression)
            return {"true": "1", "false": "0"}.get(truth) or self._new(f"zext i1 {truth} to i64")
        match expression:
            case Uint(clbits):
                return self._uint(clbits)
            case Literal(value):
                return str(int(value))
            case Unary(_, operand, width):
                return self._new(f"xor i64 {self._integer(operand)}, {(1 << width) - 1}")
            case Binary(operator, left, right) if operator in _INTEGER and kind_of(expression) == "integer":
                return self._new(f"{_INTEGER[operator]} i64 {self._integer(left)}, {self._integer(right)}")
        raise ValueError("it uses a number with a fraction as a whole number")

    def _uint(self, clbits: tuple[int, ...]) -> str:
        total = ""
        for place, clbit in enumerate(clbits):
            if self._known(clbit) is False:
                continue
            bit = self._new(f"zext i1 {self._read(clbit)} to i64")
            if place:
                bit = self._new(f"shl i64 {bit}, {place}")
            total = self._new(f"or i64 {total}, {bit}") if total else bit
        return total or "0"

    # --- doubles -----------------------------------------------------------------------------------------------

    def _double(self, expression: Expression) -> str:
        """Write any number; return it as a double."""
        if not self._floats:
            raise ValueError("it computes with fractions, which needs a target with the profile Adaptive_RIF")
        match expression:
            case Literal(value):
                return _double(float(value))
            case Binary(operator, left, right) if kind_of(expression) == "float":
                if operator not in _FLOAT:
                    raise ValueError(f"it uses {operator} on numbers with a fraction")
                return self._new(f"{_FLOAT[operator]} double {self._double(left)}, {self._double(right)}")
        low, high = range_of(expression, self._known)
        if max(-low, high) > _EXACT_DOUBLE:
            raise ValueError("it mixes numbers with a fraction and whole numbers beyond 2**53")
        return self._new(f"sitofp i64 {self._integer(expression)} to double")


def _double(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"it computes with {value}")
    return llvm_doubles([value])[0]
