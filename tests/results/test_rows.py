"""Outcomes as rows: numbers become the rows that a plain reading of their bits gives, merged and sorted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsession_core.results.rows import merge_numbers, texts_of

WEIGHTS = st.sampled_from([0.25, 0.5, 1.0])  # their sums are exact


@given(
    st.lists(st.tuples(st.integers(0, 2**64 - 1), WEIGHTS), max_size=40),
    st.lists(st.none() | st.integers(0, 63), max_size=70),
)
def test_numbers_become_rows_of_their_bits_merged_and_sorted(entries, bits):
    expected: dict[str, float] = {}
    for number, weight in entries:
        key = "".join("0" if bit is None else str(number >> bit & 1) for bit in bits)
        expected[key] = expected.get(key, 0.0) + weight
    numbers = np.array([number for number, _ in entries], dtype=np.uint64)
    rows, weights = merge_numbers(numbers, np.array([weight for _, weight in entries], dtype=np.float64), bits)
    assert dict(zip(texts_of(rows), weights.tolist(), strict=True)) == expected
    assert texts_of(rows) == sorted(expected)


@pytest.mark.parametrize("dtype", [np.uint64, object])
def test_numbers_of_any_width_become_rows(dtype):
    wide = 1 << 70 if dtype is object else 1 << 60
    rows, weights = merge_numbers(np.array([wide, 0, wide], dtype=dtype), np.array([1.0, 2.0, 3.0]), [0, 60, 70][:3])
    assert texts_of(rows) == ["000", "001" if dtype is object else "010"]
    assert weights.tolist() == [2.0, 4.0]
