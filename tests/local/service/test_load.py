"""Many clients, many jobs, and hostile ones."""

import json
import random
import threading
import time
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qsession_core.local import LocalWorkspace, ManualClock
from qsession_core.local.service.routes import ROUTES
from qsession_core.transport.message import Request
from tests.support.wire_client import BELL, LONG, Client

THREADS = 64


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [400, pytest.param(2000, marks=pytest.mark.long)])
def test_64_threads_and_many_jobs_lose_nothing(jobs):
    with LocalWorkspace(seed=1) as service:
        client = Client(service)
        client.run()
        wanted = iter(range(jobs))
        lock, problems, ended = threading.Lock(), [], []

        def work():
            while True:
                with lock:
                    number = next(wanted, None)
                if number is None:
                    return
                try:
                    job_id = client.submit(name=f"job {number}")
                    while (job := client.job(job_id))["status"] not in {"Succeeded", "Failed"}:
                        time.sleep(0.005)
                    assert client.result(job) == {"histogram": {"0": 0.5, "3": 0.5}}
                    ended.append(job_id)
                except Exception as error:  # noqa: BLE001 - whatever it is, the test must tell it
                    problems.append(error)

        threads = [threading.Thread(target=work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        assert len(set(ended)) == jobs
        rows = service.store.read("SELECT state, count(*), max(attempts) FROM items GROUP BY state")
        assert [tuple(row) for row in rows] == [("Succeeded", jobs + 1, 1)]


def test_ten_thousand_jobs_are_listed_filtered_and_walked_through():
    with LocalWorkspace(clock=ManualClock()) as service:
        client = Client(service)
        template = service.store.job(client.done(client.submit())["id"])
        with service.store.transaction():
            for number in range(10_000):
                template.id, template.name = str(uuid.UUID(int=number)), f"job {number % 97}"
                template.created += 1
                template.state = "Failed" if number % 10 == 0 else "Succeeded"
                service.store.add(template)
        for path in (
            "jobs", "jobs?orderby=Name%20desc", "jobs?filter=State%20eq%20'failed'&skip=900",
            "jobs?filter=startswith(Name,'job%2050')%20and%20CreationTime%20ge%202020-01-01&orderby=Target%20asc",
            "topLevelItems?skip=9900",
        ):  # fmt: skip
            assert client.get(path).json["value"]
        seen, reply = 0, client.get("jobs").json
        while True:
            seen += len(reply["value"])
            if reply["nextLink"] is None:
                break
            reply = client.send("GET", reply["nextLink"], headers=client.headers).json
        assert seen == 10_001


# --- hostile input: never an exception, never a 5xx ---

TRICKS = [
    "", "..", "../..", "%00", "%2e%2e%2f", "a" * 3000, "\x00", "é", "'", '"', "*", "jobs", "{}", "[", "null", "-1",
    "1e999", "true", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "%", "%zz", "::", ":cancel", "?", "#",
    "00000000-0000-0000-0000-000000000000", "job-1", "$filter", ";drop table items", "\r\nx: y", "//", "\\",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(TRICKS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
MEMBERS = [
    "name", "target", "providerId", "containerUri", "inputDataUri", "inputDataFormat", "outputDataFormat", "tags",
    "inputParams", "metadata", "sessionId", "priority", "jobFailurePolicy", "itemType", "containerName", "blobName",
    "query", "subscriptions", "jobType",
]  # fmt: skip
COMP = ["", "&comp=list&restype=container", "&restype=container", "&comp=block&blockid=AA", "&comp=block",
        "&comp=blocklist", "&comp=metadata", "&sig=", "&sp=r", "&se=2000-01-01T00:00:00Z", "&sr=b"]  # fmt: skip
SPANS = ["", "bytes=0-", "bytes=5-1", "bytes=-5", "bytes=a-b", "items=0-1", "bytes=0-" + "9" * 20]
GOOD = {"name": "n", "target": "ionq.simulator", "containerUri": "https://local.blob.core.windows.net/job-1",
        "inputDataFormat": "ionq.circuit.v1", "containerName": "job-1"}  # fmt: skip


@pytest.fixture(scope="module")
def hostile():
    with LocalWorkspace(clock=ManualClock()) as service:
        yield Client(service)


@settings(max_examples=3000 if LONG else 400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    shape=st.sampled_from(sorted(ROUTES)),
    method=st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "TRACE", ""]),
    place=st.sampled_from(TRICKS) | st.uuids().map(str),
    query=st.dictionaries(
        st.sampled_from(["filter", "orderby", "skip", "top", "api-version", "providerId", "x"]),
        st.sampled_from(TRICKS) | st.text(max_size=30), max_size=3,
    ),
    body=st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6).map(lambda changes: {**GOOD, **changes})
    | JSON | st.binary(max_size=60),
)  # fmt: skip
def test_no_request_to_the_service_breaks_it(hostile, shape, method, place, query, body):
    from urllib.parse import quote

    path = shape.replace("*", place)
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    payload = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8", "replace")
    reply = hostile.send(method, f"{hostile.base}/{path}?{text}", payload, hostile.headers)
    assert reply.status < 500
    if reply.status >= 400 and reply.body and shape != "storage/proxy":  # whose errors are the storage's
        assert reply.json["error"]["message"]


@settings(max_examples=2000 if LONG else 300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    method=st.sampled_from(["GET", "PUT", "HEAD", "DELETE", "POST"]),
    name=st.sampled_from(TRICKS) | st.text(max_size=20),
    extra=st.sampled_from(COMP),
    span=st.sampled_from(SPANS),
    body=st.binary(max_size=50),
)  # fmt: skip
def test_no_request_to_the_storage_breaks_it(hostile, method, name, extra, span, body):
    from urllib.parse import quote

    address, query = hostile.container("00000000-0000-0000-0000-000000000001").split("?")
    headers = {"x-ms-blob-type": "BlockBlob", **({"x-ms-range": span} if span else {})}
    for path in (quote(name, safe=""), name.encode("ascii", "ignore").decode()):
        reply = hostile.send(method, f"{address}/{path}?{query}{extra}", body, headers)
        assert reply.status < 500


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80) | st.sampled_from(["http://[", "https://a:b:c/", "//", "x", "http://%", "https://@/"]))
def test_no_address_breaks_the_service(hostile, url):
    assert hostile.service.handle(Request("GET", url)).status < 500


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 50_000, b"\xff" * 100, b"x" * (9 << 20), b'{"name": 1e9999}']
)
def test_bodies_that_are_too_deep_or_too_large_are_refused(hostile, body):
    reply = hostile.send("PUT", f"{hostile.base}/jobs/{uuid.uuid4()}", body, hostile.headers)
    assert reply.status in {400, 413}


@settings(max_examples=400 if LONG else 60, deadline=None)
@given(
    payload=st.binary(max_size=100) | st.sampled_from([json.dumps(BELL).encode()]),
    params=JSON,
    target=st.sampled_from(["ionq.simulator", "quantinuum.sim.h2-1e", "quantinuum.sim.h2-1sc", "rigetti.sim.qvm",
                            "pasqal.sim.emu-sv"]),
    place=st.integers(0, 1),
)  # fmt: skip
def test_every_job_ends_whatever_it_says(hostile, payload, params, target, place):
    formats = list(hostile.service.targets[target].formats)
    body = {"shots": 5, **params} if isinstance(params, dict) else {"shots": params}
    job_id = str(uuid.uuid4())
    reply, _ = hostile.put(payload, target, formats[min(place, len(formats) - 1)], params=body, job_id=job_id)
    if reply.status != 200:
        assert reply.status == 400
        return
    job = hostile.done(job_id)
    assert job["status"] in {"Succeeded", "Failed"}
    assert job["status"] == "Succeeded" or job["errorData"]["code"] != "InternalError"


def test_over_http_hostile_requests_get_clean_answers(tmp_path):
    import socket

    from qsession_core.local.http_server import Server

    with LocalWorkspace(tmp_path / "w") as service, Server(service) as server:
        chance = random.Random(1)
        for number in range(60):
            line = chance.choice(
                [
                    b"GET /../../../../etc/passwd HTTP/1.1",
                    b"GET /%2e%2e/%2e%2e/workspace.db HTTP/1.1",
                    b"NONSENSE",
                    b"PUT /job-1/job-1/..%2f..%2fx?sig=x HTTP/1.1",
                    b"GET http://evil/ HTTP/1.1",
                    b"GET / HTTP/9.9",
                    b"GET /subscriptions/" + b"a" * chance.randrange(9000) + b" HTTP/1.1",
                    b"\x00\x01\x02",
                ]
            )
            host = chance.choice([b"127.0.0.1", b"", b"evil.example", b"[::1"])
            with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
                connection.sendall(line + b"\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
                connection.shutdown(socket.SHUT_WR)
                answer = b""
                while part := connection.recv(65536):
                    answer += part
            status = answer.split(b" ")[1:2]
            assert not status or (status[0][:1] in b"24" and b"root:" not in answer), (number, line, answer[:200])
        assert [path for path in tmp_path.rglob("*") if path.is_file() and tmp_path / "w" not in path.parents] == []
