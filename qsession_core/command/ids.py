"""Jobs and sessions by their ids, or by the beginning of an id that no other has."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import click

from qsession_core.command.missing import NotThereError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from qsession_core.client.job import Job
    from qsession_core.client.session import Session
    from qsession_core.connect import Workspace

__all__ = ["find_jobs", "find_session", "find_sessions", "newest_jobs", "newest_sessions"]

T = TypeVar("T")
_LEAST = 6  # characters of an id
_WHOLE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SHOWN = 5


def newest_jobs(workspace: Workspace, filter_: str | None = None, session_id: str | None = None) -> Iterator[Job]:
    """Yield jobs of the workspace, or of a session, the newest first; pages are fetched as they are needed."""
    from qsession_core.client.job import Job

    if session_id is None:
        listed = workspace.parts.calls.list_jobs(filter_, "CreationTime", is_asc=False)
    else:
        listed = workspace.parts.calls.list_session_jobs(session_id, filter_, "CreationTime", is_asc=False)
    for raw in listed:
        yield Job(workspace, raw)


def newest_sessions(workspace: Workspace, filter_: str | None = None) -> Iterator[Session]:
    """Yield the workspace's sessions, the newest first."""
    from qsession_core.client.session import Session

    for raw in workspace.parts.calls.list_sessions(filter_, "CreationTime", is_asc=False):
        yield Session.of(workspace, raw)


def find_jobs(workspace: Workspace, names: Sequence[str]) -> list[Job]:
    """Return the jobs that ids, or beginnings of ids, name, each once and in their order.

    Raises:
        NotThereError: There is none, for one of them.
        BadParameter: One is too short, or more than one job has it.
    """
    return _find("job", names, workspace.get_job, lambda: newest_jobs(workspace), lambda job: job.id)


def find_session(workspace: Workspace, name: str) -> Session:
    """Return the session that an id, or the beginning of one, names; raises as :func:`find_jobs`."""
    return find_sessions(workspace, [name])[0]


def find_sessions(workspace: Workspace, names: Sequence[str]) -> list[Session]:
    """Return the sessions that ids, or beginnings of ids, name; as :func:`find_jobs`."""
    return _find(
        "session", names, workspace.get_session, lambda: newest_sessions(workspace), lambda session: session.id
    )


def _find(
    kind: str,
    names: Sequence[str],
    fetch: Callable[[str], T],
    listed: Callable[[], Iterable[T]],
    id_of: Callable[[T], str],
) -> list[T]:
    short = [name for name in names if not _WHOLE.fullmatch(name)]
    problems = [
        f"{name!r} is too short for an id; give {_LEAST} characters or more." for name in short if len(name) < _LEAST
    ]
    if problems:
        raise click.BadParameter(" ".join(problems))
    everything = list(listed()) if short else []
    found: dict[str, T] = {}
    missing: list[str] = []
    for name in names:
        if name not in short:
            one = fetch(name)
            found.setdefault(id_of(one), one)
            continue
        matches = [one for one in everything if id_of(one).lower().startswith(name.lower())]
        if len(matches) > 1:
            some = ", ".join(id_of(one) for one in islice(matches, _SHOWN))
            more = f" and {len(matches) - _SHOWN} more" if len(matches) > _SHOWN else ""
            problems.append(f"{len(matches)} {kind}s begin with {name!r}: {some}{more}.")
        missing += [] if matches else [name]
        found.update({id_of(one): one for one in matches if id_of(one) not in found})
    if problems:
        raise click.BadParameter(" ".join(problems))
    if missing:
        some = ", ".join(map(repr, missing))
        raise NotThereError(
            f"No {kind} has an id that begins with {some}. `qsession {kind}s list` shows what there is."
        )
    return list(found.values())
