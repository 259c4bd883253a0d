"""What the functions of routes take: the service, one parsed request, and the types of request bodies.

A body that does not have the route's type is refused; the error names the member that is missing or wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from qsession_core.clock import microseconds
from qsession_core.decoding import read_json
from qsession_core.local.people import OWNER, Person
from qsession_core.local.replies import Refusal
from qsession_core.local.storage.database import to_text
from qsession_core.local.storage.sas import LIFETIME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from qsession_core.clock import Clock
    from qsession_core.local.jobs.idle import IdleQueue
    from qsession_core.local.jobs.lifecycle import Lifecycle
    from qsession_core.local.jobs.queue import Dispatcher
    from qsession_core.local.service.addresses import Addresses, LocalConnection
    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.database import Store
    from qsession_core.local.storage.endpoint import Storage
    from qsession_core.local.storage.items import Job, Session
    from qsession_core.local.storage.sas import Signer
    from qsession_core.local.targets import LocalTarget

__all__ = [
    "CANCEL_VERSION", "DRAFT_VERSION", "MAX_BODY", "POLICIES", "PRIORITIES", "Call", "Common", "JobBody", "Patch",
    "SasBody", "Service", "SessionBody", "as_strings", "check_id", "chosen", "decoded", "number_in",
]  # fmt: skip

PRIORITIES = {"standard": "Standard", "high": "High"}
POLICIES = {"abort": "Abort", "continue": "Continue"}
T = TypeVar("T")
# The first api-versions with ``:cancel``, and with queue positions and ``:resume``; source: docs/protocol.md 1.7
CANCEL_VERSION, DRAFT_VERSION = "2025-12-01", "2026-08-01"
_TODAY = "2026-01-15"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
MAX_BODY = 8 * 1024 * 1024
_MAX_NUMBER = 2**31
_MAX_DIGITS = 12  # int() refuses texts of some thousand digits


class Service(msgspec.Struct, frozen=True):
    """What the routes work with.

    Attributes:
        connection: The workspace's identity and its key.
        targets: By id in lower case.
        seed: The workspace's seed, from which seeds of jobs are made; None for fresh ones.
    """

    store: Store
    blobs: Blobs
    lifecycle: Lifecycle
    dispatcher: Dispatcher | IdleQueue
    storage: Storage
    signer: Signer
    clock: Clock
    targets: Mapping[str, LocalTarget]
    connection: LocalConnection
    seed: int | None

    def now(self) -> int:
        """Return the time in microseconds since 1970."""
        return microseconds(self.clock.now())

    def signing_time(self, call: Call) -> datetime:
        """Return the time at which signatures are made: now, or long ago if they are to have expired."""
        now = self.clock.now()
        return now - 2 * LIFETIME if call.is_expired else now

    def job(self, job_id: str, person: Person) -> Job:
        """Return a stored job.

        Raises:
            Refusal: 404, there is none of this id that the person sees.
        """
        job = self.store.job(job_id.lower())
        if job is None or not person.sees(job.created_by):
            raise Refusal(404, "ResourceNotFound", f"There is no job {job_id[:64]}.")
        return job

    def session(self, session_id: str, person: Person) -> Session:
        """Return a stored session.

        Raises:
            Refusal: 404, there is none of this id that the person sees.
        """
        session = self.store.session(session_id.lower())
        if session is None or not person.sees(session.created_by):
            raise Refusal(404, "ResourceNotFound", f"There is no session {session_id[:64]}.")
        return session

    def target(self, body: Common) -> LocalTarget:
        """Return the target that a new job or session names.

        Raises:
            Refusal: 400, there is none of this id, it belongs to another provider, or it takes no jobs.
        """
        target = self.targets.get(body.target.lower())
        if target is None:
            raise Refusal(400, "InvalidJobDefinition", f"This workspace has no target {body.target[:128]}.")
        if body.provider_id is not None and body.provider_id.lower() != target.provider:
            raise Refusal(
                400,
                "InvalidJobDefinition",
                f"Target {target.id} belongs to {target.provider}, not to {body.provider_id[:64]}.",
            )
        if target.availability == "Unavailable":
            raise Refusal(400, "TargetUnavailable", f"Target {target.id} takes no jobs at present.")
        return target


class Call(msgspec.Struct, frozen=True):
    """One request to the service, parsed.

    Attributes:
        method: In upper case.
        path: As it came, for links to further pages.
        id: The id that stands in the path (of a job, a session, or a provider); empty where the route has none.
        query: The query, decoded, names in lower case.
        headers: Names in lower case.
        addresses: How addresses in the reply are written.
        is_expired: Whether signatures in the reply have expired already, which is one of the faults.
        person: Who asks.
    """

    method: str
    path: str
    id: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    addresses: Addresses
    is_expired: bool = False
    person: Person = OWNER

    @property
    def version(self) -> str:
        """The date of the api-version, such as ``2026-01-15``; that of today's clients where there is none."""
        return self.query.get("api-version", _TODAY)[:10]

    def require(self, version: str) -> None:
        """Refuse a request whose api-version is older than the route."""
        if self.version < version:
            raise Refusal(404, "ResourceNotFound", f"There is no such route before api-version {version}-preview.")


class Common(msgspec.Struct, rename="camel", kw_only=True):
    """What jobs and sessions have in common. Source: docs/protocol.md 4.1."""

    name: str
    provider_id: str | None = None
    target: str
    priority: str | None = None
    tags: list[str] | None = None


class JobBody(Common, kw_only=True):
    """The body that creates a job."""

    container_uri: str
    input_data_uri: str | None = None
    input_data_format: str
    output_data_format: str | None = None
    input_params: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    session_id: str | None = None
    job_type: str | None = None


class SessionBody(Common, kw_only=True):
    """The body that opens a session."""

    job_failure_policy: str | None = None


class Patch(msgspec.Struct, rename="camel"):
    """The members of a job that a PATCH may change; null takes away a priority or all tags."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    priority: str | msgspec.UnsetType | None = msgspec.UNSET
    tags: list[str] | msgspec.UnsetType | None = msgspec.UNSET


class SasBody(msgspec.Struct, rename="camel"):
    """The container, or the blob in it, for which a signed address is wanted."""

    container_name: str
    blob_name: str | None = None


def decoded(body: bytes, form: type[T]) -> T:
    """Return a request's body as the type that its route expects.

    Raises:
        Refusal: 400 or 413; the sentence names the member that is missing or wrong.
    """
    if len(body) > MAX_BODY:
        raise Refusal(413, "RequestBodyTooLarge", "The request body is too large.")
    try:
        return read_json(body, form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, "InvalidRequestBody", f"The body cannot be taken: {error}.") from error


def check_id(item_id: str) -> None:
    """Refuse an id that is not a GUID."""
    if not _ID.fullmatch(item_id):
        raise Refusal(400, "InvalidId", "An id has the form of a GUID.")


def chosen(value: str | None, choices: Mapping[str, str], name: str) -> str | None:
    """Return one of a few words in its canonical spelling, whatever the case it came in; None stays None."""
    if value is None:
        return None
    known = choices.get(value.lower())
    if known is None:
        raise Refusal(400, "InvalidProperty", f"{name} is {value[:32]!r}; it is one of {', '.join(choices.values())}.")
    return known


def as_strings(metadata: dict[str, Any]) -> dict[str, str]:
    """Return metadata as the service keeps it: every value is a string (recorded: 3 -> "3", true -> "true")."""
    return {name: value if isinstance(value, str) else to_text(value) for name, value in metadata.items()}


def number_in(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a non-negative integer from a query."""
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS or int(text) >= _MAX_NUMBER:
        raise Refusal(400, "InvalidQueryParameter", f"{name} must be a non-negative integer.")
    return int(text)
