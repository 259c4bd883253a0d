"""What providers charge for: the gates of a program, and the amount that a price makes of them.

The bill of the local workspace and the client's estimate both come from here and from the prices of
:mod:`qsession_core.catalog`. Source: docs/protocol.md 4.5.

>>> bell = GateCounts.of([1, 2], 2, 2)
>>> amount_of(price_of("quantinuum.qpu.h2-1"), bell, 1000)
11.2
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from qsession_core.catalog import PRICES, Price

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["GateCounts", "amount_of", "price_of", "two_qubit_gates"]


@dataclass(frozen=True, slots=True)
class GateCounts:
    """The gates of the programs of a job, as providers charge for them.

    Attributes:
        one: One-qubit gates.
        two: Two-qubit gates; a gate on N > 2 qubits counts as 6 (N - 2) of them.
        measure: Preparations, measurements and resets; each qubit that is used is prepared once at the start.
        programs: How many programs the job has.
        is_upper_bound: Where a measurement decides what runs next, the dearer side is counted: a run may cost less.
    """

    one: int
    two: int
    measure: int
    programs: int = 1
    is_upper_bound: bool = False

    @classmethod
    def of(cls, sizes: Iterable[int], measured: int, used: int) -> GateCounts:
        """Count gates by the number of qubits that each acts on.

        Args:
            sizes: Of each gate.
            measured: How many measurements and resets there are.
            used: How many qubits are used.
        """
        sizes = list(sizes)
        two = sum(two_qubit_gates(size) for size in sizes if size > 1)
        return cls(sizes.count(1), two, measured + used)

    def __add__(self, other: GateCounts) -> GateCounts:
        """Return the gates of the programs of both."""
        return GateCounts(
            self.one + other.one,
            self.two + other.two,
            self.measure + other.measure,
            self.programs + other.programs,
            self.is_upper_bound or other.is_upper_bound,
        )


def two_qubit_gates(size: int) -> int:
    """Return as how many two-qubit gates a gate on several qubits counts."""
    return 1 if size == 2 else 6 * (size - 2)  # noqa: PLR2004 - two qubits


def price_of(target: str, prices: Sequence[Price] = PRICES) -> Price | None:
    """Return the first price whose pattern fits a target; None if there is none."""
    return next((price for price in prices if fnmatchcase(target, price.targets)), None)


def amount_of(price: Price, counts: GateCounts, shots: int, *, is_mitigated: bool = True) -> float:
    """Return what a job costs, in the price's unit.

    Args:
        price: Of its target.
        counts: Of its programs.
        shots: Of each program.
        is_mitigated: Error mitigation is on, where the target has it.
    """
    fixed = price.fixed
    if is_mitigated and price.fixed_with_mitigation is not None:
        fixed = price.fixed_with_mitigation
    per_shot = price.one * counts.one + price.two * counts.two + price.measure * counts.measure
    # twelve digits: those behind them come from binary fractions, and would make 11.2 look like 11.200000000000001
    return float(f"{fixed * counts.programs + shots * per_shot:.12g}")
