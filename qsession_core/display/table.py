"""Tables of text that fit a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qsession_core.display.text import cut, padded, shown, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Column", "table"]

_GAP = "  "


class Column(msgspec.Struct, frozen=True):
    """One column of a table.

    Attributes:
        header: Its heading; empty for none.
        right: Whether its cells end at the right, as numbers do.
        least: The fewest columns of the terminal that it may be cut to; 0 if it is never cut.
        tail: Whether its cells are cut at the left, because their ends tell more.
        wraps: Whether its cells go on in further lines instead of being cut; for the last column.
        rank: Columns of the highest rank are left out first where there is no room; 0 for never.
    """

    header: str
    right: bool = False
    least: int = 0
    tail: bool = False
    wraps: bool = False
    rank: int = 0


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    room: int | None = None,
    paint: Callable[[str, str], str] = lambda header, text: text,  # noqa: ARG005 - without colour
) -> list[str]:
    """Return the lines of a table; a column whose cells are all empty is left out.

    Args:
        columns: Its columns.
        rows: A text for each column. What could control the terminal is hidden here, in headings too: units of costs
            are the service's words.
        room: How many columns the terminal has; None for as many as are needed.
        paint: Called with the column's header and each padded cell, to colour it.
    """
    columns = [msgspec.structs.replace(column, header=shown(column.header)) for column in columns]
    cells = [[shown(cell) for cell in row] for row in rows]
    kept = [place for place, column in enumerate(columns) if not rows or any(row[place] for row in cells)]
    widths = {place: max([width(columns[place].header), *(width(row[place]) for row in cells)]) for place in kept}
    if room is not None:
        widths = _fitted(columns, widths, room)
    lines = [_line([(columns[place], columns[place].header, widths[place]) for place in widths], lambda _, text: text)]
    if not any(columns[place].header for place in widths):
        lines = []
    for row in cells:
        lines += _lines([(columns[place], row[place], widths[place]) for place in widths], paint)
    return lines


def _lines(cells: Sequence[tuple[Column, str, int]], paint: Callable[[str, str], str]) -> list[str]:
    """Return the lines of a row: one, unless its last cell wraps."""
    if not cells or not cells[-1][0].wraps:
        return [_line(cells, paint)]
    column, text, room = cells[-1]
    first, *more = wrapped(text, room)
    before = " " * (sum(room for _, _, room in cells[:-1]) + len(_GAP) * (len(cells) - 1))
    return [_line([*cells[:-1], (column, first, room)], paint), *(f"{before}{line}".rstrip() for line in more)]


def _line(cells: Sequence[tuple[Column, str, int]], paint: Callable[[str, str], str]) -> str:
    texts: list[str] = []
    for number, (column, text, room) in enumerate(cells, 1):
        short = cut(text, room, left=column.tail)
        is_last = number == len(cells) and not column.right
        texts.append(paint(column.header, short if is_last else padded(short, room, right=column.right)))
    return _GAP.join(texts).rstrip()


def _fitted(columns: Sequence[Column], widths: dict[int, int], room: int) -> dict[int, int]:
    """Return widths that fit: cut what may be cut, the widest first; then leave columns out by rank."""
    widths = dict(widths)
    while True:
        over = sum(widths.values()) + len(_GAP) * (len(widths) - 1) - room
        if over <= 0:
            return widths
        flexible = [place for place in widths if 0 < columns[place].least < widths[place]]
        spare = sum(widths[place] - columns[place].least for place in flexible)
        if spare >= over:
            widest = max(flexible, key=lambda place: widths[place])
            widths[widest] -= 1
            continue
        least = {place: min(widths[place], columns[place].least or widths[place]) for place in widths}
        droppable = [place for place in widths if columns[place].rank]
        if not droppable:
            return least
        del widths[max(droppable, key=lambda place: (columns[place].rank, place))]
