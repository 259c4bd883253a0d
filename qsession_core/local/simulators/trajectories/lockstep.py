"""Shots in lockstep: all that are at one place of a program and go on alike on its classical side are one crowd.

Where branches do not become one again, there are soon as many as shots, and following them one by one costs a thousand
times what their states cost. Invariants:

1. Shots of a crowd have the same values of everything that decides how they go on; see `branches.py`.
2. The crowd that has come least far goes first, so that crowds meet; those that stand alike become one.

What a crowd knows of the quantum side: `crowds.py` (state vectors), `frames.py` (Pauli frames).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

from qsession_core.local.interpreter.liveness import Liveness
from qsession_core.local.simulators.trajectories.branches import Leaf, places_of, standing_of, tails_of, what_matters

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from typing import Self

    from numpy.typing import NDArray

    from qsession_core.local.interpreter.thread import Thread
    from qsession_core.local.readers.circuit import Operation, Program
    from qsession_core.local.simulators.noise import Noise

    Shots = NDArray[np.uint8]

__all__ = ["Crowd", "Lockstep", "some_of"]

_READOUT = frozenset({"measure", "reset"})
_FEW_BITS = 16


class Crowd(Protocol):
    """Shots at one place of a program.

    Attributes:
        thread: The classical side.
        operations: To be carried out now.
        offset: Of the next one.
    """

    thread: Thread
    operations: list[Operation]
    offset: int

    @property
    def mark(self) -> Hashable:
        """Return what is equal for crowds that may become one if they stand alike."""
        ...

    def __len__(self) -> int:
        """Return how many shots there are."""
        ...

    def __getitem__(self, result: int) -> int:
        """Return the value of a result that is the same in all shots."""
        ...

    def __setitem__(self, result: int, bit: int) -> None:
        """Set a result in all shots."""
        ...

    def results(self, numbers: Sequence[int]) -> Shots:
        """Return some results of each shot, shape (shots, len(numbers))."""
        ...

    def part(self, shots: NDArray[np.bool_], /) -> Self:
        """Return some of the shots as a crowd at the same place."""
        ...

    def leave(self) -> None:
        """Be no more: parts have taken the shots."""
        ...

    def join(self, other: Self, /) -> None:
        """Take the shots of a crowd that goes on alike."""
        ...


C = TypeVar("C", bound=Crowd)


class Lockstep(ABC, Generic[C]):
    """One program whose shots are followed in lockstep.

    Args:
        program: The program.
        noise: What goes wrong.
    """

    def __init__(self, program: Program, noise: Noise) -> None:
        self._program, self._noise = program, noise
        self._place, self._tails = places_of(program), tails_of(program)
        self._live = Liveness(program)
        self._order: list[tuple[tuple[float, ...], int, Hashable]] = []  # of those that wait: least far first
        self._pushed = 0

    @abstractmethod
    def prepared(self, shots: int, rng: np.random.Generator) -> C:
        """Return all shots at the beginning."""

    @abstractmethod
    def evolve(self, crowd: C, operations: list[Operation], rng: np.random.Generator) -> None:
        """Apply gates, each to all shots, and errors behind them, each to some."""

    @abstractmethod
    def measure(self, crowd: C, operation: Operation, rng: np.random.Generator) -> None:
        """Measure or reset one qubit in all shots."""

    @abstractmethod
    def draw(self, crowd: C, operations: list[Operation], rng: np.random.Generator) -> None:
        """Carry out the measurements that end a program."""

    def unite(self, crowd: C) -> None:
        """Make equal states of a crowd one, where it has several."""

    def run(self, shots: int, rng: np.random.Generator) -> Iterator[Leaf]:
        """Yield how the shots ended, grouped by records; the order within a group is arbitrary."""
        everything = range(self._program.num_results)
        waiting: dict[Hashable, C] = {}
        self._order = []
        self._wait(self.prepared(shots, rng), waiting)
        while waiting:
            crowd = waiting.pop(heappop(self._order)[-1])
            if self._followed(crowd, waiting, rng):
                yield Leaf(tuple(crowd.thread.records), crowd.results(everything))

    def _wait(self, crowd: C, waiting: dict[Hashable, C]) -> None:
        """Let a crowd wait, in as many parts as go on differently."""
        names, read = what_matters(self._live, crowd.thread)
        for part in self._parted(crowd, read):
            bits = tuple((result, part[result]) for result in read)
            standing = (part.mark, standing_of(part.thread, names, bits, part.operations, part.offset))
            other = waiting.get(standing)
            if other is None:
                waiting[standing] = part
                self._pushed += 1
                heappush(self._order, ((*part.thread.progress, part.offset), self._pushed, standing))
            else:
                other.join(part)
                self.unite(other)

    def _parted(self, crowd: C, read: list[int]) -> list[C]:
        """Return a crowd in parts, by the results that matter."""
        if not read:
            return [crowd]
        bits = crowd.results(read)
        if len(read) <= _FEW_BITS:
            kinds = bits @ (1 << np.arange(len(read)))
            there = np.flatnonzero(np.bincount(kinds)).tolist()
        else:
            found, kinds = np.unique(bits, axis=0, return_inverse=True)
            there, kinds = list(range(len(found))), kinds.reshape(-1)
        if len(there) == 1:
            return [crowd]
        parts = [crowd.part(kinds == kind) for kind in there]
        crowd.leave()
        return parts

    def _followed(self, crowd: C, waiting: dict[Hashable, C], rng: np.random.Generator) -> bool:
        """Follow a crowd to its end, or until it has to wait; say whether it ended."""
        while True:
            if crowd.offset >= len(crowd.operations):
                operations = crowd.thread.advance(crowd)
                if operations is None:
                    return True
                crowd.operations, crowd.offset = operations, 0
                if waiting:  # those who have come less far go first
                    self._wait(crowd, waiting)
                    return False
                continue
            operations = crowd.operations
            tail = self._tails.get(id(operations)) if crowd.thread.depth == 1 else None
            end = len(operations) if tail is None else tail
            stop = next((at for at in range(crowd.offset, end) if operations[at][0] in _READOUT), end)
            self.evolve(crowd, operations[crowd.offset : stop], rng)
            crowd.offset = stop
            if stop == end and tail is not None:
                self.draw(crowd, operations[end:], rng)
                while crowd.thread.advance(crowd) is not None:
                    pass  # nothing but records is left
                return True
            if stop < end:
                crowd.offset += 1
                self.measure(crowd, operations[stop], rng)
                self._wait(crowd, waiting)
                return False


def some_of(shots: int, chance: float, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the shots that something happens to which has this probability in each."""
    count = int(rng.binomial(shots, chance)) if chance else 0
    if not count:
        return np.empty(0, np.intp)
    return rng.choice(shots, count, replace=False, shuffle=False)
