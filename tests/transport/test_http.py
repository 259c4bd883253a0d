"""HTTP over a real server on loopback: pooling, timeouts, proxies read once."""

from __future__ import annotations

import gzip
import http.client
import logging
import socket
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from qsession_core import Request, errors
from qsession_core.transport.http import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        if self.path.startswith("/silent"):
            self.server.released.wait(5)
            self.close_connection = True
            return
        if self.path.startswith("/bomb"):
            packed = gzip.compress(bytes(3_000_000))
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(packed)))
            self.end_headers()
            self.wfile.write(packed)
            return
        body = self.headers.get("User-Agent", "").encode() + b" " + self.path.encode()
        self.send_response(503 if self.path.startswith("/busy") else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Ms-Request-Id", "r1")
        self.end_headers()
        self.wfile.write(body)

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    running = ThreadingHTTPServer(("", 0), _Handler)
    running.connections = 0
    running.released = threading.Event()
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.released.set()
    running.shutdown()
    running.server_close()
    thread.join()


def _url(server: ThreadingHTTPServer, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


def test_calls_share_a_connection_and_headers_come_in_lower_case(server):
    transport = HttpTransport()
    answers = [transport.send(Request("GET", _url(server, f"/{n}"), {"User-Agent": "ours"})) for n in range(5)]
    transport.close()

    assert [answer.body for answer in answers] == [f"ours /{n}".encode() for n in range(5)]
    assert answers[0].headers["x-ms-request-id"] == "r1"
    assert server.connections == 1


def test_a_status_is_an_answer_not_an_error(server):
    transport = HttpTransport()
    assert transport.send(Request("GET", _url(server, "/busy"))).status == 503
    transport.close()


def test_a_silent_server_is_a_timeout_that_shows_no_signature(server):
    transport = HttpTransport(read_seconds=0.05)
    with pytest.raises(errors.RequestTimeoutError) as caught:
        transport.send(Request("GET", _url(server, "/silent?se=2030&sig=planted")))
    transport.close()

    assert isinstance(caught.value, TimeoutError)
    assert "planted" not in str(caught.value) + str(caught.value.__cause__)


def test_nobody_there_is_a_transport_error_that_shows_no_signature():
    transport = HttpTransport(connect_seconds=0.5)
    with pytest.raises(errors.TransportError) as caught:
        transport.send(Request("GET", "http://127.0.0.1:9/x?sig=planted"))
    transport.close()

    assert "planted" not in str(caught.value) + str(caught.value.__cause__)


def test_the_environments_proxy_is_read_when_the_transport_is_made(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", _url(server, ""))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    transport = HttpTransport()
    monkeypatch.delenv("HTTP_PROXY")

    answer = transport.send(Request("GET", "http://somewhere.example/path"))
    transport.close()

    assert answer.body.endswith(b"http://somewhere.example/path")


def test_hosts_of_no_proxy_are_asked_directly(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    transport = HttpTransport()

    assert transport.send(Request("GET", _url(server, "/direct"))).body.endswith(b"/direct")
    transport.close()


def test_a_small_answer_that_unpacks_to_a_large_one_is_not_read_on(server):
    transport = HttpTransport(max_answer_bytes=1_000_000)
    with pytest.raises(errors.TransportError, match="more than 1000000 bytes"):
        transport.send(Request("GET", _url(server, "/bomb")))
    transport.close()


def test_a_small_answer_is_held_to_the_limit_too(server):
    transport = HttpTransport(max_answer_bytes=4)
    with pytest.raises(errors.TransportError, match="more than 4 bytes"):
        transport.send(Request("GET", _url(server, "/five")))
    transport.close()


def test_many_hosts_in_turn_all_stay_reachable(server):
    transport = HttpTransport()
    urls = [f"http://127.0.0.{place}:{server.server_port}/{place}" for place in range(1, 13)]
    for _ in range(2):
        for url in urls:
            assert transport.send(Request("GET", url)).status == 200
    transport.close()


@pytest.mark.parametrize("proxies", [None, {"http": "http://127.0.0.1:9", "all": "http://127.0.0.1:9"}])
def test_a_request_to_this_machine_goes_through_no_proxy(server, monkeypatch, proxies):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    transport = HttpTransport(proxies=proxies, connect_seconds=1.0)

    assert transport.send(Request("GET", _url(server, "/here"))).body.endswith(b"/here")
    transport.close()


@pytest.mark.parametrize("through_proxy", [False, True])
def test_no_logger_and_no_print_shows_a_signature_or_a_key(server, monkeypatch, caplog, capfd, through_proxy):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    transport = HttpTransport(proxies={"http": _url(server, "")} if through_proxy else {})
    url = "http://somewhere.example/b?se=1&sig=planted&sp=r" if through_proxy else _url(server, "/b?sig=planted")
    with caplog.at_level(logging.DEBUG):
        answer = transport.send(Request("GET", url, {"x-ms-quantum-api-key": "planted"}))
    transport.close()

    assert b"sig=planted" in answer.body  # the server got it
    assert any(record.name.startswith("urllib3") and "sig=..." in record.getMessage() for record in caplog.records)
    assert "planted" not in caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "planted" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_ca_bundle_that_does_not_exist_is_named_with_its_variable(monkeypatch, variable):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "/no/such/bundle.pem")
    with pytest.raises(errors.ConfigurationError, match=f"bundle.pem of {variable} does not exist"):
        HttpTransport()


@pytest.mark.parametrize(
    "url", ["http://[bad", f"http://{'a' * 70}.example/", "ftp://a.example", "http://a.example:99999"]
)
def test_an_address_that_is_none_is_one_of_our_errors(url):
    with pytest.raises(errors.TransportError):
        HttpTransport(proxies={}).send(Request("GET", url))


@pytest.mark.parametrize("address", ["http://127.0.0.1:{}/", "https://no-such-host.invalid/"])
def test_a_connection_that_is_refused_is_told_as_that_and_not_as_a_timeout(address):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        transport = HttpTransport(connect_seconds=5)
        with pytest.raises(errors.TransportError, match="did not get through") as caught:
            transport.send(Request("GET", address.format(nobody.getsockname()[1])))
        transport.close()
    assert not isinstance(caught.value, TimeoutError)


def test_a_password_of_a_proxy_is_in_no_error(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://user:planted@proxy.invalid:99999")
    transport = HttpTransport(connect_seconds=1)
    with pytest.raises(errors.TransportError) as caught:
        transport.send(Request("GET", "https://eastus.quantum.azure.com/"))
    transport.close()
    assert "planted" not in "".join(traceback.format_exception(caught.value))
