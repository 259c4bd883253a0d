"""What the service remembers: items (jobs and sessions), blobs, and a few facts about itself, in one SQLite database.

In memory, or in a directory: ``workspace.db`` in WAL mode, with large blobs as files beside it. What must hold:

1. Every change of the service's state is one transaction, so the store is whole whenever a process dies.
2. A blob's row is written after its bytes are in place, so a row never names a file that is not whole. A file without
   a row is waste left by a death and is swept when the directory is opened.
3. File names are made here (random hex); no name from the wire ever becomes part of a path.
4. Times are whole microseconds since 1970; ``sequence`` is the order of creation and breaks ties of equal times.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["JOB", "SESSION", "Blob", "Item", "Store"]

JOB, SESSION = "Job", "Session"
_INLINE = 64 * 1024  # smaller blobs live in the database: one write instead of three
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


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of one blob beside its bytes; ``modified`` in microseconds since 1970."""

    container: str
    name: str
    content_type: str
    content_encoding: str
    etag: str
    modified: int
    size: int


_COLUMNS = [field.name for field in fields(Item)]
_STORED = [name for name in _COLUMNS if name != "sequence"]
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM items "  # noqa: S608 - columns of ours
_INSERT = f"INSERT INTO items ({', '.join(_STORED)}) VALUES ({', '.join('?' * len(_STORED))})"  # noqa: S608 - as above
_BLOB = "SELECT container, name, content_type, content_encoding, etag, modified, size FROM blobs "


class Store:
    """The database and the files beside it. Safe to call from several threads and, in a directory, several processes.

    Args:
        directory: Where to keep it; None for in memory.
    """

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
        self._lock = threading.RLock()
        self._depth = 0
        self._memory: dict[str, bytes] = {}
        self._closed = False
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
            (directory / "blobs").mkdir(exist_ok=True)
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
        """Forget an item; a job's blobs go with it."""
        with self.transaction() as database:
            database.execute("DELETE FROM items WHERE sequence = ?", (item.sequence,))
        if item.item_type == JOB and item.container:
            self.remove_container(item.container)

    # --- containers and blobs ---

    def has_container(self, name: str) -> bool:
        """Say whether there is a container of this name."""
        return bool(self.read("SELECT 1 FROM containers WHERE name = ?", (name,)))

    def add_container(self, name: str, now: int) -> bool:
        """Make a container; say whether it is new."""
        with self.transaction() as database:
            return database.execute("INSERT OR IGNORE INTO containers VALUES (?, ?)", (name, now)).rowcount == 1

    def remove_container(self, name: str) -> None:
        """Forget a container, its blobs and their bytes."""
        with self.transaction() as database:
            files = database.execute(
                "SELECT file FROM blobs WHERE container = ? UNION ALL SELECT file FROM blocks WHERE container = ?",
                (name, name),
            ).fetchall()
            for table in ("blobs", "blocks"):
                database.execute(f"DELETE FROM {table} WHERE container = ?", (name,))  # noqa: S608 - our names
            database.execute("DELETE FROM containers WHERE name = ?", (name,))
        self._forget(file for (file,) in files)

    def blob(self, container: str, name: str) -> Blob | None:
        """Return what is known of a blob, or None."""
        rows = self.read(_BLOB + "WHERE container = ? AND name = ?", (container, name))
        return Blob(*rows[0]) if rows else None

    def blobs(self, container: str) -> list[Blob]:
        """Return the blobs of a container, by name."""
        return [Blob(*row) for row in self.read(_BLOB + "WHERE container = ? ORDER BY name", (container,))]

    def read_blob(self, container: str, name: str) -> bytes | None:
        """Return a blob's bytes, or None if there is none."""
        rows = self.read("SELECT body, file FROM blobs WHERE container = ? AND name = ?", (container, name))
        return None if not rows else self._bytes(*rows[0])

    def write_blob(self, blob: Blob, body: bytes, *, replace: bool) -> bool:
        """Store a blob; say whether it was written: not where there is one already and it may not be replaced."""
        inline, file = self._keep(body)
        with self.transaction() as database:
            old = database.execute(
                "SELECT file FROM blobs WHERE container = ? AND name = ?", (blob.container, blob.name)
            ).fetchone()
            written = old is None or replace
            if written:
                database.execute(
                    "INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (blob.container, blob.name, blob.content_type, blob.content_encoding, blob.etag, blob.modified,
                     len(body), inline, file),
                )  # fmt: skip
        self._forget([old[0] if old else None] if written else [file])
        return written

    def write_block(self, container: str, name: str, block: str, body: bytes) -> None:
        """Keep one block of a blob that will be put together later."""
        inline, file = self._keep(body)
        with self.transaction() as database:
            old = database.execute(
                "SELECT file FROM blocks WHERE container = ? AND name = ? AND block = ?", (container, name, block)
            ).fetchone()
            database.execute(
                "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?, ?)",
                (container, name, block, len(body), inline, file),
            )
        self._forget([old[0] if old else None])

    def read_block(self, container: str, name: str, block: str) -> bytes | None:
        """Return one block's bytes, or None if there is none."""
        rows = self.read(
            "SELECT body, file FROM blocks WHERE container = ? AND name = ? AND block = ?", (container, name, block)
        )
        return None if not rows else self._bytes(*rows[0])

    def remove_blocks(self, container: str, name: str) -> None:
        """Forget the blocks of a blob."""
        with self.transaction() as database:
            files = database.execute(
                "SELECT file FROM blocks WHERE container = ? AND name = ?", (container, name)
            ).fetchall()
            database.execute("DELETE FROM blocks WHERE container = ? AND name = ?", (container, name))
        self._forget(file for (file,) in files)

    # --- bytes ---

    def _keep(self, body: bytes) -> tuple[bytes | None, str | None]:
        """Put bytes in place; return them for the row if they are few, else the name of their file."""
        if len(body) <= _INLINE:
            return body, None
        file = secrets.token_hex(16)
        if self.directory is None:
            self._memory[file] = body
        else:
            (self.directory / "blobs" / file).write_bytes(body)
        return None, file

    def _bytes(self, inline: bytes | None, file: str | None) -> bytes | None:
        if file is None:
            return bytes(inline or b"")
        if self.directory is None:
            return self._memory.get(file)
        path = self.directory / "blobs" / file
        return path.read_bytes() if path.exists() else None

    def _forget(self, files: Iterator[str | None] | list[str | None]) -> None:
        for file in files:
            if file is None:
                continue
            if self.directory is None:
                self._memory.pop(file, None)
            else:
                (self.directory / "blobs" / file).unlink(missing_ok=True)


def to_text(value: object) -> str:
    """Return a value as the JSON text that a column holds."""
    return msgspec.json.encode(value).decode()
