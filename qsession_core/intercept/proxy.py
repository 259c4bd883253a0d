"""The proxy of one run: CONNECT on loopback, for the child only.

Connections to the hosts of Azure Quantum end here, with a certificate of the run's authority, and their requests are
handed to a function. Connections to hosts that the user has allowed pass untouched. All others are refused and
remembered. Source: RFC 9110, 9.3.6 (CONNECT); RFC 7617 (the password).
"""

from __future__ import annotations

import base64
import hmac
import secrets
import socket
import ssl
import threading
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from qsession_core.errors import QSessionError, TransportError
from qsession_core.intercept.hosts import role_of
from qsession_core.intercept.tunnel import connected, proxies_of_machine, relay
from qsession_core.logs import logger
from qsession_core.transport.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Self

    from qsession_core.intercept.authority import Authority

__all__ = ["Proxy"]

_LOG = logger(__name__)
_MAX_BODY = 300 * 1024 * 1024
_IDLE_SECONDS = 600.0
_HTTPS = 443


class Proxy:
    """Listens on loopback until it is closed.

    Args:
        authority: Certifies the hosts whose requests are answered here.
        answer: Answers one request to such a host; called from several threads.
        allowed: Hosts that connections pass through to, untouched; in lower case.

    Attributes:
        url: For ``HTTPS_PROXY``, with the password.
        refused: How many connections each host was refused, by ``host:port``.
        machine_proxies: The proxies by which this machine reaches other hosts, as its environment names them.
    """

    def __init__(
        self, authority: Authority, answer: Callable[[Request], Response], allowed: Iterable[str] = ()
    ) -> None:
        self.authority = authority
        self.answer = answer
        self.allowed = frozenset(host.lower() for host in allowed)
        self.refused: Counter[str] = Counter()
        self.machine_proxies = proxies_of_machine()
        self._lock = threading.Lock()
        password = secrets.token_hex(16)
        self._credential = "Basic " + base64.b64encode(f"qsession:{password}".encode()).decode()
        self._connections: set[socket.socket] = set()
        self._server = _Server(self)
        self.url = f"http://qsession:{password}@127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="qsession-proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and break all connections."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        with self._lock:
            open_now = list(self._connections)
        for connection in open_now:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()  # waits for the threads of the connections

    def admits(self, credential: str) -> bool:
        """Whether a request knows the password."""
        return hmac.compare_digest(credential.encode(), self._credential.encode())

    def refuse(self, address: str) -> None:
        """Remember a host that was refused."""
        with self._lock:
            self.refused[address] += 1

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection, so that it can be broken."""
        with self._lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._connections.discard(connection)


class _Server(ThreadingTCPServer):
    daemon_threads = False
    allow_reuse_address = False
    request_queue_size = 128

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Gate)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log what broke a connection; the child sees that it is broken."""
        _LOG.debug("a connection from %s broke: %s", client_address, request, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """What the outer and the inner conversation have in common."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    server: _Server

    def version_string(self) -> str:
        return "qsession"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: a request's line may hold a signature."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send an error as JSON, which clients of Azure show."""
        self.close_connection = True
        sentence = explain or message or "The request cannot be read."
        self.reply(_problem(code, "ProxyError", sentence))

    def reply(self, response: Response) -> None:
        """Send an answer."""
        self.send_response_only(response.status)
        has_body = response.status >= 200 and response.status not in {204, 304}  # noqa: PLR2004 - RFC 9110, 6.4.1
        # the answer to HEAD tells the length that the body of a GET has
        is_told = self.command == "HEAD" and "content-length" in response.headers
        for name, value in response.headers.items():
            if name != "transfer-encoding" and (name != "content-length" or is_told):
                self.send_header(name, value)
        if has_body and not is_told:
            self.send_header("content-length", str(len(response.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if has_body and self.command != "HEAD":
            self.wfile.write(response.body)

    def body(self) -> bytes | None:
        """Read the request's body; None if it cannot be read, which was answered then."""
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return self._chunked()
        text = self.headers.get("content-length", "0")
        length = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1  # noqa: PLR2004 - digits
        if not 0 <= length <= _MAX_BODY:
            self.send_error(413 if length > 0 else 400, "The body's length cannot be taken.")
            return None
        data = self.rfile.read(length)
        if len(data) < length:
            self.close_connection = True
            return None
        return data

    def _chunked(self) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        while True:
            text = self.rfile.readline(1000).partition(b";")[0].strip()
            try:
                length = int(text, 16)
            except ValueError:
                self.send_error(400, "A chunk of the body has no length.")
                return None
            size += length
            if length < 0 or size > _MAX_BODY:
                self.send_error(413, "The body is too large.")
                return None
            parts.append(self.rfile.read(length))
            if length == 0:
                while self.rfile.readline(1000).strip():  # trailers
                    pass
                return b"".join(parts)
            self.rfile.readline(10)

    def request_to(self, origin: str) -> Request | None:
        """Read the request that this conversation is at; None if it cannot be read."""
        data = self.body()
        if data is None:
            return None
        headers = {name.lower(): value for name, value in self.headers.items() if name.lower() != "proxy-authorization"}
        return Request(self.command, origin + self.path, headers, data)


class _Gate(_Handler):
    """The conversation with the proxy itself."""

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.proxy.opened(self.connection)

    def finish(self) -> None:
        self.server.proxy.closed(self.connection)
        with suppress(OSError):
            super().finish()

    def parse_request(self) -> bool:
        """Read a request's head; refuse those who do not know the password, and all that is no CONNECT."""
        if not super().parse_request():
            return False
        proxy = self.server.proxy
        if not proxy.admits(self.headers.get("proxy-authorization", "")):
            answer = _problem(407, "ProxyAuthenticationRequired", "This proxy is for the command of `qsession run`.")
            challenge = {**answer.headers, "proxy-authenticate": 'Basic realm="qsession run"'}
            self.close_connection = self.command != "CONNECT"
            self.reply(Response(answer.status, challenge, answer.body))
            return False
        if self.command != "CONNECT":
            self._plain()
            return False
        return True

    def _plain(self) -> None:
        """Answer a request over plain HTTP: Azure Quantum does not speak it, and others pass if they are allowed."""
        from qsession_core.intercept.upstream import Upstream

        self.close_connection = True
        parts = urlsplit(self.path)
        host = (parts.hostname or "").lower()
        if host not in self.server.proxy.allowed:
            self._refuse(host or "?", parts.port or 80)
            return
        self.path = self.path.removeprefix(f"{parts.scheme}://{parts.netloc}")
        request = self.request_to(f"{parts.scheme}://{parts.netloc}")
        if request is None:
            return
        upstream = Upstream()
        try:
            self.reply(upstream.send(request))
        except TransportError as error:
            self.reply(_problem(502, "BadGateway", str(error)))
        finally:
            upstream.close()

    def do_CONNECT(self) -> None:
        """Open a tunnel, or the inner conversation."""
        self.close_connection = True
        host, _, text = self.path.rpartition(":")
        host = host.strip("[]").lower().rstrip(".")
        port = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0  # noqa: PLR2004 - of a port
        proxy = self.server.proxy
        if role_of(host) is not None and port == _HTTPS:
            self._converse(host)
        elif host in proxy.allowed and port:
            self._tunnel(host, port)
        else:
            self._refuse(host, port)

    def _refuse(self, host: str, port: int) -> None:
        proxy = self.server.proxy
        proxy.refuse(f"{host}:{port}")
        sentence = f"{host}:{port} is no host of Azure Quantum; `qsession run --allow {host}` lets it through."
        self.reply(_problem(403, "HostNotAllowed", sentence))

    def _established(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.wfile.flush()

    def _converse(self, host: str) -> None:
        """Be the host: TLS with a certificate of the run's authority, then HTTP."""
        proxy = self.server.proxy
        context = proxy.authority.context(host)
        self._established()
        try:
            secured = context.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError) as error:
            _LOG.debug("no TLS for %s: %s", host, error)
            return
        # the wrapped socket owns the connection from here on
        proxy.closed(self.connection)
        proxy.opened(secured)
        try:
            _Conversation(secured, self.client_address, self.server, host)
        except (ssl.SSLError, OSError) as error:
            _LOG.debug("the conversation as %s broke: %s", host, error)
        finally:
            proxy.closed(secured)
            with suppress(OSError):
                secured.close()

    def _tunnel(self, host: str, port: int) -> None:
        """Pass bytes through untouched."""
        try:
            far = connected(host, port, self.server.proxy.machine_proxies)
        except OSError as error:
            self.reply(_problem(502, "BadGateway", f"{host}:{port} cannot be reached: {error}."))
            return
        with far:
            self._established()
            relay(self.connection, far)


class _Conversation(_Handler):
    """The conversation with a host that is answered here."""

    def __init__(self, connection: ssl.SSLSocket, address: object, server: _Server, host: str) -> None:
        self._host = host
        super().__init__(connection, address, server)

    def parse_request(self) -> bool:
        """Read a request's head and answer the request, whatever its method."""
        if not super().parse_request():
            return False
        request = self.request_to(f"https://{self._host}")
        if request is not None:
            try:
                self.reply(self.server.proxy.answer(request))
            except TransportError as error:  # a fault on request, or no network: the connection breaks
                _LOG.debug("%s: %s", request, error)
                self.close_connection = True
            except QSessionError as error:
                self.reply(_problem(400, type(error).__name__, error.message))
        return False


def _problem(status: int, code: str, sentence: str) -> Response:
    body = msgspec.json.encode({"error": {"code": code, "message": sentence}})
    return Response(status, {"content-type": "application/json", "x-ms-error-code": code}, body)
