"""A session: its life, who belongs to it, and what it may use up.

Invariants, held by tests:

* A session is attached to its target only after the service has opened it, and detached when it is closed, whether
  closing succeeded or not. A failed open leaves nothing behind.
* Sessions of one target nest: closing the inner one brings back the outer one.
* A job into a session that is known to be terminal, or over its budget, is refused before anything is sent.
* The error of a ``with`` block is the one that the caller sees; a failing close becomes a note on it.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from qsession_core.client.service.models import SessionDetails, session_details
from qsession_core.client.service.status import JobStatus, SessionStatus
from qsession_core.errors import (
    BudgetExceededError,
    QSessionError,
    SessionClosedError,
    SessionError,
    SessionFailedError,
    SessionTimedOutError,
    raise_together,
)

if TYPE_CHECKING:
    from types import TracebackType

    from qsession_core.client.job import Job
    from qsession_core.client.workspace import Workspace

__all__ = ["Budget", "Session", "SessionSlot", "Terms"]

_log = logging.getLogger(__name__)

IDLE_SECONDS = 600.0  # without a new job, the service ends a session after so long


@dataclass(frozen=True, slots=True)
class Budget:
    """What a session may use up; None for no limit.

    Attributes:
        max_jobs: How many jobs.
        max_shots: How many shots in all.
        max_time: How many seconds after it was opened a job may still be sent.
        max_cost: How much its jobs may cost by estimate, in the currency or unit of the target's price.
    """

    max_jobs: int | None = None
    max_shots: int | None = None
    max_time: float | None = None
    max_cost: float | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a session was opened with, so that one like it can be opened again.

    Attributes:
        provider_id: The target's provider.
        job_failure_policy: See ``open_session``.
        priority: See ``open_session``.
        tags: See ``open_session``.
        on_timeout: ``"raise"`` or ``"reopen"``.
        hold_seconds: How long the provider keeps the hardware for the session without a job; None where it does not.
    """

    provider_id: str
    job_failure_policy: str | None = None
    priority: str | None = None
    tags: tuple[str, ...] = ()
    on_timeout: str = "raise"
    hold_seconds: float | None = None


class Session:
    """Jobs that share a target, queue faster, and on some providers hold the hardware.

    Made by ``target.open_session()``; as a context manager it is closed at the end of the block.

    Attributes:
        workspace: Where it is.
        jobs_sent: How many jobs this object has sent.
        last_job_at: When the last of them was sent, by the workspace's monotonic clock; else when it was opened.
        previous_ids: Ids of the sessions that timed out and that this one continues, the oldest first.
    """

    def __init__(
        self,
        workspace: Workspace,
        raw: bytes,
        *,
        slot: SessionSlot | None = None,
        budget: Budget | None = None,
        terms: Terms | None = None,
    ) -> None:
        """Hold a session that the service knows; users get sessions from ``open_session`` and ``get_session``.

        Args:
            workspace: Where it is.
            raw: The session as the service wrote it.
            slot: Whose jobs join it, if anyone's.
            budget: What it may use up.
            terms: What it was opened with, if this process opened it.
        """
        self.workspace = workspace
        self._details = session_details(raw)
        self._slot = slot
        self._budget = budget or Budget()
        self._terms = terms
        self._lock = threading.RLock()  # a signal handler closes sessions, whatever this thread is at
        self._life = threading.RLock()  # one thread at a time closes it or opens it again
        self._closed = False
        self._shots = 0
        self._cost = 0.0
        self._opened_at = workspace.clock.monotonic()
        self.jobs_sent = 0
        self.last_job_at = self._opened_at
        self.previous_ids: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what belongs to this process: the lock, and the target whose jobs join."""
        return {**self.__dict__, "_lock": None, "_life": None, "_slot": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()
        self._life = threading.RLock()

    def __repr__(self) -> str:
        left = "" if self.is_in_terminal_state() else f", idle time left {self.seconds_left:.0f} s"
        return f"<Session {self.id} {self.name!r} on {self.target}: {self.status}{left}>"

    # --- what the service said last ------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The session's id."""
        return self._details.id

    @property
    def name(self) -> str:
        """The session's name."""
        return self._details.name

    @property
    def target(self) -> str:
        """The name of its target."""
        return self._details.target

    @property
    def details(self) -> SessionDetails:
        """What the service said last."""
        return self._details

    @property
    def status(self) -> SessionStatus:
        """The status that the service said last; :meth:`refresh` asks again."""
        return SessionStatus(self._details.status)

    @property
    def item_type(self) -> str:
        """``"Session"``, beside jobs in lists of both."""
        return "Session"

    @property
    def seconds_left(self) -> float:
        """How long the service waits for the next job before it ends the session, as far as this process knows."""
        return max(0.0, IDLE_SECONDS - self.seconds_idle)

    @property
    def seconds_idle(self) -> float:
        """How long ago this process sent the last job, or opened it."""
        return float(self.workspace.clock.monotonic() - self.last_job_at)

    @property
    def hold_seconds(self) -> float | None:
        """How long the provider keeps the hardware for it without a job; None where it does not."""
        return self._terms.hold_seconds if self._terms is not None else None

    def is_in_terminal_state(self) -> bool:
        """Whether its last known status says that it takes no more jobs."""
        return self.status.is_terminal

    def refresh(self) -> Self:
        """Ask the service for its present state."""
        asked = self.id
        details = session_details(self.workspace.fetch_session(asked))
        with self._lock:
            if self.id == asked:  # else another thread has reopened it meanwhile
                self._details = details
        return self

    def list_jobs(
        self,
        name_match: str | None = None,
        status: JobStatus | str | None = None,
        orderby_property: str | None = None,
        is_asc: bool = True,  # noqa: FBT001, FBT002 - the official client's signature
    ) -> list[Job]:
        """Return its jobs, the oldest first unless ordered otherwise.

        Args:
            name_match: Only jobs whose name starts so.
            status: Only jobs in this state, or one of these.
            orderby_property: Such as ``"Name"`` or ``"CreationTime"``.
            is_asc: Whether the order is ascending.
        """
        return self.workspace.list_session_jobs(self.id, name_match, status, orderby_property, is_asc)

    # --- its life ------------------------------------------------------------------------------------------------

    def open(self) -> Self:
        """Make sure that it is attached to its target; the service has opened it already."""
        if self._slot is not None and not self._closed:
            self._slot.attach(self)
        return self

    def close(self) -> Self:
        """Close and detach it: it takes no more jobs, and those it has go on by themselves.

        Raises:
            ServiceError: The service said no.
            TransportError: It said nothing.
        """
        if self._slot is not None:
            self._slot.detach(self)
        with self._life:
            was_closed, self._closed = self._closed, True
            if was_closed or self.is_in_terminal_state():
                self.workspace.watch.remove(self.id)
                return self.refresh()
            answered = False
            try:
                self._details = session_details(self.workspace.send_close(self.id))
                answered = True
            finally:
                self._closed = answered  # what failed or was interrupted can be done again, at exit at the latest
            self.workspace.watch.remove(self.id)
        _log.info("session %s closed: %s", self.id, self.status)
        return self

    def cancel(self) -> Self:
        """Close it and cancel its jobs that have not ended.

        What fails does not keep the rest from being cancelled.

        Raises:
            ServiceError: The service said no to closing it, or to cancelling one of the jobs; the first such error.
            TransportError: It said nothing.
        """
        failures: list[QSessionError] = []
        try:
            self.close()
        except QSessionError as failure:
            failures.append(failure)
        for job in self.list_jobs():
            try:
                if not job.has_completed():
                    job.cancel()
            except QSessionError as failure:
                failures.append(failure)
        raise_together(failures)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.close()
        except QSessionError as failure:
            if error is None:
                raise
            error.add_note(f"Closing session {self.id} failed too: {failure}")
            _log.warning("session %s could not be closed: %s", self.id, failure)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        import asyncio

        await asyncio.to_thread(self.__exit__, exc_type, error, traceback)

    # --- its jobs ------------------------------------------------------------------------------------------------

    def admit(self, target: str, shots: int, cost: float = 0.0) -> None:
        """Count one more job, before anything of it is sent.

        Args:
            target: Where the job is to run.
            shots: How many shots it has.
            cost: What it costs by estimate.

        Raises:
            SessionError: The session is terminal, or belongs to another target.
            BudgetExceededError: The job would go over a limit.
        """
        if self.seconds_left == 0.0 and not self.is_in_terminal_state() and not self._closed:
            self.refresh()
        details = self._details
        if SessionStatus(details.status) is SessionStatus.TIMED_OUT:
            self.reopen(details.id)
        self.check_target(target)
        elapsed = self.workspace.clock.monotonic() - self._opened_at
        with self._lock:
            for what, asked, limit in (
                ("jobs", self.jobs_sent + 1, self._budget.max_jobs),
                ("shots", self._shots + shots, self._budget.max_shots),
                ("seconds", elapsed, self._budget.max_time),
                ("cost", self._cost + cost, self._budget.max_cost),
            ):
                if limit is not None and asked > limit:
                    raise BudgetExceededError(
                        f"Session {self.id} may use {limit:g} ({what}); the next job would make it {asked:g}. "
                        "It was not sent. Open a session with a larger budget.",
                        what=what,
                        asked=asked,
                        limit=limit,
                    )
            self.jobs_sent += 1
            self._shots += shots
            self._cost += cost
            self.last_job_at = self.workspace.clock.monotonic()

    @property
    def limits_cost(self) -> bool:
        """Whether jobs must be priced before they are sent."""
        return self._budget.max_cost is not None

    def reopen(self, old: str) -> None:
        """Go on in a new session on the service, after this one timed out, if it was opened to do so.

        The new one has the old one's name and settings, and a tag that names the old one. Of several threads that
        find the old one timed out, the first opens the new one, and the others go on in it.

        Args:
            old: The id of the session that timed out.

        Raises:
            SessionTimedOutError: It was not.
        """
        with self._life:
            if self.id != old:
                return
            terms = self._terms
            if terms is None or terms.on_timeout != "reopen" or self._closed:
                raise self.terminal_error()
            raw = self.workspace.send_open(
                self.target,
                terms.provider_id,
                name=self.name,
                job_failure_policy=terms.job_failure_policy,
                priority=terms.priority,
                tags=(*terms.tags, f"continues:{old}"),
            )
            self._details = session_details(raw)
            self.workspace.watch.remove(old)
            self.previous_ids = (*self.previous_ids, old)
            self.last_job_at = self.workspace.clock.monotonic()
            self.workspace.watch.add(self)
        _log.warning("session %s timed out; going on in session %s", old, self.id)

    def check_target(self, target: str) -> None:
        """Refuse a target that is not the session's, and a session that takes no more jobs.

        Raises:
            SessionError: So it is.
        """
        if target != self.target:
            raise SessionError(
                f"Session {self.id} belongs to {self.target}; a job for {target} cannot join it. Open one on {target}.",
                session_id=self.id,
            )
        if self._closed or self.is_in_terminal_state():
            raise self.terminal_error()

    def withdraw(self, shots: int, cost: float = 0.0) -> None:
        """Take back a job that was admitted but could not be sent."""
        with self._lock:
            self.jobs_sent -= 1
            self._shots -= shots
            self._cost -= cost

    def terminal_error(self) -> SessionError:
        """Make the error of a session that takes no more jobs."""
        way_out = f"Open a new one: target.open_session() on {self.target}."
        if self.status is SessionStatus.TIMED_OUT:
            return SessionTimedOutError(
                f"Session {self.id} had no new job for ten minutes and timed out. {way_out}", session_id=self.id
            )
        if self.status is SessionStatus.FAILED and not self._closed:
            return SessionFailedError(
                f"A job of session {self.id} failed, and its policy is Abort. {way_out}", session_id=self.id
            )
        return SessionClosedError(f"Session {self.id} is closed ({self.status}). {way_out}", session_id=self.id)


class SessionSlot:
    """Which session the jobs of one target join: the innermost that is attached."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._sessions: list[Session] = []

    def attach(self, session: Session) -> None:
        """Let jobs join this session from now on."""
        with self._lock:
            if session not in self._sessions:
                self._sessions.append(session)

    def detach(self, session: Session) -> None:
        """Let jobs join it no more."""
        with self._lock:
            if session in self._sessions:
                self._sessions.remove(session)

    @property
    def current(self) -> Session | None:
        """The session that the next job joins, if any."""
        with self._lock:
            return self._sessions[-1] if self._sessions else None
