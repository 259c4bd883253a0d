"""Looking after the sessions that this process has opened: warnings before time runs out, and closing at the end."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import threading
import weakref
from typing import TYPE_CHECKING, Any

from qsession_core.errors import QSessionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core.client.session import Session

__all__ = ["SessionWatch"]

_log = logging.getLogger(__name__)

WARN_SECONDS_LEFT = 120.0
_HOLD_SHARE = 0.75  # of a provider's hold, after which its loss is announced
_LOOK_SECONDS = 5.0


class SessionWatch:
    """The open sessions of one workspace that this process has opened."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._warned: dict[tuple[str, str], float] = {}
        self._lock = threading.RLock()  # the handler of a signal runs in the thread that it interrupts
        self._started = False
        self._process = os.getpid()

    def __reduce__(self) -> tuple[type[SessionWatch], tuple[()]]:
        """Another process has opened no sessions."""
        return SessionWatch, ()

    def add(self, session: Session) -> None:
        """Look after a session from now on."""
        with self._lock:
            if not self._sessions:
                atexit.register(self.close_all)  # which keeps them until they are closed, whoever else forgets them
            self._sessions[session.id] = session
            start, self._started = not self._started, True
        if start:
            _close_at_termination(self)
            threading.Thread(target=_look, args=(weakref.ref(self),), name="qsession-watch", daemon=True).start()

    def remove(self, session_id: str) -> None:
        """Look after a session no more."""
        with self._lock:
            if self._sessions.pop(session_id, None) is not None and not self._sessions:
                atexit.unregister(self.close_all)

    def check(self) -> None:
        """Warn about every session whose idle time or hold on the hardware is nearly over, once for each idle time."""
        with self._lock:
            sessions = list(self._sessions.values())
        for session in sessions:
            if session.is_in_terminal_state():
                continue
            left, idle = session.seconds_left, session.seconds_idle
            if left <= WARN_SECONDS_LEFT:
                self._warn(session, "idle", f"ends in {left:.0f} s unless a job is sent")
            hold = session.hold_seconds
            if hold is not None and session.jobs_sent and hold * _HOLD_SHARE <= idle < hold:
                self._warn(session, "hold", f"gives the hardware back in {hold - idle:.0f} s unless a job is sent")

    def _warn(self, session: Session, what: str, sentence: str) -> None:
        since = session.last_job_at
        if self._warned.get((session.id, what)) != since:
            self._warned[session.id, what] = since
            _log.warning("session %s (%s) on %s %s", session.id, session.name, session.target, sentence)

    def close_all(self) -> None:
        """Close every session that is looked after; what fails is logged."""
        if self._process != os.getpid():
            return  # a forked process did not open them
        with self._lock:
            sessions = list(self._sessions.values())
        for session in sessions:
            try:
                session.close()
            except QSessionError as error:
                _log.warning("session %s could not be closed at exit: %s", session.id, error)


def _look(watch: weakref.ref[SessionWatch]) -> None:
    """Check every few seconds, as long as the watch is there."""
    pause = threading.Event()
    while True:
        pause.wait(_LOOK_SECONDS)
        watched = watch()
        if watched is None:
            return
        watched.check()
        del watched


def _close_at_termination(watch: SessionWatch) -> None:
    """Close the sessions when the process is told to end by SIGTERM, unless its program has a handler of its own."""
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
    """A handler that closes the sessions of one workspace and then lets the signal do what it would have done."""

    def __init__(self, close: Callable[[], None], before: Any) -> None:
        self._close = close
        self._before = before  # the default, or the same for another workspace

    def __call__(self, number: int, frame: object) -> None:  # noqa: ARG002 - a signal handler's arguments
        """Close, and let the signal go on."""
        self._close()
        signal.signal(number, self._before)
        os.kill(os.getpid(), number)
