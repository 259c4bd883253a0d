"""Which decoder reads which output data format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.errors import ResultFormatError
from qsession_core.formats import ionq, microsoft, openqasm2, pasqal, rigetti
from qsession_core.formats.reading.malformed import unreadable

if TYPE_CHECKING:
    from qsession_core.formats.interface import Decoder, JobFacts
    from qsession_core.results.result import Result

__all__ = ["DECODERS", "decode"]

DECODERS: dict[str, Decoder] = {
    ionq.OUTPUT: ionq.decode,
    microsoft.V1: microsoft.decode_v1,
    microsoft.V2: microsoft.decode_v2,
    openqasm2.OUTPUT: openqasm2.decode,
    rigetti.OUTPUT: rigetti.decode,
    pasqal.OUTPUT: pasqal.decode,
}


def decode(output_data_format: str, data: bytes, facts: JobFacts) -> list[Result]:
    """Read a result.

    Args:
        output_data_format: The job's, such as ``"microsoft.quantum-results.v2"``.
        data: The bytes of its result.
        facts: What the service stores about the job.

    Returns:
        One result for each program of the job, in the job's order.

    Raises:
        ResultFormatError: There is no decoder for this format, or the bytes are not what it says.
    """
    decoder = DECODERS.get(output_data_format)
    if decoder is None:
        problem = f"no decoder for it; there are: {', '.join(DECODERS)}"
        raise ResultFormatError(
            f"The result of job {facts.job_id} is in format {output_data_format!r}: {problem}. "
            "Its bytes are in job.download_results().",
            format=output_data_format,
            problem=problem,
            job_id=facts.job_id,
        )
    if not data.isascii():
        with unreadable(output_data_format, facts):
            data.decode()  # the JSON reader looks only at texts that it needs
    return decoder(data, facts)
