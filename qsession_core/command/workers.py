"""``qsession serve --workers N``: several processes that take connections from one port and work on one store."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Workers", "given_socket"]

_VARIABLE = "QSESSION_WORKER"  # in a worker: the numbers of its listening socket and of the pipe of its parent
_STOP_SECONDS = 10.0
# A worker that ends at once, again and again, is started again after this time
_PAUSE_SECONDS = 1.0


def given_socket() -> tuple[socket.socket, Callable[[], None]] | None:
    """Return the socket that this process is to serve, if it is a worker; and what tells its parent that it is ready.

    The worker ends when its parent does.
    """
    text = os.environ.pop(_VARIABLE, "")
    if not text:
        return None
    number, ready, lifeline = map(int, text.split(","))
    threading.Thread(target=_end_with_parent, args=(lifeline,), name="qsession-parent", daemon=True).start()

    def tell() -> None:
        os.write(ready, b".")
        os.close(ready)

    return socket.socket(fileno=number), tell


def _end_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)  # returns when the other end is closed
    os.kill(os.getpid(), signal.SIGTERM)


class Workers:
    """Processes that serve one socket. One that ends is started again.

    Args:
        listening: The bound socket.
        count: How many.
        arguments: Of each, behind ``python -m qsession_core``.
    """

    def __init__(self, listening: socket.socket, count: int, arguments: Sequence[str]) -> None:
        self._listening, self._count, self._arguments = listening, count, list(arguments)
        self._lifeline, self._held = os.pipe()
        self._running: list[subprocess.Popen[bytes]] = []
        self._is_stopped = threading.Event()

    def start(self) -> None:
        """Start all of them, and return when they serve.

        Raises:
            ChildProcessError: One of them has ended instead; it has said why.
        """
        pipes = [self._begin() for _ in range(self._count)]
        for pipe in pipes:
            told = os.read(pipe, 1)
            os.close(pipe)
            if not told:
                self.stop()
                raise ChildProcessError("a worker has ended")

    def _begin(self) -> int:
        ready, tell = os.pipe()
        number = self._listening.fileno()
        environment = {**os.environ, _VARIABLE: f"{number},{tell},{self._lifeline}"}
        self._running.append(
            subprocess.Popen(  # noqa: S603 - this Python, our own arguments
                [sys.executable, "-m", "qsession_core", *self._arguments],
                pass_fds=(number, tell, self._lifeline),
                env=environment,
                stdout=subprocess.DEVNULL,
            )
        )
        os.close(tell)
        return ready

    def watch(self) -> None:
        """Start those again that end, until :meth:`stop`."""
        while not self._is_stopped.wait(_PAUSE_SECONDS):
            for process in [process for process in self._running if process.poll() is not None]:
                self._running.remove(process)
                os.close(self._begin())

    def stop(self) -> None:
        """Let all of them end in order; kill those that do not."""
        self._is_stopped.set()
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for end in (self._lifeline, self._held):
            os.close(end)
