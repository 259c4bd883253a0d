"""What the address of a view asks for, and lists as files of comma-separated values."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from qsession_core.client.submitting.bill import GROUPINGS
from qsession_core.local.replies import Refusal
from qsession_core.page.views import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["choice_of", "csv_of", "grouping_of"]

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet calculate


def choice_of(query: Mapping[str, str]) -> Choice:
    """Return which jobs are asked for.

    Raises:
        Refusal: 400, a number is none.
    """
    return Choice(
        query.get("state", ""),
        query.get("target", ""),
        query.get("tag", ""),
        query.get("session", ""),
        query.get("q", ""),
        _number(query, "skip", 0),
        _number(query, "top", 100),
    )


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 9:  # noqa: PLR2004 - nine digits are plenty
        raise Refusal(400, "InvalidQueryParameter", f"{name} must be a non-negative integer.")
    return int(text)


def grouping_of(query: Mapping[str, str]) -> str:
    """Return what costs are to be summed by.

    Raises:
        Refusal: 400, they cannot be.
    """
    by = query.get("by", "day")
    if by not in GROUPINGS:
        raise Refusal(400, "InvalidQueryParameter", f"by is one of {', '.join(GROUPINGS)}.")
    return by


def csv_of(value: Mapping[str, Any]) -> bytes:
    """Return the view of costs as a file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([value["by"], "jobs", *(unit or "amount" for unit in value["units"])])
    for row in value["rows"]:
        # a name must not become a formula in a spreadsheet
        key = f"'{row['key']}" if row["key"].startswith(_FORMULAS) else row["key"]
        writer.writerow([key, row["jobs"], *(row["amounts"].get(unit, "") for unit in value["units"])])
    return text.getvalue().encode()
