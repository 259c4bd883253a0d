"""Estimates beside what the quotas leave."""

from __future__ import annotations

import json
import logging

import cirq
import pytest
from qiskit import QuantumCircuit

from qsession_cirq import AzureQuantumService
from qsession_core import Response, errors
from qsession_qiskit import AzureQuantumProvider

H2, ARIA = "quantinuum.qpu.h2-1", "ionq.qpu.aria-1"


def _quotas(recorder, *rows):
    """Let the service tell these quotas: (dimension, provider, used, limit)."""
    told = [
        {"dimension": dimension, "providerId": provider, "utilization": used, "holds": 0.0, "limit": limit,
         "scope": "Workspace", "period": "Monthly"}
        for dimension, provider, used, limit in rows
    ]  # fmt: skip

    def answer(request):
        return Response(200, {}, json.dumps({"value": told}).encode()) if "/quotas" in request.url else None

    recorder.interfere = answer


def test_an_estimate_says_what_it_exceeds(workspace, bell, recorder, caplog):
    _quotas(recorder, ("hqc", "quantinuum", 790.0, 800.0), ("ehqc", "quantinuum", 0.0, 1.0))
    target = workspace.get_target(H2)
    small, large = target.estimate_cost(bell, 500), target.estimate_cost(bell, 1000)
    assert small.exceeds == ()
    assert large.exceeds == ("The estimate is 11.2 hqc; the quota leaves 10 of 800 (Workspace, period Monthly).",)
    assert "leaves 10 of 800" in caplog.text
    assert [(left.dimension, left.left) for left in target.quota_left()] == [("hqc", 10.0), ("ehqc", 1.0)]


def test_ionqs_gates_count_with_their_weights(workspace, bell, recorder):
    _quotas(recorder, ("qgs", "ionq", 0.0, 10_999.0))
    target = workspace.get_target(ARIA)
    assert len(target.estimate_cost(bell, 1000).exceeds) == 1  # 1 + 10 a shot
    assert target.estimate_cost(bell, 999).exceeds == ()


def test_the_quotas_are_asked_for_once_a_minute_and_not_for_what_is_free(workspace, bell, recorder):
    target = workspace.get_target(H2)
    workspace.get_target("ionq.simulator").estimate_cost(bell)
    assert recorder.count("GET", "/quotas") == 0
    for _ in range(3):
        target.estimate_cost(bell)
    assert recorder.count("GET", "/quotas") == 1
    workspace.clock.sleep(61)
    target.estimate_cost(bell)
    assert recorder.count("GET", "/quotas") == 2


def test_a_submission_is_compared_only_if_the_workspace_wants_it(workspace, bell, recorder, caplog):
    _quotas(recorder, ("hqc", "quantinuum", 795.0, 800.0))
    target = workspace.get_target(H2)
    target.submit(bell, shots=1000)
    assert recorder.count("GET", "/quotas") == 0
    workspace.quotas.policy = "warn"
    with caplog.at_level(logging.WARNING):
        target.submit(bell, shots=1000)
    assert "leaves 5 of 800" in caplog.text


def test_what_exceeds_a_quota_is_refused_before_anything_is_sent(workspace, bell, recorder):
    _quotas(recorder, ("hqc", "quantinuum", 770.0, 800.0))
    workspace.quotas.policy = "refuse"
    target = workspace.get_target(H2)
    with pytest.raises(errors.BudgetExceededError, match="leaves 30 of 800") as caught:
        target.submit_all([bell] * 3, shots=1000)  # 33.6 together
    assert (caught.value.what, caught.value.limit) == ("hqc", 30.0)
    assert recorder.count("PUT", "/jobs") == 0
    target.submit(bell, shots=1000)
    target.submit(bell, shots=1000)
    with pytest.raises(errors.BudgetExceededError):  # what was sent since counts, before the service tells it
        target.submit(bell, shots=1000)


def test_a_policy_is_one_of_three(workspace):
    with pytest.raises(errors.ConfigurationError, match="Did you mean 'refuse'"):
        workspace.quotas.policy = "refused"


def test_quotas_that_the_service_does_not_tell_hold_nothing_up(workspace, bell, recorder):
    recorder.interfere = lambda request: Response(403, {}, b"{}") if "/quotas" in request.url else None
    assert workspace.get_target(H2).estimate_cost(bell, 1000).exceeds == ()


def test_the_estimate_of_a_list_is_the_sum_on_every_front_end(workspace, bell):
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    a, b = cirq.LineQubit.range(2)
    pair = cirq.Circuit(cirq.H(a), cirq.CNOT(a, b), cirq.measure(a, b, key="m"))
    backend = AzureQuantumProvider(workspace).get_backend(H2)
    target = AzureQuantumService(workspace).get_target(H2)
    core = workspace.get_target(H2)
    for one, several in (
        (core.estimate_cost(bell, 1000), core.estimate_cost([bell, bell], 1000)),
        (backend.estimate_cost(circuit, 1000), backend.estimate_cost([circuit, circuit], shots=1000)),
        (target.estimate_cost(pair, 1000), target.estimate_cost([pair, pair], 1000)),
    ):
        assert one.amount == 11.2
        assert (several.amount, several.unit, several.shots, len(several.parts)) == (22.4, "HQC", 2000, 2)
        assert several.counts == one.counts + one.counts
    with pytest.raises(errors.ConversionError, match="at least one"):
        core.estimate_cost([])
