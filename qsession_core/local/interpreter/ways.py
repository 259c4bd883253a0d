"""Counts the gates of a program that branches, by following it without a state.

What does not depend on measurements is carried out: loops and calls count as often as they run. Where a measurement
decides, both sides are followed to the place where they meet, the dearer one counts, and what they leave different is
not known any more. A loop that a measurement ends has no bound, and is refused.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from qsession_core.local.interpreter.tally import Tally
from qsession_core.local.interpreter.thread import UNKNOWN, DependsOnMeasurementError, Frame, Thread
from qsession_core.local.readers.circuit import JobFailure, targets

if TYPE_CHECKING:
    from typing import Self

    from qsession_core.local.readers.circuit import Instruction, Operation, Program

__all__ = ["follow"]

_MAX_FORKS, _MAX_NESTED = 20_000, 100
# Copying so many results and values of memory takes as long as following a branch
_COPIED_PER_FORK = 500
# How many calls there are where ways meet again, and in which block; None for the end of the call
_Place = tuple[int, str | None]


def follow(program: Program, tally: Tally) -> None:
    """Add the gates that a program runs, at most.

    Raises:
        JobFailure: There is no bound, or the program does not end.
    """
    _Count().follow(_Way(program, [0] * program.num_results), tally)


def _unbounded(problem: str) -> JobFailure:
    return JobFailure("InvalidInputData", f"The gates of the program cannot be counted: {problem}.")


class _ArrivedError(Exception):
    """A way has come to the place where it is to stop."""


class _Way(Thread):
    """One way through a program whose measurements are not known.

    Attributes:
        results: Result -> bit, or UNKNOWN.
        stop: Where it is to stop; None for the end of the program.
        has_ended: It is at the end of the program.
    """

    def __init__(self, program: Program, results: list[Any]) -> None:
        super().__init__(program)
        self.results = results
        self.stop: _Place | None = None
        self.has_ended = False

    def copy(self) -> Self:
        """Return another way that is at the same place."""
        other = super().copy()
        other.results, other.stop, other.has_ended = list(self.results), self.stop, self.has_ended
        return other

    @property
    def size(self) -> int:
        """How many results and values of memory a copy has."""
        return len(self.results) + self._memory.num_values

    @property
    def place(self) -> tuple[int, str]:
        """Where it is: how many calls have not returned, and the block."""
        return self.depth, self._frames[-1].label

    @property
    def blocks(self) -> dict[str, list[Instruction]]:
        """The blocks of the function that it is in."""
        return self._frames[-1].blocks

    def next_gates(self) -> list[Operation]:
        """Return the gates that come next; the results of measurements among them are not known from now on."""
        made = self.advance(self.results)
        if made is None:
            self.has_ended = True
            raise _ArrivedError
        for name, places, _ in made:
            if name == "measure":
                self.results[places[1]] = UNKNOWN
        return made

    def sides(self) -> list[str]:
        """Return the blocks that it may go to, after a branch could not be decided."""
        frame = self._frames[-1]
        instruction = frame.block[frame.index - 1]
        if instruction[0] not in {"br", "switch"}:
            raise _unbounded(f"a measurement decides the operand of {instruction[0]!r}")
        return targets(instruction)

    def enter(self, label: str) -> None:
        """Go on in a block."""
        self._jump(self._frames[-1], label)

    def _jump(self, frame: Frame, label: str) -> None:
        super()._jump(frame, label)
        if self.stop == (self.depth, label):
            raise _ArrivedError

    def _return(self, frame: Frame, instruction: Instruction) -> Frame | None:
        following = super()._return(frame, instruction)
        if following is not None and self.stop is not None and self.depth < self.stop[0]:
            raise _ArrivedError
        return following

    def _gate(self, frame: Frame, instruction: Instruction) -> list[Operation]:
        kind, name, angles, pointers = instruction
        known = [0.0 if self._number(frame, angle) is UNKNOWN else angle for angle in angles]
        return super()._gate(frame, (kind, name, known, pointers))

    def _results(self, frame: Frame, instruction: Instruction, results: Any) -> None:
        kind, value, operand = instruction
        if kind == "write" and self._number(frame, value) is UNKNOWN:
            results[self._known(frame, operand)] = UNKNOWN
        elif kind != "record":
            super()._results(frame, instruction, results)

    def join(self, other: _Way) -> None:
        """Forget what is different in another way to the same place."""
        self.results = [_common(one, two) for one, two in zip(self.results, other.results, strict=True)]
        mine, theirs = self._frames[-1].values, other._frames[-1].values
        self._frames[-1].values = {name: _common(mine[name], theirs[name]) for name in mine.keys() & theirs.keys()}
        if len(self._memory) != len(other._memory):
            raise _unbounded("memory is allocated on one side of a branch that a measurement decides")
        self._memory.join(other._memory, UNKNOWN)


def _common(one: Any, other: Any) -> Any:
    return one if one is other or one == other else UNKNOWN


class _Count:
    """Follows one program. Keeps where the sides of its branches meet, and how many branches it has followed."""

    def __init__(self) -> None:
        self._forks = 0
        self._open: list[tuple[int, str]] = []  # the branches whose sides are being followed
        self._meetings: dict[int, dict[str | None, str | None]] = {}

    def follow(self, way: _Way, tally: Tally) -> _Way:
        """Follow a way to its stop, and return it; ways that met on it are one."""
        stop = way.stop
        while True:
            try:
                tally.add(way.next_gates())
            except _ArrivedError:
                return way
            except DependsOnMeasurementError:
                way = self._fork(way, tally)
                if way.has_ended or (stop is not None and (way.depth < stop[0] or way.place == stop)):
                    return way
                way.stop = stop

    def _fork(self, way: _Way, tally: Tally) -> _Way:
        """Follow every side of a branch to the place where they meet, and return the way that goes on from there."""
        labels = way.sides()
        place = way.place
        self._forks += 1 + way.size // _COPIED_PER_FORK
        if place in self._open:
            raise _unbounded("a measurement decides how often a loop runs")
        if self._forks > _MAX_FORKS or len(self._open) > _MAX_NESTED:
            raise _unbounded("too many of its branches depend on measurements")
        if id(way.blocks) not in self._meetings:
            self._meetings[id(way.blocks)] = _meetings(way.blocks)
        self._open.append(place)
        ways, tallies = [], []
        for label in labels:
            side, counted = way.copy(), Tally()
            side.stop = (place[0], self._meetings[id(way.blocks)].get(place[1]))
            try:
                side.enter(label)
            except _ArrivedError:
                pass
            else:
                side = self.follow(side, counted)
            ways.append(side)
            tallies.append(counted)
        self._open.pop()
        tally.add_dearest(tallies)
        first, *others = ways
        for other in others:
            first.join(other)
        return first


def _meetings(blocks: dict[str, list[Instruction]]) -> dict[str | None, str | None]:
    """Return, for each block of a function, the next block that every way from it comes to; None for the end.

    These are the immediate post-dominators. Source: K. Cooper, T. Harvey, K. Kennedy, "A Simple, Fast Dominance
    Algorithm", on the reversed graph. Blocks from which no way leads to the end are left out.
    """
    after: dict[str, list[str | None]] = {label: [*targets(block[-1])] or [None] for label, block in blocks.items()}
    before: dict[str | None, list[str]] = {}
    for label, following in after.items():
        for target in following:
            before.setdefault(target, []).append(label)
    order: dict[str | None, int] = {}  # in post-order of the reversed graph
    stack: list[tuple[str | None, bool]] = [(None, False)]
    seen: set[str | None] = set()
    while stack:
        at, is_done = stack.pop()
        if is_done:
            order[at] = len(order)
        elif at not in seen:
            seen.add(at)
            stack.append((at, True))
            stack += [(label, False) for label in before.get(at, ())]
    found: dict[str | None, str | None] = {None: None}

    def common(one: str | None, other: str | None) -> str | None:
        while one != other:
            if order[one] < order[other]:
                one = found[one]
            else:
                other = found[other]
        return one

    has_changed = True
    while has_changed:
        has_changed = False
        for at in reversed(order):
            if at is None:
                continue
            meeting = reduce(common, [target for target in after[at] if target in found])
            if at not in found or found[at] != meeting:
                found[at] = meeting
                has_changed = True
    return found
