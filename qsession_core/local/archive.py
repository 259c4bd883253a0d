"""Old jobs: list, export, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qsession_core.clock import microseconds
from qsession_core.local.jobs.lifecycle import TERMINAL
from qsession_core.local.jobs.removal import remove_job
from qsession_core.local.service.addresses import addresses_for
from qsession_core.local.service.shapes import item_json

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from pathlib import Path

    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.database import Store
    from qsession_core.local.storage.items import Job

__all__ = ["Archive"]

_ENDED = f"state IN ({', '.join(repr(state) for state in (*TERMINAL, 'TimedOut'))})"


class Archive:
    """The jobs and sessions of a workspace that have ended.

    Args:
        store: The jobs and sessions.
        blobs: Their inputs and outputs.
    """

    def __init__(self, store: Store, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs

    def jobs(self, before: datetime | None = None) -> list[Job]:
        """Return the jobs that have ended, oldest first.

        Args:
            before: Only those created before this time; None for all.
        """
        limit = 2**62 if before is None else microseconds(before)
        return self._store.jobs(
            f"WHERE item_type = 'Job' AND {_ENDED} AND created < ? ORDER BY created, sequence", (limit,)
        )

    def export(self, folder: Path, job_ids: Collection[str] | None = None) -> int:
        """Write jobs to a folder: one folder a job, with ``job.json`` and its blobs.

        Blobs are numbered (``blob-0``, ``blob-1``...) and ``job.json`` has their names, because a name from the wire
        must not become a file name.

        Args:
            folder: Made if it does not exist.
            job_ids: Jobs to export; those that have not ended are left out. None for all that have ended.

        Returns:
            The number of jobs written.
        """
        wanted = None if job_ids is None else {job_id.lower() for job_id in job_ids}
        addresses = addresses_for("https", "local.quantum.azure.com")
        written = 0
        for job in self.jobs():
            if wanted is not None and job.id not in wanted:
                continue
            place = folder / job.id
            place.mkdir(parents=True, exist_ok=True)
            names = {}
            for number, blob in enumerate(self._blobs.listed(job.container)):
                names[f"blob-{number}"] = blob.name
                (place / f"blob-{number}").write_bytes(self._blobs.read(blob.container, blob.name) or b"")
            record = {"job": item_json(job, addresses), "blobs": names}
            (place / "job.json").write_bytes(msgspec.json.format(msgspec.json.encode(record)))
            written += 1
        return written

    def prune(self, before: datetime) -> int:
        """Remove jobs and sessions that have ended and were created before this time, with their blobs.

        A session stays as long as one of its jobs does.

        Returns:
            The number of jobs and sessions removed.
        """
        jobs = self.jobs(before)
        for job in jobs:
            remove_job(self._store, self._blobs, job)
        childless = "NOT EXISTS (SELECT 1 FROM items AS other WHERE other.session_id = items.id)"
        sessions = self._store.sessions(
            f"WHERE item_type = 'Session' AND {_ENDED} AND created < ? AND {childless}", (microseconds(before),)
        )
        for session in sessions:
            self._store.remove(session)
        return len(jobs) + len(sessions)
