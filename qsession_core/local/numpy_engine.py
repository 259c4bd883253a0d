"""The exact simulator that is always there: evolve once, then sample.

Invariants, written before the code:

1. A state is evolved once, however many shots are asked for. Where every measurement is the last thing that happens to its
   qubit, shots are drawn together from the squared amplitudes of the measured qubits.
2. Otherwise measurements and resets branch the state: a branch carries how many shots took it (drawn binomially), and
   is followed only if any did. Branches are worked off depth first, so that only as many states live as measurements are
   nested.
3. Qubits that no gate touches are 0 and take no memory.
4. The same circuit, shots and seed give the same shots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qsession_core.local.kernels import Compiler, State, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qsession_core.local.circuit import Circuit, Operation

    Shots = NDArray[np.uint8]

__all__ = ["NumpyEngine", "active_qubits", "final_measurements"]


def final_measurements(circuit: Circuit) -> tuple[list[Operation], dict[int, int]] | None:
    """Return the gates, and result -> qubit, if nothing happens to a qubit after it is measured; else None.

    Resets that change nothing (before the first gate, after the last use) are left out.
    """
    gates: list[Operation] = []
    readout: dict[int, int] = {}
    touched: set[int] = set()
    measured: set[int] = set()
    dead: set[int] = set()  # measured, then reset
    for operation in circuit.operations:
        name, places, _ = operation
        if name == "measure":
            if places[0] in dead:
                return None
            readout[places[1]] = places[0]
            measured.add(places[0])
        elif name == "reset":
            if places[0] in measured:
                dead.add(places[0])
            elif places[0] in touched:
                return None
        else:
            if measured and not measured.isdisjoint(places):
                return None
            touched.update(places)
            gates.append(operation)
    return gates, readout


def active_qubits(operations: list[Operation]) -> list[int]:
    """Return the qubits that gates touch, in order."""
    active: set[int] = set()
    for name, places, _ in operations:
        if name == "measure":
            continue
        active.update(places)
    return sorted(active)


def _renumbered(operations: list[Operation], place: dict[int, int]) -> list[Operation]:
    """Return gates on the numbers that qubits have among the active ones."""
    if all(qubit == number for qubit, number in place.items()):
        return operations
    return [(name, tuple(place[qubit] for qubit in qubits), params) for name, qubits, params in operations]


class NumpyEngine:
    """Exact state vectors in numpy, double precision."""

    name = "numpy"
    # state and scratch, and what sampling takes beside them
    bytes_per_amplitude = 48

    def can_run(self, circuit: Circuit, *, is_noisy: bool) -> bool:  # noqa: ARG002 - the protocol's shape
        """Take any circuit."""
        return True

    def sample(self, circuit: Circuit, shots: int, seed: int) -> Shots:
        """Return the results of each shot, shape (shots, num_results), dtype uint8.

        Args:
            circuit: What to run.
            shots: How often.
            seed: Not negative; the same seed gives the same shots.
        """
        rng = np.random.default_rng(seed)
        final = final_measurements(circuit)
        if final is None:
            return _branches(circuit, shots, rng)
        gates, readout = final
        active = active_qubits(gates)
        place = {qubit: number for number, qubit in enumerate(active)}
        bits = np.zeros((shots, circuit.num_results), dtype=np.uint8)
        read = {result: place[qubit] for result, qubit in readout.items() if qubit in place}
        if read:
            state = _evolved(gates, place)
            qubits = sorted(set(read.values()))
            drawn = _draw(_marginal(state, qubits), shots, rng)
            column = {qubit: number for number, qubit in enumerate(qubits)}
            for result, qubit in read.items():
                bits[:, result] = (drawn >> column[qubit]) & 1
        return bits

    def probabilities(self, circuit: Circuit) -> tuple[NDArray[np.int64], NDArray[np.float64], list[int]] | None:
        """Return the exact outcomes of a circuit that only measures at its end.

        Returns:
            Outcomes as integers, their probabilities, and the qubit that each bit of the integers means (bit 0 first);
            None if the circuit measures in its middle. Outcomes of no probability are left out.
        """
        final = final_measurements(circuit)
        if final is None:
            return None
        gates, readout = final
        place = {qubit: number for number, qubit in enumerate(active_qubits(gates))}
        qubits = sorted({place[qubit] for qubit in readout.values() if qubit in place})
        weights = _marginal(_evolved(gates, place), qubits)
        outcomes = np.nonzero(weights > 1e-15)[0]  # noqa: PLR2004 - rounding of squared amplitudes is below this
        by_place = {number: qubit for qubit, number in place.items()}
        return outcomes, weights[outcomes], [by_place[qubit] for qubit in qubits]


def _evolved(gates: list[Operation], place: dict[int, int]) -> State:
    compiler = Compiler(len(place))
    compiler.add(_renumbered(gates, place))
    state = State(len(place))
    state.run(compiler.take())
    return state


def _marginal(state: State, qubits: list[int]) -> NDArray[np.float64]:
    """Return the probabilities of some qubits' values; bit i of an index is the i-th of the sorted qubits."""
    weights: NDArray[np.float64] = np.square(state.flat.real)
    weights += np.square(state.flat.imag)
    others = [qubit for qubit in range(state.num_qubits) if qubit not in set(qubits)]
    if others:
        cube = weights.reshape((2,) * state.num_qubits)
        weights = cube.sum(axis=tuple(state.num_qubits - 1 - qubit for qubit in others)).ravel()
    return weights


def _draw(weights: NDArray[np.float64], shots: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return indices drawn with these weights."""
    edges = np.cumsum(weights)
    drawn = np.searchsorted(edges, rng.random(shots) * edges[-1], side="right")
    return np.minimum(drawn, len(weights) - 1)


def _segments(circuit: Circuit, place: dict[int, int]) -> list[tuple[list[Step], Operation | None]]:
    """Cut a circuit where the state may branch: steps, then the measurement or reset that follows them."""
    compiler = Compiler(len(place))
    segments: list[tuple[list[Step], Operation | None]] = []
    for operation in circuit.operations:
        name, places, params = operation
        if name == "measure":
            qubit = place.get(places[0])
            if qubit is not None:  # else the qubit is 0, and so is the result
                segments.append((compiler.take(), ("measure", (qubit, places[1]), ())))
            else:
                segments.append((compiler.take(), ("zero", (places[1],), ())))
        elif name == "reset":
            segments.append((compiler.take(), ("reset", (place[places[0]],), ())))
        else:
            compiler.add([(name, tuple(place[qubit] for qubit in places), params)])
    segments.append((compiler.take(), None))
    return segments


def _branches(circuit: Circuit, shots: int, rng: np.random.Generator) -> Shots:
    """Follow the tree of measurements."""
    active = active_qubits(circuit.operations)
    place = {qubit: number for number, qubit in enumerate(active)}
    segments = _segments(circuit, place)
    bits = np.zeros((shots, circuit.num_results), dtype=np.uint8)
    done = 0
    # (where to go on, state, results so far, shots that came here)
    stack = [(0, State(len(place)), np.zeros(circuit.num_results, dtype=np.uint8), shots)]
    while stack:
        position, state, results, count = stack.pop()
        while position < len(segments):
            steps, event = segments[position]
            state.run(steps)
            position += 1
            if event is None:
                continue
            name, places, _ = event
            if name == "zero":
                results[places[0]] = 0
                continue
            one = state.probability_of_one(places[0])
            ones = int(rng.binomial(count, one))
            if 0 < ones < count:
                other = state.copy()
                other.collapse(places[0], 1, one)
                other_results = results.copy()
                _write(other, other_results, event, 1)
                stack.append((position, other, other_results, ones))
                count -= ones
                ones = 0
            bit = int(ones > 0)
            state.collapse(places[0], bit, one if bit else 1 - one)
            _write(state, results, event, bit)
        bits[done : done + count] = results
        done += count
    rng.shuffle(bits)
    return bits


def _write(state: State, results: Shots, event: Operation, bit: int) -> None:
    name, places, _ = event
    if name == "measure":
        results[places[1]] = bit
    elif bit:
        state.flip(places[0])
