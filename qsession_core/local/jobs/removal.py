"""Removes a job with its blobs, and nothing that another job names: several jobs may share one container."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.database import Store
    from qsession_core.local.storage.items import Job

__all__ = ["remove_job"]


def remove_job(store: Store, blobs: Blobs, job: Job) -> None:
    """Remove a job.

    A container that is named after the job goes with all it has, unless another job names it. Of any other container
    the job's input and output go, unless another job names them.
    """
    with store.transaction():
        store.remove(job)
        others = store.jobs("WHERE item_type = 'Job' AND container = ? ORDER BY sequence", (job.container,))
        if not others and job.container == f"job-{job.id}":
            files = blobs.take_container(job.container)
        else:
            kept = {name for other in others for name in (other.input_blob, other.output_blob)}
            files = [
                file
                for name in (job.input_blob, job.output_blob)
                if name not in kept
                for file in blobs.take(job.container, name)
            ]
    blobs.forget(files)  # once the rows are gone for good
