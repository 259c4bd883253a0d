"""Classical control in QIR's Adaptive profile: conditions as instructions, branches as blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.program import Binary, Bit, Block, Expression, Literal, Uint, Unary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Branches"]

_INTEGER = {"&": "and", "|": "or", "^": "xor", "<<": "shl", ">>": "lshr", "+": "add", "-": "sub", "*": "mul"}
_COMPARE = {"==": "eq", "!=": "ne", "<": "ult", "<=": "ule", ">": "ugt", ">=": "uge"}
_LOGIC = {"and": "and", "or": "or", "&": "and", "|": "or", "^": "xor"}


class Branches:
    """Writes blocks of operations with the branches between them.

    Invariants: every block ends in exactly one jump (the last one is ended by the caller); control flow only goes
    forward; every value is defined in a block that dominates its use, because it is used where it is made.
    """

    def __init__(
        self,
        lines: list[str],
        results: Mapping[int, int],
        segment: Callable[[Block, int, int], None],
        declared: dict[str, str],
    ) -> None:
        """Write into ``lines``.

        Args:
            lines: The module's instructions so far; written at its end.
            results: Classical bit -> number of its result.
            segment: Writes operations ``start`` to ``stop`` of a block that are no branches.
            declared: Function -> declaration, for what conditions call.
        """
        self._lines = lines
        self._results = results
        self._segment = segment
        self._declared = declared
        self._values = 0
        self._blocks = 0

    def write(self, block: Block) -> None:
        """Write a block, nested blocks included."""
        start = 0
        for index, name in enumerate(block.names):
            if name == "if":
                self._segment(block, start, index)
                condition, then, otherwise = block.params[index]
                self._branch(condition, then, otherwise)
                start = index + 1
        self._segment(block, start, len(block))

    def _branch(self, condition: Expression, then: Block, otherwise: Block | None) -> None:
        truth = self._truth(condition)
        self._blocks += 1
        number = self._blocks
        end = f"end_{number}"
        els = f"else_{number}" if otherwise is not None else end
        self._lines.append(f"  br i1 {truth}, label %then_{number}, label %{els}\nthen_{number}:\n")
        self.write(then)
        self._lines.append(f"  br label %{end}\n")
        if otherwise is not None:
            self._lines.append(f"{els}:\n")
            self.write(otherwise)
            self._lines.append(f"  br label %{end}\n")
        self._lines.append(f"{end}:\n")

    def _new(self, instruction: str) -> str:
        name = f"%v{self._values}"
        self._values += 1
        self._lines.append(f"  {name} = {instruction}\n")
        return name

    def _read(self, clbit: int) -> str:
        """Return a classical bit as an i1; one that nothing is ever measured into is false."""
        if clbit not in self._results:
            return "false"
        read = "__quantum__rt__read_result"
        self._declared[read] = f"declare zeroext i1 @{read}(%Result*)\n"
        return self._new(f"call zeroext i1 @{read}(%Result* inttoptr (i64 {self._results[clbit]} to %Result*))")

    def _truth(self, expression: Expression) -> str:
        """Write a condition; return it as an i1."""
        match expression:
            case Bit(clbit):
                return self._read(clbit)
            case Literal(value):
                return "true" if value else "false"
            case Unary("not", operand):
                return self._new(f"xor i1 {self._truth(operand)}, true")
            case Binary(operator, left, right) if operator in _COMPARE:
                return self._new(f"icmp {_COMPARE[operator]} i64 {self._integer(left)}, {self._integer(right)}")
            case Binary(operator, left, right) if _is_truth(expression):
                return self._new(f"{_LOGIC[operator]} i1 {self._truth(left)}, {self._truth(right)}")
            case _:
                return self._new(f"icmp ne i64 {self._integer(expression)}, 0")

    def _integer(self, expression: Expression) -> str:
        """Write a whole number; return it as an i64."""
        match expression:
            case Uint(clbits):
                total = ""
                for place, clbit in enumerate(clbits):
                    if clbit not in self._results:
                        continue
                    bit = self._new(f"zext i1 {self._read(clbit)} to i64")
                    if place:
                        bit = self._new(f"shl i64 {bit}, {place}")
                    total = self._new(f"or i64 {total}, {bit}") if total else bit
                return total or "0"
            case Literal(value):
                return str(int(value))
            case Unary("~", operand, width):
                return self._new(f"xor i64 {self._integer(operand)}, {(1 << width) - 1}")
            case Binary(operator, left, right) if operator in _INTEGER and not _is_truth(expression):
                return self._new(f"{_INTEGER[operator]} i64 {self._integer(left)}, {self._integer(right)}")
            case _:
                truth = self._truth(expression)
                return str(int(truth == "true")) if truth in {"true", "false"} else self._new(f"zext i1 {truth} to i64")


def _is_truth(expression: Expression) -> bool:
    """Whether an expression is a truth value, not a whole number."""
    match expression:
        case Bit():
            return True
        case Literal(value):
            return isinstance(value, bool)
        case Unary(operator):
            return operator == "not"
        case Binary(operator, left, right):
            return (
                operator in _COMPARE
                or operator in {"and", "or"}
                or (operator in _LOGIC and _is_truth(left) and _is_truth(right))
            )
        case _:
            return False
