"""Shared access signatures: addresses that contain their own access rights.

A signature is an HMAC-SHA256 over what it grants: the container or blob, the rights, the time span. The form of the
query is that of the real service (recorded: an account-style one for containers from ``storage/sasUri``, a service-
style one with ``sr=c`` or ``sr=b`` in a job's reply); the signed text is our own, because only this
service checks it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LIFETIME", "Grant", "Signer"]

LIFETIME = timedelta(days=1)
_SKEW = timedelta(minutes=15)
_VERSION = "2025-07-05"


class Grant(msgspec.Struct, frozen=True):
    """What a checked signature allows.

    Attributes:
        rights: Letters: r read, a append, c create, w write, d delete, l list.
        problem: Why it allows nothing; empty if it is valid.
    """

    rights: str
    problem: str = ""


class Signer:
    """Makes and checks signatures.

    Args:
        key: The secret key of the HMAC.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "<Signer>"

    def _signature(self, scope: tuple[str, ...], rights: str, start: str, end: str, name: str) -> str:
        # each part with its length: whatever stands in a name, no two grants have the same text
        text = "".join(f"{len(part)}:{part}" for part in (*scope, rights, start, end, name, _VERSION))
        return base64.b64encode(hmac.new(self._key, text.encode(), hashlib.sha256).digest()).decode()

    def container(self, container: str, now: datetime, *, secure: bool = True) -> str:
        """Return the query that lets a client fill a job's container: all rights but deletion."""
        start, end = _span(now)
        signature = self._signature((container,), "rwlac", start, end, "")
        protocol = "https" if secure else "https%2Chttp"
        return (
            f"sv={_VERSION}&ss=b&srt=co&spr={protocol}&st={_quoted(start)}&se={_quoted(end)}"
            f"&sp=rwlac&sig={_quoted(signature)}"
        )

    def read(self, container: str, blob: str | None, now: datetime, filename: str = "", *, writes: bool = False) -> str:
        """Return the query that lets a client read a blob, or read and list a container.

        Args:
            container: The container.
            blob: The blob; None for the container.
            now: The grant starts 15 minutes earlier, for clocks that differ, and lasts a day.
            filename: The name under which a browser saves the file.
            writes: Allow writing the blob too.
        """
        start, end = _span(now)
        kind, rights = ("c", "rl") if blob is None else ("b", "rcw" if writes else "r")
        scope = (container,) if blob is None else (container, blob)
        disposition = f"attachment; filename={quote_plus(filename)}" if filename else ""
        signature = self._signature(scope, rights, start, end, disposition)
        shown = f"&rscd={quote_plus(disposition)}" if disposition else ""
        return (
            f"sv={_VERSION}&st={_quoted(start)}&se={_quoted(end)}&sr={kind}&sp={rights}{shown}&sig={_quoted(signature)}"
        )

    def check(self, query: Mapping[str, str], container: str, blob: str | None, now: datetime) -> Grant:
        """Return what a query's signature allows on a container or blob at this moment."""
        signature = query.get("sig", "")
        if not signature:
            return Grant("", "The request carries no signature.")
        rights, start, end = query.get("sp", ""), query.get("st", ""), query.get("se", "")
        scope = (container, blob or "") if query.get("sr") == "b" else (container,)
        expected = self._signature(scope, rights, start, end, query.get("rscd", ""))
        if query.get("sv") != _VERSION or not hmac.compare_digest(expected.encode(), signature.encode()):
            return Grant("", "Signature did not match.")
        if not start <= _text(now) <= end:  # texts of one form: they are in the order of their times
            return Grant("", f"Signature not valid in the specified time frame: Start [{start}] - Expiry [{end}].")
        return Grant(rights)


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).isoformat()[:19]}Z"


def _span(now: datetime) -> tuple[str, str]:
    """Return when a signature begins and ends to be good."""
    return _text(now - _SKEW), _text(now + LIFETIME)


def _quoted(text: str) -> str:
    """Return a time or a signature as it stands in a query: a tenth of the time that ``urllib.parse.quote`` takes."""
    return text.replace(":", "%3A").replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
