"""What a job would cost, before it is sent: an estimate from a dated price table that users can replace.

Gates are counted in the encoded program, with both sides of a branch. The table and its formulas are in
:mod:`qsession_core.catalog`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from qsession_core.catalog import PRICES, Price
from qsession_core.errors import ConfigurationError
from qsession_core.formats.registry import input_format

if TYPE_CHECKING:
    from datetime import date, datetime

    from qsession_core.formats.interface import GateCounts

__all__ = ["JobCost", "Quote", "estimate"]


@dataclass(frozen=True, slots=True)
class Quote:
    """An estimate of the cost of a job; the provider may bill another amount.

    Attributes:
        amount: In ``unit``.
        unit: Such as ``"AQT"``, ``"HQC"`` or a currency.
        as_of: The date of the price.
        counts: The gates that it is computed from.
        shots: The shots that it is computed from.
    """

    amount: float
    unit: str
    as_of: date
    counts: GateCounts
    shots: int


def estimate(
    data: bytes,
    input_data_format: str,
    shots: int,
    target: str,
    prices: Sequence[Price] = PRICES,
    input_params: Mapping[str, Any] | None = None,
) -> Quote:
    """Estimate what a job costs.

    The first of ``prices`` whose pattern fits the target counts. Error mitigation may be switched off in
    ``input_params``.

    Raises:
        ConfigurationError: There is no price for this target, or the gates of this format cannot be counted.
    """
    price = next((price for price in prices if fnmatchcase(target, price.targets)), None)
    if price is None:
        raise ConfigurationError(
            f"There is no price for {target}. Put one in front of workspace.prices: Price({target!r}, unit, date, ...)."
        )
    counts = input_format(input_data_format).count_gates(data)
    if counts is None:
        raise ConfigurationError(
            f"The gates of {input_data_format} cannot be counted, so there is no estimate of its cost."
        )
    fixed = price.fixed
    mitigation = (input_params or {}).get("error-mitigation")
    if price.fixed_with_mitigation is not None and not (
        isinstance(mitigation, Mapping) and mitigation.get("debias") is False
    ):
        fixed = price.fixed_with_mitigation
    per_shot = price.one * counts.one + price.two * counts.two + price.measure * counts.measure
    return Quote(fixed + shots * per_shot, price.unit, price.as_of, counts, shots)


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
    """

    job_id: str
    name: str
    target: str
    session_id: str | None
    created: datetime | None
    total: float | None
    currency: str | None
    usage: Mapping[str, Any]
