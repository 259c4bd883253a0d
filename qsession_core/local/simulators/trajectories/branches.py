"""Branches of a program's shots: how they part, wait for each other, and become one again.

Branches that are at one place, with equal states and nothing different that matters later, are one from there on. So
that they meet, the one that has come least far goes first; loops count. Where waiting states would take too much
memory, the one that has come furthest goes first, so that it ends.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, Any, Protocol, Self

import msgspec
import numpy as np

from qsession_core.local.interpreter.liveness import Liveness
from qsession_core.local.simulators.interface import touched

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from qsession_core.local.interpreter.thread import Thread
    from qsession_core.local.readers.circuit import Instruction, Operation, Program

    Shots = NDArray[np.uint8]
    Record = tuple[str, Any]

__all__ = [
    "Branch",
    "Leaf",
    "QuantumState",
    "Results",
    "Waiting",
    "Worth",
    "places_of",
    "standing_of",
    "tails_of",
    "what_matters",
]

_MAX_BYTES = 1 << 27  # of all waiting states
# Keys of states are not worth their time if fewer than one in so many of this many finds an equal one
_TRIES, _WORTH = 64, 16


class Leaf(msgspec.Struct, frozen=True):
    """Shots that ended alike.

    Attributes:
        records: What they recorded: ``result`` by number, other kinds by value.
        bits: Their results, shape (shots, num_results).
    """

    records: tuple[Record, ...]
    bits: Shots


class QuantumState(Protocol):
    """A state of several qubits, in whatever form; qubits are counted from 0."""

    @property
    def num_bytes(self) -> int:
        """Roughly the memory that it takes."""
        ...

    def copy(self) -> Self:
        """Return an independent copy."""
        ...

    def apply(self, operations: list[Operation], /) -> None:
        """Apply gates, in order of time."""
        ...

    def probability_of_one(self, qubit: int, /) -> float:
        """Return the probability that a qubit is measured as 1."""
        ...

    def collapse(self, qubit: int, bit: int, probability: float, /) -> None:
        """Project a qubit onto a value that has this probability, and normalise."""
        ...

    def flip(self, qubit: int, /) -> None:
        """Apply X to a qubit."""
        ...

    def sketch(self) -> float:
        """Return a number that is equal for equal states, found in no time."""
        ...

    def key(self) -> bytes | None:
        """Return what is equal for equal states, a global phase and rounding apart; None if that takes too long."""
        ...

    def sample(self, qubits: list[int], shots: int, rng: np.random.Generator, /) -> Shots:
        """Return measured values of some qubits, ascending, shape (shots, len(qubits)); the state stays as it is."""
        ...


class Results:
    """The results of a branch's shots.

    Attributes:
        bits: Result -> bit. What is read later is the same in all shots.
        rows: The results of each shot, where shots of several branches are one; None while all are as in ``bits``.
    """

    __slots__ = ("bits", "rows")

    def __init__(self, bits: Shots, rows: Shots | None = None) -> None:
        self.bits = bits
        self.rows = rows

    def __getitem__(self, result: int) -> int:
        """Return the bit of a result that is read."""
        return int(self.bits[result])

    def __setitem__(self, result: int, bit: int) -> None:
        """Set a result in all shots."""
        self.bits[result] = bit
        if self.rows is not None:
            self.rows[:, result] = bit

    def of(self, count: int) -> Shots:
        """Return the results of each shot, shape (shots, num_results)."""
        return np.tile(self.bits, (count, 1)) if self.rows is None else self.rows


class Branch:
    """Shots that have come the same way, as far as that matters, and their state.

    Args:
        state: Of the qubits.
        results: Of the measurements so far.
        count: How many shots.
        thread: The classical side.
        operations: To be carried out now.
        offset: Of the next one.
        lost: The qubits that are lost.

    Attributes:
        due: Gates that come before anything else, on a copy of the state, which other branches share; None where the
            state is the branch's own.
    """

    __slots__ = ("count", "due", "lost", "offset", "operations", "results", "state", "thread")

    def __init__(
        self,
        state: QuantumState,
        results: Results,
        count: int,
        thread: Thread,
        operations: list[Operation] | None = None,
        offset: int = 0,
        lost: frozenset[int] = frozenset(),
    ) -> None:
        self.state = state
        self.results = results
        self.count = count
        self.thread = thread
        self.operations = operations or []
        self.offset = offset
        self.lost = lost
        self.due: list[Operation] | None = None

    def split(self, count: int, rng: np.random.Generator, due: list[Operation] | None = None) -> Branch:
        """Return a new branch with some of the shots, drawn from all, at the same place.

        Args:
            count: How many shots.
            rng: Draws them, where their results differ.
            due: What comes first for them; then the new branch shares the state, which stays as it is.
        """
        results = Results(self.results.bits.copy())
        rows = self.results.rows
        if rows is not None:
            chosen = np.zeros(self.count, dtype=bool)
            chosen[rng.permutation(self.count)[:count]] = True
            results.rows, self.results.rows = rows[chosen], rows[~chosen]
        self.count -= count
        state = self.state.copy() if due is None else self.state
        part = Branch(state, results, count, self.thread.copy(), self.operations, self.offset, self.lost)
        part.due = due
        return part

    def join(self, other: Branch) -> None:
        """Take the shots of a branch that goes on alike."""
        if self.results.rows is not None or other.results.rows is not None or _differ(self.results, other.results):
            self.results.rows = np.concatenate([self.results.of(self.count), other.results.of(other.count)])
        self.count += other.count


def _differ(one: Results, other: Results) -> bool:
    return not np.array_equal(one.bits, other.bits)


class Waiting:
    """The branches that are not at their end.

    Args:
        program: What they follow.
        state_bytes: What one state takes.
    """

    def __init__(self, program: Program, state_bytes: int) -> None:
        self._live = Liveness(program)
        self._most = max(2, _MAX_BYTES // max(1, state_bytes))
        self._queue: list[tuple[tuple[float, ...], int, Branch, Hashable]] = []
        self._alike: dict[Hashable, list[tuple[Branch, bytes | None]]] = {}
        self._pushed = self._states = 0
        self._worth = Worth()

    def __bool__(self) -> bool:
        """Say whether any branch waits."""
        return bool(self._queue)

    @property
    def is_full(self) -> bool:
        """Whether more states would take too much memory: then each branch should come to its end before it parts."""
        return self._states >= self._most - 1

    def push(self, branch: Branch, *, behind: bool = False) -> None:
        """Let a branch wait, or make it one with another that waits at the same place.

        Args:
            branch: The branch.
            behind: Where it has come as far as others, those go first while memory is short.
        """
        if branch.due is not None:
            self._queue_up(branch, None, behind=behind)
            return
        standing = (self._standing(branch), branch.state.sketch())
        others = self._alike.setdefault(standing, [])
        key = None
        if others and self._worth.is_worth_it:
            key = branch.state.key()
            self._worth.note(1, 0)
            for number, (other, known) in enumerate(others):
                theirs = known or other.state.key()
                others[number] = (other, theirs)
                if key is not None and key == theirs:
                    self._worth.note(0, 1)
                    other.join(branch)
                    return
        others.append((branch, key))
        self._states += 1
        self._queue_up(branch, standing, behind=behind)

    def _queue_up(self, branch: Branch, standing: Hashable, *, behind: bool) -> None:
        self._pushed += 1
        turn = -self._pushed if behind else self._pushed
        insort(self._queue, ((*branch.thread.progress, branch.offset), turn, branch, standing))

    def pop(self) -> Branch:
        """Return the branch that goes on."""
        _, _, branch, standing = self._queue.pop(0 if self._states <= self._most else -1)
        if branch.due is not None:
            return branch
        self._states -= 1
        others = self._alike[standing]
        others[:] = [entry for entry in others if entry[0] is not branch]
        if not others:
            del self._alike[standing]
        return branch

    def _standing(self, branch: Branch) -> Hashable:
        """Return what branches that may be one have in common, beside their states."""
        names, results = what_matters(self._live, branch.thread)
        bits = tuple((result, int(branch.results.bits[result])) for result in results)
        return standing_of(branch.thread, names, bits, branch.operations, branch.offset, branch.lost)


def what_matters(live: Liveness, thread: Thread) -> tuple[frozenset[str] | None, list[int]]:
    """Return the names of the values that decide how a program goes on, None for all; and the results that do."""
    # operations that are not carried out yet write results, and read none
    names, results = live.at(*thread.places[0]) if thread.depth == 1 else (None, live.ever_read)
    return names, sorted({*results, *thread.recorded})


def standing_of(
    thread: Thread,
    names: frozenset[str] | None,
    bits: tuple[tuple[int, int], ...],
    operations: list[Operation],
    offset: int,
    lost: frozenset[int] = frozenset(),
) -> Hashable:
    """Return what is equal for shots that are at one place and go on alike, beside their states.

    Args:
        thread: The classical side.
        names: The names of values that matter; see :func:`what_matters`.
        bits: The results that matter, by their numbers.
        operations: To be carried out now.
        offset: Of the next one.
        lost: The qubits that are lost.
    """
    ahead = tuple(operations[offset:]) if thread.is_at_computed_gate else ()
    return thread.standing(names), bits, offset, lost, ahead


class Worth:
    """Whether looking for equal states pays: after the first tries, it does while one in some of them finds one."""

    def __init__(self) -> None:
        self._tries = self._found = 0

    @property
    def is_worth_it(self) -> bool:
        """Whether to look."""
        return self._tries < _TRIES or self._found * _WORTH >= self._tries

    def note(self, tries: int, found: int) -> None:
        """So many states were looked at, and so many were equal to others."""
        self._tries += tries
        self._found += found


def places_of(program: Program) -> dict[int, int]:
    """Return the qubits that can leave 0, each with its number among them."""
    return {qubit: number for number, qubit in enumerate(sorted(touched(program)))}


def tails_of(program: Program) -> dict[int, int]:
    """Return where lists of operations do nothing any more but measure, by the ids of these lists."""
    return dict(filter(None, map(_tail, program.functions[program.entry].blocks.values())))


def _tail(block: list[Instruction]) -> tuple[int, int] | None:
    """Return where a block does nothing any more but measure, record and return.

    Returns:
        The id of the list of operations that this begins in, and which of them is the first; None if there is no such
        place.
    """
    if block[-1][0] != "ret":
        return None
    for instruction in reversed(block):
        if instruction[0] == "ops":
            operations = instruction[1]
            measured: set[int] = set()
            at = len(operations)
            while at and operations[at - 1][0] in {"measure", "reset"}:
                at -= 1
            for name, places, _ in operations[at:]:
                if name == "reset" and places[0] not in measured:
                    return None
                if name == "measure":
                    if places[0] in measured:
                        return None
                    measured.add(places[0])
            return id(operations), at
        if instruction[0] not in {"record", "ret", "set", "cast", "load", "store"}:
            return None
    return None
