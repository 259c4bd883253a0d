"""A workspace: the calls of the service, as methods that return its nouns."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any, Self, SupportsIndex

import msgspec

from qsession_core.catalog import PRICES, Price
from qsession_core.client.job import Job
from qsession_core.client.service.blobs import Blobs
from qsession_core.client.service.models import ProviderStatus, Quota
from qsession_core.client.service.query import any_of, matching, order
from qsession_core.client.service.rest import Rest, said, segment
from qsession_core.client.session import Session
from qsession_core.client.session_watch import SessionWatch
from qsession_core.client.submitting.checks import tag_list
from qsession_core.client.submitting.cost import JobCost
from qsession_core.client.submitting.submission import ResumedJobs, Submission
from qsession_core.client.target import Target
from qsession_core.clock import Clock, SystemClock
from qsession_core.errors import QSessionError, TargetNotFoundError, raise_together
from qsession_core.keywords import near, strict_keywords
from qsession_core.providers import find_provider

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from qsession_core.client.job_set import JobSet
    from qsession_core.client.service.connection import Connection
    from qsession_core.client.service.status import Priority
    from qsession_core.client.submitting.journal import Journal
    from qsession_core.formats import Payload
    from qsession_core.transport import Transport
    from qsession_core.transport.auth import Authentication

__all__ = ["Workspace"]

_log = logging.getLogger(__name__)
_MERGE = "application/merge-patch+json"
_PAGE = "100"


class Workspace:
    """A workspace behind a transport; ``qsession_core.Workspace`` adds the ways to make one."""

    def __init__(
        self,
        connection: Connection,
        transport: Transport,
        authentication: Authentication | None,
        *,
        clock: Clock | None = None,
        user_agent: str | None = None,
        parallelism: int = 16,
        journal: Journal | None = None,
    ) -> None:
        """Put the calls together.

        Args:
            connection: Which workspace, and where.
            transport: What carries the calls.
            authentication: Who we are.
            clock: What waits between looks.
            user_agent: Goes before our own.
            parallelism: How many calls a batch makes at the same time.
            journal: Notes what is sent, for :meth:`resume`.
        """
        self.connection = connection
        self.clock = clock or SystemClock()
        self.parallelism = parallelism
        self.user_agent = user_agent
        self._transport = transport
        self._rest = Rest(transport, connection, authentication, self.clock, user_agent)
        self.blobs = Blobs(self._rest)
        self.watch = SessionWatch()
        self._submission = Submission(self, journal)
        self.prices: Sequence[Price] = PRICES

    def __repr__(self) -> str:
        return f"<Workspace {self.name!r} at {self.connection.endpoint}>"

    @property
    def subscription_id(self) -> str:
        """The subscription's GUID."""
        return self.connection.subscription_id

    @property
    def resource_group(self) -> str:
        """The resource group's name."""
        return self.connection.resource_group

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self.connection.name

    @property
    def location(self) -> str:
        """The region."""
        return self.connection.location

    def close(self) -> None:
        """Close the sessions that this process has opened and not closed, and give back connections."""
        self.watch.close_all()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # --- targets -------------------------------------------------------------------------------------------------

    @strict_keywords
    def get_targets(self, name: str | None = None, provider_id: str | None = None) -> Any:
        """Return the workspace's targets.

        Args:
            name: Only the target of this name.
            provider_id: Only targets of this provider.

        Returns:
            A list of targets; with a name, that one target.

        Raises:
            TargetNotFoundError: There is none of this name.
        """
        if name is not None:
            return self.get_target(name)
        return [
            Target(self, find_provider(provider.id.lower()), target, provider.id)
            for provider in self._providers()
            if provider_id is None or provider.id.lower() == provider_id.lower()
            for target in provider.targets
        ]

    def get_target(self, name: str) -> Target:
        """Return the target of this name.

        Raises:
            TargetNotFoundError: There is none; the error names what is near.
        """
        targets: list[Target] = self.get_targets()
        for target in targets:
            if target.name == name:
                return target
        names = [target.name for target in targets]
        advice = near(name, names)
        raise TargetNotFoundError(
            f"Workspace {self.name!r} has no target {name!r}. {advice}",
            name=name,
            close_matches=tuple(other for other in names if repr(other) in advice),
        )

    def _providers(self) -> list[ProviderStatus]:
        return [
            self._rest.read("GET /providerStatus", raw, ProviderStatus)
            for page in self._rest.pages("/providerStatus", {})
            for raw in page
        ]

    @strict_keywords
    def get_quotas(self) -> list[Quota]:
        """Return how much of each quota is used and left."""
        return [self._rest.read("GET /quotas", raw, Quota) for page in self._rest.pages("/quotas", {}) for raw in page]

    # --- jobs ----------------------------------------------------------------------------------------------------

    def get_job(self, job_id: str) -> Job:
        """Return a job, whoever sent it.

        Raises:
            NotFoundError: There is none of this id.
        """
        return Job(self, self.fetch_job(job_id))

    def cancel_job(self, job: Job) -> Job:
        """Ask the service to cancel a job."""
        return job.cancel()

    @strict_keywords
    def update_job(
        self,
        job: Job,
        *,
        name: str | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Job:
        """Change a job's name, priority or tags; what is None stays."""
        return job.update(name=name, priority=priority, tags=tags)

    def delete_job(self, job: Job | str) -> None:
        """Delete a job from the service."""
        self._rest.call("DELETE", f"/jobs/{segment(job if isinstance(job, str) else job.id)}")

    @strict_keywords
    def submit_all(
        self,
        target: Target | str,
        inputs: Sequence[object],
        *,
        names: Sequence[str] | None = None,
        shots: SupportsIndex | None = None,
        input_params: Mapping[str, Any] | None = None,
        session: Session | None = None,
    ) -> JobSet:
        """Send many programs to one target with bounded parallelism; see :meth:`Target.submit_all`."""
        chosen = self.get_target(target) if isinstance(target, str) else target
        return chosen.submit_all(inputs, names=names, shots=shots, input_params=input_params, session=session)

    def submit_payload(
        self,
        payload: Payload,
        target: Target,
        *,
        name: str,
        session: Session | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
        job_id: str | None = None,
    ) -> Job:
        """Send a payload in three calls; see :meth:`Submission.submit`."""
        return self._submission.submit(
            payload, target, name=name, session=session, priority=priority, tags=tags, job_id=job_id
        )

    def resume(self, *, send: bool = True) -> ResumedJobs:
        """Find out what became of the jobs that a crash left open in the journal; see :meth:`Submission.resume`."""
        return self._submission.resume(send=send)

    def create_job(self, job_id: str, body: Mapping[str, object]) -> bytes:
        """Create a job whose input is uploaded, and return what the service says of it."""
        return self._rest.call("PUT", f"/jobs/{segment(job_id)}", body=body)

    def costs(self, since: date | None = None) -> list[JobCost]:
        """Return what the service says that jobs have cost, the oldest first.

        Args:
            since: Only jobs created on this day or later.
        """
        return [
            JobCost(
                job.id,
                job.name,
                job.details.target,
                job.session_id,
                job.details.creation_time,
                job.details.cost_estimate.estimated_total if job.details.cost_estimate is not None else None,
                job.details.cost_estimate.currency_code if job.details.cost_estimate is not None else None,
                job.details.usage or {},
            )
            for job in self.list_jobs(created_after=since, orderby_property="CreationTime")
        ]

    def fetch_job(self, job_id: str) -> bytes:
        """Return what the service says of a job."""
        return self._rest.call("GET", f"/jobs/{segment(job_id)}")

    def send_cancel(self, job_id: str) -> bytes:
        """Cancel a job and return what the service says of it; older services say nothing and are asked."""
        return self._rest.call("POST", f"/jobs/{segment(job_id)}:cancel") or self.fetch_job(job_id)

    def send_update(
        self, job_id: str, *, name: str | None, priority: Priority | str | None, tags: Sequence[str] | None
    ) -> None:
        """Change a job's name, priority or tags."""
        body = {
            "name": name,
            "priority": str(priority) if priority is not None else None,
            "tags": tag_list(tags),
        }
        self._rest.call("PATCH", f"/jobs/{segment(job_id)}", body=said(body), content_type=_MERGE)

    # --- lists ---------------------------------------------------------------------------------------------------

    @strict_keywords
    def list_jobs(
        self,
        name_match: str | None = None,
        job_type: Sequence[str] | None = None,
        provider: Sequence[str] | None = None,
        target: Sequence[str] | None = None,
        status: Sequence[str] | None = None,
        created_after: date | None = None,
        created_before: date | None = None,
        orderby_property: str | None = None,
        is_asc: bool = True,  # noqa: FBT001, FBT002 - the official client's signature
    ) -> list[Job]:
        """Return the workspace's jobs, those in sessions too; the oldest first unless ordered otherwise.

        Args:
            name_match: Only jobs whose name starts so.
            job_type: Only jobs of these types.
            provider: Only jobs of these providers.
            target: Only jobs on these targets.
            status: Only jobs in these states.
            created_after: Only jobs created on this day or later.
            created_before: Only jobs created before the end of this day.
            orderby_property: Such as ``"Name"`` or ``"CreationTime"``.
            is_asc: Whether the order is ascending.
        """
        filter_ = matching(
            name_match=name_match,
            job_type=job_type,
            provider=provider,
            target=target,
            status=status,
            created_after=created_after,
            created_before=created_before,
        )
        return [Job(self, bytes(raw)) for raw in self._listed("/jobs", filter_, orderby_property, is_asc)]

    @strict_keywords
    def list_sessions(
        self,
        provider: Sequence[str] | None = None,
        target: Sequence[str] | None = None,
        status: Sequence[str] | None = None,
        created_after: date | None = None,
        created_before: date | None = None,
        orderby_property: str | None = None,
        is_asc: bool = True,  # noqa: FBT001, FBT002 - the official client's signature
    ) -> list[Session]:
        """Return the workspace's sessions; arguments as of :meth:`list_jobs`."""
        filter_ = matching(
            provider=provider,
            target=target,
            status=status,
            created_after=created_after,
            created_before=created_before,
        )
        return [Session(self, bytes(raw)) for raw in self._listed("/sessions", filter_, orderby_property, is_asc)]

    @strict_keywords
    def list_top_level_items(
        self,
        name_match: str | None = None,
        item_type: Sequence[str] | None = None,
        job_type: Sequence[str] | None = None,
        provider: Sequence[str] | None = None,
        target: Sequence[str] | None = None,
        status: Sequence[str] | None = None,
        created_after: date | None = None,
        created_before: date | None = None,
        orderby_property: str | None = None,
        is_asc: bool = True,  # noqa: FBT001, FBT002 - the official client's signature
    ) -> list[Job | Session]:
        """Return the workspace's sessions and the jobs that are in none; arguments as of :meth:`list_jobs`."""
        filter_ = matching(
            name_match=name_match,
            item_type=item_type,
            job_type=job_type,
            provider=provider,
            target=target,
            status=status,
            created_after=created_after,
            created_before=created_before,
        )
        items: list[Job | Session] = []
        for raw in self._listed("/topLevelItems", filter_, orderby_property, is_asc):
            kind = self._rest.read("GET /topLevelItems", raw, _Kind).itemType or ""
            items.append(Session(self, bytes(raw)) if kind.lower() == "session" else Job(self, bytes(raw)))
        return items

    @strict_keywords
    def list_session_jobs(
        self,
        session_id: str,
        name_match: str | None = None,
        status: Sequence[str] | None = None,
        orderby_property: str | None = None,
        is_asc: bool = True,  # noqa: FBT001, FBT002 - the official client's signature
    ) -> list[Job]:
        """Return a session's jobs, the oldest first unless ordered otherwise; arguments as of :meth:`list_jobs`."""
        filter_ = matching(name_match=name_match, status=status)
        path = f"/sessions/{segment(session_id)}/jobs"
        return [
            Job(self, bytes(raw)) for raw in self._listed(path, filter_, orderby_property or "CreationTime", is_asc)
        ]

    def job_pages(self, jobs: Sequence[Job]) -> Iterator[list[msgspec.Raw]]:
        """Walk through the pages of lists that hold these jobs, the newest first."""
        sessions = {job.session_id for job in jobs}
        latest = order("CreationTime", ascending=False)
        if len(sessions) == 1 and None not in sessions:
            path, filter_ = f"/sessions/{sessions.pop()}/jobs", None
        else:
            path, filter_ = "/jobs", any_of("Target", sorted({job.details.target for job in jobs}))
        return self._rest.pages(path, {"filter": filter_, "orderby": latest, "skip": "0", "top": _PAGE})

    def _listed(
        self,
        path: str,
        filter_: str | None,
        orderby_property: str | None,
        is_asc: bool,  # noqa: FBT001 - passed on
    ) -> Iterator[msgspec.Raw]:
        query = {"filter": filter_, "orderby": order(orderby_property, ascending=is_asc), "skip": "0", "top": _PAGE}
        for page in self._rest.pages(path, query):
            yield from page

    # --- sessions ------------------------------------------------------------------------------------------------

    def get_session(self, session_id: str) -> Session:
        """Return a session, whoever opened it.

        Raises:
            NotFoundError: There is none of this id.
        """
        return Session(self, self.fetch_session(session_id))

    def open_sessions(self) -> list[Session]:
        """Return the workspace's sessions that still take jobs, whoever opened them."""
        return [session for session in self.list_sessions() if not session.is_in_terminal_state()]

    def close_all_sessions(self) -> list[Session]:
        """Close every session of the workspace that still takes jobs, and return them.

        Raises:
            ServiceError: The service said no to one of them; the others are closed.
            TransportError: It said nothing.
        """
        sessions = self.open_sessions()
        failures: list[QSessionError] = []
        for session in sessions:
            try:
                session.close()
            except QSessionError as failure:
                failures.append(failure)
        raise_together(failures)
        return sessions

    def send_open(
        self,
        target: str,
        provider_id: str,
        *,
        session_id: str | None = None,
        name: str | None = None,
        job_failure_policy: str | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
    ) -> bytes:
        """Open a session and return what the service says of it."""
        session_id = session_id or str(uuid.uuid4())
        body = {
            "itemType": "Session",
            "name": name or f"session-{session_id}",
            "providerId": provider_id,
            "target": target,
            "jobFailurePolicy": str(job_failure_policy) if job_failure_policy is not None else None,
            "priority": str(priority) if priority is not None else None,
            "tags": tag_list(tags),
        }
        raw = self._rest.call("PUT", f"/sessions/{segment(session_id)}", body=said(body))
        _log.info("session %s opened on %s", session_id, target)
        return raw

    def fetch_session(self, session_id: str) -> bytes:
        """Return what the service says of a session."""
        return self._rest.call("GET", f"/sessions/{segment(session_id)}")

    def send_close(self, session_id: str) -> bytes:
        """Close a session and return what the service says of it."""
        return self._rest.call("POST", f"/sessions/{segment(session_id)}:close")


class _Kind(msgspec.Struct):
    itemType: str | None = None  # noqa: N815 - the wire's name
