"""Counts the gates that a program runs; ways.py follows those that branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.counting import GateCounts
from qsession_core.local.interpreter.tally import Tally
from qsession_core.local.readers.circuit import Circuit, JobFailure, Program

if TYPE_CHECKING:
    from qsession_core.local.readers.circuit import Readable

__all__ = ["count_gates", "counts_of"]


def count_gates(program: Readable) -> GateCounts:
    """Return how many gates a program runs, at most; a sequence of pulses has none.

    Raises:
        JobFailure: There is no bound, or the program does not end.
    """
    tally = Tally()
    if isinstance(program, Circuit):
        tally.add(program.operations)
    elif isinstance(program, Program):
        from qsession_core.local.interpreter.ways import follow  # most jobs are circuits

        follow(program, tally)
    return GateCounts(tally.one, tally.two, tally.measured + len(tally.used), is_upper_bound=tally.is_upper_bound)


def counts_of(program: Readable) -> GateCounts | None:
    """Return how many gates a program runs, at most; None if there is no bound."""
    try:
        return count_gates(program)
    except JobFailure:
        return None
