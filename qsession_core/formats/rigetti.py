"""``rigetti.quil-results.v1``: ``{"ro": [[0, 1], [1, 0]]}``, one row a shot.

Quil itself goes as the caller wrote it. Source: docs/protocol.md 6.5; Azure Quantum's Rigetti provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from qsession_core.decoding import read_json
from qsession_core.formats.interface import InputFormat
from qsession_core.results.result import Register, Result

if TYPE_CHECKING:
    from qsession_core.formats.interface import JobFacts

__all__ = ["FORMAT", "INPUT", "OUTPUT", "decode"]

OUTPUT = "rigetti.quil-results.v1"
FORMAT = InputFormat("rigetti.quil.v1", OUTPUT, "text/plain")
INPUT = FORMAT.name


class _Memory(msgspec.Struct):
    ro: list[list[int | float | list[float]]]


def decode(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``rigetti.quil-results.v1``; memory cells that are not bits come back as values.

    Raises:
        ValueError: The bytes are not what the format says.
    """
    readout = read_json(data, _Memory).ro
    width = len(readout[0]) if readout else 0
    odd = next((place for place, row in enumerate(readout) if len(row) != width), None)
    if odd is not None:
        raise ValueError(f"row {odd} of ro has {len(readout[odd])} cells, the first has {width}")
    if all(isinstance(cell, int) and cell in {0, 1} for row in readout for cell in row):
        characters = np.array(readout, np.uint8).reshape(len(readout), width) + np.uint8(ord("0"))
        registers = (Register("ro", tuple(range(width))),)
        return [Result(width, characters=characters, registers=registers, seed_text=facts.job_id)]
    values = [[_number(cell) for cell in row] for row in readout]
    return [Result(0, texts=[str(row) for row in values], values=values, seed_text=facts.job_id)]


def _number(cell: float | list[float]) -> complex:
    """Return a memory cell; a complex number is written as its two parts."""
    if not isinstance(cell, list):
        return cell
    if len(cell) != 2:  # noqa: PLR2004 - real and imaginary part
        raise ValueError(f"ro has the cell {cell}, which is neither a number nor the two parts of one")
    return complex(*cell)
