"""The sessions of one target: the settings that they were opened with, and the one that its jobs join."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from qsession_core.client.interface import WorkspaceParts

__all__ = ["SessionSettings", "SessionSlot"]

Session = TypeVar("Session")


class SessionSettings(msgspec.Struct, frozen=True):
    """What a session was opened with, so that one like it can be opened again.

    Attributes:
        provider_id: The target's provider.
        job_failure_policy: See ``open_session``.
        priority: See ``open_session``.
        tags: See ``open_session``.
        on_timeout: ``"raise"`` or ``"reopen"``.
        hold_seconds: How long the provider keeps the hardware for the session without a job; None if it does not.
    """

    provider_id: str
    job_failure_policy: str | None = None
    priority: str | None = None
    tags: tuple[str, ...] = ()
    on_timeout: str = "raise"
    hold_seconds: float | None = None

    def __post_init__(self) -> None:
        """Check ``on_timeout``, the only member that the service does not check.

        Raises:
            ConfigurationError: It is neither ``"raise"`` nor ``"reopen"``.
        """
        if self.on_timeout not in {"raise", "reopen"}:
            raise ConfigurationError(f"on_timeout is {self.on_timeout!r}; use 'raise' or 'reopen'.")


class SessionSlot(Generic[Session]):
    """The sessions that are attached to one target; its jobs join the innermost.

    Attributes:
        workspace: The target's workspace.
        target: The target's name.
        provider_id: Its provider's id in the workspace.
        hold_seconds: How long the provider keeps the hardware for a session without a job; None if it does not.
    """

    def __init__(self, workspace: WorkspaceParts, target: str, provider_id: str, hold_seconds: float | None) -> None:
        self.workspace = workspace
        self.target = target
        self.provider_id = provider_id
        self.hold_seconds = hold_seconds
        self._lock = threading.RLock()
        self._sessions: list[Session] = []

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave out the sessions: they are attached in this process only."""
        return SessionSlot, (self.workspace, self.target, self.provider_id, self.hold_seconds)

    def attach(self, session: Session) -> None:
        """Let jobs join this session."""
        with self._lock:
            if session in self._sessions:
                self._sessions.remove(session)  # it becomes the innermost
            self._sessions.append(session)

    def clear(self) -> None:
        """Let jobs join no session."""
        with self._lock:
            self._sessions.clear()

    def detach(self, session: Session) -> None:
        """Let no more jobs join it."""
        with self._lock:
            if session in self._sessions:
                self._sessions.remove(session)

    @property
    def current(self) -> Session | None:
        """The session that the next job joins, if any."""
        with self._lock:
            return self._sessions[-1] if self._sessions else None
