"""Follows a program through its measurements, branches and errors, many shots at once.

Branches (`branches.py`) part at a measurement, a reset, an error of a gate, a readout error. Errors do not depend on
the state, so it is drawn beforehand at which gate each shot errs first, and gates in between stay fused. Measurements
that end a program are drawn for all shots of a branch together.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from qsession_core.local.interpreter.thread import Thread
from qsession_core.local.readers.circuit import LOST
from qsession_core.local.simulators.trajectories.branches import Branch, Leaf, Results, Waiting, places_of, tails_of
from qsession_core.local.simulators.trajectories.crowds import Crowds, fits
from qsession_core.local.simulators.trajectories.mishaps import PAULIS, chance_of, errors_of, flips_of
from qsession_core.local.simulators.vector.state import SinglePrecision, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Operation, Program
    from qsession_core.local.simulators.noise import Noise
    from qsession_core.local.simulators.trajectories.branches import QuantumState
    from qsession_core.local.simulators.trajectories.mishaps import Mishap

    Shots = NDArray[np.uint8]
    Record = tuple[str, Any]

__all__ = ["Tree"]


class Tree:
    """One program, to be followed.

    Args:
        program: The program.
        noise: What goes wrong.
        make: Makes a state of this many qubits, all of them 0.
        zeros: Measure 0 throughout and leave states alone: how a syntax checker runs.
    """

    def __init__(
        self, program: Program, noise: Noise, make: Callable[[int], QuantumState] = State, *, zeros: bool = False
    ) -> None:
        self._make = make
        self._program = program
        self._noise = noise
        self._chance = cache(partial(chance_of, noise))
        self._zeros = zeros
        self._place, self._tails = places_of(program), tails_of(program)

    def run(self, shots: int, rng: np.random.Generator) -> list[Leaf]:
        """Return how the shots ended, grouped by records; the order within a group is arbitrary."""
        if self._make in (State, SinglePrecision) and not self._zeros and fits(len(self._place), shots, self._noise):
            return list(Crowds(self._program, self._noise).run(shots, rng))
        state = self._make(0 if self._zeros else len(self._place))
        results = Results(np.zeros(self._program.num_results, dtype=np.uint8))
        waiting = Waiting(self._program, state.num_bytes)
        start = Branch(state, results, shots, Thread(self._program))
        if self._noise.p_init and not self._zeros:
            wrong = rng.random((shots, len(self._place))) < self._noise.p_init
            self._part(start, list(self._place), wrong.astype(np.int64), waiting, rng)
        waiting.push(start)
        leaves: list[Leaf] = []
        while waiting:
            leaf = self._follow(waiting.pop(), waiting, rng)
            if leaf is not None:
                leaves.append(leaf)
        return leaves

    def _follow(self, branch: Branch, waiting: Waiting, rng: np.random.Generator) -> Leaf | None:
        """Follow one branch to its end, or until it has to wait for others; those that part from it wait."""
        if branch.due is not None:
            branch.state = branch.state.copy()
            self._apply(branch, branch.due)
            branch.due = None
        while True:
            if branch.offset >= len(branch.operations):
                operations = branch.thread.advance(branch.results)
                if operations is None:
                    return Leaf(tuple(branch.thread.records), branch.results.of(branch.count))
                branch.operations, branch.offset = operations, 0
            else:
                tail = self._tails.get(id(branch.operations)) if branch.thread.depth == 1 else None
                end = len(branch.operations) if tail is None else tail
                if self._operate(branch, branch.operations, end, waiting, rng):
                    if tail is not None:
                        return self._drawn(branch, branch.operations[end:], rng)
                    branch.offset = end
            if waiting:
                waiting.push(branch, behind=waiting.is_full)
                return None

    # --- what happens to the state ---

    def _operate(
        self, branch: Branch, operations: list[Operation], end: int, waiting: Waiting, rng: np.random.Generator
    ) -> bool:
        """Carry out operations from the branch's offset on; say whether the end was reached.

        It is not when the branch has parted and its offset has moved: the caller comes back for the rest.
        """
        if self._zeros:
            for name, places, _ in operations[branch.offset : end]:
                if name == "measure":
                    branch.results[places[1]] = 0
            return True
        start = branch.offset
        stop = next((at for at in range(start, end) if operations[at][0] in {"measure", "reset"}), end)
        errors = self._first_errors(branch, operations, start, stop, rng)
        for at, count in errors:
            # all gates up to and with this one, then part from the shots that err here
            self._apply(branch, operations[branch.offset : at + 1])
            branch.offset = at + 1
            for error, hit in errors_of(self._noise, operations[at][1], count, rng):
                other = branch.split(hit, rng) if hit < branch.count else branch
                self._suffer(other, error, waiting, rng)
                if other is branch:
                    return branch.offset >= end
                waiting.push(other)
            if waiting.is_full:
                return branch.offset >= end  # they go first; what errs later is drawn again
        self._apply(branch, operations[branch.offset : stop])
        branch.offset = stop
        if stop == end:
            return True
        branch.offset += 1
        self._measure(branch, operations[stop], waiting, rng)
        return branch.offset >= end

    def _apply(self, branch: Branch, operations: list[Operation]) -> None:
        if branch.lost:
            operations = [operation for operation in operations if branch.lost.isdisjoint(operation[1])]
        if operations:
            place = self._place
            branch.state.apply(
                [(name, tuple(place[qubit] for qubit in qubits), angles) for name, qubits, angles in operations]
            )

    def _first_errors(
        self, branch: Branch, operations: list[Operation], start: int, stop: int, rng: np.random.Generator
    ) -> list[tuple[int, int]]:
        """Draw at which gate each shot errs first: (gate, shots) in order; shots that do not err are left out."""
        if stop <= start or not (self._noise.p1 or self._noise.p2 or self._noise.p_loss):
            return []
        chance, lost = self._chance, branch.lost
        chances = [chance(len(qubits)) if lost.isdisjoint(qubits) else 0.0 for _, qubits, _ in operations[start:stop]]
        failed = 1 - np.cumprod(1 - np.array(chances))
        first = np.searchsorted(failed, rng.random(branch.count), side="right")
        gates, counts = np.unique(first[first < len(failed)], return_counts=True)
        return [(start + gate, hit) for gate, hit in zip(gates.tolist(), counts.tolist(), strict=True)]

    def _suffer(self, branch: Branch, error: Mishap, waiting: Waiting, rng: np.random.Generator) -> None:
        """Let an error happen to all shots of a branch."""
        operations, lost = error
        falling = [operation[1][0] for operation in operations if operation[0] == "reset"]
        self._apply(branch, [operation for operation in operations if operation[0] != "reset"])
        branch.lost |= set(lost)
        self._decay(branch, [*falling, *lost], waiting, rng)

    def _decay(self, branch: Branch, qubits: list[int], waiting: Waiting, rng: np.random.Generator) -> None:
        """Let qubits fall to 0, and part the shots by where each fell from."""
        parts = [branch]
        for place in (self._place[qubit] for qubit in qubits):
            for part in list(parts):
                one = part.state.probability_of_one(place)
                ones = int(rng.binomial(part.count, one))
                fallen = part
                if 0 < ones < part.count:
                    fallen = part.split(ones, rng)
                    parts.append(fallen)
                    part.state.collapse(place, 0, 1 - one)
                if ones:
                    fallen.state.collapse(place, 1, one)
                    fallen.state.flip(place)
                else:
                    part.state.collapse(place, 0, 1 - one)
        for part in parts[1:]:
            waiting.push(part)

    def _disturb(self, branch: Branch, operation: str, qubit: int, waiting: Waiting, rng: np.random.Generator) -> None:
        """Let the other qubits suffer the crosstalk of a measurement or reset, and part the shots by their errors."""
        chance = self._noise.of_crosstalk(operation)
        others = [other for other in self._place if other != qubit]
        if not chance or not others:
            return
        shape = (branch.count, len(others))
        errors = np.where(rng.random(shape) < chance, rng.integers(1, 4, shape), 0)
        self._part(branch, others, errors, waiting, rng)

    def _part(
        self,
        branch: Branch,
        qubits: list[int],
        errors: NDArray[np.int64],
        waiting: Waiting,
        rng: np.random.Generator,
    ) -> None:
        """Part the shots by errors that do not depend on the state.

        There are as many of them as shots at most. Once memory is short, the parts share the state that they came from,
        and each errs when its turn comes.

        Args:
            branch: Keeps the shots of one kind of error; those of the others wait.
            qubits: That err.
            errors: What happens, shape (shots, len(qubits)): 0 nothing, 1 X, 2 Y, 3 Z.
            waiting: Where they wait.
            rng: Draws which shots they are.
        """
        kinds, counts = np.unique(errors, axis=0, return_counts=True)
        paulis: list[list[Operation]] = [
            [(PAULIS[error - 1], (qubit,), ()) for error, qubit in zip(kind, qubits, strict=True) if error]
            for kind in kinds.tolist()
        ]
        is_shared = False
        for operations, count in zip(paulis[:-1], counts.tolist(), strict=False):
            part = branch.split(count, rng, operations if waiting.is_full else None)
            if part.due is None:
                self._apply(part, operations)
            is_shared |= part.due is not None
            waiting.push(part)
        if is_shared:
            branch.state = branch.state.copy()
        self._apply(branch, paulis[-1])

    def _measure(self, branch: Branch, operation: Operation, waiting: Waiting, rng: np.random.Generator) -> None:
        """Measure or reset one qubit, and part the shots by what came out."""
        name, places, _ = operation
        if places[0] in branch.lost:
            if name == "measure":
                branch.results[places[1]] = LOST
                self._disturb(branch, name, places[0], waiting, rng)
                return
            branch.lost -= {places[0]}
        qubit = self._place.get(places[0])
        one = 0.0 if qubit is None else branch.state.probability_of_one(qubit)
        ones = int(rng.binomial(branch.count, one))
        if 0 < ones < branch.count:
            other = branch.split(ones, rng)
            self._collapse(other, name, places, qubit, 1, one, waiting, rng)
            waiting.push(other)
            ones = 0
        bit = int(ones > 0)
        self._collapse(branch, name, places, qubit, bit, one if bit else 1 - one, waiting, rng)

    def _collapse(
        self,
        branch: Branch,
        name: str,
        places: tuple[int, ...],
        qubit: int | None,
        bit: int,
        probability: float,
        waiting: Waiting,
        rng: np.random.Generator,
    ) -> None:
        if qubit is not None:
            branch.state.collapse(qubit, bit, probability)
            if name == "reset" and bit:
                branch.state.flip(qubit)
        wrong = self._noise.p_init if name == "reset" else self._noise.p_meas_1 if bit else self._noise.p_meas_0
        flipped = int(rng.binomial(branch.count, wrong)) if wrong and qubit is not None else 0
        parts = [(branch, flipped == branch.count and flipped > 0)]
        if 0 < flipped < branch.count:
            parts.append((branch.split(flipped, rng), True))
        for part, is_wrong in parts:
            if name == "measure":
                part.results[places[1]] = bit ^ int(is_wrong)
            elif is_wrong and qubit is not None:
                part.state.flip(qubit)
            self._disturb(part, name, places[0], waiting, rng)
            if part is not branch:
                waiting.push(part)

    def _drawn(self, branch: Branch, operations: list[Operation], rng: np.random.Generator) -> Leaf:
        """Draw the measurements that end a program, and carry out the records behind them."""
        while branch.thread.advance(branch.results) is not None:
            pass  # nothing but records is left
        bits = branch.results.of(branch.count)
        readout = {places[1]: places[0] for name, places, _ in operations if name == "measure"}
        flips = flips_of(self._noise, operations)
        if self._zeros:
            bits[:, list(readout)] = 0
            return Leaf(tuple(branch.thread.records), bits)
        qubits = sorted({self._place[qubit] for qubit in readout.values() if qubit in self._place})
        drawn = branch.state.sample(qubits, branch.count, rng)
        column = {qubit: number for number, qubit in enumerate(qubits)}
        for result, qubit in readout.items():
            if qubit in branch.lost:
                bits[:, result] = LOST
                continue
            place = self._place.get(qubit)
            bits[:, result] = 0 if place is None else drawn[:, column[place]]
            if flips:
                bits[:, result] ^= rng.random(branch.count) < flips[result]
            if self._noise.p_meas_0 or self._noise.p_meas_1:
                chance = np.where(bits[:, result] == 1, self._noise.p_meas_1, self._noise.p_meas_0)
                bits[:, result] ^= rng.random(branch.count) < chance
        return Leaf(tuple(branch.thread.records), bits)
