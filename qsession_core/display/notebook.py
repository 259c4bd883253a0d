"""Displays for notebooks: HTML of plain values, without scripts, and with inline style only.

Colours are those of the notebook, so that displays are readable on light and dark; besides, one accent and one colour
for failures. All text is escaped, and characters that would not be seen are shown as their codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.display.text import duration, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from qsession_core.display.rows import JobRow

__all__ = ["card", "histogram", "job_list", "lanes", "table"]

_ACCENT, _BAD, _FAINT = "#1a8a94", "#d0453e", "rgba(127,127,127,.55)"
_LINE = "1px solid rgba(127,127,127,.3)"
_CARD = (
    f"border:{_LINE};border-radius:4px;padding:8px 12px;display:inline-block;max-width:100%;"
    "font-family:sans-serif;font-size:13px"
)
_PLAIN = "background:none"  # notebooks stripe the rows of tables
_SOFT = "opacity:.65"
_NUMBER = "text-align:right;font-variant-numeric:tabular-nums"
_LEFT = f"text-align:left;padding:2px 14px 2px 0;border-top:{_LINE};white-space:nowrap"
_RIGHT = f"{_LEFT};{_NUMBER}"
_MOST_OUTCOMES, _MOST_JOBS, _MOST_LANES, _MOST_ROWS = 16, 12, 24, 40
_WIDTH, _LANE, _BAR = 640, 12, 240
_LONGEST = 60


def _text(value: object) -> str:
    import html  # loads the names of all entities

    text = shown(str(value))
    return html.escape(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "\u2026")


def _element(name: str, style: str, *children: str) -> str:
    return f'<{name} style="{style}">{"".join(children)}</{name}>'


def _table(rows: Iterable[Iterable[str]]) -> str:
    body = [_element("tr", _PLAIN, *cells) for cells in rows]
    return _element("table", "border-collapse:collapse;color:inherit;font:inherit", *body)


def card(title: str, facts: Iterable[tuple[str, object]], *parts: str) -> str:
    """Return a frame with a title, facts by name, and further HTML.

    Args:
        title: What it is.
        facts: Name and value; those whose value is None or empty are left out.
        parts: HTML, such as of the other functions here.
    """
    items = [
        _element(
            "span", "display:inline-block;margin:4px 18px 0 0", _element("span", _SOFT, _text(name)), " ", _text(value)
        )
        for name, value in facts
        if value is not None and value != ""
    ]
    below = [_element("div", "margin-top:8px", part) for part in parts if part]
    return _element("div", _CARD, _element("div", "font-weight:600", _text(title)), *items, *below)


def histogram(counts: Mapping[str, float], total: float) -> str:
    """Return bars of outcomes, each with its number and its share; of many outcomes, the most frequent ones.

    Args:
        counts: By outcome: shots, or probabilities.
        total: What all of them sum to.
    """
    chosen = sorted(counts.items())
    if len(chosen) > _MOST_OUTCOMES:
        chosen = sorted(chosen, key=lambda entry: -entry[1])[:_MOST_OUTCOMES]
    highest = max((count for _, count in chosen), default=0) or 1
    pad = "padding:1px 10px 1px 0"
    rows = [
        (
            _element("td", f"text-align:left;font-family:monospace;{pad}", _text(key)),
            _element(
                "td",
                f"text-align:left;width:{_BAR}px;{pad}",
                _element("div", f"background:{_ACCENT};height:10px;width:{max(1, round(_BAR * count / highest))}px"),
            ),
            _element("td", f"{_NUMBER};{pad}", f"{count:g}"),
            _element("td", f"{_NUMBER};{_SOFT};{pad}", f"{100 * count / (total or 1):.1f} %"),
        )
        for key, count in chosen
    ]
    left = len(counts) - len(chosen)
    return _table(rows) + (_element("div", _SOFT, f"and {left} more outcomes") if left else "")


def job_list(rows: Sequence[JobRow]) -> str:
    """Return a table of jobs, the last ones of many."""
    sides = (_LEFT, _LEFT, _LEFT, _RIGHT, _RIGHT, _RIGHT)
    lines = [_head(sides, ("Name", "Target", "State", "Shots", "Waited", "Ran"))]
    for row in rows[-_MOST_JOBS:]:
        shots = "" if row.shots is None else f"{row.shots:,}"
        values = (row.name, row.target, row.state, shots, duration(row.waited), duration(row.ran))
        colour = f";color:{_BAD}" if row.state == "Failed" else ""
        cells = zip(sides, values, ("", "", colour, "", "", ""), strict=True)
        lines.append([_element("td", side + look, _text(value)) for side, value, look in cells])
    left = len(rows) - _MOST_JOBS
    return _table(lines) + (_element("div", _SOFT, f"and {left} jobs before them") if left > 0 else "")


def _head(sides: Sequence[str], heads: Sequence[str]) -> list[str]:
    return [
        _element("th", f"{side};border-top:none;font-weight:400;{_SOFT}", _text(head))
        for side, head in zip(sides, heads, strict=True)
    ]


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table, the first rows of many; a column of numbers is aligned right.

    Args:
        heads: What is above each column.
        rows: Numbers and texts; None for nothing.
    """
    sides = [
        _RIGHT if rows and all(isinstance(row[place], int | float | None) for row in rows) else _LEFT
        for place in range(len(heads))
    ]
    lines = [_head(sides, heads)]
    for row in rows[:_MOST_ROWS]:
        cells = (f"{cell:,}" if isinstance(cell, int) else "" if cell is None else str(cell) for cell in row)
        lines.append([_element("td", side, _text(cell)) for side, cell in zip(sides, cells, strict=True)])
    left = len(rows) - _MOST_ROWS
    below = [_element("div", _SOFT, f"and {left} more")] if left > 0 else []
    return _element("div", _CARD, _table(lines) if rows else "none", *below)


def lanes(rows: Sequence[JobRow], now: datetime) -> str:
    """Return when jobs waited and ran, one line for each, over the time from the first of them until now.

    Args:
        rows: The jobs, in the order of their creation; of many, the last ones are shown.
        now: The right end.
    """
    known = [(row, row.created) for row in rows if row.created is not None][-_MOST_LANES:]
    if not known:
        return ""
    start = min(created for _, created in known)
    span = max(1e-3, (max([now, *(row.ended for row, _ in known if row.ended)]) - start).total_seconds())

    def x(at: datetime | None) -> float:
        return round(_WIDTH * ((at or now) - start).total_seconds() / span, 1)

    def rectangle(begin: float, end: float, top: int, height: int, colour: str) -> str:
        return f'<rect x="{begin}" y="{top}" width="{max(1.0, end - begin):.1f}" height="{height}" fill="{colour}"/>'

    drawn = []
    for number, (row, created) in enumerate(known):
        top = number * _LANE
        drawn.append(f"<g><title>{_text(row.name)}: {_text(row.state)}</title>")
        drawn.append(rectangle(x(created), x(row.began or row.ended), top + 5, 2, _FAINT))
        colour = _BAD if row.state == "Failed" else _ACCENT
        if row.began is not None or row.state == "Failed":  # what was refused never began
            drawn.append(rectangle(x(row.began or row.ended), x(row.ended), top + 2, 8, colour))
        drawn.append("</g>")
    height = len(known) * _LANE
    lasted = _text(duration(span))
    return (
        f'<svg role="img" aria-label="{len(known)} jobs in {lasted}" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}"'
        f' height="{height}" style="max-width:100%">{"".join(drawn)}</svg>'
        + _element("div", _SOFT, f"grey: waited; colour: ran; red: failed; {lasted} in all")
    )
