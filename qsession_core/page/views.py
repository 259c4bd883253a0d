"""The views of the page as plain values, made of what the mirror knows. Times are milliseconds since 1970.

Nothing here depends on the present time: a view changes only when the workspace does, so that a poll without news has
an empty answer. Whoever shows it reckons what is left, and how long something has lasted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from heapq import nlargest
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.client.submitting.bill import GROUPINGS, sums

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from qsession_core.page.mirror import KeptJob, KeptSession, Snapshot

__all__ = [
    "IDLE_SECONDS",
    "Choice",
    "costs",
    "job_value",
    "jobs",
    "milliseconds",
    "overview",
    "session",
    "session_names",
    "sessions",
]

# A session ends when it has had no new job for this long. Source: docs/protocol.md 4.4
IDLE_SECONDS = 600
_SUCCEEDED = {"Succeeded", "Completed"}
_RUNNING = {"Executing", "Finishing", "CancellationRequested", "Cancelling"}
_MOST_ROWS = 200
_MOST_BARS = 200
_MOST_SESSION_JOBS = 500
_FEW = 8


def milliseconds(at: datetime | None) -> int | None:
    """Return a time as whole milliseconds since 1970; None for none."""
    return None if at is None else round(at.timestamp() * 1000)


def job_value(job: KeptJob, sessions: Mapping[str, str]) -> dict[str, Any]:
    """Return a job's row.

    Args:
        job: The job.
        sessions: Names of sessions by id.
    """
    row = job.row
    return {
        "id": row.id,
        "name": row.name,
        "target": row.target,
        "state": row.state,
        "isTerminal": job.is_terminal,
        "shots": row.shots,
        "created": milliseconds(row.created),
        "began": milliseconds(row.began),
        "ended": milliseconds(row.ended),
        "session": job.session_id,
        "sessionName": sessions.get(job.session_id, ""),
        "tags": list(row.tags),
        "note": row.note,
        "cost": dict(job.cost.amounts),
    }


def overview(snapshot: Snapshot, holds: Callable[[str], float]) -> dict[str, Any]:
    """Return what is open, what waits, and what failed last.

    Args:
        snapshot: What is known.
        holds: For how many seconds a target is held for a session without a job; 0 if it is not.
    """
    names, of_session = session_names(snapshot), _by_session(snapshot)
    waiting: Counter[str] = Counter()
    running: Counter[str] = Counter()
    for job in snapshot.jobs:
        if not job.is_terminal:
            (running if job.row.state in _RUNNING else waiting)[job.row.target] += 1
    failures = [job for job in snapshot.jobs if job.row.state == "Failed"]
    last_failures = nlargest(_FEW, failures, key=lambda job: job.row.ended.timestamp() if job.row.ended else 0.0)
    return {
        "open": [
            _session_value(one, of_session.get(one.row.id, ()), holds, with_bars=True)
            for one in snapshot.sessions
            if not one.is_terminal
        ],
        "queue": [
            {"target": target, "waiting": waiting[target], "running": running[target]}
            for target in sorted(waiting | running)
        ],
        "failures": [job_value(job, names) for job in last_failures],
        "recent": [job_value(job, names) for job in snapshot.jobs[:_FEW]],
        "totals": {
            "jobs": len(snapshot.jobs),
            "succeeded": sum(job.row.state in _SUCCEEDED for job in snapshot.jobs),
            "failed": len(failures),
            "waiting": waiting.total(),
            "running": running.total(),
            "sessions": len(snapshot.sessions),
        },
    }


def sessions(snapshot: Snapshot, holds: Callable[[str], float]) -> dict[str, Any]:
    """Return the sessions, the newest first; arguments as for :func:`overview`."""
    of_session = _by_session(snapshot)
    shown = snapshot.sessions[:_MOST_ROWS]
    return {
        "total": len(snapshot.sessions),
        "rows": [_session_value(one, of_session.get(one.row.id, ()), holds) for one in shown],
    }


def session(snapshot: Snapshot, session_id: str, holds: Callable[[str], float]) -> dict[str, Any] | None:
    """Return one session with its jobs; None if there is none of this id. Arguments as for :func:`overview`."""
    found = next((one for one in snapshot.sessions if one.row.id == session_id), None)
    if found is None:
        return None
    members = _by_session(snapshot).get(session_id, ())
    names = {session_id: found.row.name}
    total = sums((job.cost for job in members), "target")
    return {
        "session": _session_value(found, members, holds, with_bars=True),
        "cost": dict(total[0].amounts) if total else {},
        "jobs": [job_value(job, names) for job in members[:_MOST_SESSION_JOBS]],
    }


class Choice(msgspec.Struct, frozen=True):
    """Which jobs are shown.

    Attributes:
        state: Only jobs in this state; as target, tag and session.
        text: Only jobs whose name or id contains this, in any letter case.
        skip: How many of them are left out first.
        top: How many follow, at most.
    """

    state: str = ""
    target: str = ""
    tag: str = ""
    session: str = ""
    text: str = ""
    skip: int = 0
    top: int = 100


def jobs(snapshot: Snapshot, choice: Choice) -> dict[str, Any]:
    """Return a stretch of the jobs that fit, with how many there are of each state, target and tag."""
    names = session_names(snapshot)
    fitting = list(_fitting(snapshot.jobs, choice))
    top = min(choice.top, _MOST_ROWS)
    return {
        "all": len(snapshot.jobs),
        "total": len(fitting),
        "skip": choice.skip,
        "rows": [job_value(job, names) for job in fitting[choice.skip : choice.skip + top]],
        "facets": {
            "state": _facet(snapshot.jobs, msgspec.structs.replace(choice, state=""), lambda job: (job.row.state,)),
            "target": _facet(snapshot.jobs, msgspec.structs.replace(choice, target=""), lambda job: (job.row.target,)),
            "tag": _facet(snapshot.jobs, msgspec.structs.replace(choice, tag=""), lambda job: job.row.tags),
        },
        "sessionName": names.get(choice.session, ""),
    }


def _facet(
    listed: Iterable[KeptJob], choice: Choice, words: Callable[[KeptJob], Sequence[str]]
) -> list[tuple[str, int]]:
    """Return the words of the jobs that fit, with how often each stands; the most frequent first."""
    counted = Counter(word for job in _fitting(listed, choice) for word in words(job))
    return sorted(counted.items(), key=lambda entry: (-entry[1], entry[0]))[:_MOST_ROWS]


def _fitting(listed: Iterable[KeptJob], choice: Choice) -> Iterable[KeptJob]:
    text = choice.text.lower()
    return (
        job
        for job in listed
        if (not choice.state or job.row.state == choice.state)
        and (not choice.target or job.row.target == choice.target)
        and (not choice.tag or choice.tag in job.row.tags)
        and (not choice.session or job.session_id == choice.session)
        and (not text or text in job.row.name.lower() or text in job.row.id)
    )


def costs(snapshot: Snapshot, by: str, since: str = "") -> dict[str, Any]:
    """Return what jobs have cost together.

    Args:
        snapshot: What is known.
        by: ``day``, ``tag``, ``target`` or ``session``.
        since: Only jobs created on this day in UTC or later, such as ``2026-03-01``; empty for all.
    """
    names = session_names(snapshot)
    bills = [job.cost for job in snapshot.jobs if not since or GROUPINGS["day"](job.cost)[0] >= since]
    rows = sums(bills, by)
    units = sorted({unit for row in rows for unit in row.amounts}, key=lambda unit: (_is_currency(unit), unit))
    total = [replace(bill, target="") for bill in bills]
    whole = sums(total, "target")
    return {
        "by": by,
        "since": since,
        "units": units,
        "computed": sorted({unit for bill in bills for unit in bill.computed}),
        "rows": [
            {
                "key": row.key,
                "name": names.get(row.key, "") if by == "session" else row.key,
                "jobs": row.jobs,
                "amounts": dict(row.amounts),
            }
            for row in (reversed(rows) if by == "day" else rows)
        ],
        "total": {"jobs": len(bills), "amounts": dict(whole[0].amounts) if whole else {}},
    }


def _is_currency(unit: str) -> bool:
    return unit in {"USD", "EUR", "GBP", ""}


def session_names(snapshot: Snapshot) -> dict[str, str]:
    """Return the names of sessions by id."""
    return {one.row.id: one.row.name for one in snapshot.sessions}


def _by_session(snapshot: Snapshot) -> dict[str, list[KeptJob]]:
    """Return the jobs of each session, the newest first."""
    found: dict[str, list[KeptJob]] = {}
    for job in snapshot.jobs:
        if job.session_id:
            found.setdefault(job.session_id, []).append(job)
    return found


def _session_value(
    one: KeptSession, members: Sequence[KeptJob], holds: Callable[[str], float], *, with_bars: bool = False
) -> dict[str, Any]:
    row = one.row
    last = milliseconds(max([job.row.created for job in members if job.row.created] + [row.created], key=_or_never))
    states = Counter(job.row.state for job in members)
    hold = 0 if one.is_terminal else holds(row.target)
    is_pending = any(not job.is_terminal for job in members)
    ends = [job.row.ended for job in members if job.row.ended]
    value: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "target": row.target,
        "state": row.state,
        "isTerminal": one.is_terminal,
        "policy": one.policy,
        "created": milliseconds(row.created),
        "ended": milliseconds(row.ended),
        "tags": list(row.tags),
        "jobs": len(members),
        "states": dict(states),
        "last": last,
        "idleEnds": None if one.is_terminal or last is None else last + IDLE_SECONDS * 1000,
        "holdSeconds": hold,
        # while a job is pending the target is held without an end
        "isHeld": bool(hold) and is_pending,
        "holdEnds": None if not hold or is_pending or not ends else round(1000 * (max(ends).timestamp() + hold)),
    }
    if with_bars:
        value["bars"] = [
            {
                "id": job.row.id,
                "name": job.row.name,
                "state": job.row.state,
                "created": milliseconds(job.row.created),
                "began": milliseconds(job.row.began),
                "ended": milliseconds(job.row.ended),
            }
            for job in reversed(members[:_MOST_BARS])
        ]
    return value


def _or_never(at: datetime | None) -> float:
    return 0.0 if at is None else at.timestamp()
