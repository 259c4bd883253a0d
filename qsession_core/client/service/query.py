"""Filters and orders of lists, in the service's OData syntax. Source: docs/protocol.md 2.2, 2.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.client.service.spelling import (
    ITEM_TYPES,
    JOB_STATES,
    JOB_TYPES,
    SESSION_STATES,
    check,
    odd_name,
    odd_words,
    spelled,
)
from qsession_core.errors import ConfigurationError
from qsession_core.keywords import near

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from qsession_core.client.service.period import Period

__all__ = ["any_of", "matching", "order"]

SORTABLE = ("Name", "ItemType", "JobType", "ProviderId", "Target", "State", "CreationTime")


def _quote(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def starts_with(prefix: str | None) -> str | None:
    """Return the filter for items whose name starts with a prefix.

    >>> starts_with("it's")
    "startswith(Name, 'it''s')"
    """
    return None if prefix is None else f"startswith(Name, {_quote(prefix)})"


def any_of(member: str, values: str | Iterable[str] | None, words: Collection[str] = ()) -> str | None:
    """Return the filter for items whose member is one of the values, spelled as ``words`` has them.

    >>> any_of("State", ["Failed", "Cancelled"])
    "(State eq 'Failed' or State eq 'Cancelled')"
    """
    if values is None:
        return None
    values = [str(spelled(value, words)) for value in ([values] if isinstance(values, str) else values)]
    return "(" + " or ".join(f"{member} eq {_quote(str(value))}" for value in values) + ")" if values else None


def created(operator: str, day: date | None) -> str | None:
    """Return the filter by the day of creation; ``operator`` is ``ge`` or ``le``."""
    if day is None:
        return None
    return f"CreationTime {operator} {day.isoformat()}"


def matching(
    *,
    name_match: str | None = None,
    item_type: Sequence[str] | None = None,
    job_type: Sequence[str] | None = None,
    provider: Sequence[str] | None = None,
    target: Sequence[str] | None = None,
    status: Sequence[str] | None = None,
    period: Period | None = None,
    of: str = "",
) -> str | None:
    """Return the filter for items that match all arguments, which are those of ``Workspace.list_jobs``.

    ``of`` is the type of all items, if they have one: it says which states there are.

    Of a period only its days count: :meth:`~qsession_core.client.service.period.Period.holds` has to decide about
    each item.

    Raises:
        ConfigurationError: A state or type is none of the service's; the error lists all of them.
    """
    states = {"Job": JOB_STATES, "Session": SESSION_STATES}.get(of, (*JOB_STATES, *SESSION_STATES))
    check(
        odd_name("name_match", name_match),
        odd_words("item_type", item_type, ITEM_TYPES),
        odd_words("job_type", job_type, JOB_TYPES),
        odd_words("status", status, states),
    )
    return all_of(
        starts_with(name_match),
        any_of("ItemType", item_type, ITEM_TYPES),
        any_of("JobType", job_type, JOB_TYPES),
        any_of("ProviderId", provider),
        any_of("Target", target),
        any_of("State", status, states),
        created("ge", period.first_day if period is not None else None),
        created("le", period.last_day if period is not None else None),
    )


def all_of(*terms: str | None) -> str | None:
    """Join filters by ``and``; None if there are none."""
    return " and ".join(term for term in terms if term) or None


def order(member: str | None, *, ascending: bool) -> str | None:
    """Return the order by a member; None for the service's order.

    Raises:
        ConfigurationError: The service cannot order by it.
    """
    if member is None:
        return None
    if member not in SORTABLE:
        raise ConfigurationError(f"Lists cannot be ordered by {member!r}. {near(member, SORTABLE)}")
    return f"{member} {'asc' if ascending else 'desc'}"
