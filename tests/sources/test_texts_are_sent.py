"""Texts, bytes and files of programs run; other text is refused before anything is sent."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from qsession_core import Program, Workspace, errors
from qsession_qiskit import AzureQuantumProvider

# Qubit 0 is 1; two registers
OPENQASM_2 = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
creg d[1];
x q[0];
measure q[0] -> c[0];
measure q[1] -> c[1];
measure q[2] -> d[0];
"""
OPENQASM_3 = """OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[2] c;
bit d;
x q[0];
c[0] = measure q[0];
c[1] = measure q[1];
d = measure q[2];
"""
QUIL = "DECLARE ro BIT[3]\nX 0\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\nMEASURE 2 ro[2]\n"
IONQ = '{"qubits": 3, "circuit": [{"gate": "x", "target": 0}]}'
TARGETS = ["ionq.simulator", "quantinuum.sim.h2-1sc", "rigetti.sim.qvm"]
TAKEN = {
    "ionq.simulator": {"two.qasm", "three.qasm", "circuit.json", "module.ll"},
    "quantinuum.sim.h2-1sc": {"two.qasm", "three.qasm", "module.ll"},
    "rigetti.sim.qvm": {"two.qasm", "three.qasm", "program.quil", "module.ll"},
}


@pytest.fixture(scope="module")
def local():
    with Workspace.local(seed=1) as workspace:
        yield workspace


@pytest.fixture
def folder(tmp_path, monkeypatch, local):
    monkeypatch.chdir(tmp_path)
    qir = local.get_target("rigetti.sim.qvm").encode(OPENQASM_3).data
    files = {"two.qasm": OPENQASM_2, "three.qasm": OPENQASM_3, "program.quil": QUIL, "circuit.json": IONQ}
    for name, text in {**files, "module.ll": qir.decode()}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


FORMS = {
    "path": Path,
    "name": str,
    "text": lambda name: Path(name).read_text(),
    "bytes": lambda name: Path(name).read_bytes(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", sorted(set.union(*TAKEN.values())))
@pytest.mark.parametrize("target", TARGETS)
def test_a_program_runs_where_its_language_is_taken_and_is_refused_elsewhere(local, folder, target, name, form):
    program = FORMS[form](name)
    backend = AzureQuantumProvider(local).get_backend(target)
    before = len(local.list_jobs())
    if name not in TAKEN[target]:
        for send in (local.get_target(target).submit, backend.run):
            with pytest.raises(errors.ProgramTextError, match=r"This is .*takes"):
                send(program, shots=4)
        assert len(local.list_jobs()) == before
        return
    job = local.get_target(target).submit(program, shots=4)
    zeros = target.endswith("sc")
    assert job.result().counts == {"000" if zeros else "100": 4}
    assert job.name == (Path(name).stem if form in {"path", "name"} else "qsession-job")
    counts = backend.run(program, shots=4).result().get_counts()
    assert {key.replace(" ", ""): count for key, count in counts.items()} == {"000" if zeros else "001": 4}


@pytest.mark.parametrize(
    "given", ["hello world", "missing.qasm", b"\x00\x01", "", Path("nowhere.txt"), Path(), "{", '{"a": 1}']
)
@pytest.mark.parametrize("target", TARGETS)
def test_other_text_is_refused_before_it_is_sent_and_the_session_goes_on(local, folder, target, given):
    chosen = local.get_target(target)
    with chosen.open_session() as session:
        with pytest.raises(errors.ConversionError):
            chosen.submit(given, shots=4)
        assert session.list_jobs() == []
        chosen.submit("module.ll", shots=4).result()
    assert str(session.refresh().status) == "Succeeded"


def test_the_error_says_what_is_known_and_how_to_insist(local):
    with pytest.raises(errors.ProgramTextError, match=r"OpenQASM 3.*'hello'.*input_data_format="):
        local.get_target("ionq.simulator").encode("hello")
    payload = local.get_target("ionq.simulator").encode("hello", input_data_format="ionq.circuit.v1")
    assert payload.data == b"hello"


def test_a_text_in_another_language_than_the_format_that_is_named_is_refused(local):
    with pytest.raises(errors.ProgramTextError, match="This is Quil"):
        local.get_target("rigetti.sim.qvm").encode(QUIL, input_data_format="qir.v1")


def test_openqasm_becomes_qir_where_that_is_asked_for(local):
    target = local.get_target("quantinuum.sim.h2-1e")
    assert target.encode(OPENQASM_2).input_data_format == "honeywell.openqasm.v1"
    assert target.encode(OPENQASM_2, input_data_format="qir.v1").input_data_format == "qir.v1"


@pytest.mark.parametrize("text", [OPENQASM_2, OPENQASM_3])
def test_every_problem_of_a_text_is_listed_with_its_line(local, text):
    broken = text.replace("x q[0];", "foo q[0];\nbar q[1];")
    with pytest.raises(errors.ConversionError) as caught:
        local.get_target("rigetti.sim.qvm").encode(broken)
    first = broken.splitlines().index("foo q[0];") + 1
    assert [problem.line for problem in caught.value.problems] == [first, first + 1]
    assert "foo" in caught.value.problems[0].message


def test_qiskits_reader_says_the_line_too(local):
    with pytest.raises(errors.ProgramTextError, match="line 6, column 1: 'foo'") as caught:
        AzureQuantumProvider(local).get_backend("ionq.simulator").run(OPENQASM_2.replace("x q[0]", "foo q[0]"))
    assert (caught.value.line, caught.value.column) == (6, 1)


def test_a_program_that_needs_more_than_the_profile_is_refused_with_its_line(local):
    branching = OPENQASM_3.replace("d = measure", "if (c[0]) { x q[2]; }\nd = measure")
    with pytest.raises(errors.ConversionError, match=r"line 9.*profile"):
        local.get_target("rigetti.sim.qvm").encode(branching)
    job = local.get_target("quantinuum.sim.h2-1e").submit(branching, shots=3, input_params={"error-model": False})
    assert job.result().counts == {"101": 3}


def test_a_program_without_bits_is_refused(local):
    with pytest.raises(errors.ConversionError, match="measure into a bit"):
        local.get_target("ionq.simulator").encode("OPENQASM 3.0;\nqubit q;\nreset q;")


def test_a_file_includes_what_is_beside_it(local, tmp_path):
    (tmp_path / "flip.inc").write_text("gate flip a { U(pi, 0, pi) a; }\n")
    (tmp_path / "main.qasm").write_text('OPENQASM 3.0;\ninclude "flip.inc";\nqubit q;\nflip q;\nbit c = measure q;\n')
    job = local.get_target("ionq.simulator").submit(tmp_path / "main.qasm", shots=2)
    assert job.result().counts == {"1": 2}


def test_without_qdk_the_way_out_is_named(local, monkeypatch):
    monkeypatch.setitem(sys.modules, "qdk", None)
    with pytest.raises(errors.ConversionError, match=r"pip install .*or pass a circuit"):
        local.get_target("ionq.simulator").encode(OPENQASM_3)


def test_a_file_that_is_too_long_is_not_read(local, tmp_path, monkeypatch):
    from qsession_core.client.submitting import encoding

    monkeypatch.setattr(encoding, "MAX_BYTES", 10)
    (tmp_path / "long.qasm").write_text(OPENQASM_2)
    with pytest.raises(errors.LimitExceededError, match="at most 10"):
        local.get_target("ionq.simulator").encode(tmp_path / "long.qasm")


def _unstated(target):
    """Return the target of a workspace that does not say how wide it is."""
    import msgspec

    target.details = msgspec.structs.replace(target.details, num_qubits=None)
    return target


@pytest.mark.parametrize(
    "program", [Program.of(40, 1, [("x", (39,), ()), ("measure", (39,), (0,))]), '{"qubits": 40, "circuit": []}']
)
def test_what_the_workspace_says_refuses_and_our_table_alone_warns(local, caplog, program):
    with pytest.raises(errors.LimitExceededError, match=r"needs 40 qubits; ionq\.simulator has 29"):
        local.get_target("ionq.simulator").encode(program)
    target = _unstated(local.get_target("ionq.simulator"))
    with caplog.at_level(logging.WARNING, "qsession"):
        assert target.encode(program).data == target.encode(program).data
    (warning,) = caplog.records  # once, not once a job
    assert "29" in warning.getMessage()


def test_the_width_of_qir_is_looked_at(local):
    wide = local.get_target("quantinuum.sim.h2-1e").encode(
        Program.of(30, 1, [("x", (29,), ()), ("measure", (29,), (0,))])
    )
    with pytest.raises(errors.LimitExceededError, match="needs 30 qubits"):
        local.get_target("rigetti.sim.qvm").encode(wide.data)
