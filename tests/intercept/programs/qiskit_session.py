"""A session of three Qiskit jobs, as the official article shows it."""

from azure.quantum import Workspace
from azure.quantum.qiskit import AzureQuantumProvider
from qiskit import QuantumCircuit

workspace = Workspace(
    resource_id="/subscriptions/5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40/resourceGroups/AzureQuantum/providers"
    "/Microsoft.Quantum/Workspaces/article",
    location="westus",
)

circuit = QuantumCircuit(2, 2)
circuit.name = "GenerateRandomBit"
circuit.h(0)
circuit.cx(0, 1)
circuit.measure([0, 1], [0, 1])

provider = AzureQuantumProvider(workspace)
backend = provider.get_backend("ionq.simulator")

with backend.open_session(name="Qiskit Session") as session:
    job1 = backend.run(circuit, shots=100, job_name="Job 1")
    job1.wait_for_final_state()
    job2 = backend.run(circuit, shots=100, job_name="Job 2")
    job2.wait_for_final_state()
    job3 = backend.run(circuit, shots=100, job_name="Job 3")
    job3.wait_for_final_state()

print([job.details.name for job in session.list_jobs()])
print(job1.result().get_counts(circuit))
