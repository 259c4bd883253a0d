"""Lists of jobs and sessions: asked for with filters, written as tables or JSON."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from qsession_core.command.ids import newest_jobs, newest_sessions
from qsession_core.command.wire import as_told
from qsession_core.display.lists import job_table, session_table
from qsession_core.display.rows import job_row, session_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qsession_core.client.job import Job
    from qsession_core.client.session import Session
    from qsession_core.command.output import Output
    from qsession_core.connect import Workspace
    from qsession_core.display.rows import JobRow

__all__ = ["chosen_jobs", "chosen_sessions", "job_rows", "write_jobs", "write_sessions"]

_MOST_NAMES = 200  # sessions that are looked through for the names of those that jobs are in


def chosen_jobs(
    workspace: Workspace,
    *,
    status: Sequence[str] = (),
    target: Sequence[str] = (),
    session: str | None = None,
    tag: Sequence[str] = (),
    since: str | None = None,
    limit: int | None = None,
) -> list[Job]:
    """Return the newest jobs that fit.

    Args:
        workspace: The workspace.
        status: Only jobs in one of these states, in any letter case.
        target: Only jobs on one of these targets.
        session: Only jobs of the session of this id.
        tag: Only jobs that have all of these tags.
        since: Only jobs created at this time or later, as ``created_after`` of ``Workspace.list_jobs``.
        limit: At most this many; None for all.
    """
    from qsession_core.client.service.period import Period
    from qsession_core.client.service.query import matching

    period = Period.of(created_after=since)
    filter_ = matching(target=target, status=status, period=period, of="Job")
    jobs: Iterable[Job] = newest_jobs(workspace, filter_, session)
    fitting = (
        job for job in jobs if period.holds(job.details.creation_time) and set(tag) <= set(job.details.tags or ())
    )
    return list(islice(fitting, limit))


def chosen_sessions(
    workspace: Workspace,
    *,
    status: Sequence[str] = (),
    target: Sequence[str] = (),
    is_open: bool = False,
    since: str | None = None,
    limit: int | None = None,
) -> list[Session]:
    """Return the newest sessions that fit; arguments as for :func:`chosen_jobs`.

    Args:
        workspace: The workspace.
        status: Only sessions in one of these states.
        target: Only sessions on one of these targets.
        is_open: Only sessions that still take jobs.
        since: Only sessions opened at this time or later.
        limit: At most this many.
    """
    from qsession_core.client.service.period import Period
    from qsession_core.client.service.query import matching

    period = Period.of(created_after=since)
    filter_ = matching(target=target, status=status, period=period, of="Session")
    fitting = (
        session
        for session in newest_sessions(workspace, filter_)
        if period.holds(session.details.creation_time) and not (is_open and session.is_in_terminal_state())
    )
    return list(islice(fitting, limit))


def job_rows(workspace: Workspace, jobs: Iterable[Job], *, with_sessions: bool = True) -> list[JobRow]:
    """Return the rows of jobs; the names of their sessions cost one call, if there are any."""
    jobs = list(jobs)
    wanted = {job.session_id for job in jobs if job.session_id} if with_sessions else set()
    names: dict[str, str] = {}
    if wanted:
        for session in islice(newest_sessions(workspace), _MOST_NAMES):
            names[session.id] = session.name
            if wanted <= names.keys():
                break
    now = workspace.clock.now()
    return [
        job_row(job.details, shots=job.shots, is_terminal=job.has_completed(), now=now, sessions=names) for job in jobs
    ]


def write_jobs(output: Output, workspace: Workspace, jobs: Sequence[Job], *, whole_ids: bool = False) -> None:
    """Write a list of jobs."""
    output.objects(as_told(job) for job in jobs)
    if output.as_json or output.quiet:
        return
    if not jobs:
        output.remark("There is no such job.")
        return
    rows = job_rows(workspace, jobs)
    output.lines(job_table(rows, room=output.room, paint=output.paint, whole_ids=whole_ids))


def write_sessions(
    output: Output, workspace: Workspace, sessions: Sequence[Session], *, whole_ids: bool = False
) -> None:
    """Write a list of sessions."""
    output.objects(as_told(session) for session in sessions)
    if output.as_json or output.quiet:
        return
    if not sessions:
        output.remark("There is no such session.")
        return
    now = workspace.clock.now()
    rows = [session_row(session.details, is_terminal=session.is_in_terminal_state(), now=now) for session in sessions]
    output.lines(session_table(rows, room=output.room, paint=output.paint, whole_ids=whole_ids))
