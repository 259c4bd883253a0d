"""``qsession doctor``: whether everything that commands need is there and in order."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

import click
import msgspec

from qsession_core.command.frame import Command
from qsession_core.display.table import Column, table
from qsession_core.errors import QSessionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qsession_core.command.setting import Setting
    from qsession_core.command.sources import Source
    from qsession_core.connect import Workspace

__all__ = ["doctor"]

_MOST_SKEW_SECONDS = 60.0  # a signature of storage is valid for longer than this, a token too
_NEARLY = 0.9
_OTHERS_MAY_READ = 0o077


class _Finding(msgspec.Struct, frozen=True):
    """What was found: ``ok``, ``warn`` or ``fail``."""

    state: str
    what: str
    detail: str


@click.command(cls=Command)
@click.pass_obj
def doctor(setting: Setting) -> int:
    """Look whether everything is in order.

    That is versions, credential, service, clock, quotas, engines and journal.

    The exit code is 3 if the service cannot be used, 2 if something else is wrong. Nothing is changed.
    """
    found = [*_installed(), *_engines(), *_configured(setting)]
    setting.output.objects(msgspec.structs.asdict(finding) for finding in found)
    columns = (Column("CHECK"), Column("", rank=1), Column("", least=24, wraps=True))
    rows = [(finding.state, finding.what, finding.detail) for finding in found]
    setting.output.lines(table(columns, rows, room=setting.output.room, paint=setting.output.paint))
    failed = {finding.what for finding in found if finding.state == "fail"}
    return 0 if not failed else 3 if failed == {"service"} else 2


def _installed() -> Iterator[_Finding]:
    from importlib.metadata import PackageNotFoundError, version

    from qsession_core import __version__
    from qsession_core.extras import EXTRAS, install

    yield _Finding("ok", "qsession", f"{__version__}, Python {platform.python_version()}, {platform.system()}")
    for extra, packages in EXTRAS.items():
        there, missing = [], []
        for package in packages:
            try:
                there.append(f"{package} {version(package)}")
            except PackageNotFoundError:
                missing.append(package)
        advice = f"not installed: {', '.join(missing)} ({install(extra)})" if missing else ""
        yield _Finding("ok", f"extra {extra}", "; ".join(filter(None, [", ".join(there), advice])))


def _engines() -> Iterator[_Finding]:
    """Ask each simulator whether it would run a Bell pair."""
    from qsession_core import plugins
    from qsession_core.local.readers.circuit import Circuit, JobFailure
    from qsession_core.local.simulators.choice import simulator
    from qsession_core.local.simulators.noise import Noise

    bell = Circuit(2, 2, [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0, 0), ()), ("measure", (1, 1), ())])
    there: list[str] = []
    missing: list[str] = []
    broken: list[str] = []
    for name in sorted(plugins.names(plugins.SIMULATORS)):
        try:
            (there if simulator(name).can_run(bell, Noise()) else missing).append(name)
        except JobFailure as failure:
            broken.append(failure.message)
    parts = [", ".join(there), f"not installed: {', '.join(missing)}" if missing else "", *broken]
    yield _Finding("warn" if broken else "ok", "simulators", "; ".join(filter(None, parts)))


def _configured(setting: Setting) -> Iterator[_Finding]:
    from qsession_core.command.sources import source_of

    try:
        source = source_of(setting)
    except QSessionError as error:
        yield _Finding("fail", "workspace", str(error))
        return
    members = ", ".join(f"{name} {value}" for name, value in source.members.items())
    if not members:
        yield _Finding(
            "fail", "workspace", "No workspace is named; see qsession --help and qsession config set --help."
        )
        return
    yield _Finding("ok", "workspace", f"named by {source.by}: {members}")
    yield from _readable_keys(setting)
    try:
        with setting.workspace() as workspace:
            yield from _service(workspace, source)
    except QSessionError as error:
        yield _Finding("fail", "service", str(error))


def _readable_keys(setting: Setting) -> Iterator[_Finding]:
    """Look whether files with keys can be read by others."""
    from pathlib import Path

    profile = setting.chosen_profile()
    if profile is None and setting.given is None and setting.directory is None:
        from qsession_core.connect import profile_of_environment

        profile = profile_of_environment()
    named = [setting.connection_string_file]
    named += [profile.key_file, profile.connection_string_file] if profile is not None else []
    for name in filter(None, named):
        mode = Path(name).expanduser().stat().st_mode
        if os.name == "posix" and mode & _OTHERS_MAY_READ:
            yield _Finding("warn", "key", f"{name} can be read by others: chmod 600 {name}")


def _service(workspace: Workspace, source: Source) -> Iterator[_Finding]:
    targets = [target for provider in workspace.parts.calls.provider_status() for target in provider.targets]
    available = sum(target.current_availability == "Available" for target in targets)
    yield _Finding(
        "ok", "service", f"{workspace.connection.endpoint}: {len(targets)} targets, {available} of them available"
    )
    if not source.is_local:
        yield from _clock(workspace)
    used = [
        (one.dimension or "?", (one.utilization or 0.0) + (one.holds or 0.0), one.limit)
        for one in workspace.get_quotas()
        if one.limit
    ]
    tight = [f"{what} {used_:g} of {limit:g}" for what, used_, limit in used if limit and used_ >= _NEARLY * limit]
    detail = f"nearly used up: {', '.join(tight)}" if tight else f"{len(used)} quotas, none nearly used up"
    yield _Finding("warn" if tight else "ok", "quotas", detail)
    opened = workspace.open_sessions()
    yield _Finding(
        "ok", "sessions", f"{len(opened)} open" + "".join(f", {one.name} on {one.target}" for one in opened[:3])
    )
    yield from _journal(source)


def _clock(workspace: Workspace) -> Iterator[_Finding]:
    """Compare our clock with the service's: signatures and tokens depend on it."""
    from email.utils import parsedate_to_datetime

    from qsession_core.transport.http import HttpTransport
    from qsession_core.transport.message import Request

    carrier = HttpTransport()
    try:
        answer = carrier.send(Request("GET", f"{workspace.connection.endpoint}/"))
        told = parsedate_to_datetime(answer.headers.get("date", ""))
    except (QSessionError, ValueError):
        yield _Finding("warn", "clock", "the service does not tell its time")
        return
    finally:
        carrier.close()
    skew = (workspace.clock.now() - told).total_seconds()
    state = "warn" if abs(skew) > _MOST_SKEW_SECONDS else "ok"
    yield _Finding(state, "clock", f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the service")


def _journal(source: Source) -> Iterator[_Finding]:
    path = source.members.get("journal")
    if path is None:
        return
    from qsession_core.client.submitting.journal import Journal

    waiting = len(Journal(path).open_intents())
    state = "warn" if waiting else "ok"
    advice = f": qsession resume {path}" if waiting else ""
    yield _Finding(state, "journal", f"{path}, {waiting} jobs open{advice}")
