"""Lists that a notebook shows as tables. Everywhere else they are lists.

>>> Listing([("bell", 2)], {"Name": lambda row: row[0], "Qubits": lambda row: row[1]})
[('bell', 2)]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from qsession_core.display.notebook import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Listing", "amounts_text"]

T = TypeVar("T")


class Listing(list[T]):
    """A list, and what a notebook shows of each of its members."""

    def __init__(self, members: Iterable[T], columns: Mapping[str, Callable[[T], object]]) -> None:
        """List members.

        Args:
            members: They.
            columns: By the head of a column: what is shown of a member; a number, a text, or None for nothing.
        """
        super().__init__(members)
        self._columns = columns

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a plain list."""
        return list, (list(self),)

    def _repr_html_(self) -> str:
        return table(list(self._columns), [[read(member) for read in self._columns.values()] for member in self])


def amounts_text(amounts: Mapping[str, float]) -> str:
    """Return amounts by unit as text.

    >>> amounts_text({"HQC": 11.2, "USD": 0.0})
    '11.20 HQC, 0.00 USD'
    """
    return ", ".join(f"{amount:.2f} {unit}" for unit, amount in sorted(amounts.items()))
