"""What runs in a worker process: calls that come over standard input, one after the other.

A worker keeps limits by itself, so that they hold when nobody looks: of memory, of time, and of the life of the process
that started it. Where the system has no such limit, the pool's own remain: it kills a worker at the deadline.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import struct
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["END_OF_PIPE", "bounded_memory", "read_message", "serve", "write_message"]

_LENGTH = struct.Struct(">Q")
# What reading and writing raise when the process at the other end has ended
END_OF_PIPE = (OSError, EOFError, struct.error)
_SPARE_SECONDS = 5.0
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9
_FIRST_TO_END = "1000"
_serves: list[int] = []  # in a worker, the process that it works for


def write_message(pipe: IO[bytes], text: bytes) -> None:
    """Write one message: its length, and its bytes."""
    pipe.write(_LENGTH.pack(len(text)))
    pipe.write(text)
    pipe.flush()


def read_message(pipe: IO[bytes]) -> bytes | None:
    """Read one message; None at the end of the pipe."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = pipe.read(length)
    return body if len(body) == length else None


@contextmanager
def bounded_memory(more_bytes: int) -> Iterator[None]:
    """Let this process take only so much more memory during the block, if it is a worker; others are left alone.

    Args:
        more_bytes: On top of what the process has now. What asks for more fails, or ends the worker.
    """
    try:
        import resource

        held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # a system without such limits
        held = 0
    if not held or not _serves:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([held + more_bytes, *limits]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def serve(seconds: float = 0.0, memory_bytes: int = 0) -> None:
    """Run as a worker: run the calls that come over standard input until it is closed.

    Args:
        seconds: The deadline of each call; 0 for none.
        memory_bytes: How much memory this process may take; 0 for no limit.
    """
    parent = os.getppid()
    _serves.append(parent)
    _limit(memory_bytes)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a simulator prints must not get into an answer
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
        while (message := read_message(source)) is not None:
            if seconds:
                # ends this process even in the middle of a call of C that lets no other thread run
                faulthandler.dump_traceback_later(seconds + _SPARE_SECONDS, exit=True, file=nowhere)
            answer = _answer(message)
            if seconds:
                faulthandler.cancel_dump_traceback_later()
            write_message(sink, answer)


def _answer(message: bytes) -> bytes:
    """Run one call; return its pickled answer: True and the result, or False and the error."""
    try:
        function, args, kwargs = pickle.loads(message)  # noqa: S301 - from the process that started this one
        answer = (True, function(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 - any error becomes that of the caller's future
        answer = (False, MemoryError(str(error)) if isinstance(error, MemoryError) else error)
    try:
        text = pickle.dumps(answer)
        if not answer[0]:
            pickle.loads(text)  # noqa: S301 - an error whose constructor has arguments of its own may fail here
    except Exception:  # noqa: BLE001 - pickling runs methods of the result
        text = pickle.dumps((False, RuntimeError(repr(answer[1]))))
    return text


def _limit(memory_bytes: int) -> None:
    """Set the limits that the system keeps."""
    if sys.platform == "win32":
        return
    import resource

    with suppress(ValueError, OSError):  # a lower limit is set already
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        # The system kills this process when the thread that started it ends, even if that was killed itself
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)
        # If memory runs out, the system ends this process and not the service
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_END, encoding="ascii")
    if memory_bytes:
        # On Linux the data limit counts what is allocated; the address space has libraries as well
        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        with suppress(ValueError, OSError):
            _, hard = resource.getrlimit(kind)
            resource.setrlimit(kind, (memory_bytes, hard))


def _watch(parent: int) -> None:
    """End this process, even in the middle of its work, when its parent has ended."""
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(1.0)
    os._exit(1)
