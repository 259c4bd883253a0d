"""``pasqal.pulser-results.v1``: ``{"0110": 42, ...}``, or that under ``counter``.

Source: Azure Quantum's Pasqal provider.
Pulser sequences themselves are passed through as the caller wrote them. Atom i of the register is character i.
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

INPUT = "pasqal.pulser.v1"
OUTPUT = "pasqal.pulser-results.v1"


def decode(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``pasqal.pulser-results.v1``.

    Args:
        data: The bytes.
        facts: The job's.

    Raises:
        ResultFormatError: They are something else.
    """
    try:
        document = msgspec.json.decode(data, type=dict[str, int | dict[str, int]])
        counts = msgspec.convert(document.get("counter", document), dict[str, int])
        if len({len(key) for key in counts}) > 1 or set("".join(counts)) - set("01"):
            raise ValueError("its keys are not bits of one width")  # noqa: TRY301 - told like the others
        if any(count < 0 for count in counts.values()):
            raise ValueError("a count is negative")  # noqa: TRY301
    except (msgspec.MsgspecError, ValueError) as error:
        raise ResultFormatError(
            f"The result of job {facts.job_id} is not {OUTPUT}: {error}.",
            format=OUTPUT,
            problem=str(error),
            job_id=facts.job_id,
        ) from error
    width = len(next(iter(counts), ""))
    characters = np.frombuffer("".join(counts).encode(), np.uint8).reshape(len(counts), width)
    weights = np.array(list(counts.values()), np.float64)
    total = sum(counts.values())
    return [
        Result(
            width,
            distribution=(characters, weights / total if total else weights),
            shots=total,
            registers=(Register("atoms", tuple(range(width))),),
            seed_text=facts.job_id,
        )
    ]
