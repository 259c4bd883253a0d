"""A span of time by which lists are filtered: to the microsecond here, by whole days at the service.

The service's filter compares days (docs/protocol.md 2.2), so it is only the coarse step: it is asked for every day that
the span touches, and :meth:`Period.holds` decides about each item.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Self

import msgspec

from qsession_core.errors import ConfigurationError

__all__ = ["Period", "When"]

When = date | datetime | str
_DAY = timedelta(days=1)
_FORMS = "a datetime, a date, or text such as '2026-03-01' or '2026-03-01T06:00:00+09:00'"


class Period(msgspec.Struct, frozen=True):
    """From a moment on, and before another.

    >>> day = Period.of(created_after="2026-03-01", created_before="2026-03-01")
    >>> day.holds(datetime(2026, 3, 1, 23, 59, tzinfo=UTC)), day.holds(datetime(2026, 3, 2, tzinfo=UTC))
    (True, False)

    Attributes:
        start: The first moment in it, in UTC; None for no start.
        end: The first moment after it, in UTC; None for no end.
    """

    start: datetime | None = None
    end: datetime | None = None

    @classmethod
    def of(cls, created_after: When | None = None, created_before: When | None = None) -> Self:
        """Return the period between two times.

        A date stands for its whole day in UTC: the period begins with the day, or ends with it. A datetime without a
        zone is in the zone of this machine, as everywhere in Python.

        Args:
            created_after: The first moment, or the first day.
            created_before: The first moment that is out, or the last day that is in.

        Raises:
            ConfigurationError: One of them is not a time.
        """
        start = None if created_after is None else _read("created_after", created_after)
        end = None if created_before is None else _read("created_before", created_before)
        return cls(start and start[0], end and end[1])

    def holds(self, moment: datetime | None) -> bool:
        """Whether a moment is in the period; one that the service does not tell is never left out.

        Args:
            moment: As the service wrote it; without a zone it is in UTC.
        """
        if moment is None:
            return True
        at = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return (self.start is None or at >= self.start) and (self.end is None or at < self.end)

    @property
    def first_day(self) -> date | None:
        """The day in UTC from which the service is asked for items; None for no first day."""
        return None if self.start is None else self.start.date()

    @property
    def last_day(self) -> date | None:
        """The day in UTC up to whose midnight the service is asked for items; None for no last day."""
        return None if self.end is None else _later(self.end).date()


def _read(keyword: str, given: object) -> tuple[datetime, datetime]:
    """Return the first moment of a time and the first moment after it; of a moment, both are itself."""
    if isinstance(given, str):
        given = _parsed(keyword, given)
    if isinstance(given, datetime):
        as_python = getattr(given, "to_pydatetime", None)  # of pandas' times, which without a zone have no astimezone
        try:
            moment = (as_python() if callable(as_python) else given).astimezone(UTC)
        except (OverflowError, ValueError, OSError, TypeError) as error:
            raise ConfigurationError(f"{keyword} is {given}, which has no time in UTC.") from error
        return moment, moment
    if isinstance(given, date):
        midnight = datetime(given.year, given.month, given.day, tzinfo=UTC)
        return midnight, _later(midnight)
    raise ConfigurationError(f"{keyword} is {given!r}; pass {_FORMS}.")


def _parsed(keyword: str, text: str) -> date:
    """Return the date or datetime that a text in ISO 8601 means."""
    text = text.strip()
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{keyword} is {text!r}; pass {_FORMS}.") from error


def _later(moment: datetime) -> datetime:
    """Return the same time a day later, or the last moment that there is."""
    try:
        return moment + _DAY
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
