"""Qiskit Aer, where it is installed: noise and measurements in the middle of wide circuits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qsession_core.gates.words import decompose

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

    def can_run(self, circuit: Circuit, *, is_noisy: bool) -> bool:  # noqa: ARG002 - the protocol's shape
        """Take any circuit."""
        return bool(circuit.operations)

    def sample(self, circuit: Circuit, shots: int, seed: int, noise: Noise) -> NDArray[np.uint8]:
        """Return the results of each shot, shape (shots, num_results), dtype uint8."""
        from qiskit import QuantumCircuit
        from qiskit_aer import AerSimulator

        made = QuantumCircuit(circuit.num_qubits, max(1, circuit.num_results))
        for name, places, params in circuit.operations:
            if name == "measure":
                made.measure(places[0], places[1])
            elif name == "reset":
                made.reset(places[0])
            elif name == "matrix":
                # Qiskit's matrices have their first qubit last
                made.unitary(params[0], list(reversed(places)))
            else:
                for word, qubits, angles in decompose(name, places, params, _METHODS):
                    getattr(made, _METHODS[word])(*angles, *qubits)
        simulator = AerSimulator(method="statevector", noise_model=None if noise.is_none else _model(noise))
        result = simulator.run(made, shots=shots, seed_simulator=seed % _SEEDS, memory=True).result()
        memory = result.get_memory()
        text = np.frombuffer("".join(memory).encode(), dtype=np.uint8).reshape(shots, -1) - ord("0")
        return np.ascontiguousarray(text[:, ::-1][:, : circuit.num_results])


def _model(noise: Noise) -> Any:
    """Return Aer's form of the noise."""
    from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error, pauli_error

    model = NoiseModel()
    one = [word for word in _METHODS if word not in {"cx", "cy", "cz", "swap", "rxx", "ryy", "rzz", "ccx"}]
    if noise.p1:
        # Aer's parameter counts the identity among the four Paulis
        model.add_all_qubit_quantum_error(depolarizing_error(noise.p1 * 4 / 3, 1), one)
    if noise.p2:
        two = ["cx", "cy", "cz", "swap", "rxx", "ryy", "rzz"]
        model.add_all_qubit_quantum_error(depolarizing_error(noise.p2 * 16 / 15, 2), two)
    if noise.p_init:
        model.add_all_qubit_quantum_error(pauli_error([("X", noise.p_init), ("I", 1 - noise.p_init)]), "reset")
    if noise.p_meas_0 or noise.p_meas_1:
        model.add_all_qubit_readout_error(
            ReadoutError([[1 - noise.p_meas_0, noise.p_meas_0], [noise.p_meas_1, 1 - noise.p_meas_1]])
        )
    return model
