"""Several jobs in one container: each keeps its own result, and whoever goes takes nothing of the others."""

from datetime import timedelta

import pytest

from tests.support.wire_client import BELL, Client

X = {"qubits": 1, "circuit": [{"gate": "x", "target": 0}]}


@pytest.fixture
def box(client):
    client.call("POST", "storage/sasUri", {"containerName": "shared-box"})
    return client


def submit(client, payload, blob="inputData"):
    sas_uri = client.call("POST", "storage/sasUri", {"containerName": "shared-box"}).json["sasUri"]
    address, query = sas_uri.split("?")
    body = str(payload).replace("'", '"').encode()
    assert client.send("PUT", f"{address}/{blob}?{query}", body, {"x-ms-blob-type": "BlockBlob"}).status == 201
    return client.submit(containerUri=sas_uri, inputDataUri=f"{address}/{blob}")


def result(client, job_id):
    return client.result(client.done(job_id))["histogram"]


def test_a_second_job_leaves_the_result_of_the_first(box):
    first = submit(box, BELL)
    before = result(box, first)
    second = submit(box, X)
    assert result(box, second) == {"1": 1.0}
    assert result(box, first) == before
    assert box.job(first)["outputDataUri"].split("?")[0] != box.job(second)["outputDataUri"].split("?")[0]


def test_a_result_replaces_no_blob_that_was_there(box):
    job = submit(box, X, blob="outputData")
    assert result(box, job) == {"1": 1.0}
    assert box.send("GET", box.job(job)["inputDataUri"]).json == X


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_deleting_jobs_leaves_what_the_others_name(box, order):
    jobs = [submit(box, X) for _ in range(3)]
    assert [result(box, job) for job in jobs] == [{"1": 1.0}] * 3
    left = list(jobs)
    for place in order:
        left.remove(jobs[place])
        assert box.call("DELETE", f"jobs/{jobs[place]}").status == 204
        assert [result(box, job) for job in left] == [{"1": 1.0}] * len(left)
        for job in left:
            assert box.send("GET", box.job(job)["inputDataUri"]).status == 200
    assert box.service.store.read("SELECT name FROM blobs WHERE container = 'shared-box'") == []


def test_a_job_that_names_the_container_of_another_takes_nothing_of_it(client):
    own = client.submit(X)
    assert result(client, own) == {"1": 1.0}
    guest = client.submit(X, containerUri=f"https://h/job-{own}", inputDataUri=f"https://h/job-{own}/inputData")
    assert result(client, guest) == {"1": 1.0}
    client.call("DELETE", f"jobs/{guest}")
    assert result(client, own) == {"1": 1.0}
    client.call("DELETE", f"jobs/{own}")
    assert client.service.store.read("SELECT name FROM blobs WHERE container = ?", (f"job-{own}",)) == []


def test_the_owner_of_a_container_goes_and_its_guest_stays(client):
    own = client.submit(X)
    client.done(own)
    guest = client.submit(X, containerUri=f"https://h/job-{own}", inputDataUri=f"https://h/job-{own}/inputData")
    assert result(client, guest) == {"1": 1.0}
    client.call("DELETE", f"jobs/{own}")
    assert result(client, guest) == {"1": 1.0}


def test_other_blobs_in_a_container_of_ones_own_stay(box):
    job = submit(box, X)
    sas_uri = box.call("POST", "storage/sasUri", {"containerName": "shared-box"}).json["sasUri"]
    address, query = sas_uri.split("?")
    box.send("PUT", f"{address}/notes?{query}", b"mine", {"x-ms-blob-type": "BlockBlob"})
    box.done(job)
    box.call("DELETE", f"jobs/{job}")
    assert box.send("GET", f"{address}/notes?{query}").body == b"mine"


def test_pruning_old_jobs_leaves_what_newer_ones_name(service):
    client = Client(service)
    old = submit(client, X)
    client.done(old)
    service.clock.advance(timedelta(days=30).total_seconds())
    new = submit(client, X)
    client.done(new)
    assert service.archive.prune(service.clock.now() - timedelta(days=7)) == 1
    assert client.get(f"jobs/{old}").status == 404
    assert result(client, new) == {"1": 1.0}
