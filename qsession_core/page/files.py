"""The page's own files, with the headers that keep a browser from doing anything else with them."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SAFE_HEADERS", "asset", "not_modified"]

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# Nothing is loaded from elsewhere, nothing runs that is not a file of ours, and text never becomes markup
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
SAFE_HEADERS = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@cache
def _read(name: str) -> tuple[bytes, str] | None:
    """Return a file and its tag; None if there is none of this name."""
    kind = name.rpartition(".")[2]
    if kind not in _TYPES or not set(name) <= set("abcdefghijklmnopqrstuvwxyz."):
        return None
    file = files("qsession_core.page") / "assets" / name
    if not file.is_file():
        return None
    data = file.read_bytes()
    return data, f'"{hashlib.sha256(data).hexdigest()[:20]}"'


def asset(name: str, headers: Mapping[str, str]) -> Response | None:
    """Return one of the page's files; None if there is none of this name.

    Args:
        name: Such as ``"page.css"``.
        headers: Of the request, names in lower case.
    """
    found = _read(name)
    if found is None:
        return None
    data, tag = found
    shared = {**SAFE_HEADERS, "etag": tag, "cache-control": "no-cache"}
    if not_modified(headers, tag):
        return Response(304, shared)
    return Response(200, {**shared, "content-type": _TYPES[name.rpartition(".")[2]]}, data)


def not_modified(headers: Mapping[str, str], tag: str) -> bool:
    """Whether a browser has what a tag stands for."""
    return tag in [given.strip().removeprefix("W/") for given in headers.get("if-none-match", "").split(",")]
