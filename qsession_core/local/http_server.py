"""The same service over HTTP, by waitress.

One host serves both the service and its storage; service/addresses.py tells how their addresses differ.
"""

from __future__ import annotations

import socket
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from qsession_core.errors import ConfigurationError, TransportError
from qsession_core.extras import install
from qsession_core.local.hosts import Hosts, is_loopback
from qsession_core.local.replies import Refusal, service_error
from qsession_core.local.service.app import HEAD, Head
from qsession_core.local.tls import TlsFront
from qsession_core.transport.message import Request

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from qsession_core.local.http_connections import Parser
    from qsession_core.transport.message import Response

__all__ = ["Served", "Server", "application", "bound_socket"]

_MAX_BODY = 300 * 1024 * 1024
_THREADS = 8
_LAST_PORT = 65535
_MOST_CONNECTIONS, _FEWEST_CONNECTIONS, _OTHER_FILES = 4000, 100, 200
_BODILESS = {204, 304}  # No Content, Not Modified


class Served(Protocol):
    """What can be served: a local workspace, or something before it. Safe to call from several threads."""

    def handle(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            TransportError: The connection is to break.
        """
        ...

    def turned_away(self, request: Request, length: int) -> Response | None:
        """Return the answer to a request whose body, of this length, is not wanted; None if it is."""
        ...

    def is_quick(self, request: Request, length: int) -> bool:
        """Say whether a request, whose body has this length, is answered in no time."""
        ...


def application(served: Served) -> Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]:
    """Return the service as a WSGI application."""

    def answer(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        request = _request(environ)
        try:
            response = served.handle(request)
        except TransportError:  # a fault on request: the connection breaks
            return _broken(start_response)
        return _sent(request.method, response, start_response)

    return answer


def _request(environ: dict[str, Any]) -> Request:
    """Return the request that a WSGI environment describes."""
    head: Request | None = environ.get(HEAD)
    if head is not None:
        return replace(head, body=environ["wsgi.input"].read())
    # the path as it was sent: a percent sign in a blob's name must not be decoded twice
    path = environ.get("REQUEST_URI", "").partition("?")[0]
    if not path.startswith("/"):
        path = quote(environ.get("PATH_INFO", "/").encode("latin-1"))
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    body: bytes = environ["wsgi.input"].read()
    url = _url(environ["wsgi.url_scheme"], environ["HTTP_HOST"], path, environ.get("QUERY_STRING", ""))
    return Request(environ["REQUEST_METHOD"], url, headers, body)


def _url(scheme: str, host: str, path: str, query: str) -> str:
    return f"{scheme}://{host}{path}" + (f"?{query}" if query else "")


def _sent(method: str, response: Response, start_response: Callable[..., object]) -> Iterable[bytes]:
    from qsession_core.local.http_connections import reason

    headers = {name.title(): value for name, value in response.headers.items()}
    has_body = response.status not in _BODILESS
    if method != "HEAD" and has_body:
        headers["Content-Length"] = str(len(response.body))
    start_response(f"{response.status} {reason(response.status)}", list(headers.items()))
    return [response.body] if method != "HEAD" and has_body else []


def _broken(start_response: Callable[..., object]) -> Iterator[bytes]:
    """Begin a response and break the connection before its end: WSGI has no other way to hang up."""
    start_response("200 OK", [("Content-Length", "1000000")])
    yield b" "
    raise ConnectionAbortedError("broken off on request")


class Server:
    """A workspace served over HTTP until it is closed.

    Args:
        served: The workspace, or something before it. Closing the server leaves it open.
        port: 0 for any free port.
        host: An address of this machine.
        expose: Allow a host that other machines can reach.
        hosts: Further names under which clients reach it. A request for another name is refused, so that no page of a
            stranger's can speak to the service.
        tls: Makes it HTTPS; None for plain HTTP.
        listening: A bound socket to serve, which other processes serve too; None to make one.

    Attributes:
        port: The port it listens on.
        endpoint: The service's address, with a slash at its end.

    Raises:
        ConfigurationError: Other machines can reach the host and ``expose`` is False; there is no such host or port,
            or the port is taken; or waitress is not installed.
    """

    def __init__(
        self,
        served: Served,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        expose: bool = False,
        hosts: Collection[str] = (),
        tls: ssl.SSLContext | None = None,
        listening: socket.socket | None = None,
    ) -> None:
        family, address = _address(host, port)
        if not expose and not is_loopback(host):
            raise ConfigurationError(
                f"{host} can be reached from other machines. The service runs programs for everyone who has its key;"
                " allow it explicitly (--expose) if that is what you want."
            )
        try:
            from qsession_core.local.http_connections import Listener
        except ImportError as error:
            raise ConfigurationError(f"Serving needs waitress, which is not installed: {install('serve')}.") from error
        if listening is None:
            listening = _bound(host, family, address)
        self.port: int = int(listening.getsockname()[1])
        inner = listening if tls is None else _bound("127.0.0.1", socket.AF_INET, ("127.0.0.1", 0))
        self._served = served
        self._hosts = Hosts(host, hosts)
        self._scheme = "http" if tls is None else "https"
        self._server = Listener(
            application(served),
            inner,
            self._turned_away,
            self._is_quick,
            _most_connections() // (1 if tls is None else 2),  # with TLS each has two sockets
            {
                "threads": _THREADS,
                # bodies have limits of their own, by what they are for
                "max_request_body_size": _MAX_BODY,
                # no temporary files: the service has whole bodies in memory anyway, and waitress may leave files open
                "inbuf_overflow": _MAX_BODY,
                "outbuf_overflow": _MAX_BODY,
                "ident": None,
                "url_scheme": self._scheme,
                "clear_untrusted_proxy_headers": False,  # nothing here reads them
            },
        )
        self._front = None if tls is None else TlsFront(listening, tls, int(self._server.effective_port))
        self.endpoint = self.endpoint_at(host)
        self._thread: threading.Thread | None = None
        self._is_running = False

    def endpoint_at(self, host: str) -> str:
        """Return the service's address under another name of this machine."""
        shown = f"[{host}]" if ":" in host else host
        return f"{self._scheme}://{shown}:{self.port}/"

    def _turned_away(self, parser: Parser, length: int) -> Response | None:
        """Return the answer to a request whose body is not wanted; None if it is."""
        host = parser.headers.get("HOST", "")
        if not self._hosts.admit(host):
            return service_error(
                Refusal(421, "UnknownHost", f"This service is not called {host[:100]!r}. Start it with that name.")
            )
        if not length and not parser.chunked:
            return None  # all of it has come: it is answered as it is
        return self._served.turned_away(self._head(parser), length)

    def _is_quick(self, parser: Parser) -> bool:
        """Say whether a request that has come is answered in no time."""
        return not parser.chunked and self._served.is_quick(self._head(parser), parser.content_length)

    def _head(self, parser: Parser) -> Request:
        """Return a request without its body."""
        if parser.head is None:
            path = parser.request_uri.partition("?")[0]
            if not path.startswith("/"):
                path = quote(parser.path)
            headers = Head((name.replace("_", "-").lower(), value) for name, value in parser.headers.items())
            address = _url(self._scheme, parser.headers.get("HOST", ""), path, parser.query)
            parser.head = Request(parser.command, address, headers, b"")
        return parser.head

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._is_running = True
        if self._front is not None:
            self._front.start()
        self._thread = threading.Thread(target=self.run, name="qsession-server", daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Serve in this thread until the server is closed or interrupted."""
        self._is_running = True
        if self._front is not None:
            self._front.start()
        try:
            self._server.run()
        finally:
            self._is_running = False

    def close(self) -> None:
        """Stop listening, close connections, and wait for requests that are being answered."""
        if self._front is not None:
            self._front.close()
        if self._is_running:
            # the loop itself closes the sockets: it fails on a socket that another thread closes
            self._server.trigger.pull_trigger(self._server.close_sockets)
        else:
            self._server.close_sockets()
        if self._thread is not None:
            self._thread.join(10)
            self._server.close_sockets()  # connections made while the loop ended
        self._server.finish()


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address.

    Raises:
        ConfigurationError: There is no such host or port, or it is taken.
    """
    return _bound(host, *_address(host, port))


def _address(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """Return the address that a host and a port mean.

    Raises:
        ConfigurationError: There is no such host or port.
    """
    if not 0 <= port <= _LAST_PORT:
        raise ConfigurationError(f"There is no port {port}. Ports are numbers from 0 (any free one) to {_LAST_PORT}.")
    try:
        # an empty name would mean all addresses
        found = socket.getaddrinfo(host or "?", port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(
            f"This machine knows no host {host!r}. Name one of its own addresses, such as 127.0.0.1."
        ) from error
    # localhost has an address of either family; the older one is what most clients try
    family, _, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    return family, address


def _bound(host: str, family: socket.AddressFamily, address: Any) -> socket.socket:
    """Return a socket that is bound to an address.

    Raises:
        ConfigurationError: The address is taken, or not of this machine.
    """
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise ConfigurationError(
            f"{host}:{address[1]} cannot be listened on: {error.strerror or error}. Choose another port, or an address"
            " of this machine."
        ) from error
    return listening


def _most_connections() -> int:
    """Return how many connections there may be at a time: fewer than the files that this process may open."""
    if sys.platform == "win32":  # pragma: no cover
        return _MOST_CONNECTIONS
    import resource

    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _MOST_CONNECTIONS if files < 0 else max(_FEWEST_CONNECTIONS, min(_MOST_CONNECTIONS, files - _OTHER_FILES))
