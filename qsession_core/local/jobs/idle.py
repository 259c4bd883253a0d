"""The queue of a workspace that runs no jobs: it takes notice of nothing, and is always at rest.

It loads in no time, unlike the queue with its readers and engines; lists of a directory need nothing else.
"""

from __future__ import annotations

from qsession_core.local.jobs.ends import Ends

__all__ = ["IdleQueue"]


class IdleQueue:
    """Stands where a :class:`~qsession_core.local.jobs.queue.Dispatcher` stands.

    Attributes:
        paused: Always true: no job starts.
        problem: Always empty: what does not work has no problem.
        ends: Nobody is told of an end.
        grace_seconds: As there.
    """

    paused = True
    problem = ""

    def __init__(self) -> None:
        self.ends = Ends()
        self.grace_seconds = 0.0

    def start(self) -> None:
        """Take no jobs."""

    def stop(self) -> None:
        """Do nothing."""

    def wake(self, job_id: str = "") -> None:
        """Do nothing: another process sees the job in the directory."""

    def hurry(self) -> None:
        """Do nothing: no job of here can be hurried."""

    def linger(self, job_id: str, seconds: float = 0.03) -> None:
        """Do not wait."""

    def settle(self, timeout_seconds: float | None = None) -> bool:  # noqa: ARG002 - the dispatcher's
        """Say that the queue is at rest."""
        return True
