"""Writes histograms, of very many outcomes too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["histogram_json"]

_BATCH = 1 << 15  # entries that are objects of Python at the same time, to bound the memory
_DIGITS = 14  # the others are rounding errors


def histogram_json(keys: NDArray[np.int64] | list[int], weights: NDArray[np.float64]) -> bytes:
    """Return ``ionq.quantum-results.v1``: decimal keys in which bit i is qubit i, ascending, and probabilities.

    Args:
        keys: As an array where they fit 63 bits.
        weights: Of each key. They are written with 14 digits.
    """
    order = np.argsort(keys) if isinstance(keys, np.ndarray) else sorted(range(len(keys)), key=keys.__getitem__)
    numbers = keys[order].tolist() if isinstance(keys, np.ndarray) else [keys[place] for place in order]
    weights = weights[order]
    scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(np.maximum(weights, 1e-300))))
    rounded = np.rint(weights * scale) / scale
    parts = [
        msgspec.json.encode(dict(zip(numbers[start:end], rounded[start:end].tolist(), strict=True)))[1:-1]
        for start, end in ((start, start + _BATCH) for start in range(0, len(numbers), _BATCH))
    ]
    return b'{"histogram":{' + b",".join(parts) + b"}}"
