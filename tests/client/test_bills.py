"""What jobs have cost: the service's events, the provider's unit, and sums."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qsession_core import Program, Workspace, errors
from qsession_core.client.service.models import CostEstimate, CostEvent, JobDetails
from qsession_core.client.submitting.bill import JobCost, sums
from qsession_core.local import ManualClock

DAY = 24 * 3600
SESSION = "0a4e5b9c-7d0f-4a53-9a3e-1f3d1c2b5a61"


@pytest.fixture
def month(bell):
    clock = ManualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    with Workspace.local(clock=clock) as workspace:
        emulator, machine = workspace.get_target("quantinuum.sim.h2-1e"), workspace.get_target("ionq.qpu.aria-1")
        emulator.submit(bell, shots=1000, tags=["thesis", "noise"]).wait_until_completed()
        clock.advance(DAY)
        with emulator.open_session(id=SESSION) as session:
            emulator.submit(bell, shots=1000, tags=["thesis"], session=session).wait_until_completed()
        machine.submit(bell, shots=1000, input_params={"error-mitigation": {"debias": False}}).wait_until_completed()
        yield workspace


def test_a_cost_carries_the_events_and_the_units(month):
    first, _, last = month.costs()
    assert [event.dimension_id for event in first.events] == ["ehqc"]
    assert first.amounts == {"eHQC": 11.2, "USD": 0.0}
    assert first.tags == ("thesis", "noise")
    assert first.computed == ()
    assert {event.dimension_id: event.amount_billed for event in last.events} == {"gs1q": 1000, "gs2q": 1000}
    assert last.amounts == {"AQT": pytest.approx(12.4166 + 0.22 + 0.975), "USD": 0.0}
    assert last.computed == ("AQT",)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("tag", {"": (1, {"AQT"}), "noise": (1, {"eHQC"}), "thesis": (2, {"eHQC"})}),
        ("day", {"2026-03-01": (1, {"eHQC"}), "2026-03-02": (2, {"eHQC", "AQT"})}),
        ("session", {"": (2, {"eHQC", "AQT"}), SESSION: (1, {"eHQC"})}),
        ("target", {"ionq.qpu.aria-1": (1, {"AQT"}), "quantinuum.sim.h2-1e": (2, {"eHQC"})}),
    ],
)
def test_costs_are_summed_by_what_jobs_have_in_common(month, by, expected):
    found = month.costs_by(by)
    assert {row.key: (row.jobs, set(row.amounts) - {"USD"}) for row in found} == expected
    assert [row.key for row in found] == sorted(expected)
    pairs = 11.2 * sum(jobs for key, (jobs, units) in expected.items() if units == {"eHQC"})
    assert sum(row.amounts.get("eHQC", 0) for row in found if set(row.amounts) == {"eHQC", "USD"}) == pytest.approx(
        pairs
    )


def test_a_sum_is_the_sum_of_its_jobs_in_each_unit(month):
    costs = month.costs()
    for by in ("day", "session", "target"):
        for unit in ("eHQC", "AQT", "USD"):
            total = sum(cost.amounts.get(unit, 0) for cost in costs)
            assert sum(row.amounts.get(unit, 0) for row in sums(costs, by)) == pytest.approx(total)


def test_an_unknown_grouping_is_refused_with_the_near_name(month):
    with pytest.raises(errors.ConfigurationError, match="Did you mean 'target'"):
        month.costs_by("targets")


def test_what_the_service_does_not_bill_in_gates_is_not_computed():
    events = [CostEvent(dimension_id="qpu_time_centiseconds", measure_unit="10ms (rounded up)", amount_billed=3.0)]
    bill = CostEstimate(currency_code="USD", events=events, estimated_total=0.06)
    cost = JobCost.of(JobDetails(id="1", target="rigetti.qpu.cepheus-1-108q", cost_estimate=bill), ())
    assert cost.amounts == {"qpu_time_centiseconds": 3.0, "USD": 0.06}
    assert JobCost.of(JobDetails(id="1", target="ionq.simulator"), ()).amounts == {}


def test_gates_without_a_price_stay_gates(month):
    month.prices = ()
    assert set(month.costs()[-1].amounts) == {"gs1q", "gs2q", "USD"}


def test_a_job_without_a_record_of_its_day_has_none():
    assert sums([JobCost.of(JobDetails(id="1"), ())], "day")[0].key == ""


def test_a_machine_whose_events_are_in_the_unit_of_its_price_is_not_computed(workspace):
    program = Program.of(1, 1, [("measure", (0,), (0,))])
    workspace.get_target("quantinuum.qpu.h2-1").submit(program, shots=10).wait_until_completed()
    (cost,) = workspace.costs()
    assert (set(cost.amounts), cost.computed) == ({"HQC", "USD"}, ())
