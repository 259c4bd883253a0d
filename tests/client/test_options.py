"""Shots by any word, and options that are checked before anything is sent, on every front end."""

from __future__ import annotations

import cirq
import numpy as np
import pytest
from qiskit import QuantumCircuit

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace, errors
from qsession_qiskit import AzureQuantumProvider, EstimatorV2, SamplerV2

QUIL = "DECLARE ro BIT[1]\nH 0\nMEASURE 0 ro[0]\n"
TARGETS = ["ionq.simulator", "quantinuum.sim.h2-1e", "rigetti.sim.qvm"]


@pytest.fixture(scope="module")
def local():
    with Workspace.local(seed=3) as workspace:
        yield workspace


def _qiskit():
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    return circuit


def _cirq():
    qubit = cirq.LineQubit(0)
    return cirq.Circuit(cirq.H(qubit), cirq.measure(qubit, key="m"))


def _sent_by(local, target, params):
    """Send by each front end with these parameters; return how many shots each job ran."""
    yield local.get_target(target).submit(_program(), input_params=params).result().shots
    yield AzureQuantumProvider(local).get_backend(target).run(_qiskit(), input_params=params).result().results[0].shots


def _program():
    from qsession_core import Program

    return Program.of(1, 1, [("h", (0,), ()), ("measure", (0,), (0,))])


@pytest.mark.parametrize(
    "params", [{"count": 5}, {"shots": 5}, {"shots": None, "count": 5}, {"shots": 5, "count": np.int64(5)}], ids=str
)
@pytest.mark.parametrize("target", TARGETS)
def test_either_word_for_shots_counts_on_every_target(local, target, params):
    assert list(_sent_by(local, target, params)) == [5, 5]


def test_what_is_sent_says_the_shots_by_the_callers_word_too(local):
    job = local.get_target("rigetti.sim.qvm").submit(QUIL, input_params={"count": 5, "skipQuilc": False})
    assert job.details.input_params == {"count": 5, "shots": 5, "skipQuilc": False}
    assert "count" not in local.get_target("rigetti.sim.qvm").submit(QUIL, shots=5).details.input_params


def test_pasqals_word_for_shots_counts_on_its_targets_only(local):
    sequence = {"sequence_builder": "{}"}
    payload = local.get_target("pasqal.sim.emu-free").encode(sequence, input_params={"runs": 5})
    assert payload.input_params == {"runs": 5, "shots": 5}
    with pytest.raises(errors.ConversionError, match="Give them once"):
        local.get_target("pasqal.sim.emu-free").encode(sequence, input_params={"runs": 5}, shots=6)
    with pytest.raises(errors.ConversionError, match="Did you mean 'shots'"):
        local.get_target("rigetti.sim.qvm").encode(QUIL, input_params={"runs": 5})


@pytest.mark.parametrize("params", [{"count": 5}, {"shots": 5}, {"shots": 6, "count": 5}])
def test_contradictions_are_refused(local, params):
    with pytest.raises(errors.ConversionError, match="Give them once"):
        local.get_target("rigetti.sim.qvm").submit(QUIL, shots=6, input_params=params)
    with pytest.raises(errors.ConversionError, match="Give them once"):
        AzureQuantumService(local).create_job(_cirq(), 6, target="rigetti.sim.qvm", input_params=params)


def test_true_is_no_shot_count_though_it_equals_one(local):
    with pytest.raises(errors.ConversionError, match="shots is True"):
        local.get_target("rigetti.sim.qvm").submit(QUIL, shots=1, input_params={"count": True})


@pytest.mark.parametrize("odd", [True, -1, 0, "many", 1.5, [5]])
@pytest.mark.parametrize("word", ["shots", "count"])
def test_odd_shots_are_refused_by_either_word(local, word, odd):
    with pytest.raises(errors.ConversionError, match="shots is"):
        local.get_target("rigetti.sim.qvm").submit(QUIL, input_params={word: odd})


def test_numpys_values_become_pythons_and_what_is_no_mapping_is_refused(local):
    machine = local.get_target("ionq.qpu.aria-1")
    params = {"error-mitigation": {"debias": np.False_}, "count": np.int64(5)}
    assert machine.encode(_program(), input_params=params).input_params == {
        "error-mitigation": {"debias": False}, "count": 5, "shots": 5,
    }  # fmt: skip
    substitutions = {"substitutions": {"theta": np.zeros((2, 1))}}
    sent = local.get_target("rigetti.sim.qvm").encode(QUIL, input_params=substitutions).input_params
    assert sent["substitutions"] == {"theta": [[0.0], [0.0]]}
    backend = AzureQuantumProvider(local).get_backend("ionq.simulator")
    for odd in ([("shots", 3)], "shots=3", 3):
        with pytest.raises(errors.ConfigurationError, match="pass a dict"):
            machine.encode(_program(), input_params=odd)
        with pytest.raises(errors.ConfigurationError, match="pass a dict"):
            backend.run(_qiskit(), input_params=odd)


def test_bytes_of_any_kind_are_bytes_and_a_list_is_several_jobs(local):
    target = local.get_target("rigetti.sim.qvm")
    for kind in (bytearray, memoryview):
        assert target.encode(kind(QUIL.encode())).data == QUIL.encode()
    with pytest.raises(errors.ConfigurationError, match="submit_all"):
        target.encode([QUIL, QUIL])


def test_a_payloads_own_shots_give_way_to_either_word(local):
    target = local.get_target("rigetti.sim.qvm")
    payload = target.encode(QUIL, input_params={"count": 7})
    assert target.submit(payload).shots == 7
    assert target.submit(payload, shots=3).details.input_params == {"shots": 3}
    assert target.submit(payload, input_params={"count": 4}).shots == 4


def test_keywords_of_other_sdks_hint_at_ours(local):
    backend = AzureQuantumProvider(local).get_backend("ionq.simulator")
    with pytest.raises(TypeError, match="Did you mean 'shots'"):
        backend.run(_qiskit(), count=100)
    with pytest.raises(TypeError, match="Did you mean 'shots'"):
        local.get_target("ionq.simulator").submit(_program(), repetitions=100)
    with pytest.raises(TypeError, match="Did you mean 'repetitions'"):
        AzureQuantumService(local).run(_cirq(), shots=100)


def test_a_budget_counts_the_shots_of_every_item_and_substitution(local):
    text = "DECLARE ro BIT[1]\nDECLARE theta REAL[1]\nRX(theta[0]) 0\nMEASURE 0 ro[0]\n"
    target = local.get_target("rigetti.sim.qvm")
    with target.open_session(max_shots=11):
        with pytest.raises(errors.BudgetExceededError, match="shots"):
            target.submit(text, shots=4, input_params={"substitutions": {"theta": [[0.0], [1.0], [2.0]]}})
        target.submit(text, shots=4, input_params={"substitutions": {"theta": [[0.0], [1.0]]}})


def test_a_member_of_an_option_that_stands_by_itself_is_told_its_place(workspace, bell):
    target = workspace.get_target("ionq.qpu.aria-1")
    for name in ("debias", "debais"):
        with pytest.raises(errors.ConversionError, match=r"\{'error-mitigation': \{'debias': \.\.\.\}\}"):
            target.submit(bell, shots=1, input_params={name: True})


BAD = {"error_mitigation": {"debias": True}, "noise": {"modle": "aria-1"}}


def test_misspelt_options_are_listed_before_anything_is_sent_on_every_front_end(local):
    before = len(local.list_jobs())
    service, backend = AzureQuantumService(local), AzureQuantumProvider(local).get_backend("ionq.simulator")
    target = local.get_target("ionq.simulator")
    sampler = SamplerV2(backend, options={"input_params": BAD})
    for send in (
        lambda: target.submit(_program(), shots=0, input_params=BAD),
        lambda: target.submit_all([_program()], input_params=BAD, shots=0),
        lambda: target.template(_program(), input_params=BAD, shots=0),
        lambda: target.estimate_cost(_program(), input_params=BAD, shots=0),
        lambda: backend.run(_qiskit(), input_params=BAD, shots=0),
        lambda: service.run(_cirq(), 0, target="ionq.simulator", input_params=BAD),
        lambda: service.get_target("ionq.simulator").submit_sweep(_cirq(), [{}, {}], 0, input_params=BAD),
    ):
        with pytest.raises(errors.ConversionError) as caught:
            send()
        assert [word for word in ("'error-mitigation'", "'model'", "shots is 0") if word not in str(caught.value)] == []
    with pytest.raises(errors.ConversionError, match="'error-mitigation'"):
        sampler.run([_qiskit()])
    assert len(local.list_jobs()) == before


def test_a_new_option_is_let_through_on_request_on_every_front_end(local):
    new = {"sharpen": True}
    service, backend = AzureQuantumService(local), AzureQuantumProvider(local).get_backend("ionq.simulator")
    target = local.get_target("ionq.simulator")
    jobs = [
        target.submit(_program(), input_params=new, allow_unknown=True),
        target.submit(target.encode(_program(), input_params=new, allow_unknown=True)),
        *target.submit_all([_program()], input_params=new, allow_unknown=True).jobs,
        backend.run(_qiskit(), input_params=new, allow_unknown=True).azure_jobs[0],
        backend.run(_qiskit(), sharpen=True, allow_unknown=True).azure_jobs[0],
        SamplerV2(backend, options={"input_params": new, "allow_unknown": True})
        .run([_qiskit()])
        .azure_job.azure_jobs[0],
        service.create_job(_cirq(), 5, target="ionq.simulator", input_params=new, allow_unknown=True).azure_job,
        service.get_target("ionq.simulator").submit(_cirq(), sharpen=True, allow_unknown=True).azure_job,
    ]
    assert [job.details.input_params["sharpen"] for job in jobs] == [True] * len(jobs)


@pytest.mark.parametrize("shots", [1, 3, 49, 100, 103, 1024, 4096])
def test_an_estimators_shots_are_those_that_it_is_told(local, shots):
    from qiskit.quantum_info import SparsePauliOp

    estimator = EstimatorV2(AzureQuantumProvider(local).get_backend("ionq.simulator"))
    estimator.options.default_shots = shots
    circuit = QuantumCircuit(1)
    circuit.h(0)
    result = estimator.run([(circuit, SparsePauliOp("X"))]).result()[0]
    assert result.metadata["shots"] == shots
