"""HTTPS by ``requests``: pooled connections, timeouts on every call, proxies and certificates read once."""

from __future__ import annotations

import io
import os
import threading
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import requests.utils
import urllib3.exceptions

from qsession_core.errors import ConfigurationError, RequestTimeoutError, TransportError
from qsession_core.logs import logger
from qsession_core.transport.message import LARGE_BYTES, Request, Response, is_loopback, without_secrets
from qsession_core.transport.quiet import PinnedAdapter, QuietAdapter

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
        self._timeout = (connect_seconds, read_seconds)
        self._connections = connections
        self._max_answer_bytes = max_answer_bytes
        self._direct = frozenset(host.lower() for host in direct)
        self._pinned = dict(pinned or {})
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(self._connections)
        self._process = os.getpid()
        self._sessions = self._open()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the connections and the lock."""
        return {**self.__dict__, "_lock": None, "_free": None, "_sessions": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(self._connections)
        self._process = os.getpid()
        self._sessions = self._open()

    def _open(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # reading the environment costs 100 us a call
        session.verify = self._verify
        session.headers.clear()
        # urllib3 could wait for a free connection itself (pool_block), but would lose one for good where an interrupt
        # comes between the head of an answer and its body
        adapter = QuietAdapter(pool_connections=8, pool_maxsize=self._connections, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        for start, fingerprint in self._pinned.items():
            pinned = PinnedAdapter(fingerprint, pool_maxsize=self._connections)
            session.mount(f"{start.rstrip('/')}/", pinned)
        return session

    def _session(self) -> requests.Session:
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    # the parent's threads, which are not here, may have held some
                    self._free = threading.BoundedSemaphore(self._connections)
                    self._sessions, self._process = self._open(), os.getpid()
        return self._sessions

    def _proxies_for(self, url: str) -> dict[str, str]:
        """Return the proxies for a URL: none on loopback, whose requests hold a key and must not leave the machine."""
        if is_loopback(url) or (urlsplit(url).hostname or "") in self._direct:
            return {}
        if self._proxies is not None:
            return self._proxies
        if not self._environment or requests.utils.should_bypass_proxies(url, self._no_proxy or None):
            return {}
        return self._environment

    def send(self, request: Request) -> Response:
        """Send one request; see :class:`~qsession_core.transport.message.Transport`."""
        session = self._session()
        with self._free:
            return self._send(session, request)

    def _send(self, session: requests.Session, request: Request) -> Response:
        failure: TransportError | None = None
        try:
            answer = session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=_sent(request),
                timeout=self._timeout,
                proxies=self._proxies_for(request.url),
                allow_redirects=False,
                stream=True,
            )
            body = self._body(request, answer)
        except requests.Timeout as error:
            raise RequestTimeoutError(
                f"{request} got no answer in {self._timeout[1]:g} s. The service may be slow, or a proxy in the way.",
                request=str(request),
            ) from _clean(error)
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            failure = _unsendable(request)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise TransportError(
                f"{request} did not get through: {without_secrets(str(error))}. Check the network, the proxy and "
                "the endpoint's name.",
                request=str(request),
            ) from _clean(error)
        except ValueError:  # http.client's, where requests lets a header through
            failure = _unsendable(request)
        if failure is not None:
            raise failure
        _log.debug("%s -> %d, %d bytes", request, answer.status_code, len(body))
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, headers, body)

    def _body(self, request: Request, answer: requests.Response) -> bytes:
        """Read the body, unpacked, up to the limit."""
        with answer:  # an answer that is read whole leaves its connection to the next request
            chunks: list[bytes] = []
            size = 0
            total = int(length) if (length := answer.headers.get("Content-Length", "")).isdecimal() else 0
            told = request.told if total >= LARGE_BYTES else None
            for chunk in answer.iter_content(_CHUNK):
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
        self._sessions.close()


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
