"""What a job would cost: the providers' formulas, computed by hand."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date

import pytest

from qsession_core import Program, errors
from qsession_core.catalog import Price
from qsession_core.counting import GateCounts
from qsession_core.expressions import Bit
from qsession_core.formats.qir.module import Qir
from qsession_core.program import Block
from tests.support.qir_text import gate, qir

BELL = [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))]


def test_ionq_hardware_counts_gate_shots(workspace, bell):
    target = workspace.get_target("ionq.qpu.aria-1")
    plain = target.estimate_cost(bell, 1000, input_params={"error-mitigation": {"debias": False}})
    assert plain.counts == GateCounts(1, 1, 4)
    assert plain.amount == pytest.approx(12.4166 + 0.22 + 0.975)
    assert plain.unit == "AQT"
    assert target.estimate_cost(bell, 1000).amount == pytest.approx(97.5 + 0.22 + 0.975)


def test_a_gate_with_many_controls_counts_as_many(workspace):
    program = Program.of(4, 1, [("ctrl(3) @ x", (0, 1, 2, 3), ()), ("measure", (3,), (0,))])
    assert workspace.get_target("ionq.qpu.aria-1").estimate_cost(program, 1).counts.two == 12


@pytest.mark.parametrize("input_data_format", ["qir.v1", "honeywell.openqasm.v1"])
def test_quantinuum_counts_hqc(workspace, bell, input_data_format):
    quote = workspace.get_target("quantinuum.qpu.h2-1").estimate_cost(bell, 1000, input_data_format=input_data_format)
    # 1 one-qubit gate, 1 two-qubit gate, 2 preparations and 2 measurements
    assert quote.counts == GateCounts(1, 1, 4)
    assert quote.amount == pytest.approx(5 + 1000 * (1 + 10 + 5 * 4) / 5000)
    assert quote.unit == "HQC"


def test_emulators_count_their_own_unit_and_checkers_cost_nothing(workspace, bell):
    assert workspace.get_target("quantinuum.sim.h2-1e").estimate_cost(bell, 10).unit == "eHQC"
    assert workspace.get_target("quantinuum.sim.h2-1sc").estimate_cost(bell, 10).amount == 0
    assert workspace.get_target("ionq.simulator").estimate_cost(bell, 10).amount == 0


def test_a_price_of_ones_own_goes_first(workspace, bell):
    workspace.prices = (Price("ionq.*", "EUR", date(2026, 1, 1), fixed=3.0), *workspace.prices)
    assert workspace.get_target("ionq.simulator").estimate_cost(bell, 10).amount == 3.0


def test_no_price_is_an_error_that_says_how_to_give_one(workspace, bell):
    workspace.prices = ()
    with pytest.raises(errors.ConfigurationError, match=r"workspace\.prices"):
        workspace.get_target("ionq.simulator").estimate_cost(bell, 10)


def test_a_session_can_be_limited_by_cost(workspace, bell, recorder):
    target = workspace.get_target("quantinuum.sim.h2-1e")
    with target.open_session(max_cost=15.0):
        target.submit(bell, shots=10)  # 5.062
        target.submit(bell, shots=10)
        sent = len(recorder.requests)
        with pytest.raises(errors.BudgetExceededError) as caught:
            target.submit(bell, shots=10)
    assert caught.value.what == "cost"
    assert caught.value.asked == pytest.approx(3 * 5.062)
    assert len([r for r in recorder.requests[sent:] if "sasUri" in r.url]) == 0


def test_what_jobs_have_cost_is_read_from_the_service(workspace, target, bell):
    job = target.submit(bell, shots=10, name="counted").wait_until_completed()
    (row,) = workspace.costs()
    assert (row.job_id, row.name, row.target) == (job.id, "counted", "ionq.simulator")
    assert workspace.costs(since=date(2999, 1, 1)) == []


def test_a_payloads_own_shots_hold(target, bell):
    payload = target.encode(bell, shots=17)
    assert target.submit(payload).shots == 17
    assert target.submit(payload, shots=5).shots == 5


@pytest.mark.parametrize("input_data_format", ["qir.v1", "honeywell.openqasm.v1"])
def test_the_bill_of_the_local_workspace_is_the_estimate(workspace, bell, input_data_format):
    target = workspace.get_target("quantinuum.sim.h2-1e")
    quote = target.estimate_cost(bell, 1000, input_data_format=input_data_format)
    job = target.submit(bell, shots=1000, input_data_format=input_data_format).wait_until_completed()
    (event,) = job.refresh().details.cost_estimate.events
    assert event.amount_billed == quote.amount == 11.2
    assert not quote.is_upper_bound


def test_a_program_that_branches_has_an_upper_bound(workspace):
    program = Program.of(
        2, 2,
        [("h", (0,), ()), ("measure", (0,), (0,)), ("if", (), (Bit(0), Block.of([("x", (1,), ())]), None)),
         ("measure", (1,), (1,))],
    )  # fmt: skip
    quote = workspace.get_target("quantinuum.qpu.h2-1").estimate_cost(program, 100)
    assert quote.is_upper_bound
    assert quote.counts == GateCounts(2, 0, 4, is_upper_bound=True)


def test_gates_that_cannot_be_counted_are_refused_with_the_reason(workspace, monkeypatch):
    target = workspace.get_target("quantinuum.qpu.h2-1")
    foreign = qir(gate("h__body", 0))
    assert target.estimate_cost(foreign, 10).counts.one == 1
    with pytest.raises(errors.ConfigurationError, match=r"no estimate .* bitcode"):
        target.estimate_cost(b"BC\xc0\xde__quantum__qis__h__body", 10)
    monkeypatch.setitem(sys.modules, "pyqir", None)
    with pytest.raises(errors.ConfigurationError, match=r"no estimate .* pip install \"qsession\[qir\]\""):
        target.estimate_cost(foreign, 10)


def test_bitcode_is_counted_as_its_text_is_and_damaged_bitcode_says_so(workspace, bell):
    target = workspace.get_target("quantinuum.qpu.h2-1")
    payload = Qir("quantinuum", bitcode=True).encode(bell, profile="Adaptive_RI")
    assert target.estimate_cost(payload, 1000).amount == target.estimate_cost(bell, 1000).amount == 11.2
    damaged = replace(payload, data=payload.data[:200])
    with pytest.raises(errors.ConfigurationError, match="There is no estimate of the cost"):
        target.estimate_cost(damaged, 1000)
