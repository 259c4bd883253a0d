"""Time, given and never taken from the air.

Everything in the local workspace that depends on time asks one :class:`Clock`: timestamps, the ten idle minutes of a
session, queue times, the expiry of SAS addresses. A :class:`ManualClock` stands still until it is told to advance.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "ManualClock", "SystemClock", "microseconds", "moment"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(when: datetime) -> int:
    """Return a time as whole microseconds since 1970, the form in which the store keeps it."""
    return (when - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """Return a stored time, in microseconds since 1970, as an aware one in UTC."""
    return _EPOCH + value * _MICROSECOND


class Clock(Protocol):
    """What the service asks for the time, and how it waits for it to pass."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        ...

    def wait(self, condition: threading.Condition, until: datetime | None) -> None:
        """Wait on a condition that the caller holds, until it is notified or the moment has come.

        Args:
            condition: Held by the caller, as for ``Condition.wait``.
            until: When to give up; None for never. May return early.
        """
        ...

    def sleep(self, seconds: float) -> None:
        """Let this much time pass before going on."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the machine's time."""
        return datetime.now(UTC)

    def wait(self, condition: threading.Condition, until: datetime | None) -> None:
        """Wait on the condition, at most until the moment."""
        condition.wait(None if until is None else max(0.0, (until - self.now()).total_seconds()))

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class ManualClock:
    """A clock that stands still until it is advanced.

    Args:
        start: Where it stands; None for the machine's time at this moment.

    >>> clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    >>> clock.advance(600)
    >>> clock.now().isoformat()
    '2026-01-01T00:10:00+00:00'
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start if start is not None else datetime.now(UTC)
        self._lock = threading.Lock()
        self._waiting: list[threading.Condition] = []

    def now(self) -> datetime:
        """Return where the clock stands."""
        return self._now

    def wait(self, condition: threading.Condition, until: datetime | None) -> None:
        """Wait on the condition until it is notified or the clock is advanced."""
        with self._lock:
            if until is not None and self._now >= until:
                return
            self._waiting.append(condition)
        condition.wait()
        with self._lock:
            if condition in self._waiting:
                self._waiting.remove(condition)

    def sleep(self, seconds: float) -> None:
        """Advance: whoever sleeps on a clock that stands still makes it go."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass, and wake whoever waits for it.

        Args:
            seconds: How much; not negative.

        Raises:
            ValueError: Time does not run backwards.
        """
        if seconds < 0:
            raise ValueError("A clock does not run backwards; give a number of seconds that is not negative.")
        with self._lock:
            self._now += timedelta(seconds=seconds)
            waiting = list(self._waiting)
        for condition in waiting:
            with condition:
                condition.notify_all()
