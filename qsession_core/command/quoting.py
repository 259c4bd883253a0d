"""What a job would cost, what its quota leaves, and what it would wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.client.service.models import Quota
    from qsession_core.client.submitting.cost import Quote
    from qsession_core.client.target import Target
    from qsession_core.formats import Payload

__all__ = ["left_of", "quota_for", "quote_of"]


def quote_of(target: Target, payload: Payload) -> Quote | str:
    """Return the estimate of a job, or why there is none."""
    try:
        return target.estimate_cost(payload)
    except ConfigurationError as error:
        return str(error)


def quota_for(quotas: Sequence[Quota], target: Target, unit: str) -> Quota | None:
    """Return the quota that a job's cost counts against; None if there is none in this unit."""
    for quota in quotas:
        same_provider = (quota.provider_id or "").lower() == target.provider_id.lower()
        if same_provider and (quota.dimension or "").lower() == unit.lower() and quota.limit is not None:
            return quota
    return None


def left_of(quota: Quota) -> float:
    """Return what a quota leaves."""
    return (quota.limit or 0.0) - (quota.utilization or 0.0) - (quota.holds or 0.0)
