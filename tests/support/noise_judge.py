"""Exact distributions of noisy circuits by Aer's density matrices: what `noise.py` says, channel by channel."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from qsession_core.gates.words import GATES
from qsession_core.local.readers.circuit import LOST, Circuit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qsession_core.local.simulators.noise import Noise

_PAULIS = [np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])]
_FALLS = [np.array([[1, 0], [0, 0]]), np.array([[0, 1], [0, 0]])]
VALUES = 3  # of a result: 0, 1, lost


def noisy_circuit(seed: int, words: Iterable[str], max_qubits: int = 6) -> Circuit:
    """Return a circuit with a reset in its middle; every other one has a measurement there, too."""
    rng = np.random.default_rng(seed)
    is_dynamic = seed % 2 == 1
    num_qubits = int(rng.integers(2, max_qubits + 1 - is_dynamic))
    names = [word for word in words if GATES[word].num_qubits <= num_qubits]
    operations: list = []
    for _ in range(14):
        word = GATES[names[rng.integers(len(names))]]
        qubits = tuple(int(qubit) for qubit in rng.permutation(num_qubits)[: word.num_qubits])
        operations.append((word.name, qubits, tuple(float(value) for value in rng.uniform(-6, 6, word.num_params))))
    operations.insert(8, ("reset", (int(rng.integers(num_qubits)),), ()))
    if is_dynamic:
        operations.insert(11, ("measure", (int(rng.integers(num_qubits)), num_qubits), ()))
    operations += [("measure", (int(qubit), int(qubit)), ()) for qubit in rng.permutation(num_qubits)]
    return Circuit(num_qubits, num_qubits + is_dynamic, operations)


def exact(circuit: Circuit, noise: Noise) -> np.ndarray:
    """Return the probabilities of all outcomes, one axis of three values for each result."""
    made = _Judged(circuit, noise)
    for place, (name, places, params) in enumerate(circuit.operations):
        if name == "measure":
            made.measure(places, is_last=place >= made.last_use[places[0]])
        elif name == "reset":
            made.reset(places[0])
        else:
            made.gate(GATES[name].matrix(*params), places)
    return made.distribution()


def frequencies(shots: np.ndarray) -> np.ndarray:
    """Return how often each outcome came, in the shape of :func:`exact`."""
    found = np.zeros((VALUES,) * shots.shape[1])
    np.add.at(found, tuple(shots.T), 1 / len(shots))
    return found


def is_sample(shots: np.ndarray, chances: np.ndarray) -> bool:
    """Say whether shots may come from a distribution, by how far their frequencies are from it.

    The mean of the distance is at most half the sum of the standard deviations. That it exceeds its mean by t has a
    probability of at most exp(-2 shots t^2) (McDiarmid's inequality), here 2e-5.
    """
    distance = np.abs(frequencies(shots) - chances).sum() / 2
    mean = np.sqrt(chances * (1 - chances) / len(shots)).sum() / 2
    return bool(distance <= mean + 2.3 / np.sqrt(len(shots)))


def are_alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Say whether as many shots, twice, may come from one distribution: as :func:`is_sample`, for two samples."""
    mine, theirs = frequencies(one), frequencies(other)
    chances = (mine + theirs) / 2
    mean = np.sqrt(2 * chances * (1 - chances) / len(one)).sum() / 2
    return bool(np.abs(mine - theirs).sum() / 2 <= mean + 3.3 / np.sqrt(len(one)))


class _Judged:
    """A circuit of Qiskit's: the qubits, a qubit for each result from the middle, a flag for each qubit's loss."""

    def __init__(self, circuit, noise):
        from qiskit import QuantumCircuit

        self.noise = noise
        self.num_qubits = circuit.num_qubits
        self.flags = range(circuit.num_results, circuit.num_results + circuit.num_qubits) if noise.p_loss else ()
        self.made = QuantumCircuit(circuit.num_results + len(self.flags))
        self.last_use = {
            qubit: at
            for at, (name, places, _) in enumerate(circuit.operations)
            for qubit in (places[:1] if name == "measure" else places)
        }
        self.read = set()
        for qubit in range(self.num_qubits):
            self.prepare(qubit)

    def channel(self, kraus, places):
        from qiskit.quantum_info import Kraus

        if len(kraus) > 1:
            self.made.append(Kraus(kraus).to_instruction(), list(reversed(places)))

    def where_kept(self, kraus, places, gate):
        """Return Kraus operators on flags and qubits that act where no qubit of a gate is lost, and their places."""
        flags = [self.flags[qubit] for qubit in gate] if self.flags else []
        if not flags:
            return kraus, list(places)
        kept = np.zeros((1 << len(flags),) * 2)
        kept[0, 0] = 1
        identity = np.eye(len(kraus[0]))
        lost = [np.kron(np.eye(len(kept)) - kept, identity)]
        if len(kraus) == 1:
            return [np.kron(kept, kraus[0]) + lost[0]], flags + list(places)
        return [np.kron(kept, one) for one in kraus] + lost, flags + list(places)

    def prepare(self, qubit):
        wrong = self.noise.p_init
        self.channel([np.sqrt(1 - wrong) * _PAULIS[0], np.sqrt(wrong) * _PAULIS[1]], [qubit])

    def gate(self, matrix, places):
        (unitary,), on = self.where_kept([np.asarray(matrix)], places, places)
        self.made.unitary(unitary, list(reversed(on)))
        last = places[-2:]
        self.channel(*self.where_kept(self.errors(len(places), len(last)), last, places))
        if self.flags:
            loss = self.noise.p_loss
            single = [np.sqrt(1 - loss) * _PAULIS[0], np.sqrt(loss) * _PAULIS[1]]
            kraus = [_product(pair) for pair in itertools.product(single, repeat=len(last))]
            self.lose(kraus, places, last)

    def lose(self, kraus, places, last):
        """Raise the flags of the last qubits of a gate, where none of the gate's qubits is lost."""
        others = [qubit for qubit in places if qubit not in last]
        none_lost = np.zeros((1 << len(others),) * 2)
        none_lost[0, 0] = 1
        start = np.zeros((1 << len(last),) * 2)
        start[0, 0] = 1
        kept = np.kron(none_lost, start)
        operators = [np.kron(none_lost, one @ start) for one in kraus] + [np.eye(len(kept)) - kept]
        self.channel(operators, [self.flags[qubit] for qubit in (*others, *last)])

    def errors(self, size, num_qubits):
        chance, emission = self.noise.of_gate(size), self.noise.emission_of_gate(size)
        paulis = list(itertools.product(_PAULIS, repeat=num_qubits))
        share = chance * (1 - emission) / (len(paulis) - 1)
        found = [np.sqrt(1 - chance) * _product(paulis[0]), *(np.sqrt(share) * _product(pair) for pair in paulis[1:])]
        for place in range(num_qubits):
            for fall in _FALLS:
                parts = [fall if place == other else np.eye(2) for other in range(num_qubits)]
                found.append(np.sqrt(chance * emission / num_qubits) * _product(parts))
        return found

    def reset(self, qubit):
        self.made.reset(qubit)
        if self.flags:
            self.made.reset(self.flags[qubit])
        self.prepare(qubit)
        self.disturb(qubit, self.noise.p_crosstalk_init)

    def measure(self, places, *, is_last):
        qubit, result = places
        if is_last:
            assert qubit == result
            self.read.add(qubit)  # what comes later changes the qubit, and not what was read
        else:
            self.made.cx(qubit, result)
        self.disturb(qubit, self.noise.p_crosstalk_meas)

    def disturb(self, qubit, chance):
        operators = [np.sqrt(1 - chance) * _PAULIS[0], *(np.sqrt(chance / 3) * pauli for pauli in _PAULIS[1:])]
        for other in set(range(self.num_qubits)) - {qubit} - self.read:
            self.channel(operators, [other])

    def distribution(self):
        from qiskit_aer import AerSimulator

        self.made.save_density_matrix()
        density = AerSimulator(method="density_matrix").run(self.made, shots=1).result().data()["density_matrix"]
        width = self.made.num_qubits
        weights = np.real(np.diag(np.asarray(density))).reshape((2,) * width).transpose()  # axis i is qubit i
        num_results = width - len(self.flags)
        wrong = np.zeros((VALUES, 2, 2))  # read value, flag, value
        wrong[:2, 0] = [[1 - self.noise.p_meas_0, self.noise.p_meas_1], [self.noise.p_meas_0, 1 - self.noise.p_meas_1]]
        wrong[LOST, 1] = 1
        for result in range(num_results):
            if self.flags:  # the first axis of those left is the result's value, the first behind them its flag
                weights = np.tensordot(weights, wrong, axes=((num_results - result, 0), (1, 2)))
            else:
                weights = np.tensordot(weights, wrong[:, 0], axes=((0,), (1,)))
        return weights


def _product(matrices):
    """Return the matrix on several qubits, the first of them the highest bit."""
    whole = np.eye(1)
    for matrix in matrices:
        whole = np.kron(whole, matrix)
    return whole
