"""A session of three Q# jobs, as the official article shows it, by qdk."""

from qdk import TargetProfile, qsharp
from qdk.azure import Workspace

workspace = Workspace(
    resource_id="/subscriptions/5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40/resourceGroups/AzureQuantum/providers"
    "/Microsoft.Quantum/Workspaces/article",
    location="westus",
)
target = workspace.get_targets("ionq.simulator")

qsharp.init(target_profile=TargetProfile.Base)
qsharp.eval("""
operation GenerateRandomBit() : Result {
    use target = Qubit();
    H(target);
    return MResetZ(target);
}
""")
operation = qsharp.compile("GenerateRandomBit()")

with target.open_session(name="Q# session") as session:
    target.submit(input_data=operation, name="Job 1", input_params={"count": 100})
    target.submit(input_data=operation, name="Job 2", input_params={"count": 100})
    job = target.submit(input_data=operation, name="Job 3", input_params={"count": 100})

print([job.details.name for job in session.list_jobs()])
print(sorted(job.get_results().items()))
