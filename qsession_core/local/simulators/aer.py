"""State vectors by Qiskit Aer, with noise and measurements in the middle of circuits. Needs qiskit-aer."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from qsession_core.gates.words import decompose
from qsession_core.local.simulators.interface import is_installed
from qsession_core.local.simulators.statevector import amplitudes_touched, final_measurements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Circuit
    from qsession_core.local.simulators.noise import Noise

__all__ = ["AerEngine"]

_METHODS = {
    "x": "x", "y": "y", "z": "z", "h": "h", "s": "s", "sdg": "sdg", "t": "t", "tdg": "tdg", "sx": "sx", "sxdg": "sxdg",
    "rx": "rx", "ry": "ry", "rz": "rz", "p": "p", "cx": "cx", "cy": "cy", "cz": "cz", "swap": "swap", "rxx": "rxx",
    "ryy": "ryy", "rzz": "rzz", "ccx": "ccx", "id": "id",
}  # fmt: skip
_SEEDS = 2**31 - 1


class AerEngine:
    """State vectors by Qiskit Aer."""

    name = "aer"
    bytes_per_amplitude = 32
    is_inline = False

    def can_run(self, circuit: Circuit, noise: Noise) -> bool:
        """Say yes to any circuit that does something, if no qubit is lost."""
        return is_installed("qiskit_aer") and bool(circuit.operations) and not noise.p_loss

    def cost(self, circuit: Circuit, shots: int, noise: Noise) -> float:
        """Return roughly how many seconds a run takes, with those for loading Aer; noisy shots run one by one."""
        is_sampled = noise.is_none and final_measurements(circuit) is not None
        return 0.5 + amplitudes_touched(circuit) * 6e-10 * (1 if is_sampled else 2 * shots)

    def sample(self, circuit: Circuit, shots: int, seed: int, noise: Noise) -> NDArray[np.uint8]:
        """Return the results of each shot, shape (shots, num_results), dtype uint8."""
        from qiskit_aer import AerSimulator

        simulator = AerSimulator(method="statevector", noise_model=_readout(noise))
        made = _noisy(circuit, noise)
        result = simulator.run(made, shots=shots, seed_simulator=seed % _SEEDS, memory=True).result()
        memory = result.get_memory()
        text = np.frombuffer("".join(memory).encode(), dtype=np.uint8).reshape(shots, -1) - ord("0")
        return np.ascontiguousarray(text[:, ::-1][:, : circuit.num_results])


def _noisy(circuit: Circuit, noise: Noise) -> Any:
    """Return Qiskit's form of a circuit, with an error channel after each operation that may go wrong.

    Aer's own noise models go by the names of gates, so that a gate that is lowered to several would err several times.
    """
    from qiskit import QuantumCircuit
    from qiskit_aer.noise import depolarizing_error, pauli_error

    made = QuantumCircuit(circuit.num_qubits, max(1, circuit.num_results))
    one, two = _gate_error(noise, 1), _gate_error(noise, 2)
    # Aer's parameter counts the identity among the 4 Paulis
    crosstalk = {
        name: depolarizing_error(noise.of_crosstalk(name) * 4 / 3, 1)
        for name in ("measure", "reset")
        if noise.of_crosstalk(name)
    }
    start = pauli_error([("X", noise.p_init), ("I", 1 - noise.p_init)]) if noise.p_init else None
    if start is not None:
        for qubit in range(circuit.num_qubits):
            made.append(start, [qubit])
    for name, places, params in circuit.operations:
        error = None
        if name == "measure":
            made.measure(places[0], places[1])
        elif name == "reset":
            made.reset(places[0])
            error = start
        elif name == "matrix":
            # Qiskit's matrices have their first qubit last
            made.unitary(params[0], list(reversed(places)))
            error = one if len(places) == 1 else two
        else:
            for word, qubits, angles in decompose(name, places, params, _METHODS):
                getattr(made, _METHODS[word])(*angles, *qubits)
            error = one if len(places) == 1 else two
        if error is not None:
            made.append(error, list(places[-2:]))
        if name in crosstalk:
            for qubit in set(range(circuit.num_qubits)) - {places[0]}:
                made.append(crosstalk[name], [qubit])
    return made


def _gate_error(noise: Noise, num_qubits: int) -> Any:
    """Return the channel after a gate on one qubit, or on its last two; None if nothing goes wrong."""
    from qiskit.circuit.library import Reset
    from qiskit.quantum_info import Pauli
    from qiskit_aer.noise import QuantumError

    chance, emission = noise.of_gate(num_qubits), noise.emission_of_gate(num_qubits)
    if not chance:
        return None
    labels = ["".join(label) for label in itertools.product("IXYZ", repeat=num_qubits)]
    share = chance * (1 - emission) / (len(labels) - 1)
    places = list(range(num_qubits))
    # as Qiskit's Paulis on all qubits, or a reset of one
    terms = [([(Pauli(label), places)], 1 - chance if set(label) == {"I"} else share) for label in labels]
    terms += [([(Reset(), [place])], chance * emission / num_qubits) for place in places if emission]
    return QuantumError(terms)


def _readout(noise: Noise) -> Any:
    """Return Aer's form of readout errors; None for none."""
    if not (noise.p_meas_0 or noise.p_meas_1):
        return None
    from qiskit_aer.noise import NoiseModel, ReadoutError

    model = NoiseModel()
    model.add_all_qubit_readout_error(
        ReadoutError([[1 - noise.p_meas_0, noise.p_meas_0], [noise.p_meas_1, 1 - noise.p_meas_1]])
    )
    return model
