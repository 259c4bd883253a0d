"""Jobs that may end within milliseconds: the first GET waits a moment for them, and so finds them ended."""

from __future__ import annotations

import threading

__all__ = ["ShortJobs"]

# For at most this many short jobs, a GET waits a moment for the end
_MAX_SHORT_JOBS = 256
# At most this many GETs wait at a time: each holds one of the server's threads
_MAX_LINGERING = 2


class ShortJobs:
    """New jobs of which none is known to take long. Safe to use from several threads."""

    def __init__(self) -> None:
        self._ended: dict[str, threading.Event] = {}  # by job id; set when the job has ended, or is not short
        self._lingering = threading.BoundedSemaphore(_MAX_LINGERING)

    def add(self, job_id: str) -> None:
        """Expect the end of a new job, unless very many are expected."""
        if len(self._ended) < _MAX_SHORT_JOBS:
            self._ended[job_id] = threading.Event()

    def linger(self, job_id: str, seconds: float) -> None:
        """Wait a moment for a job that is about to end; it also throttles clients that poll in a tight loop."""
        ended = self._ended.get(job_id)
        if ended is not None and self._lingering.acquire(blocking=False):
            try:
                ended.wait(seconds)
            finally:
                self._lingering.release()

    def forget(self, job_id: str) -> None:
        """A job has ended, or takes long."""
        ended = self._ended.pop(job_id, None)
        if ended is not None:
            ended.set()

    def forget_all(self) -> None:
        """No job that is left can start now."""
        for job_id in list(self._ended):
            self.forget(job_id)
