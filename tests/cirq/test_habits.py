"""What users of Cirq type: numpy's numbers, JSON, fractions in conditions, IonQ's results, qudits."""

from __future__ import annotations

import cirq
import numpy as np
import pytest
import sympy

import qsession_cirq
from qsession_cirq import GPI, GPI2, MS, ZZ, AzureQuantumService, IonQNativeGateset, TargetGateset
from qsession_core import Workspace, errors

IONQ, QVM, HELIOS = "ionq.simulator", "rigetti.sim.qvm", "quantinuum.sim.helios-1e"
A, B = cirq.LineQubit.range(2)
BELL = cirq.Circuit(cirq.H(A), cirq.CNOT(A, B), cirq.measure(A, B, key="m"))


@pytest.fixture(scope="module")
def service():
    with Workspace.local(seed=7) as workspace:
        yield AzureQuantumService(workspace)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8])
def test_repetitions_are_numpys_integers_wherever_there_are_repetitions(service, kind):
    target, many = service.get_target(IONQ), kind(4)
    sampler = service.sampler(IONQ)
    for result in (
        service.run(BELL, many, IONQ),
        service.create_job(BELL, many, target=IONQ).results(),
        target.submit(BELL, repetitions=many).results(),
        sampler.run(BELL, repetitions=many),
        *sampler.run_sweep(BELL, [{}, {}], many),
        *sampler.run_batch([BELL, BELL], repetitions=many)[1],
        *sampler.run_batch([BELL, BELL], repetitions=[many, many])[0],
        *service.run_batch([BELL], repetitions=many, target=IONQ)[0],
        *service.run_sweep(BELL, {}, many, IONQ),
    ):
        assert result.measurements["m"].shape == (4, 2)
    assert target.encode(BELL, repetitions=many).input_params["shots"] == 4
    assert len(sampler.sample(BELL, repetitions=many)) == 4


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (sympy.Symbol("m") / 2 > 1, True),
        (sympy.Eq(sympy.Symbol("m") / 3, 1), True),
        (0.3 * sympy.Symbol("m") > 0.8, True),
        (0.3 * sympy.Symbol("m") > 1.0, False),
    ],
)
def test_fractions_in_conditions_run(service, condition, holds):
    circuit = cirq.Circuit(
        cirq.X.on_each(A, B),
        cirq.measure(A, B, key="m"),
        cirq.X(A).with_classical_controls(cirq.SympyCondition(condition)),
        cirq.measure(A, key="n"),
    )
    expected = cirq.Simulator().run(circuit, repetitions=3)
    job = service.create_job(circuit, 3, target=HELIOS, input_params={"error-model": False})

    assert job.results() == expected
    assert (job.results().measurements["n"] == (not holds)).all()


def test_fractions_of_integers_run_where_there_are_no_doubles(service):
    circuit = cirq.Circuit(
        cirq.X(A),
        cirq.measure(A, key="m"),
        cirq.X(B).with_classical_controls(cirq.SympyCondition(sympy.Symbol("m") / 2 > sympy.Rational(1, 3))),
        cirq.measure(B, key="n"),
    )
    job = service.create_job(circuit, 2, target="quantinuum.sim.h2-1e", input_params={"error-model": False})
    assert job.results().measurements["n"].all()


@pytest.mark.parametrize("value", [1 + 1j, 1j, sympy.I])
@pytest.mark.parametrize("others", [[], [{"t": 0}]])
def test_a_value_that_is_no_real_number_is_told_with_its_symbol(service, value, others):
    t = sympy.Symbol("t")
    circuit = cirq.Circuit(cirq.X(A) ** t, cirq.measure(A, key="m"))
    with pytest.raises(errors.ConversionError, match="t"):
        service.sampler(IONQ).run_sweep(circuit, [*others, {"t": value}], repetitions=1)


def test_a_point_of_a_sweep_without_a_finite_angle_is_refused(service):
    t = sympy.Symbol("t")
    circuit = cirq.Circuit(cirq.X(A) ** sympy.sqrt(t), cirq.measure(A, key="m"))
    with pytest.raises(errors.ConversionError):
        service.sampler(IONQ).run_sweep(circuit, [{"t": 1}, {"t": -1}], repetitions=1)


# --- JSON ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        GPI(0.25),
        GPI2(sympy.Symbol("a") / 2),
        MS(0.1, 0.2, 0.15),
        ZZ(0.2),
        cirq.Circuit(GPI(0.5).on(A), MS(0.0, 0.1).on(A, B), cirq.measure(A, B, key="m")),
        IonQNativeGateset(zz=True, atol=1e-6),
        TargetGateset(resets=False),
    ],
    ids=repr,
)
def test_native_gates_and_gatesets_go_through_json(value):
    assert cirq.read_json(json_text=cirq.to_json(value), resolvers=qsession_cirq.json_resolvers()) == value


@pytest.mark.parametrize("target", [IONQ, QVM])
def test_results_go_through_json_as_cirqs_own(service, target):
    result = service.run(BELL, 5, target, param_resolver={"t": 0.5})
    read = cirq.read_json(json_text=cirq.to_json(result))
    assert type(read) is cirq.ResultDict
    assert read == result
    assert read.params == cirq.ParamResolver({"t": 0.5})


# --- results as IonQ's documentation calls them ----------------------------------------------------------------------


@pytest.mark.parametrize("target", [IONQ, QVM])
def test_a_result_is_cast_as_cirq_ionqs(service, target):
    result = service.create_job(BELL, 100, target=target).results()
    plain = result.to_cirq_result()
    assert type(plain) is cirq.ResultDict
    assert plain == result
    assert plain.histogram(key="m") == result.histogram(key="m") == result.counts("m")
    assert result.to_cirq_result(params=cirq.ParamResolver({"a": 1.0})).params == cirq.ParamResolver({"a": 1.0})
    drawn = result.to_cirq_result(seed=3, override_repetitions=1000)
    assert drawn.repetitions == 1000
    assert set(drawn.histogram(key="m")) == {0, 3}
    assert (result.num_qubits(), result.measurement_dict()) == (2, {"m": [0, 1]})


def test_probabilities_are_the_providers_and_those_of_a_key(service):
    circuit = cirq.Circuit(cirq.X(A), cirq.H(B), cirq.measure(A, key="a"), cirq.measure(B, key="b"))
    result = service.run(circuit, 10, IONQ)
    assert result.probabilities() == pytest.approx({2: 0.5, 3: 0.5})
    assert result.probabilities(key="a") == pytest.approx({1: 1.0})
    assert result.counts() == {2: 5, 3: 5}
    with pytest.raises(ValueError, match="no measurement key 'c'; there is: a, b"):
        result.probabilities("c")
    assert qsession_cirq.ResultDict(measurements={"m": np.array([[0, 1], [1, 1]])}).probabilities() == {1: 0.5, 3: 0.5}


# --- qudits ----------------------------------------------------------------------------------------------------------


class PlusOne(cirq.Gate):
    def _qid_shape_(self):
        return (3,)

    def _unitary_(self):
        return np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize("target", [IONQ, QVM, "quantinuum.sim.h2-1e"])
@pytest.mark.parametrize(
    "operation",
    [PlusOne(), cirq.XPowGate(dimension=3), cirq.IdentityGate(qid_shape=(3,))],
    ids=["own", "power of x", "identity"],
)
def test_each_operation_on_a_qudit_is_named(service, target, operation):
    q = cirq.LineQid(0, dimension=3)
    circuit = cirq.Circuit(cirq.H(A), operation.on(q), cirq.measure(q, key="x"), cirq.measure(A, key="m"))
    with pytest.raises(errors.ConversionError) as caught:
        service.create_job(circuit, 5, target=target)
    assert [problem.index for problem in caught.value.problems] == [1, 2]
    assert all("a qudit of 3 levels; only qubits" in problem.message for problem in caught.value.problems)
