"""What single people may do: their quotas, and the containers of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsession_core.local.people import DAY, MEMBER, OWNER, VIEWER
from qsession_core.local.replies import Refusal

if TYPE_CHECKING:
    from qsession_core.local.people import Person
    from qsession_core.local.service.requests import Service
    from qsession_core.local.storage.items import Job

__all__ = ["check_quota", "keep_account", "quotas_of", "require_change", "require_container"]


def require_change(person: Person, method: str, shape: str) -> None:
    """Refuse what a viewer may not do.

    Raises:
        Refusal: 403.
    """
    reads = method in {"GET", "HEAD"} or shape in {"storage/sasuri", "storage/proxy", "graph"}
    if person.role == VIEWER and not reads:
        raise Refusal(403, "Forbidden", f"{person.name} may look at this workspace and change nothing in it.")


def require_container(service: Service, person: Person, container: str, *, writes: bool) -> None:
    """Refuse a signed address of a container that holds another's job, or one to write with to who may not.

    Raises:
        Refusal: 403.
    """
    if writes and person.role == VIEWER:
        raise Refusal(403, "Forbidden", f"{person.name} may look at this workspace and change nothing in it.")
    if person.sees_all:
        return
    others = "SELECT 1 FROM items WHERE container = ? AND created_by IS NOT ? LIMIT 1"
    if service.store.read(others, (container, person.name)):
        raise Refusal(403, "Forbidden", f"Container {container} holds another person's job.")


def check_quota(service: Service, person: Person, job: Job, *, again: bool = False) -> None:
    """Refuse a new job that goes beyond its maker's quotas. The caller holds a transaction.

    Args:
        service: The service.
        person: Who asks.
        job: The job.
        again: The job is there, and is to run once more.

    Raises:
        Refusal: 403, with what is left of each quota that it exceeds.
    """
    if person.role != MEMBER or (person.jobs, person.shots, person.seconds) == (None, None, None):
        return
    if not again and service.store.job(job.id) is not None:
        return  # sent again
    jobs, shots, seconds = _used(service, person)
    problems = []
    if person.jobs is not None and jobs >= person.jobs and not again:
        problems.append(f"{jobs} of {person.jobs} jobs are used")
    if person.shots is not None and shots + (job.shots or 0) > person.shots:
        problems.append(f"{shots} of {person.shots} shots are used, and the job has {job.shots}")
    if person.seconds is not None and seconds >= person.seconds:
        problems.append(f"{seconds:.0f} of {person.seconds:g} seconds are used")
    if problems:
        raise Refusal(403, "QuotaExceeded", f"The quota of {person.name} in 24 hours: {'; '.join(problems)}.")


def keep_account(service: Service, job: Job, *, jobs: int) -> None:
    """Note what a job that has begun has used and its row will not show: it is removed, or runs once more.

    Args:
        service: The service.
        job: The job as it is.
        jobs: 1 for a job that is removed, else 0.
    """
    now = service.now()
    if job.began is None or job.created_by in {None, OWNER.name} or job.created <= now - DAY:
        return
    with service.store.transaction() as database:
        database.execute("DELETE FROM spent WHERE created_by = ? AND created <= ?", (job.created_by, now - DAY))
        database.execute(
            "INSERT INTO spent (created_by, created, jobs, shots, microseconds) VALUES (?, ?, ?, ?, ?)",
            (job.created_by, job.created, jobs, job.shots or 0, (job.ended or now) - job.began),
        )


def _used(service: Service, person: Person) -> tuple[int, int, float]:
    """Return the jobs, shots and simulated seconds of a person in the last 24 hours, of removed jobs too."""
    since = service.now() - DAY
    there = service.store.read(
        "SELECT count(*), sum(shots), sum(coalesce(ended, ?) - began) FROM items"
        " WHERE item_type = 'Job' AND created_by = ? AND created > ?",
        (service.now(), person.name, since),
    )[0]
    gone = service.store.read(
        "SELECT sum(jobs), sum(shots), sum(microseconds) FROM spent WHERE created_by = ? AND created > ?",
        (person.name, since),
    )[0]
    jobs, shots, microseconds = (int(one or 0) + int(other or 0) for one, other in zip(there, gone, strict=True))
    return jobs, shots, microseconds / 1_000_000


def quotas_of(service: Service, person: Person) -> list[dict[str, Any]]:
    """Return a person's quotas as the service's list of quotas has them."""
    limits = (("jobs", person.jobs), ("shots", person.shots), ("seconds", person.seconds))
    if person.role != MEMBER or all(limit is None for _, limit in limits):
        return []
    used = _used(service, person)
    return [
        {
            "dimension": dimension,
            "scope": "User",
            "providerId": "local",
            "utilization": float(amount),
            "holds": 0.0,
            "limit": float(limit),
            "period": "Daily",
        }
        for (dimension, limit), amount in zip(limits, used, strict=True)
        if limit is not None
    ]
