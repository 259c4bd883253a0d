"""``pasqal.pulser-results.v1``: ``{"0110": 42, ...}``, or that under ``counter`` beside other members.

Pulser sequences themselves go as the caller wrote them. Atom i of the register is character i of a key.
Source: docs/protocol.md 6.5; Azure Quantum's Pasqal provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from qsession_core.decoding import read_json
from qsession_core.formats.interface import InputFormat
from qsession_core.formats.reading.malformed import total_of
from qsession_core.results.result import Register, Result
from qsession_core.results.rows import rows_of

if TYPE_CHECKING:
    from qsession_core.formats.interface import JobFacts

__all__ = ["FORMAT", "INPUT", "OUTPUT", "decode"]

OUTPUT = "pasqal.pulser-results.v1"
FORMAT = InputFormat("pasqal.pulser.v1", OUTPUT, "application/json")
INPUT = FORMAT.name


def decode(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``pasqal.pulser-results.v1``.

    Raises:
        ValueError: The bytes are not what the format says.
    """
    document = read_json(data, dict[str, msgspec.Raw])
    counts = read_json(document.get("counter", data), dict[str, int])
    characters = rows_of(list(counts))
    if set("".join(counts)) - set("01"):
        raise ValueError("a key has something else than 0 and 1")
    total = total_of(list(counts.values()), "it")
    weights = np.array(list(counts.values()), np.float64)
    width = characters.shape[1]
    return [
        Result(
            width,
            distribution=(characters, weights / (total or 1)),
            shots=total,
            registers=(Register("atoms", tuple(range(width))),),
            seed_text=facts.job_id,
        )
    ]
