"""What the service remembers: items (jobs and sessions) and a few facts about itself, in one SQLite database.

In memory, or in a directory: ``workspace.db`` in WAL mode. Blobs have tables here and methods in blobs.py. What must
hold:

1. Every change of the service's state is one transaction, so the store is whole whenever a process dies.
2. Times are whole microseconds since 1970; ``sequence`` is the order of creation and breaks ties of equal times.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["JOB", "SESSION", "Item", "Store"]

JOB, SESSION = "Job", "Session"
_SCHEMA_VERSION = 1
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


@dataclass(slots=True)
class Item:
    """One job or session, as it is stored. Members that only the other kind has are None.

    Attributes:
        sequence: Order of creation among all items; 0 before it is stored.
        state: The status on the wire.
        began: When a job began to execute; like all times, microseconds since 1970.
        number: Order of submission among jobs, from 1; the seed of a job's shots is made of it.
        tags: JSON text, like cost, input_params, metadata and error.
        item_count: ``quantumComputingData.count``: set once the input has been looked at.
        seed: The job's own seed, decimal.
        owner: The process that runs it.
        attempts: How often it was started.
        policy: A session's jobFailurePolicy.
        closing: A session was asked to close while jobs were pending.
        rank: 0 for High, 1 for Standard: what the queue sorts by before it sorts by number.
        not_before: When the queue may start it.
    """

    id: str
    item_type: str
    name: str
    provider_id: str
    target: str
    state: str
    created: int
    modified: int
    sequence: int = 0
    job_type: str | None = None
    began: int | None = None
    ended: int | None = None
    session_id: str | None = None
    priority: str | None = None
    tags: str = "[]"
    cost: str | None = None
    number: int | None = None
    container: str | None = None
    input_blob: str | None = None
    input_format: str | None = None
    output_format: str | None = None
    output_blob: str | None = None
    input_params: str | None = None
    metadata: str | None = None
    error: str | None = None
    item_count: int | None = None
    cancelled: int | None = None
    seed: str | None = None
    owner: str | None = None
    attempts: int = 0
    policy: str | None = None
    closing: int = 0
    last_submitted: int | None = None
    rank: int = 1
    not_before: int = 0


_COLUMNS = [field.name for field in fields(Item)]
_STORED = [name for name in _COLUMNS if name != "sequence"]
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM items "  # noqa: S608 - columns of ours
_INSERT = f"INSERT INTO items ({', '.join(_STORED)}) VALUES ({', '.join('?' * len(_STORED))})"  # noqa: S608 - as above


class Store:
    """The database. Safe to call from several threads and, in a directory, several processes.

    Args:
        directory: Where to keep it; None for in memory.
    """

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
        self._lock = threading.RLock()
        self._depth = 0
        self._closed = False
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(
            ":memory:" if directory is None else directory / "workspace.db",
            isolation_level=None,
            check_same_thread=False,
            timeout=60.0,
            cached_statements=256,
        )
        if directory is not None:
            self._database.execute("PRAGMA journal_mode = WAL")
            # whole after the death of a process in any mode; NORMAL saves a disk flush on each commit
            self._database.execute("PRAGMA synchronous = NORMAL")
        with self.transaction() as database:
            if database.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA.split(";"):
                    if statement.strip():
                        database.execute(statement)
                database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")

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
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the store for one change that happens whole or not at all. Nests: the outermost one commits."""
        with self._lock:
            if self._depth:
                yield self._database
                return
            self._database.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            else:
                self._database.execute("COMMIT")
            finally:
                self._depth = 0

    def read(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a query."""
        with self._lock:
            return self._database.execute(sql, values).fetchall()

    # --- facts ---

    def fact(self, name: str, default: bytes) -> bytes:
        """Return a fact about the workspace, remembering ``default`` where there is none yet."""
        with self.transaction() as database:
            database.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, default))
            return bytes(database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()[0])

    # --- items ---

    def add(self, item: Item) -> Item:
        """Store a new item and return it with its sequence; a job also gets its number."""
        with self.transaction() as database:
            if item.item_type == JOB:
                row = database.execute("SELECT value FROM facts WHERE name = 'jobs'").fetchone()
                item.number = (row[0] if row else 0) + 1
                database.execute("INSERT OR REPLACE INTO facts VALUES ('jobs', ?)", (item.number,))
            cursor = database.execute(_INSERT, [getattr(item, name) for name in _STORED])
            item.sequence = cursor.lastrowid or 0
        return item

    def item(self, item_type: str, item_id: str) -> Item | None:
        """Return one item, or None if there is none of this id."""
        found = self.items("WHERE item_type = ? AND id = ?", (item_type, item_id))
        return found[0] if found else None

    def items(self, where: str, values: Sequence[object] = ()) -> list[Item]:
        """Return the items that a ``WHERE ... ORDER BY ...`` text of our own finds."""
        order = _COLUMNS
        return [Item(**dict(zip(order, row, strict=True))) for row in self.read(_SELECT + where, values)]

    def change(self, item: Item, changes: Mapping[str, object]) -> None:
        """Write new values of some members, in the item and in the store."""
        assignments = ", ".join(f"{name} = ?" for name in changes)
        with self.transaction() as database:
            database.execute(
                f"UPDATE items SET {assignments} WHERE sequence = ?",  # noqa: S608 - names from our code
                [*changes.values(), item.sequence],
            )
        for name, value in changes.items():
            setattr(item, name, value)

    def remove(self, item: Item) -> None:
        """Forget an item; its blobs are another matter."""
        with self.transaction() as database:
            database.execute("DELETE FROM items WHERE sequence = ?", (item.sequence,))


def to_text(value: object) -> str:
    """Return a value as the JSON text that a column holds."""
    return msgspec.json.encode(value).decode()
