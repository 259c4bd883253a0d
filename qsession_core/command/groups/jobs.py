"""``qsession jobs``: list, show, wait, cancel; results and archives are in files of their own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from qsession_core.command.completing import job_ids, session_ids, target_names
from qsession_core.command.frame import INTERRUPTED, Amount, Group
from qsession_core.command.groups.archives import export, prune
from qsession_core.command.groups.results import download, results
from qsession_core.command.ids import find_jobs, find_session
from qsession_core.command.listing import chosen_jobs, job_rows, write_jobs
from qsession_core.command.wire import as_told
from qsession_core.display.bars import bar
from qsession_core.display.lists import short_ids
from qsession_core.display.table import Column, table
from qsession_core.display.text import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.client.job import Job
    from qsession_core.command.setting import Setting

__all__ = ["jobs", "wait_for"]

_BAR_COLUMNS = 24


@click.group(cls=Group, default="list")
def jobs() -> None:
    """Jobs: list, watch over, fetch, cancel.

    A job is named by its id, or by 6 or more characters that begin no other id.
    """


@jobs.command("list")
@click.option("--status", multiple=True, metavar="STATE", help="Only jobs in this state; may be repeated.")
@click.option("--target", multiple=True, metavar="NAME", help="Only jobs on this target.", shell_complete=target_names)
@click.option("--session", metavar="ID", help="Only jobs of this session.", shell_complete=session_ids)
@click.option("--tag", multiple=True, metavar="TAG", help="Only jobs with this tag.")
@click.option("--since", metavar="TIME", help="Only jobs created since this day or time (ISO 8601).")
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=1), default=20, show_default=True, help="At most this many."
)
@click.option("--all", "everything", is_flag=True, help="Without a limit.")
@click.option("--whole-ids", is_flag=True, help="Show ids whole.")
@click.pass_obj
def list_(
    setting: Setting,
    *,
    status: Sequence[str],
    target: Sequence[str],
    session: str | None,
    tag: Sequence[str],
    since: str | None,
    limit: int,
    everything: bool,
    whole_ids: bool,
) -> None:
    """List jobs, the newest first."""
    with setting.workspace() as workspace:
        session_id = None if session is None else find_session(workspace, session).id
        found = chosen_jobs(
            workspace,
            status=status,
            target=target,
            session=session_id,
            tag=tag,
            since=since,
            limit=None if everything else limit,
        )
        write_jobs(setting.output, workspace, found, whole_ids=whole_ids)


@jobs.command()
@click.argument("job", shell_complete=job_ids)
@click.pass_obj
def show(setting: Setting, *, job: str) -> None:
    """Show what the service knows of a job."""
    with setting.workspace() as workspace:
        (found,) = find_jobs(workspace, [job])
        setting.output.objects([as_told(found)])
        if setting.output.as_json or setting.output.quiet:
            return
        (row,) = job_rows(workspace, [found])
        details = found.details
        cost = details.cost_estimate
        facts = [
            ("id", found.id),
            ("name", row.name),
            ("target", row.target),
            ("state", row.state),
            ("why", row.note),
            ("session", f"{row.session} ({found.session_id})" if found.session_id else ""),
            ("shots", "" if row.shots is None else str(row.shots)),
            ("format", details.input_data_format),
            ("created", "" if row.created is None else f"{row.created:%Y-%m-%d %H:%M:%S %Z}"),
            ("waited", duration(row.waited)),
            ("ran", duration(row.ran)),
            (
                "cost",
                f"{cost.estimated_total:g} {cost.currency_code or ''}"
                if cost and cost.estimated_total is not None
                else "",
            ),
            ("tags", ", ".join(row.tags)),
            ("priority", details.priority or ""),
            ("created by", details.created_by or ""),
        ]
    rows = [(what, text) for what, text in facts if text and text != "-"]
    setting.output.lines(table((Column(""), Column("", least=20, wraps=True)), rows, room=setting.output.room))


@jobs.command()
@click.argument("names", metavar="JOB...", nargs=-1, required=True, shell_complete=job_ids)
@click.option("--timeout", type=Amount(min=0), metavar="SECONDS", help="Wait at most this long.")
@click.pass_obj
def wait(setting: Setting, *, names: Sequence[str], timeout: float | None) -> int:
    """Wait until jobs have ended, and list them.

    Ctrl-C stops waiting; the jobs go on. The exit code is 1 if a job failed, was cancelled, or still runs after the
    timeout.
    """
    with setting.workspace(runs_jobs=True) as workspace:
        found = find_jobs(workspace, names)
        code = wait_for(setting, found, timeout)
        if code != INTERRUPTED:
            write_jobs(setting.output, workspace, found)
    return code


def wait_for(setting: Setting, jobs: Sequence[Job], timeout: float | None = None) -> int:
    """Wait for jobs, with a bar on a terminal.

    Returns:
        0 if all succeeded; 1 if one did not, or still runs; 130 if the waiting was interrupted.
    """
    from qsession_core.client.job_set import JobSet
    from qsession_core.errors import WaitTimeoutError

    output, workspace = setting.output, jobs[0].workspace
    began = workspace.clock.monotonic()
    has_bar = sys.stderr.isatty() and not output.quiet

    def progress(done: int, total: int) -> None:
        if has_bar:
            shown = bar(done / total, _BAR_COLUMNS, blocks=output.has_blocks).ljust(_BAR_COLUMNS)
            passed = duration(workspace.clock.monotonic() - began)
            click.echo(f"\r{shown}  {done} of {total} jobs, {passed} \x1b[K", err=True, nl=False)

    progress(0, len(jobs))
    try:
        JobSet(workspace, jobs).wait(timeout, progress=progress)
    except KeyboardInterrupt:
        left = [job.id for job in jobs if not job.has_completed()]
        ids = [short_ids([job.id for job in jobs])[job_id] for job_id in left]
        _clear(has_bar)
        way = f" Come back with: {setting.again('jobs', 'wait', *ids)}" if left else ""
        output.remark(f"Stopped waiting. {_continue(len(left))}{way}")
        return INTERRUPTED
    except WaitTimeoutError as error:
        _clear(has_bar)
        output.remark(str(error))
        return 1
    _clear(has_bar)
    return 0 if all(job.has_succeeded() for job in jobs) else 1


def _continue(number: int) -> str:
    if not number:
        return "All jobs have ended."
    return "The job continues." if number == 1 else f"{number} jobs continue."


def _clear(has_bar: bool) -> None:  # noqa: FBT001 - one fact
    if has_bar:
        click.echo("\r\x1b[K", err=True, nl=False)


@jobs.command()
@click.argument("names", metavar="JOB...", nargs=-1, required=True, shell_complete=job_ids)
@click.pass_obj
def cancel(setting: Setting, *, names: Sequence[str]) -> None:
    """Ask the service to cancel jobs. One that is executing may still end with a result."""
    from qsession_core.errors import QSessionError, raise_together

    failures: list[QSessionError] = []
    with setting.workspace() as workspace:
        for job in find_jobs(workspace, names):
            if job.has_completed():
                setting.output.say(f"{job.id}  {job.name}: {job.status} already")
                continue
            try:
                job.cancel()
            except QSessionError as failure:
                failures.append(failure)
                continue
            setting.output.objects([as_told(job)])
            setting.output.say(f"{job.id}  {job.name}: {job.status}")
    raise_together(failures)


for _command in (results, download, export, prune):
    jobs.add_command(_command)
