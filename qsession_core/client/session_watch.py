"""The sessions that this process has opened: warnings before they run out of time, and closing at exit."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import threading
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from qsession_core.errors import QSessionError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SessionWatch"]

_log = logging.getLogger(__name__)

_CHECK_SECONDS = 5.0


class WatchedSession(Protocol):
    """What the watch uses of a session; ``session.py`` imports this module."""

    @property
    def id(self) -> str:
        """The session's id."""
        ...

    def warn_in_time(self) -> None:
        """Log a warning if the session will soon run out of time."""
        ...

    def close(self) -> object:
        """Close the session."""
        ...


class SessionWatch:
    """The open sessions of one workspace that this process has opened. Safe to use from several threads."""

    def __init__(self) -> None:
        self._sessions: dict[str, WatchedSession] = {}
        self._lock = threading.RLock()  # reentrant: the SIGTERM handler may run in the thread that holds it
        self._started = False
        self._process = os.getpid()

    def __reduce__(self) -> tuple[type[SessionWatch], tuple[()]]:
        """Pickle as an empty watch: another process has opened no sessions."""
        return SessionWatch, ()

    def add(self, session: WatchedSession) -> None:
        """Watch a session until it is removed."""
        with self._lock:
            if not self._sessions:
                # atexit holds the watch, so sessions are closed even if the program drops them
                atexit.register(self.close_all)
            self._sessions[session.id] = session
            start, self._started = not self._started, True
        if start:
            _close_at_termination(self)
            threading.Thread(
                target=_check_regularly, args=(weakref.ref(self),), name="qsession-watch", daemon=True
            ).start()

    def remove(self, session_id: str) -> None:
        """Stop watching a session."""
        with self._lock:
            if self._sessions.pop(session_id, None) is not None and not self._sessions:
                atexit.unregister(self.close_all)

    def check(self) -> None:
        """Warn once per idle period about each session that will soon end or lose its hold on the hardware."""
        with self._lock:
            sessions = list(self._sessions.values())
        for session in sessions:
            session.warn_in_time()

    def close_all(self) -> None:
        """Close every watched session; log those that fail."""
        if self._process != os.getpid():
            return  # a fork: the parent opened them
        with self._lock:
            sessions = list(self._sessions.values())
        for session in sessions:
            try:
                session.close()
            except QSessionError as error:
                _log.warning("session %s could not be closed at exit: %s", session.id, error)


def _check_regularly(watch: weakref.ref[SessionWatch]) -> None:
    """Check every few seconds until the watch is garbage."""
    pause = threading.Event()
    while True:
        pause.wait(_CHECK_SECONDS)
        watched = watch()
        if watched is None:
            return
        watched.check()
        del watched


def _close_at_termination(watch: SessionWatch) -> None:
    """Close the sessions on SIGTERM, unless the program has a handler of its own."""
    if threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(signal.SIGTERM)
    if before is not signal.SIG_DFL and not isinstance(before, _Terminating):
        return
    reference = weakref.ref(watch)

    def close() -> None:
        watched = reference()
        if watched is not None:
            watched.close_all()

    signal.signal(signal.SIGTERM, _Terminating(close, before))


class _Terminating:
    """A signal handler that closes the sessions of one workspace, restores the previous handler and signals again."""

    def __init__(self, close: Callable[[], None], before: Any) -> None:
        self._close = close
        self._before = before  # SIG_DFL, or the handler of another workspace

    def __call__(self, number: int, frame: object) -> None:  # noqa: ARG002 - a signal handler's arguments
        """Close the sessions and signal again."""
        self._close()
        signal.signal(number, self._before)
        os.kill(os.getpid(), number)
