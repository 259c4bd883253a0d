"""Lists of a workspace's jobs and sessions, as objects and as details."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from qsession_core.client.interface import WorkspaceParts
from qsession_core.client.job import Job
from qsession_core.client.service.period import Period
from qsession_core.client.service.query import matching
from qsession_core.client.service.spelling import check, odd_count
from qsession_core.client.session import Session, session_jobs
from qsession_core.keywords import strict_keywords

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qsession_core.client.service.models import JobDetails, SessionDetails
    from qsession_core.client.service.period import When

__all__ = ["ItemLists"]

Item = TypeVar("Item", bound=Job | Session)


class ItemLists(WorkspaceParts):
    """The lists of a workspace."""

    @strict_keywords
    def list_jobs(
        self,
        name_match: str | None = None,
        job_type: Sequence[str] | None = None,
        provider: Sequence[str] | None = None,
        target: Sequence[str] | None = None,
        status: Sequence[str] | None = None,
        created_after: When | None = None,
        created_before: When | None = None,
        orderby_property: str | None = None,
        is_asc: bool = True,  # noqa: FBT001, FBT002 - the official client's signature
    ) -> list[Job]:
        """Return the workspace's jobs, those in sessions too; the oldest first unless ordered otherwise.

        Args:
            name_match: Only jobs whose name starts with this.
            job_type: Only jobs of these types.
            provider: Only jobs of these providers.
            target: Only jobs on these targets.
            status: Only jobs in these states.
            created_after: Only jobs created at this time or later: a datetime (without a zone: in this machine's), a
                date (its whole day in UTC), or text of either in ISO 8601.
            created_before: Only jobs created before this time; of a date, before its end.
            orderby_property: Such as ``"Name"`` or ``"CreationTime"``.
            is_asc: Whether the order is ascending.
        """
        period = Period.of(created_after, created_before)
        filter_ = matching(
            name_match=name_match,
            job_type=job_type,
            provider=provider,
            target=target,
            status=status,
            period=period,
            of="Job",
        )
        jobs = [Job(self, raw) for raw in self.parts.calls.list_jobs(filter_, orderby_property, is_asc=is_asc)]
        return _within(period, jobs)

    @strict_keywords
    def list_sessions(
        self,
        provider: Sequence[str] | None = None,
        target: Sequence[str] | None = None,
        status: Sequence[str] | None = None,
        created_after: When | None = None,
        created_before: When | None = None,
        orderby_property: str | None = None,
        is_asc: bool = True,  # noqa: FBT001, FBT002 - the official client's signature
    ) -> list[Session]:
        """Return the workspace's sessions; arguments as for :meth:`list_jobs`."""
        period = Period.of(created_after, created_before)
        filter_ = matching(
            provider=provider,
            target=target,
            status=status,
            period=period,
            of="Session",
        )
        sessions = [
            Session.of(self, raw) for raw in self.parts.calls.list_sessions(filter_, orderby_property, is_asc=is_asc)
        ]
        return _within(period, sessions)

    @strict_keywords
    def list_top_level_items(
        self,
        name_match: str | None = None,
        item_type: Sequence[str] | None = None,
        job_type: Sequence[str] | None = None,
        provider: Sequence[str] | None = None,
        target: Sequence[str] | None = None,
        status: Sequence[str] | None = None,
        created_after: When | None = None,
        created_before: When | None = None,
        orderby_property: str | None = None,
        is_asc: bool = True,  # noqa: FBT001, FBT002 - the official client's signature
    ) -> list[Job | Session]:
        """Return the workspace's sessions and the jobs outside sessions; arguments as for :meth:`list_jobs`."""
        period = Period.of(created_after, created_before)
        filter_ = matching(
            name_match=name_match,
            item_type=item_type,
            job_type=job_type,
            provider=provider,
            target=target,
            status=status,
            period=period,
        )
        items = self.parts.calls.list_top_level_items(filter_, orderby_property, is_asc=is_asc)
        listed = [Session.of(self, raw) if kind == "session" else Job(self, raw) for kind, raw in items]
        return _within(period, listed)

    @strict_keywords
    def list_session_jobs(
        self,
        session_id: str,
        name_match: str | None = None,
        status: Sequence[str] | None = None,
        orderby_property: str | None = None,
        is_asc: bool = True,  # noqa: FBT001, FBT002 - the official client's signature
    ) -> list[Job]:
        """Return a session's jobs, the oldest first unless ordered otherwise; arguments as for :meth:`list_jobs`."""
        return session_jobs(self, session_id, name_match, status, orderby_property, is_asc=is_asc)

    @strict_keywords
    def list_jobs_paginated(
        self,
        *,
        name_match: str | None = None,
        job_type: Sequence[str] | None = None,
        provider: Sequence[str] | None = None,
        target: Sequence[str] | None = None,
        status: Sequence[str] | None = None,
        created_after: When | None = None,
        created_before: When | None = None,
        skip: int = 0,
        top: int = 100,
        orderby_property: str | None = None,
        is_asc: bool = True,
    ) -> Iterator[JobDetails]:
        """Return the details of the workspace's jobs one by one.

        Args:
            name_match: As for :meth:`list_jobs`, like those that follow.
            job_type: Job types.
            provider: Providers.
            target: Targets.
            status: States.
            created_after: The first time.
            created_before: The last time.
            skip: Leave out so many at the beginning.
            top: Ignored: the size of pages is the service's.
            orderby_property: The order.
            is_asc: Whether it is ascending.
        """
        check(odd_count("skip", skip), odd_count("top", top))
        jobs = self.list_jobs(
            name_match, job_type, provider, target, status, created_after, created_before, orderby_property, is_asc
        )
        return (job.details for job in jobs[skip:])

    @strict_keywords
    def list_sessions_paginated(
        self,
        *,
        provider: Sequence[str] | None = None,
        target: Sequence[str] | None = None,
        status: Sequence[str] | None = None,
        created_after: When | None = None,
        created_before: When | None = None,
        skip: int = 0,
        top: int = 100,
        orderby_property: str | None = None,
        is_asc: bool = True,
    ) -> Iterator[SessionDetails]:
        """Return the details of the workspace's sessions; arguments as for :meth:`list_jobs_paginated`."""
        check(odd_count("skip", skip), odd_count("top", top))
        sessions = self.list_sessions(provider, target, status, created_after, created_before, orderby_property, is_asc)
        return (session.details for session in sessions[skip:])

    @strict_keywords
    def list_top_level_items_paginated(
        self,
        *,
        name_match: str | None = None,
        item_type: Sequence[str] | None = None,
        job_type: Sequence[str] | None = None,
        provider: Sequence[str] | None = None,
        target: Sequence[str] | None = None,
        status: Sequence[str] | None = None,
        created_after: When | None = None,
        created_before: When | None = None,
        skip: int = 0,
        top: int = 100,
        orderby_property: str | None = None,
        is_asc: bool = True,
    ) -> Iterator[JobDetails | SessionDetails]:
        """Return the details of sessions and jobs outside; arguments as for :meth:`list_jobs_paginated`."""
        check(odd_count("skip", skip), odd_count("top", top))
        items = self.list_top_level_items(
            name_match,
            item_type,
            job_type,
            provider,
            target,
            status,
            created_after,
            created_before,
            orderby_property,
            is_asc,
        )
        return (item.details for item in items[skip:])

    @strict_keywords
    def list_session_jobs_paginated(
        self,
        *,
        session_id: str,
        name_match: str | None = None,
        status: Sequence[str] | None = None,
        skip: int = 0,
        top: int = 100,
        orderby_property: str | None = None,
        is_asc: bool = True,
    ) -> Iterator[JobDetails]:
        """Return the details of a session's jobs; arguments as for :meth:`list_jobs_paginated`."""
        check(odd_count("skip", skip), odd_count("top", top))
        jobs = self.list_session_jobs(session_id, name_match, status, orderby_property, is_asc)
        return (job.details for job in jobs[skip:])


def _within(period: Period, items: list[Item]) -> list[Item]:
    """Return the items that were created in a period."""
    if period == Period():
        return items  # their records are not read before they are needed
    return [item for item in items if period.holds(item.details.creation_time)]
