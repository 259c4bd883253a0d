"""What requests bring: their parts, the shapes of their bodies, and how wrong ones are refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.local.replies import Refusal
from qsession_core.local.storage.database import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "POLICIES", "PRIORITIES", "Call", "Common", "JobBody", "Patch", "SasBody", "SessionBody", "as_strings", "check_id",
    "chosen", "decoded", "number_in",
]  # fmt: skip

PRIORITIES = {"standard": "Standard", "high": "High"}
POLICIES = {"abort": "Abort", "continue": "Continue"}
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_MAX_BODY = 8 * 1024 * 1024
_MAX_NUMBER = 2**31


class Call(msgspec.Struct, frozen=True):
    """One request to the service, taken apart.

    Attributes:
        query: The query, decoded, names in lower case.
        body: The body's bytes.
        addresses: How addresses in the reply are written.
        path: The path as it came, for links to further pages.
        is_expired: Signatures in the reply are to have run out: a fault on request.
    """

    query: dict[str, str]
    body: bytes
    addresses: Any
    path: str
    is_expired: bool = False


class Common(msgspec.Struct, rename="camel", kw_only=True):
    """What jobs and sessions have in common (protocol.md 4.1)."""

    name: str
    provider_id: str | None = None
    target: str
    priority: str | None = None
    tags: list[str] | None = None
    item_type: str | None = None


class JobBody(Common, kw_only=True):
    """A job as it is put."""

    container_uri: str
    input_data_uri: str | None = None
    input_data_format: str
    output_data_format: str | None = None
    output_data_uri: str | None = None
    input_params: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    session_id: str | None = None
    job_type: str | None = None


class SessionBody(Common, kw_only=True):
    """A session as it is put."""

    job_failure_policy: str | None = None


class Patch(msgspec.Struct, rename="camel"):
    """What a PATCH may change."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    priority: str | msgspec.UnsetType | None = msgspec.UNSET
    tags: list[str] | msgspec.UnsetType | None = msgspec.UNSET


class SasBody(msgspec.Struct, rename="camel"):
    """What an address is asked for."""

    container_name: str
    blob_name: str | None = None


def decoded(body: bytes, form: type[Any]) -> Any:
    """Return a body as what the route expects."""
    if len(body) > _MAX_BODY:
        raise Refusal(413, "RequestBodyTooLarge", "The request body is too large.")
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, "InvalidRequestBody", f"The body cannot be taken: {error}.") from error


def check_id(item_id: str) -> None:
    """Refuse an id that is no GUID."""
    if not _ID.fullmatch(item_id):
        raise Refusal(400, "InvalidId", "An id has the form of a GUID.")


def chosen(value: str | None, choices: Mapping[str, str], name: str) -> str | None:
    """Return the canonical form of one of a few words."""
    if value is None:
        return None
    known = choices.get(value.lower())
    if known is None:
        raise Refusal(400, "InvalidProperty", f"{name} is {value[:32]!r}; it is one of {', '.join(choices.values())}.")
    return known


def as_strings(metadata: dict[str, Any]) -> dict[str, str]:
    """Return metadata as the service keeps it: every value a string (recorded: 3 -> "3", true -> "true")."""
    return {name: value if isinstance(value, str) else to_text(value) for name, value in metadata.items()}


def number_in(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a number of a query that is not negative."""
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or int(text[:12]) >= _MAX_NUMBER:
        raise Refusal(400, "InvalidQueryParameter", f"{name} is no number that is not negative.")
    return int(text)
