"""Every known target stands once, and the client and the local workspace agree about it."""

from __future__ import annotations

import pytest

from qsession_core import catalog
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


def test_a_price_fits_the_targets_of_its_family():
    units = {target.name: price.unit for price in reversed(catalog.PRICES) for target in catalog.TARGETS
             if target.name.startswith(price.targets.split("*")[0])}  # fmt: skip
    assert units["ionq.qpu.aria-1"] == "AQT"
    assert units["quantinuum.qpu.h2-1"] == "HQC"
