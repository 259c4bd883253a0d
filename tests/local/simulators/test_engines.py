"""The simulators: right, repeatable, and in agreement with each other."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qsession_core.gates.words import GATES
from qsession_core.local.readers.circuit import Circuit, JobFailure
from qsession_core.local.simulators.choice import simulator
from qsession_core.local.simulators.memory import check_memory
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine
from qsession_core.local.simulators.vector.beginning import evolved
from qsession_core.local.simulators.vector.compiler import Compiler
from qsession_core.local.simulators.vector.state import SinglePrecision, State
from tests.support.simulator_circuits import CLIFFORD, distance, frequencies, random_circuit, statevector_probabilities

QUIET = Noise()
ALL = ["numpy", "qsim", "aer", "stim", "qdk"]


@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(0, 40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_exact_probabilities_are_those_of_qiskits_statevector(seed, num_qubits, num_gates):
    circuit = random_circuit(np.random.default_rng(seed), num_qubits, num_gates)
    keys, weights, qubits = NumpyEngine().probabilities(circuit)
    found = np.zeros(2**num_qubits)
    for key, weight in zip(keys.tolist(), weights, strict=True):
        found[sum(1 << qubit for bit, qubit in enumerate(qubits) if key >> bit & 1)] += weight
    assert np.allclose(found, statevector_probabilities(circuit), atol=1e-10)


@pytest.mark.parametrize("name", ALL)
def test_every_engine_samples_the_right_distribution_in_the_right_order(name):
    rng = np.random.default_rng(5)
    engine = simulator(name)
    for width in (2, 4):
        circuit = random_circuit(rng, width, 25, CLIFFORD if name == "stim" else None)
        shots = engine.sample(circuit, 4000, 11, QUIET)
        assert shots.shape == (4000, width)
        assert shots.dtype == np.uint8
        assert distance(frequencies(shots), statevector_probabilities(circuit)) < 0.06


@pytest.mark.parametrize("name", ALL)
def test_the_same_seed_gives_the_same_shots_and_another_seed_others(name):
    circuit = random_circuit(np.random.default_rng(1), 5, 30, CLIFFORD)
    circuit.operations.insert(0, ("h", (0,), ()))
    for qubit in range(5):
        circuit.operations.insert(25, ("h", (qubit,), ()))
    engine = simulator(name)
    first, second = (engine.sample(circuit, 200, 7, QUIET) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, engine.sample(circuit, 200, 8, QUIET))


@pytest.mark.parametrize("name", ["numpy", "aer", "stim", "qdk"])
def test_measurement_in_the_middle_branches(name):
    # teleported: the state of qubit 0 after x arrives at qubit 2, by measurement, reset and measurement again
    circuit = Circuit(
        2,
        3,
        [
            ("h", (0,), ()),
            ("measure", (0, 0), ()),
            ("cx", (0, 1), ()),
            ("reset", (0,), ()),
            ("measure", (0, 1), ()),
            ("measure", (1, 2), ()),
        ],
    )
    shots = simulator(name).sample(circuit, 1000, 3, QUIET)
    assert 400 < shots[:, 0].sum() < 600
    assert not shots[:, 1].any()
    assert np.array_equal(shots[:, 0], shots[:, 2])


@pytest.mark.parametrize("name", ["numpy", "stim", "aer"])
def test_noise_comes_at_the_rate_it_was_given(name):
    noise = Noise(p1=0.02, p2=0.05, p_meas_0=0.03, p_meas_1=0.01)
    gates = [("x", (0,), ())] * 8 + [("cx", (1, 2), ())] * 4
    circuit = Circuit(3, 3, [*gates, *[("measure", (q, q), ()) for q in range(3)]])
    shots = simulator(name).sample(circuit, 40_000, 2, noise)
    # an x or y in a chain of flips turns the qubit over: two thirds of the errors
    one = (1 - (1 - 2 * 0.02 * 2 / 3) ** 8) / 2
    two = (1 - (1 - 2 * 0.05 * 8 / 15) ** 4) / 2
    for column, flipped in ((0, one), (2, None), (1, two)):
        if flipped is None:
            continue
        expected = flipped * (1 - 0.01) + (1 - flipped) * 0.03
        assert abs(shots[:, column].mean() - expected) < 0.008


def test_noise_on_a_program_that_measures_in_its_middle_reaches_every_part():
    operations = []
    for result in range(6):
        operations += [("x", (0,), ()), ("measure", (0, result), ()), ("reset", (0,), ())]
    shots = NumpyEngine().sample(Circuit(1, 6, operations), 20_000, 4, Noise(p1=0.3, p_init=0.1))
    assert np.allclose(shots[:, 0].mean(), 0.8 * 0.9 + 0.2 * 0.1, atol=0.02)
    assert np.allclose(shots[:, 1:].mean(axis=0), 0.8 * 0.9 + 0.2 * 0.1, atol=0.02)


def test_shots_of_a_branching_circuit_come_in_random_order():
    circuit = Circuit(1, 2, [("h", (0,), ()), ("measure", (0, 0), ()), ("h", (0,), ()), ("measure", (0, 1), ())])
    shots = NumpyEngine().sample(circuit, 1000, 1, QUIET)
    assert 300 < np.abs(np.diff(shots[:, 0].astype(int))).sum() < 700


def test_idle_qubits_take_no_memory():
    circuit = Circuit(4000, 2, [("h", (3999,), ()), ("measure", (3999, 0), ()), ("measure", (17, 1), ())])
    shots = NumpyEngine().sample(circuit, 50, 1, QUIET)
    assert 0 < shots[:, 0].sum() < 50
    assert not shots[:, 1].any()


def test_a_state_larger_than_memory_is_refused_before_it_is_made():
    with pytest.raises(JobFailure, match="GiB") as caught:
        check_memory(30, 40, limit=1 << 30)
    assert caught.value.code == "InvalidInputData"
    check_memory(10, 40, limit=1 << 30)
    with pytest.raises(JobFailure):
        check_memory(10_000, 40)


WAITING = st.sampled_from(["x", "z", "h", "sx", "t", "rx", "ry", "rz", "p"])
PAIRS = st.sampled_from(["cx", "cx cx cx", "cz", "rzz", "swap", "crx", "cp", "rxx"])


@settings(max_examples=100)
@given(st.lists(st.tuples(WAITING, PAIRS, st.permutations(range(4)), st.floats(-7, 7)), max_size=12))
def test_gates_that_wait_for_others_change_nothing(drawn):
    """Gates wait where they commute with what comes, and three cx in turn are one exchange: against Qiskit."""
    operations = []
    for single, pair, (one, other, third, _), angle in drawn:
        for word, qubits in ((single, (third,)), (pair, (one, other)), (single, (one,))):
            if word == "cx cx cx":
                operations += [("cx", qubits, ()), ("cx", qubits[::-1], ()), ("cx", qubits, ())]
            else:
                operations.append((word, qubits, (angle,) * GATES[word].num_params))
    state = State(4)
    state.apply(operations)
    expected = statevector_probabilities(Circuit(4, 0, operations))
    assert np.abs(np.abs(state.flat) ** 2 - expected).max() < 1e-12


@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(0, 15), st.integers(1, 4))
def test_a_beginning_that_circuits_share_changes_no_bit_of_their_states(seed, num_qubits, num_gates, others):
    """Each circuit is one beginning and other gates on single qubits; alone, each gives the same bytes."""
    rng = np.random.default_rng(seed)
    first = random_circuit(rng, num_qubits, num_gates).operations
    gates = [operation for operation in first if operation[0] != "measure"]
    circuits = []
    for _ in range(others):
        qubits = rng.permutation(num_qubits)[: rng.integers(0, num_qubits + 1)].tolist()
        circuits.append(gates + [(str(rng.choice(["h", "sx", "s"])), (qubit,), ()) for qubit in qubits])
    together = [evolved(circuit, num_qubits).flat.tobytes() for circuit in circuits]
    alone = []
    for circuit in circuits:
        state = State(num_qubits)
        state.apply(circuit)
        alone.append(state.flat.tobytes())
    assert together == alone


def test_gates_with_matrices_share_no_beginning_by_mistake():
    for matrix in (np.eye(4), np.eye(4)[::-1]):
        state = evolved([("matrix", (0, 1), (matrix,)), ("x", (0,), ())], 2)
        assert np.abs(state.flat).argmax() == (1 if matrix[0, 0] else 2)


def test_a_swap_that_is_written_as_three_cx_is_one_step_and_lets_gates_wait():
    compiler = Compiler(8)
    compiler.add([("h", (0,), ()), ("cx", (0, 7), ()), ("cx", (7, 0), ()), ("cx", (0, 7), ()), ("h", (7,), ())])
    assert len(compiler.take()) == 1  # the two gates meet, and are none


@pytest.mark.parametrize("num_gates", [30, 300, 3000])
def test_single_precision_moves_a_distribution_by_2_to_the_minus_30_a_gate(num_gates):
    gates = random_circuit(np.random.default_rng(num_gates), 10, num_gates).operations[:-10]
    states = State(10), SinglePrecision(10)
    for state in states:
        state.apply(gates)
    double, single = (np.abs(state.flat.astype(np.complex128)) ** 2 for state in states)
    assert distance(double, single) < 4 * num_gates * 2**-30


def test_many_controls_act_on_all_ones_only():
    state = State(6)
    compiler = Compiler(6)
    compiler.add([("x", (qubit,), ()) for qubit in range(5)])
    compiler.add([("ctrl(5) @ x", (0, 1, 2, 3, 4, 5), ()), ("ctrl(5) @ x", (0, 1, 2, 3, 5, 4), ())])
    state.run(compiler.take())
    assert abs(state.flat[0b101111]) == pytest.approx(1)
