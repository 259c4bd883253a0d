"""Teleportation with feed-forward on a Quantinuum target: the corrections depend on what was measured."""

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile

from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider

THETA = 1.1


def teleport() -> QuantumCircuit:
    """Prepare qubit 0, teleport it to qubit 2, and undo the preparation there: the last bit must be 0."""
    here, there, check = (ClassicalRegister(1, name) for name in ("here", "there", "check"))
    circuit = QuantumCircuit(QuantumRegister(3, "q"), here, there, check)
    circuit.ry(THETA, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure(0, here)
    circuit.measure(1, there)
    with circuit.if_test((there, 1)):
        circuit.x(2)
    with circuit.if_test((here, 1)):
        circuit.z(2)
    circuit.ry(-THETA, 2)
    circuit.measure(2, check)
    return circuit


def main() -> None:
    """Run it with the emulator's noise and without."""
    backend = AzureQuantumProvider(Workspace.local(seed=7)).get_backend("quantinuum.sim.h2-1e")
    circuit = transpile(teleport(), backend)
    with backend.open_session(name="teleportation"):
        noisy = backend.run(circuit, shots=1000)
        ideal = backend.run(circuit, shots=1000, **{"error-model": False})
    for name, job in (("with noise", noisy), ("without noise", ideal)):
        counts = job.result().get_counts()
        arrived = sum(count for key, count in counts.items() if key.startswith("0"))
        print(f"{name}: {arrived} of 1000 shots arrived; counts {counts}")
    assert all(key.startswith("0") for key in counts)


if __name__ == "__main__":
    main()
