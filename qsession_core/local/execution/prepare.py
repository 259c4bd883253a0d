"""Reads a task's input, checks it against its target, and runs it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qsession_core.local.execution.bindings import bindings_of, bound, joined
from qsession_core.local.execution.task import Outcome, unread
from qsession_core.local.readers.circuit import Circuit, JobFailure, Program, PulseSequence
from qsession_core.local.simulators.interpreter import flattened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.local.execution.plan import Plan
    from qsession_core.local.execution.task import Task
    from qsession_core.local.readers.circuit import Readable

__all__ = ["may_read_here", "planned", "prepare", "run", "run_prepared"]

# Larger inputs go to the executor unread
_INLINE_BYTES = 256 * 1024
# Results of all shots together: beyond this, writing them takes more memory than simulating
_MAX_RESULTS = 200_000_000


def may_read_here(task: Task) -> bool:
    """Say whether the service's own process may read a task's input: it is small, and cannot end the process."""
    from qsession_core.local.readers.qir import is_bitcode

    return len(task.payload) <= _INLINE_BYTES and not is_bitcode(task.payload)


def prepare(task: Task) -> Readable:
    """Read a task's input and check it against its target.

    Raises:
        JobFailure: It cannot be run there.
    """
    program = _read(task)
    if program.num_qubits > task.num_qubits:
        raise JobFailure(
            "InvalidInputData",
            f"The program uses {program.num_qubits} qubits; {task.target} has {task.num_qubits}.",
        )
    if task.shots * (program.num_results + 1) > _MAX_RESULTS:
        raise JobFailure(
            "InvalidInputData", f"{task.shots} shots of {program.num_results} results are too many; ask for fewer."
        )
    if isinstance(program, Program) and task.input_format == "qir.v1" and task.profile == "Base":
        raise JobFailure(
            "InvalidInputData",
            f"The program is more than gates, measurements and records; {task.target} takes the Base profile only.",
        )
    if isinstance(program, Program):
        program = flattened(program) or program
    if isinstance(program, Circuit) and task.gates:
        foreign = sorted({name for name, _, _ in program.operations} - task.gates - {"measure", "reset"})
        if foreign:
            raise JobFailure("InvalidInputData", f"{task.target} has no gate {', '.join(foreign)}.")
    return program


def _read(task: Task) -> Readable:
    match task.input_format:
        case "ionq.circuit.v1":
            from qsession_core.local.readers.ionq import read_ionq

            return read_ionq(task.payload)
        case "qir.v1":
            from qsession_core.local.readers.qir import read_qir

            return read_qir(task.payload, entry_point(task.params))
        case "honeywell.openqasm.v1":
            from qsession_core.local.readers.openqasm2 import read_openqasm

            return read_openqasm(task.payload)
        case "rigetti.quil.v1":
            from qsession_core.local.readers.quil import read_quil

            return read_quil(task.payload, bindings_of(task.params)[0])
        case "pasqal.pulser.v1":
            from qsession_core.local.readers.pulser import read_pulser

            return read_pulser(task.payload)
        case _:
            raise JobFailure("CannotTranslateInputData", f"{task.input_format} cannot be run by the local workspace.")


def _counted(program: Readable) -> tuple[int, int, int]:
    """Return how many one-qubit gates, wider gates, and measurements and resets a program has."""
    if isinstance(program, PulseSequence):
        return 0, 0, 0  # billed by time
    operations = program.operations if isinstance(program, Circuit) else list(program.operations)
    measured = sum(name in {"measure", "reset"} for name, _, _ in operations)
    single = sum(len(places) == 1 and name != "reset" for name, places, _ in operations)
    return single, len(operations) - single - measured, measured


def entry_point(params: Mapping[str, Any]) -> str:
    """Return the function that a job's inputParams ask to run; empty for none.

    Raises:
        JobFailure: They ask for several functions, or for one with arguments; neither can be run here.
    """
    items = params.get("items")
    if isinstance(items, list) and len(items) > 1:
        raise JobFailure("InvalidInputData", "Jobs of several items cannot be run by the local workspace.")
    source: Any = items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else params
    if source.get("arguments"):
        raise JobFailure("InvalidInputData", "Entry points with arguments cannot be run by the local workspace.")
    name = source.get("entryPoint")
    return name if isinstance(name, str) else ""


def run(task: Task, plan: Plan | None = None) -> Outcome:
    """Run a task from its bytes; what is wrong with the job comes back as a failed outcome.

    Args:
        task: What to run.
        plan: How, where that was decided already.
    """
    try:
        program = prepare(task)
        plan = plan or planned(task, program)
    except JobFailure as failure:
        return unread(failure)
    return run_prepared(task, program, plan)


def planned(task: Task, program: Readable) -> Plan:
    """Return how a task will be run. See :func:`qsession_core.local.execution.plan.plan`."""
    from qsession_core.local.execution.plan import plan  # numpy comes with it

    return plan(task, program)


def run_prepared(task: Task, program: Readable, plan: Plan) -> Outcome:
    """Run a task whose input was read already."""
    from qsession_core.local.execution.run import execute

    bindings = bindings_of(task.params) if task.input_format == "rigetti.quil.v1" else []
    if len(bindings) > 1:
        return joined([run(bound(task, binding, place)) for place, binding in enumerate(bindings)])
    try:
        return replace(execute(task, program, plan), amounts=(*_counted(program), task.shots))
    except JobFailure as failure:
        return Outcome(b"", code=failure.code, message=failure.message)
