"""How many gates were counted so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qsession_core.counting import two_qubit_gates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qsession_core.local.readers.circuit import Operation

__all__ = ["Tally"]


class Tally(msgspec.Struct):
    """Gates so far, and the qubits that they use."""

    one: int = 0
    two: int = 0
    measured: int = 0
    used: set[int] = msgspec.field(default_factory=set)
    is_upper_bound: bool = False

    def add(self, operations: Iterable[Operation]) -> None:
        """Add gates."""
        for name, places, _ in operations:
            if name in {"measure", "reset"}:
                self.measured += 1
                self.used.add(places[0])
            else:
                self.used.update(places)
                if len(places) == 1:
                    self.one += 1
                else:
                    self.two += two_qubit_gates(len(places))

    def add_dearest(self, sides: list[Tally]) -> None:
        """Add the dearest of several sides, by the weights of Quantinuum's formula."""
        dearest = max(sides, key=lambda side: side.one + 10 * side.two + 5 * side.measured)
        self.one += dearest.one
        self.two += dearest.two
        self.measured += dearest.measured
        before = len(self.used)
        self.used.update(*(side.used for side in sides))
        grown = len(self.used) - before
        self.is_upper_bound |= any(side.is_upper_bound or side.gates != dearest.gates for side in sides)
        self.is_upper_bound |= bool(grown) and any(side.used != dearest.used for side in sides)

    @property
    def gates(self) -> tuple[int, int, int]:
        """The gates on one qubit, those on two, and the measurements and resets."""
        return self.one, self.two, self.measured
