"""Text in a terminal: how wide it is, and what of it may be shown.

Names come from other people. A control character in one could move the cursor or recolour the screen, and a mark of
writing direction could show a name in another order; so neither is shown.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

__all__ = ["cut", "duration", "escaped", "padded", "shown", "width", "wrapped"]

_HIDDEN = "\N{REPLACEMENT CHARACTER}"
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_MOST_MARKS = 2  # combining marks on one character; more would grow over the lines above and below


@lru_cache(maxsize=4096)
def _is_hidden(character: str) -> bool:
    """Whether a character controls something, or nobody knows what it is: Unicode's categories C, Zl and Zp."""
    category = unicodedata.category(character)
    return category[0] == "C" or category in {"Zl", "Zp"}


@lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    """Return how many columns of a terminal a character takes."""
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def shown(text: str) -> str:
    """Return a text as it may be shown on one line; what controls the terminal is replaced.

    >>> shown("bell" + chr(27) + "[2J")
    'bell\N{REPLACEMENT CHARACTER}[2J'
    """
    if text.isascii() and text.isprintable():
        return text
    parts: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if _columns(character) == 0 else 0
        if marks <= _MOST_MARKS:
            parts.append(_HIDDEN if _is_hidden(character) else character)
    return "".join(parts)


def escaped(json: str) -> str:
    r"""Return JSON in which what may not be shown is written as ``\u`` escapes, so that its value stays.

    >>> escaped('{"name":"a' + chr(0x202E) + 'b"}')
    '{"name":"a\\u202eb"}'
    """
    if json.isascii():
        return json
    return "".join(_escape(character) if _is_hidden(character) else character for character in json)


def _escape(character: str) -> str:
    data = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at : at + 2].hex()}" for at in range(0, len(data), 2))


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    >>> width("量子"), width("e" + chr(0x301))
    (4, 1)
    """
    return len(text) if text.isascii() else sum(map(_columns, text))


def cut(text: str, columns: int, *, left: bool = False) -> str:
    """Return a text that takes at most this many columns; an ellipsis stands for what is cut, at the right or the left.

    >>> cut("quantinuum", 6), cut("量子計算", 6), cut("quantinuum.sim.h2-1e", 10, left=True)
    ('quant…', '量子…', '…sim.h2-1e')
    """
    if width(text) <= columns:
        return text
    if columns < 1:
        return ""
    kept: list[str] = []
    used = 0
    for character in reversed(text) if left else text:
        used += _columns(character)
        if used > columns - 1:
            break
        kept.append(character)
    return _ELLIPSIS + "".join(reversed(kept)) if left else "".join(kept) + _ELLIPSIS


def wrapped(text: str, columns: int) -> list[str]:
    """Return a text as lines of at most this many columns, broken between words where that is possible.

    >>> wrapped("pip install qsession", 11)
    ['pip install', 'qsession']
    """
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width(joined) <= columns:
            lines[-1] = joined
            continue
        lines += [word] if lines[-1] else []
        lines[-1] = word
        while width(lines[-1]) > columns and len(lines[-1]) > 1:
            head = cut(lines[-1], columns + 1)[:-1] or lines[-1][0]
            lines[-1:] = [head, lines[-1][len(head) :]]
    return lines


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Return a text with spaces up to this many columns, on its left if it is to end at the right."""
    spaces = " " * max(0, columns - width(text))
    return spaces + text if right else text + spaces


def duration(seconds: float | None) -> str:
    """Return a time as people read it, a dash for none.

    >>> [duration(seconds) for seconds in (None, 0.0012, 1.23, 130, 11100, 190000)]
    ['-', '1ms', '1.2s', '2m 10s', '3h 5m', '2d 4h']
    """
    if seconds is None:
        return "-"
    if seconds < 0.9995:  # noqa: PLR2004 - what would round to a second
        return f"{max(0.0, seconds) * 1000:.0f}ms"
    if seconds < 59.95:  # noqa: PLR2004 - what would round to a minute
        return f"{seconds:.1f}s".replace(".0s", "s")
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes}m" if hours else f"{minutes}m {rest}s"
