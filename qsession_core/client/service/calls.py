"""The calls of one workspace: one method a REST call, bytes or typed rows out.

Source: docs/protocol.md 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from qsession_core.client.service.blobs import Blobs
from qsession_core.client.service.connection import DRAFT_API_VERSION
from qsession_core.client.service.models import ProviderStatus, Quota, item_id, row
from qsession_core.client.service.query import any_of, order
from qsession_core.client.service.rest import segment, without_nones
from qsession_core.client.service.spelling import PRIORITIES, check, odd_name, odd_tags, odd_word, spelled
from qsession_core.errors import ConfigurationError, ConflictError, NotFoundError, ServiceError, TransportError
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from qsession_core.client.service.rest import RestClient
    from qsession_core.client.service.status import Priority

__all__ = ["Calls", "may_have_worked"]

_log = logger(__name__)
_MERGE = "application/merge-patch+json"
S = TypeVar("S", bound=msgspec.Struct)
_PAGE = "100"  # items of a list in one answer


class Calls:
    """Makes the calls of one workspace; blob storage is under ``blobs``."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self.blobs = Blobs(rest)

    # --- targets ---

    def provider_status(self) -> list[ProviderStatus]:
        """Return the workspace's providers with their targets."""
        return self._rows("/providerStatus", ProviderStatus)

    def quotas(self) -> list[Quota]:
        """Return the workspace's quotas."""
        return self._rows("/quotas", Quota)

    def _rows(self, path: str, kind: type[S]) -> list[S]:
        """Return the rows of a list that can be read; an odd one does not hide the others.

        Raises:
            TransportError: There are rows, and none can be read.
        """
        rows = [raw for page in self._rest.pages(path, {}) for raw in page]
        readable = [found for found in (row(raw, kind) for raw in rows) if found is not None]
        if rows and not readable:
            self._rest.read(f"GET {path}", rows[0], kind)
        return readable

    # --- jobs ---

    def create_job(self, job_id: str, body: Mapping[str, object]) -> bytes:
        """Create a job whose input has been uploaded, and return it. Repeating the call makes no second job."""
        return self._create(f"/jobs/{segment(job_id)}", body)

    def _create(self, path: str, body: Mapping[str, object]) -> bytes:
        """Create a job or session under an id of ours, and return it.

        A first answer may have been lost and the request repeated; then 409 says that it exists. After a 5xx or 408 it
        may exist as well. So it is fetched: if it is there, and for our target, it is ours.

        Raises:
            ServiceError: The service refused.
            TransportError: No answer came; it may exist.
        """
        try:
            return self._rest.call("PUT", path, body=body)
        except ServiceError as error:
            if not (isinstance(error, ConflictError) or may_have_worked(error)):
                raise
            try:
                raw = self._rest.call("GET", path)
            except NotFoundError:
                raise error from None
            except ServiceError as failure:
                raise (failure if may_have_worked(failure) else error) from None
            target = self._rest.read(f"GET {path}", raw, _Target).target or ""
            if target.lower() != str(body["target"]).lower():
                raise
        _log.info("%s was created although the answer was an error", path)
        return raw

    def get_job(self, job_id: str) -> bytes:
        """Return a job."""
        return self._rest.call("GET", f"/jobs/{segment(job_id)}")

    def cancel_job(self, job_id: str) -> bytes:
        """Cancel a job and return it; older services answer without a body, so the job is fetched."""
        return self._rest.call("POST", f"/jobs/{segment(job_id)}:cancel") or self.get_job(job_id)

    @property
    def has_draft(self) -> bool:
        """Whether the api-version has queue positions and resuming."""
        return self._rest.connection.api_version >= DRAFT_API_VERSION

    def queue_position(self, job_id: str) -> int | None:
        """Return a job's place in its target's queue; None if it does not wait.

        Raises:
            ConfigurationError: The api-version is too old.
        """
        self._require_draft("Queue positions")
        path = f"/jobs/{segment(job_id)}/queuePosition"
        return self._rest.read(f"GET {path}", self._rest.call("GET", path), _QueuePosition).queuePosition

    def resume_job(self, job_id: str) -> None:
        """Resume a job that has failed or was cancelled; raises as :meth:`queue_position`."""
        self._require_draft("Resuming a job")
        self._rest.call("POST", f"/jobs/{segment(job_id)}:resume")

    def _require_draft(self, what: str) -> None:
        if not self.has_draft:
            raise ConfigurationError(
                f"{what} came with api-version {DRAFT_API_VERSION}; this workspace uses "
                f"{self._rest.connection.api_version}. Connect with api_version={DRAFT_API_VERSION!r} where the "
                "service has it."
            )

    def update_job(
        self, job_id: str, *, name: str | None, priority: Priority | str | None, tags: Sequence[str] | None
    ) -> None:
        """Change a job's name, priority or tags; None leaves a member unchanged."""
        check(odd_name("name", name), odd_word("priority", priority, PRIORITIES), odd_tags(tags))
        body = {
            "name": name,
            "priority": spelled(priority, PRIORITIES),
            "tags": None if tags is None else list(tags),
        }
        self._rest.call("PATCH", f"/jobs/{segment(job_id)}", body=without_nones(body), content_type=_MERGE)

    def delete_job(self, job_id: str) -> None:
        """Delete a job."""
        self._rest.call("DELETE", f"/jobs/{segment(job_id)}")

    # --- sessions ---

    def open_session(
        self,
        target: str,
        provider_id: str,
        *,
        session_id: str,
        name: str | None = None,
        job_failure_policy: str | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
    ) -> bytes:
        """Open a session and return it.

        Args:
            target: The target's name.
            provider_id: Its provider.
            session_id: Its id, made by the caller.
            name: By default ``session-<id>``.
            job_failure_policy: As for a target's ``open_session``, like those below.
            priority: ``"Standard"`` or ``"High"``.
            tags: Its tags.
        """
        body = {
            "itemType": "Session",
            "name": name or f"session-{session_id}",
            "providerId": provider_id,
            "target": target,
            "jobFailurePolicy": job_failure_policy,
            "priority": priority,
            "tags": tags,
        }
        raw = self._create(f"/sessions/{segment(session_id)}", without_nones(body))
        _log.info("session %s opened on %s", session_id, target)
        return raw

    def get_session(self, session_id: str) -> bytes:
        """Return a session."""
        return self._rest.call("GET", f"/sessions/{segment(session_id)}")

    def close_session(self, session_id: str) -> bytes:
        """Close a session and return it."""
        return self._rest.call("POST", f"/sessions/{segment(session_id)}:close")

    # --- lists ---

    def list_jobs(self, filter_: str | None, orderby: str | None, *, is_asc: bool) -> Iterator[bytes]:
        """Yield the workspace's jobs.

        Args:
            filter_: As :func:`~qsession_core.client.service.query.matching` makes it; None for all.
            orderby: The member to order by, such as ``"Name"``; None for the service's order.
            is_asc: Whether the order is ascending.
        """
        return self._items("/jobs", filter_, orderby, is_asc=is_asc)

    def list_sessions(self, filter_: str | None, orderby: str | None, *, is_asc: bool) -> Iterator[bytes]:
        """Yield the workspace's sessions; arguments as for :meth:`list_jobs`."""
        return self._items("/sessions", filter_, orderby, is_asc=is_asc)

    def list_session_jobs(
        self, session_id: str, filter_: str | None, orderby: str | None, *, is_asc: bool
    ) -> Iterator[bytes]:
        """Yield a session's jobs; arguments as for :meth:`list_jobs`."""
        return self._items(f"/sessions/{segment(session_id)}/jobs", filter_, orderby, is_asc=is_asc)

    def list_top_level_items(
        self, filter_: str | None, orderby: str | None, *, is_asc: bool
    ) -> Iterator[tuple[str, bytes]]:
        """Yield sessions and the jobs outside sessions, each with its item type in lower case."""
        for raw in self._items("/topLevelItems", filter_, orderby, is_asc=is_asc):
            kind = self._rest.read("GET /topLevelItems", raw, _ItemType).itemType
            yield kind.lower() if isinstance(kind, str) else "", raw

    def _items(self, path: str, filter_: str | None, orderby: str | None, *, is_asc: bool) -> Iterator[bytes]:
        for page in self._pages(path, filter_, order(orderby, ascending=is_asc)):
            readable = [raw for raw in page if item_id(raw)]
            if page and not readable:
                raise TransportError(
                    f"No row of the list at {path} is a job or session. Something between here and the service may "
                    "have replaced it; try again.",
                    request=f"GET {path}",
                )
            if len(readable) < len(page):
                _log.warning("%d rows of the list at %s were left out: no id", len(page) - len(readable), path)
            for raw in readable:
                yield bytes(raw)

    def pages_with_jobs(self, targets: Iterable[str], session_ids: Iterable[str | None]) -> Iterator[list[msgspec.Raw]]:
        """Yield the pages of the shortest list that holds certain jobs, the newest first.

        Args:
            targets: The names of the jobs' targets.
            session_ids: The ids of their sessions; None for a job without one.
        """
        sessions = set(session_ids)
        latest = order("CreationTime", ascending=False)
        if len(sessions) == 1 and None not in sessions:
            return self._pages(f"/sessions/{sessions.pop()}/jobs", None, latest)
        return self._pages("/jobs", any_of("Target", sorted(set(targets))), latest)

    def _pages(self, path: str, filter_: str | None, orderby: str | None) -> Iterator[list[msgspec.Raw]]:
        return self._rest.pages(path, {"filter": filter_, "orderby": orderby, "skip": "0", "top": _PAGE})


class _QueuePosition(msgspec.Struct):
    queuePosition: int | None = None  # noqa: N815 - the wire's name


def may_have_worked(error: ServiceError) -> bool:
    """Whether a request may have had its effect although this was the answer."""
    return error.status_code >= 500 or error.status_code == 408  # noqa: PLR2004 - HTTP's statuses


class _Target(msgspec.Struct):
    target: str | None = None


class _ItemType(msgspec.Struct):
    itemType: object = None  # noqa: N815 - the wire's name
