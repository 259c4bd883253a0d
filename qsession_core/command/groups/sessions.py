"""``qsession sessions``: list, show, open, attach, close."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qsession_core.command.completing import session_ids, target_names
from qsession_core.command.frame import Amount, Group
from qsession_core.command.ids import find_session, find_sessions
from qsession_core.command.listing import chosen_jobs, chosen_sessions, write_jobs, write_sessions
from qsession_core.command.wire import as_told
from qsession_core.display.rows import session_row
from qsession_core.display.table import Column, table
from qsession_core.display.text import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.client.session import Session
    from qsession_core.command.setting import Setting
    from qsession_core.connect import Workspace

__all__ = ["SESSION_VARIABLE", "sessions"]

SESSION_VARIABLE = "QSESSION_SESSION"


@click.group(cls=Group, default="list")
def sessions() -> None:
    """Sessions: jobs on one target that are queued together.

    A session is named by its id, or by 6 or more characters that begin no other id.
    """


@sessions.command("list")
@click.option("--open", "is_open", is_flag=True, help="Only sessions that still take jobs.")
@click.option("--status", multiple=True, metavar="STATE", help="Only sessions in this state; may be repeated.")
@click.option(
    "--target", multiple=True, metavar="NAME", help="Only sessions on this target.", shell_complete=target_names
)
@click.option("--since", metavar="TIME", help="Only sessions opened since this day or time (ISO 8601).")
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=1), default=20, show_default=True, help="At most this many."
)
@click.option("--all", "everything", is_flag=True, help="Without a limit.")
@click.option("--whole-ids", is_flag=True, help="Show ids whole.")
@click.pass_obj
def list_(
    setting: Setting,
    *,
    is_open: bool,
    status: Sequence[str],
    target: Sequence[str],
    since: str | None,
    limit: int,
    everything: bool,
    whole_ids: bool,
) -> None:
    """List sessions, the newest first."""
    with setting.workspace() as workspace:
        found = chosen_sessions(
            workspace,
            status=status,
            target=target,
            is_open=is_open,
            since=since,
            limit=None if everything else limit,
        )
        write_sessions(setting.output, workspace, found, whole_ids=whole_ids)


@sessions.command()
@click.argument("session", shell_complete=session_ids)
@click.pass_obj
def show(setting: Setting, *, session: str) -> None:
    """Show a session, what is left of its budget, and its jobs."""
    with setting.workspace() as workspace:
        found = find_session(workspace, session)
        setting.output.objects([as_told(found)])
        if setting.output.as_json or setting.output.quiet:
            return
        jobs = chosen_jobs(workspace, session=found.id)
        rows = [(what, text) for what, text in _facts(workspace, found, len(jobs)) if text]
        rows += [("budget", left)] if (left := _left(found, workspace)) else []
        setting.output.lines(table((Column(""), Column("", least=20, wraps=True)), rows, room=setting.output.room))
        if jobs:
            setting.output.lines([""])
            write_jobs(setting.output, workspace, jobs)


def _facts(workspace: Workspace, session: Session, jobs: int) -> list[tuple[str, str]]:
    row = session_row(session.details, is_terminal=session.is_in_terminal_state(), now=workspace.clock.now(), jobs=jobs)
    return [
        ("id", row.id),
        ("name", row.name),
        ("target", row.target),
        ("state", row.state),
        ("policy", session.details.job_failure_policy or ""),
        ("opened", "" if row.created is None else f"{row.created:%Y-%m-%d %H:%M:%S %Z}"),
        ("lasted", duration(row.lasted)),
        ("jobs", str(jobs)),
        ("tags", ", ".join(row.tags)),
    ]


def _left(session: Session, workspace: Workspace) -> str:
    from qsession_core.command.budgets import left_of

    return left_of(session, chosen_jobs(workspace, session=session.id))


@sessions.command("open")
@click.option("--target", required=True, metavar="NAME", help="Where its jobs run.", shell_complete=target_names)
@click.option("--name", help="Its name.")
@click.option(
    "--on-failure",
    type=click.Choice(["abort", "continue"]),
    help="Whether a job that fails ends it; by default the service decides, which is abort.",
)
@click.option("--priority", type=click.Choice(["standard", "high"]), help="Its place in the queue.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; may be repeated.")
@click.option("--max-jobs", metavar="N", type=click.IntRange(min=0), help="At most this many jobs.")
@click.option(
    "--max-shots", metavar="N", type=click.IntRange(min=0), help="At most this many shots in all jobs together."
)
@click.option("--max-time", type=Amount(min=0), metavar="SECONDS", help="Take jobs for this long.")
@click.option(
    "--max-cost",
    metavar="AMOUNT",
    type=Amount(min=0),
    help="At most this cost, by estimate, in the target's unit.",
)
@click.pass_obj
def open_(
    setting: Setting,
    *,
    target: str,
    name: str | None,
    on_failure: str | None,
    priority: str | None,
    tags: Sequence[str],
    max_jobs: int | None,
    max_shots: int | None,
    max_time: float | None,
    max_cost: float | None,
) -> None:
    """Open a session and write its id. It stays open until it is closed, or ten minutes pass without a job.

    Its budget is kept in its tags; qsession submit --session refuses what would exceed it.
    """
    from qsession_core.client.budget import Budget
    from qsession_core.command.budgets import tags_of

    noted = tags_of(Budget(max_jobs, max_shots, max_time, max_cost))
    with setting.workspace(makes=True) as workspace:
        session = workspace.get_target(target).open_session(
            name=name,
            job_failure_policy=on_failure and on_failure.capitalize(),
            priority=priority and priority.capitalize(),
            tags=[*tags, *noted] or None,
            max_cost=max_cost,
        )
        workspace.parts.watch.remove(session.id)  # else it would be closed when this process ends
    setting.output.objects([as_told(session)])
    setting.output.say(session.id)


@sessions.command()
@click.argument("session", shell_complete=session_ids)
@click.pass_obj
def attach(setting: Setting, *, session: str) -> None:
    """Let the jobs that this shell submits join a session.

    It writes a line for the shell: eval "$(qsession sessions attach ID)".
    """
    with setting.workspace() as workspace:
        found = find_session(workspace, session)
        found.parts.check_target(found.target)
        setting.output.objects([as_told(found)])
        setting.output.say(f"export {SESSION_VARIABLE}={found.id}")
        left = _left(found, workspace)
        setting.output.remark(
            f"Jobs on {found.target} join session {found.name!r}{f'; used: {left}' if left else ''}. "
            f"unset {SESSION_VARIABLE} ends that."
        )


@sessions.command()
@click.argument("names", metavar="[SESSION]...", nargs=-1, shell_complete=session_ids)
@click.option("--all", "everything", is_flag=True, help="All that are open.")
@click.pass_obj
def close(setting: Setting, *, names: Sequence[str], everything: bool) -> None:
    """Close sessions: they take no more jobs. Jobs that they have go on."""
    from qsession_core.errors import QSessionError, raise_together

    if bool(names) == everything:
        raise click.UsageError("Name the sessions to close, or give --all.")
    failures: list[QSessionError] = []
    closed: list[Session] = []
    going_on = 0
    with setting.workspace() as workspace:
        for session in workspace.open_sessions() if everything else find_sessions(workspace, names):
            try:
                if session.is_in_terminal_state():
                    setting.output.say(f"{session.id}  {session.name}: {session.status} already")
                    continue
                going_on += sum(not job.has_completed() for job in chosen_jobs(workspace, session=session.id))
                closed.append(session.close())
            except QSessionError as failure:
                failures.append(failure)
        setting.output.objects(as_told(session) for session in closed)
    if closed or everything:
        jobs = f"; {_number(going_on, 'job')} {'goes' if going_on == 1 else 'go'} on" if going_on else ""
        setting.output.say(f"closed {_number(len(closed), 'session')}{jobs}")
    raise_together(failures)


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
