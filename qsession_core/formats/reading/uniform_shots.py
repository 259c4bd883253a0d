"""Arrays in JSON whose members are all the same text but for their bits or counts: the bytes are the array.

Nothing is taken on trust: every byte that is not a bit or a count's digit is compared with the first member's. Whatever
does not fit is left to a reader that looks at one member after the other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from qsession_core.results.rows import Rows

__all__ = ["Span", "histogram_total", "leaves", "members", "shots_of", "split"]

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[-0-9a-zA-Z.+]+|.', re.DOTALL)
_HEAD = re.compile(
    rb'\s*\{\s*"DataFormat"\s*:\s*"microsoft\.quantum-results\.v2"\s*,\s*"Results"\s*:\s*\[\s*\{\s*"Histogram"\s*:\s*(?=\[)'
)
_BETWEEN = re.compile(rb'\s*,\s*"Shots"\s*:\s*(?=\[)')
_TAIL = re.compile(rb"(?<=\])\s*\}\s*\]\s*\}\s*\Z")
_COMMA = re.compile(rb"\s*,\s*")
_NEXT_ENTRY = re.compile(rb"\}(\s*,\s*)\{")
_COUNT = re.compile(rb'"Count"\s*:\s*(\d+)')


class Span(NamedTuple):
    """An array within a document. These are megabytes: they are looked at where they are, and never copied.

    Attributes:
        data: The document.
        start: Where the array's bracket opens.
        stop: Behind where it closes.
    """

    data: bytes
    start: int
    stop: int

    def inner(self) -> tuple[int, int] | None:
        """Return from where to where its members are, without the space around them; None if it is no array."""
        data, start, stop = self.data, self.start + 1, self.stop - 1
        if start > stop or data[self.start : start] != b"[" or data[stop : self.stop] != b"]":
            return None
        while start < stop and data[start : start + 1].isspace():
            start += 1
        while start < stop and data[stop - 1 : stop].isspace():
            stop -= 1
        return start, stop


def split(data: bytes) -> tuple[Span, Span] | None:
    """Return the histogram and the shots of a document with one result in the service's own order, else None.

    They are not looked into: who takes them must read every byte of both.
    """
    head = _HEAD.match(data)
    place = _shots_key(data, head.end()) if head else -1
    if head is None or place < 0:
        return None
    comma = data.rfind(b",", 0, place)
    while data[comma - 1 : comma].isspace():
        comma -= 1
    between, tail = _BETWEEN.match(data, comma), _TAIL.search(data, max(place, len(data) - 64))
    if between is None or tail is None:
        return None
    return Span(data, head.end(), comma), Span(data, between.end(), tail.start())


def _shots_key(data: bytes, start: int) -> int:
    """Find the key of the shots: no histogram of bits has an S, and one letter is found much faster than a word."""
    place = data.find(b"S", start)
    return place - 1 if data[place - 1 : place + 6] == b'"Shots"' else data.find(b'"Shots"', start)


def histogram_total(histogram: Span) -> int | None:
    """Return the sum of a histogram's counts, if every entry is the same text but for its bits and its count."""
    inner, data = histogram.inner(), histogram.data
    if inner is None:
        return None
    start, stop = inner
    if data[start : start + 1] != b"{" or data[stop - 1 : stop] != b"}":
        return None
    following = _NEXT_ENTRY.search(data, start, stop)
    length, separator = (following.start() + 1 - start, following[1]) if following else (stop - start, b",")
    entry = data[start : start + length]
    count = _COUNT.search(entry)
    if count is None or _is_odd(entry):
        return None
    digits = list(range(count.start(1), count.end(1)))
    outcome = re.sub(rb'"Item\d+"', lambda name: b"#" * len(name[0]), entry)
    bits = [place for place in range(length) if outcome[place : place + 1] in b"01" and place not in digits]
    grid = _grid(data, start, stop, separator, length, bits + digits)
    if grid is None or (grid[1][bits] > 1).any():  # 0 and 1 differ in the last binary digit, others in more
        return None
    text, _ = grid
    numbers = text[:, digits].astype(np.int64) - ord("0")
    if (numbers < 0).any() or (numbers > 9).any() or (len(digits) > 1 and (numbers[:, 0] == 0).any()):  # noqa: PLR2004 - digits
        return None
    return int((numbers @ (10 ** np.arange(len(digits) - 1, -1, -1))).sum())


def _is_odd(entry: bytes) -> bool:
    """Whether an entry is something else than an outcome of bits, its display and its count."""
    try:
        parts = msgspec.json.decode(entry, type=dict[str, Any])
        if set(parts) != {"Outcome", "Display", "Count"} or not isinstance(parts["Display"], str):
            return True
        return any(leaf not in (0, 1) or isinstance(leaf, bool) for leaf in leaves(parts["Outcome"]))
    except (msgspec.MsgspecError, ValueError):
        return True


def _grid(
    data: bytes, start: int, stop: int, separator: bytes, length: int, places: list[int]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Return the members between two places as one row each, if all are the same text but at some places.

    Returns:
        The rows, and for each column the binary digits of its characters that are not the same everywhere.
    """
    stride = length + len(separator)
    number, rest = divmod(stop - start + len(separator), stride)
    if rest:
        return None
    if start + number * stride > len(data):  # else what follows the last member stands for its separator
        data, start = data[start:stop] + separator, 0
    rows = np.frombuffer(data, np.uint8, number * stride, start).reshape(number, stride)
    text = rows[:, :length]
    if (rows[:-1, length:] != np.frombuffer(separator, np.uint8)).any():
        return None
    varying = np.bitwise_or.reduce(text, axis=0) ^ np.bitwise_and.reduce(text, axis=0)
    fixed = np.ones(length, dtype=bool)
    fixed[places] = False
    return None if varying[fixed].any() else (text, varying)


def shots_of(shots: Span) -> tuple[Rows, Any] | None:
    """Return the bits of all shots and the first shot, if every shot is the same text but for its bits.

    A lost qubit, ``"-"``, is as long as a bit without its quotes.
    """
    data = shots.data
    lost = data.count(b'"-"', shots.start, shots.stop) if data.find(b'"', shots.start, shots.stop) >= 0 else 0
    if lost:
        data = data[shots.start : shots.stop].replace(b'"-"', b"-")
        shots = Span(data, 0, len(data))
    inner = shots.inner()
    if inner is None or inner[0] == inner[1]:
        return None
    start, stop = inner
    length, places = _first_shot(data, start, stop)
    if length == 0:
        return None
    between = _COMMA.match(data, start + length, stop)
    separator = between.group() if between else b","
    grid = _grid(data, start, stop, separator, length, places)
    if grid is None:
        return None
    rows = grid[0][:, places]
    first = data[start : start + length]
    if not lost and (grid[1][places] <= 1).all() and (rows[0] >> 1 == ord("0") >> 1).all():
        return _with_first(rows, first)
    is_bit = rows >> 1 == ord("0") >> 1
    if not is_bit.all() and ((rows == ord("-")) | is_bit).sum() < rows.size:
        return None
    if (rows.size - int(is_bit.sum())) != lost:
        return None
    return _with_first(rows, first)


def _with_first(rows: Rows, shot: bytes) -> tuple[Rows, Any] | None:
    """Return the bits with the first shot, if it says them in the order in which they are written."""
    first = msgspec.json.decode(re.sub(rb"-", b'"-"', shot))
    return (rows, first) if _in_written_order(first) and len(list(leaves(first))) == rows.shape[1] else None


def _first_shot(data: bytes, start: int, stop: int) -> tuple[int, list[int]]:
    """Return how long the first shot is, and where its bits are; length 0 if it holds something else than bits."""
    depth, length, places = 0, 0, []
    for token in _TOKEN.finditer(data, start, stop):
        text = token.group()
        if text in {b"[", b"{"}:
            depth += 1
        elif text in {b"]", b"}"}:
            depth -= 1
        elif text in {b"0", b"1", b"-"}:
            places.append(token.start() - start)
        elif text == b"," and depth == 0:
            break
        elif text not in {b":", b",", b" ", b"\t", b"\r", b"\n"} and not (text.startswith(b'"Item') and depth):
            return 0, []
        length = token.end() - start
    return length, places


def _in_written_order(outcome: Any) -> bool:
    """Whether the members of all tuples come as Item1, Item2 and so on."""
    if isinstance(outcome, list):
        return all(map(_in_written_order, outcome))
    if isinstance(outcome, dict):
        in_order = list(outcome) == [f"Item{place}" for place in range(1, len(outcome) + 1)]
        return in_order and all(map(_in_written_order, outcome.values()))
    return True


def leaves(outcome: Any) -> Iterator[Any]:
    """Walk through an outcome's values from left to right."""
    if isinstance(outcome, list):
        for member in outcome:
            yield from leaves(member)
    elif isinstance(outcome, dict):
        for member in members(outcome):
            yield from leaves(member)
    else:
        yield outcome


def members(outcome: Mapping[str, Any]) -> list[Any]:
    """Return the members of a tuple in their order."""
    names = [f"Item{place}" for place in range(1, len(outcome) + 1)]
    if not set(names) == set(outcome):
        raise ValueError(f"a tuple has the members {', '.join(outcome)} instead of Item1 to Item{len(outcome)}")
    return [outcome[name] for name in names]
