"""Targets behave like their namesakes: limits, profiles, noise, zeros, and the codes with which they say no."""

import json

import numpy as np
import pytest

from qsession_core.errors import ConfigurationError
from qsession_core.local import LocalTarget, LocalWorkspace, ManualClock
from qsession_core.local.execution.task import Task
from tests.support.qir_text import BELL_QIR, gate, qir
from tests.support.wire_client import BELL, Client

HEAD = 'OPENQASM 2.0; include "qelib1.inc"; '
H2 = "quantinuum.sim.h2-1e"
OPENQASM = "honeywell.openqasm.v1"


FORWARD = qir(
    "\n".join([
        gate("h__body", 0), gate("mz__body", 0, 0),
        "  %r = call i1 @__quantum__rt__read_result(ptr null)", "  br i1 %r, label %a, label %b", "a:",
        gate("x__body", 1), "  br label %b", "b:", gate("mz__body", 1, 1),
    ]),
    '"qir_profiles"="adaptive_profile"',
)  # fmt: skip


# --- IonQ ---


def test_the_ideal_simulator_gives_exact_probabilities_of_all_qubits(client):
    circuit = {"qubits": 3, "circuit": [{"gate": "ry", "target": 1, "rotation": 2 * np.arcsin(np.sqrt(0.3))}]}
    histogram = client.run(circuit, params={"shots": 7})["histogram"]
    assert set(histogram) == {"0", "2"}
    assert histogram["2"] == pytest.approx(0.3, abs=1e-12)
    assert sum(histogram.values()) == pytest.approx(1, abs=1e-12)


def test_histogram_keys_are_decimal_and_little_endian(client):
    circuit = {"qubits": 12, "circuit": [{"gate": "x", "target": 0}, {"gate": "x", "target": 10}]}
    assert client.run(circuit)["histogram"] == {str(2**0 + 2**10): 1.0}


def test_ideal_shots_of_qir_are_in_proportion_and_none_is_lost(client):
    for shots, allowed in ((100, {50}), (7, {3, 4}), (1, {0, 1})):
        job = client.run(BELL_QIR, input_format="qir.v1", params={"shots": shots})["Results"][0]
        counts = {entry["Display"]: entry["Count"] for entry in job["Histogram"]}
        assert sum(counts.values()) == len(job["Shots"]) == shots
        assert counts.get("[0, 0]", 0) in allowed


def test_a_single_shot_is_not_always_the_same(client):
    seen = {
        client.run(BELL_QIR, input_format="qir.v1", params={"shots": 1})["Results"][0]["Histogram"][0]["Display"]
        for _ in range(20)
    }
    assert seen == {"[0, 0]", "[1, 1]"}


def test_a_noise_model_makes_the_simulator_sample(client):
    deep = {"qubits": 2, "circuit": BELL["circuit"] + [{"gate": "x", "target": 0}] * 200}
    ideal = client.run(deep, params={"shots": 100, "noise": {"model": "ideal"}})["histogram"]
    assert ideal == {"0": 0.5, "3": 0.5}
    noisy = client.run(deep, params={"shots": 1000, "noise": {"model": "harmony", "seed": 3}})["histogram"]
    assert {"1", "2"} <= set(noisy)
    assert all(round(value * 1000) == pytest.approx(value * 1000) for value in noisy.values())
    assert noisy == client.run(deep, params={"shots": 1000, "noise": {"model": "harmony", "seed": 3}})["histogram"]
    assert noisy != client.run(deep, params={"shots": 1000, "noise": {"model": "harmony", "seed": 4}})["histogram"]
    assert client.failure(deep, params={"noise": {"model": "perfect"}})["code"] == "InvalidInputData"


def test_jobs_without_shots_run_as_many_as_the_provider_says(client):
    noisy = client.run(params={"noise": {"model": "aria-1"}})["histogram"]
    assert all(share * 1000 == pytest.approx(round(share * 1000)) for share in noisy.values())
    assert any(share * 500 != pytest.approx(round(share * 500)) for share in noisy.values())
    assert len(client.run(BELL_QIR, H2, "qir.v1", params={"error-model": False})["Results"][0]["Shots"]) == 1
    openqasm = HEAD + "qreg q[1]; creg c[1]; x q[0]; measure q -> c;"
    assert client.run(openqasm.encode(), "quantinuum.sim.h2-1sc", OPENQASM, params={}) == {"c": ["0"]}


@pytest.mark.parametrize(("model", "limit"), [("aria-1", 25), ("harmony", 11)])
def test_a_noise_model_takes_no_more_qubits_than_its_machine(client, model, limit):
    wide = {"qubits": limit + 1, "circuit": [{"gate": "x", "target": 0}]}
    message = client.failure(wide, params={"noise": {"model": model}})["message"]
    assert f"uses {limit + 1} qubits; ionq.simulator takes {limit} with the noise of {model}." in message


def test_a_program_as_wide_as_the_machine_of_a_noise_model_runs(client):
    wide = {"qubits": 11, "circuit": [{"gate": "x", "target": 0}]}
    assert client.run(wide, params={"noise": {"model": "harmony"}, "shots": 1})


def test_a_machine_of_ionq_samples_and_errs(client):
    histogram = client.run(target="ionq.qpu.aria-1", params={"shots": 1000})["histogram"]
    assert sum(histogram.values()) == pytest.approx(1)
    assert 0.4 < histogram["0"] < 0.6
    assert histogram["0"] != 0.5 or set(histogram) > {"0", "3"}


def test_ionq_refuses_what_is_no_base_profile(client):
    error = client.failure(FORWARD, input_format="qir.v1")
    assert error["code"] == "InvalidInputData"
    assert "Base" in error["message"]


# --- Quantinuum ---


def test_emulators_are_noisy_unless_told_not_to(client):
    qasm = (
        HEAD + "qreg q[2]; creg c[2]; " + "x q[0]; cx q[0],q[1]; cx q[0],q[1]; x q[0]; " * 60 + "measure q -> c;"
    ).encode()
    noisy = client.run(qasm, H2, OPENQASM, params={"shots": 2000})["c"]
    quiet = client.run(qasm, H2, OPENQASM, params={"shots": 2000, "error-model": False})["c"]
    louder = client.run(qasm, H2, OPENQASM, params={"shots": 2000, "error-params": {"p2": 0.05, "p_meas": [0.1, 0.1]}})[
        "c"
    ]
    assert set(quiet) == {"00"}
    assert 0 < sum(bits != "00" for bits in noisy) < sum(bits != "00" for bits in louder)
    assert client.failure(qasm, H2, OPENQASM, params={"error-params": {"p2": 2}})["code"] == "InvalidInputData"


def test_syntax_checkers_return_zeros_in_every_format(client):
    checker = "quantinuum.sim.h2-1sc"
    flip = (HEAD + "qreg q[3]; creg c[2]; creg d[1]; x q; measure q[0] -> c[1]; measure q[2] -> d[0];").encode()
    assert client.run(flip, checker, OPENQASM, params={"shots": 2}) == {"c": ["00", "00"], "d": ["0", "0"]}
    bell = client.run(BELL_QIR, checker, "qir.v1", params={"shots": 3})["Results"][0]
    assert bell == {"Histogram": [{"Outcome": [0, 0], "Display": "[0, 0]", "Count": 3}], "Shots": [[0, 0]] * 3}
    assert client.run(FORWARD, checker, "qir.v1", params={"shots": 2})["Results"][0]["Shots"] == [[0, 0]] * 2
    wide = qir(gate("h__body", 55) + "\n" + gate("mz__body", 55, 0))
    assert client.run(wide, checker, "qir.v1", params={"shots": 1})["Results"][0]["Shots"] == [[0]]
    assert client.failure(b"OPENQASM 2.0; warp q;", checker, OPENQASM)["code"] == "InvalidInputData"


def test_feed_forward_runs_on_the_emulator(client):
    result = client.run(FORWARD, H2, "qir.v1", params={"shots": 200, "error-model": False})["Results"][0]
    assert {entry["Display"] for entry in result["Histogram"]} == {"[0, 0]", "[1, 1]"}


def test_the_leftmost_bit_of_a_register_is_its_highest(client):
    qasm = (HEAD + "qreg q[3]; creg c[3]; x q[0]; measure q -> c;").encode()
    assert client.run(qasm, H2, OPENQASM, params={"shots": 2, "error-model": False}) == {"c": ["001", "001"]}


def test_the_stabilizer_simulator_is_wide_and_takes_clifford_gates_only(client):
    ghz = (
        HEAD
        + "qreg q[56]; creg c[56]; h q[0]; "
        + "".join(f"cx q[{n}],q[{n + 1}]; " for n in range(55))
        + "measure q -> c;"
    )
    params = {"shots": 50, "simulator": "stabilizer", "error-model": False}
    assert set(client.run(ghz.encode(), H2, OPENQASM, params=params)["c"]) == {"0" * 56, "1" * 56}
    error = client.failure(ghz.replace("h q[0]", "t q[0]").encode(), H2, OPENQASM, params=params)
    assert "Clifford" in error["message"]
    error = client.failure(ghz.encode(), H2, OPENQASM, params={**params, "simulator": "state-vector"})
    assert error["code"] == "InvalidInputData"


# --- the others ---


def test_quil_runs_and_gives_rows_of_bits(client):
    quil = b"DECLARE ro BIT[2]\nX 0\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\n"
    assert client.run(quil, "rigetti.sim.qvm", "rigetti.quil.v1", params={"shots": 3}) == {"ro": [[1, 0]] * 3}


def test_a_rigetti_job_without_shots_runs_once_as_recorded(client):
    result = client.run(BELL_QIR, "rigetti.sim.qvm", "qir.v1", params={})
    assert len(result["Results"][0]["Shots"]) == 1


def test_a_job_without_shots_runs_as_often_as_its_target_says(client):
    qasm = (HEAD + "qreg q[1]; creg c[1]; measure q -> c;").encode()
    assert len(client.run(qasm, H2, OPENQASM, params={})["c"]) == 1
    assert len(client.run(qasm, H2, OPENQASM, params={"count": 7})["c"]) == 7
    assert len(client.run(qasm, H2, OPENQASM, params={"count": 7, "shots": 9})["c"]) == 9


# --- limits and errors ---


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ({"params": {"shots": 0}}, "InvalidInputData", "positive"),
        ({"params": {"shots": 10**12}}, "InvalidInputData", "too many"),
        ({"params": {"shots": 10**30}}, "InvalidInputData", "too many"),
        ({"params": {"shots": "many"}}, "InvalidInputData", "positive"),
        ({"params": {"shots": 10_001}, "target": "ionq.qpu.aria-1"}, "InvalidInputData", "10000"),
        ({"payload": {"qubits": 30, "circuit": [{"gate": "h", "target": 0}]}}, "InvalidInputData", "29"),
        ({"payload": b"{nothing" }, "InvalidInputData", "not a circuit"),
        ({"payload": BELL_QIR, "input_format": "qir.v1", "output": "ionq.quantum-results.v9"},
         "CannotTranslateOutputData", "ionq.quantum-results.v9"),
    ],
)  # fmt: skip
def test_what_cannot_run_fails_with_the_services_codes(client, kind, code, said):
    error = client.failure(**kind)
    assert error["code"] == code
    assert said in error["message"]


@pytest.mark.parametrize(
    "params", [{"items": [{"entryPoint": "main", "arguments": [1]}]}, {"arguments": [{"name": "n", "value": 1}]}]
)
def test_what_would_be_run_otherwise_than_asked_is_not_run(client, params):
    error = client.failure(BELL_QIR, input_format="qir.v1", params={"shots": 5, **params})
    assert "the entry point takes none" in error["message"]


def test_a_quil_job_runs_once_for_each_substitution(client):
    text = b"DECLARE ro BIT[2]; DECLARE theta REAL[2]; RX(theta[0]) 0; RX(theta[1]) 1; MEASURE 0 ro[0]; MEASURE 1 ro[1]"
    quil = {"payload": text, "target": "rigetti.sim.qvm", "input_format": "rigetti.quil.v1"}
    values = {"theta": [[0.0, np.pi], [np.pi, 0.0], [np.pi, np.pi]]}
    assert client.run(**quil, params={"count": 2, "substitutions": values}) == {
        "ro": [[0, 1]] * 2 + [[1, 0]] * 2 + [[1, 1]] * 2
    }
    for wrong in ({"beta": [[1.0]]}, {"theta": [[1.0]]}, {"theta": "x"}, {"theta": [[1.0, 2.0]], "beta": []}):
        assert "substitut" in client.failure(**quil, params={"substitutions": wrong})["message"]


def test_quil_with_jumps_runs_on_the_qvm(client):
    text = b"""DECLARE ro BIT[2]
        H 0
        MEASURE 0 ro[0]
        JUMP-UNLESS @END ro[0]
        X 1
        LABEL @END
        MEASURE 1 ro[1]"""
    rows = client.run(text, "rigetti.sim.qvm", "rigetti.quil.v1", params={"count": 50})["ro"]
    assert {tuple(row) for row in rows} == {(0, 0), (1, 1)}


def test_the_entry_point_that_is_asked_for_is_run(client):
    ones = "\n".join(["define void @ones() #0 {", gate("x__body", 0), gate("mz__body", 0, 0), "  ret void", "}"])
    two = qir("\n".join([gate("h__body", 0), gate("mz__body", 0, 0)]), more=ones)
    for name, expected in (("main", {"[0]", "[1]"}), ("ones", {"[1]"})):
        for params in ({"entryPoint": name}, {"items": [{"entryPoint": name, "arguments": []}]}):
            result = client.run(two, input_format="qir.v1", params={"shots": 50, **params})["Results"][0]
            assert {entry["Display"] for entry in result["Histogram"]} == expected
    assert (
        "no entry point 'other'"
        in client.failure(two, input_format="qir.v1", params={"shots": 5, "entryPoint": "other"})["message"]
    )
    assert "several functions" in client.failure(two, input_format="qir.v1", params={"shots": 5})["message"]


def test_an_input_that_is_not_there_is_said_so(client):
    import uuid

    job_id = str(uuid.uuid1())
    sas_uri = client.container(job_id)
    body = {"name": "j", "target": "ionq.simulator", "containerUri": sas_uri, "inputDataFormat": "ionq.circuit.v1"}
    client.call("PUT", f"jobs/{job_id}", body)
    job = client.done(job_id)
    assert job["errorData"]["code"] == "InputDataNotFound"
    assert job["beginExecutionTime"] is None


def test_a_gate_set_is_kept():
    target = LocalTarget("acme.sim", gates=frozenset({"h", "cx"}))
    with LocalWorkspace(targets=[target], clock=ManualClock()) as service:
        client = Client(service)
        assert client.run(BELL_QIR, "acme.sim", "qir.v1")
        assert "no gate t" in client.failure(qir(gate("t__body", 0)), "acme.sim", "qir.v1")["message"]


def test_a_job_too_large_for_memory_fails_and_the_machine_lives(client):
    circuit = {"qubits": 60, "circuit": [{"gate": "rx", "target": q, "rotation": 0.1} for q in range(60)]}
    target = LocalTarget("acme.sim", num_qubits=60, formats={"ionq.circuit.v1": ("ionq.quantum-results.v1",)})
    client.service.targets["acme.sim"] = target
    error = client.failure(circuit, "acme.sim")
    assert error["code"] == "InvalidInputData"
    assert "memory" in error["message"]


def test_wide_programs_that_touch_few_qubits_are_narrow(client):
    wide = FORWARD.replace(b'"qir_profiles"', b'"required_num_qubits"="56" "qir_profiles"')
    result = client.run(wide, H2, "qir.v1", params={"shots": 20, "error-model": False})["Results"][0]
    assert len(result["Shots"]) == 20
    circuit = {"qubits": 29, "circuit": [{"gate": "x", "target": 28}]}
    assert client.run(circuit)["histogram"] == {str(2**28): 1.0}


def test_bitcode_is_read_like_text(client):
    import pyqir

    module = pyqir.Module.from_ir(pyqir.Context(), BELL_QIR.decode())
    result = client.run(bytes(module.bitcode), input_format="qir.v1", params={"shots": 10})["Results"][0]
    assert {entry["Display"]: entry["Count"] for entry in result["Histogram"]} == {"[0, 0]": 5, "[1, 1]": 5}
    assert client.failure(b"BC\xc0\xdenonsense", input_format="qir.v1")["code"] == "QIRPreProcessingFailed"


# --- results ---


def test_the_older_results_format_is_written_when_asked_for(client):
    result = client.run(BELL_QIR, input_format="qir.v1", output="microsoft.quantum-results.v1")
    assert result == {"Histogram": ["[0, 0]", 0.5, "[1, 1]", 0.5]}


def test_histogram_and_shots_of_the_newer_format_agree(client):
    body = "\n".join(
        [gate("h__body", q) for q in range(3)] + [gate("mz__body", q, q) for q in range(3)]
        + ["  call void @__quantum__rt__tuple_record_output(i64 2, ptr null)",
           "  call void @__quantum__rt__array_record_output(i64 2, ptr null)",
           "  call void @__quantum__rt__result_record_output(ptr inttoptr (i64 2 to ptr), ptr null)",
           "  call void @__quantum__rt__result_record_output(ptr null, ptr null)",
           "  call void @__quantum__rt__result_record_output(ptr inttoptr (i64 1 to ptr), ptr null)"]
    )  # fmt: skip
    result = client.run(qir(body), H2, "qir.v1", params={"shots": 400})
    assert result["DataFormat"] == "microsoft.quantum-results.v2"
    (only,) = result["Results"]
    counted = {}
    for shot in only["Shots"]:
        assert set(shot) == {"Item1", "Item2"}
        counted[json.dumps(shot)] = counted.get(json.dumps(shot), 0) + 1
    assert {json.dumps(entry["Outcome"]): entry["Count"] for entry in only["Histogram"]} == counted
    for entry in only["Histogram"]:
        (a, b), c = entry["Outcome"]["Item1"], entry["Outcome"]["Item2"]
        assert entry["Display"] == f"([{a}, {b}], {c})"


def test_programs_with_memory_and_functions_run_on_qdk(monkeypatch):
    monkeypatch.setenv("QDK_PYTHON_TELEMETRY", "none")
    import qdk
    from qdk import qsharp

    qsharp.init(target_profile=qdk.TargetProfile.Adaptive)
    qsharp.eval("""operation Loop() : (Result[], Int) { use q = Qubit[3]; mutable n = 0; X(q[1]);
        for i in 0..2 { if M(q[i]) == One { set n += i + 1; } } return (MResetEachZ(q), n); }""")
    text = str(qsharp.compile("Loop()")).encode()
    with LocalWorkspace(seed=1) as service:
        client = Client(service)
        target = {"target": "quantinuum.sim.helios-1e", "input_format": "qir.v1"}
        result = client.run(text, params={"shots": 20, "error-model": False}, **target)["Results"][0]
        assert result["Histogram"] == [
            {"Outcome": {"Item1": [0, 1, 0], "Item2": 2}, "Display": "([0, 1, 0], 2)", "Count": 20}
        ]


@pytest.mark.parametrize("name", ["numpy", "qsim", "aer", "qdk", "stim"])
def test_a_simulator_can_be_forced_and_is_repeatable_through_the_service(name):
    found = []
    for _ in range(2):
        with LocalWorkspace(seed=9, simulator=name) as service:
            result = Client(service).run(BELL_QIR, "rigetti.sim.qvm", "qir.v1", params={"shots": 60})
            found.append(result["Results"][0]["Shots"])
    assert found[0] == found[1]
    assert 10 < sum(first for first, _ in found[0]) < 50
    assert all(first == second for first, second in found[0])


@pytest.mark.parametrize("name", ["abacus", "os.system", "Numpy", "\0"])
def test_a_simulator_that_is_not_there_is_told_before_any_job(name):
    with pytest.raises(ConfigurationError, match="There is no plugin"):
        LocalWorkspace(simulator=name)


def test_bitcode_is_read_outside_the_services_own_process(client):
    import pyqir

    from qsession_core.local.execution.placing import place

    def task(payload):
        return Task("t", "qir.v1", "microsoft.quantum-results.v2", payload, {}, 1, 1, 2)

    bitcode = pyqir.Module.from_ir(pyqir.Context(), BELL_QIR.decode()).bitcode
    assert place(task(bitcode)).needs_worker
    assert not place(task(BELL_QIR)).needs_worker
    damaged = bitcode[:400] + bytes(40) + bitcode[440:]
    client.failure(damaged, input_format="qir.v1")
    assert client.run(BELL_QIR, input_format="qir.v1")


@pytest.mark.parametrize("shots", ["²", "1" * 5000, "-1", "", 1.5, True])
def test_shots_that_are_no_positive_number_fail_the_job(client, shots):
    error = client.failure(BELL, params={"shots": shots})
    assert error["code"] == "InvalidInputData"
    assert "shots must be a positive number" in error["message"]


def test_a_seed_of_more_than_64_bits_runs_on_every_simulator():
    with LocalWorkspace(simulator="stim") as workspace:
        result = Client(workspace).run(BELL, params={"shots": 10, "noise": {"model": "ideal", "seed": 1 << 70}})
        assert sum(result["histogram"].values()) == pytest.approx(1.0)


@pytest.mark.parametrize("noise", [[], {"model": ["aria-1"]}, {"model": 7}, "of the sea"])
def test_a_noise_model_that_is_not_there_fails_the_job(client, noise):
    error = client.failure(params={"noise": noise, "shots": 10})
    assert error["code"] == "InvalidInputData"
    assert "noise" in error["message"]


@pytest.mark.parametrize("target", ["ionq.qpu.aria-1", H2, "rigetti.sim.qvm"])
def test_a_noise_model_for_a_target_that_has_none_fails_the_job(client, target):
    error = client.failure(BELL_QIR, target, "qir.v1", params={"noise": {"model": "aria-1"}, "shots": 10})
    assert "no noise models" in error["message"]


@pytest.mark.parametrize("output", ["honeywell.quantum-results.v1", "rigetti.quil-results.v1"])
def test_a_program_without_registers_has_no_results_by_register(client, output):
    target = H2 if output.startswith("honeywell") else "rigetti.sim.qvm"
    reply, job_id = client.put(BELL_QIR, target, "qir.v1", output=output)
    if reply.status == 200:
        job = client.done(job_id)
        assert job["status"] == "Failed"
        assert job["errorData"]["code"] == "CannotTranslateOutputData"
    else:
        assert reply.status == 400
