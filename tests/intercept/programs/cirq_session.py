"""A session of three Cirq jobs, as the official article shows it."""

import cirq
from azure.quantum import Workspace
from azure.quantum.cirq import AzureQuantumService

workspace = Workspace(
    resource_id="/subscriptions/5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40/resourceGroups/AzureQuantum/providers"
    "/Microsoft.Quantum/Workspaces/article",
    location="westus",
)
service = AzureQuantumService(workspace)

q0, q1 = cirq.LineQubit.range(2)
circuit = cirq.Circuit(cirq.H(q0), cirq.CNOT(q0, q1), cirq.measure(q0, q1, key="b"))
target = service.get_target("ionq.simulator")

with target.open_session(name="Cirq session") as session:
    job1 = target.submit(program=circuit, name="Job 1", repetitions=100)
    job2 = target.submit(program=circuit, name="Job 2", repetitions=100)
    job3 = target.submit(program=circuit, name="Job 3", repetitions=100)

print([job.details.name for job in session.list_jobs()])
print(sorted(job1.results()[0].probabilities().items()))
