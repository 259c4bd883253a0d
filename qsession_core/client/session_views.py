"""How a session is looked at: as a card of a notebook, as a plot, as a report."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from qsession_core.display.notebook import card, lanes
from qsession_core.display.text import duration
from qsession_core.errors import QSessionError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from qsession_core.client.interface import WorkspaceParts
    from qsession_core.client.job import Job
    from qsession_core.client.service.status import SessionStatus

__all__ = ["session_card", "session_plot", "session_report"]

_MOST_REPORTED = 200


class _Shown(Protocol):
    """What of a session is shown."""

    workspace: WorkspaceParts

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def status(self) -> SessionStatus: ...
    @property
    def is_closed(self) -> bool: ...
    @property
    def is_open_on_service(self) -> bool: ...
    @property
    def seconds_left(self) -> float: ...
    def is_in_terminal_state(self) -> bool: ...
    def list_jobs(self) -> list[Job]: ...
    def refresh(self) -> object: ...


def session_card(session: _Shown) -> str:
    """Return its facts, and when its jobs ran, as HTML; two calls, and none before it is open."""
    jobs: Sequence[Job] = ()
    if session.is_open_on_service:
        with contextlib.suppress(QSessionError):  # the service is away: the card has what is known
            jobs = session.list_jobs()
            session.refresh()
    return _card(session, jobs)


def _card(session: _Shown, jobs: Sequence[Job]) -> str:
    is_over = session.is_closed or session.is_in_terminal_state()
    facts = [
        ("on", session.target),
        ("state", session.status),
        ("jobs", len(jobs)),
        ("ends idle in", None if is_over else duration(session.seconds_left)),
        ("id", session.id),
    ]
    return card(f"Session {session.name}", facts, lanes([job.row() for job in jobs], session.workspace.clock.now()))


def session_plot(session: _Shown, axes: Any) -> Any:
    """Draw when its jobs waited and ran; arguments and errors as for ``Session.plot``."""
    from qsession_core.display.plots import timeline_plot

    rows = [job.row() for job in session.list_jobs()]
    return timeline_plot(rows, session.workspace.clock.now(), f"{session.name} on {session.target}", axes)


def session_report(session: _Shown, path: str | os.PathLike[str]) -> Path:
    """Write a page about it; arguments and errors as for ``Session.report``."""
    from qsession_core.display.report import write_report

    jobs = session.list_jobs()
    for job in jobs[:_MOST_REPORTED]:
        if job.has_succeeded():
            with contextlib.suppress(QSessionError):  # its result cannot be read: the report has the rest
                job.result()
    parts = [_card(session, jobs), *(job._repr_html_() for job in jobs)]
    return write_report(Path(path), f"Session {session.name}", parts)
