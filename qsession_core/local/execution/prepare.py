"""Runs one job: from its input's bytes to its output's bytes.

A :class:`Task` says everything that matters, and :func:`run` uses nothing else: no clock, no store, no state. So a task
runs alike in the worker's thread, in a pool's process, or on another machine, and again after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from qsession_core.local.readers.circuit import Circuit, JobFailure, Program

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["INLINE_BYTES", "INLINE_WORK", "Outcome", "Task", "prepare", "run", "run_prepared", "unread", "work_of"]

# What the worker does itself: jobs that take some milliseconds. Larger ones go to the executor.
INLINE_WORK = 1e7
INLINE_BYTES = 256 * 1024
# Results of all shots together: beyond this, writing them takes more memory than simulating
_MAX_RESULTS = 200_000_000


@dataclass(frozen=True, slots=True)
class Task:
    """One job to run.

    Attributes:
        target: The target's id.
        input_format: How ``payload`` is written.
        output_format: How the output is to be written.
        payload: The job's input.
        params: Its inputParams.
        shots: How often to run it.
        seed: What its shots are drawn with.
        num_qubits: The widest program the target takes.
        profile: The target's QIR profile.
        results: ``sampled``, ``exact`` or ``zeros``, as the target's row says.
        noise: Error probabilities by name; empty for none.
        gates: Words the target takes; empty for all.
        simulator: The simulator to use; empty to choose.
        memory_bytes: How much memory a simulation may take; 0 for what the machine has free.
    """

    target: str
    input_format: str
    output_format: str
    payload: bytes
    params: Mapping[str, Any]
    shots: int
    seed: int
    num_qubits: int
    profile: str = ""
    results: str = "sampled"
    noise: Mapping[str, float] = field(default_factory=dict)
    gates: frozenset[str] = frozenset()
    simulator: str = ""
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ended.

    Attributes:
        output: The output's bytes; empty where it failed.
        blob: The name of the output's blob: ``rawOutputData`` as the provider wrote it, ``outputData`` translated.
        content_type: The blob's content type.
        code: The failure's code; empty where it succeeded.
        message: The failure's sentence.
        was_unread: It failed before it ran: its input could not be taken.
        amounts: What was used, for the cost: one-qubit gates, wider gates, measurements and resets, shots.
    """

    output: bytes
    blob: str = "outputData"
    content_type: str = "application/octet-stream"
    code: str = ""
    message: str = ""
    was_unread: bool = False
    amounts: tuple[int, int, int, int] = (0, 0, 0, 0)


def prepare(task: Task) -> Circuit | Program:
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
    if isinstance(program, Program) and task.profile == "Base":
        raise JobFailure(
            "InvalidInputData",
            f"The program branches on measurements; {task.target} takes QIR of the Base profile only.",
        )
    if isinstance(program, Circuit) and task.gates:
        foreign = sorted({name for name, _, _ in program.operations} - task.gates - {"measure", "reset"})
        if foreign:
            raise JobFailure("InvalidInputData", f"{task.target} has no gate {', '.join(foreign)}.")
    return program


def _read(task: Task) -> Circuit | Program:
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

            if task.params.get("substitutions"):
                raise JobFailure("InvalidInputData", "Quil with substitutions cannot be run by the local workspace.")
            return read_quil(task.payload)
        case _:
            raise JobFailure("CannotTranslateInputData", f"{task.input_format} cannot be run by the local workspace.")


def _counted(program: Circuit | Program) -> tuple[int, int, int]:
    """Return how many one-qubit gates, wider gates, and measurements and resets a program has."""
    if isinstance(program, Circuit):
        operations = program.operations
    else:
        content: Any = [entry for block in program.blocks.values() for entry in block if entry[0] == "ops"]
        operations = [operation for entry in content for operation in entry[1]]
    measured = sum(name in {"measure", "reset"} for name, _, _ in operations)
    single = sum(len(places) == 1 and name != "reset" for name, places, _ in operations)
    return single, len(operations) - single - measured, measured


def work_of(task: Task, program: Circuit | Program) -> float:
    """Return roughly how many amplitudes running a task touches; it decides where it runs.

    Simulators that are not ours never run in the service's own process, whatever the size: what they do to it (locks,
    threads, crashes) is not ours to say.
    """
    writing = task.shots * (program.num_results + 1.0)
    if task.results == "zeros" and (isinstance(program, Circuit) or program.blocks):
        return writing
    if task.simulator not in {"", "numpy", "stim"}:
        return float("inf")
    if isinstance(program, Program):
        return writing + program.work * min(task.shots, 64) if program.blocks else float("inf")
    if _is_for_tableaux(task, program):
        return float(len(program.operations)) * (program.num_qubits + task.shots / 8)
    if task.noise:
        return writing + program.work * min(task.shots, 8)
    middle = any(name == "reset" for name, _, _ in program.operations)
    return writing + program.work * (min(task.shots, 64) if middle else 1)


def _is_for_tableaux(task: Task, program: Circuit) -> bool:
    """Say whether stim would run a circuit: cheap, however wide it is."""
    if task.results == "exact" or program.work <= INLINE_WORK:
        return False
    from qsession_core.local.simulators.choice import choose_by_name

    return choose_by_name(program, is_noisy=bool(task.noise)) == "stim"


def entry_point(params: Mapping[str, Any]) -> str:
    """Return the function that a job's inputParams ask to run; empty for none.

    Raises:
        JobFailure: They ask for several, or for one with arguments; better no result than one of something else.
    """
    items = params.get("items")
    if isinstance(items, list) and len(items) > 1:
        raise JobFailure("InvalidInputData", "Jobs of several items cannot be run by the local workspace.")
    source: Any = items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else params
    if source.get("arguments"):
        raise JobFailure("InvalidInputData", "Entry points with arguments cannot be run by the local workspace.")
    name = source.get("entryPoint")
    return name if isinstance(name, str) else ""


def run(task: Task) -> Outcome:
    """Run a task from its bytes; what is wrong with the job comes back as a failed outcome."""
    try:
        program = prepare(task)
    except JobFailure as failure:
        return unread(failure)
    return run_prepared(task, program)


def unread(failure: JobFailure) -> Outcome:
    """Return the outcome of a job whose input cannot be taken."""
    return Outcome(b"", code=failure.code, message=failure.message, was_unread=True)


def run_prepared(task: Task, program: Circuit | Program) -> Outcome:
    """Run a task whose input was read already."""
    from qsession_core.local.execution.run import execute

    try:
        return replace(execute(task, program), amounts=(*_counted(program), task.shots))
    except JobFailure as failure:
        return Outcome(b"", code=failure.code, message=failure.message)
