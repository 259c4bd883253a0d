"""Gates are counted as often as they run; where a measurement decides, by the dearer side."""

import pytest

from qsession_core.counting import GateCounts
from qsession_core.local.interpreter.counting import count_gates
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.readers.qir.reader import read_qir
from tests.support.qir_text import gate, qir

pytest.importorskip("pyqir")

READ = "  %{} = call i1 @__quantum__rt__read_result(ptr inttoptr (i64 {} to ptr))"


def counted(*lines, more=""):
    program = read_qir(qir("\n".join(lines), '"qir_profiles"="adaptive_profile" "required_num_qubits"="4"', more=more))
    return count_gates(program)


def looping(times, *body):
    """Return the lines of a loop that a number ends."""
    return [
        "  br label %head", "head:", "  %i = phi i64 [ 0, %0 ], [ %next, %body ]", f"  %c = icmp slt i64 %i, {times}",
        "  br i1 %c, label %body, label %out", "body:", *body, "  %next = add i64 %i, 1", "  br label %head", "out:",
    ]  # fmt: skip


def branch(number, yes, no):
    """Return the lines of a branch that the measurement of qubit 0 decides."""
    return [
        gate("mz__body", 0, 0), READ.format(f"r{number}", 0),
        f"  br i1 %r{number}, label %yes{number}, label %no{number}",
        f"yes{number}:", *yes, f"  br label %on{number}", f"no{number}:", *no, f"  br label %on{number}",
        f"on{number}:",
    ]  # fmt: skip


@pytest.mark.parametrize("times", [0, 1, 7, 500])
def test_a_loop_of_constant_length_counts_as_often_as_it_runs(times):
    lines = looping(times, gate("h__body", 0), gate("cx__body", 0, 1))
    used = 2 if times else 0
    assert counted(*lines) == GateCounts(times, times, used)


def test_a_function_counts_at_each_call():
    body = f"  call void @__quantum__qis__h__body(ptr %q)\n{gate('x__body', 3)}"
    more = f"define void @twice(ptr %q) {{\n{body}\n  ret void\n}}\n"
    calls = ["  call void @twice(ptr inttoptr (i64 1 to ptr))", "  call void @twice(ptr inttoptr (i64 2 to ptr))"]
    assert counted(*calls, more=more) == GateCounts(4, 0, 3)


def test_a_loop_over_memory_counts_as_often_as_it_runs():
    lines = [
        "  %p = alloca i64", "  store i64 0, ptr %p", "  br label %head", "head:", "  %i = load i64, ptr %p",
        "  %c = icmp slt i64 %i, 5", "  br i1 %c, label %body, label %out", "body:", gate("h__body", 0),
        "  %n = add i64 %i, 1", "  store i64 %n, ptr %p", "  br label %head", "out:",
    ]  # fmt: skip
    assert counted(*lines) == GateCounts(5, 0, 1)


def test_the_dearer_side_of_a_branch_counts_and_the_count_is_marked():
    lines = branch(1, [gate("x__body", 1)] * 9, [gate("cx__body", 1, 2)])
    # one two-qubit gate weighs more than nine one-qubit gates; a measurement, and three qubits prepared
    assert counted(*lines) == GateCounts(0, 1, 1 + 3, is_upper_bound=True)


def test_sides_of_the_same_cost_give_an_exact_count():
    lines = branch(1, [gate("x__body", 1)], [gate("z__body", 1)])
    assert counted(*lines) == GateCounts(1, 0, 1 + 2)


def test_branches_after_each_other_do_not_multiply():
    lines = [line for number in range(60) for line in branch(number, [gate("x__body", 1)], [])]
    assert counted(*lines) == GateCounts(60, 0, 60 + 2, is_upper_bound=True)


def test_a_branch_within_a_loop_and_a_loop_within_a_branch_count():
    inner = branch(1, [gate("x__body", 1)], [])
    lines = looping(4, *inner)
    lines[2] = "  %i = phi i64 [ 0, %0 ], [ %next, %on1 ]"
    assert counted(*lines) == GateCounts(4, 0, 4 + 2, is_upper_bound=True)


def test_what_both_sides_leave_alike_is_still_known_and_what_differs_is_not():
    more = "define i64 @three() {\n  ret i64 3\n}\n"
    lines = [
        *branch(1, ["  %a = call i64 @three()"], ["  %b = call i64 @three()"]),
        "  %same = phi i64 [ %a, %yes1 ], [ %b, %no1 ]",
        "  br label %head", "head:", "  %i = phi i64 [ 0, %on1 ], [ %next, %body ]",
        "  %c = icmp slt i64 %i, %same", "  br i1 %c, label %body, label %out", "body:", gate("h__body", 1),
        "  %next = add i64 %i, 1", "  br label %head", "out:",
    ]  # fmt: skip
    assert counted(*lines, more=more).one == 3
    lines[lines.index("  %same = phi i64 [ %a, %yes1 ], [ %b, %no1 ]")] = "  %same = phi i64 [ %a, %yes1 ], [ 9, %no1 ]"
    with pytest.raises(JobFailure, match="a measurement decides how often a loop runs"):
        counted(*lines, more=more)


def test_a_function_that_returns_early_meets_at_its_call():
    more = (
        f"define void @maybe() {{\n{READ.format('m', 0)}\n  br i1 %m, label %now, label %later\nnow:\n  ret void\n"
        f"later:\n{gate('y__body', 1)}\n  ret void\n}}\n"
    )
    lines = [gate("mz__body", 0, 0), *["  call void @maybe()"] * 3, gate("h__body", 2)]
    assert counted(*lines, more=more) == GateCounts(4, 0, 1 + 3, is_upper_bound=True)


def test_a_loop_that_a_measurement_ends_is_refused_by_name():
    lines = [
        "  br label %again", "again:", gate("h__body", 0), gate("mz__body", 0, 0), READ.format("r", 0),
        "  br i1 %r, label %again, label %out", "out:",
    ]  # fmt: skip
    with pytest.raises(JobFailure, match="cannot be counted: a measurement decides how often a loop runs"):
        counted(*lines)


def test_a_gate_with_a_computed_angle_counts_and_one_on_a_computed_qubit_is_refused():
    angle = [
        gate("mz__body", 0, 0), READ.format("r", 0), "  %a = select i1 %r, double 0.5, double 0.25",
        "  call void @__quantum__qis__rz__body(double %a, ptr inttoptr (i64 1 to ptr))",
    ]  # fmt: skip
    assert counted(*angle) == GateCounts(1, 0, 1 + 2)
    qubit = [
        gate("mz__body", 0, 0), READ.format("r", 0),
        "  %q = select i1 %r, ptr inttoptr (i64 1 to ptr), ptr inttoptr (i64 2 to ptr)",
        "  call void @__quantum__qis__x__body(ptr %q)",
    ]  # fmt: skip
    with pytest.raises(JobFailure, match="a measurement decides the operand of 'gate'"):
        counted(*qubit)
