"""Few qubits in lockstep: the states of all shots that are at one place of a program are one array.

Each shot of a crowd knows which of the crowd's states is its own; see `lockstep.py`. Invariants:

1. Equal states become one while that is worth the search, a global phase and rounding apart.
2. All crowds together have at most as many states as shots, but for those that nobody has and that wait to be dropped.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from qsession_core.local.interpreter.thread import Thread
from qsession_core.local.simulators.trajectories.branches import Worth
from qsession_core.local.simulators.trajectories.lockstep import Lockstep, some_of
from qsession_core.local.simulators.vector.compiler import Compiler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Operation, Program
    from qsession_core.local.simulators.noise import Noise
    from qsession_core.local.simulators.vector.steps import Amplitudes

    Shots = NDArray[np.uint8]

__all__ = ["Crowds", "StateCrowd", "fits"]

_MOST_AMPLITUDES = 1 << 22  # of the states of all shots: 64 MB, and as much again to work in
_CACHED_AMPLITUDES = 1 << 16  # that are worked on at the same time
_WIDEST = 12
_DIGITS = 9  # in which equal states are equal
_PROBES = 4


def fits(num_qubits: int, shots: int, noise: Noise) -> bool:
    """Say whether shots can be followed in lockstep: their states fit, and errors are Paulis and nothing else."""
    kinds = {"p1", "p2", "p_meas_0", "p_meas_1", "p_init"}
    return num_qubits <= _WIDEST and shots << num_qubits <= _MOST_AMPLITUDES and kinds.issuperset(noise.names)


class _States:
    """State vectors of one width, as what steps act on.

    Attributes:
        flat: All amplitudes, one state after the other.
        scratch: As much memory besides.
        cube: The amplitudes with one axis for the states and one for each qubit, the last axis for qubit 0.
    """

    def __init__(self, states: Amplitudes, num_qubits: int) -> None:
        self.flat = np.ascontiguousarray(states).reshape(-1)
        self.scratch = np.empty_like(self.flat)
        self._shape = (len(states), *[2] * num_qubits)
        self.cube = self.flat.reshape(self._shape)
        self._cube_scratch = self.scratch.reshape(self._shape)

    def exchange(self) -> None:
        """Make the scratch space the states, after a step has written the new amplitudes there."""
        self.flat, self.scratch = self.scratch, self.flat
        self.cube, self._cube_scratch = self._cube_scratch, self.cube


class StateCrowd:
    """Shots at one place of a program.

    Args:
        states: Shape (states, 2**qubits).
        which: The state of each shot.
        rows: The results of each shot, shape (shots, num_results).
        thread: The classical side.
        operations: To be carried out now.
        offset: Of the next one.
    """

    __slots__ = ("offset", "operations", "rows", "states", "thread", "which")

    def __init__(
        self,
        states: Amplitudes,
        which: NDArray[np.intp],
        rows: Shots,
        thread: Thread,
        operations: list[Operation] | None = None,
        offset: int = 0,
    ) -> None:
        self.states = states
        self.which = which
        self.rows = rows
        self.thread = thread
        self.operations = operations or []
        self.offset = offset

    mark = ()

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, result: int) -> int:
        return int(self.rows[0, result])

    def __setitem__(self, result: int, bit: int) -> None:
        self.rows[:, result] = bit

    def results(self, numbers: Sequence[int]) -> Shots:
        """Return some results of each shot, shape (shots, len(numbers))."""
        return self.rows[:, numbers]

    def part(self, shots: NDArray[np.bool_]) -> StateCrowd:
        """Return some of the shots as a crowd at the same place."""
        part = self.those(np.flatnonzero(shots))
        part.thread = self.thread.copy()
        return part

    def those(self, shots: NDArray[np.intp]) -> StateCrowd:
        """Return some of the shots, with the same classical side."""
        used, which = np.unique(self.which[shots], return_inverse=True)
        return StateCrowd(
            self.states[used], which, self.rows[shots], self.thread, self.operations, self.offset
        )  # fmt: skip

    def gather(self, parts: list[StateCrowd]) -> None:
        """Become the shots of some parts, in their order."""
        starts = np.cumsum([0, *(len(part.states) for part in parts)])
        self.which = np.concatenate([part.which + start for part, start in zip(parts, starts[:-1], strict=True)])
        self.states = np.concatenate([part.states for part in parts])
        self.rows = np.concatenate([part.rows for part in parts])

    def leave(self) -> None:
        """Have nothing to give back."""

    def join(self, other: StateCrowd) -> None:
        """Take the shots of a crowd that goes on alike."""
        self.gather([self, other])

    def halves(self, qubit: int) -> Amplitudes:
        """Return the states with an axis of two for a qubit, the last but one."""
        return self.states.reshape(len(self.states), -1, 2, 1 << qubit)

    def turn(self, shots: NDArray[np.intp], paulis: dict[int, str]) -> None:
        """Give some shots states of their own, on which Paulis have acted."""
        used, place = np.unique(self.which[shots], return_inverse=True)
        turned = self.states[used]
        for qubit, pauli in paulis.items():
            halves = turned.reshape(len(used), -1, 2, 1 << qubit)
            if pauli != "z":
                halves[:] = halves[:, :, ::-1].copy()
            if pauli != "x":
                halves[:, :, 1] *= -1
        self.which[shots] = place + len(self.states)
        self.states = np.concatenate([self.states, turned])


class Crowds(Lockstep[StateCrowd]):
    """One program whose shots are followed in lockstep, by state vectors.

    Args:
        program: The program.
        noise: What goes wrong; see :func:`fits`.
    """

    def __init__(self, program: Program, noise: Noise) -> None:
        super().__init__(program, noise)
        self._num_qubits = len(self._place)
        self._worth = Worth()
        source = np.random.default_rng(7)
        shape = (1 << self._num_qubits, _PROBES)
        self._probes = source.normal(size=shape) + 1j * source.normal(size=shape)

    def prepared(self, shots: int, rng: np.random.Generator) -> StateCrowd:
        """Return all shots at the beginning, in which some qubits may start as 1."""
        wrong = rng.random((shots, self._num_qubits)) < self._noise.p_init
        starts, which = np.unique(wrong @ (1 << np.arange(self._num_qubits)), return_inverse=True)
        states = np.zeros((len(starts), 1 << self._num_qubits), dtype=np.complex128)
        states[np.arange(len(starts)), starts.astype(np.intp)] = 1
        rows = np.zeros((shots, self._program.num_results), dtype=np.uint8)
        return StateCrowd(states, which, rows, Thread(self._program))

    # --- what happens to the states ---

    def evolve(self, crowd: StateCrowd, operations: list[Operation], rng: np.random.Generator) -> None:
        """Apply gates, each to all shots, and errors behind them, each to some.

        What does not fit into the processor's cache takes several times as long, so shots come in parts that do.
        """
        chances = [self._noise.of_gate(len(qubits)) for _, qubits, _ in operations]
        erring = 1 - math.prod(1 - chance for chance in chances)
        states = len(crowd.states) + erring * len(crowd)
        parts = math.ceil(states * (1 << self._num_qubits) / _CACHED_AMPLITUDES)
        if parts <= 1 or not operations:
            self._carry(crowd, operations, chances, rng)
            return
        order = np.argsort(crowd.which, kind="stable")  # shots that share a state stay together
        done = []
        for chosen in np.array_split(order, min(parts, len(order))):
            part = crowd.those(chosen)
            self._carry(part, operations, chances, rng)
            done.append(part)
        crowd.gather(done)

    def _carry(
        self, crowd: StateCrowd, operations: list[Operation], chances: list[float], rng: np.random.Generator
    ) -> None:
        done = 0
        for at, (_, qubits, _) in enumerate(operations):
            hit = some_of(len(crowd), chances[at], rng)
            if len(hit):
                self._apply(crowd, operations[done : at + 1])
                done = at + 1
                self._err(crowd, hit, [self._place[qubit] for qubit in qubits[-2:]], rng)
        if done:
            self._drop(crowd)
        self._apply(crowd, operations[done:])

    def _err(self, crowd: StateCrowd, hit: NDArray[np.intp], places: list[int], rng: np.random.Generator) -> None:
        """Let some shots suffer one of the Paulis of a gate's last qubits, each as likely as the others."""
        drawn = rng.integers(1, 4 ** len(places), len(hit))
        for kind in np.unique(drawn).tolist():
            letters = ((place, "ixyz"[kind >> 2 * number & 3]) for number, place in enumerate(places))
            crowd.turn(hit[drawn == kind], {place: letter for place, letter in letters if letter != "i"})

    def _apply(self, crowd: StateCrowd, operations: list[Operation]) -> None:
        if not operations:
            return
        compiler = Compiler(self._num_qubits)
        place = self._place
        compiler.add([(name, tuple(place[qubit] for qubit in qubits), angles) for name, qubits, angles in operations])
        states = _States(crowd.states, self._num_qubits)
        for step in compiler.take():
            step.apply(states)
        crowd.states = states.flat.reshape(crowd.states.shape)

    def measure(self, crowd: StateCrowd, operation: Operation, rng: np.random.Generator) -> None:
        """Measure or reset one qubit in all shots."""
        name, places, _ = operation
        noise, shots = self._noise, len(crowd.which)
        qubit = self._place.get(places[0])
        if qubit is None:
            if name == "measure":
                crowd.rows[:, places[1]] = 0
            return
        one = np.square(np.abs(crowd.halves(qubit)[:, :, 1])).sum(axis=(1, 2)).clip(0.0, 1.0)
        bits = (rng.random(shots) < one[crowd.which]).astype(np.intp)
        ways, crowd.which = np.unique(2 * crowd.which + bits, return_inverse=True)
        origin, bit = ways >> 1, ways & 1
        crowd.states = crowd.states[origin]
        halves = crowd.halves(qubit)
        halves[np.arange(len(ways)), :, 1 - bit] = 0
        crowd.states *= 1 / np.sqrt(np.where(bit == 1, one[origin], 1 - one[origin]))[:, None]
        if name == "measure":
            wrong = np.where(bits == 1, noise.p_meas_1, noise.p_meas_0)
            crowd.rows[:, places[1]] = bits ^ (rng.random(shots) < wrong)
        else:
            ones = np.flatnonzero(bit)
            halves[ones, :, 0] = halves[ones, :, 1]
            halves[ones, :, 1] = 0
            wrongly = some_of(shots, noise.p_init, rng)
            if len(wrongly):
                crowd.turn(wrongly, {qubit: "x"})
                self._drop(crowd)
        self.unite(crowd)

    def draw(self, crowd: StateCrowd, operations: list[Operation], rng: np.random.Generator) -> None:
        """Draw the measurements that end a program."""
        shots, noise = len(crowd.which), self._noise
        readout = {places[1]: places[0] for name, places, _ in operations if name == "measure"}
        edges = np.cumsum(np.square(np.abs(crowd.states)), axis=1)
        drawn = np.empty(shots, dtype=np.intp)
        order = np.argsort(crowd.which, kind="stable")
        bounds = np.searchsorted(crowd.which[order], np.arange(len(crowd.states) + 1))
        chances = rng.random(shots)
        for state in range(len(crowd.states)):
            mine = order[bounds[state] : bounds[state + 1]]
            drawn[mine] = np.searchsorted(edges[state], chances[mine] * edges[state, -1], side="right")
        drawn = np.minimum(drawn, crowd.states.shape[1] - 1)
        for result, qubit in readout.items():
            place = self._place.get(qubit)
            bits = np.zeros(shots, dtype=np.uint8) if place is None else (drawn >> place & 1).astype(np.uint8)
            if noise.p_meas_0 or noise.p_meas_1:
                bits ^= rng.random(shots) < np.where(bits == 1, noise.p_meas_1, noise.p_meas_0)
            crowd.rows[:, result] = bits

    # --- fewer states ---

    def _drop(self, crowd: StateCrowd) -> None:
        """Drop the states that no shot has."""
        used, which = np.unique(crowd.which, return_inverse=True)
        if len(used) < len(crowd.states):
            crowd.states, crowd.which = crowd.states[used], which

    def unite(self, crowd: StateCrowd) -> None:
        """Make equal states one: those that are as far from some random vectors as each other."""
        if len(crowd.states) == 1 or not self._worth.is_worth_it:
            return
        marks = np.round(np.abs(crowd.states @ self._probes), _DIGITS - 1)
        _, first, group = np.unique(marks, axis=0, return_index=True, return_inverse=True)
        self._worth.note(len(crowd.states), len(crowd.states) - len(first))
        if len(first) < len(crowd.states):
            crowd.states, crowd.which = crowd.states[first], group.reshape(-1)[crowd.which]
