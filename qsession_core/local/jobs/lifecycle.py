"""The state changes of jobs and sessions, each as one transaction on the store.

Nothing here waits, runs a job or starts a thread. The rules for sessions are in session_states.py; this module applies
them to the store. Invariants:

1. A job's state moves Waiting -> Executing -> a terminal state, with CancellationRequested before Cancelled if it was
   executing; only a job that has failed or was cancelled leaves its terminal state, when it is resumed.
2. Only the process that claimed a job (``owner``) can end it, and only while it is Executing or CancellationRequested.
   So a job ends once, however often it runs and in however many processes.
3. A job and its session change in the same transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.clock import microseconds
from qsession_core.local.execution.items import items_in
from qsession_core.local.execution.task import Outcome
from qsession_core.local.jobs.session_states import IDLE_SECONDS, Event, Phase, move, phase_of
from qsession_core.local.replies import Refusal
from qsession_core.local.storage.blobs import Blob
from qsession_core.local.storage.database import to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core.clock import Clock
    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.database import Store
    from qsession_core.local.storage.items import Job, Session

__all__ = ["MAX_TRIES", "PENDING", "TERMINAL", "Lifecycle", "exhausted"]

TERMINAL = ("Completed", "Succeeded", "Failed", "Cancelled")
PENDING = ("Waiting", "Executing", "CancellationRequested")
# How often a job is tried whose process dies
MAX_TRIES = 3
_PENDING_SQL = "('Waiting', 'Executing', 'CancellationRequested')"
_OPEN_SQL = "item_type = 'Session' AND closing = 0 AND state IN ('Waiting', 'Executing', 'Failure(s)')"
_HIGH_SQL = (
    "(priority = 'High' OR session_id IN (SELECT id FROM items WHERE item_type = 'Session' AND priority = 'High'))"
)
_RUNNING_SQL = "item_type = 'Job' AND owner = ? AND state = 'Executing'"
_TOO_LATE = (
    "Session is already in a terminal state. This may have been due to failures in prior jobs in the session."
)  # fmt: skip


class Lifecycle:
    """Moves jobs and sessions through their states.

    Args:
        store: The jobs and sessions.
        blobs: Takes the jobs' outputs.
        clock: Gives the times that are stored.
    """

    def __init__(self, store: Store, blobs: Blobs, clock: Clock) -> None:
        self._store = store
        self._blobs = blobs
        self._clock = clock

    def _now(self) -> int:
        return microseconds(self._clock.now())

    # --- sessions ---

    def open_session(self, session: Session) -> Session:
        """Store a new session; if there is one of this id, return that one unchanged, because clients retry."""
        with self._store.transaction():
            return self._store.session(session.id) or self._store.add(session)

    def close_session(self, session: Session) -> Session:
        """Ask a session to close. Its jobs run on."""
        with self._store.transaction():
            current = self._store.session(session.id) or session
            event = Event.CLOSE_BUSY if self._pending(session.id) else Event.CLOSE_QUIET
            self._happen(current, event)
            return current

    def expire(self) -> int | None:
        """Time out the sessions that were idle too long; return when the next is due, in microseconds since 1970."""
        idle = IDLE_SECONDS * 1_000_000
        query = f"SELECT min(last_submitted) FROM items WHERE {_OPEN_SQL}"  # noqa: S608 - our own text
        oldest = self._store.read(query)[0][0]
        if oldest is not None and oldest + idle <= self._now():
            with self._store.transaction():
                for session in self._store.sessions(
                    f"WHERE {_OPEN_SQL} AND last_submitted <= ?",
                    (self._now() - idle,),
                ):
                    self._happen(session, Event.IDLE)
            oldest = self._store.read(query)[0][0]
        return None if oldest is None else oldest + idle

    def _happen(self, session: Session, event: Event) -> None:
        """Apply an event to a session, with its consequences. The caller holds a transaction."""
        before = phase_of(session.state, closing=session.closing)
        after = move(before, event)
        if after.phase is before:
            return
        changes: dict[str, object] = {
            "state": after.phase.state, "closing": after.phase.is_closing, "modified": self._now()
        }  # fmt: skip
        if after.phase.is_terminal:
            changes["ended"] = self._now()
        self._store.change(session, changes)
        if after.cancels_jobs:
            for job in self._store.jobs(f"WHERE session_id = ? AND state IN {_PENDING_SQL}", (session.id,)):
                self._cancel(job)

    def _pending(self, session_id: str) -> bool:
        return bool(
            self._store.read(
                f"SELECT 1 FROM items WHERE session_id = ? AND state IN {_PENDING_SQL} LIMIT 1",  # noqa: S608 - ours
                (session_id,),
            )
        )

    # --- jobs ---

    def submit(self, job: Job, seed: Callable[[int], int], *, overtakes: bool = True) -> Job:
        """Store a new job, if its session takes it. If there is a job of this id, return that one unchanged.

        Args:
            job: What is to run.
            seed: Gives the seed of its shots by its number.
            overtakes: Whether priority High goes before the jobs of everybody, or before those of its maker only.

        Raises:
            Refusal: 400; the session is closed, is on another target, or does not exist.
        """
        with self._store.transaction() as database:
            existing = self._store.job(job.id)
            if existing is not None:
                return existing
            is_high = job.priority == "High"
            if job.session_id is not None:
                session = self._open_session_of(job.session_id)
                if session.target.lower() != job.target.lower():
                    raise Refusal(
                        400,
                        "InvalidJobDefinition",
                        f"The session is on target {session.target}; the job asks for {job.target}.",
                    )
                is_high |= session.priority == "High"
                self._store.change(session, {"last_submitted": job.created})
            job.rank = 0 if is_high and overtakes else 1
            job.turn = self.turn_of(job, is_high=is_high)
            job.number = self._store.next_number(database)
            job.seed = str(seed(job.number))
            self._store.announce()
            return self._store.add(job)

    def turn_of(self, job: Job, *, is_high: bool) -> int:
        """Return a job's turn: of the first job that waits, or the next one of its maker, or of its session.

        Of the maker's jobs only those of priority High count for one of priority High.
        """
        waiting = "FROM items WHERE item_type = 'Job' AND state = 'Waiting'"
        mine = f"{waiting} AND created_by IS ? AND id <> ?" + (f" AND {_HIGH_SQL}" if is_high else "")
        rows = self._store.read(
            f"SELECT min(turn) {waiting} UNION ALL"
            f" SELECT max(turn) + 1 {mine} UNION ALL"
            f" SELECT max(turn) {waiting} AND session_id = ? AND id <> ?",
            (job.created_by, job.id, job.session_id, job.id),
        )
        return max((turn for (turn,) in rows if turn is not None), default=0)

    def _open_session_of(self, session_id: str) -> Session:
        """Return the session that a job is to join.

        Raises:
            Refusal: 400; the session takes no jobs, or does not exist.
        """
        session = self._store.session(session_id)
        if session is None:
            raise Refusal(400, "InvalidJobDefinition", f"There is no session {session_id}.")
        if move(phase_of(session.state, closing=session.closing), Event.SUBMIT).is_refused:
            raise Refusal(400, "InvalidJobDefinition", _TOO_LATE)
        return session

    def resume(self, job: Job) -> None:
        """Let a job that has failed or was cancelled wait again, in its session if it takes jobs.

        Raises:
            Refusal: 409, it has not failed; 400, its session takes no more jobs.
        """
        with self._store.transaction():
            current = self._store.job(job.id) or job
            if current.state not in {"Failed", "Cancelled"}:
                raise Refusal(
                    409, "InvalidJobState", f"The job is {current.state}; only a job that has failed or was cancelled "
                    "can be resumed.",
                )  # fmt: skip
            now = self._now()
            self._store.announce()
            if current.session_id is not None:
                self._store.change(self._open_session_of(current.session_id), {"last_submitted": now})
            again: dict[str, object] = dict.fromkeys(("began", "ended", "cancelled", "error"))
            self._store.change(
                current,
                {**again, "attempts": 0, "state": "Waiting", "modified": now, "resumed": (current.resumed or 0) + 1},
            )

    def start(self, job: Job, owner: str) -> bool:
        """Claim a waiting job for a process; return False if it does not wait any more."""
        now = self._now()
        items = len(items_in(msgspec.json.decode(job.input_params))) if job.input_params else 1
        with self._store.transaction() as database:
            claimed = database.execute(
                "UPDATE items SET state = 'Executing', owner = ?, began = ?, modified = ?, item_count = ?,"
                " attempts = attempts + 1 WHERE sequence = ? AND state = 'Waiting'",
                (owner, now, now, items, job.sequence),
            ).rowcount
            if not claimed:
                return False
            job.state, job.owner, job.began, job.item_count = "Executing", owner, now, items
            if job.session_id is not None:
                session = self._store.session(job.session_id)
                if session is not None:
                    self._happen(session, Event.START)
        return True

    def owners(self) -> list[str]:
        """Return the names of the processes that have claimed jobs which have not ended."""
        rows = self._store.read(
            "SELECT DISTINCT owner FROM items WHERE item_type = 'Job' AND owner IS NOT NULL"
            " AND state IN ('Executing', 'CancellationRequested')"
        )
        return [owner for (owner,) in rows]

    def release(self, owner: str, job: Job | None = None, *, has_died: bool = False) -> int:
        """Let jobs that a process has claimed wait again, because it will not end them; return how many.

        Args:
            owner: The process's name in the store.
            job: The only job to release; None for all of them.
            has_died: The process died over them, which counts as a try of each; what is given back in order was not
                tried.
        """
        only, values = ("", (owner,)) if job is None else (" AND sequence = ?", (owner, job.sequence))
        with self._store.transaction() as database:
            for claimed in self._store.jobs(
                f"WHERE item_type = 'Job' AND owner = ? AND state = 'CancellationRequested'{only}", values
            ):
                self._end(claimed, {"state": "Cancelled", "cancelled": claimed.cancelled or self._now()})
            self._store.announce()
            tries = "attempts" if has_died else "attempts - 1"
            return database.execute(
                f"UPDATE items SET state = 'Waiting', owner = NULL, began = NULL, attempts = {tries}"  # noqa: S608 - ours
                f" WHERE {_RUNNING_SQL}{only}",
                values,
            ).rowcount

    def try_again(self, job: Job, owner: str, problem: str) -> None:
        """Let a job wait again whose worker died; after three tries it fails.

        Args:
            job: It was claimed by ``owner``.
            owner: This process's name in the store.
            problem: What happened, as a sentence.
        """
        with self._store.transaction():
            current = self._store.job(job.id)
            if current is None or current.owner != owner or current.state not in PENDING:
                return
            if current.state == "CancellationRequested":
                self._end(current, {"state": "Cancelled", "cancelled": current.cancelled or self._now()})
            elif current.attempts >= MAX_TRIES:
                self._end(current, _failure(exhausted(problem.rstrip("."))))
            else:
                self._store.change(current, {"state": "Waiting", "owner": None, "began": None})

    def finish(self, job: Job, outcome: Outcome, owner: str, cost: dict[str, Any] | None = None) -> bool:
        """Store how a job ended; return False if it does not belong to this process any more.

        A job whose cancellation was requested ends Cancelled, whatever its outcome.
        """
        now = self._now()
        with self._store.transaction():
            current = self._store.job(job.id)
            if current is None or current.owner != owner or current.state not in PENDING:
                return False
            if current.state == "CancellationRequested":
                self._end(current, {"state": "Cancelled", "cancelled": current.cancelled or now})
                return True
            if outcome.code:
                self._end(current, _failure(outcome))
                return True
            blob = Blob(
                current.container, outcome.blob, outcome.content_type, "", f'"0x{now:X}"', now, len(outcome.output)
            )
            if not self._blobs.write(blob, outcome.output, replace=False):  # another job's, in the same container
                blob = msgspec.structs.replace(blob, name=f"{blob.name}-{current.id}")
                self._blobs.write(blob, outcome.output, replace=True)
            self._end(
                current,
                {"state": "Succeeded", "output_blob": blob.name, "cost": None if cost is None else to_text(cost)},
            )
            return True

    def cancel(self, job: Job) -> Job:
        """Cancel a job: at once if it waits, as soon as its process notices if it runs. A terminal job stays."""
        with self._store.transaction():
            current = self._store.job(job.id) or job
            self._store.announce()
            self._cancel(current)
            return current

    def _cancel(self, job: Job) -> None:
        if job.state == "Waiting":
            self._end(job, {"state": "Cancelled", "cancelled": self._now()})
        elif job.state == "Executing":
            self._store.change(
                job, {"state": "CancellationRequested", "cancelled": self._now(), "modified": self._now()}
            )

    def _end(self, job: Job, changes: dict[str, object]) -> None:
        """Store a job's end and apply it to its session. The caller holds a transaction."""
        now = self._now()
        self._store.change(job, {**changes, "ended": now, "modified": now, "owner": None})
        if job.session_id is None:
            return
        session = self._store.session(job.session_id)
        if session is None:
            return
        if job.cost is not None:
            self._store.change(session, {"cost": _with_cost(session.cost, job.cost)})
        if job.state == "Failed":
            self._happen(session, Event.FAIL_CONTINUE if session.policy == "Continue" else Event.FAIL_ABORT)
        if not self._pending(session.id):
            self._happen(session, Event.DRAIN)

    def phase(self, session: Session) -> Phase:
        """Return a session's phase."""
        return phase_of(session.state, closing=session.closing)


def exhausted(problem: str) -> Outcome:
    """Return the end of a job that was tried as often as a job is."""
    sentence = (
        f"The job was tried {MAX_TRIES} times and did not end: {problem}. It may take more memory than there is, or"
        " end the simulator's process. It is not tried again."
    )
    return Outcome(b"", code="ExecutionFailed", message=sentence)


def _failure(outcome: Outcome) -> dict[str, object]:
    """Return what changes in the store with a job that failed."""
    error: dict[str, object] = {"code": outcome.code, "message": outcome.message}
    if outcome.details:
        error |= {"target": outcome.details[0]["target"], "details": outcome.details}
    changes: dict[str, object] = {"state": "Failed", "error": to_text(error)}
    return {**changes, "began": None} if outcome.was_unread else changes


def _with_cost(total: str | None, added: str) -> str:
    """Return a session's cost with that of one more job: billed events are merged, estimates are added."""
    sums: dict[str, Any] = (
        {"currencyCode": "USD", "events": [], "estimatedTotal": 0.0} if total is None else msgspec.json.decode(total)
    )
    job = msgspec.json.decode(added)
    sums["estimatedTotal"] += job["estimatedTotal"]
    by_dimension = {event["dimensionId"]: event for event in sums["events"]}
    for event in job["events"]:
        if not event["amountBilled"]:
            continue
        same = by_dimension.get(event["dimensionId"])
        if same is None:
            sums["events"].append(event)
        else:
            same["amountBilled"] += event["amountBilled"]
            same["amountConsumed"] += event["amountConsumed"]
    return to_text(sums)
