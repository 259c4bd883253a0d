"""Lists of rows as tables of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.display.table import Column, table
from qsession_core.display.text import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qsession_core.display.rows import JobRow, SessionRow

__all__ = ["STATE", "job_table", "session_table", "short_ids"]

STATE = "STATE"
_SHORTEST = 8
_JOBS = (
    Column("ID"),
    Column("NAME", least=8),
    Column("TARGET", least=14, tail=True, rank=1),
    Column(STATE),
    Column("SHOTS", right=True, rank=3),
    Column("WAITED", right=True, rank=4),
    Column("RAN", right=True, rank=2),
    Column("SESSION", least=8, rank=5),
    Column("NOTE", least=12, rank=6),
)
_SESSIONS = (
    Column("ID"),
    Column("NAME", least=8),
    Column("TARGET", least=14, tail=True, rank=1),
    Column(STATE),
    Column("JOBS", right=True, rank=2),
    Column("OPENED", rank=4),
    Column("LASTED", right=True, rank=3),
    Column("TAGS", least=8, rank=5),
)


def short_ids(ids: Sequence[str]) -> dict[str, str]:
    """Return the shortest beginning of each id, of at least 8 characters, that no other of them has.

    >>> short_ids(["58112cf4-1", "9dffe966-1", "9dffe966-2"])
    {'58112cf4-1': '58112cf4', '9dffe966-1': '9dffe966-1', '9dffe966-2': '9dffe966-2'}
    """
    ordered = sorted(set(ids))
    found = {}
    for before, one, after in zip(["", *ordered], ordered, [*ordered[1:], ""], strict=False):
        found[one] = one[: max(_SHORTEST, _same(one, before) + 1, _same(one, after) + 1)]
    return {one: found[one] for one in ids}


def _same(one: str, other: str) -> int:
    """Return how many first characters of two texts are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def job_table(
    rows: Sequence[JobRow], *, room: int | None, paint: Callable[[str, str], str], whole_ids: bool = False
) -> list[str]:
    """Return the lines of a list of jobs; arguments as for :func:`~qsession_core.display.table.table`.

    Args:
        rows: The jobs.
        room: How many columns the terminal has; None for as many as are needed.
        paint: Colours cells.
        whole_ids: Whether ids are shown whole.
    """
    ids = short_ids([row.id for row in rows])
    none = "-" if any(row.session for row in rows) else ""
    cells = [
        (
            row.id if whole_ids else ids[row.id],
            row.name or "-",
            row.target or "-",
            row.state or "-",
            "-" if row.shots is None else str(row.shots),
            duration(row.waited),
            duration(row.ran),
            row.session or none,
            row.note,
        )
        for row in rows
    ]
    return table(_JOBS, cells, room=room, paint=paint)


def session_table(
    rows: Sequence[SessionRow], *, room: int | None, paint: Callable[[str, str], str], whole_ids: bool = False
) -> list[str]:
    """Return the lines of a list of sessions; arguments as for :func:`job_table`."""
    ids = short_ids([row.id for row in rows])
    cells = [
        (
            row.id if whole_ids else ids[row.id],
            row.name or "-",
            row.target or "-",
            row.state or "-",
            "" if row.jobs is None else str(row.jobs),
            "-" if row.created is None else f"{row.created:%Y-%m-%d %H:%M}",
            duration(row.lasted),
            ", ".join(row.tags),
        )
        for row in rows
    ]
    return table(_SESSIONS, cells, room=room, paint=paint)
