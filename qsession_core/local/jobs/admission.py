"""Which waiting job may start: availability, queue times, jobs that run at once, sessions that hold a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.local.jobs.lifecycle import Lifecycle
    from qsession_core.local.storage.database import Store
    from qsession_core.local.storage.items import Job
    from qsession_core.local.targets import LocalTarget

__all__ = ["Admission", "Scan"]


class Admission:
    """Decides which waiting jobs may start.

    Args:
        store: Where jobs and sessions are.
        lifecycle: Tells in which phase sessions are.
        targets: By id in lower case.
    """

    def __init__(self, store: Store, lifecycle: Lifecycle, targets: Mapping[str, LocalTarget]) -> None:
        self._store = store
        self._lifecycle = lifecycle
        self._targets = targets

    def scan(self, now: int) -> Scan:
        """Begin to look through the waiting jobs.

        Args:
            now: The time in microseconds since 1970, as all times here.
        """
        return Scan(self, now)

    def held_until(self, job: Job, now: int, full: set[str]) -> int | None:
        """Return 0 if a job may start, else when to look again; None if only a change can let it start.

        Args:
            job: A job that waits.
            now: The time.
            full: Ids of targets that were found to run as many jobs as they can; a cache that this method fills.
        """
        target = self._targets.get(job.target.lower())
        if target is None:
            return 0  # its target was taken away: it fails when it runs
        if target.availability != "Available":
            return None
        if job.not_before > now:
            return job.not_before
        if target.parallel is not None:
            if target.id not in full and self._running(target) >= target.parallel:
                full.add(target.id)
            if target.id in full:
                return None
        return self._hold(job, target, now) if target.hold_seconds else 0

    def _running(self, target: LocalTarget) -> int:
        """Return how many jobs of a target run."""
        count: int = self._store.read(
            "SELECT count(*) FROM items WHERE item_type = 'Job' AND lower(target) = lower(?)"
            " AND state IN ('Executing', 'CancellationRequested')",
            (target.id,),
        )[0][0]
        return count

    def _hold(self, job: Job, target: LocalTarget, now: int) -> int | None:
        """Return until when another session holds the target; 0 if none does, None if only a change ends the hold.

        The hold lasts while jobs of the session that ran last are pending, and ``hold_seconds`` after the last one
        ended; a session that is terminal or was asked to close holds nothing once its jobs are done.
        """
        last = self._store.jobs(
            "WHERE item_type = 'Job' AND lower(target) = lower(?) AND began IS NOT NULL AND id <> ?"
            " ORDER BY began DESC, sequence DESC LIMIT 1",
            (target.id, job.id),
        )
        if not last or last[0].session_id is None or last[0].session_id == job.session_id:
            return 0
        session = self._store.session(last[0].session_id)
        if session is None or self._lifecycle.phase(session).is_terminal:
            return 0
        waiting = "SELECT 1 FROM items WHERE item_type = 'Job' AND state = 'Waiting' AND session_id = ? LIMIT 1"
        if self._store.read(waiting, (session.id,)):
            return None
        if session.closing:
            return 0
        until = (last[0].ended or now) + int(target.hold_seconds * 1_000_000)
        return 0 if until <= now else until


class Scan:
    """One look through the waiting jobs.

    Attributes:
        look_again: When the first of the jobs that were not admitted may start; None if only a change can let one.
    """

    def __init__(self, admission: Admission, now: int) -> None:
        self._admission = admission
        self._now = now
        self._full: set[str] = set()
        self.look_again: int | None = None

    def admits(self, job: Job) -> bool:
        """Say whether a waiting job may start now."""
        until = self._admission.held_until(job, self._now, self._full)
        if until:
            self.look_again = until if self.look_again is None else min(self.look_again, until)
        return until == 0
