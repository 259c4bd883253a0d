"""The same circuits on two targets: how fast do their errors add up?"""

from qiskit import QuantumCircuit, transpile

from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider

TARGETS = {"ionq.simulator": {"noise": {"model": "aria-1", "seed": 7}}, "quantinuum.sim.h2-1e": {}}
SIZES = range(2, 11, 2)
SHOTS = 500


def ghz(size: int) -> QuantumCircuit:
    """Let all qubits agree."""
    circuit = QuantumCircuit(size, name=f"ghz {size}")
    circuit.h(0)
    for qubit in range(size - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def main() -> None:
    """Run every size on every target, in one session each, and draw the share of shots in which all bits agree."""
    provider = AzureQuantumProvider(Workspace.local(seed=7))
    circuits = [ghz(size) for size in SIZES]
    jobs = {}
    for name, options in TARGETS.items():
        backend = provider.get_backend(name)
        with backend.open_session(name="noise"):
            jobs[name] = backend.run(transpile(circuits, backend), shots=SHOTS, **options)
    for name, job in jobs.items():
        print(name)
        for size, counts in zip(SIZES, job.result().get_counts(), strict=True):
            share = sum(count for key, count in counts.items() if len(set(key)) == 1) / SHOTS
            print(f"  {size:2d} qubits {share:6.1%} {'#' * round(40 * share)}")
            assert SHOTS / 2 < share * SHOTS <= SHOTS


if __name__ == "__main__":
    main()
