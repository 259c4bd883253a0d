"""``rigetti.quil-results.v1``: ``{"ro": [[0, 1], [1, 0]]}``, one row a shot. Source: Azure Quantum's Rigetti provider.

Quil itself is passed through as the caller wrote it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from qsession_core.errors import ResultFormatError
from qsession_core.results import Register, Result

if TYPE_CHECKING:
    from qsession_core.formats.payload import JobFacts

__all__ = ["INPUT", "OUTPUT", "decode"]

INPUT = "rigetti.quil.v1"
OUTPUT = "rigetti.quil-results.v1"


def decode(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``rigetti.quil-results.v1``; memory cells that are no bits come back as values.

    Args:
        data: The bytes.
        facts: The job's.

    Raises:
        ResultFormatError: They are something else.
    """
    try:
        readout = msgspec.json.decode(data, type=dict[str, list[list[int | float | list[float]]]])["ro"]
        if len({len(row) for row in readout}) > 1:
            raise ValueError("the rows of ro have different lengths")  # noqa: TRY301 - told like the others
    except (msgspec.MsgspecError, ValueError, KeyError) as error:
        problem = "it has no register ro" if isinstance(error, KeyError) else str(error)
        raise ResultFormatError(
            f"The result of job {facts.job_id} is not {OUTPUT}: {problem}.",
            format=OUTPUT,
            problem=problem,
            job_id=facts.job_id,
        ) from error
    width = len(readout[0]) if readout else 0
    if all(cell in (0, 1) for row in readout for cell in row):
        characters = np.array(readout, np.uint8).reshape(len(readout), width) + np.uint8(ord("0"))
        registers = (Register("ro", tuple(range(width))),)
        return [Result(width, characters=characters, registers=registers, seed_text=facts.job_id)]
    values = [[complex(*cell) if isinstance(cell, list) else cell for cell in row] for row in readout]
    return [Result(0, texts=[str(row) for row in values], values=values)]
