"""Carries out a program without a state.

Where no way through it depends on a measurement, what comes out is a circuit, which every simulator takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsession_core.local.interpreter.limits import MAX_STEPS
from qsession_core.local.interpreter.thread import UNKNOWN, DependsOnMeasurementError, Thread
from qsession_core.local.readers.circuit import Circuit

if TYPE_CHECKING:
    from qsession_core.local.readers.circuit import Operation, Program

__all__ = ["flattened"]


def flattened(program: Program, steps: int = MAX_STEPS) -> Circuit | None:
    """Return a program as a circuit, if no way through it depends on a measurement; else None.

    Loops, calls and arithmetic on what is known are carried out on the way.

    Args:
        program: What to carry out.
        steps: How many instructions it may run beyond those of its text.

    Raises:
        TooManyStepsError: It runs more.
        JobFailure: It does not end, or an instruction has no meaning.
    """
    if any(instruction[0] == "write" for instruction in program.instructions()):
        return None  # a circuit has measured results only
    thread = Thread(program, steps)
    results: list[Any] = [0] * program.num_results
    operations: list[Operation] = []
    try:
        while (made := thread.advance(results)) is not None:
            for name, places, _ in made:
                if name == "measure":
                    results[places[1]] = UNKNOWN
            operations += made
    except DependsOnMeasurementError:
        return None
    return Circuit(program.num_qubits, program.num_results, operations, thread.records, program.registers)
