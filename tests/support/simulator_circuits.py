"""Circuits and payloads for the tests of the local workspace."""

import numpy as np

from qsession_core.gates.words import GATES
from qsession_core.local.readers.circuit import Circuit

CLIFFORD = ["x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "cy", "cz", "swap", "iswap", "ecr", "dcx"]


def random_circuit(rng, num_qubits, num_gates, words=None):
    """Return a random circuit over gate words, every qubit measured into its own result."""
    names = [name for name in (words or GATES) if GATES[name].num_qubits <= num_qubits]
    operations = []
    for _ in range(num_gates):
        word = GATES[names[rng.integers(len(names))]]
        qubits = tuple(int(qubit) for qubit in rng.permutation(num_qubits)[: word.num_qubits])
        angles = tuple(float(value) for value in rng.uniform(-6, 6, word.num_params))
        operations.append((word.name, qubits, angles))
    operations += [("measure", (qubit, qubit), ()) for qubit in range(num_qubits)]
    return Circuit(num_qubits, num_qubits, operations)


def statevector_probabilities(circuit):
    """Return the probabilities of a circuit's gates by Qiskit, index bit i = qubit i."""
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import Operator, Statevector

    made = QuantumCircuit(circuit.num_qubits)
    for name, qubits, params in circuit.operations:
        if name == "measure":
            continue
        matrix = params[0] if name == "matrix" else GATES[name].matrix(*params)
        made.append(Operator(np.asarray(matrix)), list(reversed(qubits)))
    return Statevector(made).probabilities()


def frequencies(shots):
    """Return how often each outcome came, index bit i = result i."""
    keys = shots.astype(np.int64) @ (1 << np.arange(shots.shape[1]))
    return np.bincount(keys, minlength=1 << shots.shape[1]) / len(shots)


def distance(one, other):
    """Return the total variation distance of two distributions."""
    return float(np.abs(np.asarray(one) - np.asarray(other)).sum() / 2)
