"""How much of a program is carried out."""

from qsession_core.local.readers.circuit import JobFailure

__all__ = ["MAX_STEPS", "TooManyStepsError"]

MAX_STEPS = 1_000_000  # instructions


class TooManyStepsError(JobFailure):
    """The program runs more instructions than it may."""
