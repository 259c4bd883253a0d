"""Replies of the local workspace beside the recorded ones of the real service: members, types, nulls, forms."""

import json
import re

import pytest

from tests.support.qir_text import BELL_QIR
from tests.support.recordings import RECORDINGS
from tests.support.wire_client import BAD, BELL, Client

pytestmark = pytest.mark.recordings

TIMES = {"creationTime", "lastModifiedTime", "beginExecutionTime", "endExecutionTime", "cancellationTime"}
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3,7}(Z|\+00:00)")


@pytest.fixture
def client(service):
    """A client of the api-version of the recordings."""
    return Client(service, "2025-12-01-preview")


def conversations():
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings of the real service are not at hand")
    for path in sorted(RECORDINGS.glob("*.json")):
        yield from json.loads(path.read_text())


def recorded(method, pattern, status=200):
    """Return the recorded replies' bodies of one route."""
    return [
        call["response"]["body"]["json"] for call in conversations()
        if call["request"]["method"] == method and call["response"]["status"] == status
        and re.search(pattern, call["request"]["url"].split("?")[0]) and "json" in (call["response"]["body"] or {})
    ]  # fmt: skip


def kinds(values):
    """Return the types that a member was seen with."""
    return {type(value).__name__ for value in values}


def nullable(name):
    """Return null where a member may be null by what the item is: in no session, not ended, not begun."""
    if name == "costEstimate":
        return {"NoneType", "dict"}
    return (
        {"NoneType"}
        if name in {"sessionId", "metadata", "endExecutionTime", "beginExecutionTime", "errorData"}
        else set()
    )


def compare(ours, theirs, optional=()):
    """Ours has the members that the newest recorded replies have, each of a type that was recorded."""
    newest = [body for body in theirs if "jobPriority" in body]
    members = set.intersection(*(set(body) for body in newest))
    assert set(ours) - set(optional) == members
    for name in members:
        assert type(ours[name]).__name__ in kinds(body[name] for body in newest) | nullable(name), name
    for name in TIMES & members:
        if ours[name] is not None:
            assert TIME.fullmatch(ours[name]), name


def addresses(body):
    """Return the forms of a job's addresses: which query names, which port."""
    return {
        name: (":443" in body[name], tuple(sorted(set(re.findall(r"[?&](\w+)=", body[name])))))
        for name in ("containerUri", "inputDataUri", "outputDataUri")
    }


JOB = r"/jobs/[^/]+$"


def test_a_job_as_its_put_is_answered(client):
    reply, _ = client.put()
    theirs = recorded("PUT", JOB)
    compare(reply.json, theirs)
    assert addresses(reply.json) in [addresses(body) for body in theirs]
    assert list(reply.json) == list(theirs[-1])


@pytest.mark.parametrize("payload", [BELL, BAD])
def test_a_job_as_its_get_is_answered(client, payload):
    job = client.done(client.submit(payload))
    theirs = [body for body in recorded("GET", JOB) if body["status"] == job["status"]]
    compare(job, theirs)
    assert addresses(job) in [addresses(body) for body in theirs]
    if job["status"] == "Failed":
        assert set(job["errorData"]) == set(theirs[0]["errorData"])
    else:
        assert set(job["costEstimate"]) == {"currencyCode", "events", "estimatedTotal"}
        events = [body["costEstimate"]["events"] for body in theirs if body["target"] == "ionq.simulator"]
        assert job["costEstimate"]["events"] in events


def test_a_session_as_every_route_answers(client):
    session = client.open()
    fresh = client.session(session)
    compare(fresh, recorded("PUT", r"/sessions/[^/]+$"))
    client.run(session=session)
    closed = client.close(session)
    compare(closed, recorded("POST", r":close$"))
    compare(client.session(session), recorded("GET", r"/sessions/[^/]+$"))


def test_lists_and_their_items(client):
    session = client.open()
    client.run(session=session)
    client.run()
    for path, pattern in (
        ("jobs", r"/jobs$"), ("sessions", r"/sessions$"), ("topLevelItems", r"/topLevelItems$"),
        (f"sessions/{session}/jobs", r"/sessions/[^/]+/jobs$"),
    ):  # fmt: skip
        page = client.get(path).json
        theirs = recorded("GET", pattern)
        assert list(page) == ["value", "nextLink"]
        for item in page["value"]:
            same = [entry for body in theirs for entry in body["value"] if entry["itemType"] == item["itemType"]]
            if any("jobPriority" in entry for entry in same):
                compare(item, same)


def test_provider_status_and_quotas(client):
    theirs = recorded("GET", "/providerStatus$")[0]
    ours = client.get("providerStatus").json
    assert list(ours) == list(theirs)
    assert set(ours["value"][0]) == set(theirs["value"][0])
    newer = {"numQubits", "targetProfile"}  # of the specification's later versions
    assert set(ours["value"][0]["targets"][0]) - newer == set(theirs["value"][0]["targets"][0])
    quotas = recorded("GET", "/quotas$")[0]
    assert set(client.get("quotas").json["value"][0]) == set(quotas["value"][0])


def test_the_recorded_refusal_of_a_failed_session(client):
    session = client.open()
    client.failure(BAD, session=session)
    reply, _ = client.put(session=session)
    assert reply.json == recorded("PUT", JOB, status=400)[0]


def test_the_forms_of_shared_access_addresses(client):
    theirs = [body["sasUri"] for body in recorded("POST", "/storage/sasUri$")]
    ours = client.container("00000000-0000-0000-0000-00000000abcd")
    names = [re.findall(r"[?&](\w+)=", address) for address in theirs]
    assert re.findall(r"[?&](\w+)=", ours) in names
    body = {"containerName": "job-1", "blobName": "rawOutputData"}
    assert re.findall(r"[?&](\w+)=", client.call("POST", "storage/sasUri", body).json["sasUri"]) in names


def test_results_have_the_recorded_members(client):
    theirs = [
        call["response"]["body"].get("json") for call in conversations()
        if call["request"]["method"] == "GET" and "utputData" in call["request"]["url"]
    ]  # fmt: skip
    v2 = next(body for body in theirs if body and "DataFormat" in body)
    ours = client.run(BELL_QIR, input_format="qir.v1", params={"shots": 10})
    assert list(ours) == list(v2)
    assert list(ours["Results"][0]) == list(v2["Results"][0])
    assert list(ours["Results"][0]["Histogram"][0]) == list(v2["Results"][0]["Histogram"][0])
    ghz = {"qubits": 3, "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1},
                                    {"gate": "cnot", "control": 0, "target": 2}]}  # fmt: skip
    assert client.run(ghz) in theirs
