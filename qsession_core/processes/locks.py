"""Locks on files that the system releases when their process ends, and whether a process still runs.

On Windows this has not been run; what differs there is in this file alone.
"""

from __future__ import annotations

import os
import sys
from typing import IO

__all__ = ["CAN_RENAME_OPEN_FILES", "is_running", "lock", "try_lock"]

# Windows renames and removes no file that is open
CAN_RENAME_OPEN_FILES = sys.platform != "win32"

if sys.platform == "win32":  # pragma: no cover
    import ctypes
    import msvcrt

    _FAR = 1 << 40  # a byte behind all content, since a locked byte can be read by nobody else
    _QUERY_LIMITED_INFORMATION, _STILL_ACTIVE, _ACCESS_DENIED = 0x1000, 259, 5

    def _locked(file: IO[bytes], mode: int) -> bool:
        place = file.tell()
        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), mode, 1)
        except OSError:
            return False
        finally:
            file.seek(place)
        return True

    def try_lock(file: IO[bytes]) -> bool:
        """Lock an open file; False if another process has locked it."""
        return _locked(file, msvcrt.LK_NBLCK)

    def lock(file: IO[bytes]) -> None:
        """Lock an open file; wait until no other process holds the lock. Closing the file releases it."""
        while not _locked(file, msvcrt.LK_LOCK):  # each try takes ten seconds
            pass

    def is_running(pid: int) -> bool:
        """Whether there is a process of this id."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        handle = kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, 0, pid)
        if not handle:
            return ctypes.get_last_error() == _ACCESS_DENIED
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == _STILL_ACTIVE

else:
    import fcntl

    def try_lock(file: IO[bytes]) -> bool:
        """Lock an open file; False if another process has locked it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def lock(file: IO[bytes]) -> None:
        """Lock an open file; wait until no other process holds the lock. Closing the file releases it."""
        fcntl.flock(file, fcntl.LOCK_EX)

    def is_running(pid: int) -> bool:
        """Whether there is a process of this id."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
