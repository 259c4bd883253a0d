"""Which processes are alive on a directory, told by locks that the system takes back when a process dies.

Each process holds a lock on a file of its own under ``owners/``. A job whose owner's lock is free belongs to nobody:
its process died, and the job may run again. Nothing here depends on time or on process ids, which are used anew.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

__all__ = ["Presence"]

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
    """This process's sign of life on a directory.

    Args:
        directory: The workspace's directory.
        owner: This process's name in the store.
    """

    def __init__(self, directory: Path, owner: str) -> None:
        self._folder = directory / "owners"
        self._folder.mkdir(exist_ok=True)
        self._path = self._folder / owner
        # locked before it has the name by which others look for it
        hidden = self._folder / f".{owner}"
        self._file = hidden.open("wb")
        _lock(self._file)
        Path(hidden).replace(self._path)

    def is_alive(self, owner: str) -> bool:
        """Say whether the process of this name lives."""
        path = self._folder / owner
        if path == self._path:
            return True
        try:
            file = path.open("rb+")
        except OSError:
            return False
        with file:
            return not _lock(file)

    def bury(self) -> None:
        """Take away the files of the dead."""
        for path in self._folder.iterdir():
            if not path.name.startswith(".") and not self.is_alive(path.name):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Withdraw the sign of life."""
        self._path.unlink(missing_ok=True)
        self._file.close()


def make_private(path: Path) -> None:
    """Let only its owner read and write a file, or enter a folder."""
    os.chmod(path, 0o700 if path.is_dir() else 0o600)  # noqa: PTH101 - reads as what it does
