"""What any ``cirq.Sampler`` does, as Cirq's own tests hold it: one suite over Cirq's simulator and our samplers."""

from __future__ import annotations

import asyncio

import cirq
import duet
import numpy as np
import pytest
import sympy

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace

A, B = cirq.LineQubit.range(2)
T, U = sympy.symbols("t u")
TARGETS = ("ionq.simulator", "rigetti.sim.qvm")


@pytest.fixture(scope="module")
def service():
    with Workspace.local(seed=7) as workspace:
        yield AzureQuantumService(workspace)


@pytest.fixture(params=("cirq.Simulator", *TARGETS))
def sampler(request, service):
    return cirq.Simulator(seed=3) if request.param == "cirq.Simulator" else service.sampler(request.param)


def flips():
    return cirq.Circuit(cirq.X(A) ** T, cirq.X(B) ** U, cirq.measure(A, key="a"), cirq.measure(A, B, key="both"))


def test_a_sample_is_a_frame_of_big_endian_integers(sampler):
    frame = sampler.sample(flips(), repetitions=3, params={"t": 1, "u": 0})
    assert list(frame.columns) == ["t", "u", "a", "both"]
    assert frame.to_numpy().tolist() == [[1, 0, 1, 2]] * 3
    assert list(frame.index) == [0, 1, 2]


def test_the_frame_of_several_points_has_their_parameters_first(sampler):
    frame = sampler.sample(flips(), repetitions=2, params=[{"t": 0, "u": 1}, {"t": 1, "u": 1}])
    assert list(frame.columns) == ["t", "u", "a", "both"]
    assert frame.to_numpy().tolist() == [[0, 1, 0, 1]] * 2 + [[1, 1, 1, 3]] * 2
    assert list(frame.index) == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "sweep",
    [
        cirq.Points("t", [0, 1]) * cirq.Points("u", [1, 0]),
        cirq.Zip(cirq.Points("t", [0, 1]), cirq.Points("u", [1, 1])),
        cirq.Linspace("t", 0, 1, 2) * cirq.Points("u", [0]),
        cirq.ListSweep([{"t": 1, "u": 1}]),
        [{"t": 0, "u": 0}, cirq.ParamResolver({"t": 1, "u": 0})],
        [{T: 1, U: 0}],
        [],
    ],
    ids=str,
)
def test_a_sweep_has_one_result_for_each_point_in_order(sampler, sweep):
    expected = cirq.Simulator().run_sweep(flips(), sweep, repetitions=3)
    found = sampler.run_sweep(flips(), sweep, repetitions=3)
    assert found == expected
    assert [result.params for result in found] == [result.params for result in expected]


def test_a_run_is_a_sweep_of_one_point(sampler):
    one = sampler.run(flips(), {"t": 1, "u": 1}, repetitions=2)
    assert one == sampler.run_sweep(flips(), {"t": 1, "u": 1}, repetitions=2)[0]
    assert asyncio.run(sampler.run_async(flips(), {"t": 1, "u": 1}, repetitions=2)) == one
    assert asyncio.run(sampler.run_sweep_async(flips(), {"t": 1, "u": 1}, repetitions=2)) == [one]


def test_one_repetition_is_the_default(sampler):
    assert sampler.run(flips(), {"t": 1, "u": 1}).repetitions == 1


def test_a_batch_has_a_list_of_results_for_each_circuit(sampler):
    other = cirq.Circuit(cirq.X(A), cirq.measure(A, key="other"))
    found = sampler.run_batch([flips(), other], [[{"t": 0, "u": 0}, {"t": 1, "u": 0}], None], repetitions=[2, 3])
    assert [[result.repetitions for result in results] for results in found] == [[2, 2], [3]]
    assert found[0][1].measurements["both"].tolist() == [[1, 0]] * 2
    assert found[1][0].measurements["other"].all()
    assert sampler.run_batch([other]) == [sampler.run_sweep(other, None)]
    assert duet.run(sampler.run_batch_async, [other, other], None, 2) == sampler.run_batch([other] * 2, None, 2)


@pytest.mark.parametrize(("sweeps", "repetitions"), [([None], 1), ([None] * 3, 1), (None, [1]), (None, [1, 2, 3])])
def test_a_batch_whose_lists_differ_in_length_is_refused(sampler, sweeps, repetitions):
    circuit = cirq.Circuit(cirq.measure(A, key="m"))
    with pytest.raises(ValueError, match="must match"):
        sampler.run_batch([circuit, circuit], sweeps, repetitions)


def test_a_key_that_is_measured_twice_has_two_instances(sampler):
    circuit = cirq.Circuit(cirq.X(A), cirq.measure(A, key="m"), cirq.measure(B, key="m"))
    result = sampler.run(circuit, repetitions=2)
    assert result.records["m"].tolist() == [[[1], [0]]] * 2
    with pytest.raises(ValueError, match="repeated keys"):
        result.measurements  # noqa: B018 - reading is what fails


def test_confusion_and_inversion_are_applied(sampler):
    circuit = cirq.Circuit(
        cirq.measure(A, B, key="m", invert_mask=(True, False), confusion_map={(1,): np.array([[0, 1], [1, 0]])})
    )
    assert sampler.run(circuit, repetitions=2).measurements["m"].tolist() == [[1, 1]] * 2


def test_expectation_values_are_sampled(sampler):
    circuit = cirq.Circuit(cirq.X(A) ** T, cirq.I(B))
    observables = [cirq.Z(A) * cirq.Z(B), cirq.Z(A) + 2 * cirq.Z(B) + 5]
    found = sampler.sample_expectation_values(circuit, observables, num_samples=10, params=[{"t": 0}, {"t": 1}])
    assert np.allclose(found, [[1, 8], [-1, 6]])


def test_expectation_values_need_samples_and_no_measurements(sampler):
    measured = cirq.Circuit(cirq.X(A), cirq.measure(A, key="m"))
    with pytest.raises(ValueError, match="at least one sample"):
        sampler.sample_expectation_values(cirq.Circuit(cirq.X(A)), cirq.Z(A), num_samples=0)
    with pytest.raises(ValueError, match="terminal measurements"):
        sampler.sample_expectation_values(measured, cirq.Z(A), num_samples=5)


def test_a_circuit_without_measurements_is_refused(sampler):
    with pytest.raises(ValueError, match="no measurements"):
        sampler.run(cirq.Circuit(cirq.X(A)), repetitions=2)


def test_the_circuit_is_not_changed(sampler):
    circuit = flips()
    before = circuit.copy()
    sampler.run_sweep(circuit, [{"t": 0, "u": 1}, {"t": 1, "u": 1}], repetitions=1)
    assert circuit == before


@pytest.mark.parametrize("seed", range(4))
def test_distributions_agree_with_cirqs_simulator(sampler, seed):
    circuit = cirq.testing.random_circuit(3, 6, 0.8, random_state=seed)
    circuit.append(cirq.measure(*sorted(circuit.all_qubits()), key="m"))
    expected = cirq.Simulator().simulate(circuit[:-1], qubit_order=sorted(circuit.all_qubits())).final_state_vector
    found = sampler.run(circuit, repetitions=2000).histogram(key="m")
    chances = np.abs(expected) ** 2
    share = np.array([found[value] / 2000 for value in range(len(chances))])
    assert np.abs(share - chances).max() < 0.06
