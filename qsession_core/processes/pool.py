"""Processes that do work, as a ``concurrent.futures.Executor``.

Each worker is a new Python that gets its work over standard input (`worker.py`). Unlike those of multiprocessing, these
workers do not import the caller's main module (a script without a guard works), are not forked from a process with
threads, and can be killed one by one, so that cancelling a running job frees the machine at once. What must hold:

1. Work that was killed does not run, whether it waited, was about to begin or ran.
2. Work that takes longer than the deadline is killed, and work that takes more memory than a worker may have fails.
3. Short work waits for short work only: work of the short lane that has not ended after some seconds goes on in the
   long lane if there is room, and else is given back.
4. No worker outlives its pool, or the process that the pool is in.
"""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Executor, Future
from enum import Enum
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import msgspec

from qsession_core.processes.worker import END_OF_PIPE, read_message, write_message

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KillableExecutor", "Lane", "WorkGivenBackError", "WorkTimedOutError", "WorkerDiedError", "WorkerPool"]

P = ParamSpec("P")
T = TypeVar("T")
# How long work of the short lane may take before it belongs into the long one
PATIENCE_SECONDS = 2.0
_LESS_URGENT = 10  # of Unix's nice: what takes long leaves the processors to what does not
# Ctrl-C goes to all processes of a terminal, and must not end the simulations of jobs that were not cancelled
_START = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); sys.path[:] = {!r};"
    " from qsession_core.processes.worker import serve; serve({!r}, {!r})"
)


class WorkerDiedError(RuntimeError):
    """The process of some work ended before the work did, for example because memory ran out."""


class WorkTimedOutError(RuntimeError):
    """The work took longer than the deadline."""


class WorkGivenBackError(RuntimeError):
    """Work of the short lane took long, and the long lane had no room. It may be given to the long lane again."""


class Lane(Enum):
    """Which work waits for which."""

    SHORT = "short"
    LONG = "long"
    NONE = "none"  # as Executor.submit has it: all work in order, each as long as it takes


class _Work(msgspec.Struct, eq=False):
    """One call, from its submission to its end."""

    future: Future[Any]
    message: bytes
    lane: Lane
    process: subprocess.Popen[bytes] | None = None
    timer: threading.Timer | None = None
    is_killed: bool = False
    error: RuntimeError | None = None  # why we killed it
    used: bool = False  # its process is not to be used again


class KillableExecutor(Executor, ABC):
    """An executor whose work can be stopped in its middle."""

    @abstractmethod
    def kill(self, future: Future[Any]) -> None:
        """Stop the work of a future, whether it waits, begins or runs."""


class WorkerPool(KillableExecutor):
    """A pool of worker processes; one is started when work comes and none is idle.

    Args:
        max_workers: How many calls run at the same time in each lane; None for the number of processors.
        seconds: The deadline of each call; infinite for none.
        memory_bytes: How much memory a worker may take; 0 for no limit.
        patience: After how many seconds work of the short lane belongs into the long one.
        on_room: Called when a lane has got room, from any thread.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        *,
        seconds: float = math.inf,
        memory_bytes: int = 0,
        patience: float = PATIENCE_SECONDS,
        on_room: Callable[[], None] = lambda: None,
    ) -> None:
        self._max_workers = max_workers or os.cpu_count() or 1
        self._seconds, self._memory_bytes, self._patience = seconds, memory_bytes, patience
        self._on_room = on_room
        self._changed = threading.Condition()
        self._waiting: deque[_Work] = deque()
        self._running: set[_Work] = set()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._is_shut = False

    # --- from outside ---

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a function in a worker; function, arguments and result are pickled."""
        return self._submit(Lane.NONE, pickle.dumps((fn, args, kwargs)))

    def submit_in(self, lane: Lane, fn: Callable[..., T], *args: object) -> Future[T]:
        """Run a function in a worker, in a lane that :meth:`has_room`."""
        return self._submit(lane, pickle.dumps((fn, args, {})))

    def _submit(self, lane: Lane, message: bytes) -> Future[Any]:
        work = _Work(Future(), message, lane)
        with self._changed:
            if self._is_shut:
                raise RuntimeError("The pool is shut; make a new one.")
            self._waiting.append(work)
            most = self._max_workers if lane is Lane.NONE else 2 * self._max_workers
            if self._idle < len(self._waiting) and len(self._threads) < most:
                thread = threading.Thread(target=self._feed, name="qsession-worker", daemon=True)
                self._threads.add(thread)
                thread.start()
            self._changed.notify()
        return work.future

    def has_room(self, lane: Lane) -> bool:
        """Say whether work of a lane would begin at once."""
        with self._changed:
            return self._count(lane) < self._max_workers

    def _count(self, lane: Lane) -> int:
        return sum(work.lane is lane for work in (*self._running, *self._waiting))

    def kill(self, future: Future[Any]) -> None:
        """Stop the work of a future, whether it waits, begins or runs."""
        if future.cancel():
            return
        with self._changed:
            for work in self._running:
                if work.future is future:
                    self._kill(work)

    def _kill(self, work: _Work, error: RuntimeError | None = None) -> None:
        """Kill the process of work that runs. The caller holds the lock."""
        work.is_killed, work.error = True, work.error or error
        if work.process is not None:
            work.process.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as Executor
        """Take no more work. With ``cancel_futures``, kill what runs as well."""
        with self._changed:
            self._is_shut = True
            threads = list(self._threads)
            dropped: list[_Work] = []
            if cancel_futures:
                dropped, self._waiting = list(self._waiting), deque()
                for work in self._running:
                    self._kill(work)
            self._changed.notify_all()
        for work in dropped:
            work.future.cancel()
        if wait:
            for thread in threads:
                thread.join()

    # --- one worker ---

    def _feed(self) -> None:
        """Keep one worker busy until the pool is shut.

        The thread lives as long as its worker: on Linux a worker ends with the thread that started it.
        """
        process: subprocess.Popen[bytes] | None = None
        while (work := self._next()) is not None:
            worked, value = False, None
            try:
                if process is None or process.poll() is not None:
                    process = _started(self._seconds, self._memory_bytes)
                self._begin(work, process)
                worked, value = _asked(process, work.message)
            except END_OF_PIPE as error:
                problem = f"No process for the work could be started: {error}."
                if process is not None:
                    process.kill()
                    problem = _ended_by(_end(process))
                    process = None
                value = work.error or WorkerDiedError(problem)
            if process is not None and (work.used or isinstance(value, MemoryError)):
                _end(process)
                process = None
            with self._changed:
                self._running.discard(work)
                if work.timer is not None:
                    work.timer.cancel()
            if worked:
                work.future.set_result(value)
            else:
                work.future.set_exception(value)
            self._on_room()
        if process is not None:
            _end(process)
        with self._changed:
            self._threads.discard(threading.current_thread())

    def _begin(self, work: _Work, process: subprocess.Popen[bytes]) -> None:
        """Note the process that work is about to run in, unless it was killed already."""
        with self._changed:
            work.process = process
            if work.is_killed:
                process.kill()
            if work.lane is Lane.LONG:
                _lower(work)
            self._arm(work, self._patience if work.lane is Lane.SHORT else self._seconds)

    def _next(self) -> _Work | None:
        """Return the next work, as running; None when the pool is shut and nothing waits."""
        with self._changed:
            self._idle += 1
            try:
                while True:
                    self._changed.wait_for(lambda: self._waiting or self._is_shut)
                    if not self._waiting:
                        return None
                    work = self._waiting.popleft()
                    if work.future.set_running_or_notify_cancel():
                        self._running.add(work)
                        return work
            finally:
                self._idle -= 1

    def _arm(self, work: _Work, seconds: float) -> None:
        """Look at running work again after some seconds. The caller holds the lock."""
        if math.isfinite(seconds):
            work.timer = threading.Timer(seconds, self._overdue, [work])
            work.timer.daemon = True
            work.timer.start()

    def _overdue(self, work: _Work) -> None:
        """Work has taken the patience of its lane, or all the time that it has."""
        with self._changed:
            if work not in self._running:
                return
            if work.lane is not Lane.SHORT:
                self._kill(work, WorkTimedOutError(f"The work took longer than {self._seconds:g} seconds."))
                return
            if self._count(Lane.LONG) >= self._max_workers:
                self._kill(work, WorkGivenBackError("The work takes long, and too much long work runs already."))
                return
            work.lane = Lane.LONG
            _lower(work)
            self._arm(work, max(0.0, self._seconds - self._patience))
        self._on_room()


def _started(seconds: float, memory_bytes: int) -> subprocess.Popen[bytes]:
    """Start a worker that finds the same modules as this process."""
    environment = {
        **os.environ,
        "QDK_PYTHON_TELEMETRY": "none",
        # the processors are busy with one worker each: threads within them would compete
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
    }
    return subprocess.Popen(  # noqa: S603 - this Python, our own text
        [sys.executable, "-c", _START.format(sys.path, seconds if math.isfinite(seconds) else 0.0, memory_bytes)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
        process_group=None if sys.platform == "win32" else 0,  # a terminal's Ctrl-C is for us, who end it
    )  # fmt: skip


def _lower(work: _Work) -> None:
    """Let the process of work that takes long run when nothing short wants to. It does not come back from there."""
    work.used = True
    if sys.platform != "win32" and work.process is not None:
        try:
            os.setpriority(os.PRIO_PROCESS, work.process.pid, _LESS_URGENT)
        except OSError:  # it has ended, or the system does not let us
            return


def _end(process: subprocess.Popen[bytes]) -> int:
    """Close a worker's pipes, wait for its end, and return its exit code."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:  # unsent bytes for a process that ended
                continue
    return process.wait()


def _ended_by(code: int) -> str:
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    return f"The process that did the work died {how}."


def _asked(process: subprocess.Popen[bytes], message: bytes) -> tuple[bool, Any]:
    """Send work to a worker; return True with its result, or False with its error."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    write_message(process.stdin, message)
    answer = read_message(process.stdout)
    if answer is None:
        raise EOFError
    return pickle.loads(answer)  # type: ignore[no-any-return]  # noqa: S301 - from our own process
