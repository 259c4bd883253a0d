"""HTTPS by urllib3: pooled connections, timeouts on every call, proxies and certificates read once."""

from __future__ import annotations

import io
import os
import threading
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as TimedOut

from qsession_core.errors import ConfigurationError, RequestTimeoutError, TransportError
from qsession_core.logs import logger
from qsession_core.transport.message import LARGE_BYTES, Request, Response, is_loopback, without_secrets
from qsession_core.transport.pools import Pools

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ["HttpTransport"]

_log = logger(__name__)

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
CONNECTIONS_PER_HOST = 32
MAX_ANSWER_BYTES = 256 * 1024 * 1024
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_CHUNK = 64 * 1024


class HttpTransport:
    """Sends requests over HTTP. Safe to use from several threads; a forked process gets connections of its own."""

    def __init__(
        self,
        *,
        proxies: dict[str, str] | None = None,
        verify: bool | str | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        connections: int = CONNECTIONS_PER_HOST,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        direct: Collection[str] = (),
        pinned: Mapping[str, str] | None = None,
    ) -> None:
        """Read proxies and certificates from the environment, once.

        Args:
            proxies: Proxy URL by scheme; by default HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment.
            verify: Path of a CA bundle, or False to check no certificates; by default REQUESTS_CA_BUNDLE,
                CURL_CA_BUNDLE or SSL_CERT_FILE of the environment.
            connect_seconds: The longest wait for a connection.
            read_seconds: The longest wait for the next bytes of an answer.
            connections: How many calls are made at a time; a further one waits. So many connections are kept.
            max_answer_bytes: The longest body of an answer, unpacked; a small gzip body may unpack to gigabytes.
            direct: Hosts that are never asked through a proxy, besides this machine.
            pinned: By the beginning of URLs, such as ``"https://lab:8443"``: the SHA-256 of the certificate that is
                there, in hexadecimal digits. No authority is asked about it, and no other certificate is taken.

        Raises:
            ConfigurationError: The CA bundle does not exist.
        """
        variable = next((name for name in _BUNDLES if os.environ.get(name)), None) if verify is None else None
        self._verify = (True if variable is None else os.environ[variable]) if verify is None else verify
        if isinstance(self._verify, str) and not os.path.exists(self._verify):  # noqa: PTH110 - a file or a directory
            raise ConfigurationError(
                f"The CA bundle {self._verify} of {variable or 'verify'} does not exist. Name a file of certificates "
                "or leave it out."
            )
        self._proxies = proxies
        self._environment = urllib.request.getproxies() if proxies is None else {}
        self._no_proxy = self._environment.pop("no", "")
        self._timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
        self._connections = connections
        self._max_answer_bytes = max_answer_bytes
        self._direct = frozenset(host.lower() for host in direct)
        self._pinned = dict(pinned or {})
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(self._connections)
        self._process = os.getpid()
        self._pools = self._open()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the connections and the lock."""
        return {**self.__dict__, "_lock": None, "_free": None, "_pools": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(self._connections)
        self._process = os.getpid()
        self._pools = self._open()

    def _open(self) -> Pools:
        # urllib3 could wait for a free connection itself (block=True), but would lose one for good where an interrupt
        # comes between the head of an answer and its body
        return Pools(verify=self._verify, connections=self._connections, pinned=self._pinned)

    def _of_this_process(self) -> Pools:
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    # the parent's threads, which are not here, may have held some
                    self._free = threading.BoundedSemaphore(self._connections)
                    self._pools, self._process = self._open(), os.getpid()
        return self._pools

    def _proxies_for(self, url: str) -> dict[str, str]:
        """Return the proxies for a URL: none on loopback, whose requests hold a key and must not leave the machine."""
        if is_loopback(url) or (urlsplit(url).hostname or "") in self._direct:
            return {}
        if self._proxies is not None:
            return self._proxies
        if not self._environment:
            return {}
        from requests.utils import should_bypass_proxies  # loads in 30 ms, and few need it

        return {} if should_bypass_proxies(url, self._no_proxy or None) else self._environment

    def send(self, request: Request) -> Response:
        """Send one request; see :class:`~qsession_core.transport.message.Transport`."""
        pools = self._of_this_process()
        with self._free:
            return self._send(pools, request)

    def _send(self, pools: Pools, request: Request) -> Response:
        failure: TransportError | None = None
        try:
            answer = pools.urlopen(
                request.method,
                request.url,
                self._proxies_for(request.url),
                headers={**request.headers, **_length(request)},
                body=_sent(request),
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            body = self._body(request, answer)
        except (HTTPError, OSError) as error:
            raise self._failure(request, error) from _clean(error)
        except ValueError:  # http.client's: it shows the header
            failure = _unsendable(request)
        if failure is not None:
            raise failure
        _log.debug("%s -> %d, %d bytes", request, answer.status, len(body))
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status, headers, body)

    def _failure(self, request: Request, error: Exception) -> TransportError:
        """Return what to raise for a request without an answer."""
        # urllib3 counts a refused connection and an unknown host among what timed out
        if isinstance(error, TimedOut) and not isinstance(error, NewConnectionError):
            waited = (
                self._timeout.connect_timeout if isinstance(error, ConnectTimeoutError) else self._timeout.read_timeout
            )
            return RequestTimeoutError(
                f"{request} got no answer in {waited:g} s. The service may be slow, or a proxy in the way.",
                request=str(request),
            )
        return TransportError(
            f"{request} did not get through: {without_secrets(str(error))}. Check the network, the proxy and "
            "the endpoint's name.",
            request=str(request),
        )

    def _body(self, request: Request, answer: urllib3.BaseHTTPResponse) -> bytes:
        """Read the body, unpacked, up to the limit. An answer that is read whole leaves its connection to the next."""
        try:
            return self._read(request, answer)
        except BaseException:
            answer.close()
            raise
        finally:
            answer.release_conn()

    def _read(self, request: Request, answer: urllib3.BaseHTTPResponse) -> bytes:
        total = int(length) if (length := answer.headers.get("Content-Length", "")).isdecimal() else 0
        if 0 < total <= min(_CHUNK, self._max_answer_bytes) and "Content-Encoding" not in answer.headers:
            return answer.read()
        chunks: list[bytes] = []
        size = 0
        told = request.told if total >= LARGE_BYTES else None
        for chunk in answer.stream(_CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_answer_bytes:
                raise TransportError(
                    f"The answer to {request} has more than {self._max_answer_bytes} bytes; it was not read on.",
                    request=str(request),
                )
            if told is not None:
                told(size, total)
        return b"".join(chunks)

    def close(self) -> None:
        """Close all connections."""
        self._pools.close()


class _Told(io.BytesIO):
    """A body that tells how much of it has been read."""

    def __init__(self, data: bytes, told: Callable[[int, int], object]) -> None:
        super().__init__(data)
        self._told, self._total = told, len(data)

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        if piece:
            self._told(self.tell(), self._total)
        return piece


def _sent(request: Request) -> bytes | io.BytesIO | None:
    """Return a request's body as it is given to the library below."""
    if request.told is not None and len(request.body) >= LARGE_BYTES:
        return _Told(request.body, request.told)
    return request.body or None


def _length(request: Request) -> dict[str, str]:
    """Return the header without which a body that is read piece by piece would go out in chunks."""
    return {"Content-Length": str(len(request.body))} if request.body else {}


def _unsendable(request: Request) -> TransportError:
    """Return the error of a header that cannot be sent. It does not show the header, which may be the key."""
    return TransportError(
        f"{request} was not sent: a header holds a line end or characters beyond Latin-1. Check the user agent and the "
        "credential.",
        request=str(request),
    )


def _clean(error: Exception) -> Exception:
    """Return an error's type and text without its request: headers hold the key, the URL may hold a signature."""
    return ConnectionError(f"{type(error).__name__}: {without_secrets(str(error))}")
