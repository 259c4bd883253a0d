"""Changes that the store could not take when they were due, and what keeps it from taking them.

A full disk or a database that is held must lose no job's end: a change that fails is owed, and no job starts before all
that is owed is made.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from qsession_core.local.storage.trouble import STORE_ERRORS, trouble_of
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Owed"]

_LOG = logger(__name__)


class Owed:
    """The changes that are owed, oldest first.

    Attributes:
        problem: Why no job can start or end at present, in a sentence; empty if nothing is wrong.
    """

    def __init__(self) -> None:
        self._changes: deque[Callable[[], object]] = deque()
        self.problem = ""

    def __len__(self) -> int:
        return len(self._changes)

    def make(self, change: Callable[[], object]) -> None:
        """Make a change of the store, or owe it."""
        try:
            change()
        except STORE_ERRORS as error:
            self.report(error)
            self.add(change)

    def add(self, change: Callable[[], object]) -> None:
        """Owe a change."""
        self._changes.append(change)

    def pay(self) -> bool:
        """Make all changes that are owed; return whether there were any.

        Raises:
            sqlite3.Error, OSError: The store still cannot take one; it and those after it stay owed.
        """
        had_some = bool(self._changes)
        while self._changes:
            self._changes[0]()
            self._changes.popleft()
        return had_some

    def report(self, error: BaseException) -> None:
        """Say once what keeps the queue from working."""
        trouble = trouble_of(error)
        problem = f"The queue waits: {error!r}" if trouble is None else f"The queue waits. {trouble.sentence}"
        if problem != self.problem:
            _LOG.error("%s It tries again. (%r)", problem, error, exc_info=error if trouble is None else None)
        self.problem = problem

    def is_well(self) -> None:
        """Note that the store can be read again."""
        if self.problem:
            self.problem = ""
            _LOG.warning("the queue works again")
