"""What the shell offers on Tab: names of profiles, targets, sessions and jobs, kept for a minute.

A shell must never show an error of ours between two keys, so whatever cannot be found out is not offered.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from itertools import islice
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from qsession_core.errors import QSessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from qsession_core.command.setting import Setting
    from qsession_core.connect import Workspace

__all__ = ["job_ids", "profile_names", "session_ids", "target_names"]

_KEPT_SECONDS = 60.0
_MOST = 100

Names = list[tuple[str, str]]  # what is typed, and what is shown beside it


def profile_names(incomplete: str) -> list[str]:
    """Return the names of profiles that begin like this."""
    from qsession_core.profiles import read_profiles

    try:
        return [name for name in read_profiles() if name.startswith(incomplete)]
    except QSessionError:
        return []


def target_names(context: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Offer the workspace's targets."""

    def look(workspace: Workspace) -> Iterator[tuple[str, str]]:
        for provider in workspace.parts.calls.provider_status():
            for target in provider.targets:
                yield target.id, target.current_availability or ""

    return _offered(context, "targets", look, incomplete)


def session_ids(context: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Offer the workspace's newest sessions."""
    from qsession_core.command.ids import newest_sessions

    def look(workspace: Workspace) -> Iterator[tuple[str, str]]:
        for session in islice(newest_sessions(workspace), _MOST):
            yield session.id, f"{session.name} {session.details.status}"

    return _offered(context, "sessions", look, incomplete)


def job_ids(context: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Offer the workspace's newest jobs."""
    from qsession_core.command.ids import newest_jobs

    def look(workspace: Workspace) -> Iterator[tuple[str, str]]:
        for job in islice(newest_jobs(workspace), _MOST):
            yield job.id, f"{job.name} {job.details.status}"

    return _offered(context, "jobs", look, incomplete)


def _offered(
    context: click.Context, kind: str, look: Callable[[Workspace], Iterator[tuple[str, str]]], incomplete: str
) -> list[CompletionItem]:
    from qsession_core.command.setting import Setting
    from qsession_core.display.text import shown

    setting = context.ensure_object(Setting)
    try:
        names = _kept(_place(setting, kind), lambda: _looked(setting, look))
    except (QSessionError, OSError, click.ClickException):
        return []
    return [CompletionItem(name, help=shown(text)) for name, text in names if name.startswith(incomplete)]


def _looked(setting: Setting, look: Callable[[Workspace], Iterator[tuple[str, str]]]) -> Names:
    with setting.workspace() as workspace:
        return list(look(workspace))


def _place(setting: Setting, kind: str) -> Path:
    """Return the file of the names of one workspace; its name tells nothing of the workspace."""
    from qsession_core.places import cache_folder

    variables = [f"{name}={value}" for name, value in sorted(os.environ.items()) if _names_a_workspace(name)]
    directory = "" if setting.directory is None else os.path.realpath(setting.directory)
    text = "\0".join([kind, setting.profile or "", directory, setting.connection_string_file or "", *variables])
    return cache_folder() / f"{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:24]}.json"


def _names_a_workspace(variable: str) -> bool:
    return variable.startswith(("AZURE_QUANTUM_", "QSESSION_")) or variable in {"SUBSCRIPTION_ID", "RESOURCE_GROUP"}


def _kept(path: Path, look: Callable[[], Names]) -> Names:
    """Return names from a file that is younger than a minute, else look and write them there."""
    try:
        if 0 <= time.time() - path.stat().st_mtime < _KEPT_SECONDS:
            return [(str(name), str(text)) for name, text in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        pass
    names = look()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(names), encoding="utf-8")
        part.replace(path)
    except OSError:
        pass
    return names
