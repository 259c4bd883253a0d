"""Starts the command of a run and ends with it, with every process that it has started, and with the run.

It is a process of its own, so that all its descendants are the command's: ``python supervisor.py LIFELINE COMMAND``. On
Linux, what the command leaves behind becomes a child of this process, even if it made itself a daemon. Elsewhere, the
command has a process group of its own, which is ended; with a terminal, whose group it shares, it ends alone. The
lifeline is a file descriptor that the run holds open at its other end: when the run dies, however it dies, this
process sees its end.

The standard library only, and nothing of this package: it starts in a moment.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["descendants", "is_in_foreground", "main", "nothing"]

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_GRACE_SECONDS = 2.0
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127  # as of shells


def main(lifeline: int, command: list[str]) -> int:
    """Run the command; return its exit code, 128 and the signal's number if a signal has ended it."""
    is_reaper = _adopt_orphans()
    has_terminal = is_in_foreground()
    has_group = not is_reaper and not has_terminal
    # a handler instead of SIG_IGN, which the command would inherit
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, nothing)
    try:
        child = subprocess.Popen(command, process_group=0 if has_group else None)  # noqa: S603 - the user's own command
    except FileNotFoundError:
        sys.stderr.write(f"qsession: there is no command {command[0]}\n")
        return _NOT_FOUND
    except OSError as error:
        sys.stderr.write(f"qsession: {command[0]} cannot be run: {error.strerror}\n")
        return _NOT_EXECUTABLE

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's shape
        with suppress(ProcessLookupError):
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGHUP, *(() if has_terminal else (signal.SIGINT, signal.SIGQUIT))):
        signal.signal(number, end)
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()
    code = child.wait()
    if has_group:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    if is_reaper:
        _end_descendants()
    return code if code >= 0 else 128 - code


def nothing(number: int, frame: FrameType | None) -> None:
    """Leave a signal of the terminal to the command, which gets it too."""


def is_in_foreground() -> bool:
    """Whether a terminal sends Ctrl-C to this process's group, of which the command is a part."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _adopt_orphans() -> bool:
    """Become the parent of what the command leaves behind; return whether this platform can do that."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def _watch(lifeline: int) -> None:
    """End everything when the run has died."""
    with suppress(OSError):
        os.read(lifeline, 1)
    while left := _reaped():
        for pid in left:
            _kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    os._exit(1)


def _end_descendants() -> None:
    """Ask all that is left to end, and end what has not done so in a while."""
    until = time.monotonic() + _GRACE_SECONDS
    asked: set[int] = set()
    while left := _reaped():
        is_late = time.monotonic() > until
        for pid in left:
            if is_late or pid not in asked:
                _kill(pid, signal.SIGKILL if is_late else signal.SIGTERM)
                asked.add(pid)
        time.sleep(0.01)


def _reaped() -> list[int]:
    """Return the descendants that still run."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return descendants()


def descendants() -> list[int]:
    """Return the processes below this one, those farthest from it first; those that have ended are left out."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if fields[0] not in {"Z", "X"}:
                parents[int(folder.name)] = int(fields[1])
    own: list[int] = []
    front = {os.getpid()}
    while front:
        front = {pid for pid, parent in parents.items() if parent in front}
        own = [*front, *own]
    return own


def _kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
