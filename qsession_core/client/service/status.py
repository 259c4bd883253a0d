"""The service's words for states, policies and priorities. A word that is not listed here is not an error.

Source: docs/protocol.md 4.2, 4.3.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

__all__ = ["JobStatus", "Priority", "SessionJobFailurePolicy", "SessionStatus"]


class _OpenWord(StrEnum):
    """Words of the service, in any letter case; an unknown word becomes a member of its own."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        for member in cls:
            if member.value.lower() == value.lower():
                return member
        word = str.__new__(cls, value)
        word._name_ = value
        word._value_ = value
        return word

    def __str__(self) -> str:
        return str(self.value)

    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        return type(self), (self.value,)


class JobStatus(_OpenWord):
    """State of a job; an unknown one is not terminal.

    >>> JobStatus("Succeeded").is_terminal, JobStatus("Reticulating").is_terminal
    (True, False)
    """

    QUEUED = "Queued"
    WAITING = "Waiting"
    EXECUTING = "Executing"
    CANCELLATION_REQUESTED = "CancellationRequested"
    CANCELLING = "Cancelling"
    FINISHING = "Finishing"
    COMPLETED = "Completed"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether it will not change any more."""
        return self in {JobStatus.COMPLETED, JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}

    @property
    def is_success(self) -> bool:
        """Whether there is a result."""
        return self in {JobStatus.COMPLETED, JobStatus.SUCCEEDED}


class SessionStatus(_OpenWord):
    """State of a session. ``Failure(s)`` still takes jobs.

    >>> SessionStatus("TimedOut").is_terminal, SessionStatus.FAILURE_S_.is_terminal
    (True, False)
    """

    WAITING = "Waiting"
    EXECUTING = "Executing"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    FAILURE_S_ = "Failure(s)"
    TIMED_OUT = "TimedOut"

    @property
    def is_terminal(self) -> bool:
        """Whether the session takes no more jobs."""
        return self in {SessionStatus.SUCCEEDED, SessionStatus.FAILED, SessionStatus.TIMED_OUT}


class SessionJobFailurePolicy(_OpenWord):
    """What a failing job does to its session.

    >>> SessionJobFailurePolicy("Continue")
    <SessionJobFailurePolicy.CONTINUE: 'Continue'>
    """

    ABORT = "Abort"
    CONTINUE = "Continue"


class Priority(_OpenWord):
    """The order in the queue: high before standard.

    >>> Priority.HIGH.value
    'High'
    """

    STANDARD = "Standard"
    HIGH = "High"
