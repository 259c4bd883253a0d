"""Text with gaps for numbers: a circuit is written once, whether its angles have values yet or not.

A writer puts :data:`GAP` in the place of each angle and lists the angles. Numbers are then written all at once, which
is faster than one by one, and a program with parameters is written once for all its bindings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from qsession_core.errors import ConversionError
from qsession_core.formats.interface import Payload
from qsession_core.formats.writing.problems import require_bound
from qsession_core.program import Angle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qsession_core.formats.interface import InputFormat

__all__ = ["GAP", "GappedTemplate", "GappedText", "json_numbers", "llvm_doubles"]

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
    except TypeError:  # numpy doubles; checking each number first would take as long as writing
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
        text: A :data:`GAP` for each angle.
        angles: What goes into the gaps, in order.
        write: Writes numbers in the text's language.
    """

    text: str
    angles: tuple[float | Angle, ...]
    write: Callable[[Sequence[float]], list[str]]

    @cached_property
    def _pieces(self) -> list[str]:
        """The texts between the gaps, with an empty text in each gap."""
        between = self.text.split(GAP)
        pieces = [""] * (2 * len(between) - 1)
        pieces[0::2] = between
        return pieces

    @cached_property
    def _plan(self) -> list[tuple[int, float]] | None:
        """(parameter, factor) of every gap; None if one is something else than a parameter times a factor."""
        plan = []
        for angle in self.angles:
            if not isinstance(angle, Angle) or len(angle.terms) != 1 or angle.constant:
                return None
            plan.append(angle.terms[0])
        return plan

    def fill(self, values: Sequence[float] = ()) -> str:
        """Return the text with numbers in its gaps.

        Args:
            values: ``values[i]`` is the value of parameter i of the program.

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


class GappedTemplate(msgspec.Struct, frozen=True):
    """A payload with gaps for its angles: the template of every format that is text.

    Attributes:
        text: The encoded program.
        input_format: The format that it is encoded in.
        metadata: The job's metadata.
        num_qubits: The qubits that it needs.
        parameters: The names of the program's parameters.
        input_params: The job's ``inputParams``.
        finish: Turns the filled text into the payload's bytes.
    """

    text: GappedText
    input_format: InputFormat
    metadata: Mapping[str, str]
    num_qubits: int
    parameters: tuple[str, ...] = ()
    input_params: Mapping[str, Any] = msgspec.field(default_factory=dict)
    finish: Callable[[str], bytes] = str.encode

    def bind(self, values: Sequence[float]) -> Payload:
        """Fill the gaps: parameter i of the program has ``values[i]``.

        Raises:
            UnboundParameterError: There are more or fewer values than parameters.
            ConversionError: A value is not finite.
        """
        require_bound(self.parameters, values)
        return Payload(
            self.finish(self.text.fill(values)),
            self.input_format.content_type,
            self.input_format.name,
            self.input_format.output_data_format,
            self.input_params,
            self.metadata,
            self.num_qubits,
        )
