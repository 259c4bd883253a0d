"""Which store a workspace has: by a directory, by an address, or in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from qsession_core.local.storage.database import Store

__all__ = ["open_store"]


def open_store(directory: Path | None, address: str | None) -> Store:
    """Open a store.

    Args:
        directory: Of SQLite's database and its files; of PostgreSQL's large blobs. None for none.
        address: ``postgresql://...``; None for SQLite.

    Raises:
        ConfigurationError: It cannot be used.
    """
    if address is None:
        from qsession_core.local.storage.sqlite import SqliteStore

        return SqliteStore(directory)
    if urlsplit(address).scheme not in {"postgresql", "postgres"}:
        raise ConfigurationError("The store's address is none that is known here; it reads postgresql://host/database.")
    from qsession_core.local.storage.directory import private_directory
    from qsession_core.local.storage.postgres import PostgresStore

    if directory is not None:
        private_directory(directory)
    return PostgresStore(address, directory)
