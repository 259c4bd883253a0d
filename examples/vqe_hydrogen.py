"""The ground state of hydrogen, found by a variational search in one session."""

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider, EstimatorV2

# The molecule at 0.735 angstrom in the STO-3G basis, on two qubits (parity mapping); energies in hartree
HYDROGEN = SparsePauliOp.from_list([
    ("II", -1.052373245772859),
    ("IZ", 0.39793742484318045),
    ("ZI", -0.39793742484318045),
    ("ZZ", -0.01128010425623538),
    ("XX", 0.18093119978423156),
])  # fmt: skip
NUCLEAR_REPULSION = 0.7199689944489797
TOLERANCE = 0.005


def ansatz() -> QuantumCircuit:
    """One excitation out of the Hartree-Fock state, with one angle."""
    circuit = QuantumCircuit(2)
    circuit.x(0)
    circuit.ry(Parameter("theta"), 1)
    circuit.cx(1, 0)
    return circuit


def minimum(angles: np.ndarray, energies: np.ndarray) -> float:
    """Where a + b cos(x) + c sin(x), fitted to the energies, is lowest: that is how they depend on one angle."""
    waves = np.stack([np.ones_like(angles), np.cos(angles), np.sin(angles)], axis=1)
    _, b, c = np.linalg.lstsq(waves, energies, rcond=None)[0]
    return float(np.arctan2(-c, -b))


def main() -> None:
    """Search in two steps: the whole circle, then the energy at its lowest point."""
    backend = AzureQuantumProvider(Workspace.local(seed=7)).get_backend("ionq.simulator")
    circuit = ansatz()
    with backend.open_session(name="hydrogen") as session:
        estimator = EstimatorV2(mode=session)
        angles = np.linspace(-np.pi, np.pi, 8, endpoint=False)
        energies = estimator.run([(circuit, HYDROGEN, angles[:, None])]).result()[0].data.evs
        theta = minimum(angles, energies)
        energy = estimator.run([(circuit, HYDROGEN, [theta])]).result()[0].data.evs + NUCLEAR_REPULSION
        print(f"{len(session.list_jobs())} jobs in session {session.name!r}")
    exact = np.linalg.eigvalsh(HYDROGEN.to_matrix())[0] + NUCLEAR_REPULSION
    print(f"energy {energy:.5f} hartree at theta = {theta:.4f}; exact {exact:.5f}")
    assert abs(energy - exact) < TOLERANCE


if __name__ == "__main__":
    main()
