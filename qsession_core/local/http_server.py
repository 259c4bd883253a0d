"""The same service over HTTP, by waitress.

One host serves both the service and its storage; service/addresses.py tells how their addresses differ.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from qsession_core.errors import ConfigurationError, TransportError
from qsession_core.transport.message import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from qsession_core.local.workspace import LocalWorkspace
    from qsession_core.transport.message import Response

__all__ = ["Server", "application"]

_MAX_BODY = 300 * 1024 * 1024
_THREADS = 8
_REASONS = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
    413: "Content Too Large", 416: "Range Not Satisfiable", 429: "Too Many Requests", 500: "Internal Server Error",
    503: "Service Unavailable",
}  # fmt: skip


def application(
    workspace: LocalWorkspace,
) -> Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]:
    """Return the service as a WSGI application."""

    def answer(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        request = _request(environ)
        try:
            response = workspace.handle(request)
        except TransportError:  # a fault on request: the connection breaks
            return _broken(start_response)
        return _sent(request.method, response, start_response)

    return answer


def _request(environ: dict[str, Any]) -> Request:
    """Return the request that a WSGI environment describes."""
    host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    # the path as it was sent: a percent sign in a blob's name must not be decoded twice
    path = environ.get("REQUEST_URI", "").partition("?")[0]
    if not path.startswith("/"):
        path = quote(environ.get("PATH_INFO", "/").encode("latin-1"))
    query = environ.get("QUERY_STRING", "")
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    body: bytes = environ["wsgi.input"].read()
    url = f"{environ['wsgi.url_scheme']}://{host}{path}" + (f"?{query}" if query else "")
    return Request(environ["REQUEST_METHOD"], url, headers, body)


def _sent(method: str, response: Response, start_response: Callable[..., object]) -> Iterable[bytes]:
    headers = {name.title(): value for name, value in response.headers.items()}
    has_body = response.status != 204  # noqa: PLR2004 - No Content
    if method != "HEAD" and has_body:
        headers["Content-Length"] = str(len(response.body))
    start_response(f"{response.status} {_REASONS.get(response.status, 'Status')}", list(headers.items()))
    return [response.body] if method != "HEAD" and has_body else []


def _broken(start_response: Callable[..., object]) -> Iterator[bytes]:
    """Begin a response and break the connection before its end: WSGI has no other way to hang up."""
    start_response("200 OK", [("Content-Length", "1000000")])
    yield b" "
    raise ConnectionAbortedError("broken off on request")


class Server:
    """A workspace served over HTTP until it is closed.

    Args:
        workspace: Closing the server leaves it open.
        port: 0 for any free port.
        host: An address of this machine.
        expose: Allow a host that other machines can reach.

    Attributes:
        port: The port it listens on.
        endpoint: The service's address, with a slash at its end.

    Raises:
        ConfigurationError: Other machines can reach the host and ``expose`` is False, the port is taken, or waitress is
            not installed.
    """

    def __init__(
        self, workspace: LocalWorkspace, *, port: int = 0, host: str = "127.0.0.1", expose: bool = False
    ) -> None:
        if not expose and not _is_loopback(host):
            raise ConfigurationError(
                f"{host} can be reached from other machines. The service runs programs for everyone who has its key;"
                " allow it explicitly (--expose) if that is what you want."
            )
        try:
            from waitress import create_server
        except ImportError as error:
            raise ConfigurationError("Serving needs waitress; install qsession[local].") from error
        try:
            self._server = create_server(
                application(workspace),
                host=host,
                port=port,
                threads=_THREADS,
                max_request_body_size=_MAX_BODY,
                # no temporary files: the service has whole bodies in memory anyway, and waitress may leave files open
                inbuf_overflow=_MAX_BODY,
                outbuf_overflow=_MAX_BODY,
                ident=None,
                clear_untrusted_proxy_headers=True,
            )
        except OSError as error:
            raise ConfigurationError(f"{host}:{port} cannot be listened on: {error}. Choose another port.") from error
        self.port: int = int(self._server.effective_port)
        shown = f"[{host}]" if ":" in host else host
        self.endpoint = f"http://{shown}:{self.port}/"
        self._thread: threading.Thread | None = None
        self._is_running = False

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
        self._thread = threading.Thread(target=self.run, name="qsession-server", daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Serve in this thread until the server is closed or interrupted."""
        self._is_running = True
        try:
            self._server.run()
        finally:
            self._is_running = False

    def close(self) -> None:
        """Stop listening, close connections, and wait for requests that are being answered."""
        from waitress import wasyncore

        sockets = self._server._map  # noqa: SLF001 - waitress has no other way to close idle connections
        if self._is_running:
            # The loop itself closes the sockets: it fails on a socket that another thread closes. If it is awake
            # already, it may close its trigger before we pull it, which has the same effect.
            with suppress(OSError):
                self._server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets, ignore_all=True))
        else:
            wasyncore.close_all(sockets, ignore_all=True)
        if self._thread is not None:
            self._thread.join(10)
            wasyncore.close_all(sockets, ignore_all=True)  # connections made while the loop ended
        self._server.task_dispatcher.shutdown()


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
