"""What is no HTTP: it is refused, and harms nobody."""

import contextlib
import socket

import pytest

from qsession_core.local import LocalWorkspace
from qsession_core.local.http_server import Server
from tests.support.raw_http import connected, head, healthy, status, until_closed
from tests.support.wire_client import Client


@pytest.fixture
def served():
    with LocalWorkspace(seed=1) as workspace, Server(workspace) as server:
        yield workspace, server


HERE = "Host: 127.0.0.1\r\n"
GARBAGE = [
    b"\x00" * 1000, b"\r\n" * 1000, b"\xff\xfe" * 50, b"GET", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    f"GET / HTTP/1.1\r\n{HERE}X: {'a' * 300_000}\r\n\r\n".encode(),
    f"GET /{'a' * 300_000} HTTP/1.1\r\n{HERE}\r\n".encode(),
    *(f"PUT / HTTP/1.1\r\n{HERE}{header}\r\n\r\n".encode()
      for header in (
        "Content-Length: -1", "Content-Length: +5", "Content-Length: 5, 6",
        "Content-Length: 5\r\nContent-Length: 6",
        f"Content-Length: {'9' * 5000}", "Content-Length: 0x10", "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5", ": x", "no colon", "X\x00: y", "X: y\r\n folded",
        "Host: other",
    )),
    *(f"GET {path} HTTP/1.1\r\n{HERE}\r\n".encode() for path in (
        "http://evil.example/_/health", "*", "//", "/\x00", "/%", "/%ZZ", "/?" + "a=b&" * 5000, "/_/health#x",
        "\\\\evil\\x",
    )),
    b"GET /_/health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300,
    "GET /\u0661 HTTP/1.1\r\n".encode() + HERE.encode() + b"\r\n",
]  # fmt: skip


@pytest.mark.parametrize("sent", GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_no_request_is_refused_and_harms_nobody(served, sent):
    with connected(served[1]) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        answer = until_closed(connection)
    assert answer == "" or status(answer) in {200, 400, 401, 403, 404, 405, 413, 421, 431, 501, 505}
    assert healthy(served[1])


@pytest.mark.parametrize(
    "chunk", [b"ZZ\r\n", b"-5\r\n", b"F" * 16 + b"\r\n", b"5\r\nabcdeXX", b"5;" + b"a" * 100_000, b"\r\n\r\n"]
)
def test_chunks_that_are_none_are_refused(served, chunk):
    workspace = served[0]
    base = Client(workspace).base.partition("azure.com")[2]
    key = f"x-ms-quantum-api-key: {workspace.connection.api_key}\r\n"
    line = f"PUT {base}/jobs/00000000-0000-4000-8000-000000000000 HTTP/1.1"
    with connected(served[1]) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(head(served[1], line, key + "Transfer-Encoding: chunked\r\n") + chunk)
            connection.shutdown(socket.SHUT_WR)
        answer = until_closed(connection)
    assert answer == "" or status(answer) in {400, 413}
    assert healthy(served[1])
