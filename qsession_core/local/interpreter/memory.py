"""The memory of a program: global variables, and what functions allocate while they run."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from qsession_core.local.readers.circuit import UNDEFINED, Address, Cells
from qsession_core.local.readers.qir.calls import bad

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

__all__ = ["Memory"]

_MAX_BYTES = 1 << 24


class Memory:
    """Pieces of memory, found by the piece of an address.

    Args:
        pieces: Those that are there from the beginning; what may be written of them is copied.
    """

    __slots__ = ("_pieces",)

    def __init__(self, pieces: Iterable[Cells]) -> None:
        self._pieces = [cells if cells.is_constant else Cells(cells.size, dict(cells.values)) for cells in pieces]

    def __len__(self) -> int:
        """How many pieces there are."""
        return len(self._pieces)

    @property
    def num_values(self) -> int:
        """How many values a copy has to copy."""
        return sum(len(cells.values) for cells in self._pieces if not cells.is_constant)

    def copy(self) -> Memory:
        """Return other memory with the same values."""
        return Memory(self._pieces)

    def standing(self) -> Hashable:
        """Return what is equal for memory with the same values."""
        return tuple(
            None if cells.is_constant else (cells.size, *sorted(cells.values.items(), key=itemgetter(0)))
            for cells in self._pieces
        )

    def join(self, other: Memory, unknown: object) -> None:
        """Put ``unknown`` where it differs from other memory with the same pieces."""
        for one, two in zip(self._pieces, other._pieces, strict=True):
            if one.is_constant:
                continue
            for offset in one.values.keys() | two.values.keys():
                written = one.values.get(offset)
                if written != two.values.get(offset):
                    one.values[offset] = ((written or two.values[offset])[0], unknown)

    def allocate(self, size: int) -> Address:
        """Return the address of a new piece of some bytes."""
        if size > _MAX_BYTES:
            raise bad(f"the program allocates {size} bytes of memory")
        self._pieces.append(Cells(size))
        return Address(len(self._pieces) - 1, 0)

    def release(self, num_pieces: int) -> None:
        """Forget all pieces but the first ones."""
        del self._pieces[num_pieces:]

    def load(self, type_: str, address: Any) -> Any:
        """Return the value of a type at an address; it may be UNDEFINED."""
        cells = self._cells(type_, address)
        written, value = cells.values.get(address.offset, (type_, UNDEFINED))
        if written != type_:
            raise bad(f"the program reads {type_} from memory that was written as {written}")
        return value

    def store(self, type_: str, value: Any, address: Any) -> None:
        """Write a value of a type to an address."""
        cells = self._cells(type_, address)
        if cells.is_constant:
            raise bad("the program writes memory that is constant")
        offset = address.offset
        for other in range(offset - 7, offset + _bytes(type_)):  # what it overwrites in part has no value any more
            if other in cells.values and other + _bytes(cells.values[other][0]) > offset:
                del cells.values[other]
        cells.values[offset] = (type_, value)

    def _cells(self, type_: str, address: Any) -> Cells:
        size = _bytes(type_)
        if not isinstance(address, Address):
            raise bad(f"{address} is not the address of memory")
        if address.piece >= len(self._pieces):
            raise bad("the program uses memory of a function that has returned")
        cells = self._pieces[address.piece]
        if not 0 <= address.offset <= cells.size - size:
            raise bad(f"the program uses memory at byte {address.offset} of {cells.size}")
        return cells


def _bytes(type_: str) -> int:
    """Return the bytes that a value takes in memory."""
    return 8 if type_ in {"double", "ptr"} else (int(type_[1:]) + 7) // 8
