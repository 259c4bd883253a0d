"""What the service stores of a job and of a session: two classes, one table.

Times are whole microseconds since 1970, and texts that say JSON are JSON as it stands in a reply.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, ClassVar, Literal

import msgspec

__all__ = ["COLUMNS", "Item", "Job", "Session", "item_of", "stored"]


class Item(msgspec.Struct, kw_only=True):
    """What jobs and sessions have in common. Members are named as their columns.

    Attributes:
        id: A GUID in lower case.
        provider_id: In lower case.
        target: The target's id.
        state: The status on the wire.
        sequence: Order of creation among all items, from 1; 0 before it is stored.
        priority: ``High`` or ``Standard``; None where none was chosen.
        tags: A JSON array.
        cost: The cost estimate, JSON; None before there is one.
        created_by: The name of the person who has made it; None of items that are older than names.
    """

    id: str
    name: str
    provider_id: str
    target: str
    state: str = "Waiting"
    created: int
    modified: int
    ended: int | None = None
    sequence: int = 0
    priority: str | None = None
    tags: str = "[]"
    cost: str | None = None
    created_by: str | None = None


class Job(Item, kw_only=True):
    """One job.

    Attributes:
        number: Order of submission among jobs, from 1; 0 before it is stored.
        rank: 0 for High, 1 for Standard: the queue sorts by rank, then by turn, then by number.
        turn: When it is its maker's turn: a job that waits behind others of its maker has a later one.
        not_before: The time from which on the queue may start it.
        seed: The seed of its shots, decimal.
        owner: The process that has claimed it; None while it waits and after its end.
        attempts: How often it was started.
        item_count: ``quantumComputingData.count``; None until it has begun.
        shots: How many it runs; None where its inputParams ask for what is not possible.
        resumed: How often it was resumed; None for never.
        cancelled: When its cancellation was asked for.
        input_params: inputParams, JSON; as metadata and error (errorData).
    """

    item_type: ClassVar[Literal["Job"]] = "Job"
    session_id: str | None = None
    job_type: str = "QuantumComputing"
    number: int = 0
    rank: int = 1
    turn: int = 0
    not_before: int = 0
    container: str
    input_blob: str = "inputData"
    input_format: str
    input_params: str | None = None
    output_blob: str = "outputData"
    output_format: str
    metadata: str | None = None
    seed: str = "0"
    owner: str | None = None
    attempts: int = 0
    began: int | None = None
    item_count: int | None = None
    shots: int | None = None
    resumed: int | None = None
    cancelled: int | None = None
    error: str | None = None


class Session(Item, kw_only=True):
    """One session.

    Attributes:
        policy: jobFailurePolicy: ``Abort`` or ``Continue``.
        closing: It was asked to close while jobs were pending.
        last_submitted: When its last job was submitted, or when it was opened.
    """

    item_type: ClassVar[Literal["Session"]] = "Session"
    policy: str = "Abort"
    closing: bool = False
    last_submitted: int


_JOB = tuple(field.name for field in msgspec.structs.fields(Job))
_SESSION = tuple(field.name for field in msgspec.structs.fields(Session))
# Columns of a list of both kinds
COLUMNS = ("item_type", *dict.fromkeys(_JOB + _SESSION))
# Columns of the other kind that must not be NULL
_UNUSED: dict[str, dict[str, object]] = {
    "Job": {"closing": 0},
    "Session": {"attempts": 0, "rank": 1, "turn": 0, "not_before": 0},
}


_job_values = itemgetter(*(COLUMNS.index(name) for name in _JOB))
_session_values = itemgetter(*(COLUMNS.index(name) for name in _SESSION))


def item_of(row: tuple[Any, ...]) -> Job | Session:
    """Return the job or the session of a row of :data:`COLUMNS`."""
    if row[0] == Job.item_type:
        return Job(**dict(zip(_JOB, _job_values(row), strict=True)))
    return Session(**dict(zip(_SESSION, _session_values(row), strict=True)))


def stored(item: Job | Session) -> dict[str, object]:
    """Return the columns of a new row."""
    names = _JOB if isinstance(item, Job) else _SESSION
    values = {name: getattr(item, name) for name in names if name != "sequence"}
    return {"item_type": item.item_type, **values, **_UNUSED[item.item_type]}
