"""Arrays in JSON whose members are all the same text but for their bits or counts: the bytes are the array.

Nothing is taken on trust: every byte that is not a bit or a count's digit is compared with the first member's. Whatever
does not fit is left to a reader that looks at one member after the other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from qsession_core.keys import Rows

__all__ = ["histogram_total", "leaves", "members", "shots_of", "split"]

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[-0-9a-zA-Z.+]+|.', re.DOTALL)
_HEAD = re.compile(
    rb'\s*\{\s*"DataFormat"\s*:\s*"microsoft\.quantum-results\.v2"\s*,\s*"Results"\s*:\s*\[\s*\{\s*"Histogram"\s*:\s*(?=\[)'
)
_BETWEEN = re.compile(rb'\s*,\s*"Shots"\s*:\s*(?=\[)')
_TAIL = re.compile(rb"(?<=\])\s*\}\s*\]\s*\}\s*\Z")
_NEXT_ENTRY = re.compile(rb"\}(\s*,\s*)\{")
_COUNT = re.compile(rb'"Count"\s*:\s*(\d+)')


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the histogram and the shots of a document with one result in the service's own order, else None.

    They are not looked into: who takes them must read every byte of both.
    """
    head = _HEAD.match(data)
    place = data.find(b'"Shots"', head.end()) if head else -1
    if head is None or place < 0:
        return None
    comma = data.rfind(b",", 0, place)
    while data[comma - 1 : comma].isspace():
        comma -= 1
    between, tail = _BETWEEN.match(data, comma), _TAIL.search(data, max(place, len(data) - 64))
    if between is None or tail is None:
        return None
    return data[head.end() : comma], data[between.end() : tail.start()]


def histogram_total(raw: bytes) -> int | None:
    """Return the sum of a histogram's counts, if every entry is the same text but for its bits and its count."""
    inner = raw[1:-1].strip()
    if not raw.startswith(b"[{") or not raw.endswith(b"}]"):
        return None
    following = _NEXT_ENTRY.search(inner)
    length, separator = (following.start() + 1, following[1]) if following else (len(inner), b",")
    entry = inner[:length]
    count = _COUNT.search(entry)
    if count is None or _is_odd(entry):
        return None
    digits = list(range(count.start(1), count.end(1)))
    outcome = re.sub(rb'"Item\d+"', lambda name: b"#" * len(name[0]), entry)
    bits = [place for place in range(length) if outcome[place : place + 1] in b"01" and place not in digits]
    grid = _grid(inner, separator, length, bits + digits)
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
    inner: bytes, separator: bytes, length: int, places: list[int]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Return the text as one row a member, if all members are the same but at some places.

    Returns:
        The rows, and for each column the binary digits of its characters that are not the same everywhere.
    """
    stride = length + len(separator)
    if (len(inner) + len(separator)) % stride:
        return None
    text = np.frombuffer(inner + separator, np.uint8).reshape(-1, stride)
    varying = np.bitwise_or.reduce(text, axis=0) ^ np.bitwise_and.reduce(text, axis=0)
    fixed = np.ones(stride, dtype=bool)
    fixed[places] = False
    return None if varying[fixed].any() else (text, varying)


def shots_of(raw: bytes) -> tuple[Rows, Any] | None:
    """Return the bits of all shots and the first shot, if every shot is the same text but for its bits.

    A lost qubit, ``"-"``, is as long as a bit without its quotes.
    """
    lost = raw.count(b'"-"') if b'"' in raw else 0
    inner = (raw.replace(b'"-"', b"-") if lost else raw)[1:-1].strip()
    if not raw.startswith(b"[") or not inner:
        return None
    length, places = _first_shot(inner)
    if length == 0:
        return None
    between = re.match(rb"\s*,\s*", inner[length:])
    separator = between.group() if between else b","
    grid = _grid(inner, separator, length, places)
    if grid is None:
        return None
    rows = grid[0][:, places]
    if not lost and (grid[1][places] <= 1).all() and (rows[0] >> 1 == ord("0") >> 1).all():
        return _with_first(rows, inner[:length])
    is_bit = rows >> 1 == ord("0") >> 1
    if not is_bit.all() and ((rows == ord("-")) | is_bit).sum() < rows.size:
        return None
    if (rows.size - int(is_bit.sum())) != lost:
        return None
    return _with_first(rows, inner[:length])


def _with_first(rows: Rows, shot: bytes) -> tuple[Rows, Any] | None:
    """Return the bits with the first shot, if it says them in the order in which they are written."""
    first = msgspec.json.decode(re.sub(rb"-", b'"-"', shot))
    return (rows, first) if _in_written_order(first) and len(list(leaves(first))) == rows.shape[1] else None


def _first_shot(inner: bytes) -> tuple[int, list[int]]:
    """Return how long the first shot is, and where its bits are; length 0 if it holds something else than bits."""
    depth, length, places = 0, 0, []
    for token in _TOKEN.finditer(inner):
        text = token.group()
        if text in {b"[", b"{"}:
            depth += 1
        elif text in {b"]", b"}"}:
            depth -= 1
        elif text in {b"0", b"1", b"-"}:
            places.append(token.start())
        elif text == b"," and depth == 0:
            break
        elif text not in {b":", b",", b" ", b"\t", b"\r", b"\n"} and not (text.startswith(b'"Item') and depth):
            return 0, []
        length = token.end()
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
