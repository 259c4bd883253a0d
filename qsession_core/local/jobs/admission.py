"""Which waiting job may start: availability, queue times, one job at a time, sessions that hold a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.local.storage.database import SESSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.local.jobs.lifecycle import Lifecycle
    from qsession_core.local.storage.database import Item, Store
    from qsession_core.local.targets import LocalTarget

__all__ = ["Admission"]


class Admission:
    """Lets jobs start, or says when to ask again.

    Args:
        store: Where jobs and sessions are.
        lifecycle: Tells where sessions stand.
        targets: By id in lower case.
    """

    def __init__(self, store: Store, lifecycle: Lifecycle, targets: Mapping[str, LocalTarget]) -> None:
        self._store = store
        self._lifecycle = lifecycle
        self._targets = targets

    def held_until(self, job: Item, now: int, closed: dict[str, int | None]) -> int | None:
        """Return 0 if a job may start, else when to look again; None if only a change can let it start.

        Args:
            job: A job that waits.
            now: The time in microseconds since 1970, as all times here.
            closed: Targets found to take nothing more at this look; filled as they are found.
        """
        target = self._targets.get(job.target.lower())
        if target is None:
            return 0  # its target was taken away: it fails when it runs
        if target.availability != "Available":
            return None
        if job.not_before > now:
            return job.not_before
        if target.parallel is not None:
            if target.id not in closed:
                running = self._store.read(
                    "SELECT count(*) FROM items WHERE item_type = 'Job' AND target = ? COLLATE NOCASE"
                    " AND state IN ('Executing', 'CancellationRequested')",
                    (target.id,),
                )[0][0]
                if running >= target.parallel:
                    closed[target.id] = None
            if target.id in closed:
                return closed[target.id]
        return self._hold(job, target, now) if target.hold_seconds else 0

    def _hold(self, job: Item, target: LocalTarget, now: int) -> int | None:
        """Return until when another session has the target to itself; 0 if none has.

        The hold lasts while jobs of the session that ran last are pending, and ``hold_seconds`` after the last one
        ended; a session that is terminal or was asked to close holds nothing once its jobs are done.
        """
        last = self._store.items(
            "WHERE item_type = 'Job' AND target = ? COLLATE NOCASE AND began IS NOT NULL AND id <> ?"
            " ORDER BY began DESC, sequence DESC LIMIT 1",
            (target.id, job.id),
        )
        if not last or last[0].session_id is None or last[0].session_id == job.session_id:
            return 0
        session = self._store.item(SESSION, last[0].session_id)
        if session is None or self._lifecycle.phase(session).is_terminal:
            return 0
        if self._store.read("SELECT 1 FROM items WHERE session_id = ? AND state = 'Waiting' LIMIT 1", (session.id,)):
            return None
        if session.closing:
            return 0
        until = (last[0].ended or now) + int(target.hold_seconds * 1_000_000)
        return 0 if until <= now else until
