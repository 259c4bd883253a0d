"""Results as the official client's ``Job.get_results*`` return them, for code that was written for it."""

from __future__ import annotations

from typing import Any

import msgspec

from qsession_core.decoding import read_json
from qsession_core.formats.interface import MICROSOFT_V1, MICROSOFT_V2, JobFacts
from qsession_core.formats.microsoft import FirstVersion, plain
from qsession_core.formats.reading.malformed import total_of, unreadable

__all__ = ["histograms", "shots", "view"]


class _Count(msgspec.Struct):
    Outcome: Any
    Display: str
    Count: int


class _Run(msgspec.Struct):
    Histogram: list[_Count]
    Shots: list[Any]


class _Document(msgspec.Struct):
    Results: list[_Run]


def view(output_data_format: str, data: bytes) -> Any:
    """Return what ``get_results`` returns.

    Microsoft's formats: display text -> share of the shots, of the first program. Others: the parsed JSON, or the text
    if it is not JSON.

    Raises:
        ResultFormatError: A Microsoft format that is malformed.
    """
    if output_data_format == MICROSOFT_V2:
        first = _document(data)[0]
        return {entry.Display: entry.Count / len(first.Shots) for entry in first.Histogram if first.Shots}
    if output_data_format == MICROSOFT_V1:
        with unreadable(MICROSOFT_V1, JobFacts()):
            flat = read_json(data, FirstVersion).Histogram
            if len(flat) % 2:
                raise ValueError(f"Histogram has {len(flat)} members, an odd number")
            return dict(zip(flat[0::2], flat[1::2], strict=True))
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return data.decode("utf-8", "replace")


def histograms(data: bytes) -> Any:
    """Return what ``get_results_histogram`` returns: display text -> outcome and count; a list of these for a batch.

    Raises:
        ResultFormatError: The result is not in a Microsoft format, or malformed.
    """
    with unreadable(MICROSOFT_V2, JobFacts()):
        found = [
            {entry.Display: {"outcome": plain(entry.Outcome), "count": entry.Count} for entry in run.Histogram}
            for run in _document(data)
        ]
    return found[0] if len(found) == 1 else found


def shots(data: bytes) -> Any:
    """Return what ``get_results_shots`` returns: one outcome a shot; a list of such lists for a batch.

    Raises:
        ResultFormatError: The result is not in a Microsoft format, or malformed.
    """
    with unreadable(MICROSOFT_V2, JobFacts()):
        found = [[plain(shot) for shot in run.Shots] for run in _document(data)]
    return found[0] if len(found) == 1 else found


def _document(data: bytes) -> list[_Run]:
    with unreadable(MICROSOFT_V2, JobFacts()):
        results = read_json(data, _Document).Results
        if not results:
            raise ValueError("Results is empty")
        for run in results:
            total_of([entry.Count for entry in run.Histogram], "Histogram")
    return results
