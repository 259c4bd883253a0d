"""``qsession submit``: a program of a file, sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qsession_core.command.completing import session_ids
from qsession_core.command.frame import INTERRUPTED, Amount, Command
from qsession_core.command.groups.jobs import wait_for
from qsession_core.command.groups.sessions import SESSION_VARIABLE
from qsession_core.command.listing import chosen_jobs, write_jobs
from qsession_core.command.programs import encoded_programs, located, of_program, parameters_of
from qsession_core.command.wire import as_told
from qsession_core.errors import BudgetExceededError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.client.job import Job
    from qsession_core.client.submitting.cost import Quote
    from qsession_core.command.programs import FileProgram
    from qsession_core.command.setting import Setting
    from qsession_core.connect import Workspace
    from qsession_core.formats import Payload

__all__ = ["submit"]


@click.command(cls=Command)
@of_program
@click.option("--name", help="The job's name; by default the file's.")
@click.option(
    "--session", metavar="ID", envvar=SESSION_VARIABLE, help="The session to join.", shell_complete=session_ids
)
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; may be repeated.")
@click.option("--priority", type=click.Choice(["standard", "high"]), help="Its place in the queue.")
@click.option("--max-cost", metavar="AMOUNT", type=Amount(min=0), help="Refuse if the estimate is higher.")
@click.option(
    "--dry-run", metavar="FOLDER", type=click.Path(file_okay=False), help="Write what would be sent; send nothing."
)
@click.option(
    "--journal", metavar="FILE", type=click.Path(dir_okay=False), help="Note the job here; see qsession resume."
)
@click.option("--no-check", is_flag=True, help="Send it though qsession check finds problems in it.")
@click.option("--wait", is_flag=True, help="Wait until it has ended.")
@click.pass_obj
def submit(
    setting: Setting,
    *,
    file: str,
    target: str,
    shots: int | None,
    input_data_format: str | None,
    params: Sequence[str],
    entry: str,
    name: str | None,
    session: str | None,
    tags: Sequence[str],
    priority: str | None,
    max_cost: float | None,
    dry_run: str | None,
    journal: str | None,
    no_check: bool,
    wait: bool,
) -> int:
    """Send a program and write its job's id.

    FILE is as for qsession check, which looks at it first; one with several circuits becomes several jobs. With --wait
    the exit code is 1 if a job failed.
    """
    from qsession_core.command.budgets import ESTIMATE, usage_of
    from qsession_core.command.ids import find_session
    from qsession_core.command.quoting import quote_of
    from qsession_core.command.reading import reading_of

    output = setting.output
    with setting.workspace(runs_jobs=wait, makes=True, journal=journal) as workspace:
        where = workspace.get_target(target)
        joined = None if session is None else find_session(workspace, session)
        encoded = encoded_programs(file, where, shots, input_data_format, parameters_of(params), entry)
        problems = [] if no_check else [one for _, payload in encoded for one in reading_of(payload, where).problems]
        if problems:
            raise located(file, problems)
        if dry_run is not None:
            _write_payloads(setting, Path(dry_run), encoded)
            return 0
        quotes = [quote_of(where, payload) for _, payload in encoded]
        _require_affordable(quotes, max_cost)
        if joined is not None:
            joined.parts.check_target(where.name)
            usage = usage_of(joined, chosen_jobs(workspace, session=joined.id))
            for (_, payload), quote in zip(encoded, quotes, strict=True):
                cost = 0.0 if isinstance(quote, str) else quote.amount
                if isinstance(quote, str) and usage.budget.max_cost is not None:
                    raise ConfigurationError(f"The session has a limit of cost. {quote}")
                usage.reserve(joined.id, "", payload.input_params["shots"], cost, usage.last_job_at)
        sent: list[Job] = []
        for (program, payload), quote in zip(encoded, quotes, strict=True):
            noted = {} if isinstance(quote, str) else {ESTIMATE: f"{quote.amount:.12g} {quote.unit}"}
            job = where.submit(
                replace(payload, metadata={**payload.metadata, **noted}),
                name=name or program.name,
                session=joined,
                priority=priority and priority.capitalize(),
                tags=list(tags) or None,
            )
            sent.append(job)
            if not wait:
                output.objects([as_told(job)])
                output.say(job.id)
        if not wait:
            _remark_on_directory(setting, workspace)
            return 0
        for job in sent:
            output.remark(f"{job.id}  {job.name}")
        code = wait_for(setting, sent)
        if code != INTERRUPTED:
            write_jobs(output, workspace, sent)
    return code


def _require_affordable(quotes: Sequence[Quote | str], limit: float | None) -> None:
    """Check the estimate of all jobs together against a limit.

    Raises:
        ConfigurationError: There is no estimate.
        BudgetExceededError: It is higher.
    """
    if limit is None:
        return
    total, unit = 0.0, ""
    for quote in quotes:
        if isinstance(quote, str):
            raise ConfigurationError(f"--max-cost needs an estimate. {quote}")
        total, unit = total + quote.amount, quote.unit
    if total > limit:
        raise BudgetExceededError(
            f"The estimate is {total:g} {unit}, more than --max-cost {limit:g}. Nothing was sent.",
            what="cost",
            asked=total,
            limit=limit,
        )


def _write_payloads(setting: Setting, folder: Path, encoded: Sequence[tuple[FileProgram, Payload]]) -> None:
    """Write what would be sent: the input as it is, and the rest of the job as JSON."""
    import json

    from qsession_core.command.groups.results import ending

    folder.mkdir(parents=True, exist_ok=True)
    for number, (program, payload) in enumerate(encoded):
        start = "job" if len(encoded) == 1 else f"job-{number}"
        data = folder / f"{start}.{ending(payload.data, payload.input_data_format)}"
        rest = {
            "name": program.name,
            "inputDataFormat": payload.input_data_format,
            "outputDataFormat": payload.output_data_format,
            "inputParams": dict(payload.input_params),
            "metadata": dict(payload.metadata),
        }
        data = data if data.suffix != ".json" else data.with_name(f"{start}-input.json")
        data.write_bytes(payload.data)
        (folder / f"{start}.json").write_text(json.dumps(rest, indent=2) + "\n", encoding="utf-8")
        setting.output.objects([{"input": str(data), "job": str(folder / f"{start}.json")}])
        setting.output.say(f"{data}\n{folder / f'{start}.json'}")


def _remark_on_directory(setting: Setting, workspace: Workspace) -> None:
    """Say how a job of a directory runs if no process runs jobs there."""
    from qsession_core.command.setting import is_in_use

    service = workspace.service
    if setting.given is None and service is not None and service.store.directory is not None:
        directory = service.store.directory
        if not is_in_use(directory):
            ways = f"{setting.again('jobs', 'wait', 'JOB')}, or {setting.again('serve')}"
            setting.output.remark(f"No process runs the jobs of {directory} now. One of these does: {ways}")
