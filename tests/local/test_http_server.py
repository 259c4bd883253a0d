"""The service over HTTP."""

import threading
import urllib.request
import uuid

import pytest

from qsession_core.local import Fault, LocalWorkspace
from qsession_core.local.http_connections import _Channel
from qsession_core.local.http_server import Server
from qsession_core.transport.message import Request, Response
from tests.support.raw_http import ask, connected, head, status
from tests.support.wire_client import Client

PUT_BLOB = {"x-ms-blob-type": "BlockBlob"}
LARGE = 100_000


def test_large_bodies_need_no_temporary_files(monkeypatch):
    buffers = pytest.importorskip("waitress.buffers")

    def explode(*args, **kwargs):
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr(buffers, "TempfileBasedBuffer", explode)
    body = bytes(range(256)) * 20_000
    with LocalWorkspace() as service, Server(service) as server:
        container = Client(service).container("00000000-0000-4000-8000-000000000000")
        path, query = container.partition("/job-")[2].split("?")
        address = f"{server.endpoint}job-{path}/job-{path}/inputData?{query}"
        headers = {"x-ms-blob-type": "BlockBlob", "content-type": "application/octet-stream"}
        with urllib.request.urlopen(urllib.request.Request(address, body, headers, method="PUT")) as reply:  # noqa: S310
            assert reply.status == 201
        with urllib.request.urlopen(address) as reply:  # noqa: S310
            assert reply.read() == body


@pytest.fixture
def service():
    with LocalWorkspace(seed=1) as service:
        yield service


def asked(client, what):
    """Return a request without its body: its method and address."""
    place, query = client.container(uuid.uuid1()).split("?")
    client.send("PUT", f"{place}/small?{query}", b"x", PUT_BLOB)
    client.send("PUT", f"{place}/large?{query}", b"x" * LARGE, PUT_BLOB)
    base, version = client.base, f"api-version={client.version}"
    method, address = {
        "a new job": ("PUT", f"{base}/jobs/{uuid.uuid1()}?{version}"),
        "a container": ("POST", f"{base}/storage/sasUri?{version}"),
        "an upload": ("PUT", f"{place}/new?{query}"),
        "a small blob": ("GET", f"{place}/small?{query}"),
        "no blob": ("GET", f"{place}/none?{query}"),
        "a large blob": ("GET", f"{place}/large?{query}"),
        "a list of blocks": ("PUT", f"{place}/new?{query}&comp=blocklist"),
        "a job, which may end in a moment": ("GET", f"{base}/jobs/{uuid.uuid1()}?{version}"),
        "a list of jobs": ("GET", f"{base}/jobs?{version}"),
        "no address": ("GET", "http://[::1"),
    }[what]
    return Request(method, address, client.headers, b"")


@pytest.mark.parametrize("what", ["a new job", "a container", "an upload", "a small blob", "no blob"])
def test_what_waits_for_nothing_is_answered_by_the_thread_that_reads_it(service, tmp_path, what):
    request = asked(Client(service), what)
    assert service.is_quick(request, 1000)
    assert not service.is_quick(request, LARGE)
    service.faults.add(Fault("delay", seconds=1))
    assert not service.is_quick(request, 1000)
    with LocalWorkspace(tmp_path / "w") as on_disk:
        assert not on_disk.is_quick(asked(Client(on_disk), what), 1000)


@pytest.mark.parametrize(
    "what",
    ["a large blob", "a list of blocks", "a job, which may end in a moment", "a list of jobs", "no address"],
)
def test_what_may_take_time_is_answered_by_a_thread_of_its_own(service, what):
    assert not service.is_quick(asked(Client(service), what), 0)


def test_the_thread_that_reads_answers_what_is_quick_and_nothing_else(service, monkeypatch):
    answered = {}
    kept = service.handle

    def handle(request):
        answered[request.method] = threading.current_thread().name
        return kept(request)

    monkeypatch.setattr(service, "handle", handle)
    with Server(service) as server:
        place, query = Client(service).container(uuid.uuid1()).partition("/job-")[2].split("?")
        address = f"{server.endpoint}job-{place}/{{}}?{query}"
        for name, body in (("small", b"x"), ("large", b"x" * LARGE)):
            put = urllib.request.Request(address.format(name), body, PUT_BLOB, method="PUT")  # noqa: S310
            with urllib.request.urlopen(put):  # noqa: S310
                pass
            assert (answered["PUT"] == "qsession-server") is (name == "small")
            with urllib.request.urlopen(address.format(name)) as reply:  # noqa: S310
                assert reply.read() == body
            assert (answered["GET"] == "qsession-server") is (name == "small")


def test_a_large_body_is_read_in_large_pieces_so_that_short_requests_do_not_keep_it_waiting(service, monkeypatch):
    reads = []
    kept = _Channel.handle_read
    monkeypatch.setattr(_Channel, "handle_read", lambda self: (reads.append(1), kept(self)))
    body = bytes(range(256)) * 32_768  # 8 MB
    with Server(service) as server:
        place, query = Client(service).container(uuid.uuid1()).partition("/job-")[2].split("?")
        address = f"{server.endpoint}job-{place}/large?{query}"
        with urllib.request.urlopen(urllib.request.Request(address, body, PUT_BLOB, method="PUT")):  # noqa: S310
            pass
        with urllib.request.urlopen(address) as reply:  # noqa: S310
            assert reply.read() == body
    assert len(reads) < len(body) / 16_384  # waitress reads 8,192 bytes at a time


@pytest.mark.parametrize(("line", "expected"), [("PUT {}", 201), ("GET {}", 404)])
def test_a_request_that_expects_to_go_on_with_nothing_is_answered(service, line, expected):
    place, query = Client(service).container(uuid.uuid1()).partition("/job-")[2].split("?")
    with Server(service) as server:
        headers = "x-ms-blob-type: BlockBlob\r\nExpect: 100-continue\r\nContent-Length: 0\r\n"
        answer = ask(server, f"{line.format(f'/job-{place}/new?{query}')} HTTP/1.1", headers)
    assert status(answer) == expected


def test_requests_that_come_in_one_piece_are_answered_in_their_order(service):
    client = Client(service)
    place, query = client.container(uuid.uuid1()).partition("/job-")[2].split("?")
    listed = client.base.partition("azure.com")[2]
    with Server(service) as server, connected(server) as connection:
        host = f"Host: 127.0.0.1:{server.port}\r\n"
        sent = b""
        for number in range(20):
            path = f"/job-{place}/blob{number}?{query}"
            sent += f"PUT {path} HTTP/1.1\r\n{host}x-ms-blob-type: BlockBlob\r\nContent-Length: 2\r\n\r\n".encode()
            sent += f"{number:02}".encode()
            key = f"x-ms-quantum-api-key: {service.connection.api_key}\r\n"
            sent += f"GET {listed}/jobs?api-version={client.version} HTTP/1.1\r\n{host}{key}\r\n".encode()
            sent += f"GET {path} HTTP/1.1\r\n{host}\r\n".encode()
        connection.sendall(sent)
        received = b""
        while received.count(b"HTTP/1.1 ") < 60 or not received.endswith(b"19"):
            received += connection.recv(65536)
    answers = received.split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"201", b"200", b"200"] * 20
    assert [answer[-2:] for answer in answers[2::3]] == [f"{number:02}".encode() for number in range(20)]


class Held:
    """Answers when it is told to."""

    def __init__(self):
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def turned_away(self, request, length):
        return None

    def is_quick(self, request, length):
        return False

    def handle(self, request):
        self.has_begun.set()
        self.may_end.wait(60)
        return Response(200, {}, b"done")


def test_a_request_that_is_answered_while_the_server_closes_writes_to_no_closed_file(caplog):
    held = Held()
    server = Server(held)
    server.start()
    trigger = server._server.trigger
    with connected(server) as client:
        client.sendall(head(server, "GET /_/health HTTP/1.1", ""))
        assert held.has_begun.wait(60)
        closing = threading.Thread(target=server.close)
        closing.start()
        server._thread.join(60)
        assert not server._thread.is_alive()
        assert not trigger._closed  # what answers pulls it at its end
        held.may_end.set()
        closing.join(60)
    assert trigger._closed
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_server_may_be_closed_twice_and_before_it_has_started():
    server = Server(Held())
    server.close()
    server.close()
    assert server._server.trigger._closed
