"""A text says which language it is in, before anything is sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsession_core import Program, Workspace
from qsession_core.sources.languages import LANGUAGES, json_problem, language_of, text_of

KNOWN = {
    "openqasm2": [
        "OPENQASM 2.0;\nqreg q[1];",
        '// a comment\n/* and\none more */\nOPENQASM 2.0;\ninclude "qelib1.inc";',
        'include "qelib1.inc";\nqreg q[2];',
        'include "hqslib1.inc";',
        "qreg q[2];\ncreg c[2];",
    ],
    "openqasm3": [
        "OPENQASM 3;\nqubit q;",
        "OPENQASM 3.1;",
        'include "stdgates.inc";\nqubit[2] q;',
        "qubit[2] q;\nbit[2] c = measure q;",
        "bit c;",
        "gate bell a, b { h a; cx a, b; }",
        "const int n = 4;",
    ],
    "qir": [
        "; ModuleID = 'x'\ndefine void @main() {\n  call void @__quantum__qis__h__body(ptr null)\n}",
        "%Qubit = type opaque\ndeclare void @__quantum__qis__x__body(%Qubit*)",
    ],
    "qir-bitcode": [b"BC\xc0\xde\x35\x14", b"\xde\xc0\x17\x0b\x00"],
    "quil": [
        "DECLARE ro BIT[2]\nH 0\n",
        "# a Bell pair\nH 0\nCNOT 0 1\n",
        'PRAGMA INITIAL_REWIRING "NAIVE"\n',
        "RX(pi/2) 0",
        "CONTROLLED RZ(-cos(0.5)) 0 1",
        "DEFGATE SQX:\n    0.5, 0.5\n    0.5, -0.5\n",
        "RESET\n",
    ],
    "ionq-json": [
        '{"qubits": 1, "circuit": []}',
        '\n {"gateset": "native", "qubits": 2, "circuit": [{"gate": "gpi", "target": 0, "phase": 0.1}]}',
    ],
    "pulser-json": ['{"sequence_builder": "{}"}'],
    "cirq-json": ['{"cirq_type": "Circuit", "moments": []}'],
    "json": ["{}", '{"a": {"circuit": 1}}'],
    "qsharp": ["operation Main() : Unit { }", "namespace A.B {", "import Std.Math.*;\noperation F() : Int { 1 }"],
    "qpy": [b"QISKIT\x0c"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in KNOWN.items() for text in texts])
def test_a_program_is_recognized_by_its_first_statement(name, text):
    data = text if isinstance(text, bytes) else text.encode()
    assert language_of(data).name == name


@pytest.mark.parametrize("name", ["openqasm2", "openqasm3", "quil", "ionq-json", "qir", "qsharp"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be-sig"])
def test_an_editor_s_byte_order_mark_does_not_hide_a_program(name, encoding):
    text = KNOWN[name][0]
    data = b"\xfe\xff" + text.encode("utf-16-be") if encoding == "utf-16-be-sig" else text.encode(encoding)
    assert language_of(data).name == name
    assert text_of(data) == text


def test_windows_line_ends_do_not_hide_a_program():
    for name in ("openqasm2", "quil", "qir"):
        for text in KNOWN[name]:
            assert language_of(text.replace("\n", "\r\n").encode()).name == name


@pytest.mark.parametrize(
    "text",
    ["", "hello", "bell.qasm", "Chapter 5\n", "{", '{"qubits": 1,', "[1, 2]", "import numpy\n", "h 0\nmeasure 0",
     "A bit of text", "# only a comment", "/* one that does not end", "function of time", "\x00\x01", "Bell 0 1"],
)  # fmt: skip
def test_other_text_is_in_no_language(text):
    assert language_of(text.encode()) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_looked_at_without_an_error(data):
    assert language_of(data) is None or language_of(data) in LANGUAGES


@given(st.text(max_size=50), st.sampled_from(sorted(set(KNOWN) - {"qir", "qir-bitcode", "qpy"})), st.integers(0, 9))
def test_comments_in_front_change_nothing(comment, name, which):
    text = KNOWN[name][which % len(KNOWN[name])]
    if name.endswith("json"):
        return
    line = " ".join(comment.split())
    lead = f"# {line}\n" if name == "quil" else f"// {line}\n"
    if "__quantum__" not in line and "\0" not in line and line.isprintable():
        assert language_of((lead + text).encode()).name == name


@pytest.mark.parametrize(
    ("text", "place"),
    [('{"qubits": 1,\n "circuit": [}', (2, 14)), ("{", (1, 2)), ('{"a": 1}\n}', (2, 1)), ("{'a': 1}", (1, 2))],
)
def test_broken_json_has_a_line(text, place):
    assert json_problem(text)[1:] == place


def test_good_json_and_other_text_have_no_problem():
    assert json_problem(json.dumps({"a": 1})) is None
    assert json_problem("OPENQASM 3;") is None


@pytest.mark.parametrize("target", ["ionq.simulator", "quantinuum.sim.h2-1e", "rigetti.sim.qvm"])
def test_what_our_writers_write_is_recognized_as_its_format(target):
    program = Program.of(2, 2, [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))])
    with Workspace.local() as workspace:
        chosen = workspace.get_target(target)
        for name in chosen.input_data_formats:
            payload = chosen.encode(program, input_data_format=name)
            assert language_of(payload.data).input_data_format == name
            assert chosen.encode(payload.data).data == payload.data
