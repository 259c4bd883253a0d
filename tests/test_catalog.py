"""Every known target stands once, and the client and the local workspace agree about it."""

from __future__ import annotations

from datetime import date

import pytest

from qsession_core import catalog
from qsession_core.counting import GateCounts, amount_of, price_of
from qsession_core.local.targets import TARGETS as LOCAL
from qsession_core.providers.find import find_provider


def test_every_known_target_stands_once():
    names = [target.name for target in catalog.TARGETS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("known", catalog.TARGETS, ids=lambda known: known.name)
def test_the_local_workspace_and_the_provider_offer_it_with_the_same_limits(known):
    (local,) = [target for target in LOCAL if target.id == known.name]
    assert (local.num_qubits, local.profile, local.max_shots) == (known.num_qubits, known.profile, known.max_shots)
    assert local.hold_seconds == (known.hold_seconds or 0)
    assert find_provider(local.provider).target(known.name) is known


# Hardware whose price is by time, or not published
UNPRICED = {"rigetti.qpu.cepheus-1-108q"} | {target.name for target in catalog.targets_of("pasqal")}


@pytest.mark.parametrize("known", catalog.TARGETS, ids=lambda known: known.name)
def test_every_target_that_charges_for_gates_has_a_price_with_a_date_and_a_source(known):
    price = price_of(known.name)
    if known.name in UNPRICED:
        assert price is None
        return
    assert price.unit in {"AQT", "HQC", "eHQC", "USD"}
    assert price.as_of <= date.today()  # noqa: DTZ011 - a price is dated by the day
    assert price.source.startswith("https://")


# By hand, from the providers' formulas: a Bell pair, a thousand shots
BELL = GateCounts.of([1, 2], 2, 2)


@pytest.mark.parametrize(
    ("target", "mitigated", "plain"),
    [
        ("ionq.qpu.aria-1", 98.695, 13.6116),
        ("ionq.qpu.forte-1", 169.4805, 27.0754),
        ("ionq.qpu.forte-enterprise-1", 169.4805, 27.0754),
        ("quantinuum.qpu.helios-1", 11.2, 11.2),
        ("quantinuum.sim.h2-1sc", 0, 0),
        ("ionq.simulator", 0, 0),
    ],
)
def test_a_thousand_bell_pairs_have_the_price_of_their_machine(target, mitigated, plain):
    price = price_of(target)
    assert amount_of(price, BELL, 1000) == pytest.approx(mitigated)
    assert amount_of(price, BELL, 1000, is_mitigated=False) == pytest.approx(plain)


def test_a_new_family_of_machines_has_no_price_of_another():
    assert price_of("ionq.qpu.tempo-1") is None
    assert price_of("ionq.qpu.aria-9").unit == "AQT"
