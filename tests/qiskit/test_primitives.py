import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliEvolutionGate, efficient_su2
from qiskit.circuit.random import random_circuit
from qiskit.primitives import (
    BackendEstimatorV2,
    BackendSamplerV2,
    StatevectorEstimator,
    StatevectorSampler,
)
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers import JobStatus
from qiskit.quantum_info import SparsePauliOp, random_pauli_list

from qsession_core import Workspace
from qsession_core.errors import (
    ConfigurationError,
    ConversionError,
    JobFailedError,
    LimitExceededError,
    ResultFormatError,
)
from qsession_core.local import Fault, Faults
from qsession_core.results.result import Result
from qsession_qiskit import AzureQuantumProvider, EstimatorV2, SamplerV2
from qsession_qiskit.primitives.estimator import _Readout, group
from qsession_qiskit.primitives.sampler import _pub_result

IONQ, QUANTINUUM = "ionq.simulator", "quantinuum.sim.h2-1e"


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def workspace(faults):
    with Workspace.local(seed=11, faults=faults) as workspace:
        yield workspace


class Noiseless(AzureQuantumProvider):
    """Quantinuum's emulators are noisy unless they are told not to be."""

    def get_backend(self, name, **filters):
        backend = super().get_backend(name, **filters)
        if name == QUANTINUUM:
            backend.options.update_options(**{"error-model": False})
        return backend


@pytest.fixture
def provider(workspace):
    return Noiseless(workspace)


def ansatz(num_qubits=3):
    circuit = efficient_su2(num_qubits, reps=1)
    return circuit.assign_parameters(ParameterVector("v", circuit.num_parameters))


# --- sampler ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [IONQ, QUANTINUUM])
def test_samples_come_by_register_in_the_shape_of_the_bindings(provider, target):
    theta, flip = Parameter("t"), Parameter("f")
    circuit = QuantumCircuit(QuantumRegister(3), ClassicalRegister(2, "low"), ClassicalRegister(1, "high"))
    circuit.ry(theta, 0)
    circuit.rx(flip, 2)
    circuit.measure([2, 0, 1], [0, 1, 2])
    values = {theta: [[0.0] * 3, [np.pi] * 3], flip: [[0.0, np.pi, 0.0]] * 2}
    result = SamplerV2(provider.get_backend(target)).run([(circuit, values)], shots=64).result()[0]
    assert result.data.low.shape == (2, 3)
    assert result.data.low.get_counts((0, 0)) == {"00": 64}
    assert result.data.low.get_counts((1, 0)) == {"10": 64}
    assert result.data.low.get_counts((1, 1)) == {"11": 64}
    assert result.data.high.get_counts((0, 1)) == {"0": 64}


@pytest.mark.parametrize("target", [IONQ, QUANTINUUM])
@pytest.mark.parametrize("seed", range(3))
def test_keys_have_the_form_of_qiskits_own_sampler(provider, target, seed):
    circuit = random_circuit(3, 4, max_operands=2, seed=seed)
    circuit.measure_all()
    mine = SamplerV2(provider.get_backend(target)).run([circuit], shots=2000).result()[0]
    other = StatevectorSampler(seed=1).run([circuit], shots=2000).result()[0]
    a, b = mine.join_data().get_counts(), other.join_data().get_counts()
    assert sum(a.values()) == 2000
    for key in a.keys() | b.keys():
        assert abs(a.get(key, 0) - b.get(key, 0)) < 5 * np.sqrt(2 * max(a.get(key, 0), b.get(key, 0))) + 1


def test_bits_of_one_shot_stay_together_across_registers(provider):
    circuit = QuantumCircuit(QuantumRegister(2), ClassicalRegister(1, "a"), ClassicalRegister(1, "b"))
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    data = SamplerV2(provider.get_backend(IONQ)).run([circuit], shots=100).result()[0].data
    assert np.array_equal(data.a.array, data.b.array)


def test_wide_registers_are_packed_as_qiskit_packs_them(provider):
    circuit = QuantumCircuit(11, 11)
    circuit.x([0, 3, 10])
    circuit.measure(range(11), range(11))
    data = SamplerV2(provider.get_backend(IONQ)).run([circuit], shots=3).result()[0].data
    assert data.c.get_bitstrings() == ["10000001001"] * 3


def test_shots_are_those_of_the_pub_then_of_the_run_then_of_the_options(provider):
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    sampler = SamplerV2(provider.get_backend(IONQ), options={"default_shots": 7})
    assert sampler.run([circuit]).result()[0].data.c.num_shots == 7
    found = sampler.run([circuit, (circuit, None, 3)], shots=5).result()
    assert [pub.data.c.num_shots for pub in found] == [5, 3]


def test_circuits_that_already_have_native_gates_run_as_such(provider):
    native = provider.get_backend(IONQ, gateset="native")
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    bell.measure_all()
    counts = SamplerV2(native).run([transpile(bell, native)], shots=10).result()[0].data.meas.get_counts()
    assert counts == {"00": 5, "11": 5}


def test_lost_shots_are_in_no_sample_and_every_binding_has_equally_many():
    circuit = QuantumCircuit(2, 2)
    circuit.rx(Parameter("a"), 0)
    pub = SamplerPub.coerce((circuit, [[0.0], [1.0]]), 3)
    found = _pub_result(pub, [Result.from_memory(["10", "-0", "11"]), Result.from_memory(["00", "01", "01"])], None)
    assert found.data.c.num_shots == 2
    assert found.data.c.get_bitstrings(0) == ["01", "11"]
    assert found.metadata["lost_shots"] == [1, 0]


# --- sessions and jobs -----------------------------------------------------------------------------------------


def test_all_jobs_of_a_run_join_the_open_session(provider, workspace):
    backend = provider.get_backend(IONQ)
    circuit = ansatz()
    with backend.open_session() as session:
        values = np.zeros((5, circuit.num_parameters))
        EstimatorV2(backend).run([(circuit, "ZZZ", values)]).result()
        assert len(session.list_jobs()) == 5
    EstimatorV2(backend).run([(circuit, "ZZZ", values[0])]).result()
    assert len(workspace.list_session_jobs(session.id)) == 5


def test_a_session_is_a_mode(provider):
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    with provider.get_backend(IONQ).open_session() as session:
        sampler = SamplerV2(mode=session)
        sampler.run([circuit]).result()
        assert len(session.list_jobs()) == 1
        assert sampler.mode is session


def test_anything_else_is_no_mode():
    with pytest.raises(ConfigurationError, match="backend of AzureQuantumProvider"):
        SamplerV2("ionq.simulator")


def test_an_unknown_option_names_the_near_one(provider):
    with pytest.raises(TypeError, match="default_shots"):
        SamplerV2(provider.get_backend(IONQ), options={"default_shot": 7})


def test_options_reach_every_job(provider):
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    options = {"input_params": {"noise": {"model": "aria-1", "seed": 3}}, "job_name": "mine"}
    job = SamplerV2(provider.get_backend(IONQ), options=options).run([circuit])
    (sent,) = job.azure_job.azure_jobs
    assert (sent.name, sent.details.input_params["noise"]) == ("mine", {"model": "aria-1", "seed": 3})


def test_a_job_of_a_primitive_has_a_state_and_keeps_its_result(provider):
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    job = SamplerV2(provider.get_backend(IONQ)).run([circuit])
    assert job.result() is job.result()
    assert (job.status(), job.done(), job.running(), job.cancelled()) == (JobStatus.DONE, True, False, False)
    assert job.in_final_state()


def test_a_circuit_that_cannot_be_sent_is_told_before_anything_is_sent(provider, workspace):
    with pytest.raises(ConversionError):
        SamplerV2(provider.get_backend(IONQ)).run([QuantumCircuit(1, 1)])
    assert workspace.list_jobs() == []


# --- estimator -------------------------------------------------------------------------------------------------


def random_case(seed):
    rng = np.random.default_rng(seed)
    num_qubits = int(rng.integers(1, 5))
    circuit = ansatz(num_qubits) if num_qubits > 1 else _one_qubit()
    circuit.compose(random_circuit(num_qubits, 3, max_operands=2, seed=seed), inplace=True)
    shape = [(), (3,), (2, 1)][seed % 3]
    values = rng.uniform(-np.pi, np.pi, (*shape, circuit.num_parameters))
    observables = [
        SparsePauliOp(random_pauli_list(num_qubits, 4, seed=seed + place, phase=False), rng.normal(size=4))
        for place in range(2)
    ]
    return circuit, observables if shape != (3,) else observables[0], values


def _one_qubit():
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("a"), 0)
    circuit.rz(Parameter("b"), 0)
    return circuit


@pytest.mark.parametrize("seed", range(50))
def test_values_agree_with_the_exact_ones_within_their_errors(provider, seed):
    pub = random_case(seed)
    found = EstimatorV2(provider.get_backend([IONQ, QUANTINUUM][seed % 2])).run([pub], precision=0.05).result()[0]
    exact = StatevectorEstimator().run([pub]).result()[0]
    assert found.data.evs.shape == exact.data.evs.shape
    unseen = 5 / found.metadata["shots"]  # what is rarer than that may not have come at all
    assert np.all(np.abs(found.data.evs - exact.data.evs) <= 5 * found.data.stds + unseen)


def test_values_broadcast_against_observables(provider):
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a"), 0)
    values = np.array([[0.0], [np.pi], [np.pi / 2]]).reshape(3, 1, 1)
    found = EstimatorV2(provider.get_backend(IONQ)).run([(circuit, ["Z", "Y"], values)]).result()[0]
    assert found.data.evs == pytest.approx(np.array([[1, 0], [-1, 0], [0, -1]]), abs=1e-9)


def test_terms_that_agree_share_a_job(provider):
    circuit = ansatz(2)
    job = EstimatorV2(provider.get_backend(IONQ)).run(
        [(circuit, [["ZZ", "IZ", "ZI"], ["XX", "IX", "II"]], np.zeros((4, 1, 1, circuit.num_parameters)))]
    )
    assert len(job.azure_job.azure_jobs) == 4 * 2
    assert job.result()[0].data.evs.shape == (4, 2, 3)


def test_groups_cover_every_term_once():
    terms = ["XXI", "IXX", "ZIZ", "IZI", "YYY", "III"]
    bases = group(terms)
    assert bases.keys() == set(terms) - {"III"}
    assert len(set(bases.values())) == 3
    assert bases["XXI"] == bases["IXX"] == ((0, "X"), (1, "X"), (2, "X"))


def test_the_identity_alone_needs_no_job(provider):
    job = EstimatorV2(provider.get_backend(IONQ)).run([(QuantumCircuit(2), SparsePauliOp(["II"], [2.5]))])
    assert job.result()[0].data.evs == 2.5
    assert job.done()


@pytest.mark.parametrize("letter", "XYZ01+-rl")
@pytest.mark.parametrize("gateset", [None, "native"])
def test_every_letter_of_an_observable_is_measured_rightly(provider, letter, gateset):
    circuit = QuantumCircuit(2)
    circuit.ry(0.7, 0)
    circuit.rz(1.1, 0)
    circuit.rx(0.4, 1)
    circuit.cx(0, 1)
    backend = provider.get_backend(IONQ, gateset=gateset)
    observable = {letter + "I": 0.3, "I" + letter: 0.7, letter + letter: -1.0}
    found = EstimatorV2(backend).run([(transpile(circuit, backend), observable)]).result()[0].data.evs
    assert found == pytest.approx(_expectation(circuit, observable), abs=1e-6)


def _expectation(circuit, observable):
    from qiskit.quantum_info import Statevector

    single = {
        "I": np.eye(2),
        "X": np.array([[0, 1], [1, 0]]),
        "Y": np.array([[0, -1j], [1j, 0]]),
        "Z": np.diag([1, -1]),
        "0": np.diag([1, 0]),
        "1": np.diag([0, 1]),
        "+": np.full((2, 2), 0.5),
        "-": np.array([[0.5, -0.5], [-0.5, 0.5]]),
        "r": np.array([[0.5, -0.5j], [0.5j, 0.5]]),
        "l": np.array([[0.5, 0.5j], [-0.5j, 0.5]]),
    }
    state = Statevector(circuit).data
    return sum(
        coefficient * np.vdot(state, np.kron(single[term[0]], single[term[1]]) @ state).real
        for term, coefficient in observable.items()
    )


def test_nothing_is_estimated_from_shots_that_are_all_lost():
    with pytest.raises(ResultFormatError, match="Every shot lost a qubit"):
        _Readout(Result.from_memory(["-0", "1-"]), 0, ((0, "Z"), (1, "Z")))


def test_errors_shrink_with_the_precision_and_are_those_of_the_sum(provider):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    estimator = EstimatorV2(provider.get_backend(QUANTINUUM))
    found = estimator.run([(circuit, SparsePauliOp(["ZI", "IZ"], [1, -1]), None, 0.1)]).result()[0]
    assert found.metadata["shots"] == 100
    assert found.data.evs == 0  # the two bits always agree, and so the sum has no error either
    assert found.data.stds == 0
    single = estimator.run([(circuit, "ZI", None, 0.1)]).result()[0]
    assert single.data.stds == pytest.approx(0.1, rel=0.05)


def test_a_precision_that_is_not_positive_is_refused(provider):
    with pytest.raises(ValueError, match="precision"):
        EstimatorV2(provider.get_backend(IONQ)).run([(QuantumCircuit(1), "Z")], precision=-1.0)


def test_more_shots_than_the_target_takes_are_refused_before_anything_is_sent(provider):
    with pytest.raises(LimitExceededError, match="10000"):
        EstimatorV2(provider.get_backend("ionq.qpu.aria-1")).run([(QuantumCircuit(1), "Z")], precision=0.001)


def test_pauli_evolution_is_kept_for_ionq_and_written_out_elsewhere(provider):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XX", "ZZ"], [0.3, 0.2]), 0.5), [0, 1])
    ionq, other = provider.get_backend(IONQ), provider.get_backend(QUANTINUUM)
    (job,) = EstimatorV2(ionq).run([(circuit, "ZZ")]).azure_job.azure_jobs
    assert b"pauliexp" in EstimatorV2(ionq)._mode.backend.encode(_measured(circuit)).data
    assert job.result().shots == 4096
    found = EstimatorV2(other).run([(circuit, "ZZ")]).result()[0].data
    exact = StatevectorEstimator().run([(circuit.decompose(), "ZZ")]).result()[0].data
    assert abs(found.evs - exact.evs) <= 5 * found.stds + 1e-9


@pytest.mark.parametrize("target", [IONQ, QUANTINUUM])
def test_the_time_of_an_evolution_may_be_a_parameter(provider, target):
    time = Parameter("t")
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XY", "ZZ"], [0.3, 0.2]), 2 * time), [0, 1])
    values = [[0.4], [-0.7]]
    found = EstimatorV2(provider.get_backend(target)).run([(circuit, "XI", values)]).result()[0].data
    exact = StatevectorEstimator().run([(circuit.decompose(), "XI", values)]).result()[0].data
    assert np.all(np.abs(found.evs - exact.evs) <= 5 * found.stds + 1e-9)


def _measured(circuit):
    measured = circuit.copy()
    measured.measure_all()
    return measured


def test_what_is_measured_in_the_circuit_stays_beside_the_observables(provider):
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    found = EstimatorV2(provider.get_backend(QUANTINUUM)).run([(circuit, ["ZZ", "IZ"])]).result()[0].data
    assert found.evs[0] == 1.0
    assert abs(found.evs[1]) < 0.1


def test_a_failing_job_is_told_when_the_result_is_asked_for(provider, faults):
    faults.add(Fault("fail_job", count=1, message="the trap is cold"))
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    job = SamplerV2(provider.get_backend(IONQ)).run([circuit])
    with pytest.raises(JobFailedError, match="the trap is cold"):
        job.result()
    assert job.status() is JobStatus.ERROR


# --- Qiskit's own primitives on our backend --------------------------------------------------------------------


@pytest.mark.parametrize("target", [IONQ, QUANTINUUM])
def test_qiskits_sampler_works_on_the_backend(provider, target):
    theta = Parameter("t")
    circuit = QuantumCircuit(QuantumRegister(2), ClassicalRegister(1, "a"), ClassicalRegister(2, "b"))
    circuit.ry(theta, 0)
    circuit.measure([0, 1], [1, 2])
    sampler = BackendSamplerV2(backend=provider.get_backend(target))
    data = sampler.run([(circuit, [[0.0], [np.pi]])], shots=20).result()[0].data
    assert data.b.get_counts(0) == {"00": 20}
    assert data.b.get_counts(1) == {"01": 20}
    assert data.a.get_counts(1) == {"0": 20}


@pytest.mark.parametrize("target", [IONQ, QUANTINUUM])
def test_qiskits_estimator_works_on_the_backend(provider, target):
    circuit = ansatz(2)
    values = np.linspace(0.1, 1.5, circuit.num_parameters)
    observable = SparsePauliOp(["XX", "ZI", "YZ"], [0.5, -0.2, 0.9])
    estimator = BackendEstimatorV2(backend=provider.get_backend(target))
    found = estimator.run([(circuit, observable, values)], precision=0.02).result()[0].data
    exact = StatevectorEstimator().run([(circuit, observable, values)]).result()[0].data
    assert abs(found.evs - exact.evs) < 5 * found.stds
