"""``qsession run``: a program for Azure Quantum, unchanged, offline, recorded or replayed."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qsession_core.command.frame import Command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qsession_core.command.output import Output
    from qsession_core.command.setting import Setting
    from qsession_core.local import LocalWorkspace

__all__ = ["run"]


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


@contextmanager
def _page_of(output: Output, workspace: LocalWorkspace) -> Iterator[None]:
    """Serve the page of a workspace, on loopback, and say where."""
    from qsession_core.command.groups.serving import page_link, with_page
    from qsession_core.local.http_server import Server

    with Server(with_page(workspace, is_lab=False)) as server:
        at = workspace.connection
        output.remark(f"qsession: the page of {at.name}: {page_link(server.endpoint, at.api_key)}")
        yield


@click.command(cls=Command, context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[ARGS]...")
@click.option("--record", metavar="BUNDLE", type=click.Path(), help="Run it on Azure, and write what is said.")
@click.option("--replay", metavar="BUNDLE", type=click.Path(), help="Run it on what was recorded.")
@click.option("--allow", "allowed", metavar="HOST", multiple=True, help="Let this host through, untouched.")
@click.option("--seed", type=int, help="Make all sampling repeatable.")
@click.option("--targets", metavar="FILE", type=click.Path(), help="A TOML file of targets to add or change.")
@click.option("--faults", metavar="FILE", type=click.Path(), help="A TOML file of failures on request.")
@click.option("--page", is_flag=True, help="Show each workspace in the browser while it runs.")
@click.pass_obj
def run(
    setting: Setting,
    *,
    command: Sequence[str],
    record: str | None,
    replay: str | None,
    allowed: Sequence[str],
    seed: int | None,
    targets: str | None,
    faults: str | None,
    page: bool,
) -> int:
    """Run a command for which Azure Quantum is a local workspace.

    Nothing in the command changes, and nothing leaves this machine: it signs in, finds any workspace that it names,
    submits jobs and reads results. The workspaces are in memory, or in the directory of --directory. Whatever the
    command starts ends with it, and its exit code is that of this command.

    With --record it runs on Azure, with your credentials; with --replay, on the answers that were recorded.
    """
    from qsession_core.intercept.run import RunOptions
    from qsession_core.intercept.run import run as carried_out

    if setting.connection_string_file is not None:
        raise click.UsageError("A command runs on local workspaces; give --directory, or nothing.")
    directory = setting.local_directory(setting.chosen_profile())
    return carried_out(
        command,
        RunOptions(
            directory=directory,
            seed=seed,
            targets=_path(targets),
            faults=_path(faults),
            record=_path(record),
            replay=_path(replay),
            shown=partial(_page_of, setting.output) if page else None,
            allowed=tuple(allowed),
            tell=setting.output.remark,
        ),
    )
