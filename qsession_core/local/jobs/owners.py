"""Which processes use this directory: each holds a file lock that the operating system releases when it dies.

The file of a process is ``owners/<its name in the store>``. If the lock of a job's owner is free, that process died and
the job may run again. Nothing here depends on time, or on process ids, which are used again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from qsession_core.local.storage.directory import private_directory, private_file

__all__ = ["Presence", "is_in_use"]

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


class Presence:
    """The lock by which other processes see that this one is alive.

    Args:
        directory: The workspace's directory; it must exist.
        owner: This process's name in the store.
    """

    def __init__(self, directory: Path, owner: str) -> None:
        self._folder = directory / "owners"
        private_directory(self._folder)
        self._path = self._folder / owner
        # locked before it gets the name that the others look for
        hidden = self._folder / f".{owner}"
        self._file = os.fdopen(private_file(hidden), "wb")
        _lock(self._file)
        Path(hidden).replace(self._path)

    def is_alive(self, owner: str) -> bool:
        """Say whether the process of this name is alive."""
        path = self._folder / owner
        if path == self._path:
            return True
        return _is_locked(path)

    def remove_stale(self) -> None:
        """Remove the files of processes that died."""
        for path in self._folder.iterdir():
            if not path.name.startswith(".") and not self.is_alive(path.name):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Release the lock and remove its file."""
        self._path.unlink(missing_ok=True)
        self._file.close()


def is_in_use(directory: Path) -> bool:
    """Whether a process that runs jobs has this directory open."""
    try:
        paths = [path for path in (directory / "owners").iterdir() if not path.name.startswith(".")]
    except OSError:
        return False
    return any(map(_is_locked, paths))


def _is_locked(path: Path) -> bool:
    try:
        file = path.open("rb+")
    except OSError:
        return False
    with file:
        return not _lock(file)
