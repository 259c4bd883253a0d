"""What is wrong when the store cannot be used: a full disk, a lock, damage. Each is one sentence."""

from __future__ import annotations

import errno
import sqlite3
from typing import NamedTuple

from qsession_core.local.replies import Refusal

__all__ = [
    "LOCKED", "STORE_ERRORS", "StoreError", "Trouble", "is_locked", "refusal_of", "trouble_of", "unreachable",
]  # fmt: skip

# What the store's own operations raise when the database or its files cannot be used
STORE_ERRORS = (sqlite3.Error, OSError)


class Trouble(NamedTuple):
    """What is wrong with the store.

    Attributes:
        status: The HTTP status of requests that need it: 503, or 507 where room is missing.
        code: The error's code in the reply.
        sentence: What is wrong, without names of files.
        retry_seconds: When it is worth trying again.
    """

    status: int
    code: str
    sentence: str
    retry_seconds: int


_FULL = Trouble(507, "InsufficientStorage", "The local workspace's disk is full.", 5)
LOCKED = Trouble(503, "ServerBusy", "Another program holds the local workspace's database.", 1)
_DAMAGED = Trouble(503, "StoreDamaged", "The local workspace's database is damaged.", 60)
_CLOSED_TO_US = Trouble(503, "StoreUnavailable", "The local workspace's files cannot be read or written.", 5)

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# SQLite names a failed write an I/O error unless the system said ENOSPC; a quota and a limit of file size say others
_FAILED_WRITES = frozenset({sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_SHMSIZE})
_BY_CODE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_PROTOCOL: LOCKED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_IOERR: _CLOSED_TO_US,
    sqlite3.SQLITE_CANTOPEN: _CLOSED_TO_US,
    sqlite3.SQLITE_READONLY: _CLOSED_TO_US,
    sqlite3.SQLITE_PERM: _CLOSED_TO_US,
    sqlite3.SQLITE_AUTH: _CLOSED_TO_US,
}


def unreachable(what: str) -> Trouble:
    """Return what is wrong where a part of the store is on another machine that does not answer."""
    return Trouble(503, "StoreUnavailable", f"The local workspace's {what} cannot be reached.", 2)


class StoreError(OSError):
    """The database of another machine cannot be used."""

    def __init__(self, trouble: Trouble, told: str) -> None:
        super().__init__(told)
        self.trouble = trouble


def trouble_of(error: BaseException) -> Trouble | None:
    """Return what an error says about the store; None where it is a mistake of the program and not of the machine."""
    if isinstance(error, StoreError):
        return error.trouble
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)  # errors of Python's own checks have none
        if code in _FAILED_WRITES:
            return _FULL
        return None if code is None else _BY_CODE.get(code & 0xFF)
    if isinstance(error, OSError):
        return _FULL if error.errno in _NO_ROOM else _CLOSED_TO_US
    return None


def is_locked(error: BaseException) -> bool:
    """Say whether another connection holds the database."""
    return trouble_of(error) is LOCKED


def refusal_of(error: BaseException) -> Refusal:
    """Return the answer to a request for which the store could not be used.

    Raises:
        BaseException: The error itself, where it says nothing about the store.
    """
    trouble = trouble_of(error)
    if trouble is None:
        raise error
    return Refusal(
        trouble.status, trouble.code, f"{trouble.sentence} Try again later.", retry_seconds=trouble.retry_seconds
    )
