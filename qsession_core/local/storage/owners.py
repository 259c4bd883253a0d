"""Which processes use this directory: each holds a file lock that the operating system releases when it dies.

The file of a process is ``owners/<its name in the store>``. If the lock of a job's owner is free, that process died and
the job may run again. Nothing here depends on time, or on process ids, which are used again.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from qsession_core.local.storage.directory import private_directory, private_file
from qsession_core.processes.locks import CAN_RENAME_OPEN_FILES, try_lock

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FilePresence", "is_in_use"]


class FilePresence:
    """The lock by which other processes see that this one is alive.

    Args:
        directory: The workspace's directory; it must exist.
        owner: This process's name in the store.
    """

    def __init__(self, directory: Path, owner: str) -> None:
        self._folder = directory / "owners"
        private_directory(self._folder)
        self._path = self._folder / owner
        # locked before it gets the name that the others look for; where that cannot be, they cannot remove it either
        hidden = self._folder / f".{owner}" if CAN_RENAME_OPEN_FILES else self._path
        self._file = os.fdopen(private_file(hidden), "wb")
        try_lock(self._file)
        if hidden != self._path:
            hidden.replace(self._path)

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
                with suppress(PermissionError):  # Windows: it is open, but not locked yet
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Release the lock and remove its file."""
        if not CAN_RENAME_OPEN_FILES:
            self._file.close()
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
        return not try_lock(file)
