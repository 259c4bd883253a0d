"""``qsession watch``: a list of jobs that is drawn again and again."""

from __future__ import annotations

import shutil
from itertools import islice
from typing import TYPE_CHECKING

import click

from qsession_core.command.completing import session_ids
from qsession_core.command.frame import Amount, Command
from qsession_core.command.ids import find_session, newest_jobs
from qsession_core.command.listing import job_rows
from qsession_core.command.wire import as_told
from qsession_core.display.lists import job_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.client.job import Job
    from qsession_core.command.setting import Setting
    from qsession_core.connect import Workspace

__all__ = ["watch"]

_HOME_AND_CLEAR = "\x1b[H\x1b[J"
_FRAME = 3  # lines of a terminal that are not jobs


@click.command(cls=Command)
@click.argument("session", required=False, shell_complete=session_ids)
@click.option(
    "--interval",
    metavar="SECONDS",
    type=Amount(min=0.2),
    default=2.0,
    show_default=True,
    help="Between two looks.",
)
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=1), default=20, show_default=True, help="At most this many jobs."
)
@click.option("--until-done", is_flag=True, help="End when none of the jobs waits or runs.")
@click.pass_obj
def watch(setting: Setting, *, session: str | None, interval: float, limit: int, until_done: bool) -> int:
    """Watch the newest jobs, or those of a session, until Ctrl-C. A look is one call.

    On a terminal the list is drawn again; into a file or pipe a list is written when it has changed. The exit code with
    --until-done is 1 if one of the jobs failed.
    """
    with setting.workspace() as workspace:
        session_id = None if session is None else find_session(workspace, session).id
        before: list[bytes] = []
        while True:
            found = list(islice(newest_jobs(workspace, session_id=session_id), limit))
            told = [job.details.raw for job in found]
            if setting.output.is_terminal or told != before:
                _draw(setting, workspace, found)
            before = told
            if until_done and all(job.has_completed() for job in found):
                return 0 if all(job.has_succeeded() for job in found) else 1
            workspace.clock.sleep(interval)


def _draw(setting: Setting, workspace: Workspace, jobs: Sequence[Job]) -> None:
    output = setting.output
    output.objects(as_told(job) for job in jobs)
    if output.as_json or output.quiet:
        return
    rows = job_rows(workspace, jobs, with_sessions=False)
    lines = job_table(rows, room=output.room, paint=output.paint) if rows else ["no jobs"]
    ended = sum(job.has_completed() for job in jobs)
    head = f"{workspace.name} at {workspace.clock.now():%Y-%m-%d %H:%M:%S %Z}: {len(jobs)} jobs, {ended} ended"
    if output.is_terminal:
        height = max(1, shutil.get_terminal_size().lines - _FRAME)
        output.lines([f"{_HOME_AND_CLEAR}{head}", *lines[:height]])
    else:
        output.lines([head, *lines, ""])
