"""The fixture that users get."""

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
