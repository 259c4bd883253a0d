"""Which store a workspace has: by a directory, by an address, or in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from qsession_core.local.storage.database import Store

__all__ = ["open_store"]


def open_store(directory: Path | None, address: str | None, blobs: str | None = None) -> Store:
    """Open a store.

    Args:
        directory: Of SQLite's database and its files; of PostgreSQL's large blobs. None for none.
        address: ``postgresql://...``; None for SQLite.
        blobs: ``s3://bucket/prefix`` for PostgreSQL's large blobs; None for those of the directory.

    Raises:
        ConfigurationError: It cannot be used.
    """
    if address is None:
        if blobs is not None:
            raise ConfigurationError("A place for large blobs goes with a store in PostgreSQL; give its address too.")
        from qsession_core.local.storage.sqlite import SqliteStore

        return SqliteStore(directory)
    if urlsplit(address).scheme not in {"postgresql", "postgres"}:
        raise ConfigurationError("The store's address is none that is known here; it reads postgresql://host/database.")
    from qsession_core.local.storage.postgres import PostgresStore

    if directory is None:
        return PostgresStore(address, blobs)
    from qsession_core.local.storage.directory import private_directory

    private_directory(directory)
    return PostgresStore(address, blobs or directory / "blobs")
