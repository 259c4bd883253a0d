"""Which simulator runs a job: the cheapest that can, also one from another package."""

import sys

import msgspec
import numpy as np
import pytest

from qsession_core import plugins
from qsession_core.local import LocalWorkspace, ManualClock
from qsession_core.local.execution.plan import plan
from qsession_core.local.execution.prepare import run
from qsession_core.local.execution.task import Task
from qsession_core.local.readers.circuit import Circuit, JobFailure
from qsession_core.local.simulators.choice import choose, simulator
from qsession_core.local.simulators.noise import Noise
from tests.support.simulator_circuits import CLIFFORD, distance, frequencies, random_circuit
from tests.support.wire_client import Client

QUIET = Noise()
SHOTS = 1000

PLUGIN = """
import numpy as np

class Abacus:
    name = "abacus"
    bytes_per_amplitude = 0
    is_inline = False

    def can_run(self, circuit, noise):
        return noise.is_none and circuit.num_qubits <= 3

    def cost(self, circuit, shots, noise):
        return 0.0

    def sample(self, circuit, shots, seed, noise):
        return np.ones((shots, circuit.num_results), dtype=np.uint8)

class Broken(Abacus):
    name = "broken"
    def cost(self, circuit, shots, noise):
        raise ZeroDivisionError

class Nameless:
    can_run = cost = lambda self, *asked: 0.0

class Wordy(Abacus):
    name = "wordy"
    cost = lambda self, *asked: "cheap"

class Misnamed(Abacus):
    name = "numpy"

class Unmade(Abacus):
    def __init__(self):
        raise OSError("no such device")
"""

BAD = {"broken": "ZeroDivisionError", "missing": "missing", "nameless": "cannot be made", "wordy": "cheap",
       "misnamed": "entry point", "unmade": "no such device"}  # fmt: skip


@pytest.fixture
def abacus(tmp_path, monkeypatch):
    """A package that is no part of ours is installed, with one simulator that works and one that does not."""
    (tmp_path / "abacus_of_others.py").write_text(PLUGIN)
    metadata = tmp_path / "abacus_of_others-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: abacus-of-others\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[qsession.simulators]\n"
        "abacus = abacus_of_others:Abacus\n" + "".join(f"{name} = abacus_of_others:{name.title()}\n" for name in BAD)
    )
    monkeypatch.syspath_prepend(tmp_path)
    plugins._found.cache_clear()
    yield
    plugins._found.cache_clear()
    sys.modules.pop("abacus_of_others", None)


def bell(num_qubits=2):
    return Circuit(
        num_qubits, 2, [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0, 0), ()), ("measure", (1, 1), ())]
    )


@pytest.mark.usefixtures("abacus")
def test_a_simulator_of_another_package_is_chosen_by_itself_where_it_can_and_is_cheapest():
    assert choose(bell(), SHOTS, QUIET)[0].name == "abacus"
    assert choose(bell(4), SHOTS, QUIET)[0].name == "numpy"
    assert choose(bell(), SHOTS, Noise(p1=0.1))[0].name != "abacus"


@pytest.mark.usefixtures("abacus")
@pytest.mark.parametrize("name", BAD)
def test_a_simulator_that_breaks_fails_the_job_that_asks_for_it_by_name(name):
    with pytest.raises(JobFailure, match=BAD[name]):
        choose(bell(), SHOTS, QUIET, name)


@pytest.mark.usefixtures("abacus")
def test_a_job_runs_on_the_simulator_of_another_package_without_being_told():
    qasm = b'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q; measure q -> c;'
    with LocalWorkspace(clock=ManualClock()) as service:
        result = Client(service).run(
            qasm, "quantinuum.sim.h2-1e", "honeywell.openqasm.v1", params={"shots": 20, "error-model": False}
        )
    assert result == {"c": ["11"] * 20}


def test_a_wide_clifford_circuit_goes_to_stim_and_a_narrow_one_to_numpy():
    rng = np.random.default_rng(0)
    assert choose(random_circuit(rng, 200, 1000, CLIFFORD), SHOTS, QUIET)[0].name == "stim"
    assert choose(random_circuit(rng, 4, 20, CLIFFORD), SHOTS, QUIET)[0].name == "numpy"
    wide = [("rx", (q,), (0.3,)) for q in range(24)] * 10 + [("measure", (q, q), ()) for q in range(24)]
    assert choose(Circuit(24, 24, wide), SHOTS, QUIET)[0].name == "qsim"
    assert choose(Circuit(24, 24, wide), SHOTS, Noise(p1=0.1))[0].name == "numpy"


def test_a_forced_simulator_that_cannot_is_refused_with_the_noise_that_it_lacks():
    with pytest.raises(JobFailure, match="stim cannot run this program"):
        choose(Circuit(1, 1, [("t", (0,), ())]), SHOTS, QUIET, "stim")
    with pytest.raises(JobFailure, match="no plugin"):
        choose(bell(), SHOTS, QUIET, "abacus")
    with pytest.raises(JobFailure, match=r"qsim cannot run this program with p1, p_init\."):
        choose(bell(), SHOTS, Noise(p1=0.1, p_init=0.1), "qsim")
    with pytest.raises(JobFailure, match=r"qdk cannot run this program with p_meas_1\."):
        choose(bell(), SHOTS, Noise(p1=0.1, p_meas_1=0.1), "qdk")


def task(**members):
    known = {
        "target": "quantinuum.sim.h2-1e", "input_format": "qir.v1", "output_format": "", "payload": b"", "params": {},
        "shots": 10, "seed": 1, "num_qubits": 56,
    }  # fmt: skip
    return Task(**{**known, **members})


def test_a_job_asks_for_a_kind_of_simulator_by_its_word_and_other_words_are_refused():
    narrow = bell()
    assert plan(task(params={"simulator": "stabilizer"}), narrow).simulator == "stim"
    assert plan(task(params={"simulator": "state-vector"}), narrow).simulator == "numpy"
    assert plan(task(), narrow).simulator == "numpy"
    with pytest.raises(JobFailure, match="no simulator 'abc'; use 'stabilizer' or 'state-vector'"):
        plan(task(params={"simulator": "abc"}), narrow)
    with pytest.raises(JobFailure, match="Clifford gates only"):
        plan(task(params={"simulator": "stabilizer"}), Circuit(1, 1, [("t", (0,), ())]))


def test_an_error_parameter_that_is_not_simulated_fails_the_job_by_its_name(client):
    for params, name in (({"p_leak": 0.1}, "p_leak"), ({"p7": 0.1}, "p7"), ({"p1": 2}, "p1")):
        error = client.failure(target="quantinuum.sim.h2-1e", payload=b"x", input_format="qir.v1",
                               params={"shots": 5, "error-params": params})  # fmt: skip
        assert error["code"] == "InvalidInputData"
        assert name in error["message"]


# --- the same noise gives the same distribution on every engine ---


def noisy_circuit(seed):
    """Clifford gates that every engine has a word for, on five qubits, without measurements."""
    rng = np.random.default_rng(seed)
    return random_circuit(rng, 5, 30, ["x", "y", "z", "h", "s", "sdg", "cx", "cz", "swap"])


def gate_channel(chance, emission, num_qubits):
    """Return the channel after a gate: one of the Paulis but the identity, or one of its qubits falls to 0."""
    from qiskit.quantum_info import SuperOp
    from qiskit_aer.noise import QuantumError, depolarizing_error, reset_error

    paulis = 4**num_qubits / (4**num_qubits - 1)
    falls = chance * emission
    depolarized = SuperOp(depolarizing_error((chance - falls) / (1 - falls) * paulis, num_qubits))
    fallen, idle = SuperOp(reset_error(1.0)), SuperOp(np.eye(4))
    either = fallen if num_qubits == 1 else 0.5 * (fallen.tensor(idle) + idle.tensor(fallen))
    return QuantumError((1 - falls) * depolarized + falls * either)


def judged(circuit, noise):
    """Return the exact probabilities of all outcomes by Aer's density matrices; index bit i = result i."""
    from qiskit import QuantumCircuit
    from qiskit.circuit.library import IGate
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel, depolarizing_error, pauli_error

    made = QuantumCircuit(circuit.num_qubits)
    for qubit in range(circuit.num_qubits):
        made.append(IGate(label="prepare"), [qubit])
    for name, qubits, _ in circuit.operations:
        if name == "measure":  # of the errors that come after a qubit's measurement, its result shows none
            for other in range(qubits[0] + 1, circuit.num_qubits):
                made.append(IGate(label="beside a measurement"), [other])
        elif name == "reset":
            made.reset(qubits[0])
            made.append(IGate(label="prepare"), [qubits[0]])
            for other in set(range(circuit.num_qubits)) - set(qubits):
                made.append(IGate(label="beside a reset"), [other])
        else:
            getattr(made, name)(*qubits)
    made.save_density_matrix()
    model = NoiseModel()
    flip = pauli_error([("X", noise.p_init), ("I", 1 - noise.p_init)])
    model.add_all_qubit_quantum_error(flip, ["prepare"])
    model.add_all_qubit_quantum_error(depolarizing_error(noise.p_crosstalk_meas * 4 / 3, 1), ["beside a measurement"])
    model.add_all_qubit_quantum_error(depolarizing_error(noise.p_crosstalk_init * 4 / 3, 1), ["beside a reset"])
    one, two = (
        gate_channel(*of) for of in ((noise.p1, noise.p1_emission_ratio, 1), (noise.p2, noise.p2_emission_ratio, 2))
    )
    model.add_all_qubit_quantum_error(one, ["x", "y", "z", "h", "s", "sdg"])
    model.add_all_qubit_quantum_error(two, ["cx", "cz", "swap"])
    simulator = AerSimulator(method="density_matrix", noise_model=model)
    found = simulator.run(made, shots=1).result().data()["density_matrix"]
    weights = np.real(np.diag(np.asarray(found))).reshape((2,) * circuit.num_qubits)
    readout = np.array([[1 - noise.p_meas_0, noise.p_meas_1], [noise.p_meas_0, 1 - noise.p_meas_1]])
    for axis in range(circuit.num_qubits):
        weights = np.moveaxis(np.tensordot(readout, weights, axes=(1, axis)), 0, axis)
    return weights.ravel()


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
LOSS = Noise(p1=0.1, p_loss=0.1)


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
@pytest.mark.parametrize("name", plugins.names(plugins.SIMULATORS))
def test_every_engine_gives_the_exact_distribution_of_a_noise_or_refuses_it(name, noise):
    engine = simulator(name)
    for seed in range(2):
        circuit = noisy_circuit(seed)
        circuit.operations.insert(12, ("reset", (3,), ()))
        if not engine.can_run(circuit, noise):
            with pytest.raises(JobFailure, match="cannot run this program"):
                choose(circuit, SHOTS, noise, name)
            continue
        shots = 4_000
        exact = judged(circuit, noise)
        found = frequencies(engine.sample(circuit, shots, 11, noise))
        # the mean of the distance of so many shots is below half of sqrt(outcomes / shots); it varies little around it
        assert distance(found, exact) < 0.5 * np.sqrt(len(exact) / shots)


def test_the_engines_that_can_run_each_noise_are_these():
    engines = [simulator(name) for name in plugins.names(plugins.SIMULATORS)]
    circuit = noisy_circuit(0)
    can = {label: {each.name for each in engines if each.can_run(circuit, noise)} for label, noise in NOISES.items()}
    general, paulis = {"numpy", "aer"}, {"numpy", "aer", "stim"}
    assert can == {
        "p1": paulis | {"qdk"}, "p2": paulis | {"qdk"}, "p_meas_0": paulis, "p_meas_1": paulis, "p_init": paulis,
        "p_crosstalk_meas": paulis, "p_crosstalk_init": paulis, "p1_emission_ratio": general,
        "p2_emission_ratio": general, "Paulis": paulis, "all": general,
    }  # fmt: skip
    assert {each.name for each in engines if each.can_run(circuit, LOSS)} == {"numpy"}


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


# --- programs with branches ---


def dynamic(num_qubits, gate="cx"):
    """A chain of qubits that is measured at one end and turned over at the other, as OpenQASM 2."""
    lines = [f'OPENQASM 2.0; include "qelib1.inc"; qreg q[{num_qubits}]; creg a[1]; creg c[{num_qubits}]; h q[0];']
    lines += [f"cx q[{number}], q[{number + 1}];" for number in range(num_qubits - 1)]
    lines += ["measure q[0] -> a[0];", *(f"if(a==1) x q[{number}];" for number in range(num_qubits))]
    lines += [f"if(a==1) {gate} q[0], q[1];", f"reset q[{num_qubits - 1}];", "measure q -> c;"]
    return "\n".join(lines).encode()


def test_dynamic_clifford_programs_run_as_tableaux_at_any_width():
    with LocalWorkspace(seed=1, clock=ManualClock()) as service:
        params = {"shots": 40, "error-model": False, "simulator": "stabilizer"}
        result = Client(service).run(dynamic(50), "quantinuum.sim.h2-1e", "honeywell.openqasm.v1", params=params)
        assert {"0", "1"} == set(result["a"])
        assert result["c"] == ["0" * 50] * 40
        del params["simulator"]  # a wide one is chosen by itself
        result = Client(service).run(dynamic(50), "quantinuum.sim.h2-1e", "honeywell.openqasm.v1", params=params)
        assert result["c"] == ["0" * 50] * 40
        params["simulator"] = "stabilizer"
        error = Client(service).failure(
            dynamic(4, "ch"), "quantinuum.sim.h2-1e", "honeywell.openqasm.v1", params=params
        )
        assert "Clifford gates only" in error["message"]


def test_a_noisy_program_with_branches_gives_the_same_distribution_as_tableaux_and_as_state_vectors():
    noise = {"p1": 0.05, "p2": 0.08, "p_meas_0": 0.02, "p_meas_1": 0.05, "p_init": 0.05, "p_crosstalk_meas": 0.05,
             "p_crosstalk_init": 0.05, "p1_emission_ratio": 0.3, "p2_emission_ratio": 0.3}  # fmt: skip
    found = []
    for name in ("numpy", "stim"):
        job = task(
            payload=dynamic(3), input_format="honeywell.openqasm.v1", output_format="honeywell.quantum-results.v1",
            simulator=name, noise=noise, shots=6_000,
        )  # fmt: skip
        registers = msgspec.json.decode(run(job).output)
        rows = [[int(bit) for bit in a + c] for a, c in zip(registers["a"], registers["c"], strict=True)]
        found.append(frequencies(np.array(rows)))
    assert distance(*found) < np.sqrt(16 / 6_000)


def test_a_condition_reads_a_lost_result_as_0():
    qasm = b"""OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg a[1]; creg c[2];
    x q[0]; measure q[0] -> a[0]; if(a==1) x q[1]; measure q -> c;"""
    job = task(
        payload=qasm, input_format="honeywell.openqasm.v1", output_format="honeywell.quantum-results.v1",
        noise={"p_loss": 1.0},
    )  # fmt: skip
    assert msgspec.json.decode(run(job).output) == {"a": ["-"] * 10, "c": ["0-"] * 10}
