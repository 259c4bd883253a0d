"""Request and response, and the protocol of a transport."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["LARGE_BYTES", "Request", "Response", "Transport", "is_loopback", "without_secrets"]

# A secret is told by the name before it. Names and values come as URLs, JSON, HTML or sentences write them, escaped
# once or twice; the storage's own sentence is "The MAC signature found in the HTTP request '...'".
_START = r"(?:(?<![A-Za-z0-9_])|(?<=%[0-9A-F]{2})|(?<=%25[0-9A-F]{2})|(?<=u00[0-9A-F]{2}))"
_NAMED = r"(?:sig|(?:shared ?access ?)?signature|(?:x-ms-quantum-)?api[-_ ]?key|account[-_ ]?key)"
_EQUALS = r"\\{0,3}[\"']?\s{0,9}(?:[=:]|%(?:25)?3[AD]|\\{1,3}u003[AD]|&#(?:61|x3D);)\s{0,9}\\{0,3}[\"']?"
_QUOTED = r"signature(?: [a-z]{1,20}){0,8} [\"']"
_VALUE = r"(?:[^&\s\"'<>;,()\[\]{}\\]|\\{1,3}(?:/|u00(?!26)[0-9A-F]{2})|&#x?[0-9A-F]{1,5};)+"
_SECRET = re.compile(
    rf"({_START}(?:{_NAMED}{_EQUALS}|{_QUOTED}|bearer(?:\s|%20|\+){{1,9}}(?=\S{{16}}))){_VALUE}", re.IGNORECASE
)
_PASSWORD = re.compile(r"(//[^/\s:@]{0,256}:)[^/\s@]{1,256}(?=@)")  # as a proxy's address may have one
_LOOPBACK = re.compile(r"127(\.\d+){3}|localhost|\[?::1\]?")


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine.

    >>> is_loopback("http://127.0.0.1:8080/jobs"), is_loopback("https://eastus.quantum.azure.com")
    (True, False)

    Raises:
        ValueError: It is not a URL.
    """
    return _LOOPBACK.fullmatch(urlsplit(url).hostname or "") is not None


def without_secrets(url: str) -> str:
    """Return a URL or text with each signature, key, bearer token and password replaced.

    >>> without_secrets("https://a.example/job-1?se=2030&sig=c2VjcmV0&sp=r")
    'https://a.example/job-1?se=2030&sig=...&sp=r'
    >>> without_secrets("Signature: c2VjcmV0 is not valid")
    'Signature: ... is not valid'
    """
    return _SECRET.sub(r"\1...", _PASSWORD.sub(r"\1...", url))


LARGE_BYTES = 10_000_000  # of less, nobody wants to see how far it is


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    >>> Request("GET", "https://example.com/jobs").method
    'GET'

    Attributes:
        method: Upper case, such as ``"PUT"``.
        url: Absolute, with its query.
        headers: By name. Secrets (API key, bearer token) are here only.
        body: Empty for none.
        told: Called with how many bytes of a large body (:data:`LARGE_BYTES`), sent or received, are through, and of
            how many; None for nobody.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    told: Callable[[int, int], object] | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"<Request {self}, {len(self.body)} bytes>"

    def __str__(self) -> str:
        return f"{self.method} {without_secrets(self.url)}"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response.

    >>> Response(200, body=b"{}").status
    200

    Attributes:
        status: The HTTP status, such as 200.
        headers: By name in lower case.
        body: Empty for none.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.body)} bytes>"


class Transport(Protocol):
    """Sends requests to a workspace. Safe to call from several threads."""

    def send(self, request: Request) -> Response:
        """Send one request and return its answer, whatever its status.

        Raises:
            TransportError: No usable answer came back.
        """
        ...

    def close(self) -> None:
        """Release connections and the like. Sending afterwards is an error."""
        ...
