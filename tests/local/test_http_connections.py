"""The service over HTTP and clients that wish it ill, or are many: what is refused before it is read, and bounds."""

import contextlib
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from qsession_core.errors import ConfigurationError
from qsession_core.local import LocalWorkspace
from qsession_core.local import http_connections as connections
from qsession_core.local.hosts import Hosts
from qsession_core.local.http_server import Server
from qsession_core.transport.message import Response
from tests.support.raw_http import ask, connected, head, healthy, one_answer, status, until_closed
from tests.support.wire_client import BELL, Client

BOX = "box-00000000"


@pytest.fixture
def served():
    with LocalWorkspace(seed=1) as workspace, Server(workspace) as server:
        yield workspace, server


@pytest.fixture
def base(served):
    workspace, _ = served
    return Client(workspace).base.partition("azure.com")[2]


@pytest.fixture
def key(served):
    return f"x-ms-quantum-api-key: {served[0].connection.api_key}\r\n"


@pytest.fixture
def box(served, base, key):
    """The path and the query of a container."""
    body = json.dumps({"containerName": BOX})
    reply = ask(served[1], f"POST {base}/storage/sasUri HTTP/1.1", f"{key}Content-Length: {len(body)}\r\n", body)
    return json.loads(reply.partition("\r\n\r\n")[2])["sasUri"].partition(f":{served[1].port}")[2].split("?")


# --- refused before the body is read: each of these bodies is announced and never sent ---


@pytest.mark.parametrize(
    "length", ["Content-Length: 5000\r\n", "Content-Length: 200000000\r\n", "Transfer-Encoding: chunked\r\n"]
)
@pytest.mark.parametrize(
    "extra", ["", "x-ms-quantum-api-key: wrong\r\n", "Authorization: Bearer wrong\r\n", "Expect: 100-continue\r\n"]
)
def test_without_the_key_a_request_is_answered_before_its_body(served, base, length, extra):
    answer = ask(served[1], f"PUT {base}/jobs/00000000-0000-4000-8000-000000000000 HTTP/1.1", length + extra)
    assert status(answer) == 401


def test_without_a_signature_a_blob_is_answered_before_its_body(served, box):
    headers = "x-ms-blob-type: BlockBlob\r\nContent-Length: 200000000\r\n"
    for query in ("", "?sig=x", f"?{box[1]}x"):
        answer = ask(served[1], f"PUT {box[0]}/a{query} HTTP/1.1", headers)
        assert status(answer) == 403
        assert "AuthenticationFailed" in answer


def test_bodies_that_are_longer_than_any_that_is_wanted_are_answered_before_they_come(served, base, key, box):
    too_long = [
        (f"PUT {base}/jobs/00000000-0000-4000-8000-000000000000 HTTP/1.1", key, 9_000_000),
        (f"GET {base}/jobs HTTP/1.1", key, 10**15),
        (f"PUT {box[0]}/a?{box[1]} HTTP/1.1", "x-ms-blob-type: BlockBlob\r\n", 300_000_000),
        (f"PUT {box[0]}/a?comp=block&blockid=YQ==&{box[1]} HTTP/1.1", "", 300_000_000),
        (f"PUT {box[0]}/a?comp=blocklist&{box[1]} HTTP/1.1", "", 9_000_000),
        (f"GET {box[0]}/a?{box[1]} HTTP/1.1", "", 100_000),
        ("GET /_/health HTTP/1.1", "", 1),
    ]
    for line, headers, length in too_long:
        answer = ask(served[1], line, f"{headers}Content-Length: {length}\r\n")
        assert status(answer) == 413, line
        assert "RequestBodyTooLarge" in answer


def test_a_body_in_chunks_is_measured_as_it_comes(served, base, key):
    line = f"PUT {base}/jobs/00000000-0000-4000-8000-000000000000 HTTP/1.1"
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with connected(served[1]) as connection:
        connection.sendall(head(served[1], line, key + "Transfer-Encoding: chunked\r\n"))
        with contextlib.suppress(ConnectionError):
            for _ in range(40):
                connection.sendall(chunk)
        answer = until_closed(connection)
    assert status(answer) == 413
    assert healthy(served[1])


@pytest.mark.parametrize("size", ["fffffff", "f" * 100, "f" * 5000])
def test_a_chunk_that_announces_more_than_is_wanted_is_answered_before_it_comes(served, base, key, size):
    line = f"PUT {base}/jobs/00000000-0000-4000-8000-000000000000 HTTP/1.1"
    answer = ask(served[1], line, key + "Transfer-Encoding: chunked\r\n", f"{size}\r\nx")
    assert (status(answer), "RequestBodyTooLarge" in answer) == (413, True)


@pytest.mark.parametrize("begun", ["", "0\r\n"])
def test_the_head_of_a_chunk_and_what_follows_the_last_are_bounded(served, box, begun):
    line = f"PUT {box[0]}/a?{box[1]} HTTP/1.1"
    headers = "x-ms-blob-type: BlockBlob\r\nTransfer-Encoding: chunked\r\n"
    answer = ask(served[1], line, headers, begun + "0" * 20_000)
    assert (status(answer), "too long" in answer) == (400, True)
    assert healthy(served[1])


def test_a_client_that_sends_its_whole_body_at_once_can_read_why_it_was_refused(served, base):
    with connected(served[1]) as connection:
        line = f"PUT {base}/jobs/00000000-0000-4000-8000-000000000000 HTTP/1.1"
        connection.sendall(head(served[1], line, "Content-Length: 3000000\r\n"))
        for _ in range(30):
            connection.sendall(b" " * 100_000)
        assert status(until_closed(connection)) == 401


def test_bodies_under_way_are_bounded_together(served, box, monkeypatch):
    monkeypatch.setattr(connections, "_ALL_BODIES", 1_000_000)
    line, headers = f"PUT {box[0]}/a?{box[1]} HTTP/1.1", "x-ms-blob-type: BlockBlob\r\nContent-Length: 600000\r\n"
    with connected(served[1]) as first:
        first.sendall(head(served[1], line, headers) + b"x")
        assert healthy(served[1])  # the server has seen the first one when it answers this
        answer = ask(served[1], line, headers)
        assert (status(answer), "Retry-After" in answer) == (503, True)
        first.sendall(b"x" * 599_999)
        assert status(one_answer(first)) == 201
    # the first one is under way until its thread has let go of it, a moment after its answer
    answers = (status(ask(served[1], line, headers, "x" * 600_000)) for _ in range(1000))
    assert next(answer for answer in answers if answer != 503) == 201


# --- many connections ---


@pytest.fixture
def narrow():
    """A server that takes twenty connections at a time."""
    with LocalWorkspace(seed=1) as workspace, Server(workspace) as server:
        server._server._connections = 20
        yield server


@pytest.mark.parametrize("sent", [b"", b"GET /_/health HTT", b"GET /_/health HTTP/1.1\r\nHost: localhost\r\nX: "])
def test_connections_that_wait_or_send_half_a_request_keep_nobody_out(narrow, sent):
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(connected(narrow)) for _ in range(60)]
        for connection in idle:
            with contextlib.suppress(ConnectionError):
                connection.sendall(sent)
        for _ in range(30):
            assert healthy(narrow)
        # the loop closes the others in its next turns, each of which answers a request at most
        assert any(healthy(narrow) and len(narrow._server.active_channels) <= 25 for _ in range(200))


def test_five_hundred_idle_connections_do_not_keep_out_the_next(served):
    with contextlib.ExitStack() as stack:
        for _ in range(500):
            stack.enter_context(connected(served[1]))
        assert healthy(served[1])


def test_a_connection_that_is_being_answered_is_not_closed_for_others(narrow):
    channels = narrow._server.active_channels
    with connected(narrow) as busy, contextlib.ExitStack() as stack:
        busy.sendall(head(narrow, "GET /_/health HTTP/1.1", ""))
        assert status(one_answer(busy)) == 200
        mine = next(channel for channel in channels.values() if channel.addr[1] == busy.getsockname()[1])
        mine.requests.append(object())  # as if it were answered
        for _ in range(60):
            stack.enter_context(connected(narrow))
        assert healthy(narrow)
        assert mine.connected
        mine.requests.clear()


def test_a_request_that_comes_too_slowly_is_given_up(served, monkeypatch):
    server = served[1]
    with connected(server) as slow, connected(server) as other:
        slow.sendall(b"GET /_/hea")
        other.sendall(b"")
        assert healthy(server)
        monkeypatch.setattr(connections, "_HEAD_SECONDS", -1.0)
        # what waitress does every few seconds, now, in its own thread
        server._server.trigger.pull_trigger(lambda: server._server.maintenance(0.0))
        assert until_closed(slow) == ""
        monkeypatch.undo()
        other.sendall(head(server, "GET /_/health HTTP/1.1", ""))
        assert status(one_answer(other)) == 200


class Remote:
    """A workspace behind HTTP, as the thin client takes it; a connection a request."""

    def __init__(self, workspace, server):
        self.connection = replace(workspace.connection, endpoint=server.endpoint)
        self.port = server.port

    def handle(self, request):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            parts = urlsplit(request.url)
            connection.request(request.method, f"{parts.path}?{parts.query}", request.body, request.headers)
            reply = connection.getresponse()
            headers = {name.lower(): value for name, value in reply.getheaders()}
            return Response(reply.status, headers, reply.read())


def test_thirty_students_send_five_jobs_each_at_once_and_none_is_lost(served):
    workspace, server = served
    remote = Client(Remote(workspace, server))
    with ThreadPoolExecutor(150) as students, contextlib.ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(connected(server))
        jobs = list(students.map(lambda _: remote.submit(BELL), range(150)))
        workspace.settle()
        states = list(students.map(lambda job: remote.job(job)["status"], jobs))
    assert len(set(jobs)) == 150
    assert set(states) == {"Succeeded"}


# --- which names the service answers to ---


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST:80", "localhost.", "127.1.2.3:1", "[::1]:8080", "a.localhost"]
)
def test_loopback_is_answered(served, host):
    assert status(ask(served[1], "GET /_/health HTTP/1.1", host=host)) == 200


STRANGE = (
    "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:80", "10.0.0.1", "[::1", "::1",
    "127.0.0.1, evil.example", "user@127.0.0.1", "127.0.0.1/evil.example", "[::1].evil.example", "-", "0.0.0.1",
    "local.quantum.azure.com",
)  # fmt: skip


@pytest.mark.parametrize("host", STRANGE)
@pytest.mark.parametrize("line", ["GET /_/health HTTP/1.1", "POST /x HTTP/1.1", "OPTIONS / HTTP/1.1"])
def test_another_name_is_refused_whatever_is_asked(served, host, line):
    answer = ask(served[1], line, host=host)
    assert status(answer) == 421
    assert "UnknownHost" in answer
    assert "Access-Control" not in answer


def test_a_request_without_a_host_is_refused(served):
    with connected(served[1]) as connection:
        connection.sendall(b"GET /_/health HTTP/1.0\r\n\r\n")
        assert status(until_closed(connection)) == 421


def test_names_that_were_given_are_answered():
    with LocalWorkspace() as workspace, Server(workspace, hosts=("Lab.Example",)) as server:
        assert status(ask(server, "GET /_/health HTTP/1.1", host="lab.example:9")) == 200
        assert status(ask(server, "GET /_/health HTTP/1.1", host="other.example")) == 421


def test_an_exposed_server_answers_to_addresses_in_figures_and_to_no_strange_name():
    hosts = Hosts("0.0.0.0")  # noqa: S104 - nothing listens here
    assert [hosts.admit(name) for name in ("192.168.1.7:80", "[fe80::1]:80", "evil.example", "")] == [
        True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line", ["OPTIONS {base}/jobs", "GET {base}/jobs", "POST {base}/storage/sasUri", "GET /_/health", "GET /"]
)
def test_no_answer_invites_pages_of_other_origins(served, base, line):
    wanted = "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-ms-quantum-api-key\r\n"
    headers = f"Origin: https://evil.example\r\n{wanted}"
    answer = ask(served[1], f"{line.format(base=base)} HTTP/1.1", headers)
    assert "access-control" not in answer.lower()


def test_a_key_elsewhere_than_in_a_header_opens_nothing(served, base):
    key = served[0].connection.api_key
    body = json.dumps({"containerName": BOX, "apiKey": key})
    for query in (f"?x-ms-quantum-api-key={key}", f"?api-key={key}", ""):
        headers = f"Cookie: x-ms-quantum-api-key={key}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        assert status(ask(served[1], f"POST {base}/storage/sasUri{query} HTTP/1.1", headers, body)) == 401


# --- where to listen ---


@pytest.mark.parametrize(
    ("port", "host", "sentence"),
    [
        (70000, "127.0.0.1", "There is no port 70000"),
        (-1, "127.0.0.1", "There is no port -1"),
        (10**30, "127.0.0.1", "There is no port"),
        (0, "no.such.host.invalid", "knows no host 'no.such.host.invalid'"),
        (0, "a" * 300, "knows no host"),
        (0, "a..b", "knows no host"),
        (0, "192.0.2.1", "192.0.2.1:0 cannot be listened on"),
        (0, "", "knows no host ''"),
    ],
)
def test_a_place_where_nobody_can_listen_is_told(port, host, sentence):
    with LocalWorkspace() as workspace, pytest.raises(ConfigurationError) as caught:
        Server(workspace, port=port, host=host, expose=True)
    assert sentence in str(caught.value)


def test_localhost_is_served_under_its_name():
    with LocalWorkspace() as workspace, Server(workspace, host="localhost") as server:
        assert server.endpoint == f"http://localhost:{server.port}/"
        assert healthy(server)
