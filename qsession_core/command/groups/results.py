"""``qsession jobs results`` and ``download``: what jobs have given, shown or written to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qsession_core.command.completing import job_ids
from qsession_core.command.frame import Command
from qsession_core.command.ids import find_jobs
from qsession_core.display.bars import bars
from qsession_core.display.lists import short_ids
from qsession_core.display.table import Column, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.client.job import Job
    from qsession_core.command.output import Output
    from qsession_core.command.setting import Setting
    from qsession_core.results.result import Result

__all__ = ["download", "ending", "results"]

_ROOM = 80  # where the terminal's width is not known


@click.command(cls=Command)
@click.argument("names", metavar="JOB...", nargs=-1, required=True, shell_complete=job_ids)
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values: outcome, count of each job.")
@click.option("--memory", is_flag=True, help="One outcome a line, for each shot.")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=1),
    default=32,
    show_default=True,
    help="At most this many outcomes.",
)
@click.pass_obj
def results(setting: Setting, *, names: Sequence[str], as_csv: bool, memory: bool, limit: int) -> None:
    """Show the results of jobs.

    One job has bars; several stand side by side. Bit 0 is the first character.

    Jobs that have not ended are not waited for: see qsession jobs wait.
    """
    if as_csv and memory:
        raise click.UsageError("--csv and --memory are two forms of the same results; give one of them.")
    with setting.workspace() as workspace:
        found = _titled(find_jobs(workspace, names))
    output = setting.output
    if memory:
        _write_memory(output, found)
        return
    counts = {title: _counts(result) for title, result in found.items()}
    output.objects({"id": title, "shots": result.shots, "counts": counts[title]} for title, result in found.items())
    if output.as_json:
        return
    outcomes = sorted({outcome for one in counts.values() for outcome in one})
    if as_csv:
        output.csv(
            ["outcome", *counts], [[outcome, *(one.get(outcome, 0) for one in counts.values())] for outcome in outcomes]
        )
    elif len(counts) == 1:
        ((title, one),) = counts.items()
        output.lines(bars(one, room=output.room or _ROOM, most=limit, blocks=output.has_blocks))
        _remark_on(output, found[title])
    else:
        _write_side_by_side(output, counts, outcomes, limit)


def _titled(jobs: Sequence[Job]) -> dict[str, Result]:
    """Return the results of jobs by short id; a job of several programs has one for each, with its number.

    Raises:
        JobError: A job has no result; the error of the first, with those of the others as notes.
    """
    from qsession_core.errors import QSessionError, WaitTimeoutError, raise_together

    ids = short_ids([job.id for job in jobs])
    found: dict[str, Result] = {}
    failures: list[QSessionError] = []
    for job in jobs:
        try:
            if not job.has_completed():
                raise WaitTimeoutError(
                    f"Job {job.id} ({job.name!r}) is {job.status}; it has no result yet. Wait for it: "
                    f"qsession jobs wait {ids[job.id]}",
                    job_id=job.id,
                    status=str(job.status),
                )
            several = job.results()
        except QSessionError as failure:
            failures.append(failure)
            continue
        for number, result in enumerate(several):
            found[ids[job.id] if len(several) == 1 else f"{ids[job.id]}[{number}]"] = result
    raise_together(failures)
    return found


def _counts(result: Result) -> Mapping[str, int]:
    return result.raw_counts if result.lost_shots else result.counts


def _remark_on(output: Output, result: Result) -> None:
    if result.lost_shots:
        output.remark(f"{result.lost_shots} shots lost a qubit; - stands for it.")
    if result.errors:
        output.remark(f"{len(result.errors)} shots ended in an error and are not shown.")


def _write_memory(output: Output, found: Mapping[str, Result]) -> None:
    if output.as_json:
        output.objects({"id": title, "memory": result.raw_memory or result.memory()} for title, result in found.items())
        return
    for result in found.values():
        if result.memory_is_synthetic:
            output.remark("The provider gives no single shots; these are made of its histogram, the same each time.")
        output.say("\n".join(result.raw_memory or result.memory()))


def _write_side_by_side(
    output: Output, counts: Mapping[str, Mapping[str, int]], outcomes: Sequence[str], limit: int
) -> None:
    chosen = outcomes
    if len(outcomes) > limit:
        totals = {outcome: sum(one.get(outcome, 0) for one in counts.values()) for outcome in outcomes}
        chosen = sorted(outcomes, key=lambda outcome: -totals[outcome])[:limit]
    columns = [Column("OUTCOME"), *(Column(title, right=True) for title in counts)]
    rows = [[outcome, *(str(one.get(outcome, 0)) for one in counts.values())] for outcome in chosen]
    output.lines(table(columns, rows, room=output.room))
    if len(outcomes) > len(chosen):
        output.remark(f"{len(outcomes) - len(chosen)} more outcomes; --limit or --csv shows them.")


@click.command(cls=Command)
@click.argument("names", metavar="JOB...", nargs=-1, required=True, shell_complete=job_ids)
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.pass_obj
def download(setting: Setting, *, names: Sequence[str], folder: str, force: bool) -> None:
    """Write jobs to a FOLDER.

    Each has a folder of its id there, with job.json, its input and its output.
    """
    with setting.workspace() as workspace:
        for job in find_jobs(workspace, names):
            files = _files(job)
            place = Path(folder) / job.id
            there = [name for name in files if (place / name).exists()]
            if there and not force:
                raise click.UsageError(f"{place} has {', '.join(there)} already; --force replaces them.")
            place.mkdir(parents=True, exist_ok=True)
            for name, data in files.items():
                (place / name).write_bytes(data)
            setting.output.objects([{"id": job.id, "folder": str(place), "files": list(files)}])
            setting.output.say(f"{place}: {', '.join(files)}")


def _files(job: Job) -> dict[str, bytes]:
    """Return the files of a job by their names here; no name comes from the service."""
    import json

    from qsession_core.command.wire import as_told
    from qsession_core.display.text import escaped

    files = {"job.json": escaped(json.dumps(as_told(job), indent=2, ensure_ascii=False)).encode() + b"\n"}
    details = job.details
    if details.input_data_uri:
        data = job.workspace.parts.calls.blobs.download(details.input_data_uri)
        files[f"input.{ending(data, details.input_data_format)}"] = data
    if job.has_succeeded():
        data = job.download_results()
        files[f"output.{ending(data, details.output_data_format or '')}"] = data
    return files


def ending(data: bytes, format_: str) -> str:
    """Return the ending of a file's name that fits its bytes."""
    if data.startswith(b"BC\xc0\xde"):
        return "bc"
    if data.lstrip()[:1] in {b"{", b"["}:
        return "json"
    endings = {"qir.v1": "ll", "honeywell.openqasm.v1": "qasm", "rigetti.quil.v1": "quil"}
    return endings.get(format_, "txt")
