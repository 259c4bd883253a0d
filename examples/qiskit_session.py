"""Three jobs in one session, and what each of them says about itself."""

from qiskit import QuantumCircuit

from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider

SHOTS = 100


def main() -> None:
    """Open a session, run a circuit three times, read the results."""
    workspace = Workspace.local(seed=7)
    backend = AzureQuantumProvider(workspace).get_backend("ionq.simulator")
    circuit = QuantumCircuit(2, 2, name="bell", metadata={"made by": "an example"})
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    with backend.open_session(name="three bells") as session:
        jobs = [backend.run(circuit, shots=SHOTS, job_name=f"Job {number}") for number in (1, 2, 3)]
    for job in jobs:
        result = job.result()
        print(job.name(), result.get_counts(), result.results[0].header["metadata"])
        assert sum(result.get_counts().values()) == SHOTS
    print(f"session {session.name!r}: {session.refresh().status}, {len(session.list_jobs())} jobs")


if __name__ == "__main__":
    main()
