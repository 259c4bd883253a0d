"""Writes histograms of very many outcomes: whole columns of text at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["histogram_json"]

_BATCH = 1 << 16  # rows at a time, to bound the memory
_FEW = 1 << 6  # that are written one by one


def histogram_json(keys: NDArray[np.int64] | list[int], weights: NDArray[np.float64]) -> bytes:
    """Return ``ionq.quantum-results.v1``: decimal keys in which bit i is qubit i, ascending, and probabilities.

    Args:
        keys: As an array where they fit 63 bits.
        weights: Of each key. They are written with 14 digits; the others are rounding errors.
    """
    if not isinstance(keys, np.ndarray) or len(keys) <= _FEW:
        rounded = (float(f"{weight:.14g}") for weight in weights.tolist())
        numbers = keys.tolist() if isinstance(keys, np.ndarray) else keys
        return _written(dict(sorted(zip(numbers, rounded, strict=True))))
    order = np.argsort(keys)
    keys, weights = keys[order], weights[order]
    distinct, which = np.unique(weights, return_inverse=True)
    if len(distinct) <= _FEW:
        texts = [msgspec.json.encode(float(f"{weight:.14g}")) for weight in distinct.tolist()]
    else:
        digits = 10.0 ** (13 - np.floor(np.log10(np.maximum(distinct, 1e-300))))
        texts = msgspec.json.encode((np.rint(distinct * digits) / digits).tolist())[1:-1].split(b",")
    values: NDArray[Any] = np.array(texts, dtype=bytes)
    parts = [
        _rows(keys[start : start + _BATCH], values[which[start : start + _BATCH]])
        for start in range(0, len(keys), _BATCH)
    ]
    return b'{"histogram":{' + b"".join(parts)[:-1] + b"}}"


def _written(histogram: Mapping[int, float]) -> bytes:
    return msgspec.json.encode({"histogram": {str(key): value for key, value in histogram.items()}})


def _rows(keys: NDArray[np.int64], values: NDArray[Any]) -> bytes:
    """Return ``"key":value,`` for each key, one after the other."""
    width = len(str(int(keys[-1])))
    texts = np.zeros((len(keys), width + values.dtype.itemsize + 4), dtype=np.uint8)  # a zero stands for no character
    texts[:, 0] = texts[:, width + 1] = ord('"')
    rest = keys
    for place in range(width, 0, -1):
        rest, digit = np.divmod(rest, 10)
        # no digits in front of the first, but a zero for zero
        is_there = (digit > 0) | (rest > 0) if place < width else True
        texts[:, place] = np.where(is_there, digit + ord("0"), 0)
    texts[:, width + 2] = ord(":")
    texts[:, width + 3 : -1] = values.view(np.uint8).reshape(len(keys), -1)
    texts[:, -1] = ord(",")
    made: bytes = texts[texts != 0].tobytes()
    return made
