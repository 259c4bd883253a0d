"""Reads a task's input, checks it against its target, and runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.local.execution.items import items_in, items_of, joined_items
from qsession_core.local.execution.task import Outcome, unread
from qsession_core.local.interpreter.counting import counts_of
from qsession_core.local.interpreter.limits import MAX_STEPS
from qsession_core.local.readers.circuit import Circuit, JobFailure, Program, PulseSequence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.local.execution.plan import Plan
    from qsession_core.local.execution.task import Task
    from qsession_core.local.readers.circuit import Readable

__all__ = ["planned", "prepare", "read", "run", "run_prepared"]

# Results of all shots together: beyond this, writing them takes more memory than simulating
_MAX_RESULTS = 200_000_000


def prepare(task: Task, steps: int = MAX_STEPS) -> Readable:
    """Read a task's input and check it against its target.

    Args:
        task: What is to be run.
        steps: How many instructions of it may be carried out here, where it has loops and calls.

    Raises:
        TooManyStepsError: There are more.
        JobFailure: It cannot be run there.
    """
    program = read(task.payload, task.input_format, items_in(task.params)[0])
    if program.num_qubits > task.num_qubits:
        with_noise = f" takes {task.num_qubits} with the noise of" if task.noise_model else f" has {task.num_qubits}"
        raise JobFailure(
            "InvalidInputData",
            f"The program uses {program.num_qubits} qubits; {task.target}{with_noise} {task.noise_model}".rstrip()
            + ".",
        )
    if task.shots * (program.num_results + 1) > _MAX_RESULTS:
        raise JobFailure(
            "InvalidInputData", f"{task.shots} shots of {program.num_results} results are too many; ask for fewer."
        )
    if task.input_format == "qir.v1" and not isinstance(program, PulseSequence):
        from qsession_core.local.execution.profiles import outside_profile

        outside = outside_profile(program, task.profile)
        if outside:
            raise JobFailure(
                "InvalidInputData",
                f"The program has {' and '.join(outside)}; {task.target} takes the {task.profile} profile only.",
            )
    if isinstance(program, Program):
        from qsession_core.local.interpreter.flattening import flattened

        program = flattened(program, steps) or program
    if isinstance(program, Circuit) and task.gates:
        foreign = sorted({name for name, _, _ in program.operations} - task.gates - {"measure", "reset"})
        if foreign:
            raise JobFailure("InvalidInputData", f"{task.target} has no gate {', '.join(foreign)}.")
    return program


def read(payload: bytes, input_format: str, params: Mapping[str, Any]) -> Readable:
    """Read a program.

    Args:
        payload: The job's input.
        input_format: How it is written.
        params: The job's inputParams, which may name an entry point and what it is called with.

    Raises:
        JobFailure: It is not what its format says, or the local workspace runs no such programs.
    """
    try:
        return _read(payload, input_format, params)
    except RecursionError as error:
        raise JobFailure("InvalidInputData", f"{input_format}: the program is nested too deep.") from error


def _read(payload: bytes, input_format: str, params: Mapping[str, Any]) -> Readable:
    match input_format:
        case "ionq.circuit.v1":
            from qsession_core.local.readers.ionq import read_ionq

            return read_ionq(payload)
        case "qir.v1":
            from qsession_core.local.readers.qir.reader import read_qir

            name = params.get("entryPoint")
            return read_qir(payload, name if isinstance(name, str) else "", params.get("arguments"))
        case "honeywell.openqasm.v1":
            from qsession_core.local.readers.openqasm2 import read_openqasm

            return read_openqasm(payload)
        case "rigetti.quil.v1":
            from qsession_core.local.execution.bindings import bindings_of
            from qsession_core.local.readers.quil import read_quil

            return read_quil(payload, bindings_of(params)[0])
        case "pasqal.pulser.v1":
            from qsession_core.local.readers.pulser import read_pulser

            return read_pulser(payload)
        case _:
            raise JobFailure("CannotTranslateInputData", f"{input_format} cannot be run by the local workspace.")


def run(task: Task, plan: Plan | None = None) -> Outcome:
    """Run a task from its bytes; what is wrong with the job comes back as a failed outcome.

    Args:
        task: What to run.
        plan: How, where that was decided already.
    """
    parts = items_of(task)
    if len(parts) > 1:
        return joined_items(task, [run(part) for part in parts])
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


def run_prepared(task: Task, program: Readable, plan: Plan, parts: Sequence[Any] | None = None) -> Outcome:
    """Run a task whose input was read already.

    Args:
        task: What to run.
        program: Its input.
        plan: How it is run.
        parts: As for :func:`qsession_core.local.execution.run.execute`.
    """
    from qsession_core.local.execution.run import execute

    if task.input_format == "rigetti.quil.v1":
        from qsession_core.local.execution.bindings import bindings_of, bound, joined

        bindings = bindings_of(task.params)
        if len(bindings) > 1:
            return joined([run(bound(task, binding, place)) for place, binding in enumerate(bindings)])
    try:
        return msgspec.structs.replace(execute(task, program, plan, parts), counts=counts_of(program), shots=task.shots)
    except JobFailure as failure:
        return Outcome(b"", code=failure.code, message=failure.message)
