"""A workspace that is found by its name, by a program that signs in as Azure's documentation says."""

from azure.identity import DefaultAzureCredential
from azure.quantum import Workspace

workspace = Workspace(
    subscription_id="5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40",
    resource_group="AzureQuantum",
    name="article",
    credential=DefaultAzureCredential(),
)
program = {"qubits": 1, "circuit": [{"gate": "x", "target": 0}]}
job = workspace.get_targets("ionq.simulator").submit(program, name="signed in", shots=100)
print(workspace.location, sorted(target.name for target in workspace.get_targets(provider_id="ionq")))
print(job.get_results())
