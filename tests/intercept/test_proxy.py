"""The proxy of one run, seen by programs and by strangers."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import pytest
import requests

from qsession_core.errors import TransportError
from qsession_core.intercept.authority import Authority
from qsession_core.intercept.proxy import Proxy
from qsession_core.transport.message import Request, Response

HOST = "eastus.quantum.azure.com"


def echo(request: Request) -> Response:
    """Answer with what was asked."""
    if request.url.endswith("/broken"):
        raise TransportError("broken off on request")
    if request.method == "HEAD":
        return Response(200, {"content-length": "12345"})
    if request.url.endswith("/empty"):
        return Response(204)
    text = f"{request.method} {request.url} {request.headers.get('x-own', '')} "
    return Response(201, {"x-more": "yes"}, text.encode() + request.body)


@pytest.fixture(scope="module")
def proxy():
    with Proxy(Authority(), echo, ["127.0.0.1"]) as made:
        yield made


@pytest.fixture(scope="module")
def bundle(proxy, tmp_path_factory):
    path = tmp_path_factory.mktemp("trust") / "own.pem"
    path.write_text(proxy.authority.certificate)
    return str(path)


@pytest.fixture
def session(proxy, bundle):
    with requests.Session() as made:
        made.trust_env = False
        made.proxies = {"https": proxy.url, "http": proxy.url}
        made.verify = bundle
        yield made


def test_requests_to_hosts_of_azure_quantum_are_answered_here(session):
    answer = session.put(f"https://{HOST}/jobs/1?a=b%20c", data=b"\x00body", headers={"X-Own": "mine"})
    assert answer.status_code == 201
    assert answer.content == f"PUT https://{HOST}/jobs/1?a=b%20c mine ".encode() + b"\x00body"
    assert answer.headers["x-more"] == "yes"


def test_a_connection_is_kept_for_many_requests_of_every_kind(session):
    assert session.head(f"https://{HOST}/a").headers["content-length"] == "12345"
    assert session.get(f"https://{HOST}/empty").status_code == 204
    assert session.post(f"https://{HOST}/c", data=iter([b"in ", b"pieces"])).content.endswith(b" in pieces")
    assert session.delete(f"https://{HOST}/d").content.startswith(b"DELETE")
    assert session.patch(f"https://{HOST}/e", data=b"x" * 3_000_000).content.endswith(b"x" * 3_000_000)


def test_a_fault_breaks_the_connection(session):
    with pytest.raises(requests.ConnectionError):
        session.get(f"https://{HOST}/broken")
    assert session.get(f"https://{HOST}/fine").status_code == 201


@pytest.mark.parametrize("url", ["https://pypi.org/simple", "http://example.com/x", f"http://{HOST}/jobs"])
def test_other_hosts_and_plain_http_are_refused_and_remembered(session, proxy, url):
    proxy.refused.clear()
    if url.startswith("https"):
        with pytest.raises(requests.exceptions.ProxyError, match="403"):
            session.get(url)
    else:
        answer = session.get(url)
        assert answer.status_code == 403
        assert "--allow" in answer.json()["error"]["message"]
    parts = urlsplit(url)
    assert proxy.refused == {f"{parts.hostname}:{443 if parts.scheme == 'https' else 80}": 1}


def test_strangers_on_this_machine_are_turned_away(proxy):
    for credential in ({}, {"Proxy-Authorization": "Basic d3Jvbmc6d3Jvbmc="}):
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(proxy.url).port)
        with contextlib.closing(connection):
            connection.request("GET", f"http://{HOST}/", headers=credential)
            assert connection.getresponse().status == 407


def test_the_proxy_listens_on_loopback_only(proxy):
    assert proxy._server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "head",
    [
        b"CONNECT " + HOST.encode() + b":80 HTTP/1.1\r\n",
        b"CONNECT " + HOST.encode() + b":99999999 HTTP/1.1\r\n",
        b"CONNECT nothing HTTP/1.1\r\n",
        b"CONNECT [::1]:443 HTTP/1.1\r\n",
        b"NONSENSE\r\n",
        b"GET " + b"x" * 70_000 + b" HTTP/1.1\r\n",
    ],
)
def test_what_cannot_be_taken_gets_an_answer_and_ends(proxy, head):
    with socket.create_connection(("127.0.0.1", urlsplit(proxy.url).port), 10) as connection:
        connection.sendall(head + f"Proxy-Authorization: {proxy._credential}\r\n\r\n".encode())
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(10_000):
                answer += piece
        assert b" 200 " not in answer.partition(b"\r\n")[0]


@pytest.mark.parametrize("length", ["-1", "abc", "99999999999999", "400000000"])
def test_a_body_whose_length_cannot_be_taken_is_refused(proxy, length):
    context = ssl.create_default_context(cadata=proxy.authority.certificate)
    with socket.create_connection(("127.0.0.1", urlsplit(proxy.url).port), 10) as connection:
        connection.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\nProxy-Authorization: {proxy._credential}\r\n\r\n".encode())
        assert b" 200 " in connection.recv(1000)
        with context.wrap_socket(connection, server_hostname=HOST) as secured:
            secured.sendall(f"PUT / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n".encode())
            assert secured.recv(1000).split(b" ")[1] in {b"400", b"413"}


class _Far(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "3")
        self.end_headers()
        self.wfile.write(b"far")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def far():
    server = HTTPServer(("127.0.0.1", 0), _Far)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_allowed_hosts_are_reached_untouched(session, proxy, far):
    assert session.get(f"http://127.0.0.1:{far}/").content == b"far"
    tunnel = http.client.HTTPConnection("127.0.0.1", urlsplit(proxy.url).port)
    with contextlib.closing(tunnel):
        tunnel.set_tunnel("127.0.0.1", far, {"Proxy-Authorization": proxy._credential})
        tunnel.request("GET", "/")
        assert tunnel.getresponse().read() == b"far"


@pytest.fixture
def gate(monkeypatch):
    """The proxy of this machine, as its environment names it; it knows the run's hosts and writes down who came."""
    with Proxy(Authority(), echo, ["127.0.0.1"]) as gate:
        monkeypatch.setenv("HTTPS_PROXY", gate.url)
        monkeypatch.setenv("NO_PROXY", "")
        yield gate


def through(proxy, host, port):
    """Open a tunnel, and ask for what is behind it; return None if there is no tunnel."""
    tunnel = http.client.HTTPConnection("127.0.0.1", urlsplit(proxy.url).port)
    with contextlib.closing(tunnel):
        tunnel.set_tunnel(host, port, {"Proxy-Authorization": proxy._credential})
        try:
            tunnel.request("GET", "/")
        except OSError:
            return None
        return tunnel.getresponse().read()


def test_allowed_hosts_are_reached_by_the_proxy_of_the_machine(gate, far, monkeypatch):
    passed = []
    monkeypatch.setattr(gate, "admits", lambda credential: passed.append(credential) or credential == gate._credential)
    with Proxy(Authority(), echo, ["127.0.0.1"]) as proxy:
        assert through(proxy, "127.0.0.1", far) == b"far"
    assert passed == [gate._credential]  # with the name and the password of the proxy's address


def test_what_the_proxy_of_the_machine_refuses_is_told(gate, far):
    with Proxy(Authority(), echo, ["elsewhere.test"]) as proxy:
        assert through(proxy, "elsewhere.test", far) is None
    assert gate.refused == {f"elsewhere.test:{far}": 1}


def test_hosts_without_a_proxy_are_reached_past_it(gate, far, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    gate.allowed = frozenset()
    with Proxy(Authority(), echo, ["127.0.0.1"]) as proxy:
        assert through(proxy, "127.0.0.1", far) == b"far"
    assert gate.refused == {}


def test_a_proxy_that_cannot_be_spoken_to_is_told(far, monkeypatch):
    for address in ("socks5://127.0.0.1:9", f"http://127.0.0.1:{far}", "http://127.0.0.1:9"):
        monkeypatch.setenv("HTTPS_PROXY", address)
        monkeypatch.setenv("NO_PROXY", "")
        with Proxy(Authority(), echo, ["127.0.0.1"]) as proxy:
            assert through(proxy, "127.0.0.1", far) is None


def test_an_allowed_host_that_is_away_is_told(session, far):
    answer = session.get("http://127.0.0.1:9/")
    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "BadGateway"


def test_closing_breaks_connections_that_are_open():
    with Proxy(Authority(), echo) as proxy:
        idle = socket.create_connection(("127.0.0.1", urlsplit(proxy.url).port), 10)
    with idle, contextlib.suppress(ConnectionResetError):  # the proxy had not taken it yet
        assert idle.recv(10) == b""
