"""Lets threads of this process wait for the end of a job, instead of looking for it again and again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Ends"]


class _Wait:
    __slots__ = ("event", "waiting")

    def __init__(self) -> None:
        self.event = threading.Event()
        self.waiting = 0


class Ends:
    """The jobs whose end somebody waits for. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: dict[str, _Wait] = {}

    def wait(self, job_id: str, seconds: float, has_ended: Callable[[], bool]) -> None:
        """Wait until a job has ended, or for some time.

        Args:
            job_id: The job.
            seconds: How long to wait at most, in real time.
            has_ended: Says whether it ended before anybody could be told.
        """
        with self._lock:
            wait = self._waits.setdefault(job_id, _Wait())
            wait.waiting += 1
        try:
            if not has_ended():
                wait.event.wait(seconds)
        finally:
            with self._lock:
                wait.waiting -= 1
                if not wait.waiting:
                    self._waits.pop(job_id, None)

    def tell(self, job_id: str) -> None:
        """A job has ended: wake who waits for it."""
        with self._lock:
            wait = self._waits.get(job_id)
        if wait is not None:
            wait.event.set()
