"""Opening and joining sessions: the same methods for targets of the core, Qiskit backends and Cirq targets.

A job joins the session that is passed to it, else the innermost session that its target (or the backend or Cirq target
around it) has opened and not closed: :attr:`SessionHost.latest_session`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from qsession_core.errors import ConfigurationError
from qsession_core.keywords import strict_keywords

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.client.service.models import SessionDetails
    from qsession_core.client.service.status import Priority, SessionJobFailurePolicy
    from qsession_core.client.session import Session
    from qsession_core.client.session_slot import SessionSlot

__all__ = ["SessionHost"]


class SessionHost:
    """Base of what opens sessions and lets its jobs join them.

    Attributes:
        session_slot: The sessions that its jobs join; a backend or Cirq target has that of its target.
    """

    session_slot: SessionSlot[Session]

    @property
    def latest_session(self) -> Session | None:
        """The session that the next job joins, if any.

        A session of the same target may be assigned, opened here or elsewhere; None lets jobs go by themselves. Nothing
        is opened or closed by that.

        Raises:
            SessionError: From an assignment: the session belongs to another target.
            ConfigurationError: From an assignment: it is no session.
        """
        return self.session_slot.current

    @latest_session.setter
    def latest_session(self, session: Session | None) -> None:
        if session is None:
            self.session_slot.clear()
        else:
            from qsession_core.client.session import session_of

            session_of(session).parts.join(self.session_slot)

    def get_latest_session_id(self) -> str | None:
        """Return the id of the session that the next job joins, if any."""
        session = self.latest_session
        return None if session is None else session.id

    @strict_keywords
    def open_session(
        self,
        name: str | SessionDetails | None = None,
        id: str | None = None,  # noqa: A002 - the official client's keyword
        job_failure_policy: SessionJobFailurePolicy | str | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
        *,
        details: SessionDetails | None = None,
        max_jobs: int | None = None,
        max_shots: int | None = None,
        max_time: float | str | None = None,
        max_cost: float | None = None,
        on_timeout: Literal["raise", "reopen"] = "raise",
    ) -> Session:
        """Open a session; jobs of this object join it until it is closed.

        Args:
            name: Its name; by default ``session-<id>``. Details may stand here, as in the official client.
            id: Its id; by default a new one.
            job_failure_policy: ``"Abort"`` (a failing job ends the session; the service's default) or ``"Continue"``.
            priority: ``"Standard"`` or ``"High"``.
            tags: Its tags.
            details: All of these in one, instead of them.
            max_jobs: At most this many jobs.
            max_shots: At most this many shots (repetitions in Cirq) in all jobs together.
            max_time: For how many seconds from now jobs may be sent; or text such as ``"2h 30m"``.
            max_cost: The most that all jobs together may cost by estimate, in the currency or unit of the target's
                price.
            on_timeout: What to do when the service has ended the session after ten minutes without a job: ``"raise"``,
                or ``"reopen"`` to continue in a new one.

        Returns:
            The session, open and joined; as a context manager it is closed at the end of the block.

        Raises:
            ConfigurationError: An argument has a value that it cannot have, or ``max_cost`` is given and the target has
                no price; nothing was sent.
            ServiceError: The service refused. After this or any other error no session is left open.
        """
        from qsession_core.client.budget import Budget, seconds_of
        from qsession_core.client.service.models import SessionDetails
        from qsession_core.client.session import Session
        from qsession_core.client.session_details import described, details_alone
        from qsession_core.client.session_slot import SessionSettings
        from qsession_core.client.submitting.cost import required_price

        slot = self.session_slot
        budget = Budget(max_jobs, max_shots, seconds_of(max_time), max_cost)
        if max_cost is not None:
            required_price(slot.target, slot.workspace.prices)
        if isinstance(name, SessionDetails) and details is None:
            name, details = None, name
        details = details_alone(details, (name, id, job_failure_policy, priority, tags))
        if details is not None:
            if details.target and details.target.lower() != slot.target.lower():
                raise ConfigurationError(
                    f"The details are of a session on {details.target}, and this is {slot.target}. Open it there."
                )
            id, name = details.id or None, details.name or None  # noqa: A001 - the official client's keyword
            job_failure_policy, priority, tags = details.job_failure_policy, details.priority, details.tags
        new = described(slot.target, slot.provider_id, id, name, job_failure_policy, priority, tags)
        settings = SessionSettings(
            slot.provider_id, new.job_failure_policy, new.priority, tuple(new.tags or ()), on_timeout, slot.hold_seconds
        )
        return Session.of(slot.workspace, new, slot=slot, budget=budget, settings=settings).open()

    def attach_session(self, id: str) -> Session:  # noqa: A002 - the official client's keyword
        """Join a session that exists, from this process or another.

        Args:
            id: The session's id.

        Raises:
            NotFoundError: There is none.
            SessionError: It belongs to another target, or takes no more jobs.
        """
        from qsession_core.client.session import Session

        slot = self.session_slot
        session = Session.of(slot.workspace, slot.workspace.parts.calls.get_session(id), slot=slot)
        session.parts.check_target(slot.target)
        return session.open()
