"""A session: how it is opened, joined, used up and closed.

Invariants, held by tests:

* A session is attached to its target only after the service has opened it, and detached when it is closed, whether
  closing succeeded or not. A failed open attaches nothing.
* Sessions of one target nest: closing the inner one brings back the outer one.
* A job into a session that is known to be terminal, or over its budget, is refused before anything is sent.
* If a ``with`` block raises, the caller sees that error; an error of closing becomes a note on it.
"""

from __future__ import annotations

import os
import threading
import uuid
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from qsession_core.client.budget import Budget, Reservation, Usage
from qsession_core.client.job import Job
from qsession_core.client.service.models import SessionDetails, session_details
from qsession_core.client.service.query import matching
from qsession_core.client.service.status import JobStatus, SessionStatus
from qsession_core.client.session_details import described, details_alone
from qsession_core.errors import (
    ConfigurationError,
    QSessionError,
    SessionClosedError,
    SessionError,
    SessionFailedError,
    SessionTimedOutError,
    raise_together,
)
from qsession_core.keywords import strict_keywords
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from qsession_core.client.interface import WorkspaceParts
    from qsession_core.client.service.status import Priority, SessionJobFailurePolicy
    from qsession_core.client.session_slot import SessionSettings, SessionSlot

__all__ = ["Session", "session_jobs", "session_of", "session_of_block"]

_log = logger(__name__)
# The session whose block runs; weak, since a block that is interrupted at its very end leaves it behind
_block: ContextVar[weakref.ref[Session] | None] = ContextVar("session", default=None)

IDLE_SECONDS = 600.0  # the service ends a session after this time without a new job
_WARN_SECONDS_LEFT = 120.0
_CLOSE_AGAIN_SECONDS = 30.0
_HOLD_SHARE = 0.75  # warn when this share of the provider's hold time has passed


class SessionParts(NamedTuple):
    """What the client uses of a session: each is a method of it, where its docstring stands."""

    join: Callable[[SessionSlot[Session]], None]
    reserve: Callable[[str, str, int, float], Reservation]
    check: Callable[[], None]
    reopen: Callable[[str], None]
    check_target: Callable[[str], None]
    terminal_error: Callable[[], SessionError]


class Session:
    """Jobs on one target that are queued together; some providers keep the hardware for them.

    Made by ``target.open_session()``; as a context manager it is closed at the end of the block.

    >>> from qsession_core import Program, Workspace
    >>> flip = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))], name="flip")
    >>> target = Workspace.local(seed=7).get_target("ionq.simulator")
    >>> with target.open_session(name="sweep", max_jobs=10) as session:
    ...     job = target.submit(flip, shots=10)
    >>> job.session_id == session.id, session.is_closed
    (True, True)

    Attributes:
        workspace: The workspace that it belongs to.
        previous_ids: Ids of the sessions that timed out and that this one continues, the oldest first.
    """

    @strict_keywords
    def __init__(
        self,
        workspace: WorkspaceParts,
        details: SessionDetails | None = None,
        target: object = None,
        provider_id: str | None = None,
        id: str | None = None,  # noqa: A002 - the official client's keyword
        name: str | None = None,
        job_failure_policy: SessionJobFailurePolicy | str | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
    ) -> None:
        """Describe a session that :meth:`open` opens, as in the official client; ``target.open_session`` does both.

        No target's jobs join it by themselves; assign it to ``target.latest_session``, or pass it by ``session=``.

        Args:
            workspace: The workspace to open it in.
            details: Its members, instead of those that follow.
            target: The target, or its name.
            provider_id: The target's provider; by default the part of the target's name before the first dot.
            id: Its id; by default a new one.
            name: Its name; by default ``session-<id>``.
            job_failure_policy: ``"Abort"`` or ``"Continue"``.
            priority: ``"Standard"`` or ``"High"``.
            tags: Its tags.

        Raises:
            ConfigurationError: There is no target, or both details and single members are given.
        """
        given = (target, provider_id, id, name, job_failure_policy, priority, tags)
        details = details_alone(details, given)
        if details is None:
            details = described(target, provider_id, id, name, job_failure_policy, priority, tags)
        self._adopt(workspace, details)

    @classmethod
    def of(
        cls,
        workspace: WorkspaceParts,
        raw: bytes | SessionDetails,
        *,
        slot: SessionSlot[Session] | None = None,
        budget: Budget | None = None,
        settings: SessionSettings | None = None,
    ) -> Self:
        """Wrap a session; users get sessions from ``open_session`` and ``get_session``.

        Args:
            workspace: The workspace that it belongs to.
            raw: The session as the service wrote it; or the details of one that is to be opened.
            slot: The sessions of the target whose jobs join it; None if no jobs join it by themselves.
            budget: What it may use; None for no limits.
            settings: What it was opened with; None if another process opened it.
        """
        session = cls.__new__(cls)
        details = session_details(raw) if isinstance(raw, bytes) else raw
        session._adopt(workspace, details, slot, budget, settings)  # noqa: SLF001 - its own
        return session

    def _adopt(
        self,
        workspace: WorkspaceParts,
        details: SessionDetails,
        slot: SessionSlot[Session] | None = None,
        budget: Budget | None = None,
        settings: SessionSettings | None = None,
    ) -> None:
        """Keep the members; arguments as for :meth:`of`."""
        self.workspace = workspace
        self._details = details
        self._slots: list[SessionSlot[Session]] = [slot] if slot is not None else []
        self._usage = Usage(budget or Budget(), workspace.clock.monotonic())
        self._settings = settings
        self._lock = threading.RLock()  # reentrant: the SIGTERM handler may run in the thread that holds it
        self._life = threading.RLock()  # one thread at a time closes it or opens it again
        self._closing_since: float | None = None  # by the monotonic clock; from the last call of close()
        self._closed = False  # until the service has closed it
        # the process that opened it and must close it; None if another client opened it, and any process may close it
        self._process = os.getpid() if settings is not None else None
        self._warned: dict[str, float] = {}
        self._outer: list[weakref.ref[Session] | None] = []  # of each of its blocks, the session around it
        self.previous_ids: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what belongs to this process: the locks, and the target whose jobs join."""
        return {**self.__dict__, "_lock": None, "_life": None, "_slots": [], "_outer": [], "_process": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()
        self._life = threading.RLock()

    def __repr__(self) -> str:
        if not self.is_open_on_service:
            return f"<Session {self.id} {self.name!r} on {self.target}: not open yet>"
        left = "" if self.is_in_terminal_state() else f", idle time left {self.seconds_left:.0f} s"
        return f"<Session {self.id} {self.name!r} on {self.target}: {self.status}{left}>"

    # --- its state -----------------------------------------------------------------------------------------------

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
        """The members of the last answer about it."""
        return self._details

    @property
    def status(self) -> SessionStatus:
        """Its last known status; :meth:`refresh` fetches it again."""
        return SessionStatus(self._details.status)

    @property
    def item_type(self) -> str:
        """``"Session"``, in lists that hold jobs as well."""
        return "Session"

    def _repr_html_(self) -> str:
        from qsession_core.client.session_views import session_card

        return session_card(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw when its jobs waited and ran, in seconds since the first one.

        Args:
            axes: matplotlib's axes to draw on; None for a new figure.

        Returns:
            The axes.

        Raises:
            ConfigurationError: matplotlib is not installed.
        """
        from qsession_core.client.session_views import session_plot

        return session_plot(self, axes)

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write a page about it as one file of HTML that needs no network: its facts, its jobs, their results' bars.

        Args:
            path: Of the file.

        Returns:
            The file. Of many jobs, the results of the first 200 are in it.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        from qsession_core.client.session_views import session_report

        return session_report(self, path)

    @property
    def jobs_sent(self) -> int:
        """How many jobs this object has sent."""
        return self._usage.jobs

    @property
    def limits_cost(self) -> bool:
        """Whether its budget has a cost limit, so that jobs must be priced before they are sent."""
        return self._usage.budget.max_cost is not None

    @property
    def max_time(self) -> float | None:
        """For how many seconds after its opening jobs may be sent; None for no limit."""
        return self._usage.budget.max_time

    @property
    def seconds_left(self) -> float:
        """Seconds until the service ends it unless a job is sent, as far as this process knows."""
        return max(0.0, IDLE_SECONDS - self.seconds_idle)

    @property
    def seconds_idle(self) -> float:
        """Seconds since this object sent its last job; if it sent none, since it was opened."""
        return self.workspace.clock.monotonic() - self._usage.last_job_at

    @property
    def hold_seconds(self) -> float | None:
        """How long the provider keeps the hardware for it without a job; None if it does not, or if unknown."""
        return self._settings.hold_seconds if self._settings is not None else None

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` of this object was called, so that it takes no more jobs."""
        return self._closing_since is not None

    def is_in_terminal_state(self) -> bool:
        """Whether its last known status says that it takes no more jobs."""
        return self.status.is_terminal

    def refresh(self) -> Self:
        """Fetch its present state."""
        asked = self.id
        details = session_details(self.workspace.parts.calls.get_session(asked))
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
            name_match: Only jobs whose name starts with this.
            status: Only jobs in this state, or one of these.
            orderby_property: Such as ``"Name"`` or ``"CreationTime"``.
            is_asc: Whether the order is ascending.
        """
        return session_jobs(self.workspace, self.id, name_match, status, orderby_property, is_asc=is_asc)

    # --- its life ------------------------------------------------------------------------------------------------

    def open(self) -> Self:
        """Open it on the service unless it is open there, and let the jobs of its targets join it.

        Raises:
            ServiceError: The service refused. After this or any other error no session is left open.
        """
        with self._life:
            if not self.is_open_on_service:
                self._open_on_service()
        if not self.is_closed:
            for slot in self._slots:
                self.workspace.parts.watch.join(self)
                slot.attach(self)
        return self

    @property
    def is_open_on_service(self) -> bool:
        """Whether the service knows it; a session that was described only must be opened."""
        return bool(self._details.status)

    def _open_on_service(self) -> None:
        details, calls, watch = self._details, self.workspace.parts.calls, self.workspace.parts.watch
        with watch.opening(details.id, calls.close_session):
            raw = calls.open_session(
                details.target,
                details.provider_id or details.target.partition(".")[0],
                session_id=details.id,
                name=details.name,
                job_failure_policy=details.job_failure_policy,
                priority=details.priority,
                tags=details.tags,
            )
            self._details = session_details(raw)
            self._process = os.getpid()
            self._usage = Usage(self._usage.budget, self.workspace.clock.monotonic())
            watch.add(self)

    @property
    def parts(self) -> SessionParts:
        """What targets and the submission of jobs use of it; not for programs."""
        return SessionParts(
            self._join, self._reserve, self._check, self._reopen, self._check_target, self._terminal_error
        )

    def _join(self, slot: SessionSlot[Session]) -> None:
        """Let the jobs of one more target, backend or Cirq target of the same name join it.

        Raises:
            SessionError: It belongs to another target.
        """
        if slot.target != self.target:
            raise self._of_another_target(slot.target)
        if slot not in self._slots:
            self._slots.append(slot)
        self.workspace.parts.watch.join(self)
        slot.attach(self)

    def close(self) -> Self:
        """Close and detach it: it takes no more jobs; those that it has continue to run.

        If that fails or is interrupted, call it again; otherwise it is tried again after a while, and when the process
        ends. In a forked child it is only detached, since the session belongs to the parent.

        Raises:
            ServiceError: The service refused.
            TransportError: No answer came.
        """
        self._closing_since = self.workspace.clock.monotonic()
        for slot in self._slots:
            slot.detach(self)
        if self._process not in {None, os.getpid()}:
            _log.info("session %s stays open: process %s has opened it", self.id, self._process)
            return self
        with self._life:
            if self._closed or self.is_in_terminal_state():
                self._closed = True
                self.workspace.parts.watch.remove(self.id)
                return self.refresh()
            self._details = session_details(self.workspace.parts.calls.close_session(self.id))
            self._closed = True
            self.workspace.parts.watch.remove(self.id)
        _log.info("session %s closed: %s", self.id, self.status)
        return self

    def cancel(self) -> Self:
        """Close it and cancel its jobs that are not terminal; an error does not keep the rest from being cancelled.

        Raises:
            ServiceError: The service refused to close it or to cancel one of the jobs.
            TransportError: No answer came.
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
        self._outer.append(_block.get())
        _block.set(weakref.ref(self))
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leave()
        self._close_after(error)

    def _leave(self) -> None:
        """Give the block back to the session around it. A token would fail where a fixture ends in another context."""
        _block.set(self._outer.pop())

    def _close_after(self, error: BaseException | None) -> None:
        try:
            self.close()
        except QSessionError as failure:
            if error is None:
                raise
            error.add_note(f"Closing session {self.id} failed too: {failure}")
            _log.warning("session %s could not be closed: %s", self.id, failure)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        import asyncio

        self._leave()
        await asyncio.to_thread(self._close_after, error)

    # --- its jobs ------------------------------------------------------------------------------------------------

    def _reserve(self, target: str, job_id: str, shots: int, cost: float = 0.0) -> Reservation:
        """Reserve a job's share of the budget, before anything of the job is sent.

        Args:
            target: Where the job is to run.
            job_id: The job's id.
            shots: Its shots.
            cost: Its estimated cost.

        Raises:
            SessionError: The session is terminal, or belongs to another target.
            BudgetExceededError: The job would exceed a limit.
        """
        if self.seconds_left == 0.0 and not self.is_in_terminal_state() and not self.is_closed:
            self.refresh()
        details = self._details
        if SessionStatus(details.status) is SessionStatus.TIMED_OUT:
            self._reopen(details.id)
        self._check_target(target)
        return self._usage.reserve(self.id, job_id, shots, cost, self.workspace.clock.monotonic())

    def _check(self) -> None:
        """Log a warning if it will soon end or lose its hold on the hardware, once per idle period.

        If closing it was interrupted or failed half a minute ago, it is tried again.
        """
        if self.is_in_terminal_state():
            return
        now, since = self.workspace.clock.monotonic(), self._closing_since
        if since is not None:
            if now - since >= _CLOSE_AGAIN_SECONDS:
                self._close_again()
            return
        left, idle, hold = self.seconds_left, self.seconds_idle, self.hold_seconds
        if left <= _WARN_SECONDS_LEFT:
            self._warn("idle", f"ends in {left:.0f} s unless a job is sent")
        if hold is not None and self.jobs_sent and hold * _HOLD_SHARE <= idle < hold:
            self._warn("hold", f"gives the hardware back in {hold - idle:.0f} s unless a job is sent")

    def _close_again(self) -> None:
        try:
            self.close()
        except QSessionError as error:
            _log.info("session %s could not be closed yet: %s", self.id, error)

    def _warn(self, what: str, sentence: str) -> None:
        since = self._usage.last_job_at
        if self._warned.get(what) != since:
            self._warned[what] = since
            _log.warning("session %s (%s) on %s %s", self.id, self.name, self.target, sentence)

    def _reopen(self, old: str) -> None:
        """Continue in a new session on the service if this one timed out and was opened with ``on_timeout="reopen"``.

        The new one has the old one's name and settings, and a tag that names the old one. If several threads find the
        old one timed out, the first opens the new one and the others use it.

        Args:
            old: The id of the session that timed out.

        Raises:
            SessionTimedOutError: It was opened otherwise.
        """
        with self._life:
            if self.id != old:
                return
            settings = self._settings
            if settings is None or settings.on_timeout != "reopen" or self.is_closed:
                raise self._terminal_error()
            new, calls, watch = str(uuid.uuid4()), self.workspace.parts.calls, self.workspace.parts.watch
            with watch.opening(new, calls.close_session):
                raw = calls.open_session(
                    self.target,
                    settings.provider_id,
                    session_id=new,
                    name=self.name,
                    job_failure_policy=settings.job_failure_policy,
                    priority=settings.priority,
                    tags=(*settings.tags, f"continues:{old}"),
                )
                self._details = session_details(raw)
                watch.add(self)
                watch.remove(old)
            self.previous_ids = (*self.previous_ids, old)
            self._usage.last_job_at = self.workspace.clock.monotonic()
        _log.warning("session %s timed out; continuing in session %s", old, self.id)

    def _check_target(self, target: str) -> None:
        """Check that a job for a target may join.

        Raises:
            SessionError: The session belongs to another target, or takes no more jobs.
        """
        if target != self.target:
            raise self._of_another_target(target)
        if not self.is_open_on_service:
            raise SessionError(
                f"Session {self.id} is not open yet, so no job can join it; call its open() first.", session_id=self.id
            )
        if self.is_closed or self.is_in_terminal_state():
            raise self._terminal_error()

    def _of_another_target(self, target: str) -> SessionError:
        return SessionError(
            f"Session {self.id} belongs to {self.target}; a job for {target} cannot join it. Open one on {target}.",
            session_id=self.id,
        )

    def _terminal_error(self) -> SessionError:
        """Return the error to raise when a job is to join although it takes no more."""
        way_out = f"Open a new one: target.open_session() on {self.target}."
        if self.status is SessionStatus.TIMED_OUT:
            return SessionTimedOutError(
                f"Session {self.id} had no new job for ten minutes and timed out. {way_out}", session_id=self.id
            )
        if self.status is SessionStatus.FAILED and not self.is_closed:
            return SessionFailedError(
                f"A job of session {self.id} failed, and its policy is Abort. {way_out}", session_id=self.id
            )
        return SessionClosedError(f"Session {self.id} is closed ({self.status}). {way_out}", session_id=self.id)


def session_of(given: object) -> Session:
    """Return what is given if it is a session.

    Raises:
        ConfigurationError: It is something else, such as an id.
    """
    if isinstance(given, Session):
        return given
    raise ConfigurationError(
        f"Pass a session, not {given!r}: Session(workspace, target=...) describes a new one, workspace.get_session(id) "
        "returns one that exists; of a session of qsession_qiskit, pass its azure_session."
    )


def session_of_block() -> Session | None:
    """Return the innermost open session whose ``with`` block runs here; None outside of all."""
    innermost = _block.get()
    while innermost is not None and (session := innermost()) is not None:
        if not session.is_closed:
            return session
        innermost = session._outer[-1] if session._outer else None  # noqa: SLF001 - of the same class
    return None


def session_jobs(
    workspace: WorkspaceParts,
    session_id: str,
    name_match: str | None,
    status: Sequence[str] | None,
    orderby_property: str | None,
    *,
    is_asc: bool,
) -> list[Job]:
    """Return the jobs of a session by its id; arguments as for :meth:`Session.list_jobs`."""
    filter_ = matching(name_match=name_match, status=status, of="Job")
    listed = workspace.parts.calls.list_session_jobs(
        session_id, filter_, orderby_property or "CreationTime", is_asc=is_asc
    )
    return [Job(workspace, raw) for raw in listed]
