"""Processes that run simulations, as a ``concurrent.futures.Executor``.

Each worker is a new Python that gets its work over standard input. Unlike those of multiprocessing, these workers do
not import the caller's main module (a script without a guard works), are not forked from a process with threads, and
can be killed one by one, so that cancelling a running job frees the machine at once.
"""

from __future__ import annotations

import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
from concurrent.futures import Executor, Future
from typing import IO, TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WorkerDied", "WorkerPool", "serve"]

P = ParamSpec("P")
T = TypeVar("T")
_LENGTH = struct.Struct(">Q")
# Ctrl-C goes to all processes of a terminal, and must not end the simulations of jobs that were not cancelled
_START = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); sys.path[:] = {!r};"
    " from qsession_core.local.execution.process_pool import serve; serve()"
)


class WorkerDied(RuntimeError):  # noqa: N818 - the name says what happened
    """The process of a simulation ended before the simulation did, for example because memory ran out."""


class WorkerPool(Executor):
    """A pool of worker processes; one is started when work comes and none is idle.

    Args:
        max_workers: The most processes; None for the number of processors.
    """

    def __init__(self, max_workers: int | None = None) -> None:
        self._max_workers = max_workers or os.cpu_count() or 1
        self._queue: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._running: dict[Future[Any], subprocess.Popen[bytes]] = {}
        self._idle = 0
        self._is_shut = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a function in a worker; function, arguments and result are pickled."""
        future: Future[T] = Future()
        work = pickle.dumps((fn, args, kwargs))
        with self._lock:
            if self._is_shut:
                raise RuntimeError("The pool is shut; make a new one.")
            self._queue.put((future, work))
            if self._idle < self._queue.qsize() and len(self._threads) < self._max_workers:
                thread = threading.Thread(target=self._feed, name="qsession-worker", daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def kill(self, future: Future[Any]) -> None:
        """Stop the work of a future: cancel it if it has not begun, kill its process if it runs."""
        if future.cancel():
            return
        with self._lock:
            process = self._running.get(future)
        if process is not None:
            process.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as Executor
        """Take no more work. With ``cancel_futures``, kill what runs as well."""
        with self._lock:
            self._is_shut = True
            threads = list(self._threads)
            running = list(self._running)
        if cancel_futures:
            while True:
                try:
                    entry = self._queue.get_nowait()
                except queue.Empty:
                    break
                if entry is not None:
                    entry[0].cancel()
            for future in running:
                self.kill(future)
        for _ in threads:
            self._queue.put(None)
        if wait:
            for thread in threads:
                thread.join()

    def _feed(self) -> None:
        """Keep one worker busy until the pool is shut."""
        process: subprocess.Popen[bytes] | None = None
        while True:
            with self._lock:
                self._idle += 1
            entry = self._queue.get()
            with self._lock:
                self._idle -= 1
            if entry is None:
                break
            future, work = entry
            if not future.set_running_or_notify_cancel():
                continue
            if process is None or process.poll() is not None:
                process = _started()
            with self._lock:
                self._running[future] = process
            try:
                worked, value = _asked(process, work)
            except (OSError, EOFError, struct.error):
                process.kill()
                _end(process)
                process = None
                worked, value = False, WorkerDied("The process that ran the simulation died.")
            with self._lock:
                del self._running[future]
            if worked:
                future.set_result(value)
            else:
                future.set_exception(value)
        if process is not None:
            _end(process)


def _started() -> subprocess.Popen[bytes]:
    """Start a worker that finds the same modules as this process."""
    environment = {
        **os.environ,
        "QDK_PYTHON_TELEMETRY": "none",
        # the processors are busy with one worker each: threads within them would compete
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
    }
    return subprocess.Popen(  # noqa: S603 - this Python, our own text
        [sys.executable, "-c", _START.format(sys.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close a worker's pipes, and wait for its end."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:  # unsent bytes for a process that ended
                continue
    process.wait()


def _asked(process: subprocess.Popen[bytes], work: bytes) -> tuple[bool, Any]:
    """Send work to a worker; return True with its result, or False with its error."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    _send(process.stdin, work)
    answer = _received(process.stdout)
    if answer is None:
        raise EOFError
    return pickle.loads(answer)  # type: ignore[no-any-return]  # noqa: S301 - from our own process


def _send(pipe: IO[bytes], text: bytes) -> None:
    pipe.write(_LENGTH.pack(len(text)))
    pipe.write(text)
    pipe.flush()


def _received(pipe: IO[bytes]) -> bytes | None:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = pipe.read(length)
    return body if len(body) == length else None


def _watch(parent: int) -> None:
    """End this process, even in the middle of its work, when its parent has ended."""
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(1.0)
    os._exit(1)


def serve() -> None:
    """Run as a worker: run the calls that come over standard input until it is closed."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a simulator prints must not get into an answer
    while (work := _received(source)) is not None:
        try:
            function, args, kwargs = pickle.loads(work)  # noqa: S301 - from the process that started this one
            answer = (True, function(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - any error becomes that of the caller's future
            answer = (False, error)
        try:
            text = pickle.dumps(answer)
            if not answer[0]:
                pickle.loads(text)  # noqa: S301 - an error whose constructor has arguments of its own may fail here
        except Exception:  # noqa: BLE001 - pickling runs methods of the result
            text = pickle.dumps((False, RuntimeError(repr(answer[1]))))
        _send(sink, text)
