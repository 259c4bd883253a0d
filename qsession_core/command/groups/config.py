"""``qsession config``: profiles, and where they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from qsession_core.command.frame import Group
from qsession_core.display.table import Column, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.command.setting import Setting

__all__ = ["config"]


@click.group(cls=Group, default="show")
def config() -> None:
    """Profiles: workspaces by a name of yours. They hold no secrets."""


@config.command()
@click.pass_obj
def show(setting: Setting) -> None:
    """Show which workspace would be used, and by what."""
    from qsession_core.command.sources import source_of

    source = source_of(setting)
    setting.output.objects([{"source": source.by, **source.members}])
    rows = [("used", source.by), *source.members.items()]
    setting.output.lines(table((Column(""), Column("", least=20, wraps=True)), rows, room=setting.output.room))


@config.command()
@click.pass_obj
def path(setting: Setting) -> None:
    """Write the path of the configuration."""
    from qsession_core.places import config_file

    setting.output.objects([{"path": str(config_file())}])
    setting.output.say(str(config_file()))


@config.command()
@click.pass_obj
def profiles(setting: Setting) -> None:
    """List the profiles."""
    from qsession_core.places import config_file
    from qsession_core.profiles import read_profiles

    found = read_profiles()
    told = [{name: value for name, value in msgspec.structs.asdict(one).items() if value} for one in found.values()]
    setting.output.objects(told)
    if not found:
        setting.output.remark(f"There are no profiles in {config_file()}; `qsession config set` makes one.")
        return
    rows = [
        (
            one["name"],
            next(
                one[kind] for kind in ("resource_id", "connection_string_file", "directory", "workspace") if kind in one
            ),
        )
        for one in told
    ]
    setting.output.lines(table((Column("PROFILE"), Column("WORKSPACE", least=20)), rows, room=setting.output.room))


@config.command("set")
@click.argument("name")
@click.argument("members", metavar="MEMBER=VALUE...", nargs=-1, required=True)
@click.pass_obj
def set_(setting: Setting, *, name: str, members: Sequence[str]) -> None:
    """Set members of a profile; an empty VALUE removes one. What else the file holds stays as it is.

    \b
    qsession config set lab resource_id=/subscriptions/... key_file=~/keys/lab
    qsession config set home directory=~/quantum

    The profile "default" is used where nothing else names a workspace.
    """  # noqa: D301 - click reads the backspace
    from qsession_core.command.profile_writing import write_profile

    pairs: dict[str, str] = {}
    problems: list[str] = []
    for pair in members:
        member, equals, value = pair.partition("=")
        if not equals or not member:
            problems.append(pair)
        pairs[member.strip()] = value.strip()
    if problems:
        raise click.UsageError("Write each member as MEMBER=VALUE, such as directory=~/quantum.")
    written = write_profile(name, pairs)
    setting.output.objects([{"path": str(written), "profile": name}])
    setting.output.say(f"profile {name} written to {written}")
