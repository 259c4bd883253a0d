"""IonQ histograms: every outcome once, by its number, with its probability."""

import json

import numpy as np
import pytest

from qsession_core.local.execution.histograms import histogram_json


def read(text):
    (histogram,) = json.loads(text).values()
    return histogram


@pytest.mark.parametrize(
    ("number", "largest"), [(1, 1), (5, 11), (3_000, 10**12), (70_000, 1 << 40), (66_000, 1 << 17)]
)
def test_every_outcome_is_written_once_with_its_probability_in_ascending_order(number, largest):
    rng = np.random.default_rng(0)
    keys = np.unique(rng.integers(0, largest, number))
    rng.shuffle(keys)
    weights = rng.random(len(keys)) ** 20 + 1e-14
    weights /= weights.sum()

    histogram = read(histogram_json(keys, weights))

    assert list(histogram) == [str(key) for key in sorted(keys.tolist())]
    of = dict(zip(map(str, keys.tolist()), weights.tolist(), strict=True))
    assert np.allclose(list(histogram.values()), [of[key] for key in histogram], rtol=1e-13, atol=0)


def test_numbers_and_probabilities_are_written_as_short_as_they_are():
    text = histogram_json(np.array([10, 0, 3]), np.array([0.25, 0.5, 0.25]))
    assert text == b'{"histogram":{"0":0.5,"3":0.25,"10":0.25}}'
    assert read(histogram_json(np.array([0, 1]), np.array([1 / 3, 2 / 3]))) == {
        "0": 0.33333333333333,
        "1": 0.66666666666667,
    }


def test_outcomes_of_more_than_63_bits_are_written_exactly():
    assert read(histogram_json([(1 << 90) + 1, 2], np.array([0.25, 0.75]))) == {"2": 0.75, str((1 << 90) + 1): 0.25}
