"""Results as the official client's ``Job.get_results*`` return them, for code that was written for it."""

from __future__ import annotations

from typing import Any

import msgspec

from qsession_core.errors import ResultFormatError
from qsession_core.formats import microsoft
from qsession_core.formats.microsoft import plain

__all__ = ["histograms", "shots", "view"]


def view(output_data_format: str, data: bytes) -> Any:
    """Return what ``get_results`` returns.

    Microsoft's formats: the share of each display text, of the first program. Others: the parsed JSON, or the text
    where it is none.

    Raises:
        ResultFormatError: A Microsoft format that is malformed.
    """
    if output_data_format == microsoft.V2:
        first = _document(data)[0]
        total = len(first["Shots"])
        return {entry["Display"]: entry["Count"] / total for entry in first["Histogram"]}
    if output_data_format == microsoft.V1:
        flat = _json(microsoft.V1, data).get("Histogram")
        if not isinstance(flat, list) or len(flat) % 2:
            raise _malformed(microsoft.V1, "Histogram is no list of pairs")
        return dict(zip(flat[0::2], flat[1::2], strict=True))
    try:
        return msgspec.json.decode(data)
    except msgspec.MsgspecError:
        return data.decode("utf-8", "replace")


def histograms(data: bytes) -> Any:
    """Return what ``get_results_histogram`` returns: outcome and count by display text; a list of such for a batch."""
    found = [
        {entry["Display"]: {"outcome": plain(entry["Outcome"]), "count": entry["Count"]} for entry in run["Histogram"]}
        for run in _document(data)
    ]
    return found[0] if len(found) == 1 else found


def shots(data: bytes) -> Any:
    """Return what ``get_results_shots`` returns: one outcome a shot; a list of such lists for a batch."""
    found = [[plain(shot) for shot in run["Shots"]] for run in _document(data)]
    return found[0] if len(found) == 1 else found


def _document(data: bytes) -> list[dict[str, Any]]:
    document = _json(microsoft.V2, data)
    results = document.get("Results")
    if not isinstance(results, list) or not results:
        raise _malformed(microsoft.V2, "Results is missing or empty")
    for run in results:
        if not isinstance(run, dict) or not {"Histogram", "Shots"} <= set(run):
            raise _malformed(microsoft.V2, "a result has no Histogram or no Shots")
    return results


def _json(output_data_format: str, data: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise _malformed(output_data_format, str(error)) from error


def _malformed(output_data_format: str, problem: str) -> ResultFormatError:
    return ResultFormatError(
        f"The result is not {output_data_format}: {problem}.", format=output_data_format, problem=problem
    )
