"""The directory of a workspace: nobody else may read it, and what cannot be used is told in one sentence.

The database has the API key and the key of all signatures. SQLite gives its other files (``-wal``, ``-shm``) the rights
that the database has, so the database is made private before SQLite opens it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from qsession_core.errors import ConfigurationError
from qsession_core.local.storage.trouble import is_locked
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "DATABASE", "make_database", "private_directory", "private_file", "refuse_unusable", "take_rights_of_others",
    "told",
]  # fmt: skip

_LOG = logger(__name__)
DATABASE = "workspace.db"
_OTHERS = 0o077
_MAGIC, _HEADER_BYTES = b"SQLite format 3\0", 100
# A whole check reads every page; above this size the pages are checked when they are used
_CHECKED_BYTES = 64 * 1024 * 1024
_HAS_RIGHTS = os.name == "posix"
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


def private_directory(path: Path) -> None:
    """Make a directory that only its owner may enter; take the rights of others away from one that is there.

    Raises:
        ConfigurationError: It is no directory, cannot be made, or others share it.
    """
    try:
        if not path.is_dir():
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = _mode(path)
        is_shared = bool(mode & stat.S_ISVTX and mode & _OTHERS)
        is_narrowed = not is_shared and take_rights_of_others(path)
    except (FileExistsError, NotADirectoryError) as error:
        raise ConfigurationError(f"{path} is a file, not a directory; name another place for the workspace.") from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        problem = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"The directory {str(path)!r} cannot be used: {problem}; name another place for the workspace."
        ) from error
    if is_shared:
        raise ConfigurationError(
            f"{path} is shared by all accounts of this machine; name a directory of its own for the workspace,"
            " which keeps its key there."
        )
    if is_narrowed:
        _LOG.warning("other accounts could enter the directory %s; now only its owner can", path)


def _mode(path: Path) -> int:
    return path.stat().st_mode if _HAS_RIGHTS else 0


def take_rights_of_others(path: Path) -> bool:
    """Let only the owner of a file or directory reach it; say whether others could."""
    mode = _mode(path)
    if mode & _OTHERS:
        path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
    return bool(mode & _OTHERS)


def private_file(path: Path) -> int:
    """Make a new file that only its owner may read, whatever the umask, and return its descriptor."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINKS | getattr(os, "O_BINARY", 0), 0o600)


def make_database(directory: Path, fill: Callable[[Path], None]) -> None:
    """Make the database if there is none. It gets its name when it is complete, so a half-made one is never seen.

    Args:
        directory: The workspace's directory.
        fill: Writes the tables into an empty file.

    Raises:
        ConfigurationError: It cannot be made.
    """
    path = directory / DATABASE
    if os.path.lexists(path):
        return
    draft = directory / f".{DATABASE}-{secrets.token_hex(8)}"
    try:
        os.close(private_file(draft))
        fill(draft)
        _name_at_once(draft, path)
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(f"No workspace can be made in {directory}: {error}.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _name_at_once(draft: Path, path: Path) -> None:
    """Give a complete file its name, unless another process has made one in the meantime."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:  # this file system has no hard links
        if not os.path.lexists(path):
            draft.rename(path)


def refuse_unusable(directory: Path, newest: int) -> None:
    """Check a database before it is opened for writing, and change nothing in it.

    Args:
        directory: The workspace's directory.
        newest: The newest version of the tables that this program knows.

    Raises:
        ConfigurationError: It is no file, empty, no database, damaged, locked, or of a newer version.
    """
    path = directory / DATABASE
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise _unusable(path, "is not a file of its own (it is a directory, a link or a device)")
        for beside in ("", "-wal", "-shm"):
            other = path.with_name(DATABASE + beside)
            if other.exists() and take_rights_of_others(other):
                _LOG.warning("other accounts could read the file %s; now only its owner can", other)
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
        size = path.stat().st_size
        is_open = path.with_name(DATABASE + "-wal").exists()
    except OSError as error:
        raise _unusable(path, f"cannot be read ({error.strerror or error})") from error
    if not size:
        raise _unusable(path, "is empty")
    if not header.startswith(_MAGIC):
        raise _unusable(path, "is not a database")
    try:
        version, tables, is_sound = _looked_at(path, size, is_open=is_open)
    except sqlite3.Error as error:
        raise told(path, error) from error
    if version > newest:
        raise ConfigurationError(
            f"{path} was written by a newer version of qsession (its tables have version {version}, this program knows"
            f" {newest}). Install that version, or name another directory; nothing was changed."
        )
    if not version or not {"facts", "items"} <= tables:
        raise _unusable(path, "is a database, but not that of a local workspace")
    page = int.from_bytes(header[16:18], "big")
    is_cut = not is_open and page > 1 and size % page
    if is_cut or not is_sound:
        raise _unusable(path, "is damaged")


def _looked_at(path: Path, size: int, *, is_open: bool) -> tuple[int, set[str], bool]:
    """Return the version of a database, the names of its tables, and whether its pages are sound.

    A database that nobody has open is read without SQLite's own files beside it, which a reader could not remove.
    """
    how = "mode=ro" if is_open else "immutable=1"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=5.0)) as database:
        version: int = database.execute("PRAGMA user_version").fetchone()[0]
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        is_checked = size <= _CHECKED_BYTES
        is_sound = not is_checked or database.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    return version, tables, is_sound


def told(path: Path, error: sqlite3.Error) -> ConfigurationError:
    """Return the error for a database that SQLite cannot open."""
    if is_locked(error):
        return ConfigurationError(
            f"{path} is locked by another program. Close that program and try again; nothing was changed."
        )
    return _unusable(path, f"cannot be opened ({error})")


def _unusable(path: Path, problem: str) -> ConfigurationError:
    """Return the error for a database that cannot be used."""
    return ConfigurationError(
        f"{path} {problem}. Put back a copy, or name another directory for a new workspace; nothing was changed."
    )
