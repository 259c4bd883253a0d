"""Rows of plain values: what a list of jobs, sessions, targets or quotas says of each.

A row is made of what the service tells, by any object that has its members.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

__all__ = ["ItemFacts", "JobFacts", "JobRow", "SessionRow", "job_row", "session_row"]


class _Error(Protocol):
    @property
    def code(self) -> str | None: ...
    @property
    def message(self) -> str | None: ...


class ItemFacts(Protocol):
    """A job or session as the service tells it; docs/protocol.md 4.1 has the members."""

    @property
    def id(self) -> str: ...  # noqa: D102 - the service's member, as those below
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def target(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def tags(self) -> Sequence[str] | None: ...  # noqa: D102
    @property
    def creation_time(self) -> datetime | None: ...  # noqa: D102
    @property
    def end_execution_time(self) -> datetime | None: ...  # noqa: D102


class JobFacts(ItemFacts, Protocol):
    """A job as the service tells it."""

    @property
    def session_id(self) -> str | None: ...  # noqa: D102
    @property
    def begin_execution_time(self) -> datetime | None: ...  # noqa: D102
    @property
    def error_data(self) -> _Error | None: ...  # noqa: D102


class JobRow(msgspec.Struct, frozen=True):
    """A job in a list.

    Attributes:
        id: Its id.
        name: Its name.
        target: Where it runs.
        state: The service's word for its state.
        shots: How many were asked for; None if it does not say.
        created: When it was created.
        waited: Seconds until it began to run, or until now; None if unknown.
        ran: Seconds for which it ran, or has run until now; None if it has not begun.
        session: The name of its session, or its id; empty for none.
        tags: Its tags.
        note: Why it failed; empty if it did not.
        began: When it began to run.
        ended: When it ended.
    """

    id: str
    name: str
    target: str
    state: str
    shots: int | None
    created: datetime | None
    waited: float | None
    ran: float | None
    session: str
    tags: tuple[str, ...]
    note: str
    began: datetime | None
    ended: datetime | None


class SessionRow(msgspec.Struct, frozen=True):
    """A session in a list.

    Attributes:
        id: Its id.
        name: Its name.
        target: Where its jobs run.
        state: The service's word for its state.
        jobs: How many jobs it has; None if not asked.
        created: When it was opened.
        lasted: Seconds until it ended, or until now; None if unknown.
        tags: Its tags.
        ended: When it ended.
    """

    id: str
    name: str
    target: str
    state: str
    jobs: int | None
    created: datetime | None
    lasted: float | None
    tags: tuple[str, ...]
    ended: datetime | None


def job_row(
    job: JobFacts, *, shots: int | None, is_terminal: bool, now: datetime, sessions: Mapping[str, str] | None = None
) -> JobRow:
    """Return the row of a job.

    Args:
        job: What the service tells of it.
        shots: How many were asked for.
        is_terminal: Whether its state will not change any more.
        now: The time, for what still lasts.
        sessions: Names of sessions by id.
    """
    began, ended = job.begin_execution_time, job.end_execution_time
    stopped = ended or (None if is_terminal else now)
    session_id = job.session_id or ""
    return JobRow(
        job.id,
        job.name,
        job.target,
        job.status,
        shots,
        job.creation_time,
        _seconds(job.creation_time, began or stopped),
        _seconds(began, stopped),
        (sessions or {}).get(session_id) or session_id[:8],
        tuple(job.tags or ()),
        _reason(job.error_data),
        began,
        ended,
    )


def session_row(session: ItemFacts, *, is_terminal: bool, now: datetime, jobs: int | None = None) -> SessionRow:
    """Return the row of a session.

    Args:
        session: What the service tells of it.
        is_terminal: Whether it takes no more jobs.
        now: The time, for what still lasts.
        jobs: How many jobs it has, if known.
    """
    return SessionRow(
        session.id,
        session.name,
        session.target,
        session.status,
        jobs,
        session.creation_time,
        _seconds(session.creation_time, session.end_execution_time or (None if is_terminal else now)),
        tuple(session.tags or ()),
        session.end_execution_time,
    )


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """Return the seconds between two times; None if one is unknown or cannot be compared."""
    if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None):
        return None
    return max(0.0, (end - start).total_seconds())


def _reason(error: _Error | None) -> str:
    reason = ": ".join(filter(None, (error.code, error.message))) if error is not None else ""
    return " ".join(reason.split())
