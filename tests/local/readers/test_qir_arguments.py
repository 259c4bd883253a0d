"""Entry points of QIR with parameters: the job's arguments are their values."""

import math

import numpy as np
import pytest

from qsession_core import Workspace
from qsession_core.local.interpreter.flattening import flattened
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.readers.qir.reader import read_qir
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine
from tests.support.qir_text import gate, qir, record

X_AND_MEASURE = [gate("x__body", 0), gate("mz__body", 0, 0)]
LOOP = """define void @main(i64 %n, double %angle, i1 %flip, i2 %basis) #0 {
start:
  br label %next
next:
  %i = phi i64 [ 0, %start ], [ %j, %next ]
  %j = add i64 %i, 1
  call void @__quantum__qis__rx__body(double %angle, ptr null)
  %more = icmp slt i64 %j, %n
  br i1 %more, label %next, label %end
end:
  %wide = zext i2 %basis to i64
"""
LOOP_END = [gate("mz__body", 0, 0), *(record(*what) for what in (
    ("result", "ptr null"), ("int", "i64 %n"), ("int", "i64 %wide"), ("bool", "i1 %flip"), ("double", "double %angle"),
))]  # fmt: skip


def with_arguments(text=LOOP):
    return qir("\n".join(LOOP_END)).replace(b"define void @main() #0 {\n", text.encode()).replace(
        b"declare", b"declare void @__quantum__qis__rx__body(double, ptr)\ndeclare", 1
    )  # fmt: skip


def recorded(arguments):
    """Return the only values that the program records."""
    circuit = flattened(read_qir(with_arguments(), arguments=arguments))
    (row,) = np.unique(NumpyEngine().sample(circuit, 20, 1, Noise()), axis=0)
    return tuple(int(row[value]) if kind == "result" else value for kind, value in circuit.output)


def argument(name, value, kind):
    return {"name": name, "value": value, "type": kind}


FLIP = {"name": "flip", "value": True, "type": "Boolean"}
FOUR = [argument("basis", "PauliZ", "Pauli"), argument("n", 3, "Int"), argument("angle", math.pi, "Double"),
        FLIP]  # fmt: skip


def test_an_entry_point_runs_with_the_arguments_of_the_job_by_their_names():
    assert recorded(FOUR) == (1, 3, 2, 1, math.pi)
    assert recorded([argument("n", 4, "Int"), *(one for one in FOUR if one["name"] != "n")]) == (0, 4, 2, 1, math.pi)


def test_an_angle_that_is_an_argument_is_a_constant_of_the_base_profile():
    text = qir("\n".join([gate("rx__body", 0, angle="%0"), *X_AND_MEASURE])).replace(b"@main()", b"@main(double %0)")
    circuit = read_qir(text, arguments=[argument("anything", 1, "Double")])
    assert circuit.operations[0] == ("rx", (0,), (1.0,))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (None, "the job has 0 arguments; the entry point takes i64 n, double angle, i1 flip, i2 basis"),
        (FOUR[:3], "the job has 3 arguments"),
        ([*FOUR[:3], {**FLIP, "name": "flop"}], "the arguments basis, n, angle, flop"),
        ([*FOUR[:3], FOUR[0]], "the arguments basis, n, angle, basis"),
        ([1, 2, 3, 4], "each of them must be"),
        ([*FOUR[:3], argument("flip", 1, "Boolean")], "flip is '1' of the type Boolean, not i1"),
        ([*FOUR[:1], argument("n", 1 << 63, "Int"), *FOUR[2:]], "of the type Int, not i64"),
        ([*FOUR[:1], argument("n", [1], "Array"), argument("angle", "x", "Double"), FOUR[3]],
         r"n is '\[1\]' of the type Array, not i64; the argument angle is 'x' of the type Double, not double"),
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit_fail_with_every_reason(arguments, problem):
    with pytest.raises(JobFailure, match=problem):
        read_qir(with_arguments(), arguments=arguments)


def test_arguments_for_an_entry_point_without_parameters_fail_the_job():
    with pytest.raises(JobFailure, match="the job has 4 arguments; the entry point takes none"):
        read_qir(qir("\n".join(X_AND_MEASURE)), arguments=FOUR)


def test_an_entry_point_with_arguments_that_calls_itself_is_refused():
    text = with_arguments().replace(b"end:\n", b"end:\n  call void @main(i64 1, double 1.0, i1 true, i2 1)\n")
    with pytest.raises(JobFailure, match="takes arguments, and the program calls it"):
        read_qir(text, arguments=FOUR)


def test_a_job_passes_its_arguments_through_the_client():
    params = {"arguments": FOUR, "entryPoint": "main", "error-model": False}
    with Workspace.local() as workspace:
        target = workspace.get_target("quantinuum.sim.helios-1e")
        job = target.submit(with_arguments(), input_data_format="qir.v1", shots=5, input_params=params)
        assert job.result().raw_counts == {"(1, 3, 2, true, 3.141592653589793)": 5}
