"""Budgets of sessions that several commands share: noted in the session's tags, used up by the jobs that it has.

Each command is a process of its own, so what a session may use must stand where the next command finds it, and so must
what its jobs are to cost: in the session's tags (``budget:max_jobs=10``) and in the metadata of each job.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC
from typing import TYPE_CHECKING

from qsession_core.client.budget import Budget, Usage
from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qsession_core.client.job import Job
    from qsession_core.client.session import Session

__all__ = ["ESTIMATE", "budget_of", "left_of", "tags_of", "usage_of"]

ESTIMATE = "estimatedCost"  # a metadata key: amount and unit of a job's estimate, such as "11.2 HQC"
_PREFIX = "budget:"


def tags_of(budget: Budget) -> list[str]:
    """Return the tags that note a budget.

    >>> tags_of(Budget(max_jobs=3, max_cost=1.5))
    ['budget:max_jobs=3', 'budget:max_cost=1.5']
    """
    limits = ((field.name, getattr(budget, field.name)) for field in fields(budget))
    return [f"{_PREFIX}{name}={limit:g}" for name, limit in limits if limit is not None]


def budget_of(tags: Iterable[str]) -> Budget:
    """Return the budget that tags note.

    Raises:
        ConfigurationError: A tag looks like a limit and is none.
    """
    names = {field.name for field in fields(Budget)}
    limits: dict[str, float] = {}
    for tag in tags:
        if tag.startswith(_PREFIX):
            name, _, text = tag.removeprefix(_PREFIX).partition("=")
            try:
                limits[name] = float(text)
            except ValueError as error:
                raise ConfigurationError(f"The tag {tag!r} of this session is not a limit.") from error
            if name not in names:
                raise ConfigurationError(f"The tag {tag!r} of this session is not a limit that sessions have.")
    jobs, shots = limits.get("max_jobs"), limits.get("max_shots")
    return Budget(
        None if jobs is None else int(jobs),
        None if shots is None else int(shots),
        limits.get("max_time"),
        limits.get("max_cost"),
    )


def usage_of(session: Session, jobs: Sequence[Job]) -> Usage:
    """Return what a session has used of its budget: what the next job is reserved from.

    Args:
        session: The session.
        jobs: All jobs that it has.
    """
    usage = Usage(Budget(), 0.0)
    passed = max(0.0, seconds_open(session))
    for job in jobs:
        usage.reserve(session.id, job.id, job.shots or 0, estimated_cost(job), passed)
    usage.last_job_at = passed
    usage.budget = budget_of(session.details.tags or ())
    return usage


def estimated_cost(job: Job) -> float:
    """Return what a job was to cost when it was sent; 0 if its metadata do not tell."""
    amount = str((job.details.metadata or {}).get(ESTIMATE, "")).partition(" ")[0]
    try:
        return float(amount)
    except ValueError:
        return 0.0


def left_of(session: Session, jobs: Sequence[Job]) -> str:
    """Return a sentence part on what a session may still use; empty if it has no budget."""
    budget = budget_of(session.details.tags or ())
    passed = seconds_open(session)
    used = {
        "max_jobs": len(jobs),
        "max_shots": sum(job.shots or 0 for job in jobs),
        "max_time": passed,
        "max_cost": sum(map(estimated_cost, jobs)),
    }
    words = {"max_jobs": "jobs", "max_shots": "shots", "max_time": "seconds", "max_cost": "cost by estimate"}
    return ", ".join(
        f"{used[name]:.6g} of {getattr(budget, name):g} {word}"
        for name, word in words.items()
        if getattr(budget, name) is not None
    )


def seconds_open(session: Session) -> float:
    """Return for how long a session has been open; 0 if the service does not say since when."""
    created = session.details.creation_time
    if created is None:
        return 0.0
    aware = created if created.tzinfo is not None else created.replace(tzinfo=UTC)
    return (session.workspace.clock.now() - aware).total_seconds()
