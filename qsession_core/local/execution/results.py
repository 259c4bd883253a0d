"""Writes results in each output format, as the providers do.

Source: docs/protocol.md 6.2 (ionq), 6.4 (OpenQASM), 6.5 (Quil, Pulser), 6.6 and 6.7 (Microsoft v1, v2).
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.local.readers.circuit import LOST, JobFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Output

    Shots = NDArray[np.uint8]

__all__ = [
    "Tree",
    "counts_json",
    "outcome_tree",
    "registers_json",
    "rows_json",
    "v1_json",
    "v2_json",
    "v2_json_of_trees",
]

# The shape of one outcome: ("result", number), ("array", [...]), ("tuple", [...]), or ("value", a JSON value)
Tree = tuple[str, Any]


def outcome_tree(output: Sequence[Output], num_results: int) -> Tree:
    """Return the shape of an outcome from its records in pre-order.

    >>> outcome_tree([("tuple", 2), ("result", 1), ("array", 1), ("result", 0)], 2)
    ('tuple', [('result', 1), ('array', [('result', 0)])])

    Raises:
        JobFailure: A record has more items than follow it, or fewer than none.
    """
    if not output:
        return ("array", [("result", number) for number in range(num_results)])
    trees, position = [], 0
    while position < len(output):
        tree, position = _subtree(output, position, 0)
        trees.append(tree)
    return trees[0] if len(trees) == 1 else ("tuple", trees)


def _subtree(output: Sequence[Output], position: int, depth: int) -> tuple[Tree, int]:
    if position >= len(output) or depth > 100:  # noqa: PLR2004 - deeper than any program, shallower than the stack
        raise JobFailure("CannotTranslateOutputData", "The output records announce more items than follow.")
    kind, value = output[position]
    position += 1
    if kind == "result":
        return (kind, value), position
    if kind not in {"array", "tuple"}:
        return ("value", bool(value) if kind == "bool" else value), position
    if value < 0:
        raise JobFailure("CannotTranslateOutputData", f"The output records announce {value} items.")
    items = []
    for _ in range(value):
        item, position = _subtree(output, position, depth + 1)
        items.append(item)
    return (kind, items), position


def _template(tree: Tree, *, display: bool) -> tuple[bytes, list[int], list[int]]:
    """Return the text of an outcome with 0 for every result, the places of the results in it, and their numbers."""
    pieces: list[str] = []
    places: list[int] = []
    results: list[int] = []
    length = 0

    def put(text: str) -> None:
        nonlocal length
        pieces.append(text)
        length += len(text.encode())

    def walk(node: Tree) -> None:
        kind, value = node
        if kind == "result":
            places.append(length)
            results.append(value)
            put("0")
        elif kind == "value":
            if isinstance(value, float) and not math.isfinite(value):
                problem = f"The program records the double {value}, which JSON does not have."
                raise JobFailure("CannotTranslateOutputData", problem)
            put("-" if display and value == "-" else msgspec.json.encode(value).decode())
        else:
            is_list = kind == "array"
            put("[" if is_list else "(" if display else "{")
            for number, item in enumerate(value):
                put((", " if display else ",") if number else "")
                put("" if is_list or display else f'"Item{number + 1}":')
                walk(item)
            put("]" if is_list else ")" if display else "}")

    walk(tree)
    return "".join(pieces).encode(), places, results


def _rows(template: bytes, places: list[int], results: list[int], shots: Shots, end: bytes) -> NDArray[np.uint8]:
    """Return one text a shot, each followed by ``end``, as an array of bytes."""
    import numpy as np

    text = np.frombuffer(template + end, dtype=np.uint8)
    rows = np.tile(text, (len(shots), 1))
    if places:
        rows[:, places] = shots[:, results] + ord("0")
    return rows


def _texts(template: bytes, places: list[int], results: list[int], shots: Shots, lost: bytes) -> list[bytes]:
    """Return one text a shot, with a mark of its own for results that were lost."""
    texts = [row.tobytes() for row in _rows(template, places, results, shots, b"")]
    for number, column in zip(*(found.tolist() for found in (shots[:, results] == LOST).nonzero()), strict=True):
        # from the right: nonzero counts up, and each mark moves what stands behind it
        place = len(template) - places[column]
        text = texts[number]
        texts[number] = text[: len(text) - place] + lost + text[len(text) - place + 1 :]
    return texts


def _distinct(shots: Shots, results: Sequence[int]) -> tuple[Shots, list[int]]:
    """Return the distinct shots, sorted by their bits, and how often each occurs."""
    import numpy as np

    columns = sorted(set(results))
    seen = shots[:, columns]
    if (seen == LOST).any():
        seen = np.concatenate([seen == 1, seen == LOST], axis=1)
    packed = np.packbits(seen, axis=1) if columns else np.zeros((len(shots), 1), dtype=np.uint8)
    if packed.shape[1] <= 8:  # noqa: PLR2004 - eight bytes are one integer, and integers sort fast
        padded = np.zeros((len(shots), 8), dtype=np.uint8)
        padded[:, 8 - packed.shape[1] :] = packed
        _, first, counts = np.unique(padded.view(">u8").ravel(), return_index=True, return_counts=True)
    else:
        _, first, counts = np.unique(packed, axis=0, return_index=True, return_counts=True)
    return shots[first], counts.tolist()


def v2_json(shots: Shots, tree: Tree) -> bytes:
    """Return ``microsoft.quantum-results.v2`` of shots, shape (shots, num_results), and the shape of an outcome."""
    return v2_json_of_trees([(tree, shots)])


def v2_json_of_trees(parts: Iterable[tuple[Tree, Shots]]) -> bytes:
    """Return ``microsoft.quantum-results.v2`` of shots whose outcomes have several shapes, part after part."""
    histogram: dict[bytes, tuple[bytes, int]] = {}
    listed: list[bytes] = []
    for tree, shots in parts:
        template, places, results = _template(tree, display=False)
        if (shots == LOST).any():
            listed += _texts(template, places, results, shots, b'"-"')
        elif len(shots):
            listed.append(_rows(template, places, results, shots, b",").tobytes()[:-1])
        kinds, counts = _distinct(shots, results)
        shown, shown_places, shown_results = _template(tree, display=True)
        outcomes = _texts(template, places, results, kinds, b'"-"')
        displays = _texts(shown, shown_places, shown_results, kinds, b"-")
        for outcome, key, count in zip(outcomes, displays, counts, strict=True):
            text, before = histogram.get(key, (outcome, 0))
            histogram[key] = (text, before + count)
    entries = b",".join(
        b'{"Outcome":' + outcome + b',"Display":' + msgspec.json.encode(display.decode()) + b',"Count":%d}' % count
        for display, (outcome, count) in histogram.items()
    )
    return (
        b'{"DataFormat":"microsoft.quantum-results.v2","Results":[{"Histogram":['
        + entries + b'],"Shots":[' + b",".join(listed) + b"]}]}"
    )  # fmt: skip


def v1_json(parts: Sequence[tuple[Tree, Shots]]) -> bytes:
    """Return ``microsoft.quantum-results.v1``: display and frequency in turn."""
    total = sum(len(shots) for _, shots in parts)
    counted: dict[str, int] = {}
    for tree, shots in parts:
        template, places, results = _template(tree, display=True)
        kinds, counts = _distinct(shots, results)
        for text, count in zip(_texts(template, places, results, kinds, b"-"), counts, strict=True):
            display = text.decode()
            counted[display] = counted.get(display, 0) + count
    flat: list[object] = []
    for display, count in counted.items():
        flat += [display, count / total]
    return msgspec.json.encode({"Histogram": flat})


def registers_json(shots: Shots, registers: Mapping[str, tuple[int, ...]]) -> bytes:
    """Return ``honeywell.quantum-results.v1``: a list of bitstrings a register, leftmost the highest index."""
    listed = {}
    for name, results in registers.items():
        text = (shots[:, list(reversed(results))] + ord("0")).tobytes().replace(b"2", b"-").decode()
        width = len(results)
        listed[name] = [text[start : start + width] for start in range(0, len(text), width)]
    return msgspec.json.encode(listed)


def rows_json(shots: Shots, registers: Mapping[str, tuple[int, ...]]) -> bytes:
    """Return ``rigetti.quil-results.v1``: a row of bits a shot, for each register."""
    return msgspec.json.encode({name: shots[:, list(results)].tolist() for name, results in registers.items()})


def counts_json(shots: Shots) -> bytes:
    """Return ``pasqal.pulser-results.v1``: the count of each outcome, descending; atom i is character i."""
    texts = [row.tobytes().decode() for row in shots + ord("0")]
    return msgspec.json.encode(dict(Counter(texts).most_common()))
