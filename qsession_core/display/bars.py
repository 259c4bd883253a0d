"""Histograms as bars of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.display.text import padded, shown, width

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["bar", "bars"]

_EIGHTHS = " ▏▎▍▌▋▊▉"
_FULL = "█"


def bar(share: float, columns: int, *, blocks: bool = True) -> str:
    """Return a bar of this share of the columns; whole characters where blocks cannot be shown.

    >>> bar(0.5, 5), bar(0.5, 5, blocks=False)
    ('██▌', '##')
    """
    eighths = round(max(0.0, min(1.0, share)) * columns * 8)
    if not blocks:
        return "#" * (eighths // 8)
    return (_FULL * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def bars(counts: Mapping[str, int], *, room: int, most: int, blocks: bool = True) -> list[str]:
    """Return a line for each outcome: the outcome, a bar, its count, its share.

    Args:
        counts: Outcome -> number of shots.
        room: How many columns the terminal has.
        most: At most this many lines; if there are more outcomes, the most frequent ones, and a line that says so.
        blocks: Whether block characters can be shown.
    """
    total = sum(counts.values()) or 1
    chosen = sorted(counts.items())
    if len(chosen) > most:
        chosen = sorted(chosen, key=lambda entry: -entry[1])[:most]
    keys = [shown(key) for key, _ in chosen]
    wide = max([width(key) for key in keys], default=0)
    digits = max([len(str(count)) for _, count in chosen], default=1)
    columns = max(8, min(48, room - wide - digits - 13))
    highest = max([count for _, count in chosen], default=1) or 1
    lines = [
        f"{padded(key, wide)}  {padded(bar(count / highest, columns, blocks=blocks), columns)}  "
        f"{count:>{digits}}  {100 * count / total:5.1f} %"
        for key, (_, count) in zip(keys, chosen, strict=True)
    ]
    left = len(counts) - len(chosen)
    if left:
        shots = sum(counts.values()) - sum(count for _, count in chosen)
        lines.append(f"and {left} more outcomes with {shots} shots")
    return lines
