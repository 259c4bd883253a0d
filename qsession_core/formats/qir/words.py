"""Comparisons of integers that do not fit into 64 bits, such as registers of 64 classical bits and more.

An integer is a list of words of 60 bits, the least significant first; each is an i64 from 0 to 2**60 - 1, and together
they are its two's complement. There are as many words as its range needs. All is written with the instructions that
narrow integers need too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.expressions import Binary, Bit, Expression, Literal, Uint, Unary, kind_of
from qsession_core.formats.qir.ranges import fits, range_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core.formats.qir.ranges import Known

__all__ = ["Words"]

_SIZE = 60
_FULL = (1 << _SIZE) - 1
_SIGN = _SIZE - 1
_BITWISE = {"&": "and", "|": "or", "^": "xor"}
# the comparison -> (the one to write, whether left and right change places, whether its answer is turned round)
_ORDERS = {"<": (False, False), ">=": (False, True), ">": (True, False), "<=": (True, True)}


class Words:
    """Writes comparisons of wide integers.

    Raises:
        ValueError: From all methods: it cannot be written; the message says why.
    """

    def __init__(
        self,
        new: Callable[[str], str],
        truth: Callable[[Expression], str],
        narrow: Callable[[Expression], str],
        known: Callable[[int], bool | None],
    ) -> None:
        """Write instructions by ``new``.

        Args:
            new: Takes an instruction, returns the name of its value.
            truth: Takes a truth value, returns it as an i1.
            narrow: Takes an integer that fits into 64 bits, returns it as an i64.
            known: Takes a classical bit, returns its value if it is a constant, else None.
        """
        self._new = new
        self._truth = truth
        self._narrow = narrow
        self._known: Known = known

    def comparison(self, operator: str, left: Expression, right: Expression) -> str:
        """Write a comparison; return an i1."""
        size = max(self._size(left), self._size(right))
        if operator in {"==", "!="}:
            return self._equality(operator, self._written(left, size), self._written(right, size))
        swapped, turned = _ORDERS[operator]
        if swapped:
            left, right = right, left
        less = self._less(self._written(left, size), self._written(right, size))
        return self._new(f"xor i1 {less}, true") if turned else less

    def _equality(self, operator: str, left: list[str], right: list[str]) -> str:
        differences = [self._do("xor", one, other) for one, other in zip(left, right, strict=True)]
        total = differences[0]
        for each in differences[1:]:
            total = self._do("or", total, each)
        return self._new(f"icmp {'eq' if operator == '==' else 'ne'} i64 {total}, 0")

    def _less(self, left: list[str], right: list[str]) -> str:
        """Compare from the least significant word on; the highest bit is a sign, so it is turned round first."""
        flip = str(1 << _SIGN)
        left, right = [*left[:-1], self._do("xor", left[-1], flip)], [*right[:-1], self._do("xor", right[-1], flip)]
        less = ""
        for one, other in zip(left, right, strict=True):
            below = self._new(f"icmp slt i64 {one}, {other}")
            if less:
                same = self._new(f"icmp eq i64 {one}, {other}")
                kept = self._new(f"and i1 {same}, {less}")
                below = self._new(f"or i1 {below}, {kept}")
            less = below
        return less

    # --- integers ----------------------------------------------------------------------------------------------

    def _size(self, expression: Expression) -> int:
        """Return how many words hold every value of an integer, with a sign."""
        low, high = range_of(expression, self._known)
        return max(low.bit_length(), high.bit_length()) // _SIZE + 1

    def _written(self, expression: Expression, size: int) -> list[str]:
        """Write an integer in so many words: its value, or what is left of it there."""
        if kind_of(expression) == "truth":
            truth = self._truth(expression)
            bit = {"true": "1", "false": "0"}.get(truth) or self._new(f"zext i1 {truth} to i64")
            return [bit] + ["0"] * (size - 1)
        match expression:
            case Uint(clbits):
                return [self._uint(clbits[place * _SIZE : (place + 1) * _SIZE]) for place in range(size)]
            case Literal(int(value)):
                return [str(value >> place * _SIZE & _FULL) for place in range(size)]
            case Unary(_, operand, width):
                return self._bitwise("^", operand, Literal((1 << width) - 1), size)
            case Binary("&" | "|" | "^" as operator, left, right):
                return self._bitwise(operator, left, right, size)
            case Binary("+" | "-" as operator, left, right):
                return self._sum(operator, self._written(left, size), self._written(right, size))
            case Binary("<<", left, Literal(int(amount))):
                return self._shifted(self._written(left, size), -amount, size)
            case Binary(">>", left, Literal(int(amount))):
                return self._shifted(self._whole(left, size + amount // _SIZE + 1), amount, size)
            case Binary("*" | "<<" | ">>") if fits(expression, self._known):
                return self._split(self._narrow(expression), size)
            case Binary("<<" | ">>"):
                raise ValueError("it shifts more than 63 bits by an amount that is known only while it runs")
        raise ValueError("it multiplies whole numbers beyond 63 bits; compare fewer bits at a time")

    def _split(self, value: str, size: int) -> list[str]:
        """Split an i64 into words."""
        shifts = [0, _SIZE, *[63] * (size - 2)][:size]
        return [self._do("and", self._do("ashr", value, str(shift)), str(_FULL)) for shift in shifts]

    def _whole(self, expression: Expression, size: int) -> list[str]:
        """Write an integer in at least so many words, and in as many as its own value needs."""
        return self._written(expression, max(size, self._size(expression)))

    def _uint(self, clbits: tuple[int, ...]) -> str:
        total = "0"
        for place, clbit in enumerate(clbits):
            if self._known(clbit) is not False:
                bit = self._new(f"zext i1 {self._truth(Bit(clbit))} to i64")
                total = self._do("or", total, self._do("shl", bit, str(place)))
        return total

    def _bitwise(self, operator: str, left: Expression, right: Expression, size: int) -> list[str]:
        pairs = zip(self._written(left, size), self._written(right, size), strict=True)
        return [self._do(_BITWISE[operator], one, other) for one, other in pairs]

    def _sum(self, operator: str, left: list[str], right: list[str]) -> list[str]:
        """Add, or subtract by adding the complement and 1; what does not fit into a word goes into the next."""
        carry, words = "0", []
        if operator == "-":
            carry, right = "1", [self._do("xor", word, str(_FULL)) for word in right]
        for one, other in zip(left, right, strict=True):
            total = self._do("add", self._do("add", one, other), carry)
            words.append(self._do("and", total, str(_FULL)))
            carry = self._do("ashr", total, str(_SIZE))
        return words

    def _shifted(self, words: list[str], amount: int, size: int) -> list[str]:
        """Shift to the right by an amount, or by a negative one to the left; what is left of it in so many words."""
        places, rest = divmod(amount, _SIZE)
        found = []
        for place in range(places, places + size):
            low = words[place] if 0 <= place < len(words) else "0"
            high = words[place + 1] if 0 <= place + 1 < len(words) else "0"
            if rest:
                low = self._do("ashr", low, str(rest))
                high = self._do("shl", self._do("and", high, str((1 << rest) - 1)), str(_SIZE - rest))
                low = self._do("or", low, high)
            found.append(low)
        return found

    def _do(self, name: str, one: str, other: str) -> str:
        """Write an instruction on i64 values; none where a constant makes it needless."""
        if other == "0" and name != "and":
            return one
        if one == "0" and name in {"add", "or", "xor"}:
            return other
        if "0" in {one, other}:  # 0 and something, 0 shifted
            return "0"
        if name == "and" and other == str(_FULL) and one.isdecimal():
            return one
        return self._new(f"{name} i64 {one}, {other}")
