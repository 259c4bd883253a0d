"""One session of three jobs from each front door, on a workspace that runs on this machine.

Prints the session, its jobs with their states, and the counts of the last one as a bar picture.
"""

import cirq
from qdk import TargetProfile, qsharp
from qiskit import QuantumCircuit

from qsession_cirq import AzureQuantumService
from qsession_core import Session, Workspace
from qsession_qiskit import AzureQuantumProvider


def show(title: str, session: Session, counts: dict[str, int]) -> None:
    print(f"\n{title}\n  {session}")
    for job in session.list_jobs():
        print(f"    {job.name}  {job.status}  {job.shots} shots  {job.id}")
    for key, count in counts.items():
        print(f"  {key} {'█' * round(40 * count / sum(counts.values())):<40} {count}")


workspace = Workspace.local(seed=2026)

bell = QuantumCircuit(2, 2, name="bell")
bell.h(0)
bell.cx(0, 1)
bell.measure([0, 1], [0, 1])
backend = AzureQuantumProvider(workspace).get_backend("ionq.simulator")
with backend.open_session(name="Qiskit session") as session:
    jobs = [backend.run(bell, shots=100, job_name=f"Job {number}") for number in (1, 2, 3)]
    counts = jobs[-1].result().get_counts()
show("Qiskit, IonQ JSON", session, counts)

qubits = cirq.LineQubit.range(2)
circuit = cirq.Circuit(cirq.H(qubits[0]), cirq.CNOT(*qubits), cirq.measure(*qubits, key="m"))
target = AzureQuantumService(workspace).get_target("ionq.simulator")
with target.open_session(name="Cirq session") as session:
    jobs = [target.submit(program=circuit, name=f"Job {number}", repetitions=100) for number in (1, 2, 3)]
    histogram = jobs[-1].results().histogram(key="m")
show("Cirq, IonQ JSON", session, {f"{outcome:02b}": count for outcome, count in sorted(histogram.items())})

qsharp.init(target_profile=TargetProfile.Adaptive_RI)
qsharp.eval("operation Bell() : Result[] { use q = Qubit[2]; H(q[0]); CNOT(q[0], q[1]); MResetEachZ(q) }")
h2 = workspace.get_targets("quantinuum.sim.h2-1e")
with h2.open_session(name="Q# session") as session:
    program = qsharp.compile("Bell()")
    jobs = [h2.submit(input_data=program, name=f"Job {number}", shots=100) for number in (1, 2, 3)]
    counts = jobs[-1].result().counts
show("Q# by QIR, on an emulator with noise", session, counts)
