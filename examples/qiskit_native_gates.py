"""A circuit in IonQ's own gates: what the hardware is told, and that it is still the same circuit."""

from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import Operator

from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider


def main() -> None:
    """Compile to the gates of two machines, and run on the simulator."""
    provider = AzureQuantumProvider(Workspace.local(seed=7))
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.rz(0.3, 1)
    for name in ("ionq.qpu.aria-1", "ionq.qpu.forte-1"):
        native = transpile(circuit, provider.get_backend(name, gateset="native"), optimization_level=1)
        assert Operator(native).equiv(Operator(circuit))
        print(f"{name}: {dict(native.count_ops())}")
    backend = provider.get_backend("ionq.simulator", gateset="native")
    circuit.measure_all()
    native = transpile(circuit, backend, optimization_level=1)
    print(backend.encode(native).data.decode())
    counts = backend.run(native, shots=100).result().get_counts()
    print(counts)
    assert counts == {"00": 50, "11": 50}


if __name__ == "__main__":
    main()
