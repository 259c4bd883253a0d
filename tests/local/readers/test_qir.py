"""QIR: what is read by our own grammar, what by LLVM's parser, and what is refused."""

import gc
import itertools
import math
import re
import struct
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from qsession_core import Workspace
from qsession_core.errors import ConversionError
from qsession_core.formats.qir.module import Qir, to_bitcode
from qsession_core.local.interpreter.flattening import flattened
from qsession_core.local.readers.circuit import Circuit, JobFailure, Program
from qsession_core.local.readers.qir.calls import constant
from qsession_core.local.readers.qir.canonical import read_canonical
from qsession_core.local.readers.qir.llvm import read_llvm
from qsession_core.local.readers.qir.reader import read_qir
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine
from qsession_core.program import Program as Written
from tests.support import random_programs
from tests.support.counting import lines_run
from tests.support.judge import distance, unitary
from tests.support.payload_judge import recorded
from tests.support.qir_text import gate, pointer, qir, record

QUIET = Noise()
X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
X_AND_MEASURE = [gate("x__body", 0), gate("mz__body", 0, 0)]
READ = f"  %r = call i1 @__quantum__rt__read_result({pointer(0)})"


def program_of(*lines, more="", attributes='"qir_profiles"="adaptive_profile"'):
    return read_qir(qir("\n".join(lines), attributes, more=more))


def records_of(program, shots=20):
    """Return the only tuple of values that a program records, whichever way it takes."""
    if isinstance(program, Circuit):
        bits = NumpyEngine().sample(program, shots, 1, QUIET)
        outcomes = {tuple(int(row[v]) if kind == "result" else v for kind, v in program.output) for row in bits}
    else:
        leaves = NumpyEngine().run(program, shots, 1, QUIET)
        outcomes = {
            tuple(int(row[value]) if kind == "result" else value for kind, value in leaf.records)
            for leaf in leaves
            for row in leaf.bits
        }
    (only,) = outcomes
    return only


def run_through(payload, **kwargs):
    program = read_qir(payload, **kwargs)
    if isinstance(program, Program) and flattened(program) is None:
        NumpyEngine().run(program, 5, 1, QUIET)


def failure_of(payload, **kwargs):
    with pytest.raises(JobFailure) as caught:
        run_through(payload, **kwargs)
    assert caught.value.message.endswith(".")
    return caught.value.message


# --- two steps ---


def written(seed, kind, profile, dialect="microsoft"):
    try:
        return Qir(dialect).encode(kind(seed), profile=profile)
    except ConversionError:
        return None


@pytest.mark.parametrize("dialect", ["microsoft", "quantinuum"])
@pytest.mark.parametrize("kind", [random_programs.terminal, random_programs.midway])
def test_what_our_writers_write_is_read_alike_by_both_steps(dialect, kind):
    for seed in range(60):
        text = written(seed, kind, "Base", dialect).data.decode()
        ours, theirs = read_canonical(text), read_qir(text.encode() + b"; another hand\n")
        assert ours == theirs


@pytest.mark.parametrize("profile", ["Adaptive_RI", "Adaptive_RIF"])
def test_branches_of_our_writers_are_read_alike_by_both_steps(profile):
    for seed in range(60):
        payload = written(seed, lambda s: random_programs.branching(s, floats=profile == "Adaptive_RIF"), profile)
        if payload is None:
            continue
        assert read_canonical(payload.data.decode()) is not None
        foreign = payload.data.replace(b"block_0", b"start")
        assert read_canonical(foreign.decode() + "; \n") is None
        ours, theirs = (
            sorted((values, round(chance, 9)) for values, chance in recorded(data))
            for data in (payload.data, foreign + b"; \n")
        )
        assert ours == theirs


def test_bitcode_is_read_like_text():
    for seed in range(20):
        data = written(seed, random_programs.terminal, "Base").data
        assert read_qir(to_bitcode(data.decode())) == read_qir(data)


def test_without_pyqir_what_is_ours_is_read_and_the_rest_names_the_extra(monkeypatch):
    data = written(1, random_programs.terminal, "Base").data
    monkeypatch.setitem(sys.modules, "pyqir", None)
    assert read_qir(data).operations
    assert 'pip install "qsession[qir]"' in failure_of(qir("\n".join(X_AND_MEASURE)))


def test_windows_line_ends_change_nothing():
    data = written(3, random_programs.midway, "Base").data
    assert read_qir(data.replace(b"\n", b"\r\n")) == read_qir(data)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_are_read_to_the_last_bit(value):
    assert constant("0x" + struct.pack(">d", value).hex().upper()) == value
    assert constant(f"{value:.17e}") == value


def test_ten_times_the_gates_take_ten_times_the_work_and_blank_lines_next_to_none():
    steps = [("cy", (0, 1), ()), ("rz", (0,), (0.5,)), ("measure", (0,), (0,))]
    frame = Qir().encode(Written.of(40, 1, steps)).data.decode()
    pair = re.findall(r"(?<=\n)  call void @__quantum__qis__(?:cy|rz)__body[^\n]*\n", frame)
    assert len(pair) == 2

    def work(number):
        lines = "".join(
            pair[0].replace("i64 1 ", f"i64 {place % 7 + 31} ").replace("i64 0 ", f"i64 {place % 30} ") + pair[1]
            for place in range(number // 2)
        )
        text = frame.replace("".join(pair), lines)
        assert len(read_canonical(text).operations) == number + 1
        return lines_run(lambda: read_canonical(text))

    few, many = work(1_000), work(10_000)
    assert many < 12 * few
    assert lines_run(lambda: read_canonical("\n" * 100_000)) < 100


def test_pyqirs_objects_end_in_the_thread_that_made_them():
    def read():
        read_qir(qir("\n".join(X_AND_MEASURE)))
        with pytest.raises(JobFailure):
            read_qir(qir(gate("warp__body", 0)))
        with pytest.raises(JobFailure):
            read_qir(b"nonsense")

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    gc.collect()  # pytest fails this test for what pyqir says of objects that end here


# --- every style that LLVM takes ---

FLIP = "define internal void @flip(ptr %q) {\n  call void @__quantum__qis__x__body(ptr %q)\n  ret void\n}\n"
STYLES = {
    "tail": [gate("x__body", 0).replace("call", "tail call")],
    "notail": [gate("x__body", 0).replace("call", "notail call")],
    "another convention": [gate("x__body", 0).replace("call void", "call fastcc void")],
    "over several lines": [gate("x__body", 0).replace("(", "(\n    ", 1)],
    "a quoted name": [gate("x__body", 0), gate("x__body", 0), '  call void @"__quantum__qis__x__body"(ptr null)'],
    "a narrow number": ["  call void @__quantum__qis__x__body(ptr inttoptr (i8 0 to ptr))", gate("y__body", 1)],
    "a computed constant": [gate("x__body", 0).replace("i64 0", "i64 sub (i64 3, i64 3)")],
    "attributes of an argument": [gate("x__body", 0).replace("ptr inttoptr", "ptr noundef inttoptr")],
    "a comment": ["  ; call void @__quantum__qis__x__body(ptr null)", gate("x__body", 0)],
    "an angle in digits": [gate("rx__body", 0, angle="0x400921FB54442D18")],
    "blocks in a row": [gate("x__body", 0), '  br label %"next one"', '"next one":', gate("z__body", 0)],
    "a pointer that is computed": ["  %p = inttoptr i64 0 to ptr", "  call void @__quantum__qis__x__body(ptr %p)"],
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_each_style_of_a_call_is_read(style):
    body = "\n".join([*STYLES[style], *[gate("x__body", 0)] * 2, gate("mz__body", 0, 0), record("result", pointer(0))])
    assert records_of(read_qir(qir(body, '"x"'))) == (1,)


def test_functions_call_each_other_with_arguments_and_return_values():
    more = FLIP + (
        "define internal i64 @twice(ptr %q, i64 %n, double %t) {\n  call void @flip(ptr %q)\n"
        "  call void @__quantum__qis__rx__body(double %t, ptr %q)\n  %m = mul i64 %n, 2\n  ret i64 %m\n}\n"
    )
    program = program_of(
        "  %n = call i64 @twice(ptr null, i64 21, double 0.0)", gate("mz__body", 0, 0), record("result", pointer(0)),
        record("int", "i64 %n"), more=more,
    )  # fmt: skip
    assert records_of(program) == (1, 42)
    circuit = flattened(program)
    assert circuit.operations == [("x", (0,), ()), ("rx", (0,), (0.0,)), ("measure", (0, 0), ())]


def test_loops_over_arrays_compute_the_numbers_of_qubits():
    more = "@places = internal constant [3 x i64] [i64 2, i64 0, i64 1]\n"
    loop = [
        "  br label %loop", "loop:", "  %i = phi i64 [ 0, %0 ], [ %next, %loop ]",
        "  %at = getelementptr [3 x i64], ptr @places, i64 0, i64 %i", "  %n = load i64, ptr %at",
        "  %q = inttoptr i64 %n to ptr", "  call void @__quantum__qis__x__body(ptr %q)", "  %next = add i64 %i, 1",
        "  %more = icmp slt i64 %next, 3", "  br i1 %more, label %loop, label %end", "end:", gate("mz__body", 0, 0),
    ]  # fmt: skip
    program = program_of(*loop, more=more, attributes='"required_num_qubits"="3"')
    assert [places for name, places, _ in flattened(program).operations if name == "x"] == [(2,), (0,), (1,)]
    assert "requires 1 qubits" in failure_of(qir("\n".join(loop), more=more))


def test_memory_holds_what_was_written():
    lines = [
        "  %m = alloca [2 x i64]", "  %second = getelementptr i64, ptr %m, i64 1", "  store i64 7, ptr %second",
        "  store i64 5, ptr %m", "  %a = load i64, ptr %second", record("int", "i64 %a"),
    ]  # fmt: skip
    assert records_of(program_of(*lines)) == (7,)
    wrong = {
        "%x = load i64, ptr null": "not the address",
        "%x = load i32, ptr %second": "written as i64",
        "%p = getelementptr i64, ptr %m, i64 2\n  %x = load i64, ptr %p": "byte 16 of 16",
        "%n = alloca i64\n  %u = load i64, ptr %n\n  %x = add i64 %u, 1": "undefined value",
    }
    for line, problem in wrong.items():
        assert problem in failure_of(qir("\n".join([*lines, f"  {line}"])))


def test_the_values_of_a_phi_are_chosen_together():
    program = program_of(
        "  br label %loop", "loop:", "  %a = phi i64 [ 1, %0 ], [ %b, %loop ]",
        "  %b = phi i64 [ 2, %0 ], [ %a, %loop ]", "  %i = phi i64 [ 0, %0 ], [ %next, %loop ]",
        "  %next = add i64 %i, 1", "  %more = icmp slt i64 %next, 4", "  br i1 %more, label %loop, label %end", "end:",
        record("int", "i64 %a"), record("int", "i64 %b"),
    )  # fmt: skip
    assert records_of(program) == (2, 1)


ARITHMETIC = [
    ("sext i1 true to i64", -1), ("zext i1 true to i64", 1), ("sext i8 -3 to i64", -3), ("zext i8 -3 to i64", 253),
    ("sdiv i64 -7, 2", -3), ("srem i64 -7, 2", -1), ("udiv i64 -1, 2", 2**63 - 1), ("ashr i64 -8, 1", -4),
    ("lshr i64 -8, 1", 2**63 - 4), ("add i64 9223372036854775807, 1", -(2**63)), ("fptosi double -2.75 to i64", -2),
    ("select i1 false, i64 1, i64 2", 2),
]  # fmt: skip


@pytest.mark.parametrize(("instruction", "value"), ARITHMETIC)
def test_arithmetic_is_of_the_width_and_sign_that_it_comes_from(instruction, value):
    assert records_of(program_of(f"  %v = {instruction}", record("int", "i64 %v"))) == (value,)


def test_conversions_of_measured_bits_and_narrow_numbers():
    lines = [
        *X_AND_MEASURE, READ, "  %s = sext i1 %r to i64", "  %z = zext i1 %r to i8", "  %n = sub i8 %z, 3",
        "  %u = zext i8 %n to i64", "  %f = uitofp i8 %n to double", "  %t = trunc i64 511 to i8",
        "  %w = sext i8 %t to i64", "  %c = icmp slt i1 %r, false", "  %g = fcmp ogt double %f, 2.5",
        *[record("int", f"i64 {name}") for name in ("%s", "%u", "%w")], record("double", "double %f"),
        record("bool", "i1 %c"), record("bool", "i1 %g"),
    ]  # fmt: skip
    assert records_of(program_of(*lines)) == (-1, 254, -1, 254.0, 1, 1)


@pytest.mark.parametrize(
    ("name", "angles", "generator"),
    [
        ("u1q__body", (0.7, 0.3), 0.7 * (math.cos(0.3) * X + math.sin(0.3) * Y)),
        ("rxy__body", (-1.1, 2.5), -1.1 * (math.cos(2.5) * X + math.sin(2.5) * Y)),
        ("phasedx__body", (math.pi, 0.0), math.pi * X),
        ("zzmax__body", (), math.pi / 2 * np.kron(Z, Z)),
        ("rxxyyzz__body", (0.7, 0.3, -2.0), 0.7 * np.kron(X, X) + 0.3 * np.kron(Y, Y) - 2.0 * np.kron(Z, Z)),
    ],
)
def test_a_machines_own_gate_is_one_gate_and_so_errs_once(name, angles, generator):
    qubits = range(int(math.log2(len(generator))))
    written = ", ".join([*(f"double {angle!r}" for angle in angles), *map(pointer, qubits)])
    program = read_qir(qir(f"  call void @__quantum__qis__{name}({written})"))
    assert len(program.operations) == 1
    assert distance(unitary(len(qubits), program.operations), expm(-0.5j * generator)) < 1e-12


def test_values_are_recorded_in_programs_without_branches():
    program = program_of(
        *X_AND_MEASURE, record("int", "i64 -5"), record("double", "double 1.5"), record("bool", "i1 true")
    )
    assert isinstance(program, Circuit)
    assert program.output == [("int", -5), ("double", 1.5), ("bool", 1)]


def test_a_result_is_recorded_as_it_is_at_that_time():
    lines = [*X_AND_MEASURE, record("result", pointer(0)), *X_AND_MEASURE, record("result", pointer(0))]
    assert records_of(program_of(*lines)) == (1, 0)


def test_results_can_be_set():
    write = f"  call void @__quantum__rt__write_result(i1 true, {pointer(0)})"
    assert records_of(program_of(gate("h__body", 0), gate("mz__body", 0, 0), write, record("result", pointer(0)))) == (
        1,
    )


# --- entry points and sizes ---

TWO = qir("\n".join(X_AND_MEASURE), more=f"define void @other() #0 {{\n{gate('mz__body', 0, 0)}\n  ret void\n}}\n")


def test_the_marked_function_runs_wherever_it_stands():
    before = TWO.replace(b"@other() #0", b"@other()")
    assert read_qir(before).operations[0] == ("x", (0,), ())
    assert read_qir(before, "main") == read_qir(before)
    assert "no entry point 'other'; there is main" in failure_of(before, entry_point="other")


def test_of_several_marked_functions_the_job_names_one():
    assert read_qir(TWO, "main").operations[0] == ("x", (0,), ())
    assert read_qir(TWO, "other").operations == [("measure", (0, 0), ())]
    assert "other, main" in failure_of(TWO)
    assert "no function is marked" in failure_of(TWO.replace(b"#0 {", b"{"))


def test_the_numbers_that_a_module_requires_are_kept():
    program = program_of(*X_AND_MEASURE, attributes='"required_num_qubits"="9" "required_num_results"="4"')
    assert (program.num_qubits, program.num_results) == (9, 4)
    inline = qir("\n".join(X_AND_MEASURE)).replace(b"#0 {", b'"entry_point" "required_num_qubits"="7" {')
    assert read_qir(inline).num_qubits == 7
    assert "not a number" in failure_of(qir("", '"required_num_qubits"="many"'))


# --- what is wrong ---


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("call void @__quantum__qis__warp__body(ptr null)", "__quantum__qis__warp__body is not known"),
        ("call void @__quantum__qis__rx__body(ptr null)", "wrong arguments; it is void"),
        ("call void @__quantum__qis__cx__body(ptr null, ptr null)", "one qubit twice"),
        ("call void @__quantum__qis__cx__body(ptr null, ptr null, ptr null)", "wrong arguments"),
        ("call void @__quantum__qis__rx__body(double 0x7FF0000000000000, ptr null)", "finite"),
        ("call void @__quantum__qis__rx__body(double 0x7FF8000000000000, ptr null)", "finite"),
        ("call void @__quantum__qis__rx__body(double fish, ptr null)", "line "),
        ("call void @__quantum__qis__rx__body(double %a, ptr null)", "undefined value '%a'"),
        ("call void @__quantum__qis__m__body(ptr null)", "wrong arguments"),
        ("call void @__quantum__qis__x__body(ptr inttoptr (i64 -1 to ptr))", "not the number of a qubit"),
        ("call i64 @__quantum__qis__x__body(ptr null)", "wrong arguments"),
        ("call void @__quantum__rt__int_record_output(i32 5, ptr null)", "wrong arguments"),
        ("call void @__quantum__qis__x__body(ptr null", "cannot be read"),
        ("cal void @__quantum__qis__x__body(ptr null)", "line 4 'cal void"),
        ("br label %gone", "gone"),
        ("%v = add i64 1, true", "cannot be read"),
        ("%a = add i64 %b, 1\n  %b = add i64 1, 1", "does not dominate"),
        ("%a = fadd <2 x double> <double 1.0, double 2.0>, <double 1.0, double 2.0>", "not understood"),
        ("%a = add i128 1, 2", "not understood"),
        ("%a = sdiv i64 1, 0\n  call void @__quantum__rt__int_record_output(i64 %a, ptr null)", "no value"),
        ("%a = add i64 undef, 1", "undefined value"),
        ("call void @__quantum__rt__initialize(ptr null)", "initialized after the start"),
        ("%q = call ptr @__quantum__rt__qubit_allocate()", "__quantum__rt__qubit_allocate is not known"),
        ("unreachable", "unreachable"),
        ("call void @__quantum__rt__array_record_output(i64 1, ptr inttoptr (i64 9 to ptr))", "label"),
        ("call void @__quantum__rt__array_record_output(i64 1)", "wrong arguments"),
    ],
)  # fmt: skip
def test_what_means_nothing_fails_with_a_sentence(line, problem):
    assert problem in failure_of(qir("\n".join([gate("h__body", 1), f"  {line}"])))


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"\0", b"hello", b"{}", b"BC\xc0\xdenonsense", b"OPENQASM 2.0;"])
def test_what_is_not_qir_fails(payload):
    failure_of(payload)


def test_a_program_that_never_ends_fails():
    assert "does not end" in failure_of(qir("  br label %loop\nloop:\n  br label %loop\nend:"))
    counting = "  br label %a\na:\n  %i = phi i64 [ 0, %0 ], [ %n, %a ]\n  %n = add i64 %i, 1\n"
    counting += "  %c = icmp slt i64 %n, 0\n  br i1 %c, label %end, label %a\nend:"
    body = "\n".join(
        [*X_AND_MEASURE, READ, "  br i1 %r, label %loop, label %end", "loop:", *X_AND_MEASURE, "  br label %loop"]
    )
    assert "from %loop no way leads to a return" in failure_of(qir(body + "\nend:"))
    assert "does not end within 1000000 instructions" in failure_of(qir(counting))
    deep = "define internal void @deep() {\n  call void @deep()\n  ret void\n}\n"
    assert "deep is called more than 1000 calls deep" in failure_of(qir("  call void @deep()", more=deep))


def test_a_loop_until_success_ends():
    program = program_of(
        "  br label %try", "try:", "  %n = phi i64 [ 0, %0 ], [ %m, %try ]", gate("h__body", 0),
        gate("mresetz__body", 0, 0), READ, "  %m = add i64 %n, 1", "  br i1 %r, label %done, label %try", "done:",
        record("int", "i64 %m"),
    )  # fmt: skip
    leaves = NumpyEngine().run(program, 4000, 1, QUIET)
    tries = {leaf.records[0][1]: 0 for leaf in leaves}
    for leaf in leaves:
        tries[leaf.records[0][1]] += len(leaf.bits)
    assert abs(tries[1] - 2000) < 150
    assert abs(tries[2] - 1000) < 130


def test_a_syntax_checker_takes_the_path_of_zeros():
    program = program_of(*X_AND_MEASURE, READ, "  %v = select i1 %r, i64 1, i64 2", record("int", "i64 %v"))
    (leaf,) = NumpyEngine().run(program, 10, 1, QUIET, zeros=True)
    assert leaf.records == (("int", 2),)
    assert not leaf.bits.any()


LINES = [*X_AND_MEASURE, READ, "  br i1 %r, label %a, label %b", "a:", "  %v = add i64 1, 2", "  br label %b", "b:",
         "  %w = phi i64 [ %v, %a ], [ 7, %0 ]", record("int", "i64 %w"), gate("h__body", 1)]  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=30))
@settings(max_examples=100, deadline=None)
def test_shuffled_programs_run_or_fail_cleanly(lines):
    try:
        program = program_of(*lines)
        if isinstance(program, Program):
            NumpyEngine().run(program, 20, 1, QUIET)
    except JobFailure:
        return


def test_circuits_of_flattened_programs_have_the_programs_distribution():
    for seed in itertools.islice(itertools.count(), 40):
        payload = written(seed, random_programs.midway, "Adaptive_RI")
        read = read_llvm(payload.data.decode())
        circuit = flattened(read)
        assert circuit is not None
        assert circuit.operations == read_qir(payload.data).operations
        assert math.isclose(sum(chance for _, chance in recorded(payload.data)), 1)
        assert np.isfinite(circuit.work)


@pytest.mark.parametrize("target", ["ionq.simulator", "rigetti.sim.qvm", "quantinuum.sim.h2-1e"])
def test_a_result_that_an_idle_qubit_writes_again_is_0_on_every_target(target):
    steps = [gate("x__body", 0), gate("mz__body", 0, 0), gate("mz__body", 0, 1), gate("mz__body", 1, 0)]
    steps += [record("array", "i64 2"), record("result", pointer(0)), record("result", pointer(1))]
    text = qir("\n".join(steps), '"qir_profiles"="base_profile" "required_num_qubits"="2" "required_num_results"="2"')
    with Workspace.local(seed=3) as workspace:
        params = {"error-model": False} if target.startswith("quantinuum") else None
        job = workspace.get_target(target).submit(text, shots=50, input_data_format="qir.v1", input_params=params)
        assert job.result().counts == {"01": 50}
