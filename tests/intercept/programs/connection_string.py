"""A workspace by a connection string that stands in the program."""

from azure.quantum import Workspace

workspace = Workspace.from_connection_string(
    "SubscriptionId=5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40;ResourceGroupName=AzureQuantum;WorkspaceName=by-key;"
    "ApiKey=the-key-that-stands-in-the-program;QuantumEndpoint=https://westeurope.quantum.azure.com/;"
)
program = {"qubits": 1, "circuit": [{"gate": "x", "target": 0}]}
print(workspace.get_targets("ionq.simulator").submit(program, name="by key", shots=100).get_results())
