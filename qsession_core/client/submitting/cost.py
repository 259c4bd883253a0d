"""What a job would cost, before it is sent: an estimate from a dated price table that users can replace.

Gates are counted in the encoded program, as the local workspace counts them for its bills. The prices are in
:mod:`qsession_core.catalog`, the formula in :mod:`qsession_core.counting`.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qsession_core.catalog import PRICES, Price
from qsession_core.counting import GateCounts, amount_of, price_of
from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import date

__all__ = ["Counter", "Quote", "estimate", "is_mitigated", "required_price"]

# Takes an encoded program, its format and the job's inputParams; raises ConfigurationError if it cannot count its gates
Counter = Callable[[bytes, str, Mapping[str, Any]], GateCounts]


@dataclass(frozen=True, slots=True)
class Quote:
    """An estimate of the cost of a job; the provider may bill another amount.

    Attributes:
        amount: In ``unit``.
        unit: Such as ``"AQT"``, ``"HQC"`` or a currency.
        as_of: The date of the price.
        counts: The gates that it is computed from.
        shots: The shots that it is computed from; of several programs, of all of them together.
        parts: Of several programs, the estimate of each; else empty.
        exceeds: A sentence for each quota of the workspace that leaves less than this.
    """

    amount: float
    unit: str
    as_of: date
    counts: GateCounts
    shots: int
    parts: tuple[Quote, ...] = ()
    exceeds: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        from qsession_core.display.notebook import card

        facts = [
            ("price of", self.as_of),
            ("shots", self.shots),
            ("one-qubit gates", self.counts.one),
            ("two-qubit gates", self.counts.two),
            *(("quota", sentence) for sentence in self.exceeds),
        ]
        return card(f"{'At most ' if self.is_upper_bound else ''}{self.amount:g} {self.unit}", facts)

    @classmethod
    def sum_of(cls, parts: Sequence[Quote]) -> Quote:
        """Return the estimate of several jobs on one target together.

        Args:
            parts: At least one; all in one unit.
        """
        # twelve digits, as single amounts have
        total = float(f"{math.fsum(part.amount for part in parts):.12g}")
        counts = functools.reduce(operator.add, (part.counts for part in parts))
        return cls(total, parts[0].unit, parts[0].as_of, counts, sum(part.shots for part in parts), tuple(parts))

    @property
    def is_upper_bound(self) -> bool:
        """Whether a measurement decides what runs, so that the dearer side was counted."""
        return self.counts.is_upper_bound


def required_price(target: str, prices: Sequence[Price] = PRICES) -> Price:
    """Return the price that counts for a target: the first whose pattern fits.

    Raises:
        ConfigurationError: There is none.
    """
    price = price_of(target, prices)
    if price is None:
        raise ConfigurationError(
            f"There is no price for {target}. Put one in front of workspace.prices: Price({target!r}, unit, date, ...)."
        )
    return price


def estimate(
    data: bytes,
    input_data_format: str,
    shots: int,
    target: str,
    prices: Sequence[Price] = PRICES,
    input_params: Mapping[str, Any] | None = None,
    *,
    counter: Counter | None = None,
) -> Quote:
    """Estimate what a job costs.

    The first of ``prices`` whose pattern fits the target counts. Error mitigation may be switched off in
    ``input_params``. A format that has a counter of its own is counted by it, others by ``counter``.

    Raises:
        ConfigurationError: There is no price for this target, or the gates of this format cannot be counted.
    """
    from qsession_core.formats.registry import input_format

    price = required_price(target, prices)
    params = input_params or {}
    counts = input_format(input_data_format).count_gates(data)
    if counts is None and counter is not None:
        counts = counter(data, input_data_format, params)
    if counts is None:
        raise ConfigurationError(
            f"The gates of {input_data_format} cannot be counted, so there is no estimate of its cost."
        )
    amount = amount_of(price, counts, shots, is_mitigated=is_mitigated(params))
    return Quote(amount, price.unit, price.as_of, counts, shots)


def is_mitigated(input_params: Mapping[str, Any]) -> bool:
    """Whether a job leaves error mitigation on, where its target has it."""
    mitigation = input_params.get("error-mitigation")
    return not (isinstance(mitigation, Mapping) and mitigation.get("debias") is False)
