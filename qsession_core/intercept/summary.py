"""What a run has used: sessions, jobs, shots, and what they would have cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.counting import amount_of, price_of
from qsession_core.errors import ConfigurationError
from qsession_core.local.execution.bill import count_payload
from qsession_core.local.storage.blobs import Blobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qsession_core.local.workspace import LocalWorkspace

__all__ = ["Usage", "usage_of"]


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one workspace was used for.

    Attributes:
        workspace: Its name.
        sessions: How many were opened.
        jobs: How many were submitted, by state.
        shots: Of all jobs that succeeded.
        costs: What the jobs that succeeded would have cost in Azure, by the unit of the price, such as ``HQC``.
        unpriced: How many of them have no price, or gates that cannot be counted.
    """

    workspace: str
    sessions: int
    jobs: dict[str, int]
    shots: int
    costs: dict[str, float]
    unpriced: int

    def __str__(self) -> str:
        count = sum(self.jobs.values())
        parts = [_counted(self.sessions, "session"), _counted(count, "job"), _counted(self.shots, "shot")]
        others = [f"{number} {state}" for state, number in sorted(self.jobs.items()) if state != "Succeeded"]
        if others:
            parts[1] += f" ({', '.join(others)})"
        costs = [f"{amount:,.4g} {unit}" for unit, amount in sorted(self.costs.items()) if amount]
        paid = f"; would have cost {' and '.join(costs)}" if costs else ""
        unpriced = f"; {_counted(self.unpriced, 'job')} without a price" if self.unpriced else ""
        return f"{self.workspace}: {', '.join(parts)}{paid}{unpriced}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def usage_of(workspaces: Iterable[LocalWorkspace]) -> Sequence[Usage]:
    """Return what each workspace was used for, from what it has stored."""
    return [_usage(workspace) for workspace in workspaces]


def _usage(workspace: LocalWorkspace) -> Usage:
    sessions, shots, unpriced = 0, 0, 0
    jobs: dict[str, int] = {}
    costs: dict[str, float] = {}
    amounts: dict[object, tuple[float, str] | None] = {}
    blobs = Blobs(workspace.store)
    rows: Iterable[tuple[Any, ...]] = workspace.store.read(
        "SELECT item_type, state, shots, target, container, input_blob, input_format, input_params FROM items"
    )
    for kind, state, number, target, container, name, form, params in rows:
        if kind == "Session":
            sessions += 1
            continue
        jobs[state] = jobs.get(state, 0) + 1
        if state != "Succeeded":
            continue
        shots += number or 0
        payload = blobs.read(container, name) or b""
        key = (payload, target, number, form, params)
        if key not in amounts:
            amounts[key] = _amount(target, payload, form, params, number or 0)
        amount = amounts[key]
        if amount is None:
            unpriced += 1
        else:
            costs[amount[1]] = costs.get(amount[1], 0.0) + amount[0]
    return Usage(
        workspace=workspace.connection.name, sessions=sessions, jobs=jobs, shots=shots, costs=costs, unpriced=unpriced
    )


def _amount(target: str, payload: bytes, form: str, params: str | None, shots: int) -> tuple[float, str] | None:
    """Return what a job would have cost, and the unit; None if it has no price."""
    price = price_of(target)
    if price is None:
        return None
    try:
        counts = count_payload(payload, form, msgspec.json.decode(params or "{}"))
    except ConfigurationError:
        return None
    return amount_of(price, counts, shots), price.unit
