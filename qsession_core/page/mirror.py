"""What the page knows of its workspace's jobs and sessions: rows, kept up to date with few calls.

The service has no list of what changed. So a look asks for what is not terminal, and for the newest items back to the
first page without news; what was not terminal before and is not in either is asked for by its id. Now and then all
lists are read whole, which shows what else changed: deleted jobs, new names, jobs that were resumed.

All readers share one mirror, and it looks for at most a tenth of the time, so that many open pages ask a slow service
no more often than one does.
"""

from __future__ import annotations

import threading
import time
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from qsession_core.client.service.models import item_id, job_details, session_details
from qsession_core.client.service.query import any_of
from qsession_core.client.service.status import JobStatus, SessionStatus
from qsession_core.client.submitting.bill import JobCost
from qsession_core.display.rows import JobRow, SessionRow, job_row, session_row
from qsession_core.errors import NotFoundError, QSessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qsession_core.client.workspace import Workspace

__all__ = ["KeptJob", "KeptSession", "Mirror", "Snapshot"]

_PENDING_JOBS = tuple(str(status) for status in JobStatus if not status.is_terminal)
_OPEN_SESSIONS = tuple(str(status) for status in SessionStatus if not status.is_terminal)
_PAGE = 100  # items that the client's lists bring with one call
_MOST_BY_ID = 16  # items that are asked for one by one, rather than by reading the whole list
_SHARE, _WHOLE_SHARE = 10, 50  # a look is followed by this many times its own duration without one
_WHOLE_SECONDS = 60.0
_PUBLISHED = 500  # items of a long list after which those read so far are shown


class KeptJob(msgspec.Struct, frozen=True):
    """A job: its row, the id of its session (empty for none), what it has cost, and whether it is terminal."""

    row: JobRow
    session_id: str
    cost: JobCost
    is_terminal: bool


class KeptSession(msgspec.Struct, frozen=True):
    """A session: its row, what happens when a job of it fails, and whether it takes no more jobs."""

    row: SessionRow
    policy: str
    is_terminal: bool


class Snapshot(msgspec.Struct, frozen=True):
    """What is known at one time.

    Attributes:
        version: Another number for each change.
        jobs: The newest first.
        sessions: The newest first.
        is_whole: Whether all lists have been read to their end.
        problem: Why the last look failed; empty if it did not.
    """

    version: int = 0
    jobs: tuple[KeptJob, ...] = ()
    sessions: tuple[KeptSession, ...] = ()
    is_whole: bool = False
    problem: str = ""


K = TypeVar("K", KeptJob, KeptSession)


class _Shelf(Generic[K]):
    """The items of one kind.

    Args:
        read: Makes an item of what the service wrote.
        listed: Lists items by a filter, the newest first.
        fetched: Returns one by its id.
        unfinished: The states in which items still change.
    """

    def __init__(
        self,
        read: Callable[[bytes], K],
        listed: Callable[[str | None], Iterator[bytes]],
        fetched: Callable[[str], bytes],
        unfinished: tuple[str, ...],
    ) -> None:
        self._read: Callable[[bytes], K] = read
        self._listed = listed
        self._fetched = fetched
        self._unfinished = any_of("State", unfinished)
        self._items: dict[str, K] = {}
        self._open: set[str] = set()
        self.has_changed = False

    def _put(self, raw: bytes) -> bool:
        """Keep an item; say whether it was unknown."""
        one = self._read(raw)
        before = self._items.get(one.row.id)
        if one != before:
            self._items[one.row.id] = one
            self.has_changed = True
            (self._open.discard if one.is_terminal else self._open.add)(one.row.id)
        return before is None

    def _remove(self, item: str) -> None:
        self._items.pop(item, None)
        self._open.discard(item)
        self.has_changed = True

    def look(self) -> None:
        """Read what may have changed."""
        missing = set(self._open)
        if missing:
            for raw in self._listed(self._unfinished):
                self._put(raw)
                missing.discard(item_id(raw))
        newest = self._listed(None)
        while page := list(islice(newest, _PAGE)):
            missing -= {item_id(raw) for raw in page}
            news = sum(self._put(raw) for raw in page)
            if not news and len(missing) <= _MOST_BY_ID:
                break
        for item in missing:
            try:
                self._put(self._fetched(item))
            except NotFoundError:
                self._remove(item)

    def look_at_all(self, publish: Callable[[], None]) -> None:
        """Read the whole list, and forget what is not in it."""
        before = set(self._items)
        for number, raw in enumerate(self._listed(None), 1):
            self._put(raw)
            before.discard(item_id(raw))
            if number % _PUBLISHED == 0:
                publish()
        for item in before:
            self._remove(item)

    def newest_first(self) -> tuple[K, ...]:
        """Return all items."""

        def age(one: K) -> tuple[float, str]:
            created = one.row.created
            return (0.0 if created is None else -created.timestamp(), one.row.id)

        return tuple(sorted(self._items.values(), key=age))


class Mirror:
    """Looks at a workspace when it is asked and the last look is old enough. Safe to use from several threads.

    Args:
        workspace: What is looked at.
        period_seconds: The shortest time between two looks, in real time; 0 to look whenever it is asked.
        patience_seconds: How long :meth:`snapshot` waits for a look before it returns what is known.
    """

    def __init__(self, workspace: Workspace, *, period_seconds: float = 0.9, patience_seconds: float = 0.5) -> None:
        self._workspace = workspace
        self._period = period_seconds
        self._patience = patience_seconds
        calls, day = workspace.parts.calls, "CreationTime"
        self._jobs: _Shelf[KeptJob] = _Shelf(
            self.job_of, lambda filter_: calls.list_jobs(filter_, day, is_asc=False), calls.get_job, _PENDING_JOBS
        )
        self._sessions: _Shelf[KeptSession] = _Shelf(
            self._session,
            lambda filter_: calls.list_sessions(filter_, day, is_asc=False),
            calls.get_session,
            _OPEN_SESSIONS,
        )
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._look_at = self._look_at_all_at = 0.0
        self._snapshot = Snapshot()

    def snapshot(self) -> Snapshot:
        """Return what is known, after a look if one is due."""
        with self._lock:
            worker = self._worker
            if worker is None and time.monotonic() >= self._look_at:
                worker = self._worker = threading.Thread(target=self._look, name="qsession-page", daemon=True)
                worker.start()
        if worker is not None:
            worker.join(self._patience)
        return self._snapshot

    def expect_change(self) -> None:
        """Make the next call of :meth:`snapshot` look, because something was changed through the page."""
        with self._lock:
            self._look_at = 0.0

    def _look(self) -> None:
        """Look, and plan the next look."""
        start = time.monotonic()
        is_whole = start >= self._look_at_all_at
        problem, tried = "", False
        try:
            if is_whole:
                self._sessions.look_at_all(self._publish)
                self._jobs.look_at_all(self._publish)
            else:
                self._sessions.look()
                self._jobs.look()
            tried = True
        except QSessionError as error:
            problem = str(error)
        finally:
            took = time.monotonic() - start
            with self._lock:
                self._worker = None
                self._look_at = start + took + (max(self._period, _SHARE * took) if self._period else 0.0)
                if is_whole and tried:
                    self._look_at_all_at = start + max(_WHOLE_SECONDS, _WHOLE_SHARE * took)
            self._publish(problem, is_whole=self._snapshot.is_whole or (is_whole and tried))

    def _publish(self, problem: str = "", *, is_whole: bool = False) -> None:
        """Show what is known, if it has changed."""
        before = self._snapshot
        has_changed = self._jobs.has_changed or self._sessions.has_changed
        if not has_changed and (problem, is_whole) == (before.problem, before.is_whole):
            return
        jobs, sessions = before.jobs, before.sessions
        if self._jobs.has_changed:
            jobs, self._jobs.has_changed = self._jobs.newest_first(), False
        if self._sessions.has_changed:
            sessions, self._sessions.has_changed = self._sessions.newest_first(), False
        self._snapshot = Snapshot(before.version + 1, jobs, sessions, is_whole, problem)

    def job_of(self, raw: bytes) -> KeptJob:
        """Return a job as the service wrote it in the form in which the mirror keeps jobs."""
        from qsession_core.client.job import Job

        job = Job(self._workspace, raw)
        details = job_details(raw)
        # its times are shown as they are; what still lasts is reckoned by who shows it
        row = job_row(details, shots=job.shots, is_terminal=True, now=self._workspace.clock.now())
        return KeptJob(
            row, details.session_id or "", JobCost.of(details, self._workspace.prices), job.status.is_terminal
        )

    def _session(self, raw: bytes) -> KeptSession:
        details = session_details(raw)
        row = session_row(details, is_terminal=True, now=self._workspace.clock.now())
        return KeptSession(row, details.job_failure_policy or "", SessionStatus(details.status).is_terminal)
