"""``qsession bundle``: what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qsession_core.command.frame import Group
from qsession_core.display.table import Column, table
from qsession_core.display.text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.bundles.bundle import Exchange
    from qsession_core.command.setting import Setting

__all__ = ["bundle"]

_COLUMNS = (
    Column("NO", right=True),
    Column("AFTER", right=True, rank=2),
    Column("STATUS", right=True),
    Column("SENT", right=True, rank=1),
    Column("GOT", right=True, rank=1),
    Column("REQUEST", least=30),
)
_FOUND = 1


@click.group(cls=Group)
def bundle() -> None:
    """Traffic that was recorded, in files without secrets."""


@bundle.command()
@click.argument("path", metavar="BUNDLE", type=click.Path())
@click.option("--number", type=click.IntRange(min=1), help="One request and its answer, whole.")
@click.pass_obj
def show(setting: Setting, *, path: str, number: int | None) -> None:
    """List what a BUNDLE holds."""
    from qsession_core.bundles.bundle import read_bundle
    from qsession_core.bundles.meaning import meaning_of

    recorded = read_bundle(Path(path))
    if number is not None:
        if number > len(recorded.exchanges):
            raise click.BadParameter(f"The bundle has {len(recorded.exchanges)} requests.", param_hint="--number")
        setting.output.lines(_whole(recorded.exchanges[number - 1]))
        return
    rows = [
        (
            str(place),
            f"{one.at:.2f} s",
            str(one.response.status),
            str(len(one.request.body)),
            str(len(one.response.body)),
            shown(meaning_of(one.request).route),
        )
        for place, one in enumerate(recorded.exchanges, 1)
    ]
    setting.output.objects(
        {"number": int(row[0]), "at": one.at, "status": int(row[2]), "request": row[5]}
        for row, one in zip(rows, recorded.exchanges, strict=True)
    )
    setting.output.say(f"Recorded {recorded.recorded:%Y-%m-%d %H:%M} UTC, {len(rows)} requests.")
    setting.output.lines(table(_COLUMNS, rows, room=setting.output.room, paint=setting.output.paint))


def _whole(one: Exchange) -> list[str]:
    from qsession_core.bundles.packing import unpacked

    lines = [f"{one.request.method} {one.request.url}"]
    for message in (one.request, one.response):
        lines += [f"{name}: {value}" for name, value in message.headers.items()]
        text = unpacked(message.body).decode("utf-8", "replace")
        lines += ["", *text.splitlines(), ""]
        if message is one.request:
            lines.append(f"answered {one.response.status} after {one.seconds:.3f} s")
    return [shown(line) for line in lines]


@bundle.command()
@click.argument("path", metavar="BUNDLE", type=click.Path())
@click.pass_obj
def check(setting: Setting, *, path: str) -> int:
    """Read a BUNDLE whole and look for secrets in it.

    The exit code is 1 if something looks like a secret.
    """
    from qsession_core.bundles.bundle import read_bundle
    from qsession_core.bundles.redaction import leaks

    recorded = read_bundle(Path(path))
    found = [(number, what) for number, one in enumerate(recorded.exchanges, 1) for what in leaks(one)]
    setting.output.objects({"number": number, "looksLikeASecret": what} for number, what in found)
    for number, what in found:
        setting.output.say(f"no. {number}: {what}")
    if found:
        setting.output.say(f"qsession bundle redact {shown(path)} takes them out.")
        return _FOUND
    setting.output.say(f"{len(recorded.exchanges)} requests, no secrets found")
    return 0


@bundle.command()
@click.argument("path", metavar="BUNDLE", type=click.Path())
@click.option("--text-file", metavar="FILE", type=click.Path(), help="Further texts to take out, one a line.")
@click.pass_obj
def redact(setting: Setting, *, path: str, text_file: str | None) -> None:
    """Take secrets out of a BUNDLE.

    What a name says to be a secret is found; further texts stand in a file, so that no shell remembers them.
    """
    from qsession_core.bundles.bundle import read_bundle, write_bundle
    from qsession_core.bundles.recording import bundle_of

    texts: Sequence[str] = () if text_file is None else Path(text_file).read_text(encoding="utf-8").splitlines()
    recorded = read_bundle(Path(path))
    cleaned = bundle_of(recorded.recorded, recorded.exchanges, texts, has_shared_ids=recorded.has_shared_ids)
    write_bundle(Path(path), cleaned)
    changed = sum(one != other for one, other in zip(recorded.exchanges, cleaned.exchanges, strict=False))
    setting.output.objects([{"changed": changed}])
    setting.output.say(f"{changed} of {len(cleaned.exchanges)} requests and answers changed")
