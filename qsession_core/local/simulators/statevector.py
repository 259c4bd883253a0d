"""The built-in exact simulator, by numpy: it evolves a state once, then samples.

Invariants:

1. A state is evolved once, however many shots are asked for. Where every measurement is the last thing that happens to
   its qubit, shots are drawn together from the squared amplitudes of the measured qubits.
2. Otherwise measurements, resets and errors part the shots (trajectories/tree.py); a branch is followed only if shots
   take it.
3. Qubits that no gate touches are 0 and take no memory.
4. Shots of a circuit with Pauli errors are followed in single precision where no sample can tell the difference
   (:class:`SinglePrecision`).
5. The same program, shots, noise and seed give the same shots, in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qsession_core.local.readers.circuit import Circuit, Function, Program
from qsession_core.local.simulators.vector.beginning import evolved
from qsession_core.local.simulators.vector.state import SINGLE_PRECISION_UP_TO, SinglePrecision, State, draw, marginal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Operation
    from qsession_core.local.simulators.noise import Noise
    from qsession_core.local.simulators.trajectories.branches import Leaf

    Shots = NDArray[np.uint8]

__all__ = ["NumpyEngine", "active_qubits", "amplitudes_touched", "as_program", "final_measurements", "renumbered"]


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
        if name not in {"measure", "reset"}:
            active.update(places)
    return sorted(active)


def amplitudes_touched(circuit: Circuit) -> float:
    """Return roughly how many amplitudes one evolution of a circuit touches."""
    return float(len(circuit.operations) + 1) * 2.0 ** min(len(active_qubits(circuit.operations)), 900)


def renumbered(operations: list[Operation], place: dict[int, int]) -> list[Operation]:
    """Return gates on the numbers that qubits have among the active ones."""
    if all(qubit == number for qubit, number in place.items()):
        return operations
    return [(name, tuple(place[qubit] for qubit in qubits), params) for name, qubits, params in operations]


def as_program(circuit: Circuit) -> Program:
    """Return a straight-line circuit as a program of one block."""
    main = Function((), {"all": [("ops", circuit.operations), ("ret", None)]})
    return Program(circuit.num_qubits, circuit.num_results, {"main": main}, "main")


# Measured on two cores: compiling a gate, and touching an amplitude
_SECONDS_PER_GATE = 5e-6
_SECONDS_PER_AMPLITUDE = 1e-9
# Branches of a circuit that measures in its middle: many are alike
_BRANCHES = 64


class NumpyEngine:
    """Exact state vectors in numpy."""

    name = "numpy"
    # the state, its scratch, and squared amplitudes
    bytes_per_amplitude = 40
    is_inline = True

    def can_run(self, _circuit: Circuit, _noise: Noise) -> bool:
        """Say yes: it runs any circuit with any noise."""
        return True

    def cost(self, circuit: Circuit, shots: int, noise: Noise) -> float:
        """Return roughly how many seconds a run takes: one evolution, and another for each branch."""
        one = len(circuit.operations) * _SECONDS_PER_GATE + amplitudes_touched(circuit) * _SECONDS_PER_AMPLITUDE
        if noise.is_none:
            return one if final_measurements(circuit) is not None else one * min(shots, _BRANCHES)
        return one * (1 + shots * min(1.0, noise.expected_errors(circuit)))

    def sample(self, circuit: Circuit, shots: int, seed: int, noise: Noise) -> Shots:
        """Return the results of each shot, shape (shots, num_results), dtype uint8.

        Args:
            circuit: Its qubits that no gate touches take no memory.
            shots: At least 1.
            seed: Not negative; the same seed gives the same shots.
            noise: Any.
        """
        rng = np.random.default_rng(seed)
        final = final_measurements(circuit)
        if final is None or not noise.is_none:
            few = shots * len(circuit.operations) <= SINGLE_PRECISION_UP_TO
            make = SinglePrecision if final is not None and noise.is_of_paulis and few else State
            leaves = _followed(as_program(circuit), shots, rng, noise, make)
            bits = np.concatenate([leaf.bits for leaf in leaves])
            rng.shuffle(bits)
            return bits
        gates, readout = final
        place = {qubit: number for number, qubit in enumerate(active_qubits(gates))}
        bits = np.zeros((shots, circuit.num_results), dtype=np.uint8)
        read = {result: place[qubit] for result, qubit in readout.items() if qubit in place}
        if read:
            qubits = sorted(set(read.values()))
            drawn = draw(marginal(evolved(renumbered(gates, place), len(place)), qubits), shots, rng)
            column = {qubit: number for number, qubit in enumerate(qubits)}
            for result, qubit in read.items():
                bits[:, result] = (drawn >> column[qubit]) & 1
        return bits

    def run(self, program: Program, shots: int, seed: int, noise: Noise, *, zeros: bool = False) -> list[Leaf]:
        """Return how the shots of a program with branches ended, grouped.

        Args:
            program: Its classical side runs here too.
            shots: At least 1.
            seed: Not negative; the same seed gives the same shots.
            noise: Any.
            zeros: Do not simulate; every measurement gives 0.
        """
        return _followed(program, shots, np.random.default_rng(seed), noise, zeros=zeros)

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
        weights = marginal(evolved(renumbered(gates, place), len(place)), qubits)
        outcomes = np.nonzero(weights > 1e-15)[0]  # noqa: PLR2004 - rounding of squared amplitudes is below this
        by_place = {number: qubit for qubit, number in place.items()}
        return outcomes, weights[outcomes], [by_place[qubit] for qubit in qubits]


def _followed(
    program: Program,
    shots: int,
    rng: np.random.Generator,
    noise: Noise,
    make: type[State] = State,
    *,
    zeros: bool = False,
) -> list[Leaf]:
    """Return how the shots of a program with branches or noise ended, grouped."""
    from qsession_core.local.simulators.trajectories.tree import Tree  # most jobs need no branches

    return Tree(program, noise, make, zeros=zeros).run(shots, rng)
