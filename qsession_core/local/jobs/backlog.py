"""The jobs that wait, in their order, and which of them wait for a worker process.

The order is fair between people: a job's turn is the one of the first that waits, or the one after its maker's last
(``Lifecycle.submit``), so that who sends a thousand jobs does not keep the others waiting.

A job that needs a worker stays Waiting until there is room for it, and jobs behind it that need none go before it. Jobs
of its session do not: within a session, jobs start in the order of their submission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qsession_core.local.storage.database import Store
    from qsession_core.local.storage.items import Job

__all__ = ["Backlog"]

_FIRST_PAGE, _PAGE = 4, 64


class _Known(NamedTuple):
    """A waiting job that needs a worker."""

    session_id: str | None
    is_long: bool


class Backlog:
    """Looks through the waiting jobs.

    Args:
        store: Where they are.
        has_room: Says whether there is room for a job that needs a worker, by whether it takes long.
    """

    def __init__(self, store: Store, has_room: Callable[[bool], bool]) -> None:
        self._store = store
        self._has_room = has_room
        self._known: dict[int, _Known] = {}  # by sequence

    def waiting(self) -> Iterator[Job]:
        """Yield the waiting jobs that may have room: High first, then by turn. Mostly the first one starts."""
        if self._known:
            self._forget_gone()
        held = [sequence for sequence, known in self._known.items() if not self._has_room(known.is_long)]
        where, values = "", tuple[object, ...]()
        if held:
            sessions = {self._known[sequence].session_id for sequence in held} - {None}
            of_these, numbers = self._store.one_of("sequence", held)
            of_sessions, ids = self._store.one_of("session_id", sorted(filter(None, sessions)))
            where = f" AND NOT ({of_these}) AND (session_id IS NULL OR NOT ({of_sessions}))"
            values = (numbers, ids)
        limit, offset = _FIRST_PAGE, 0
        passed: set[str] = set()  # sessions with a job that was put off on this way through
        while True:
            page = self._store.jobs(
                f"WHERE item_type = 'Job' AND state = 'Waiting'{where} ORDER BY rank, turn, number LIMIT ? OFFSET ?",
                (*values, limit, offset),
            )
            for job in page:
                if job.session_id is None or job.session_id not in passed:
                    yield job
                    if job.sequence in self._known and job.session_id is not None:
                        passed.add(job.session_id)
            if len(page) < limit:
                return
            limit, offset = _PAGE, offset + limit

    def needs_worker(self, job: Job) -> bool | None:
        """Say whether a job that was put off takes long; None for one that was not put off."""
        known = self._known.get(job.sequence)
        return None if known is None else known.is_long

    def put_off(self, job: Job, *, is_long: bool) -> None:
        """Remember that a waiting job needs a worker and that there was no room for it."""
        self._known[job.sequence] = _Known(job.session_id, is_long)

    def forget(self, job: Job) -> None:
        """A job does not wait any more."""
        self._known.pop(job.sequence, None)

    def _forget_gone(self) -> None:
        """Forget jobs that were cancelled, removed, or taken by another process."""
        of_these, numbers = self._store.one_of("sequence", list(self._known))
        rows = self._store.read(
            f"SELECT sequence FROM items WHERE state = 'Waiting' AND item_type = 'Job' AND {of_these}",  # noqa: S608 - ours
            (numbers,),
        )
        waiting = {sequence for (sequence,) in rows}
        for sequence in [sequence for sequence in self._known if sequence not in waiting]:
            del self._known[sequence]
