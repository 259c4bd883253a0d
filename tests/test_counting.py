"""What providers charge for: gates, and what a price makes of them."""

from __future__ import annotations

import dataclasses

import pytest

from qsession_core.counting import GateCounts, amount_of, price_of

BELL = GateCounts.of([1, 2], 2, 2)


def test_a_thousand_bell_pairs_cost_eleven_and_a_fifth_of_quantinuums_credits():
    assert amount_of(price_of("quantinuum.qpu.h2-2"), BELL, 1000) == 11.2


@pytest.mark.parametrize(("size", "expected"), [(1, (1, 0)), (2, (0, 1)), (3, (0, 6)), (5, (0, 18))])
def test_wide_gates_count_as_several_two_qubit_gates(size, expected):
    counts = GateCounts.of([size], 0, size)
    assert (counts.one, counts.two, counts.measure) == (*expected, size)


def test_each_program_of_a_job_has_its_fixed_share():
    price = price_of("quantinuum.sim.h2-1e")
    assert amount_of(price, BELL + BELL, 1000) == 2 * amount_of(price, BELL, 1000)


def test_a_sum_is_an_upper_bound_as_soon_as_a_part_is():
    bound = dataclasses.replace(BELL, is_upper_bound=True)
    assert (BELL + bound).is_upper_bound
    assert not (BELL + BELL).is_upper_bound


def test_mitigation_counts_only_where_the_target_has_it():
    aria, h2 = price_of("ionq.qpu.aria-1"), price_of("quantinuum.qpu.h2-1")
    assert amount_of(aria, BELL, 1) > amount_of(aria, BELL, 1, is_mitigated=False)
    assert amount_of(h2, BELL, 1) == amount_of(h2, BELL, 1, is_mitigated=False)


def test_a_target_of_nobody_has_no_price():
    assert price_of("acme.sim.tiny") is None
