"""Injected time: everything that reads the time or waits for it does so by one :class:`Clock`.

Client and local workspace can share a clock: ``Workspace.local(clock=ManualClock())``. Then timestamps, the ten idle
minutes of a session, queue times, the expiry of SAS URLs, the client's polling and its retries all see the same time.
"""

from __future__ import annotations

import threading
import time
import weakref
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Clock", "LabClock", "ManualClock", "SystemClock", "clock_of", "microseconds", "moment"]

_METHODS = ("now", "monotonic", "sleep", "sleep_async", "wait")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Return a time as whole microseconds since 1970-01-01 UTC, the form in which the local workspace stores it."""
    return (at - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """Return a stored time as a datetime in UTC; the inverse of :func:`microseconds`."""
    return _EPOCH + timedelta(microseconds=microseconds)


class Clock(Protocol):
    """Reads the time and waits. Safe to use from several threads."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some fixed time; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after this many seconds."""
        ...

    async def sleep_async(self, seconds: float) -> None:
        """Return after this many seconds without blocking the event loop."""
        ...

    def wait(self, condition: threading.Condition, until: datetime | None) -> None:
        """Wait on a condition until it is notified or the time has come; may return early.

        Args:
            condition: Held by the caller, as for ``Condition.wait``.
            until: When to give up; None for never.
        """
        ...


def clock_of(given: Clock | None) -> Clock:
    """Return a caller's clock, or the machine's for None.

    Raises:
        ConfigurationError: It lacks methods; the error names them.
    """
    if given is None:
        return SystemClock()
    missing = [name for name in _METHODS if not callable(getattr(given, name, None))]
    if missing:
        raise ConfigurationError(
            f"The clock {type(given).__name__} has no {', '.join(f'{name}()' for name in missing)}. Derive it from "
            "qsession_core.clock.SystemClock, or use local.ManualClock."
        )
    return given


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic time in seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block the thread for this many seconds."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Suspend the task for this many seconds."""
        import asyncio

        await asyncio.sleep(seconds)

    def wait(self, condition: threading.Condition, until: datetime | None) -> None:
        """Wait on the condition, at most until this time."""
        condition.wait(None if until is None else max(0.0, (until - self.now()).total_seconds()))


class ManualClock:
    """A clock for tests: it moves only when it is advanced or when a caller sleeps on it.

    :meth:`sleep` waits, in real time, until every local workspace on this clock has done all that it can do now, and
    then advances the clock. So a client that polls for a job does not hang, takes no longer than the job's
    simulation, and sees clock time pass only for what needs it, such as a target's queue time. A job whose simulation
    takes a real minute takes no time on this clock.

    Args:
        start: The time at which it stands, aware; None for the machine's time now.

    Raises:
        ValueError: The start has no time zone.

    >>> clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    >>> clock.advance(600)
    >>> clock.now().isoformat()
    '2026-01-01T00:10:00+00:00'
    >>> clock.sleep(5)
    >>> clock.now().isoformat()
    '2026-01-01T00:10:05+00:00'
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError(f"The start {start} has no time zone; give it one: start.replace(tzinfo=UTC).")
        self._now = start if start is not None else datetime.now(UTC)
        self._lock = threading.Lock()
        self._waiting: list[threading.Condition] = []
        self._workers: list[weakref.WeakMethod[Callable[[], object]]] = []

    def __reduce__(self) -> tuple[type[ManualClock], tuple[datetime]]:
        """Pickle the time only: a copy in another process moves by itself."""
        return ManualClock, (self._now,)

    def now(self) -> datetime:
        """Return the time at which the clock stands."""
        return self._now

    def monotonic(self) -> float:
        """Return the time at which the clock stands, in seconds since 1970-01-01 UTC."""
        return self._now.timestamp()

    def sleep(self, seconds: float) -> None:
        """Wait until every worker is at rest, then advance to this many seconds after the call.

        Sleeps that overlap in several threads advance the clock once, not one after the other.
        """
        # at least the clock's resolution, else a caller that waits for the rest of a time would wait forever
        until = self._now + (max(timedelta(seconds=seconds), _MICROSECOND) if seconds > 0 else timedelta(0))
        for reference in list(self._workers):
            settle = reference()
            if settle is not None:
                settle()
        self._advance_to(until)

    async def sleep_async(self, seconds: float) -> None:
        """Do the same in another thread, without blocking the event loop."""
        import asyncio

        await asyncio.to_thread(self.sleep, seconds)

    def wait(self, condition: threading.Condition, until: datetime | None) -> None:
        """Wait on the condition until it is notified or the clock moves."""
        with self._lock:
            if until is not None and self._now >= until:
                return
            self._waiting.append(condition)
        condition.wait()
        with self._lock:
            if condition in self._waiting:
                self._waiting.remove(condition)

    def advance(self, seconds: float) -> None:
        """Let time pass at once, whatever is at work, and wake all that wait for it.

        Args:
            seconds: How many; not negative.

        Raises:
            ValueError: It is negative.
        """
        if seconds < 0:
            raise ValueError("A clock does not run backwards; give a number of seconds that is not negative.")
        self._advance_to(self._now + timedelta(seconds=seconds))

    def add_worker(self, settle: Callable[[], object]) -> None:
        """Let :meth:`sleep` wait for something that works on this clock, such as a local workspace's queue.

        Args:
            settle: A bound method that returns when its object has nothing left to do at the present time; held weakly.
        """
        self._workers = [worker for worker in self._workers if worker() is not None] + [weakref.WeakMethod(settle)]

    def _advance_to(self, at: datetime) -> None:
        with self._lock:
            self._now = max(self._now, at)
            waiting = list(self._waiting)
        for condition in waiting:
            with condition:
                condition.notify_all()


class LabClock:
    """A clock that runs as the machine's does, and can be put forward: for a workspace that people try things on.

    Whoever waits or sleeps on it wakes when the time that it waits for has come, by running or by a jump.
    """

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        self._lock = threading.Lock()
        self._waiting: list[threading.Condition] = []

    def now(self) -> datetime:
        """Return the machine's time in UTC, and what it was put forward by."""
        return datetime.now(UTC) + self._ahead

    def monotonic(self) -> float:
        """Return the machine's monotonic time, and what it was put forward by, in seconds."""
        return time.monotonic() + self._ahead.total_seconds()

    def sleep(self, seconds: float) -> None:
        """Block the thread until this many seconds have passed on this clock."""
        until = self.now() + timedelta(seconds=seconds)
        condition = threading.Condition()
        with condition:
            while self.now() < until:
                self.wait(condition, until)

    async def sleep_async(self, seconds: float) -> None:
        """Do the same in another thread, without blocking the event loop."""
        import asyncio

        await asyncio.to_thread(self.sleep, seconds)

    def wait(self, condition: threading.Condition, until: datetime | None) -> None:
        """Wait on the condition until it is notified, the time has come, or the clock was put forward."""
        with self._lock:
            self._waiting.append(condition)
            left = None if until is None else max(0.0, (until - self.now()).total_seconds())
        condition.wait(left)
        with self._lock:
            self._waiting.remove(condition)

    def advance(self, seconds: float) -> None:
        """Put the clock forward, and wake all that wait for it.

        Args:
            seconds: By how many; not negative.

        Raises:
            ValueError: It is negative.
        """
        if seconds < 0:
            raise ValueError("A clock does not run backwards; give a number of seconds that is not negative.")
        with self._lock:
            self._ahead += timedelta(seconds=seconds)
            waiting = list(self._waiting)
        for condition in waiting:
            with condition:
                condition.notify_all()
