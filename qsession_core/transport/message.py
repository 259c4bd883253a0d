"""Request and response, and the protocol of a transport."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Request", "Response", "Transport", "is_loopback", "without_secrets"]

_SIGNATURE = re.compile(r"((?:[?&;]|%26|\bu0026)sig(?:=|%3D))[^&\s\"']+", re.IGNORECASE)
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
    """Return a URL or text with each SAS signature replaced.

    >>> without_secrets("https://a.example/job-1?se=2030&sig=c2VjcmV0&sp=r")
    'https://a.example/job-1?se=2030&sig=...&sp=r'
    """
    return _SIGNATURE.sub(r"\1...", url)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Attributes:
        method: Upper case, such as ``"PUT"``.
        url: Absolute, with its query.
        headers: By name. Secrets (API key, bearer token) are here only.
        body: Empty for none.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<Request {self}, {len(self.body)} bytes>"

    def __str__(self) -> str:
        return f"{self.method} {without_secrets(self.url)}"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response.

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
