"""The three examples of the official article on sessions; only the import lines and the workspace differ."""

from __future__ import annotations

import cirq
import pytest
from qdk import TargetProfile, qsharp
from qiskit import QuantumCircuit

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider


@pytest.fixture
def workspace():
    with Workspace.local(seed=5) as local:
        yield local


def test_the_qsharp_example(workspace):
    qsharp.init(target_profile=TargetProfile.Base)
    qsharp.eval("operation Bell() : Result[] { use q = Qubit[2]; H(q[0]); CNOT(q[0], q[1]); MResetEachZ(q) }")
    operation = qsharp.compile("Bell()")

    target = workspace.get_targets("ionq.simulator")
    with target.open_session(name="Q# session") as session:
        target.submit(input_data=operation, name="Job 1", shots=100)
        target.submit(input_data=operation, name="Job 2", shots=100)
        job = target.submit(input_data=operation, name="Job 3", shots=100)
    session_jobs = session.list_jobs()

    assert [session_job.details.name for session_job in session_jobs] == ["Job 1", "Job 2", "Job 3"]
    assert set(job.get_results()) == {"[0, 0]", "[1, 1]"}
    assert sum(job.result().counts.values()) == 100
    assert len(workspace.list_session_jobs(session.id)) == 3


def test_the_qiskit_example(workspace):
    circuit = QuantumCircuit(2, 2)
    circuit.name = "GenerateRandomBit"
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])

    provider = AzureQuantumProvider(workspace)
    backend = provider.get_backend("ionq.simulator")
    with backend.open_session(name="Qiskit Session") as session:
        job1 = backend.run(circuit=circuit, shots=100, job_name="Job 1")
        job1.wait_for_final_state()
        job2 = backend.run(circuit=circuit, shots=100, job_name="Job 2")
        job2.wait_for_final_state()
        job3 = backend.run(circuit=circuit, shots=100, job_name="Job 3")
        job3.wait_for_final_state()
    session_jobs = session.list_jobs()

    assert [session_job.details.name for session_job in session_jobs] == ["Job 1", "Job 2", "Job 3"]
    counts = job1.result().get_counts()
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 100
    assert all(type(count) is int for count in counts.values())
    assert len(workspace.list_session_jobs(session.id)) == 3

    after = backend.run(circuit=circuit, shots=100)
    assert workspace.get_job(after.job_id()).session_id is None


def test_the_cirq_example(workspace):
    q0, q1 = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(cirq.H(q0), cirq.CNOT(q0, q1), cirq.measure(q0, q1, key="b"))

    service = AzureQuantumService(workspace)
    target = service.get_target("ionq.simulator")
    with target.open_session(name="Cirq session") as session:
        job1 = target.submit(program=circuit, name="Job 1", repetitions=100)
        target.submit(program=circuit, name="Job 2", repetitions=100)
        target.submit(program=circuit, name="Job 3", repetitions=100)
    session_jobs = session.list_jobs()

    assert [session_job.details.name for session_job in session_jobs] == ["Job 1", "Job 2", "Job 3"]
    histogram = job1.results().histogram(key="b")
    assert set(histogram) == {0, 3}
    assert sum(histogram.values()) == 100
    assert len(workspace.list_session_jobs(session.id)) == 3

    after = target.submit(program=circuit, repetitions=100)
    assert workspace.get_job(after.job_id()).session_id is None
