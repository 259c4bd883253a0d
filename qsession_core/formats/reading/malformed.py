"""How every decoder reports bytes that are not what their format says."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from qsession_core.errors import ResultFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qsession_core.formats.interface import JobFacts

__all__ = ["MOST_SHOTS", "total_of", "unreadable"]

# A result that claims more shots is malformed
MOST_SHOTS = 100_000_000


@contextmanager
def unreadable(output_data_format: str, facts: JobFacts) -> Iterator[None]:
    """Raise ``ResultFormatError`` for what a decoder raises inside the block.

    Decoders raise ``ValueError`` with the problem; errors of the JSON reader and of arithmetic count too, and
    those that a decoder from outside raises for a member that is missing or of another kind.

    Raises:
        ResultFormatError: The result is malformed.
    """
    try:
        yield
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _malformed(output_data_format, facts, problem) from error
    except (LookupError, TypeError, AttributeError) as error:
        raise _malformed(output_data_format, facts, f"its decoder found {error!r}") from error


def _malformed(output_data_format: str, facts: JobFacts, problem: str) -> ResultFormatError:
    whose = f" of job {facts.job_id}" if facts.job_id else ""
    return ResultFormatError(
        f"The result{whose} is not {output_data_format}: {problem}. Its bytes are in job.download_results().",
        format=output_data_format,
        problem=problem,
        job_id=facts.job_id or None,
    )


def total_of(counts: list[int], where: str) -> int:
    """Return the sum of counts.

    Raises:
        ValueError: One is negative, or the sum is beyond any job's shots.
    """
    if min(counts, default=0) < 0:
        raise ValueError(f"{where} has the negative count {min(counts)}")
    total = sum(counts)
    if total > MOST_SHOTS:
        raise ValueError(f"{where} counts {total} shots, more than any job has")
    return total
