"""Keys as rows: outcomes as a matrix of ASCII codes, one row each, and operations on all rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qsession_core.results.layout import MOST_SHOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Rows = NDArray[np.uint8]  # ASCII codes of "0", "1" and "-", one row a shot or an outcome

__all__ = [
    "apportion",
    "count_rows",
    "count_texts",
    "counts_by_key",
    "key_order",
    "lost_in",
    "merge_numbers",
    "merge_rows",
    "rows_of",
    "texts_of",
]

_LOST = ord("-")
_BATCH = 1 << 16  # texts made at a time, to bound the memory
_WIDEST_PACKED = 64
_WIDEST_BINNED = 24


def rows_of(keys: Sequence[str]) -> Rows:
    """Return keys of one width as rows.

    Raises:
        ValueError: They differ in width, or one has other characters than 0, 1 and ``-``.
    """
    width = len(keys[0]) if keys else 0
    odd = next((key for key in keys if len(key) != width or not set(key) <= {"0", "1", "-"}), None)
    if odd is not None:
        raise ValueError(f"the key {odd!r} is not {width} characters of 0, 1 and -")
    return np.frombuffer("".join(keys).encode(), np.uint8).reshape(len(keys), width)


def texts_of(rows: Rows) -> list[str]:
    """Return each row as text."""
    number, width = rows.shape
    if not width:
        return [""] * number
    texts: list[str] = []
    for start in range(0, number, _BATCH):  # numpy's texts have four bytes a character
        wide = np.ascontiguousarray(rows[start : start + _BATCH], dtype=np.uint32)
        texts += wide.view(f"U{width}").ravel().tolist()
    return texts


def lost_in(rows: Rows) -> NDArray[np.bool_]:
    """Return which rows lost a qubit."""
    lost = rows == _LOST
    if not lost.any():  # the usual case, and ten times as fast as any(axis=1)
        return np.zeros(len(rows), dtype=np.bool_)
    found: NDArray[np.bool_] = lost.any(axis=1)
    return found


def count_rows(rows: Rows) -> dict[str, int]:
    """Return key -> number of rows, sorted by key."""
    number, width = rows.shape
    if width == 0:
        return {"": number} if number else {}
    if width > _WIDEST_PACKED or (rows == _LOST).any():
        return count_texts(texts_of(rows))
    packed = _packed(rows)
    if width <= _WIDEST_BINNED and 1 << width <= 16 * number:  # few enough bins to scan
        shift = np.uint64(_WIDEST_PACKED - width)
        bins = np.bincount((packed >> shift).astype(np.int64))
        filled = np.flatnonzero(bins)
        values, counts = filled.astype(np.uint64) << shift, bins[filled]
    else:
        values, counts = np.unique(packed, return_counts=True)
    bits = np.unpackbits(values.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1)[:, :width]
    return dict(zip(texts_of(bits + np.uint8(ord("0"))), counts.tolist(), strict=True))


def counts_by_key(rows: Rows, numbers: NDArray[np.int64], chosen: NDArray[np.bool_]) -> dict[str, int]:
    """Return key -> number of the chosen rows."""
    return dict(zip(texts_of(rows[chosen]), numbers[chosen].tolist(), strict=True))


def merge_rows(rows: Rows, weights: NDArray[np.float64]) -> tuple[Rows, NDArray[np.float64]]:
    """Return the distinct rows, sorted by their codes, each with the sum of its weights."""
    if rows.shape[1] == 0:
        return rows[:1], weights.sum(keepdims=True) if len(rows) else weights
    is_packable = rows.shape[1] <= _WIDEST_PACKED and not (rows == _LOST).any()
    whole = _packed(rows) if is_packable else np.ascontiguousarray(rows).view(f"V{rows.shape[1]}").ravel()
    if is_packable and (whole[1:] > whole[:-1]).all():  # sorted and distinct already
        return rows, weights
    order, merged = _merged(whole, weights)
    return rows[order], merged


def merge_numbers(
    numbers: NDArray[Any], weights: NDArray[np.float64], bits: Sequence[int | None]
) -> tuple[Rows, NDArray[np.float64]]:
    """Return the distinct rows that numbers stand for, sorted, each with the sum of its weights.

    Args:
        numbers: Not negative; uint64, or objects where some are larger.
        weights: Of each number.
        bits: Which bit of a number each column of its row shows; None for a column of zeros.
    """
    width = len(bits)
    if not 0 < width <= _WIDEST_PACKED or numbers.dtype == object:
        rows = np.full((len(numbers), width), ord("0"), np.uint8)
        for column, bit in enumerate(bits):
            if bit is not None:
                rows[:, column] += ((numbers >> bit) & 1).astype(np.uint8)
        return merge_rows(rows, weights)
    whole = np.zeros(len(numbers), np.uint64)
    values = np.arange(256, dtype=np.uint64)
    # a byte's bits go to their columns all at once
    for byte in {bit >> 3 for bit in bits if bit is not None and bit < _WIDEST_PACKED}:
        table = np.zeros(256, np.uint64)
        for column, bit in enumerate(bits):
            if bit is not None and bit >> 3 == byte:
                table |= ((values >> np.uint64(bit & 7)) & np.uint64(1)) << np.uint64(width - 1 - column)
        whole |= table[(numbers >> np.uint64(8 * byte)).astype(np.uint8)]
    placed = _placed(whole, width)
    order, merged = _merged(whole, weights) if placed is None else (placed, weights[placed])
    size = -(-width // 8)
    of_bytes = np.ascontiguousarray(whole[order].astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - size :])
    return np.unpackbits(of_bytes, axis=1)[:, 8 * size - width :] + np.uint8(ord("0")), merged


def _placed(whole: NDArray[np.uint64], width: int) -> NDArray[np.intp] | None:
    """Return the order of distinct numbers that are most of those of this width; None if they are others.

    Each is put into its place, which takes a third of the time of sorting.
    """
    if width > _WIDEST_BINNED or 1 << width > 4 * len(whole):
        return None
    places = np.full(1 << width, -1, np.intp)
    places[whole] = np.arange(len(whole))
    order: NDArray[np.intp] = places[places >= 0]
    return order if len(order) == len(whole) else None


def _merged(whole: NDArray[Any], weights: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return where the distinct values are, in their order, and the sum of the weights of each."""
    order = np.argsort(whole)
    in_order = whole[order]
    is_new = np.concatenate(([True], in_order[1:] != in_order[:-1]))[: len(whole)]
    if is_new.all():  # the usual case: keys of a histogram are distinct
        return order, weights[order]
    order = np.argsort(whole, kind="stable")  # so that the sums do not depend on how numpy sorts
    merged = np.bincount(np.cumsum(is_new) - 1, weights=weights[order])
    return order[is_new], merged.astype(np.float64, copy=False)


def count_texts(texts: Sequence[str]) -> dict[str, int]:
    """Return text -> number of texts, sorted."""
    counts: dict[str, int] = {}
    for text in texts:
        counts[text] = counts.get(text, 0) + 1
    return dict(sorted(counts.items()))


def key_order(rows: Rows) -> NDArray[np.intp]:
    """Return the indices that sort rows by key."""
    if (rows == _LOST).any():
        return np.argsort(np.array(texts_of(rows)), kind="stable")
    return np.argsort(_packed(rows), kind="stable")


def _packed(rows: Rows) -> NDArray[Any]:
    """Return one sortable number (or byte string) for each row of bits; the first bit is the highest."""
    width = rows.shape[1]
    packed = np.packbits(rows & 1, axis=1)
    if width > _WIDEST_PACKED:
        return np.ascontiguousarray(packed).view(f"S{packed.shape[1]}").ravel()
    whole = np.zeros((len(packed), 8), np.uint8)
    whole[:, : packed.shape[1]] = packed
    return whole.view(">u8").ravel().astype(np.uint64)


def apportion(weights: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Scale weights to whole numbers that sum to ``total``, by largest remainder.

    >>> apportion(np.array([0.5, 0.25, 0.25]), 10).tolist()
    [5, 3, 2]

    Args:
        weights: Non-negative, with a finite sum above 0.
        total: The sum of the numbers, at most 2**53.

    Returns:
        One number for each weight; among equal remainders the first are rounded up.

    Raises:
        ValueError: The weights are negative, not finite, or sum to 0; or the total is too large.
    """
    if total > MOST_SHOTS:
        raise ValueError(f"{total} shots are more than can be counted exactly")
    if not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
        raise ValueError("weights must not be negative, and their sum must be above 0 and finite")
    exact = weights * (total / weights.sum())
    nearest = np.rint(exact)
    # a count divided by its shots and multiplied again is off by a rounding error at most
    exact = np.where(np.abs(exact - nearest) < 1e-9 * max(total, 1), nearest, exact)
    whole: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    missing = total - int(whole.sum())
    if missing > 0:
        order = np.argsort(-(exact - whole), kind="stable")
        whole += missing // len(whole)  # above 0 only where the shares are so large that floats round them by ones
        whole[order[: missing % len(whole)]] += 1
    elif missing < 0:
        order = np.argsort(exact - whole, kind="stable")
    while missing < 0:
        lower = order[whole[order] > 0][:-missing]
        whole[lower] -= 1
        missing += len(lower)
    return whole
