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
from qsession_core.local.simulators.choice import choose
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
    plugins.forget()
    yield
    plugins.forget()
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
