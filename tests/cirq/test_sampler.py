"""The sampler: Cirq's own algorithms run on it unchanged, and a sweep is converted once."""

from __future__ import annotations

from dataclasses import replace

import cirq
import numpy as np
import pytest
import sympy
from cirq.work.observable_measurement import RepetitionsStoppingCriteria, measure_observables

from qsession_cirq import Sampler, encoding
from qsession_core.errors import ConversionError, JobFailedError, UnboundParameterError

A, B = cirq.LineQubit.range(2)
T, U = sympy.symbols("t u")
FLIP = cirq.Circuit(cirq.X(A) ** T, cirq.measure(A, key="m"))
IONQ, H2 = "ionq.simulator", "quantinuum.sim.h2-1e"


@pytest.fixture(params=[IONQ, H2])
def sampler(request, service):
    params = {"error-model": False} if request.param == H2 else None
    return service.sampler(request.param, input_params=params)


def test_it_is_a_cirq_sampler(sampler):
    assert isinstance(sampler, cirq.Sampler)
    assert isinstance(sampler, Sampler)


def test_run_gives_a_cirq_result_with_its_params(sampler):
    result = sampler.run(FLIP, {"t": 1.0}, repetitions=5)
    assert result == cirq.Simulator().run(FLIP, {"t": 1.0}, repetitions=5)
    assert result.params == cirq.ParamResolver({"t": 1.0})


def test_a_sweep_comes_in_its_order(sampler):
    sweep = cirq.Points("t", [0.0, 1.0, 1.0, 0.0, 2.0])
    results = sampler.run_sweep(FLIP, sweep, repetitions=3)
    assert results == cirq.Simulator().run_sweep(FLIP, sweep, repetitions=3)


def test_a_gate_that_is_taken_apart_with_its_symbol_in_it_keeps_the_dtype(sampler):
    gate = cirq.PhasedISwapPowGate(phase_exponent=0.25, exponent=T)
    circuit = cirq.Circuit(cirq.X(A), gate(A, B), cirq.measure(A, B, key="m"))
    sweep = cirq.Points("t", [0.0, 1.0])
    results, expected = sampler.run_sweep(circuit, sweep, 3), cirq.Simulator().run_sweep(circuit, sweep, 3)
    assert results == expected
    assert [result.records["m"].dtype for result in results] == [result.records["m"].dtype for result in expected]


def test_a_sweep_is_converted_once(service, monkeypatch):
    conversions = []

    def counting(*args: object, **kwargs: object) -> object:
        conversions.append(args)
        return original(*args, **kwargs)

    original = encoding.convert
    monkeypatch.setattr(encoding, "convert", counting)
    service.run_sweep(FLIP, cirq.Linspace("t", 0, 1, 7), 3, IONQ)
    assert len(conversions) == 1


def test_a_sweep_runs_in_the_session_of_its_target(service):
    target = service.get_target(IONQ)
    sampler = target.sampler(name="scan")
    with target.open_session() as session:
        sampler.run_sweep(FLIP, cirq.Linspace("t", 0, 1, 3), repetitions=5)
    assert sorted(job.name for job in session.list_jobs()) == ["scan 1/3", "scan 2/3", "scan 3/3"]


@pytest.mark.parametrize("angles", [(T, U), (T * U, T + U), (sympy.sin(T), T**2), (2 * T - U, T / 3)])
def test_a_template_gives_what_each_point_gives_alone(service, angles):
    circuit = cirq.Circuit(
        cirq.rx(angles[0])(A), cirq.Y(B) ** angles[1], cirq.CZ(A, B) ** angles[0], cirq.rx(0.4)(A),
        cirq.PhasedXPowGate(phase_exponent=angles[1], exponent=0.3)(B), cirq.measure(A, B, key="m"),
    )  # fmt: skip
    points = [cirq.ParamResolver({"t": t, "u": u}) for t, u in [(0.1, 0.2), (1.0, -0.5), (0.7, 3.0)]]
    target = service.get_target(IONQ)
    jobs = target.submit_sweep(circuit, points, 100)
    for job, point in zip(jobs, points, strict=True):
        alone = target.submit(circuit, repetitions=100, param_resolver=point)
        assert job.result().probabilities == pytest.approx(alone.result().probabilities, abs=1e-9)
        assert service.get_job(job.job_id()).results().params == cirq.ParamResolver(dict(point.param_dict))


def test_the_values_of_a_template_are_the_bits_of_the_values(service):
    circuit = cirq.Circuit(cirq.rx(T)(A), cirq.measure(A, key="m"))
    points = [cirq.ParamResolver({"t": 0.1 * n}) for n in range(5)]
    payloads = encoding.Encoding(service.get_target(IONQ).core).sweep(circuit, 10, points)
    for number, payload in enumerate(payloads):
        assert f'"rotation":{0.1 * number!r}'.encode() in payload.data


def test_repetitions_of_a_sub_circuit_may_be_a_symbol_of_the_sweep(sampler):
    inner = cirq.FrozenCircuit(cirq.X(A))
    circuit = cirq.Circuit(cirq.CircuitOperation(inner, repetitions=sympy.Symbol("n")), cirq.measure(A, key="m"))
    results = sampler.run_sweep(circuit, cirq.Points("n", [1, 2, 3]), repetitions=2)
    assert [result.measurements["m"].tolist() for result in results] == [[[1]] * 2, [[0]] * 2, [[1]] * 2]


def test_a_point_without_a_value_is_refused_before_anything_is_sent(service):
    with pytest.raises(UnboundParameterError, match="'t'"):
        service.run_sweep(FLIP, [{"t": 0.1}, {"u": 0.1}], 10, IONQ)
    assert service.workspace.list_jobs() == []


def test_a_circuit_that_cannot_be_sent_is_refused_before_anything_is_sent(sampler, service):
    bad = cirq.Circuit(cirq.depolarize(0.1)(A), cirq.measure(A, key="m"))
    with pytest.raises(ConversionError, match="noise"):
        sampler.run_batch([FLIP, bad], [{"t": 1.0}, None], repetitions=10)
    assert service.workspace.list_jobs() == []


def test_a_batch_has_its_own_sweep_and_repetitions_for_each_circuit(sampler):
    bell = cirq.Circuit(cirq.X(A), cirq.CNOT(A, B), cirq.measure(A, B, key="b"))
    batch = sampler.run_batch([FLIP, bell], [cirq.Points("t", [0.0, 1.0]), None], [2, 3])
    assert batch == cirq.Simulator().run_batch([FLIP, bell], [cirq.Points("t", [0.0, 1.0]), None], [2, 3])


def test_the_asynchronous_methods_give_the_same():
    import duet

    from qsession_cirq import AzureQuantumService
    from qsession_core import Workspace

    with Workspace.local(seed=1) as workspace:
        sampler = AzureQuantumService(workspace).sampler(IONQ)
        assert duet.run(sampler.run_async, FLIP, {"t": 1.0}, 4).measurements["m"].tolist() == [[1]] * 4
        assert len(duet.run(sampler.run_sweep_async, FLIP, cirq.Points("t", [0.0, 1.0]), 4)) == 2
        assert len(duet.run(sampler.run_batch_async, [FLIP, FLIP], [{"t": 0.0}, {"t": 1.0}], 4)) == 2


def test_one_failing_job_raises_and_says_where_the_others_are(service):
    target = service.get_target(IONQ)
    good = target.encode(FLIP, param_resolver={"t": 1.0}, repetitions=10)
    bad = replace(good, data=b"no circuit")  # the provider finds out, when it runs
    jobs = target.submit_payloads([good, bad], [cirq.ParamResolver({})] * 2)
    with pytest.raises(JobFailedError) as caught:
        target.sampler()._results(jobs)
    assert jobs[0].job_id() in "".join(caught.value.__notes__)
    assert jobs[1].status().startswith("Failed: ")
    with pytest.raises(JobFailedError):
        jobs[1].results()


# --- Cirq's own algorithms


def test_expectation_values_are_those_of_the_simulator(sampler):
    circuit = cirq.Circuit(cirq.ry(T)(A), cirq.CNOT(A, B))
    observables = [cirq.Z(A) * cirq.Z(B), cirq.X(A) + 2 * cirq.Z(B), cirq.X(A) * cirq.X(B)]
    sweep = cirq.Points("t", [0.3, 1.2])
    wanted = cirq.Simulator().simulate_expectation_values_sweep(circuit, observables, sweep)
    have = sampler.sample_expectation_values(circuit, observables, num_samples=4000, params=sweep)
    assert np.array(have) == pytest.approx(np.real(wanted), abs=0.15)


def test_sample_gives_a_data_frame(sampler):
    frame = sampler.sample(FLIP, repetitions=3, params=[{"t": 0.0}, {"t": 1.0}])
    assert frame["m"].tolist() == [0, 0, 0, 1, 1, 1]
    assert frame["t"].tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_cirqs_experiments_run_unchanged(sampler):
    qubit = cirq.GridQubit(0, 0)
    matrices = cirq.experiments.measure_confusion_matrix(sampler, [qubit, cirq.GridQubit(0, 1)], repetitions=20)
    assert matrices.confusion_matrices[0] == pytest.approx(np.eye(4))
    readout = cirq.experiments.estimate_single_qubit_readout_errors(sampler, qubits=[qubit], repetitions=50)
    assert readout.zero_state_errors == {qubit: 0.0}
    decay = cirq.experiments.t1_decay(
        sampler, qubit=qubit, num_points=3, repetitions=20, min_delay=cirq.Duration(nanos=1),
        max_delay=cirq.Duration(nanos=10),
    )  # fmt: skip
    assert decay.data["true_count"].tolist() == [20] * 3  # no waiting time shortens a life here
    tomography = cirq.experiments.single_qubit_state_tomography(
        sampler, qubit, cirq.Circuit(cirq.X(qubit) ** 0.5), repetitions=2000
    )
    wanted = cirq.density_matrix_from_state_vector(cirq.Circuit(cirq.X(qubit) ** 0.5).final_state_vector())
    assert tomography.data == pytest.approx(wanted, abs=0.1)


def test_measure_observables_groups_and_runs_on_it(sampler):
    circuit = cirq.Circuit(cirq.H(A), cirq.CNOT(A, B))
    results = measure_observables(
        circuit,
        [cirq.X(A) * cirq.X(B), cirq.Z(A) * cirq.Z(B)],
        sampler,
        RepetitionsStoppingCriteria(500),
    )
    assert [round(result.mean) for result in results] == [1, 1]


def test_gates_are_decomposed_for_the_sampler_too(sampler):
    a, b, c = cirq.NamedQubit.range(3, prefix="n")
    circuit = cirq.Circuit(
        cirq.X(a), cirq.qft(a, b, c), cirq.qft(a, b, c, inverse=True), cirq.measure(a, b, c, key="m")
    )
    assert sampler.run(circuit, repetitions=5).histogram(key="m") == {0b100: 5}
