"""The store in SQLite: in memory, or ``workspace.db`` in a directory, in WAL mode."""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from qsession_core.local.storage.database import PATIENCE_SECONDS, Database, Store
from qsession_core.local.storage.directory import (
    DATABASE,
    make_database,
    private_directory,
    refuse_unusable,
    told,
)
from qsession_core.local.storage.owners import FilePresence
from qsession_core.local.storage.trouble import is_locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from qsession_core.local.storage.database import Presence

__all__ = ["SqliteStore"]

R = TypeVar("R")
_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE items (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, item_type TEXT NOT NULL, name TEXT NOT NULL,
    provider_id TEXT NOT NULL, target TEXT NOT NULL, state TEXT NOT NULL, job_type TEXT, created INTEGER NOT NULL,
    modified INTEGER NOT NULL, began INTEGER, ended INTEGER, session_id TEXT, priority TEXT, tags TEXT NOT NULL,
    cost TEXT, number INTEGER, container TEXT, input_blob TEXT, input_format TEXT, output_format TEXT,
    output_blob TEXT, input_params TEXT, metadata TEXT, error TEXT, item_count INTEGER, cancelled INTEGER,
    seed TEXT, owner TEXT, attempts INTEGER NOT NULL, policy TEXT, closing INTEGER NOT NULL, last_submitted INTEGER,
    rank INTEGER NOT NULL, not_before INTEGER NOT NULL, UNIQUE (item_type, id)
);
CREATE INDEX items_by_session ON items (session_id, sequence);
CREATE INDEX items_by_creation ON items (created, sequence);
CREATE INDEX items_by_kind ON items (item_type, created, sequence);
CREATE INDEX items_waiting ON items (rank, number) WHERE item_type = 'Job' AND state = 'Waiting';
CREATE INDEX items_running ON items (target)
    WHERE item_type = 'Job' AND state IN ('Executing', 'CancellationRequested');
CREATE INDEX items_idle ON items (last_submitted)
    WHERE item_type = 'Session' AND closing = 0 AND state IN ('Waiting', 'Executing', 'Failure(s)');
CREATE TABLE containers (name TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE blobs (
    container TEXT NOT NULL, name TEXT NOT NULL, content_type TEXT NOT NULL, content_encoding TEXT NOT NULL,
    etag TEXT NOT NULL, modified INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB, file TEXT,
    PRIMARY KEY (container, name)
);
CREATE TABLE blocks (
    container TEXT NOT NULL, name TEXT NOT NULL, block TEXT NOT NULL, size INTEGER NOT NULL, body BLOB, file TEXT,
    PRIMARY KEY (container, name, block)
);
"""
_WAITING = "item_type = 'Job' AND state = 'Waiting'"
_RUNNING = "item_type = 'Job' AND state IN ('Executing', 'CancellationRequested')"
_PENDING = "state IN ('Waiting', 'Executing', 'CancellationRequested')"
_BEGUN = "item_type = 'Job' AND began IS NOT NULL"
_IDLE = "item_type = 'Session' AND closing = 0 AND state IN ('Waiting', 'Executing', 'Failure(s)')"
# What makes version N of the schema of version N - 1, from version 2 on
_ADDED = (
    ("ALTER TABLE items ADD COLUMN shots INTEGER", "ALTER TABLE items ADD COLUMN resumed INTEGER"),
    ("CREATE INDEX items_by_container ON items (container)",),
    (
        "ALTER TABLE items ADD COLUMN created_by TEXT",
        "ALTER TABLE items ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
        "DROP INDEX items_waiting",
        "CREATE INDEX items_waiting ON items (rank, turn, number) WHERE item_type = 'Job' AND state = 'Waiting'",
        "CREATE INDEX items_first_turn ON items (turn) WHERE item_type = 'Job' AND state = 'Waiting'",
        "CREATE INDEX items_turn_of_maker ON items (created_by, turn) WHERE item_type = 'Job' AND state = 'Waiting'",
        "CREATE INDEX items_turn_of_session ON items (session_id, turn) WHERE item_type = 'Job' AND state = 'Waiting'",
        "CREATE INDEX items_by_maker ON items (created_by, created)",
    ),
    (
        # SQLite prefers an index that begins with what a query compares, even if that is the type of half of all items:
        # so these begin with the type, too
        *(
            f"DROP INDEX {name}"
            for name in (
                "items_waiting",
                "items_first_turn",
                "items_turn_of_maker",
                "items_turn_of_session",
                "items_running",
                "items_idle",
            )
        ),
        f"CREATE INDEX items_waiting ON items (item_type, rank, turn, number) WHERE {_WAITING}",
        f"CREATE INDEX items_first_turn ON items (item_type, turn) WHERE {_WAITING}",
        f"CREATE INDEX items_turn_of_maker ON items (item_type, created_by, turn) WHERE {_WAITING}",
        f"CREATE INDEX items_turn_of_session ON items (item_type, session_id, turn) WHERE {_WAITING}",
        f"CREATE INDEX items_running ON items (item_type, target) WHERE {_RUNNING}",
        f"CREATE INDEX items_idle ON items (item_type, last_submitted) WHERE {_IDLE}",
        f"CREATE INDEX items_pending ON items (session_id) WHERE {_PENDING}",
        f"CREATE INDEX items_begun ON items (item_type, lower(target), began, sequence) WHERE {_BEGUN}",
    ),
    (
        """CREATE TABLE spent (
            created_by TEXT NOT NULL, created INTEGER NOT NULL, jobs INTEGER NOT NULL, shots INTEGER NOT NULL,
            microseconds INTEGER NOT NULL
        )""",
        "CREATE INDEX spent_by_maker ON spent (created_by, created)",
    ),
)

_NEWEST = 1 + len(_ADDED)
_LOOK_SECONDS = 0.01  # how often a request looks whether the database is free


def _connected(path: Path | str) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.1, cached_statements=256)


def _fill(database: sqlite3.Connection) -> None:
    """Write the tables into an empty database."""
    for statement in _SCHEMA.split(";"):
        if statement.strip():
            database.execute(statement)
    for statements in _ADDED:
        for statement in statements:
            database.execute(statement)
    database.execute(f"PRAGMA user_version = {_NEWEST}")


def _new_file(path: Path) -> None:
    """Write the tables into an empty file, which gets its name when it is complete."""
    with closing(_connected(path)) as database:
        database.execute("PRAGMA journal_mode = MEMORY")
        database.execute("BEGIN")
        _fill(database)
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode = WAL")


class SqliteStore(Store):
    """The database. Safe to call from several threads and, in a directory, from several processes.

    Args:
        directory: Where to keep it; None for in memory.

    Raises:
        ConfigurationError: The directory or its database cannot be used; nothing was changed.
    """

    blocks_in_order = "rowid"
    amounts_used = (
        "SELECT json_extract(event.value, '$.dimensionId'), sum(json_extract(event.value, '$.amountConsumed'))"
        " FROM items, json_each(items.cost, '$.events') AS event WHERE item_type = 'Job' GROUP BY 1"
    )

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
        self.files_at = None if directory is None else directory / "blobs"
        self.is_shared = directory is not None
        self._lock = threading.RLock()
        self._depth = 0
        self._holder = 0  # the thread that has the transaction under way
        self._closed = False
        if directory is None:
            self._database = self._own(_connected(":memory:"))
            _fill(self._database)
            return
        private_directory(directory)
        make_database(directory, _new_file)
        refuse_unusable(directory, _NEWEST)
        path = directory / DATABASE
        self._database = self._own(_connected(path))
        try:
            self._read_pragma("PRAGMA journal_mode = WAL")
            # WAL survives a killed process in any mode; NORMAL skips the fsync per commit, so a power cut may lose the
            # last commits
            self._read_pragma("PRAGMA synchronous = NORMAL")
            self._bring_up_to_date()
        except sqlite3.Error as error:
            self._database.close()
            raise told(path, error) from error

    def _own(self, database: sqlite3.Connection) -> sqlite3.Connection:
        """Close a connection when this store is forgotten, and nobody has closed it."""
        weakref.finalize(self, database.close).atexit = False
        return database

    def _read_pragma(self, sql: str) -> None:
        """Run a PRAGMA; another process that opens the directory may hold the database for a moment."""
        self._patiently(lambda: self._database.execute(sql).fetchall(), PATIENCE_SECONDS)

    def _bring_up_to_date(self) -> None:
        """Bring the tables of an older version up to date."""
        if self.read("PRAGMA user_version")[0][0] == _NEWEST:
            return
        with self.transaction() as database:
            version: int = database.execute("PRAGMA user_version").fetchone()[0]
            for number, statements in enumerate(_ADDED[version - 1 :], version + 1):
                for statement in statements:
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {number}")

    @property
    def is_closed(self) -> bool:
        """Whether the store was given back."""
        return self._closed

    def close(self) -> None:
        """Give back the database. Calling it again does nothing."""
        with self._lock:
            self._closed = True
            self._database.close()

    @contextmanager
    def transaction(self, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[Database]:
        """Hold the store for one change that happens whole or not at all. Nests: the outermost one commits.

        Args:
            patience_seconds: How long to wait, in real time, for another process that holds the database. Other threads
                can read meanwhile.

        Raises:
            sqlite3.Error: The database cannot be used; nothing has changed.
        """
        self._patiently(self._begin, patience_seconds)
        try:
            if self._depth:
                yield self._database
                return
            self._depth, self._holder = 1, threading.get_ident()
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                # after some errors, such as a full disk, SQLite has rolled back by itself
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
            finally:
                self._depth, self._holder = 0, 0
        finally:
            self._lock.release()

    def _begin(self) -> None:
        """Take our lock, and the database's for the outermost transaction."""
        self._lock.acquire()
        try:
            if not self._depth:
                self._database.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._lock.release()
            raise

    def _patiently(self, act: Callable[[], R], patience_seconds: float) -> R:
        """Return what an act returns; while another process holds the database, try it again."""
        until = time.monotonic() + patience_seconds
        while True:
            try:
                return act()
            except sqlite3.OperationalError as error:
                holds = self._holder == threading.get_ident()
                if holds or not is_locked(error) or time.monotonic() >= until:
                    raise
            time.sleep(_LOOK_SECONDS)

    def read(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a query."""
        return self._patiently(lambda: self._rows(sql, values), PATIENCE_SECONDS)

    def _rows(self, sql: str, values: Sequence[object]) -> list[Any]:
        with self._lock:
            return self._database.execute(sql, values).fetchall()

    def next_number(self, database: Database) -> int:
        """Return the number of the next job, counting it."""
        row = database.execute("SELECT value FROM facts WHERE name = 'jobs'").fetchone()
        number: int = (row[0] if row else 0) + 1
        database.execute(
            "INSERT INTO facts VALUES ('jobs', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (number,)
        )
        return number

    def insert(self, database: Database, values: Mapping[str, object]) -> int:
        """Insert a row of items and return its sequence."""
        database.execute(
            f"INSERT INTO items ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",  # noqa: S608 - ours
            list(values.values()),
        )
        sequence: int = database.execute("SELECT last_insert_rowid()").fetchone()[0]
        return sequence

    def one_of(self, column: str, values: Iterable[int] | Iterable[str]) -> tuple[str, object]:
        """Return a condition on a column and the value for its question mark."""
        condition = f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608 - a column of ours
        return condition, msgspec.json.encode(list(values)).decode()

    def presence(self, owner: str) -> Presence | None:
        """Return the lock of a file in the directory; None in memory."""
        return None if self.directory is None else FilePresence(self.directory, owner)
