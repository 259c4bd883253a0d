"""Noise: the same job has the same distribution on every engine, and no parameter is ignored."""

import functools

import numpy as np
import pytest

from qsession_core import plugins
from qsession_core.local.readers.circuit import Circuit, JobFailure
from qsession_core.local.simulators import statevector
from qsession_core.local.simulators.choice import choose, simulator
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.trajectories import tree
from qsession_core.local.simulators.vector.state import SinglePrecision, State
from tests.support.noise_judge import exact, is_sample, noisy_circuit
from tests.support.simulator_circuits import CLIFFORD, distance, frequencies, random_circuit

SHOTS = 4_000
QDK_WORDS = ["x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cx", "cz", "swap", "rxx", "ryy", "rzz"]
OTHER_WORDS = ["sx", "sxdg", "p", "u", "cy", "ch", "crx", "iswap", "ecr", "dcx", "ccx", "ccz", "cswap"]
# every engine gets circuits of all words that it may run with noise
WORDS = {"stim": tuple(CLIFFORD), "qdk": tuple(QDK_WORDS)}
GENERAL = (*QDK_WORDS, *OTHER_WORDS)
NOISES = {
    "p1": Noise(p1=0.08),
    "p2": Noise(p2=0.1),
    "p_meas_0": Noise(p_meas_0=0.2),
    "p_meas_1": Noise(p_meas_1=0.2),
    "p_init": Noise(p_init=0.15),
    "p_crosstalk_meas": Noise(p_crosstalk_meas=0.15),
    "p_crosstalk_init": Noise(p_crosstalk_init=0.3),
    "p1_emission_ratio": Noise(p1=0.15, p1_emission_ratio=0.6),
    "p2_emission_ratio": Noise(p2=0.2, p2_emission_ratio=0.6),
    "Paulis": Noise(0.02, 0.05, 0.03, 0.06, 0.04, 0.05, 0.06),
    "all": Noise(0.02, 0.05, 0.03, 0.06, 0.04, 0.05, 0.06, 0.5, 0.3),
}
LOSSES = {
    "p_loss": Noise(p_loss=0.04),
    "all and p_loss": Noise(0.02, 0.05, 0.03, 0.06, 0.04, 0.05, 0.06, 0.5, 0.3, 0.05),
}
# 20 circuits each; the short form has the first few of them
CIRCUITS = [*range(2), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 20))]
GENERAL_ENGINES, PAULI_ENGINES = frozenset({"numpy", "aer"}), frozenset({"numpy", "aer", "stim"})
CAN = {
    **dict.fromkeys(["p1", "p2"], PAULI_ENGINES | {"qdk"}),
    **dict.fromkeys(
        ["p_meas_0", "p_meas_1", "p_init", "p_crosstalk_meas", "p_crosstalk_init", "Paulis"], PAULI_ENGINES
    ),
    **dict.fromkeys(["p1_emission_ratio", "p2_emission_ratio", "all"], GENERAL_ENGINES),
    **dict.fromkeys(LOSSES, frozenset({"numpy"})),
}


@functools.lru_cache
def judged(seed, words, label):
    noise = {**NOISES, **LOSSES}[label]
    # flags of lost qubits make the judge's state twice as wide, and it has none for results from the middle
    circuit = noisy_circuit(seed, words) if label in NOISES else noisy_circuit(2 * seed, words, max_qubits=3)
    return circuit, noise, exact(circuit, noise)


@pytest.mark.parametrize("seed", CIRCUITS)
@pytest.mark.parametrize("label", CAN)
def test_every_engine_gives_the_exact_distribution_of_a_noise_or_refuses_it(label, seed):
    for name in plugins.names(plugins.SIMULATORS):
        engine = simulator(name)
        if name in CAN[label]:
            circuit, noise, chances = judged(seed, WORDS.get(name, GENERAL), label)
            assert engine.can_run(circuit, noise)
            assert is_sample(engine.sample(circuit, SHOTS, seed, noise), chances), name
        else:
            noise = {**NOISES, **LOSSES}[label]
            for words in (CLIFFORD, GENERAL):
                circuit = noisy_circuit(seed, words)
                assert not engine.can_run(circuit, noise)
                with pytest.raises(JobFailure, match="cannot run this program"):
                    choose(circuit, SHOTS, noise, name)


@pytest.mark.parametrize("label", CAN)
def test_branch_by_branch_every_noise_has_its_exact_distribution(label, monkeypatch):
    monkeypatch.setattr(tree, "fits", lambda *_: False)  # as for circuits too wide to be followed in lockstep
    circuit, noise, chances = judged(0, GENERAL, label)
    assert is_sample(simulator("numpy").sample(circuit, SHOTS, 0, noise), chances)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("label", ["p1", "p2", "Paulis"])
def test_single_precision_gives_the_shots_of_double_precision(label, seed, monkeypatch):
    noise = {**NOISES, **LOSSES}[label]
    circuit = random_circuit(np.random.default_rng(seed), 6, 40)
    monkeypatch.setattr(tree, "fits", lambda *_: False)
    monkeypatch.setattr(State, "key", lambda _: None)  # where branches become one, shots are drawn in another order
    made = []
    kept = SinglePrecision.__init__
    monkeypatch.setattr(SinglePrecision, "__init__", lambda self, *args: made.append(kept(self, *args)))
    single = simulator("numpy").sample(circuit, 500, seed, noise)
    assert made
    made.clear()
    monkeypatch.setattr(statevector, "SINGLE_PRECISION_UP_TO", 500 * len(circuit.operations) - 1)
    double = simulator("numpy").sample(circuit, 500, seed, noise)
    assert not made
    assert np.array_equal(single, double)


@pytest.mark.parametrize("label", ["p_meas_1", "p1_emission_ratio", "p_loss"])
def test_the_judge_of_samples_sees_when_a_parameter_is_ignored(label):
    circuit, noise, chances = judged(0, GENERAL, label)
    ignored = Noise(p1=noise.p1)
    assert not is_sample(simulator("numpy").sample(circuit, SHOTS, 0, ignored), chances)


@pytest.mark.parametrize("name", ["aer", "stim"])
def test_noise_around_measurements_in_the_middle_is_the_same_on_every_engine(name):
    noise = Noise(p1=0.05, p2=0.1, p_meas_0=0.05, p_meas_1=0.1, p_init=0.1, p_crosstalk_meas=0.1, p_crosstalk_init=0.2)
    operations = [
        ("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0, 0), ()), ("reset", (0,), ()), ("h", (2,), ()),
        ("cx", (2, 0), ()), ("measure", (1, 1), ()), ("cx", (0, 1), ()), ("measure", (0, 2), ()),
        ("measure", (1, 3), ()), ("measure", (2, 4), ()),
    ]  # fmt: skip
    circuit = Circuit(3, 5, operations)
    one, other = (frequencies(simulator(each).sample(circuit, 8_000, 5, noise)) for each in ("numpy", name))
    assert distance(one, other) < np.sqrt(32 / 8_000)


# --- lost qubits ---


def test_a_qubit_is_lost_at_its_rate_and_stays_lost_until_it_is_reset():
    flips = [("x", (0,), ())] * 4
    measured = [("measure", (0, 0), ()), ("reset", (0,), ()), ("x", (0,), ()), ("measure", (0, 1), ())]
    shots = simulator("numpy").sample(Circuit(1, 2, flips + measured), 20_000, 3, Noise(p_loss=0.1))
    assert abs((shots[:, 0] == 2).mean() - (1 - 0.9**4)) < 0.01
    assert abs((shots[:, 1] == 2).mean() - 0.1) < 0.01
    assert not (shots[:, 0] == 1).any()
    assert not (shots[:, 1] == 0).any()


def test_a_gate_on_a_lost_qubit_does_nothing_and_a_pair_loses_each_by_itself():
    always = [("x", (0,), ()), ("cx", (0, 1), ()), ("measure", (0, 0), ()), ("measure", (1, 1), ())]
    shots = simulator("numpy").sample(Circuit(2, 2, always), 100, 3, Noise(p_loss=1.0))
    assert shots.tolist() == [[2, 0]] * 100
    pair = [("cx", (0, 1), ()), ("measure", (0, 0), ()), ("measure", (1, 1), ())]
    shots = simulator("numpy").sample(Circuit(2, 2, pair), 20_000, 3, Noise(p_loss=0.2))
    seen = {(one, other): ((shots[:, 0] == one) & (shots[:, 1] == other)).mean() for one in (0, 2) for other in (0, 2)}
    assert seen == pytest.approx({(0, 0): 0.64, (0, 2): 0.16, (2, 0): 0.16, (2, 2): 0.04}, abs=0.01)


@pytest.mark.parametrize("end", [[], [("reset", (2,), ())]], ids=["at the end", "in the middle"])
def test_measuring_a_lost_qubit_disturbs_the_others_as_any_measurement_does(end):
    operations = [("x", (0,), ()), ("measure", (0, 0), ()), *end, ("measure", (1, 1), ())]
    shots = simulator("numpy").sample(Circuit(3, 2, operations), 4_000, 3, Noise(p_loss=1.0, p_crosstalk_meas=0.6))
    assert (shots[:, 0] == 2).all()
    assert abs(shots[:, 1].mean() - 0.4) < 0.04


def test_losing_one_of_two_entangled_qubits_leaves_the_other_mixed():
    bell = [("h", (0,), ()), ("cx", (0, 1), ()), ("h", (1,), ()), ("measure", (1, 1), ()), ("measure", (0, 0), ())]
    shots = simulator("numpy").sample(Circuit(2, 2, bell), 4_000, 3, Noise(p_loss=0.3))
    ones = shots[(shots[:, 0] == 2) & (shots[:, 1] != 2), 1]
    assert abs(ones.mean() - 0.5) < 0.05


def test_lost_qubits_come_back_through_the_client_beside_the_shots_that_were_kept():
    from qsession_core import Program, Workspace

    program = Program.of(2, 2, [("x", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))])
    params = {"error-params": {"p1": 0, "p2": 0, "p_meas": 0, "p_init": 0, "p_loss": 0.2}}
    with Workspace.local(seed=3) as workspace:
        target = workspace.get_target("quantinuum.sim.h2-1e")
        payload = target.encode(program, shots=500, input_data_format="qir.v1", input_params=params)
        result = target.submit(payload).result()
    assert result.lost_shots > 100
    assert sum(result.counts.values()) == 500 - result.lost_shots
    assert set(result.raw_counts) <= {"11", "-0", "1-", "--", "-1"}
    assert sum(result.raw_counts.values()) == 500
