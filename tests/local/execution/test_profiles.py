"""A target runs what its QIR profile has, and refuses the rest by name."""

import pytest

from qsession_core.local.execution.prepare import run
from qsession_core.local.execution.task import Task
from qsession_core.local.targets import TARGETS
from tests.support.qir_text import gate, pointer, qir, record

BY_ID = {target.id: target for target in TARGETS}
BASE, RI, RIF = "rigetti.sim.qvm", "quantinuum.sim.h2-1e", "quantinuum.sim.helios-1e"
MEASURED = gate("mz__body", 0, 0)
READ = f"  %r = call i1 @__quantum__rt__read_result({pointer(0)})"
RESULT = record("result", pointer(0))
TURN = "  call void @__quantum__qis__rx__body(double {}, ptr null)".format


def failure_on(name, *lines, more=""):
    target = BY_ID[name]
    task = Task(
        target.id, "qir.v1", "microsoft.quantum-results.v2", qir("\n".join(lines), more=more), {}, 5, 1,
        target.num_qubits, profile=target.profile, results=target.results, gates=target.gates,
    )  # fmt: skip
    outcome = run(task)
    assert bool(outcome.code) == bool(outcome.message)
    return outcome.message


MORE_THAN_BASE = [
    ([MEASURED, gate("x__body", 0)], "a gate on qubit 0 after its measurement"),
    ([gate("mresetz__body", 0, 0), gate("cx__body", 1, 0)], "a gate on qubit 0 after its measurement"),
    ([gate("reset__body", 0), gate("x__body", 0), MEASURED], "a gate on qubit 0 after its reset"),
    ([MEASURED, RESULT, record("int", "i64 5")], "a record of type int"),
    ([MEASURED, RESULT, record("bool", "i1 true")], "a record of type bool"),
    ([MEASURED, READ, record("bool", "i1 %r")], "more than gates, measurements and records"),
]
MORE_THAN_RI = [
    ([MEASURED, READ, "  %a = select i1 %r, double 1.0, double 2.0", TURN("%a")], "a computed angle (rx__body)"),
    ([MEASURED, READ, "  %i = zext i1 %r to i64", "  %a = sitofp i64 %i to double"], "with doubles (sitofp)"),
    ([MEASURED, "  %a = fadd double 1.0, 2.0"], "with doubles (fadd)"),
    ([MEASURED, "  %a = fcmp olt double 1.0, 2.0"], "with doubles (olt)"),
    (["  %a = alloca double", "  store double 1.0, ptr %a", MEASURED], "doubles in memory"),
    ([MEASURED, record("double", "double 1.5")], "a record of type double"),
    (["  %a = call double @half()", TURN("%a"), MEASURED], "a computed angle (rx__body)"),
    (
        [
            gate("x__body", 0),
            "  br label %again",
            "again:",
            MEASURED,
            READ,
            "  br i1 %r, label %out, label %again",
            "out:",
        ],
        "a loop (in main)",
    ),
    ([MEASURED, "  call void @down(i64 3)"], "a function that calls itself"),
]
OWN = (
    "define double @half() {\n  ret double 0.5\n}\n"
    "define void @turn(double %t, ptr %q) {\n  call void @__quantum__qis__ry__body(double %t, ptr %q)\n  ret void\n}\n"
    "define void @down(i64 %n) {\n  %c = icmp eq i64 %n, 0\n  br i1 %c, label %a, label %b\na:\n  ret void\nb:\n"
    "  %m = sub i64 %n, 1\n  call void @down(i64 %m)\n  ret void\n}\n"
)
RUNS_ON_BASE = [
    [gate("x__body", 1), MEASURED, gate("x__body", 1), gate("mz__body", 1, 1)],  # another qubit goes on
    [gate("mresetz__body", 0, 0), RESULT],
    [MEASURED, gate("mz__body", 0, 1)],
    ["  br label %next", "next:", MEASURED],
]
RUNS_ON_RI = [
    *(lines for lines, problem in MORE_THAN_BASE),
    [MEASURED, READ, "  %i = select i1 %r, i64 1, i64 2", "  %j = mul i64 %i, 3", record("int", "i64 %j")],
    ["  call void @turn(double 0.5, ptr null)", MEASURED],
    ["  %a = alloca i64", "  store i64 1, ptr %a", "  %b = load i64, ptr %a", MEASURED, record("int", "i64 %b")],
    [MEASURED, READ, "  br i1 %r, label %a, label %b", "a:", "  br label %c", "b:", "  br label %c", "c:", RESULT],
]


@pytest.mark.parametrize(("lines", "problem"), MORE_THAN_BASE)
def test_what_the_base_profile_leaves_out_is_refused_by_name(lines, problem):
    assert problem in failure_on(BASE, *lines)
    assert f"{BASE} takes the Base profile only." in failure_on(BASE, *lines)


@pytest.mark.parametrize(("lines", "problem"), MORE_THAN_RI)
def test_a_target_without_doubles_and_loops_refuses_them_by_name(lines, problem):
    assert problem in failure_on(RI, *lines, more=OWN)
    assert not failure_on(RIF, *lines, more=OWN)


@pytest.mark.parametrize("lines", RUNS_ON_BASE)
def test_measurements_that_can_wait_for_the_end_are_of_the_base_profile(lines):
    assert not failure_on(BASE, *lines)


@pytest.mark.parametrize("lines", RUNS_ON_RI)
def test_what_goes_forward_and_computes_with_integers_runs_without_doubles(lines):
    assert not failure_on(RI, *lines, more=OWN)


def test_all_that_a_profile_leaves_out_is_listed():
    found = failure_on(BASE, MEASURED, gate("x__body", 0), RESULT, record("int", "i64 5"))
    assert found.startswith("The program has a gate on qubit 0 after its measurement and a record of type int; ")
