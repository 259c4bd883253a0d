"""What jobs have cost according to the service: in the provider's unit, and summed up.

The service lists events of use, each with its own dimension (docs/protocol.md 4.5). HQC and eHQC are such dimensions.
IonQ's events count gates times shots, so that the amount in AQT is computed from them by the price table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

from qsession_core.client.submitting.cost import is_mitigated
from qsession_core.counting import GateCounts, amount_of, price_of
from qsession_core.errors import ConfigurationError
from qsession_core.keywords import near

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from qsession_core.catalog import Price
    from qsession_core.client.service.models import CostEvent, JobDetails

__all__ = ["GROUPINGS", "CostSum", "JobCost", "sums"]

_UNITS = {"hqc": "HQC", "ehqc": "eHQC", "aqt": "AQT"}  # dimension -> unit, as in the price table
_GATES = ("gs1q", "gs2q")  # one-qubit and two-qubit gates, times shots


@dataclass(frozen=True, slots=True)
class JobCost:
    """What the service says that a job has cost.

    Attributes:
        job_id: The job's id.
        name: Its name.
        target: Where it ran.
        session_id: The session it belongs to, if any.
        created: When it was created.
        total: How much, in ``currency``; None if the service does not say.
        currency: Such as ``"USD"``.
        usage: What it used up, by the service's own names.
        tags: Its tags.
        events: What was counted, as the service reports it.
        amounts: Unit -> amount: such as ``{"HQC": 11.2, "USD": 0.0}``.
        computed: The units whose amount we have computed from the events by the price table, because the service gives
            only the events.
    """

    job_id: str
    name: str
    target: str
    session_id: str | None
    created: datetime | None
    total: float | None
    currency: str | None
    usage: Mapping[str, Any]
    tags: tuple[str, ...] = ()
    events: tuple[CostEvent, ...] = ()
    amounts: Mapping[str, float] = field(default_factory=dict)
    computed: tuple[str, ...] = ()

    @classmethod
    def of(cls, details: JobDetails, prices: Sequence[Price]) -> JobCost:
        """Read what a job has cost from what the service says of it.

        Args:
            details: The job.
            prices: What amounts are computed from where the service gives only gates.
        """
        bill = details.cost_estimate
        events = tuple((bill.events or ()) if bill is not None else ())
        total = bill.estimated_total if bill is not None else None
        currency = bill.currency_code if bill is not None else None
        amounts = _events_by_unit(events)
        computed: tuple[str, ...] = ()
        price = price_of(details.target, prices)
        if price is not None and price.unit not in amounts and any(event.dimension_id in _GATES for event in events):
            amounts = {unit: amount for unit, amount in amounts.items() if unit not in _GATES}
            amounts[price.unit] = _from_gates(price, events, details.input_params or {})
            computed = (price.unit,)
        if total is not None:
            amounts[currency or ""] = total
        return cls(
            details.id,
            details.name,
            details.target,
            details.session_id,
            details.creation_time,
            total,
            currency,
            details.usage or {},
            tuple(details.tags or ()),
            events,
            amounts,
            computed,
        )


def _events_by_unit(events: Iterable[CostEvent]) -> dict[str, float]:
    """Return unit -> amount billed; a dimension without a unit of its own is its unit."""
    amounts: dict[str, float] = {}
    for event in events:
        dimension = event.dimension_id or event.dimension_name or ""
        unit = _UNITS.get(dimension.lower(), dimension)
        billed = event.amount_billed if event.amount_billed is not None else event.amount_consumed
        amounts[unit] = amounts.get(unit, 0.0) + (billed or 0.0)
    return amounts


def _from_gates(price: Price, events: Iterable[CostEvent], input_params: Mapping[str, Any]) -> float:
    """Return the amount of a bill that counts gates times shots."""
    used = dict.fromkeys(_GATES, 0.0)
    for event in events:
        if event.dimension_id in used:
            used[event.dimension_id] += event.amount_consumed or 0.0
    counts = GateCounts(round(used["gs1q"]), round(used["gs2q"]), 0)
    return amount_of(price, counts, 1, is_mitigated=is_mitigated(input_params))


@dataclass(frozen=True, slots=True)
class CostSum:
    """What some jobs have cost together.

    Attributes:
        key: What they have in common: a tag, a day in UTC (``"2026-03-01"``), the id of a session, a target; empty for
            jobs that have none of it.
        jobs: How many they are.
        amounts: Unit -> amount.
    """

    key: str
    jobs: int
    amounts: Mapping[str, float]


def _day(cost: JobCost) -> str:
    if cost.created is None:
        return ""
    return (cost.created.astimezone(UTC) if cost.created.tzinfo else cost.created).date().isoformat()


# What costs can be summed by -> the keys of a job; a job counts once under each of its tags
GROUPINGS: Mapping[str, Callable[[JobCost], tuple[str, ...]]] = {
    "tag": lambda cost: tuple(dict.fromkeys(cost.tags)) or ("",),
    "day": lambda cost: (_day(cost),),
    "session": lambda cost: (cost.session_id or "",),
    "target": lambda cost: (cost.target,),
}


def sums(costs: Iterable[JobCost], by: str) -> list[CostSum]:
    """Sum costs up.

    Args:
        costs: From ``workspace.costs()``.
        by: ``"tag"``, ``"day"``, ``"session"`` or ``"target"``. A job with several tags counts under each of them.

    Returns:
        A sum for each tag, day, session or target, sorted by key.

    Raises:
        ConfigurationError: Costs cannot be summed by this.
    """
    if by not in GROUPINGS:
        raise ConfigurationError(f"Costs cannot be summed by {by!r}. {near(by, GROUPINGS)}")
    groups: dict[str, list[JobCost]] = {}
    for cost in costs:
        for key in GROUPINGS[by](cost):
            groups.setdefault(key, []).append(cost)
    return [CostSum(key, len(members), _total(members)) for key, members in sorted(groups.items())]


def _total(costs: Sequence[JobCost]) -> dict[str, float]:
    units = dict.fromkeys(unit for cost in costs for unit in cost.amounts)
    # twelve digits, as amounts of single jobs have
    return {unit: float(f"{math.fsum(cost.amounts.get(unit, 0.0) for cost in costs):.12g}") for unit in units}
