"""Clifford programs of any width in lockstep, by Pauli frames.

The state of a shot is that of a reference, but for a Pauli of the shot's own: its frame. So one tableau and two bits
for each qubit and shot stand for all shots, however they differ; see `lockstep.py` for how they are followed.
Invariants:

1. Paulis, of the program and of errors, act on frames only; every other gate acts on the reference, and turns frames
   into frames. So shots that a program corrects by Paulis still have one reference.
2. Crowds whose references have been through the same become one; their marks say so. A reference that several crowds
   have is copied before one of them changes it.
3. The Z part of the frame of a qubit that was prepared or measured is random, since Z changes nothing there. It becomes
   what differs from shot to shot where an outcome is random.

Source: Gidney, "Stim: a fast stabilizer circuit simulator", section 2.3; Knill, quant-ph/0410199.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qsession_core.local.interpreter.thread import Thread
from qsession_core.local.simulators.trajectories.lockstep import Lockstep, some_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Operation, Program
    from qsession_core.local.simulators.noise import Noise
    from qsession_core.local.simulators.trajectories.branches import Leaf

    Shots = NDArray[np.uint8]
    Words = Callable[[str, tuple[int, ...]], list[str]]

__all__ = ["Frames"]

# Bits of frames at the same time; more shots are followed one part after the other
_MOST_BITS = 1 << 28
_FLIPS = {"x": (1, 0), "y": (1, 1), "z": (0, 1)}


class _Reference:
    """A stabilizer state, what it has been through, and how many crowds have it."""

    def __init__(self, simulator: Any, mark: int = 0) -> None:
        self.simulator, self.mark, self.crowds = simulator, mark, 1

    def own(self) -> _Reference:
        """Return one that nobody else has."""
        if self.crowds == 1:
            return self
        self.crowds -= 1
        return _Reference(self.simulator.copy(), self.mark)


class FrameCrowd:
    """Shots at one place of a program.

    Args:
        frames: Of all shots: X and Z parts, shape (2, qubits, shots).
        rows: The results of all shots, shape (shots, num_results).
        shots: Which shots are these; None for all.
        reference: Their reference.
        thread: The classical side.
        operations: To be carried out now.
        offset: Of the next one.
    """

    __slots__ = ("frames", "offset", "operations", "reference", "rows", "shots", "thread")

    def __init__(
        self,
        frames: NDArray[np.bool_],
        rows: Shots,
        shots: NDArray[np.intp] | None,
        reference: _Reference,
        thread: Thread,
        operations: list[Operation] | None = None,
        offset: int = 0,
    ) -> None:
        self.frames, self.rows, self.shots, self.reference = frames, rows, shots, reference
        self.thread, self.operations, self.offset = thread, operations or [], offset

    @property
    def mark(self) -> int:
        """What the reference has been through."""
        return self.reference.mark

    def __len__(self) -> int:
        return len(self.rows) if self.shots is None else len(self.shots)

    def __getitem__(self, result: int) -> int:
        return int(self.rows[0 if self.shots is None else self.shots[0], result])

    def __setitem__(self, result: int, bit: int) -> None:
        self.write(result, np.uint8(bit))

    def write(self, result: int, bits: Any) -> None:
        """Set a result, in each shot to a bit of its own."""
        self.rows[slice(None) if self.shots is None else self.shots, result] = bits

    def results(self, numbers: Sequence[int]) -> Shots:
        """Return some results of each shot, shape (shots, len(numbers))."""
        if isinstance(numbers, range) and len(numbers) == self.rows.shape[1]:
            return self.rows if self.shots is None else self.rows[self.shots]
        return self.rows[:, numbers] if self.shots is None else self.rows[self.shots[:, None], list(numbers)]

    def part(self, shots: NDArray[np.bool_]) -> FrameCrowd:
        """Return some of the shots as a crowd at the same place."""
        chosen = np.flatnonzero(shots) if self.shots is None else self.shots[shots]
        self.reference.crowds += 1
        return FrameCrowd(
            self.frames, self.rows, chosen, self.reference, self.thread.copy(), self.operations, self.offset
        )  # fmt: skip

    def leave(self) -> None:
        """Give back the reference: parts have taken the shots."""
        self.reference.crowds -= 1

    def join(self, other: FrameCrowd) -> None:
        """Take the shots of a crowd that goes on alike."""
        assert self.shots is not None  # noqa: S101 - there is another crowd
        assert other.shots is not None  # noqa: S101
        together = np.concatenate([self.shots, other.shots])
        self.shots = None if len(together) == len(self.rows) else together
        other.reference.crowds -= 1

    def bits(self, part: int, qubit: int) -> NDArray[np.bool_]:
        """Return the X part (0) or Z part (1) of a qubit's frames; a view where the crowd is all shots."""
        row: NDArray[np.bool_] = self.frames[part, qubit]
        return row if self.shots is None else row[self.shots]

    def put(self, part: int, qubit: int, bits: Any) -> None:
        """Set the X part (0) or Z part (1) of a qubit's frames."""
        self.frames[part, qubit, slice(None) if self.shots is None else self.shots] = bits

    def flip(self, part: int, qubit: int, which: NDArray[np.intp] | None = None) -> None:
        """Flip a part of a qubit's frames, in all shots or in some, by their numbers within the crowd."""
        row = self.frames[part, qubit]
        chosen = self.shots if which is None else which if self.shots is None else self.shots[which]
        row[slice(None) if chosen is None else chosen] ^= True


class Frames(Lockstep[FrameCrowd]):
    """One Clifford program whose shots are followed in lockstep.

    Args:
        program: The program.
        noise: What goes wrong; no emission and no loss.
        words: Returns a gate in stim's language; raises JobFailure for one that is no Clifford gate.
    """

    def __init__(self, program: Program, noise: Noise, words: Words) -> None:
        super().__init__(program, noise)
        self._words = words
        self._moves: dict[str, list[tuple[tuple[int, int], list[tuple[int, int]]]]] = {}  # by the gate's name

    def run(self, shots: int, rng: np.random.Generator) -> Iterator[Leaf]:
        """Yield how the shots ended, as everywhere; those whose frames fit into memory at a time."""
        most = max(1, _MOST_BITS // max(1, 2 * len(self._place)))
        for start in range(0, shots, most):
            yield from super().run(min(most, shots - start), rng)

    def prepared(self, shots: int, rng: np.random.Generator) -> FrameCrowd:
        """Return all shots at the beginning, in which some qubits may start as 1."""
        import stim

        simulator = stim.TableauSimulator()
        simulator.set_num_qubits(len(self._place))
        frames = np.zeros((2, len(self._place), shots), dtype=np.bool_)
        frames[1] = rng.integers(0, 2, frames[1].shape, dtype=np.uint8).view(np.bool_)
        rows = np.zeros((shots, self._program.num_results), dtype=np.uint8)
        crowd = FrameCrowd(frames, rows, None, _Reference(simulator), Thread(self._program))
        for qubit in range(len(self._place)):
            self._flipped(crowd, qubit, self._noise.p_init, rng)
        return crowd

    def evolve(self, crowd: FrameCrowd, operations: list[Operation], rng: np.random.Generator) -> None:
        """Apply gates, each to all shots, and errors behind them, each to some."""
        for name, qubits, _ in operations:
            places = tuple(self._place[qubit] for qubit in qubits)
            if name in _FLIPS:
                for part in (0, 1):
                    if _FLIPS[name][part]:
                        crowd.flip(part, places[0])
            else:
                self._turn(crowd, name, places)
            self._depolarize(crowd, places[-2:], self._noise.of_gate(len(places)), rng)

    def _turn(self, crowd: FrameCrowd, name: str, places: tuple[int, ...]) -> None:
        """Apply a gate that is no Pauli."""
        import stim

        lines = self._words(name, places)
        moves = self._moves.get(name)
        if moves is None:
            moves = self._moves[name] = _turned(self._words(name, tuple(range(len(places)))))
        if not moves:
            return  # it does nothing
        reference = crowd.reference = crowd.reference.own()
        reference.simulator.do(stim.Circuit("\n".join(lines)))
        reference.mark = hash((reference.mark, name, places))
        made = [
            (part, places[number], [crowd.bits(source, places[other]) for source, other in sources])
            for (part, number), sources in moves
        ]
        values = [np.bitwise_xor.reduce(rows) if len(rows) > 1 else rows[0].copy() for _, _, rows in made]
        for (part, qubit, _), bits in zip(made, values, strict=True):
            crowd.put(part, qubit, bits)

    def _depolarize(
        self, crowd: FrameCrowd, places: tuple[int, ...], chance: float, rng: np.random.Generator
    ) -> None:  # fmt: skip
        """Let some shots suffer one of the Paulis of some qubits, each as likely as the others."""
        hit = some_of(len(crowd), chance, rng)
        if not len(hit):
            return
        kinds = rng.integers(1, 4 ** len(places), len(hit))
        for number, qubit in enumerate(places):
            for part in (0, 1):
                crowd.flip(part, qubit, hit[kinds >> 2 * number + part & 1 == 1])

    def _flipped(self, crowd: FrameCrowd, qubit: int, chance: float, rng: np.random.Generator) -> None:
        """Let a qubit that was prepared be 1 in some shots."""
        hit = some_of(len(crowd), chance, rng)
        if len(hit):
            crowd.flip(0, qubit, hit)

    def measure(self, crowd: FrameCrowd, operation: Operation, rng: np.random.Generator) -> None:
        """Measure or reset one qubit in all shots."""
        name, places, _ = operation
        noise, shots = self._noise, len(crowd)
        qubit = self._place.get(places[0])
        bits = np.zeros(shots, dtype=np.uint8)
        if qubit is not None:
            value = self._collapsed(crowd, name, qubit)
            bits[:] = crowd.bits(0, qubit) ^ np.bool_(value)
            crowd.put(1, qubit, rng.integers(0, 2, shots, dtype=np.uint8).view(np.bool_))
            if name == "reset":
                if value:
                    crowd.reference.simulator.x(qubit)
                crowd.put(0, qubit, np.False_)
                self._flipped(crowd, qubit, noise.p_init, rng)
        if name == "measure":
            if qubit is not None and (noise.p_meas_0 or noise.p_meas_1):
                bits ^= rng.random(shots) < np.where(bits == 1, noise.p_meas_1, noise.p_meas_0)
            crowd.write(places[1], bits)
        self._disturb(crowd, name, qubit, rng)

    def _collapsed(self, crowd: FrameCrowd, name: str, qubit: int) -> int:
        """Let the reference be measured, as 0 where it may; return its value."""
        reference = crowd.reference = crowd.reference.own()
        value = int(reference.simulator.peek_z(qubit))
        if value == 0:
            reference.simulator.postselect_z(qubit, desired_value=False)
        reference.mark = hash((reference.mark, name, qubit))  # a reset goes on with another state
        return int(value < 0)

    def _disturb(self, crowd: FrameCrowd, name: str, qubit: int | None, rng: np.random.Generator) -> None:
        """Let the other qubits suffer the crosstalk of a measurement or reset."""
        chance = self._noise.of_crosstalk(name)
        if chance:
            for other in range(len(self._place)):
                if other != qubit:
                    self._depolarize(crowd, (other,), chance, rng)

    def draw(self, crowd: FrameCrowd, operations: list[Operation], rng: np.random.Generator) -> None:
        """Carry out the measurements that end a program."""
        for operation in operations:
            self.measure(crowd, operation, rng)


def _turned(lines: list[str]) -> list[tuple[tuple[int, int], list[tuple[int, int]]]]:
    """Return what a gate does to frames: (part, qubit) -> the (part, qubit) whose bits it is the sum of.

    Args:
        lines: The gate in stim's language, on qubits 0 and 1.
    """
    import stim

    tableau = stim.Circuit("\n".join(lines)).to_tableau()
    x_to_x, x_to_z, z_to_x, z_to_z, _, _ = tableau.to_numpy()
    made = []
    for part, (from_x, from_z) in enumerate(((x_to_x, z_to_x), (x_to_z, z_to_z))):
        for qubit in range(len(tableau)):
            sources = [(0, other) for other in np.flatnonzero(from_x[:, qubit]).tolist()]
            sources += [(1, other) for other in np.flatnonzero(from_z[:, qubit]).tolist()]
            if sources != [(part, qubit)]:
                made.append(((part, qubit), sources))
    return made
