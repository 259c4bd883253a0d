"""``qsession check`` and ``submit``: programs of files in every language."""

from __future__ import annotations

import io
import json
import sys

import pytest

from qsession_core import Workspace
from tests.support.known_jobs import SESSION

OPENQASM2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2]; creg c[2];\nh q[0]; cx q[0],q[1];\nmeasure q -> c;\n'
OPENQASM3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q; bit[2] c;\nh q[0]; cx q[0],q[1];\nc = measure q;\n'
IONQ = json.dumps({"gateset": "qis", "qubits": 2, "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]})  # fmt: skip  # noqa: E501
QUIL = "DECLARE ro BIT[2]\nH 0\nCNOT 0 1\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\n"
QSHARP = """namespace Bell {
    @EntryPoint()
    operation Run() : (Result, Result) {
        use (a, b) = (Qubit(), Qubit());
        H(a); CNOT(a, b);
        return (MResetZ(a), MResetZ(b));
    }
}
"""


def _qpy() -> bytes:
    from qiskit import QuantumCircuit, qpy

    circuit = QuantumCircuit(2, 2, name="one")
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    other = circuit.copy(name="two")
    file = io.BytesIO()
    qpy.dump([circuit, other], file)
    return file.getvalue()


def _cirq() -> bytes:
    import cirq

    a, b = cirq.LineQubit.range(2)
    return cirq.to_json(cirq.Circuit(cirq.H(a), cirq.CNOT(a, b), cirq.measure(a, b, key="m"))).encode()


def _qir() -> bytes:
    from tests.support.known_jobs import BELL

    with Workspace.local() as workspace:
        return workspace.get_target("quantinuum.qpu.h2-1").encode(BELL, shots=1).data


def _bitcode() -> bytes:
    import pyqir

    return bytes(pyqir.Module.from_ir(pyqir.Context(), _qir().decode()).bitcode)


FILES = {
    "bell.qasm": (OPENQASM2.encode, "quantinuum.sim.h2-1e", "OpenQASM 2"),
    "bell3.qasm": (OPENQASM3.encode, "quantinuum.sim.h2-1e", "OpenQASM 3"),
    "bell.ll": (_qir, "quantinuum.sim.h2-1e", "QIR"),
    "bell.bc": (_bitcode, "quantinuum.sim.h2-1e", "QIR as bitcode"),
    "bell.quil": (QUIL.encode, "rigetti.sim.qvm", "Quil"),
    "bell.json": (IONQ.encode, "ionq.simulator", "IonQ JSON"),
    "two.qpy": (_qpy, "ionq.simulator", "QPY"),
    "circuit.json": (_cirq, "ionq.simulator", "a Cirq circuit in JSON"),
    "bell.qs": (QSHARP.encode, "quantinuum.sim.h2-1e", "Q#"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_every_language_is_checked_and_runs(name, run, tmp_path, local):
    make, target, title = FILES[name]
    file = tmp_path / name
    file.write_bytes(make())
    before = len(local.list_jobs())
    checked = run("check", str(file), "--target", target, "--shots", "100", workspace=local)
    assert (checked.code, checked.err) == (0, "")
    lines = checked.out.splitlines()
    assert lines[0].startswith(f"{file}: {title}")
    assert lines[-1] == "ok: nothing was sent"
    assert len(local.list_jobs()) == before
    if name != "bell.bc":
        assert "2 qubits, 2 bits, 1 one-qubit and 1 two-qubit gate, depth " in lines[0]
        assert lines[2].startswith("price ")
    sent = run("submit", str(file), "--target", target, "--shots", "100", "--wait", workspace=local)
    assert sent.code == 0
    assert "Succeeded" in sent.out
    for line in sent.err.splitlines():
        assert local.get_job(line.split()[0]).result().shots == 100


def test_depth_counts_what_follows_on_a_qubit_or_a_bit(local, run, tmp_path):
    start = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; '
    for text, depth in (
        ("measure q[0] -> c[1]; measure q[1] -> c[0];", 1),
        ("measure q[0] -> c[0]; measure q[1] -> c[0];", 2),
        ("h q[0]; h q[0]; cx q[0], q[1]; measure q -> c;", 4),
    ):
        (tmp_path / "x.qasm").write_text(start + text)
        ended = run("check", str(tmp_path / "x.qasm"), "--target", "quantinuum.qpu.h2-1", workspace=local)
        assert ended.out.splitlines()[0].endswith(f"depth {depth}")


@pytest.mark.parametrize("name", ["bell.qasm", "bell.json"])
def test_programs_come_by_standard_input_too(name, local, run, monkeypatch):
    make, target, _ = FILES[name]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(make())))
    ended = run("submit", "-", "--target", target, "--name", "piped", workspace=local)
    assert ended.code == 0
    assert local.get_job(ended.out.strip()).name == "piped"


def test_a_program_is_checked_and_sent_on_every_workspace(reach, tmp_path):
    (tmp_path / "bell.qasm").write_text(OPENQASM2)
    arguments = [str(tmp_path / "bell.qasm"), "--target", "quantinuum.sim.h2-1e", "--shots", "20"]
    checked = reach.run("check", *arguments)
    assert checked.code == 0
    assert "price 5.12 eHQC" in checked.out
    assert "quota left 3200 of 3200 eHQC" in checked.out
    sent = reach.run("submit", *arguments, "--tag", "paper", "--name", "mine")
    assert sent.code == 0
    job = reach.workspace.get_job(sent.out.strip())
    assert (job.name, job.details.tags, job.shots) == ("mine", ["paper"], 20)
    if "--directory" not in reach.options:  # there its clock is another one than that of who runs the jobs
        assert job.result(timeout_secs=60).shots == 20


@pytest.mark.parametrize(
    ("text", "name", "places"),
    [
        (OPENQASM3.replace("h q", "hh q").replace("q[1];", "r[1];"), "bad.qasm", [":4:1: ", ":4:18: "]),
        (QSHARP.replace("H(a)", "HH(a)").replace("CNOT", "CCNT"), "bad.qs", [":5:9: ", ":5:16: "]),
        ("QISKIT and nothing more", "bad.qpy", [": Qiskit cannot read"]),
        ('{"cirq_type": "Nope"}', "bad.json", [": Cirq cannot read"]),
        ('{"qubits": 1,\n "circuit": [}', "bad.json", [":2:"]),
        (QUIL, "bell.quil", ["This is Quil"]),
        ("hello", "hello.qasm", ["is no program"]),
    ],
)
@pytest.mark.parametrize("command", ["check", "submit"])
def test_all_problems_are_listed_with_their_lines_and_nothing_is_sent(
    command, text, name, places, local, run, tmp_path
):
    file = tmp_path / name
    file.write_text(text)
    before = len(local.list_jobs())
    ended = run(command, str(file), "--target", "quantinuum.sim.h2-1e", workspace=local)
    assert ended.code == 2
    assert ended.out == ""
    for place in places:
        assert place in ended.err
    assert len(local.list_jobs()) == before


def test_what_our_reader_refuses_is_told_by_check_with_the_lines_of_the_compiler(local, run, tmp_path):
    file = tmp_path / "bad.qasm"
    file.write_text(OPENQASM2.replace("h q", "hh q").replace("q[1];", "r[1];"))
    ended = run("check", str(file), "--target", "quantinuum.sim.h2-1e", workspace=local)
    assert ended.code == 2
    assert f"{file}:4:1: undefined symbol: hh.\n{file}:4:" in ended.err
    file.write_text(IONQ.replace('"h"', '"no such gate"'))
    ended = run("check", str(file), "--target", "ionq.simulator", workspace=local)
    assert ended.code == 2
    assert "no such gate" in ended.err


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--target", "ionq.simulatr"], 4, "ionq.simulator"),
        (["--target", "ionq.simulator", "--shots", "0"], 2, "shots is 0"),
        (["--target", "ionq.simulator", "--shots", "many"], 2, "not a valid integer"),
        (["--target", "ionq.simulator", "--param", "x"], 2, "NAME=VALUE"),
        ([], 2, "--target"),
    ],
)
def test_what_a_program_cannot_be_sent_with_is_told(local, run, tmp_path, options, code, told):
    (tmp_path / "bell.qasm").write_text(OPENQASM3)
    ended = run("check", str(tmp_path / "bell.qasm"), *options, workspace=local)
    assert ended.code == code
    assert told in ended.err


@pytest.mark.parametrize("file", ["nowhere.qasm", "", ".", "/dev/null", "\x1b[2J.qasm"])
def test_a_file_that_is_none_is_told(local, run, file):
    ended = run("check", file, "--target", "ionq.simulator", workspace=local)
    assert ended.code == 2
    assert ended.out == ""
    assert "\x1b" not in ended.err


def test_a_quota_that_is_too_small_and_a_target_that_takes_no_jobs_are_told(run, tmp_path):
    from dataclasses import replace

    (tmp_path / "bell.qasm").write_text(OPENQASM2)
    with Workspace.local() as workspace:
        targets = workspace.service.targets
        targets["quantinuum.qpu.h2-1"] = replace(targets["quantinuum.qpu.h2-1"], availability="Unavailable")
        (tmp_path / "long.qasm").write_text(OPENQASM2.replace("h q[0];", "cx q[0],q[1];" * 100))
        ended = run(
            "check",
            str(tmp_path / "long.qasm"),
            "--target",
            "quantinuum.qpu.h2-1",
            "--shots",
            "10000",
            workspace=workspace,
        )
    assert ended.code == 2
    assert "is more than the quota leaves" in ended.err
    assert "Unavailable: it takes no jobs now" in ended.err


def test_a_dry_run_writes_what_would_be_sent(local, run, tmp_path):
    (tmp_path / "bell.qasm").write_text(OPENQASM2)
    before = len(local.list_jobs())
    ended = run("submit", str(tmp_path / "bell.qasm"), "--target", "quantinuum.qpu.h2-1", "--shots", "9", "--dry-run",
                str(tmp_path / "out"), workspace=local)  # fmt: skip
    assert ended.code == 0
    assert (tmp_path / "out" / "job.qasm").read_text() == OPENQASM2
    rest = json.loads((tmp_path / "out" / "job.json").read_text())
    assert rest["inputDataFormat"] == "honeywell.openqasm.v1"
    assert rest["inputParams"]["shots"] == 9
    assert len(local.list_jobs()) == before


def test_a_job_that_would_cost_too_much_is_not_sent(local, run, tmp_path):
    (tmp_path / "bell.qasm").write_text(OPENQASM2)
    before = len(local.list_jobs())
    arguments = ["submit", str(tmp_path / "bell.qasm"), "--target", "quantinuum.qpu.h2-1", "--shots", "1000"]
    ended = run(*arguments, "--max-cost", "11", workspace=local)
    assert ended.code == 2
    assert "11.2 HQC" in ended.err
    assert len(local.list_jobs()) == before
    assert run(*arguments, "--max-cost", "11.2", workspace=local).code == 0


def test_a_failed_job_makes_a_waiting_submit_end_with_one(local, run, tmp_path):
    (tmp_path / "bad.json").write_text(IONQ.replace('"h"', '"no such gate"'))
    asked = ["submit", str(tmp_path / "bad.json"), "--target", "ionq.simulator", "--wait"]
    before = len(local.list_jobs())
    refused = run(*asked, workspace=local)
    assert (refused.code, len(local.list_jobs())) == (2, before)
    assert "no such gate" in refused.err
    ended = run(*asked, "--no-check", workspace=local)
    assert ended.code == 1
    assert "no such gate" in ended.out


def test_a_job_of_a_directory_says_how_it_will_run(run, tmp_path):
    (tmp_path / "bell.qasm").write_text(OPENQASM2)
    options = ["--directory", str(tmp_path / "new")]
    sent = run("submit", str(tmp_path / "bell.qasm"), "--target", "quantinuum.sim.h2-1e", *options)
    assert sent.code == 0
    assert "No process runs the jobs of" in sent.err
    assert run("jobs", "wait", sent.out.strip()[:8], *options).code == 0


def test_a_closed_session_takes_no_job(local, run, tmp_path):
    (tmp_path / "bell.qasm").write_text(OPENQASM2)
    ended = run(
        "submit", str(tmp_path / "bell.qasm"), "--target", "quantinuum.qpu.h2-1", "--session", SESSION, workspace=local
    )
    assert ended.code == 3
    assert "is closed" in ended.err
