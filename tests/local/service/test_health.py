"""Requests while the store cannot be used, and what the service says of itself."""

import pytest

from qsession_core.local import LocalWorkspace
from tests.support.store_faults import held, no_room
from tests.support.wire_client import BELL, Client


def health(client):
    return client.send("GET", "https://local.quantum.azure.com/_/health")


def test_a_service_that_is_well_says_so_without_a_key(client):
    reply = health(client)
    assert reply.status == 200
    assert reply.json["problems"] == []
    assert reply.json["version"][0].isdigit()
    assert client.headers["x-ms-quantum-api-key"].encode() not in reply.body


def test_only_reading_is_answered_there(client):
    assert client.send("POST", "https://local.quantum.azure.com/_/health").status == 401


def fill(client):
    """Send jobs until one is refused; return the refusal and those that were taken."""
    taken = []
    for _ in range(1000):
        reply, job = client.put(BELL, metadata={"x": "y" * 3000})
        if reply.status != 200:
            return reply, taken
        taken.append(job)
    raise AssertionError("there was always room")


@pytest.mark.sqlite
def test_with_a_full_disk_requests_get_507_and_afterwards_work_goes_on():
    with LocalWorkspace(seed=1) as workspace:
        client = Client(workspace)
        first = client.submit(BELL)
        workspace.settle()
        address, query = client.container("00000000-0000-4000-8000-000000000000").split("?")
        with no_room(workspace):
            reply, taken = None, []
            try:
                reply, taken = fill(client)
            except KeyError:  # not even the container has room: the helper finds no address in the answer
                reply = client.call("POST", "storage/sasUri", {"containerName": "x" * 60})
            assert (reply.status, reply.code) == (507, "InsufficientStorage")
            assert int(reply.headers["retry-after"]) > 0
            blob = client.send("PUT", f"{address}/a?{query}", b"x" * 60_000, {"x-ms-blob-type": "BlockBlob"})
            assert blob.status == 507
            assert b"<Code>InsufficientStorage</Code>" in blob.body
            assert client.job(first)["status"] == "Succeeded"  # what needs no room is answered
        assert client.send("PUT", f"{address}/a?{query}", b"x", {"x-ms-blob-type": "BlockBlob"}).status == 201
        assert [client.done(job)["status"] for job in taken] == ["Succeeded"] * len(taken)
        assert client.done(client.submit(BELL))["status"] == "Succeeded"


@pytest.fixture
def in_directory(tmp_path):
    with LocalWorkspace(tmp_path / "here", seed=1) as workspace:
        yield workspace, Client(workspace), tmp_path / "here"


@pytest.mark.sqlite
def test_while_another_program_holds_the_database_changes_get_503_and_readers_are_answered(in_directory):
    workspace, client, directory = in_directory
    job = client.submit(BELL)
    workspace.settle()
    with held(directory):
        reply = client.call("POST", "storage/sasUri", {"containerName": "box-1"})
        assert (reply.status, reply.code) == (503, "ServerBusy")
        assert int(reply.headers["retry-after"]) > 0
        assert client.job(job)["status"] == "Succeeded"
        told = health(client)
        assert told.status == 503
        assert told.json["problems"] == ["Another program holds the local workspace's database."]
    assert client.done(client.submit(BELL))["status"] == "Succeeded"


@pytest.mark.sqlite
def test_a_transaction_that_could_not_be_committed_leaves_the_store_usable(in_directory):
    workspace, client, _ = in_directory
    with no_room(workspace):
        for _ in range(3):
            address, query = client.container("00000000-0000-4000-8000-000000000000").split("?")
            assert client.send(
                "PUT", f"{address}/a?{query}", b"x" * 60_000, {"x-ms-blob-type": "BlockBlob"}
            ).status in {201, 507}
    assert client.done(client.submit(BELL))["status"] == "Succeeded"
