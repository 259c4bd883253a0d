"""Fast path: if all shots have the same JSON text except for their bits, read the bits from the bytes with numpy.

Every other byte is compared with that of the first shot. If one differs, the caller reads the shots one by one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from qsession_core.decoding import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from qsession_core.results.rows import Rows

__all__ = ["Span", "histogram_and_shots", "histogram_total", "leaves", "members", "shots_of"]

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[-0-9a-zA-Z.+]+|.', re.DOTALL)
_HEAD = re.compile(
    rb'\s*\{\s*"DataFormat"\s*:\s*"microsoft\.quantum-results\.v2"\s*,\s*"Results"\s*:\s*\[\s*\{\s*"Histogram"\s*:\s*(?=\[)'
)
_BETWEEN = re.compile(rb'\s*,\s*"Shots"\s*:\s*(?=\[)')
_TAIL = re.compile(rb"(?<=\])\s*\}\s*\]\s*\}\s*\Z")
_COMMA = re.compile(rb"\s*,\s*")
_NEXT_ENTRY = re.compile(rb"\}(\s*,\s*)\{")
_COUNT = re.compile(rb'"Count"\s*:\s*(\d+)')


class Span(NamedTuple):
    """A JSON array within a document of megabytes, which is never copied.

    Attributes:
        data: The document.
        start: The index of the opening bracket.
        stop: The index behind the closing bracket.
    """

    data: bytes
    start: int
    stop: int

    def inner(self) -> tuple[int, int] | None:
        """Return start and stop of its members, without the space around them; None if it is not an array."""
        data, start, stop = self.data, self.start + 1, self.stop - 1
        if start > stop or data[self.start : start] != b"[" or data[stop : self.stop] != b"]":
            return None
        while start < stop and data[start : start + 1].isspace():
            start += 1
        while start < stop and data[stop - 1 : stop].isspace():
            stop -= 1
        return start, stop


def histogram_and_shots(data: bytes) -> tuple[Span, Span] | None:
    """Return the arrays Histogram and Shots of a document with one result, members in the service's order; else None.

    Their contents are not checked: the caller must read every byte of both.
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
    """Find ``"Shots"``: a histogram of bits has no S, and one letter is found much faster than a word."""
    place = data.find(b"S", start)
    return place - 1 if data[place - 1 : place + 6] == b'"Shots"' else data.find(b'"Shots"', start)


def histogram_total(histogram: Span) -> int | None:
    """Return the sum of a histogram's counts, if its entries differ only in their bits and counts; else None."""
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
    if grid is None or (grid[1][bits] > 1).any():  # the codes of 0 and 1 differ in the last bit only
        return None
    text, _ = grid
    numbers = text[:, digits].astype(np.int64) - ord("0")
    if (numbers < 0).any() or (numbers > 9).any() or (len(digits) > 1 and (numbers[:, 0] == 0).any()):  # noqa: PLR2004 - digits
        return None
    return int((numbers @ (10 ** np.arange(len(digits) - 1, -1, -1))).sum())


def _is_odd(entry: bytes) -> bool:
    """Whether an entry is not an outcome of bits with its display and count."""
    try:
        parts = read_json(entry, dict[str, Any])
        if set(parts) != {"Outcome", "Display", "Count"} or not isinstance(parts["Display"], str):
            return True
        return any(leaf not in (0, 1) or isinstance(leaf, bool) for leaf in leaves(parts["Outcome"]))
    except (msgspec.MsgspecError, ValueError):
        return True


def _grid(
    data: bytes, start: int, stop: int, separator: bytes, length: int, places: list[int]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Return the members between start and stop as one row each, if they differ only at some places; else None.

    Returns:
        The rows, and for each column the binary digits in which its characters differ.
    """
    stride = length + len(separator)
    number, rest = divmod(stop - start + len(separator), stride)
    if rest:
        return None
    if start + number * stride > len(data):  # the last row needs separator bytes too: normally those that follow
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
    """Return the bits of all shots and the first shot, if the shots differ only in their bits; else None.

    A lost qubit, ``"-"``, is as long as a bit once its quotes are removed.
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
    """Return the bits with the first shot, if its bits are written in the order of its tuples' items."""
    first = msgspec.json.decode(re.sub(rb"-", b'"-"', shot))
    return (rows, first) if _in_written_order(first) and len(list(leaves(first))) == rows.shape[1] else None


def _first_shot(data: bytes, start: int, stop: int) -> tuple[int, list[int]]:
    """Return the length of the first shot, and the places of its bits; length 0 if it holds anything but bits."""
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
    """Whether the members of all tuples are written in the order Item1, Item2, ..."""
    if isinstance(outcome, list):
        return all(map(_in_written_order, outcome))
    if isinstance(outcome, dict):
        in_order = list(outcome) == [f"Item{place}" for place in range(1, len(outcome) + 1)]
        return in_order and all(map(_in_written_order, outcome.values()))
    return True


def leaves(outcome: Any) -> Iterator[Any]:
    """Yield the values of an outcome from left to right."""
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
