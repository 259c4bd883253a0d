"""Service, targets, jobs: which session a job joins, what is refused, what a job returns."""

from __future__ import annotations

import inspect
import pickle
from types import SimpleNamespace

import cirq
import numpy as np
import pytest
import sympy

from qsession_cirq import AzureQuantumService, Job, Target
from qsession_cirq.conversion.readout import Key, Readout
from qsession_cirq.native import GPI2, MS
from qsession_core import Workspace
from qsession_core.errors import (
    BudgetExceededError,
    ConfigurationError,
    ConversionError,
    LimitExceededError,
    NotFoundError,
    ResultFormatError,
    SessionClosedError,
    TargetNotFoundError,
    UnboundParameterError,
)
from qsession_core.results.result import Register, Result

A, B = cirq.LineQubit.range(2)
BELL = cirq.Circuit(cirq.H(A), cirq.CNOT(A, B), cirq.measure(A, B, key="m"))
FLIP = cirq.Circuit(cirq.X(A) ** sympy.Symbol("t"), cirq.measure(A, key="m"))
IONQ = "ionq.simulator"


# --- sessions


def test_the_services_own_run_and_create_job_join_the_session_of_the_target(service):
    with service.get_target(IONQ).open_session(name="mine") as session:
        service.run(BELL, 10, IONQ)
        jobs = [service.create_job(BELL, 10, target=IONQ), service.get_target(IONQ).submit(BELL)]
        service.sampler(IONQ).run(BELL, repetitions=10)
        service.run_sweep(FLIP, [{"t": 0.0}, {"t": 1.0}], 10, IONQ)
    assert len(session.list_jobs()) == 6
    assert all(job.session_id() == session.id for job in jobs)


def test_after_the_block_jobs_are_in_no_session(service):
    target = service.get_target(IONQ)
    with target.open_session():
        pass
    assert target.latest_session is None
    assert service.create_job(BELL, 10, target=IONQ).session_id() is None


def test_a_closed_session_is_refused_before_anything_is_sent(service):
    target = service.get_target(IONQ)
    with target.open_session() as session:
        pass
    with pytest.raises(SessionClosedError):
        target.submit(BELL, session=session)
    assert service.workspace.list_jobs() == []


def test_a_session_takes_every_keyword_of_the_cores(service):
    ours, cores = service.get_target(IONQ).open_session, service.get_target(IONQ).core.open_session
    assert inspect.signature(ours).parameters.keys() == inspect.signature(cores).parameters.keys()
    with service.get_target(IONQ).open_session(max_jobs=1) as session:
        service.run(BELL, 10, IONQ)
        with pytest.raises(BudgetExceededError):
            service.run(BELL, 10, IONQ)
    assert len(session.list_jobs()) == 1


def test_a_session_can_be_attached_from_elsewhere(service, workspace):
    session = service.get_target(IONQ).open_session()
    other = AzureQuantumService(workspace).get_target(IONQ)
    other.attach_session(session.id)
    assert other.submit(BELL).session_id() == session.id
    assert other.get_latest_session_id() == session.id


# --- targets


def test_the_same_name_is_the_same_object(service):
    target = service.get_target(IONQ)
    assert target is service.get_target(IONQ)
    assert target is service.targets(IONQ)
    assert target in service.targets()
    assert service.targets(provider_id="ionq") == [one for one in service.targets() if one.provider_id == "ionq"]


def test_targets_that_take_no_circuits_are_not_listed(service):
    names = [target.name for target in service.targets()]
    assert "quantinuum.sim.h2-1e" in names
    assert not any(name.startswith("pasqal") for name in names)


def test_an_unknown_target_names_the_near_ones(service):
    with pytest.raises(TargetNotFoundError, match=r"ionq\.simulator") as caught:
        service.get_target("ionq.simulatr")
    assert "ionq.simulator" in caught.value.close_matches


def test_without_a_target_the_default_one_runs(workspace):
    assert AzureQuantumService(workspace, default_target=IONQ).run(BELL, 10).repetitions == 10
    with pytest.raises(ConfigurationError, match="default_target"):
        AzureQuantumService(workspace).run(BELL, 10)


def test_a_target_tells_its_facts(service):
    target = service.get_target("quantinuum.sim.h2-1e")
    assert isinstance(target, Target)
    assert (target.num_qubits, target.target_profile, target.is_simulator) == (56, "Adaptive_RI", True)
    assert target.native_gateset is None
    assert service.get_target("ionq.qpu.forte-1").native_gateset.zz
    assert service.get_target("ionq.qpu.aria-1").max_repetitions == 10_000


def test_a_workspace_given_and_described_is_refused(workspace):
    with pytest.raises(ConfigurationError, match="not both"):
        AzureQuantumService(workspace, location="eastus")


def test_the_environment_may_say_local(monkeypatch):
    monkeypatch.setenv("QSESSION_LOCAL", "1")
    service = AzureQuantumService()
    assert service.run(BELL, 10, IONQ).repetitions == 10
    service.workspace.close()


# --- keywords


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (lambda s: s.run(BELL, 10, IONQ, repetition=3), "repetitions"),
        (lambda s: s.create_job(BELL, 10, tagret=IONQ), "target"),
        (lambda s: s.get_target(IONQ).submit(BELL, repetitons=3), "repetitions"),
        (lambda s: s.get_target(IONQ).encode(BELL, gate_set="native"), "gateset"),
        (lambda s: s.get_target(IONQ).open_session(nane="x"), "name"),
        (lambda s: s.sampler(IONQ, sed=3), "seed"),
        (lambda s: s.get_target("quantinuum.sim.h2-1e").submit(BELL, error_modle=False), "error-model"),
    ],
)
def test_an_unknown_keyword_is_a_type_error_that_names_the_near_one(service, call, near):
    with pytest.raises(TypeError, match=near):
        call(service)


def test_provider_options_go_into_the_input_params_by_either_spelling(service):
    target = service.get_target("quantinuum.sim.h2-1e")
    for options in ({"error-model": False}, {"error_model": False}, {"input_params": {"error-model": False}}):
        assert target.encode(BELL, **options).input_params == {"error-model": False, "shots": 500} | (
            {key: value for key, value in target.encode(BELL).input_params.items() if key != "shots"}
        )


def test_metadata_goes_with_the_job(service):
    job = service.get_target(IONQ).submit(BELL, metadata={"experiment": "bell", "number": 3})
    metadata = service.get_job(job.job_id()).azure_job.details.metadata
    assert (metadata["experiment"], metadata["number"]) == ("bell", "3")


def test_results_may_be_asked_for_as_a_histogram(service):
    circuit = cirq.Circuit(cirq.X(A), cirq.measure(A, B, key="m"), cirq.measure(B, key="n"))
    job = service.get_target("rigetti.sim.qvm").submit(
        circuit, repetitions=10, output_data_format="microsoft.quantum-results.v1"
    )
    assert job.results() == cirq.Simulator().run(circuit, repetitions=10)


# --- what is refused


def test_a_circuit_without_measurements_is_refused(service):
    with pytest.raises(ConversionError, match="no measurements"):
        service.run(cirq.Circuit(cirq.H(A)), 10, IONQ)


def test_open_symbols_are_refused_by_name(service):
    with pytest.raises(UnboundParameterError, match="t have no value") as caught:
        service.run(FLIP, 10, IONQ)
    assert caught.value.parameters == ("t",)


@pytest.mark.parametrize("repetitions", [0, -1, 2.5, True, "10"])
def test_repetitions_are_whole_numbers_of_at_least_one(service, repetitions):
    with pytest.raises(ConversionError):
        service.run(BELL, repetitions, IONQ)


def test_numpy_integers_are_whole_numbers(service):
    assert service.run(BELL, np.int64(7), IONQ).repetitions == 7


def test_too_many_repetitions_or_qubits_are_refused_with_the_limit(service):
    with pytest.raises(LimitExceededError, match="10000"):
        service.get_target("ionq.qpu.aria-1").encode(BELL, repetitions=10_001)
    wide = cirq.Circuit(cirq.measure(*cirq.LineQubit.range(30), key="m"))
    with pytest.raises(LimitExceededError, match="29"):
        service.get_target(IONQ).encode(wide)


def test_feed_forward_on_a_base_target_is_refused_with_the_way_out(service):
    circuit = cirq.Circuit(cirq.measure(A, key="m"), cirq.X(B).with_classical_controls("m"), cirq.measure(B, key="n"))
    with pytest.raises(ConversionError, match="Adaptive"):
        service.run(circuit, 10, "rigetti.sim.qvm")
    # the way out that Cirq offers
    assert service.run(cirq.defer_measurements(circuit), 10, "rigetti.sim.qvm").repetitions == 10


# --- what a job says


def test_a_job_says_numbers_as_numbers_and_its_text_as_the_official_client(service):
    circuit = cirq.Circuit(cirq.X(cirq.q(5, 5)), cirq.measure(cirq.q(5, 5), key="c"), cirq.measure(A, B, key="ab"))
    sent = service.get_target(IONQ).submit(circuit, name="numbers", repetitions=30)
    sent.results()
    for job in (sent, service.get_job(sent.job_id())):
        assert (job.repetitions(), job.num_qubits()) == (30, 3)
        assert job.measurement_dict() == {"c": [0], "ab": [1, 2]}  # grid before line, as Cirq sorts
        assert job.qubits() == ("q(5, 5)", "q(0)", "q(1)")
        assert (job.name(), job.target(), job.status()) == ("numbers", IONQ, "Succeeded")
        assert job.results().measurements["c"].tolist() == [[1]] * 30


def test_results_are_equal_at_every_fetch_and_in_every_process(service, workspace):
    circuit = cirq.Circuit(cirq.ry(0.3)(A), cirq.measure(A, key="m"))
    job = service.create_job(circuit, 1000, target=IONQ)
    first = job.results()
    assert first == job.results()
    assert first == AzureQuantumService(workspace).get_job(job.job_id()).results()
    assert first != job.results(seed=5)
    assert first.histogram(key="m") == job.results(seed=5).histogram(key="m")


def test_probabilities_are_the_providers_own_with_masks_applied(service):
    circuit = cirq.Circuit(cirq.ry(0.3)(A), cirq.X(B), cirq.measure(A, B, key="m", invert_mask=(True,)))
    job = service.create_job(circuit, 10, target=IONQ)
    wanted = np.cos(0.15) ** 2
    assert job.probabilities() == pytest.approx({0b11: wanted, 0b01: 1 - wanted}, abs=1e-9)
    assert sum(job.results().histogram(key="m").values()) == 10
    with pytest.raises(ResultFormatError, match="no measurement key"):
        job.probabilities("n")


def test_the_values_of_symbols_stay_with_the_result_also_in_another_process(service, workspace):
    job = service.create_job(FLIP, 10, target=IONQ, param_resolver={"t": 1.0})
    assert job.results().params == cirq.ParamResolver({"t": 1.0})
    assert AzureQuantumService(workspace).get_job(job.job_id()).results().params == cirq.ParamResolver({"t": 1.0})
    assert job.results().measurements["m"].tolist() == [[1]] * 10


def test_a_job_can_be_cancelled_and_deleted(service):
    job = service.create_job(BELL, 10, target=IONQ)
    job.results()
    job.cancel()
    assert job.status() == "Succeeded"  # it was terminal
    job.delete()
    with pytest.raises(NotFoundError):
        service.get_job(job.job_id())


def test_jobs_of_circuits_from_elsewhere_come_in_cirqs_shapes_too(service, workspace):
    raw = {"gateset": "qis", "qubits": 2, "circuit": [{"gate": "x", "target": 1}]}
    job = workspace.get_target(IONQ).submit(raw, name="raw", shots=10)
    result = service.get_job(job.id).results()
    (records,) = result.records.values()
    assert records.tolist() == [[[0, 1]]] * 10


def test_a_job_whose_outcomes_are_not_bits_says_so():
    numbers = Result(0, texts=["42", "42"], values=[42, 42])
    fake = SimpleNamespace(id="j", details=SimpleNamespace(metadata=None), result=lambda *_, **__: numbers)
    with pytest.raises(ResultFormatError, match="not bits"):
        Job(fake).results()
    assert Job(fake).result().values == (42, 42)


# --- native gates


def test_a_circuit_of_native_gates_is_sent_as_such(service):
    target = service.get_target(IONQ)
    circuit = cirq.Circuit(GPI2(0.1)(A), MS(0.0, 0.5)(A, B), cirq.measure(A, B, key="m"))
    assert b'"gateset":"native"' in target.encode(circuit).data
    assert b'"gateset":"qis"' in target.encode(circuit, gateset="qis").data
    circuit.insert(0, cirq.H(A))
    assert b'"gateset":"qis"' in target.encode(circuit).data
    native = cirq.optimize_for_target_gateset(BELL, gateset=target.native_gateset)
    assert b'"gateset":"native"' in target.encode(native).data
    assert set(service.run(native, 100, IONQ).histogram(key="m")) == {0, 3}


def test_what_the_optimizer_makes_runs_like_the_original(service):
    for name in (IONQ, "quantinuum.sim.h2-1e"):
        target = service.get_target(name)
        optimized = cirq.optimize_for_target_gateset(BELL, gateset=target.gateset)
        options = {} if name == IONQ else {"input_params": {"error-model": False}}
        assert set(service.run(optimized, 100, name, **options).histogram(key="m")) == {0, 3}


# --- confusion and loss


def test_a_confusion_map_is_applied_at_decoding_and_the_same_at_every_fetch(service):
    matrix = np.array([[0.8, 0.2], [0.1, 0.9]])
    circuit = cirq.Circuit(cirq.X(B), cirq.measure(A, B, key="m", confusion_map={(0,): matrix, (1,): matrix}))
    job = service.create_job(circuit, 5000, target=IONQ)
    result = job.results()
    assert result == job.results() == service.get_job(job.job_id()).results()
    means = result.measurements["m"].mean(axis=0)
    assert means == pytest.approx([0.2, 0.9], abs=0.03)


def test_a_confusion_map_over_two_bits_and_a_mask_is_cirqs(service):
    certain = np.eye(4)[[1, 2, 3, 0]]  # what is measured as n is recorded as n + 1
    circuit = cirq.Circuit(
        cirq.X(A), cirq.measure(A, B, key="m", confusion_map={(0, 1): certain}, invert_mask=(True, False))
    )
    assert service.run(circuit, 5, IONQ) == cirq.Simulator().run(circuit, repetitions=5)


def test_repetitions_that_lost_a_qubit_are_kept_apart():
    result = Result.from_memory(["10", "-1", "01"], registers=(Register("m", (0, 1)),))
    readout = Readout(keys=(Key("m", 1, 2, inverted=(1,)),))
    assert readout.records(result)["m"].tolist() == [[[1, 1]], [[0, 0]]]
    assert readout.raw_records(result)["m"].tolist() == [[["1", "1"]], [["-", "0"]], [["0", "0"]]]


def test_a_readout_that_does_not_fit_its_result_is_an_error_and_no_data():
    result = Result.from_memory(["10"], registers=(Register("m", (0, 1)),))
    with pytest.raises(ResultFormatError, match="needs 3 bits"):
        Readout(keys=(Key("m", 1, 3),)).records(result)
    with pytest.raises(ValueError, match="cannot be read"):
        Readout.from_text("{")


def test_a_local_workspace_can_be_reopened(tmp_path):
    with Workspace.local(tmp_path, seed=3) as workspace:
        job = AzureQuantumService(workspace).create_job(BELL, 20, target=IONQ)
        first = job.results()
    with Workspace.local(tmp_path) as workspace:
        assert AzureQuantumService(workspace).get_job(job.job_id()).results() == first


def test_a_service_pickles_as_its_workspace_does(tmp_path):
    with Workspace.local(tmp_path) as workspace:
        service = AzureQuantumService(workspace, "ionq.simulator")
        service.get_target("ionq.simulator")
        again = pickle.loads(pickle.dumps(service))  # noqa: S301 - our own bytes
        assert again.default_target == "ionq.simulator"
        assert again.get_target("ionq.simulator").name == "ionq.simulator"
        again.workspace.close()


@pytest.mark.parametrize("target", [IONQ, "quantinuum.sim.h2-1e", "rigetti.sim.qvm"])
def test_a_result_pickles_with_its_probabilities(service, target):
    result = service.run(BELL, repetitions=20, target=target)
    again = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own bytes
    assert again == result
    assert again.probabilities("m") == result.probabilities("m")
