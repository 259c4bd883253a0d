"""Where the log of a command goes: to standard error, as much as was asked for."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qsession_core.display.text import shown
from qsession_core.logs import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qsession_core.command.output import Output

__all__ = ["logged"]

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class _Lines(logging.Handler):
    """Writes records as lines; the options may come after the handler."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record if it is important enough."""
        level = logging.ERROR if self._output.quiet else _LEVELS[min(self._output.verbose, 2)]
        if record.levelno >= level:
            sys.stderr.write(f"qsession: {shown(record.getMessage())}\n")


@contextmanager
def logged(output: Output) -> Iterator[None]:
    """Write the log to standard error during this block."""
    root = logging.getLogger()
    ours = logging.getLogger(ROOT)
    before = ours.level
    handler = _Lines(output)
    root.addHandler(handler)
    # waitress warns of every request that waits for a thread, which is normal here
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    ours.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(before)
