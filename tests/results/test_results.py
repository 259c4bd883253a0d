"""The results contract: whole shots, plain ints, one order of bits, nothing drawn unless asked."""

from __future__ import annotations

import json
import pickle
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsession_core.errors import ResultFormatError
from qsession_core.results.result import Register, Result, apportion
from qsession_core.results.rows import merge_rows

WEIGHTS = st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=1, max_size=40).filter(lambda w: sum(w) > 1e-6)
KEYS = st.integers(0, 12).flatmap(lambda width: st.lists(st.text("01", min_size=width, max_size=width), max_size=60))


@given(WEIGHTS, st.integers(0, 10**7))
def test_apportioned_numbers_sum_exactly_and_are_each_within_one_of_their_share(weights, total):
    numbers = apportion(np.array(weights), total)

    assert numbers.sum() == total
    assert (numbers >= 0).all()
    assert np.abs(numbers - np.array(weights) * (total / sum(weights))).max() <= 1 + 1e-9 * total


@given(st.lists(st.integers(0, 10**5), min_size=1, max_size=60).filter(any))
def test_whole_counts_come_back_unharmed_from_their_shares(counts):
    total = sum(counts)

    assert apportion(np.array(counts) / total, total).tolist() == counts


def test_where_remainders_tie_the_first_are_rounded_up():
    assert apportion(np.full(4, 0.25), 6).tolist() == [2, 2, 1, 1]


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [-1.0, 2.0], [float("nan")], [float("inf"), 1.0]])
def test_weights_that_are_none_are_an_error(weights):
    with pytest.raises(ValueError, match="weights must"):
        apportion(np.array(weights, dtype=np.float64), 5)


@given(KEYS)
def test_counts_of_shots_are_those_of_the_standard_library_in_the_keys_order(memory):
    result = Result.from_memory(memory)

    assert result.counts == Counter(memory)
    assert list(result.counts) == sorted(result.counts)
    assert result.memory() == result.raw_memory == memory
    assert result.shots == len(memory)
    assert not result.memory_is_synthetic


@given(st.lists(st.text("01-", min_size=3, max_size=3), max_size=50))
def test_shots_that_lost_a_qubit_are_kept_apart(memory):
    result = Result.from_memory(memory)
    kept = [key for key in memory if "-" not in key]

    assert result.counts == Counter(kept)
    assert result.memory() == kept
    assert result.raw_counts == Counter(memory)
    assert result.raw_memory == memory
    assert result.lost_shots == len(memory) - len(kept)
    assert result.shots + result.lost_shots == len(memory)


@given(st.dictionaries(st.text("01-", min_size=2, max_size=2), st.floats(0.01, 1), min_size=1), st.integers(1, 10**5))
def test_lost_outcomes_of_a_distribution_are_kept_apart(probabilities, shots):
    result = Result.from_probabilities(probabilities, shots=shots)

    assert sum(result.raw_counts.values()) == shots
    assert sum(result.counts.values()) == result.shots == shots - result.lost_shots
    assert not any("-" in key for key in result.counts)
    assert result.lost_shots == sum(count for key, count in result.raw_counts.items() if "-" in key)
    assert len(result.memory()) == result.shots
    assert result.raw_memory is None


@given(st.dictionaries(st.text("01", min_size=4, max_size=4), st.floats(0.001, 1), min_size=1), st.integers(1, 10**6))
def test_counts_of_a_distribution_are_plain_ints_that_sum_exactly(probabilities, shots):
    result = Result.from_probabilities(probabilities, shots=shots)

    assert sum(result.counts.values()) == shots == result.shots
    assert all(type(count) is int and type(key) is str for key, count in result.counts.items())
    assert all(type(share) is float for share in result.probabilities.values())
    assert result.probabilities == probabilities
    assert json.loads(json.dumps(result.counts)) == result.counts


def test_memory_of_a_distribution_has_its_counts_and_the_same_order_for_the_same_seed():
    result = Result.from_probabilities({"00": 0.25, "11": 0.75}, shots=200, seed_text="job-1")

    assert result.memory_is_synthetic
    assert Counter(result.memory()) == result.counts
    assert result.memory() == result.memory()
    assert result.memory(seed=0) == result.memory(seed=0)
    assert len({tuple(result.memory(seed)) for seed in (None, 0, 1)}) == 3
    other = Result.from_probabilities({"00": 0.25, "11": 0.75}, shots=200, seed_text="job-2")
    assert other.memory() != result.memory()


def test_classical_bit_i_is_column_i_and_character_i():
    result = Result.from_memory(["100", "110"])

    assert result.bits().tolist() == [[1, 0, 0], [1, 1, 0]]
    assert result.bits().dtype == np.uint8


def test_bits_and_memory_of_a_distribution_are_the_same_shots():
    result = Result.from_probabilities({"01": 0.5, "10": 0.5}, shots=9)

    for seed in (None, 0, 7):
        assert ["".join(map(str, row)) for row in result.bits(seed).tolist()] == result.memory(seed)


@pytest.mark.parametrize("width", [1, 20, 24, 25, 63, 64, 65, 128, 200])
def test_keys_of_any_width_are_counted_in_order(width):
    draw = np.random.default_rng(width)
    rows = (draw.integers(0, 2, (300, width)) + ord("0")).astype(np.uint8)
    memory = [row.tobytes().decode() for row in np.vstack([rows, rows[:100]])]

    counts = Result.from_memory(memory).counts

    assert list(counts.items()) == sorted(Counter(memory).items())


@pytest.mark.parametrize("width", [64, 65, 130])
def test_wide_distributions_come_in_the_order_of_their_keys(width):
    keys = ["0" * (width - 1) + "1", "1" + "0" * (width - 1), "0" * width]

    result = Result.from_probabilities(dict.fromkeys(keys, 1 / 3), shots=9)

    assert list(result.counts) == list(result.probabilities) == sorted(keys)


def test_a_result_without_bits_has_one_empty_key():
    assert Result.from_memory(["", "", ""]).counts == {"": 3}
    assert Result.from_probabilities({"": 1.0}, shots=3).memory() == ["", "", ""]
    assert Result.from_memory([]).counts == {}


def test_a_distribution_of_unknown_shots_has_probabilities_only():
    result = Result.from_probabilities({"0": 0.5, "1": 0.5}, shots=0)

    assert (result.shots, result.counts, result.memory()) == (0, {}, [])
    assert result.probabilities == {"0": 0.5, "1": 0.5}


def test_outcomes_that_are_no_bits_are_texts_and_values():
    result = Result(0, texts=["(3, 0)", "(2, 1)", "(3, 0)"], values=[(3, 0), (2, 1), (3, 0)])

    assert result.counts == {"(2, 1)": 1, "(3, 0)": 2}
    assert result.values == ((3, 0), (2, 1), (3, 0))
    assert result.memory() == ["(3, 0)", "(2, 1)", "(3, 0)"]
    with pytest.raises(ResultFormatError, match=r"result\.values"):
        result.bits()


@pytest.mark.parametrize("memory", [["0", "01"], ["2"], ["a"], ["0", "é"]])
def test_keys_that_are_no_bits_of_one_width_are_an_error(memory):
    with pytest.raises(ValueError, match="is not"):
        Result.from_memory(memory)


def test_probabilities_that_are_none_are_an_error_at_once():
    with pytest.raises(ValueError, match="weights"):
        Result.from_probabilities({"0": 0.0}, shots=3)
    with pytest.raises(ValueError, match="weights"):
        Result.from_probabilities({}, shots=3)


def test_what_a_caller_does_to_counts_does_not_change_the_result():
    result = Result.from_memory(["0", "1"])

    result.counts.clear()

    assert result.counts == {"0": 1, "1": 1}


def results():
    registers = (Register("c", (0, 1)),)
    yield Result.from_memory(["01", "1-"], registers=registers)
    yield Result.from_memory(["01", "11"])
    yield Result.from_probabilities({"01": 0.5, "11": 0.5}, shots=2)
    yield Result.from_probabilities({"01": 0.5, "11": 0.5}, shots=4)
    yield Result(0, texts=["1", "2"], values=[1, 2])
    yield Result(0, texts=["1", "2"])
    yield Result(2, characters=np.zeros((0, 2), np.uint8), errors=({"Code": "1", "Name": "Oh"},))


def test_results_are_equal_if_all_that_they_say_is():
    for place, one in enumerate(results()):
        for other_place, other in enumerate(results()):
            assert (one == other) is (place == other_place)
    assert Result.from_memory(["0"]) != "0"
    assert len(set(results())) == len(list(results()))


def test_results_pickle_used_or_not():
    for fresh, used in zip(results(), results(), strict=True):
        assert used.counts is not None
        assert used.lost_shots >= 0
        assert pickle.loads(pickle.dumps(fresh)) == pickle.loads(pickle.dumps(used)) == fresh  # noqa: S301 - our own


def test_the_representation_says_what_went_wrong():
    result = Result(1, characters=np.array([[48], [45]], np.uint8), errors=({"Code": "1"},))

    assert repr(result) == "<Result of 1 shots, 1 bits, 1 lost, 1 failed>"


def test_merged_rows_keep_their_weight():
    rows = np.array([[49, 48], [48, 48], [49, 48]], np.uint8)

    different, weights = merge_rows(rows, np.array([0.25, 0.5, 0.25]))

    assert different.tolist() == [[48, 48], [49, 48]]
    assert weights.tolist() == [0.5, 0.5]


def test_a_million_shots_are_counted_in_little_memory():
    rows = (np.random.default_rng(1).integers(0, 2, (10**6, 20)) + ord("0")).astype(np.uint8)
    result = Result(20, characters=rows)
    tracemalloc.start()

    counts = result.counts

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(counts.values()) == 10**6
    assert peak < 600e6


@pytest.mark.parametrize("weights", [[1 / 3] * 3, [0.1, 0.2, 0.7], [1.0], [0.3, 0.0], [2.0**-60, 1.0], [0.1] * 999])
@pytest.mark.parametrize("total", [2**53, 2**53 - 1, 10**15 + 1])
def test_numbers_sum_exactly_up_to_the_most_shots(weights, total):
    numbers = apportion(np.array(weights), total)
    assert (sum(numbers.tolist()), (numbers < 0).any()) == (total, False)


@pytest.mark.parametrize("total", [2**53 + 1, 2**63, 10**30])
def test_more_shots_than_can_be_counted_exactly_are_refused(total):
    with pytest.raises(ValueError, match="more than can be counted"):
        Result.from_probabilities({"0": 1.0}, shots=total)


@pytest.mark.parametrize("shots", [10**9, 10**12, 10**15])
def test_memory_that_would_not_fit_is_refused_and_counts_are_there(shots):
    result = Result.from_probabilities({"00": 0.5, "11": 0.5}, shots=shots)
    assert result.counts == {"00": shots // 2, "11": shots // 2}
    for made in (result.memory, result.bits):
        with pytest.raises(ResultFormatError, match=rf"GiB for {shots} shots.*use result\.counts"):
            made()
