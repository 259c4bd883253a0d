"""The two values that cross the door, and the door itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Request", "Response", "Transport", "without_secrets"]

_SIGNATURE = re.compile(r"((?:[?&;]|%26|\bu0026)sig(?:=|%3D))[^&\s\"']+", re.IGNORECASE)


def without_secrets(url: str) -> str:
    """Return the address with its SAS signature taken out.

    >>> without_secrets("https://a.example/job-1?se=2030&sig=c2VjcmV0&sp=r")
    'https://a.example/job-1?se=2030&sig=...&sp=r'
    """
    return _SIGNATURE.sub(r"\1...", url)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, whole.

    Attributes:
        method: Upper case, such as ``"PUT"``.
        url: Absolute, with its query.
        headers: By name; secrets (API key, bearer token) are here and nowhere else.
        body: The bytes; empty for none.
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
    """One HTTP response, whole.

    Attributes:
        status: The HTTP status, such as 200.
        headers: By name, in lower case.
        body: The bytes; empty for none.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.body)} bytes>"


class Transport(Protocol):
    """Whatever carries a request to a workspace and its answer back. Safe to call from several threads."""

    def send(self, request: Request) -> Response:
        """Carry one request and return its answer, whatever its status.

        Raises:
            TransportError: No usable answer came back.
        """
        ...

    def close(self) -> None:
        """Give back connections and the like. Sending afterwards is an error."""
        ...
