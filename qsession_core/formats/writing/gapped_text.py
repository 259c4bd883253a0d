"""Text with gaps for numbers: how a writer emits a circuit once, whether its angles are known or not.

A writer puts :data:`GAP` where an angle belongs and lists the angles beside. All numbers are then written in one go,
which is faster than one by one, and a program with parameters is filled again and again without being written again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from qsession_core.errors import ConversionError
from qsession_core.program import Angle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["GAP", "GappedText", "json_numbers", "llvm_doubles"]

GAP = "\x00"


def json_numbers(numbers: Sequence[float]) -> list[str]:
    """Write doubles as JSON does, each with the fewest digits that read back as the same double.

    >>> json_numbers([0.1, 1e300])
    ['0.1', '1e300']
    """
    if not numbers:
        return []
    try:
        text = msgspec.json.encode(numbers)
    except TypeError:  # numpy's doubles, say; looking for them beforehand would cost as much as writing
        text = msgspec.json.encode([float(number) for number in numbers])
    return text.decode()[1:-1].split(",")


def llvm_doubles(numbers: Sequence[float]) -> list[str]:
    """Write doubles as LLVM's hexadecimal constants, exact to the bit.

    >>> llvm_doubles([0.5])
    ['0x3FE0000000000000']
    """
    digits = np.array(numbers, dtype=">f8").tobytes().hex().upper()
    return ["0x" + digits[place : place + 16] for place in range(0, len(digits), 16)]


@dataclass(frozen=True)
class GappedText:
    """A text whose gaps are filled with angles.

    Attributes:
        text: The text; a :data:`GAP` for each angle.
        angles: What goes into the gaps, in order.
        write: Writes numbers as the text's language does.
    """

    text: str
    angles: tuple[float | Angle, ...]
    write: Callable[[Sequence[float]], list[str]]

    @cached_property
    def _pieces(self) -> list[str]:
        """The text between the gaps, every second place left for a number."""
        between = self.text.split(GAP)
        pieces = [""] * (2 * len(between) - 1)
        pieces[0::2] = between
        return pieces

    @cached_property
    def _plan(self) -> list[tuple[int, float]] | None:
        """(parameter, factor) of every gap where all of them are one parameter times a factor; else None."""
        plan = []
        for angle in self.angles:
            if not isinstance(angle, Angle) or len(angle.terms) != 1 or angle.constant:
                return None
            plan.append(angle.terms[0])
        return plan

    def fill(self, values: Sequence[float] = ()) -> str:
        """Return the text with numbers in its gaps.

        Args:
            values: The value of each parameter of the program, in its order.

        Raises:
            ConversionError: A value is not finite.
        """
        if not self.angles:
            return self.text
        numbers: list[float]
        if len(values) == 0:
            numbers = list(self.angles)  # type: ignore[arg-type]
        elif self._plan is not None:
            numbers = [values[number] * factor for number, factor in self._plan]
        else:
            numbers = [angle.value(values) if type(angle) is Angle else angle for angle in self.angles]  # type: ignore[misc]
        _require_finite(numbers)
        pieces = self._pieces.copy()
        if 2 * len(numbers) + 1 != len(pieces):
            raise ConversionError("A gate comes with different numbers of angles; give it the same each time.")
        pieces[1::2] = self.write(numbers)
        return "".join(pieces)


def _require_finite(numbers: list[float]) -> None:
    if math.isfinite(sum(numbers)):  # then each of them is
        return
    for number in numbers:
        if not math.isfinite(number):
            raise ConversionError(f"An angle is {number}; every angle must be a finite number.")
