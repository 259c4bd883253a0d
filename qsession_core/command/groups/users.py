"""``qsession users``: the people who may use a workspace that is served."""

from __future__ import annotations

import json
import os
import secrets
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qsession_core.command.frame import Amount, Group
from qsession_core.display.table import Column, table
from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.command.setting import Setting

__all__ = ["users"]

_FILE = click.option(
    "--users", "file", metavar="FILE", type=click.Path(dir_okay=False), help="The file; by default that of --directory."
)
_NOBODY = 4


@click.group(cls=Group, default="list")
def users() -> None:
    """People who may use a served workspace.

    Each has a key of their own, a role and quotas. `qsession serve --users FILE` reads them.
    """


@users.command()
@click.argument("name")
@click.option("--role", type=click.Choice(["admin", "member", "viewer"]), default="member", show_default=True)
@click.option("--jobs", type=click.IntRange(min=0), help="Jobs in 24 hours, at most.")
@click.option("--shots", type=click.IntRange(min=0), help="Shots of all of these, at most.")
@click.option("--seconds", type=Amount(min=0), help="Simulated seconds of all of these, at most.")
@_FILE
@click.pass_obj
def add(
    setting: Setting,
    name: str,
    *,
    role: str,
    jobs: int | None,
    shots: int | None,
    seconds: float | None,
    file: str | None,
) -> None:
    """Add a person and write their key.

    The key is kept nowhere: only its hash is in the file. A server that runs knows them a second later. Adding somebody
    again gives them a new key.
    """
    from qsession_core.local.people import key_hash

    path = _path(setting, file)
    key = secrets.token_urlsafe(32)
    limits = {"jobs": jobs, "shots": shots, "seconds": seconds}
    row = {"key": key_hash(key), "role": role, **{what: limit for what, limit in limits.items() if limit is not None}}
    _write(path, {**_tables(path), name: row})
    setting.output.objects([{"name": name, "role": role, "key": key}])
    setting.output.lines([key])


@users.command(name="list")
@_FILE
@click.pass_obj
def list_users(setting: Setting, *, file: str | None) -> None:
    """List the people and their quotas."""
    from qsession_core.local.people import read_people

    path = _path(setting, file)
    people = sorted(read_people(path).values(), key=lambda person: person.name) if path.exists() else []
    setting.output.objects(
        [
            {"name": one.name, "role": one.role, "jobs": one.jobs, "shots": one.shots, "seconds": one.seconds}
            for one in people
        ]
    )
    if not people:
        setting.output.remark(f"There is nobody in {path}; `qsession users add NAME` adds somebody.")
        return
    columns = (Column("NAME"), Column("ROLE"), *(Column(head, right=True) for head in ("JOBS", "SHOTS", "SECONDS")))
    rows = [
        (one.name, one.role, *("-" if limit is None else f"{limit:g}" for limit in (one.jobs, one.shots, one.seconds)))
        for one in people
    ]
    setting.output.lines(table(columns, rows, room=setting.output.room))


@users.command()
@click.argument("name")
@_FILE
@click.pass_context
def revoke(context: click.Context, name: str, *, file: str | None) -> None:
    """Take a person out. Their jobs stay.

    A server that runs refuses their key a second later.
    """
    setting: Setting = context.obj
    path = _path(setting, file)
    tables = _tables(path)
    if name not in tables:
        there = ", ".join(sorted(tables)) or "nobody"
        click.echo(f"qsession: There is no {name!r} in {path}; there is {there}.", err=True)
        context.exit(_NOBODY)
    del tables[name]
    _write(path, tables)
    setting.output.remark(f"{name} has no more access")


def _path(setting: Setting, file: str | None) -> Path:
    from qsession_core.local.people import people_file

    if file is not None:
        return Path(file).expanduser()
    directory = setting.local_directory(setting.chosen_profile())
    if directory is None:
        raise click.UsageError("Name the file with --users, or the workspace with --directory.")
    return people_file(Path(directory))


def _tables(path: Path) -> dict[str, dict[str, object]]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The users in {path} cannot be read: {error}.") from error


def _write(path: Path, tables: Mapping[str, Mapping[str, object]]) -> None:
    """Write the people at once, so that no server reads half of them; refuse what it would not read."""
    from qsession_core.local.people import people_in

    lines = []
    for name, row in sorted(tables.items()):
        lines += [f"[{json.dumps(name)}]", *(f"{member} = {json.dumps(value)}" for member, value in row.items()), ""]
    text = "\n".join(lines)
    people_in(text, path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.touch(mode=0o600)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
