"""Filters and orders for lists, as the service takes them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from qsession_core.errors import ConfigurationError
from qsession_core.keywords import near

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["all_of", "any_of", "created", "order", "starts_with"]

SORTABLE = ("Name", "ItemType", "JobType", "ProviderId", "Target", "State", "CreationTime")


def _quote(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def starts_with(prefix: str | None) -> str | None:
    """Match items whose name starts so.

    >>> starts_with("it's")
    "startswith(Name, 'it''s')"
    """
    return None if prefix is None else f"startswith(Name, {_quote(prefix)})"


def any_of(member: str, values: str | Iterable[str] | None) -> str | None:
    """Match items whose member is one of the values.

    >>> any_of("State", ["Failed", "Cancelled"])
    "(State eq 'Failed' or State eq 'Cancelled')"
    """
    if values is None:
        return None
    values = [values] if isinstance(values, str) else list(values)
    return "(" + " or ".join(f"{member} eq {_quote(str(value))}" for value in values) + ")" if values else None


def created(operator: str, day: date | None) -> str | None:
    """Match items by the day of their creation; ``operator`` is ``ge`` or ``le``."""
    if day is None:
        return None
    return f"CreationTime {operator} {(day.date() if isinstance(day, datetime) else day).isoformat()}"


def all_of(*terms: str | None) -> str | None:
    """Join filters by ``and``; None where there is nothing to filter by."""
    return " and ".join(term for term in terms if term) or None


def order(member: str | None, *, ascending: bool) -> str | None:
    """Return the order by a member.

    Raises:
        ConfigurationError: The service cannot order by it.
    """
    if member is None:
        return None
    if member not in SORTABLE:
        raise ConfigurationError(f"Lists cannot be ordered by {member!r}. {near(member, SORTABLE)}")
    return f"{member} {'asc' if ascending else 'desc'}"
