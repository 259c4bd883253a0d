"""How the bits of a result are grouped, in which order it lists them, and how many shots it can have.

Bit order itself: :mod:`.result`.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Self

import msgspec

from qsession_core.decoding import read_json

__all__ = ["MOST_SHOTS", "Layout", "Register"]

MOST_SHOTS = 2**53  # shares are floats, and no larger number of shots can be made of them exactly

_MOST_CLBITS = 1_000_000  # a layout that claims more is malformed


@dataclass(frozen=True, slots=True)
class Register:
    """A classical register, or a Cirq measurement key.

    Attributes:
        name: The SDK's name; any text.
        clbits: Bit i of the register is classical bit ``clbits[i]``.
    """

    name: str
    clbits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read the bits of a job's result. It travels in the job's metadata under :attr:`KEY` (docs/metadata.md).

    Attributes:
        num_clbits: The classical bits of the program.
        registers: Groups of them.
        recorded: The classical bits in the order in which the result lists them; None for the natural order.
            Bits that are not in it are 0.
        names: The names of the registers in the result, in the order of ``recorded``; None if it has none.
    """

    num_clbits: int
    registers: tuple[Register, ...] = ()
    recorded: tuple[int, ...] | None = None
    names: tuple[str, ...] | None = None

    KEY = "qsession"  # without an annotation, so it is not a field

    def to_text(self) -> str:
        """Return it as one line of JSON."""
        fields: dict[str, object] = {
            "clbits": self.num_clbits,
            "registers": [[register.name, _compact(register.clbits)] for register in self.registers],
        }
        if self.recorded is not None:
            fields["recorded"] = _compact(self.recorded)
        if self.names is not None:
            fields["names"] = self.names
        return msgspec.json.encode(fields).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what :meth:`to_text` wrote.

        Raises:
            ValueError: It is not a layout.
        """
        try:
            wire = read_json(text, _WireLayout)
        except msgspec.MsgspecError as error:
            raise ValueError(f"the layout in the job's metadata cannot be read: {error}") from error
        if not 0 <= wire.clbits <= _MOST_CLBITS:
            raise ValueError(f"the layout in the job's metadata says {wire.clbits} classical bits")
        registers = tuple(Register(name, _expanded(clbits, wire.clbits)) for name, clbits in wire.registers)
        recorded = None if wire.recorded is None else _expanded(wire.recorded, wire.clbits)
        return cls(wire.clbits, registers, recorded, None if wire.names is None else tuple(wire.names))


class _WireLayout(msgspec.Struct):
    clbits: int
    registers: list[tuple[str, list[int] | str]]
    recorded: list[int] | str | None = None
    names: list[str] | None = None


def _compact(bits: tuple[int, ...]) -> list[int] | str:
    """Write a run of bits such as 3, 4, 5 as "3-5" and 5, 4, 3 as "5-3": metadata has little room."""
    if len(bits) > 2:  # noqa: PLR2004 - two numbers are as short
        step = bits[1] - bits[0]
        if step in {1, -1} and all(b - a == step for a, b in itertools.pairwise(bits)):
            return f"{bits[0]}-{bits[-1]}"
    return list(bits)


def _expanded(bits: list[int] | str, num_clbits: int) -> tuple[int, ...]:
    """Read what :func:`_compact` wrote."""
    run = None if isinstance(bits, list) else re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", bits)
    if not isinstance(bits, list):
        if run is None:
            raise ValueError(f"the layout in the job's metadata has {bits!r} for bits")
        bits = [int(run[1]), int(run[2])]
    if any(not 0 <= bit < num_clbits for bit in bits):
        raise ValueError(f"the layout in the job's metadata names a bit outside its {num_clbits}")
    if run is None:
        return tuple(bits)
    start, stop = bits
    return tuple(range(start, stop + 1) if start <= stop else range(start, stop - 1, -1))
