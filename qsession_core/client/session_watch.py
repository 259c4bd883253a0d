"""The sessions that this process has opened: warnings before they run out of time, and closing at exit."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import signal
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Protocol, Self

from qsession_core.errors import ConfigurationError, NotFoundError, QSessionError, ServiceError
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["SessionWatch"]

_log = logger(__name__)

_CHECK_SECONDS = 5.0
_LAST_SECONDS = 5.0  # how long the end of the process waits for sessions that other threads are opening


class _Checked(Protocol):
    @property
    def check(self) -> Callable[[], None]:
        """Warns if the session will soon run out of time; closes it if closing it was interrupted or failed."""
        ...


class WatchedSession(Protocol):
    """What the watch uses of a session; ``session.py`` imports this module."""

    @property
    def id(self) -> str:
        """The session's id."""
        ...

    @property
    def parts(self) -> _Checked:
        """What the client uses of it."""
        ...

    def close(self) -> object:
        """Close the session."""
        ...


class _OpeningSession:
    """A session that may exist: it is being opened, or its opening was interrupted and it could not be closed."""

    def __init__(self, session_id: str, close_session: Callable[[str], object], watch: SessionWatch) -> None:
        self.id = session_id
        self._close_session = close_session
        self._watch = watch

    @property
    def parts(self) -> Self:
        """Itself: it has what the watch uses."""
        return self

    def check(self) -> None:
        """Do nothing: it is not known whether the thread that opens it is still at work."""

    def close(self) -> None:
        """Close it if it exists."""
        with contextlib.suppress(NotFoundError):
            self._close_session(self.id)
        self._watch.remove(self.id)


class SessionWatch:
    """The open sessions of one workspace that this process has opened. Safe to use from several threads.

    They are closed when the process ends: at the interpreter's exit, at the end of a child of ``multiprocessing``, and
    on SIGTERM unless the program has a handler of its own. Only the main thread can install a signal handler, so it is
    installed when the workspace is made there. A forked child watches what it opens itself, not its parent's sessions.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, WatchedSession] = {}
        self._joined: weakref.WeakSet[Any] = weakref.WeakSet()
        self._lock = threading.RLock()  # reentrant: the SIGTERM handler may run in the thread that holds it
        self._checks = False
        self._process = 0  # the process whose forks have been prepared; 0 for none
        self._finalizer: Any = None
        self._has_ended = False
        self._opening_threads: set[int] = set()
        _end_at_exit().add(self)
        _close_at_termination(self)

    def __reduce__(self) -> tuple[type[SessionWatch], tuple[()]]:
        """Pickle as an empty watch: another process has opened no sessions."""
        return SessionWatch, ()

    @contextlib.contextmanager
    def opening(self, session_id: str, close_session: Callable[[str], object]) -> Iterator[None]:
        """Open a session in this block and :meth:`add` it. If the block raises, the session is closed.

        It is watched from before the request is sent, so that it is closed at the latest when the process ends,
        wherever the opening is interrupted.

        Args:
            session_id: The id that it is opened with.
            close_session: Closes the session of this id.

        Raises:
            ConfigurationError: The process ends.
        """
        with self._lock:
            if self._has_ended:
                raise ConfigurationError("The process ends; no session is opened any more.")
            self._opening_threads.add(threading.get_ident())
        opening = _OpeningSession(session_id, close_session, self)
        if session_id not in self._sessions:  # else this process has opened it already
            self.add(opening)
        try:
            yield
        except BaseException as error:
            if not (isinstance(error, ServiceError) and _refused(error)):
                self._close(session_id)
            elif self._sessions.get(session_id) is opening:
                self.remove(session_id)
            raise
        finally:
            self._opening_threads.discard(threading.get_ident())

    def add(self, session: WatchedSession) -> None:
        """Watch a session until it is removed."""
        with self._lock:
            if not self._sessions:
                self._prepare_exit()
            self._sessions[session.id] = session
            start, self._checks = not self._checks, True
        if start:
            if not _close_at_termination(self):
                _log.warning(
                    "SIGTERM would leave session %s open: its workspace was made outside the main thread, where no "
                    "signal handler can be installed. Make the workspace in the main thread, or install a handler of "
                    "your own there that ends by sys.exit().",
                    session.id,
                )
            threading.Thread(
                target=_check_regularly, args=(weakref.ref(self),), name="qsession-watch", daemon=True
            ).start()

    def _prepare_exit(self) -> None:
        """See to it that the sessions are closed when this process ends."""
        # atexit holds the watch, so sessions are closed even if the program drops them
        atexit.register(self.close_all)
        processes = sys.modules.get("multiprocessing.util")
        if processes is not None and sys.modules["multiprocessing.process"].parent_process() is not None:
            # a child of multiprocessing ends without atexit
            self._finalizer = processes.Finalize(None, self.close_all, exitpriority=0)
        if self._process != os.getpid() and hasattr(os, "register_at_fork"):
            self._process = os.getpid()
            os.register_at_fork(after_in_child=functools.partial(_start_anew, weakref.ref(self)))

    def start_anew(self) -> None:
        """Watch nothing: called in a forked child, whose parent has opened the sessions and closes them."""
        self._lock = threading.RLock()
        self._sessions = {}
        self._joined = weakref.WeakSet()
        self._checks = False
        self._process = os.getpid()
        self._finalizer = None
        self._has_ended = False
        self._opening_threads = set()
        atexit.unregister(self.close_all)

    def remove(self, session_id: str) -> None:
        """Stop watching a session."""
        with self._lock:
            if self._sessions.pop(session_id, None) is not None and not self._sessions:
                atexit.unregister(self.close_all)
                if self._finalizer is not None:
                    self._finalizer.cancel()
                    self._finalizer = None

    def join(self, session: Any) -> None:
        """Remember a session object that jobs of a target join, until it is garbage."""
        with self._lock:
            self._joined.add(session)

    def joined(self, session_id: str) -> list[Any]:
        """Return the session objects of this id that jobs of a target have joined."""
        with self._lock:
            return [session for session in self._joined if session.id == session_id]

    def check(self) -> None:
        """Warn once per idle period about each session that will soon end or lose its hold on the hardware."""
        with self._lock:
            sessions = list(self._sessions.values())
        for session in sessions:
            session.parts.check()

    def close_all(self) -> None:
        """Close every watched session; log those that fail."""
        with self._lock:
            session_ids = list(self._sessions)
        for session_id in session_ids:
            self._close(session_id)

    def end(self) -> None:
        """Open no session any more, and close all: the process ends, and its threads may still be opening some."""
        with self._lock:
            self._has_ended = True
        # an answer that is under way would open a session after it was closed
        pause, until = threading.Event(), time.monotonic() + _LAST_SECONDS
        while self._opening_threads & _other_threads() and time.monotonic() < until:
            pause.wait(0.01)
        self.close_all()

    def _close(self, session_id: str) -> None:
        session = self._sessions.get(session_id)
        if session is None:
            return
        try:
            session.close()
        except QSessionError as error:
            _log.warning("session %s could not be closed: %s", session_id, error)


def _refused(error: ServiceError) -> bool:
    """Whether the answer to a request says that it had no effect."""
    return 400 <= error.status_code < 500 and error.status_code != 408  # noqa: PLR2004 - HTTP's statuses


def _other_threads() -> set[int]:
    """Return the idents of the other threads that live."""
    return {thread.ident for thread in threading.enumerate() if thread.ident is not None} - {threading.get_ident()}


@functools.cache
def _end_at_exit() -> weakref.WeakSet[SessionWatch]:
    """Return the watches that end when the interpreter does.

    The hooks that hold a watch (:meth:`SessionWatch.add`) are registered later and so run earlier; daemon threads may
    open sessions after them.
    """
    watches: weakref.WeakSet[SessionWatch] = weakref.WeakSet()
    atexit.register(_end_all, watches)
    return watches


def _end_all(watches: weakref.WeakSet[SessionWatch]) -> None:
    for watch in list(watches):
        watch.end()


def _start_anew(watch: weakref.ref[SessionWatch]) -> None:
    watched = watch()
    if watched is not None:
        watched.start_anew()


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


def _close_at_termination(watch: SessionWatch) -> bool:
    """Close the sessions on SIGTERM, unless the program has a handler of its own.

    Returns:
        Whether the signal has a handler, ours or the program's. If not, this is not the main thread.
    """
    handler = signal.getsignal(signal.SIGTERM)
    if isinstance(handler, _Terminating):
        handler.watches.add(watch)
    elif handler is signal.SIG_DFL:
        if threading.current_thread() is not threading.main_thread():
            return False
        signal.signal(signal.SIGTERM, _Terminating(watch))
        _restore_in_children()
    return True


@functools.cache
def _restore_in_children() -> None:
    """Give forked children the system's own action on SIGTERM until they open sessions themselves.

    A handler in Python runs only when the interpreter does. A worker of ``multiprocessing.Pool`` waits in C for a lock
    that may never be released, so with a handler it would not end when the pool is terminated.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_restore_termination)


def _restore_termination() -> None:
    if isinstance(signal.getsignal(signal.SIGTERM), _Terminating):
        with contextlib.suppress(ValueError):  # not the main thread
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


class _Terminating:
    """A signal handler that closes the sessions of all workspaces and signals again, with the system's own action."""

    def __init__(self, watch: SessionWatch) -> None:
        self.watches = weakref.WeakSet([watch])

    def __call__(self, number: int, frame: object) -> None:  # noqa: ARG002 - a signal handler's arguments
        """Close the sessions and signal again."""
        for watch in list(self.watches):
            watch.end()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
