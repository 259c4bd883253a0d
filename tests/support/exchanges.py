"""Exchanges and bundles written by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from qsession_core.bundles.bundle import Bundle, Exchange
from qsession_core.transport.message import Request, Response

BASE = (
    "https://eastus.quantum.azure.com/subscriptions/5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40/resourceGroups/g"
    "/providers/Microsoft.Quantum/workspaces/w"
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def guid(number: int) -> str:
    """Return an id that is told from others by its number."""
    return f"{number:08x}-1111-4111-8111-111111111111"


def as_bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return b"" if body is None else json.dumps(body).encode()


def asked(method: str, path: str, body: object = None, headers: dict | None = None) -> Request:
    """Return a request; a path that does not begin with https is below the workspace."""
    url = path if path.startswith("http") else BASE + path
    return Request(method, url, headers or {}, as_bytes(body))


def exchange(method: str, path: str, body: object = None, *, status: int = 200, answer: object = None, **headers: str):
    """Return an exchange; ``retry_after="3"`` and the like are headers of the answer."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Exchange(0.0, 0.1, asked(method, path, body), Response(status, told, as_bytes(answer)))


def bundle(*exchanges: Exchange, has_shared_ids: bool = False) -> Bundle:
    return Bundle(START, exchanges, has_shared_ids)
