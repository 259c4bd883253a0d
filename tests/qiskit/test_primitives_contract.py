"""What any primitive of version 2 does, as Qiskit's own tests hold it: one suite over Qiskit's primitives and ours."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Parameter
from qiskit.circuit.library import real_amplitudes, unitary_overlap
from qiskit.primitives import (
    BackendEstimatorV2,
    BackendSamplerV2,
    BitArray,
    DataBin,
    PrimitiveResult,
    PubResult,
    StatevectorEstimator,
    StatevectorSampler,
)
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers import JobStatus
from qiskit.quantum_info import SparsePauliOp

from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider, EstimatorV2, SamplerV2

TARGETS = ("ionq.simulator", "rigetti.sim.qvm")
SHOTS = 2000


@pytest.fixture(scope="module")
def provider():
    with Workspace.local(seed=11) as workspace:
        yield AzureQuantumProvider(workspace)


@pytest.fixture(params=["Qiskit's", *(f"{kind} on {name}" for kind in ("ours", "Qiskit's") for name in TARGETS)])
def sampler(request, provider):
    kind, _, name = request.param.partition(" on ")
    if not name:
        return StatevectorSampler(seed=3)
    backend = provider.get_backend(name)
    return SamplerV2(backend) if kind == "ours" else BackendSamplerV2(backend=backend)


@pytest.fixture(params=["Qiskit's", *(f"{kind} on {name}" for kind in ("ours", "Qiskit's") for name in TARGETS)])
def estimator(request, provider):
    kind, _, name = request.param.partition(" on ")
    if not name:
        return StatevectorEstimator(seed=3)
    backend = provider.get_backend(name)
    return EstimatorV2(backend) if kind == "ours" else BackendEstimatorV2(backend=backend)


def bell():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def turned():
    """Two qubits, each turned by a parameter of its own: flipped for pi."""
    circuit = QuantumCircuit(2)
    circuit.rx(Parameter("a"), 0)
    circuit.rx(Parameter("b"), 1)
    circuit.measure_all()
    return circuit


def is_near(counts, expected, shots=SHOTS):
    assert sum(counts.values()) == shots
    for key in counts.keys() | expected.keys():
        assert abs(counts.get(key, 0) / shots - expected.get(key, 0.0)) < 0.06


# --- samplers --------------------------------------------------------------------------------------------------------


def test_a_job_of_a_sampler_has_a_result_with_one_part_for_each_pub(sampler):
    job = sampler.run([bell(), (bell(),)], shots=SHOTS)
    result = job.result()
    assert isinstance(result, PrimitiveResult)
    assert len(result) == 2
    assert job.status() is JobStatus.DONE
    assert (job.done(), job.running(), job.cancelled(), job.in_final_state()) == (True, False, False, True)
    for part in result:
        assert isinstance(part, PubResult)
        assert isinstance(part.data, DataBin)
        assert isinstance(part.data.meas, BitArray)
        is_near(part.data.meas.get_counts(), {"00": 0.5, "11": 0.5})
        assert part.metadata["shots"] == SHOTS


@pytest.mark.parametrize(
    ("values", "shape", "expected"),
    [
        ([0, np.pi], (), [2]),
        ([[0, 0], [np.pi, 0], [0, np.pi]], (3,), [0, 1, 2]),
        ([[[0, 0]], [[np.pi, np.pi]]], (2, 1), [0, 3]),
        ({"a": [0, np.pi], "b": [np.pi, np.pi]}, (2,), [2, 3]),
        ({("b", "a"): [np.pi, 0]}, (), [2]),
        ([{"a": 0.0, "b": 0.0}, {"b": np.pi, "a": 0.0}], None, None),
    ],
)
def test_bindings_have_the_shape_of_the_result(sampler, values, shape, expected):
    if shape is None:
        with pytest.raises((TypeError, ValueError)):
            sampler.run([(turned(), values)], shots=5)
        return
    data = sampler.run([(turned(), values)], shots=5).result()[0].data
    assert data.shape == data.meas.shape == shape
    found = [set(data.meas[place].get_int_counts()) for place in np.ndindex(shape)]
    assert found == [{value} for value in expected]


def test_pubs_may_be_made_before(sampler):
    pub = SamplerPub.coerce((turned(), [np.pi, 0], 7))
    assert sampler.run([pub]).result()[0].data.meas.get_int_counts() == {1: 7}


def test_the_shots_of_a_pub_go_before_those_of_the_run(sampler):
    result = sampler.run([(bell(), None, 3), bell()], shots=4).result()
    assert [part.data.meas.num_shots for part in result] == [3, 4]


def test_each_register_has_its_own_bits(sampler):
    a, b = ClassicalRegister(1, "a"), ClassicalRegister(2, "b")
    circuit = QuantumCircuit(QuantumRegister(3), a, b)
    circuit.x([0, 2])
    circuit.measure([0, 1, 2], [a[0], b[0], b[1]])
    data = sampler.run([circuit], shots=6).result()[0].data
    assert set(data) == {"a", "b"}
    assert data.a.get_int_counts() == {1: 6}
    assert data.b.get_counts() == {"10": 6}
    assert (data.a.num_bits, data.b.num_bits) == (1, 2)
    joined = sampler.run([circuit], shots=6).result()[0].join_data()
    assert joined.get_counts() == {"101": 6}


# Qiskit's BackendSamplerV2 reads a bit that two registers share as 0 in the second
@pytest.mark.parametrize("sampler", ["Qiskit's", *(f"ours on {name}" for name in TARGETS)], indirect=True)
def test_registers_may_share_bits_and_be_out_of_order(sampler):
    q = QuantumRegister(3)
    first = ClassicalRegister(2, "first")
    shared = ClassicalRegister(bits=[first[1], first[0]], name="shared")
    circuit = QuantumCircuit(q, first, shared)
    circuit.x(0)
    circuit.measure([0, 1], first)
    data = sampler.run([circuit], shots=3).result()[0].data
    assert (data.first.get_counts(), data.shared.get_counts()) == ({"01": 3}, {"10": 3})


def test_bits_that_are_not_measured_are_zero(sampler):
    circuit = QuantumCircuit(QuantumRegister(2), ClassicalRegister(10, "wide"))
    circuit.x(0)
    circuit.measure(0, 9)
    bits = sampler.run([circuit], shots=2).result()[0].data.wide
    assert bits.num_bits == 10
    assert bits.get_bitstrings() == ["1000000000"] * 2
    assert bits.array.shape == (2, 2)


@pytest.mark.parametrize("shots", [0, -1])
def test_shots_that_are_none_are_refused(sampler, shots):
    with pytest.raises(ValueError, match=r"(?i)shots|positive|at least 1"):
        sampler.run([bell()], shots=shots).result()


def test_values_that_do_not_fit_the_parameters_are_refused(sampler):
    for pub in [(turned(), [0.0]), (turned(),), (bell(), [1.0])]:
        with pytest.raises((ValueError, TypeError)):
            sampler.run([pub])


def test_metadata_of_a_circuit_comes_back(sampler):
    circuit = bell()
    circuit.metadata = {"mine": 1}
    assert sampler.run([circuit], shots=2).result()[0].metadata["circuit_metadata"] == {"mine": 1}


def test_a_variational_circuit_agrees_with_statevectors(sampler):
    circuit = real_amplitudes(3, reps=2)
    circuit.measure_all()
    values = np.linspace(0, 2, circuit.num_parameters)
    expected = StatevectorSampler(seed=1).run([(circuit, values)], shots=20000).result()[0].data.meas.get_counts()
    found = sampler.run([(transpile(circuit, basis_gates=["ry", "cx"]), values)], shots=SHOTS).result()[0].data.meas
    is_near(found.get_counts(), {key: count / 20000 for key, count in expected.items()})


def test_an_overlap_of_a_state_with_itself_is_one(sampler):
    circuit = unitary_overlap(real_amplitudes(2, reps=1), real_amplitudes(2, reps=1))
    circuit.measure_all()
    values = [0.1, 0.2, 0.3, 0.4] * 2
    plain = transpile(circuit, basis_gates=["ry", "cx"])
    assert sampler.run([(plain, values)], shots=50).result()[0].data.meas.get_int_counts() == {0: 50}


# --- estimators ------------------------------------------------------------------------------------------------------

Z, X = SparsePauliOp("IZ"), SparsePauliOp("IX")
SUM = SparsePauliOp(["II", "IZ", "ZI", "XX"], [0.5, 1.0, -2.0, 0.25])


def state():
    circuit = QuantumCircuit(2)
    circuit.rx(Parameter("a"), 0)
    circuit.ry(Parameter("b"), 1)
    return circuit


def test_a_job_of_an_estimator_has_a_result_with_one_part_for_each_pub(estimator):
    job = estimator.run([(state(), Z, [0.0, 0.0]), (state(), [Z, SUM], [np.pi, 0.0])], precision=0.05)
    result = job.result()
    assert isinstance(result, PrimitiveResult)
    assert job.status() is JobStatus.DONE
    assert [part.data.evs.shape for part in result] == [(), (2,)]
    assert result[0].data.evs == pytest.approx(1, abs=0.3)
    assert np.allclose(result[1].data.evs, [-1, 0.5 - 1 - 2], atol=0.3)
    assert result[0].data.stds.shape == ()
    assert result[0].metadata["target_precision"] == 0.05


@pytest.mark.parametrize(
    ("observables", "values", "shape"),
    [
        (Z, [0.0, 0.0], ()),
        ([Z], [0.0, 0.0], (1,)),
        ([Z, X], [[0.1, 0.2], [0.3, 0.4]], (2,)),
        ([[Z], [X]], [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], (2, 3)),
        ([[[Z]], [[X]]], [[[0.1, 0.2]], [[0.3, 0.4]]], (2, 2, 1)),
        ("IZ", {"a": [0.1, 0.2, 0.3], "b": [0.0, 0.0, 0.0]}, (3,)),
        ({"IZ": 0.5, "XX": 2.0}, [0.0, 0.0], ()),
    ],
)
def test_observables_and_bindings_are_broadcast(estimator, observables, values, shape):
    found = estimator.run([(state(), observables, values)], precision=0.05).result()[0].data
    exact = StatevectorEstimator().run([(state(), observables, values)]).result()[0].data
    assert found.evs.shape == found.stds.shape == shape
    assert np.allclose(found.evs, exact.evs, atol=0.35)


def test_shapes_that_do_not_fit_are_refused(estimator):
    with pytest.raises(ValueError, match=r"(?i)shape|broadcast"):
        estimator.run([(state(), [Z, X, SUM], [[0.1, 0.2], [0.3, 0.4]])])


def test_an_observable_of_other_qubits_is_refused(estimator):
    with pytest.raises(ValueError, match=r"(?i)qubits"):
        estimator.run([(state(), SparsePauliOp("ZZZ"), [0.0, 0.0])])


def test_the_precision_of_a_pub_goes_before_that_of_the_run(estimator):
    result = estimator.run([(state(), Z, [0, 0], 0.2), (state(), Z, [0, 0])], precision=0.1).result()
    assert [part.metadata["target_precision"] for part in result] == [0.2, 0.1]


def test_an_estimators_pub_may_be_made_before(estimator):
    pub = EstimatorPub.coerce((state(), [Z, X], [np.pi, 0.0], 0.1))
    assert np.allclose(estimator.run([pub]).result()[0].data.evs, [-1, 0], atol=0.4)


# StatevectorEstimator adds noise of the precision to exact values
@pytest.mark.parametrize(
    "estimator", [f"{kind} on {name}" for kind in ("ours", "Qiskit's") for name in TARGETS], indirect=True
)
def test_the_identity_and_its_multiples_are_exact(estimator):
    found = estimator.run([(state(), SparsePauliOp("II", 0.75), [0.3, 0.4])], precision=0.1).result()[0].data
    assert (float(found.evs), float(found.stds)) == (0.75, 0.0)


def test_a_generator_of_pubs_is_taken(estimator, sampler):
    assert len(estimator.run((pub for pub in [(state(), Z, [0, 0])]), precision=0.2).result()) == 1
    assert len(sampler.run((circuit for circuit in [bell(), bell()]), shots=2).result()) == 2
