"""``qsession jobs export`` and ``prune``: the jobs of a directory that have ended, written to files or deleted."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qsession_core.command.frame import Amount, Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qsession_core.command.setting import Setting
    from qsession_core.local.workspace import LocalWorkspace

__all__ = ["export", "prune"]


@contextmanager
def _service(setting: Setting) -> Iterator[LocalWorkspace]:
    with setting.workspace() as workspace:
        if workspace.service is None:
            raise click.UsageError("This is for a local workspace in a directory: give --directory DIR.")
        yield workspace.service


@click.command(cls=Command)
@click.argument("folder", type=click.Path(file_okay=False))
@click.pass_obj
def export(setting: Setting, *, folder: str) -> None:
    """Write the ended jobs of a directory to a FOLDER.

    Each has a folder of its id there, with job.json and its blobs.
    """
    with _service(setting) as service:
        written = service.archive.export(Path(folder))
    setting.output.objects([{"jobs": written, "folder": folder}])
    setting.output.say(f"{written} jobs written to {folder}")


@click.command(cls=Command)
@click.option(
    "--days", type=Amount(min=0), required=True, help="Those that were created this many days ago or earlier."
)
@click.pass_obj
def prune(setting: Setting, *, days: float) -> None:
    """Delete ended jobs and sessions of a directory."""
    with _service(setting) as service:
        try:
            before = service.clock.now() - timedelta(days=days)
        except OverflowError as error:
            raise click.BadParameter(f"{days:g} days ago there was no calendar.") from error
        deleted = service.archive.prune(before)
    setting.output.objects([{"deleted": deleted}])
    setting.output.say(f"{deleted} jobs and sessions deleted")
