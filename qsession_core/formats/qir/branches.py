"""Classical control in QIR's Adaptive profile: branches as blocks, and where each classical bit is held.

Quantinuum's front end (qir-qis) resolves a result to the measurement, and its i1 to the read_result, that precede the
use in the text: both must dominate all uses. Therefore each measurement has a result of its own; bits that a branch
reads are read before it; and a bit that is measured in a branch is read there and leaves it as an i1, chosen by a phi.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from qsession_core.expressions import bits_read
from qsession_core.formats.qir.conditions import Conditions
from qsession_core.program import written_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core.expressions import Expression
    from qsession_core.formats.writing.writer import Writer
    from qsession_core.program import Block

__all__ = ["Branches", "Held"]

# What holds a bit: the number of its result, or an i1 value. A bit that nothing holds is 0
Held = int | str


def _read_in(block: Block | None) -> set[int]:
    """Return every classical bit that the branches and assignments in a block read."""
    clbits: set[int] = set()
    if block is None:
        return clbits
    for place in block.places("if"):
        condition, then, otherwise = block.params[place]
        clbits |= bits_read(condition) | _read_in(then) | _read_in(otherwise)
    for place in block.places("assign"):
        clbits |= bits_read(block.params[place][1])
    return clbits


class Branches:
    """Writes blocks of operations with the branches between them.

    Invariants: every block ends in exactly one jump (the last one is ended by the caller); control flow only goes
    forward; every value is defined, and every result measured, in a block that dominates its uses.

    Attributes:
        held: What holds each classical bit now.
        num_results: The number of results in use.
    """

    def __init__(
        self,
        lines: list[str],
        segment: Callable[[Block, int, int], None],
        writer: Writer,
        declared: dict[str, str],
        *,
        floats: bool,
    ) -> None:
        """Write into ``lines``.

        Args:
            lines: The module's instructions so far; more are appended.
            segment: Takes block, start, stop; writes these operations of a block, which are not branches.
            writer: The program's; its ``inside`` is set here.
            declared: Function -> declaration, for the functions that conditions call.
            floats: Whether the profile has doubles.
        """
        self.held: dict[int, Held] = {}
        self.num_results = 0
        self._lines = lines
        self._segment = segment
        self._writer = writer
        self._declared = declared
        self._floats = floats
        self._read_before: dict[int, str] = {}  # result -> the i1 that was read in a block that dominates this one
        self._values = 0
        self._blocks = 0
        self._label = "block_0"

    def write(self, block: Block) -> None:
        """Write a block, nested blocks included."""
        start = 0
        outside = self._writer.inside is None
        for index in heapq.merge(block.places("if"), block.places("assign")):
            self._segment(block, start, index)
            if outside:
                self._writer.inside = index
            if block.names[index] == "if":
                self._branch(index, *block.params[index])
            else:
                self._assign(index, *block.params[index])
            if outside:
                self._writer.inside = None
            start = index + 1
        self._segment(block, start, len(block))

    def measured(self, clbit: int) -> int:
        """Return the number of a new result for a measurement into a bit."""
        number = self.held[clbit] = self.num_results
        self.num_results += 1
        return number

    def _conditions(self) -> Conditions:
        return Conditions(self._new, self._read, self._known, floats=self._floats)

    def _assign(self, index: int, clbits: tuple[int, ...], value: Expression) -> None:
        """Let bits hold the value of an expression, as truth values."""
        try:
            found = self._conditions().bits(value, len(clbits))
        except (ValueError, TypeError) as error:
            self._writer.refuse("assign", index, (), f"{error}.")
            return
        self.held.update(zip(clbits, found, strict=True))

    def _branch(self, index: int, condition: Expression, then: Block, otherwise: Block | None) -> None:
        try:
            truth = self._conditions().truth(condition)
        except (ValueError, TypeError) as error:
            self._writer.refuse("if", index, (), f"{error}.")
            truth = "undef"  # both sides are still checked for problems
        if truth in {"true", "false"}:
            chosen = then if truth == "true" else otherwise
            if chosen is not None:
                self.write(chosen)
            return
        self._blocks += 1
        number = self._blocks
        changing = sorted(written_in(then) | written_in(otherwise))
        has_else = otherwise is not None or bool(changing)
        end = f"end_{number}"
        for clbit in sorted(_read_in(then) | _read_in(otherwise)) + changing:
            self._read(clbit)
        self._lines.append(f"  br i1 {truth}, label %then_{number}, label %{f'else_{number}' if has_else else end}\n")
        before = self.held.copy()
        after_then = self._arm(f"then_{number}", then, end, changing)
        self.held = before
        after_else = self._arm(f"else_{number}", otherwise, end, changing) if has_else else None
        self._begin(end)
        for clbit in changing:
            assert after_else is not None  # noqa: S101 - where a bit changes there is an else
            self._merge(clbit, after_then, after_else)

    def _arm(self, label: str, block: Block | None, end: str, changing: list[int]) -> tuple[str, dict[int, str]]:
        """Write one side of a branch; return its last label, and the values of the changing bits there."""
        self._begin(label)
        if block is not None:
            self.write(block)
        values = {clbit: self._read(clbit) for clbit in changing}
        self._lines.append(f"  br label %{end}\n")
        return self._label, values

    def _merge(self, clbit: int, then: tuple[str, dict[int, str]], otherwise: tuple[str, dict[int, str]]) -> None:
        one, other = then[1][clbit], otherwise[1][clbit]
        if one == other:
            self.held[clbit] = one
        else:
            self.held[clbit] = self._new(f"phi i1 [ {one}, %{then[0]} ], [ {other}, %{otherwise[0]} ]")

    def _known(self, clbit: int) -> bool | None:
        """Return a classical bit's value if it is a constant, since nothing was measured into it yet."""
        held = self.held.get(clbit, "false")
        return held == "true" if held in {"true", "false"} else None

    def _begin(self, label: str) -> None:
        self._lines.append(f"{label}:\n")
        self._label = label

    def _new(self, instruction: str) -> str:
        name = f"%v{self._values}"
        self._values += 1
        self._lines.append(f"  {name} = {instruction}\n")
        return name

    def _read(self, clbit: int) -> str:
        """Return a classical bit as an i1."""
        held = self.held.get(clbit, "false")
        if isinstance(held, str):
            return held
        if held not in self._read_before:
            read = "__quantum__rt__read_result"
            self._declared[read] = f"declare zeroext i1 @{read}(%Result*)\n"
            value = self._new(f"call zeroext i1 @{read}(%Result* inttoptr (i64 {held} to %Result*))")
            self._read_before[held] = value
        return self._read_before[held]
