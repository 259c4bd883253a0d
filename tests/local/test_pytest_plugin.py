"""The fixtures that users get."""

import cirq
import pytest
from qiskit import QuantumCircuit

from qsession_core import Workspace
from qsession_core.errors import JobFailedError, SessionTimedOutError
from qsession_core.local import Fault
from tests.support.wire_client import Client


def test_the_fixture_is_a_workspace_with_a_clock_and_faults(local_workspace):
    client = Client(local_workspace)
    session = client.open()
    local_workspace.clock.advance(600)
    assert client.state(session) == "TimedOut"
    local_workspace.faults.add(Fault("server_error", count=1))
    assert client.get("jobs").status == 503
    assert client.get("jobs").status == 200


def test_every_test_gets_its_own(local_workspace):
    assert Client(local_workspace).get("sessions").json["value"] == []


def test_no_secret_is_logged(local_workspace, caplog):
    caplog.set_level("DEBUG")
    client = Client(local_workspace)
    job = client.done(client.submit())
    client.send("GET", job["outputDataUri"].replace("sig=", "sig=x"))
    client.call("GET", "jobs", headers={"x-ms-quantum-api-key": "wrong"})
    local_workspace.faults.add(Fault("fail_job"))
    client.failure()
    assert local_workspace.connection.api_key not in caplog.text
    assert "sig=" not in caplog.text


def test_clients_clock_and_faults_are_of_one_service(
    local_workspace, qsession_workspace, qiskit_backend, cirq_target, qsession_clock, qsession_faults
):
    flip = QuantumCircuit(1, 1)
    flip.x(0)
    flip.measure(0, 0)
    qubit = cirq.LineQubit(0)
    assert qiskit_backend.run(flip, shots=5).result().get_counts() == {"1": 5}
    assert cirq_target.submit(
        cirq.Circuit(cirq.X(qubit), cirq.measure(qubit, key="m")), repetitions=5
    ).results().histogram(key="m") == {1: 5}
    assert len(qsession_workspace.list_jobs()) == 2
    assert qsession_workspace.service is local_workspace
    qsession_faults.add(Fault("fail_job"))
    with pytest.raises(JobFailedError):
        qiskit_backend.run(flip, shots=5).result()
    session = qsession_workspace.get_target("ionq.simulator").open_session()
    qsession_clock.advance(600)
    with pytest.raises(SessionTimedOutError):
        qsession_workspace.get_target("ionq.simulator").submit(FLIP, session=session)


def test_a_client_of_a_service_leaves_it_open(local_workspace):
    with Workspace.of(local_workspace) as one, Workspace.of(local_workspace) as other:
        job = one.get_target("ionq.simulator").submit(FLIP, shots=5)
        one.close()
        assert other.get_job(job.id).result().counts == {"1": 5}
    assert Client(local_workspace).get("jobs").status == 200


FLIP = '{"qubits": 1, "circuit": [{"gate": "x", "target": 0}]}'
