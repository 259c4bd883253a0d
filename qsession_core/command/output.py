"""What a command writes, and how: tables or JSON, with colour or without, or nothing."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from qsession_core.display.text import escaped, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Output"]

_STATES = {
    "Succeeded": "green", "Completed": "green", "ok": "green", "Available": "green",
    "Failed": "red", "fail": "red", "TimedOut": "red", "Unavailable": "red",
    "Failure(s)": "yellow", "Cancelled": "yellow", "warn": "yellow", "Degraded": "yellow",
    "Executing": "cyan", "Finishing": "cyan",
}  # fmt: skip
_PAINTED = ("STATE", "CHECK", "AVAILABILITY")


@dataclass
class Output:
    """Where results go.

    Attributes:
        as_json: Write one JSON object a line instead of tables.
        quiet: Write nothing but what was asked for as JSON, and errors.
        verbose: How much of the log is written: 0 for warnings, 1 for information, 2 for everything.
    """

    as_json: bool = False
    quiet: bool = False
    verbose: int = 0

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at what is written."""
        return sys.stdout.isatty()

    @property
    def room(self) -> int | None:
        """How many columns the terminal has; None where what is written goes into a file or pipe."""
        if not self.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
            return None
        return max(20, shutil.get_terminal_size().columns)

    @property
    def has_colour(self) -> bool:
        """Whether colours are written: only to a terminal, and not with NO_COLOR."""
        return self.is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def has_blocks(self) -> bool:
        """Whether the output's encoding has block characters."""
        try:
            "█".encode(sys.stdout.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def paint(self, header: str, text: str) -> str:
        """Return a cell of a table in the colour of its state."""
        colour = _STATES.get(text.strip()) if header in _PAINTED and self.has_colour else None
        return click.style(text, fg=colour) if colour else text

    def lines(self, lines: Iterable[str]) -> None:
        """Write lines for people; what could control the terminal must be hidden already."""
        if not self.quiet and not self.as_json:
            for line in lines:
                click.echo(line, color=self.has_colour)

    def say(self, sentence: str) -> None:
        """Write a sentence for people."""
        self.lines(shown(line) for line in sentence.split("\n"))

    def remark(self, sentence: str) -> None:
        """Write a sentence beside the results, where a pipe does not take it."""
        if not self.quiet:
            click.echo(shown(sentence), err=True)

    def objects(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Write one JSON object a line if JSON was asked for."""
        if self.as_json:
            for one in objects:
                click.echo(escaped(json.dumps(one, ensure_ascii=False, separators=(",", ":"), default=str)))

    def csv(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write rows of comma-separated values."""
        import csv
        import io

        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
        if not self.quiet:
            click.echo(text.getvalue(), nl=False)
