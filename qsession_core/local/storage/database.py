"""What the service remembers: jobs, sessions and a few facts about itself, in one database.

It is SQLite, in memory or in a directory (sqlite.py), or PostgreSQL, which several services share (postgres.py). Blobs
have tables there and methods in blobs.py. What must hold:

1. Every change of the service's state is one transaction, so the store is consistent whenever a process dies. Changes
   of all processes happen one after the other.
2. Times are whole microseconds since 1970; ``sequence`` is the order of creation and breaks ties of equal times.
3. Table and column names stay: a store of an older version opens, and gets the columns that were added since.

SQL is written once, as both databases have it, with ``?`` for values; what they say in different words has a name here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from qsession_core.local.storage.items import COLUMNS, Job, Session, item_of, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["PATIENCE_SECONDS", "Database", "Presence", "Rows", "Store", "to_text"]

T = TypeVar("T", Job, Session)
# How long a request waits for another process that holds the database, in real time
PATIENCE_SECONDS = 2.0

_SELECT = f"SELECT {', '.join(COLUMNS)} FROM items "  # noqa: S608 - columns of ours


class Rows(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchone(self) -> Any:
        """Return the next row; None if there is none."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the rows."""
        ...


class Database(Protocol):
    """A database within a transaction."""

    def execute(self, sql: str, values: Sequence[object] = (), /) -> Rows:
        """Run one statement."""
        ...


class Presence(Protocol):
    """By which other processes see that this one is alive."""

    def is_alive(self, owner: str) -> bool:
        """Say whether the process of this name is alive."""
        ...

    def remove_stale(self) -> None:
        """Remove what processes that died have left behind."""
        ...

    def close(self) -> None:
        """Be no more."""
        ...


class Store(ABC):
    """The database. Safe to call from several threads, and from several processes where these can reach it.

    Attributes:
        directory: Where SQLite's database and what belongs to it is; None for none.
        files_at: Where large blobs are: a directory, ``s3://bucket/prefix``, or None for memory.
        is_shared: Whether other processes may use it at the same time.
        inline_bytes: Blobs of this size are kept in the database; larger ones in files. None for all of them.
        blocks_in_order: The column by which blocks are in the order of their arrival.
        amounts_used: A query of what bills have counted: dimension and sum.
    """

    directory: Path | None
    files_at: Path | str | None
    is_shared: bool
    inline_bytes: int | None = 64 * 1024  # one write instead of three
    blocks_in_order: str
    amounts_used: str

    @property
    @abstractmethod
    def is_closed(self) -> bool:
        """Whether the store was given back."""

    @abstractmethod
    def close(self) -> None:
        """Give back the database. Calling it again does nothing."""

    @abstractmethod
    def transaction(self, patience_seconds: float = PATIENCE_SECONDS) -> AbstractContextManager[Database]:
        """Hold the store for one change that happens whole or not at all. Nests: the outermost one commits.

        Args:
            patience_seconds: How long to wait, in real time, for another process that holds the database. Other threads
                can read meanwhile.
        """

    @abstractmethod
    def read(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a query."""

    @abstractmethod
    def next_number(self, database: Database) -> int:
        """Return the number of the next job, counting it."""

    @abstractmethod
    def insert(self, database: Database, values: Mapping[str, object]) -> int:
        """Insert a row of items and return its sequence."""

    @abstractmethod
    def one_of(self, column: str, values: Iterable[int] | Iterable[str]) -> tuple[str, object]:
        """Return the condition that a column has one of some values, with one question mark, and the value for that."""

    @abstractmethod
    def presence(self, owner: str) -> Presence | None:
        """Return what shows other processes that this one is alive; None if there can be none."""

    def announce(self) -> None:  # noqa: B027 - nothing to do is what most have to do
        """Let the queues of other processes look, once the transaction is committed. By default they look by time."""

    def listen(self, wake: Callable[[], None]) -> None:  # noqa: B027
        """Call a function when another process has announced something."""

    # --- facts ---

    def fact(self, name: str, default: bytes) -> bytes:
        """Return a fact about the workspace, remembering ``default`` where there is none yet."""
        known = self.read("SELECT value FROM facts WHERE name = ?", (name,))
        if known:
            return bytes(known[0][0])
        with self.transaction() as database:
            database.execute("INSERT INTO facts VALUES (?, ?) ON CONFLICT DO NOTHING", (name, default))
            return bytes(database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()[0])

    # --- items ---

    def add(self, item: T) -> T:
        """Store a new job or session and return it with its sequence; a job without a number gets one."""
        with self.transaction() as database:
            if isinstance(item, Job):
                item.number = item.number or self.next_number(database)
            item.sequence = self.insert(database, stored(item))
        return item

    def job(self, job_id: str) -> Job | None:
        """Return a job, or None if there is none of this id."""
        return next(iter(self.jobs("WHERE item_type = 'Job' AND id = ?", (job_id,))), None)

    def session(self, session_id: str) -> Session | None:
        """Return a session, or None if there is none of this id."""
        return next(iter(self.sessions("WHERE item_type = 'Session' AND id = ?", (session_id,))), None)

    def items(self, where: str, values: Sequence[object] = ()) -> list[Job | Session]:
        """Return the jobs and sessions that a ``WHERE ... ORDER BY ...`` of our own text finds."""
        return [item_of(row) for row in self.read(_SELECT + where, values)]

    def jobs(self, where: str, values: Sequence[object] = ()) -> list[Job]:
        """Return the jobs that a ``WHERE ... ORDER BY ...`` of our own text finds."""
        return [item for item in self.items(where, values) if isinstance(item, Job)]

    def sessions(self, where: str, values: Sequence[object] = ()) -> list[Session]:
        """Return the sessions that a ``WHERE ... ORDER BY ...`` of our own text finds."""
        return [item for item in self.items(where, values) if isinstance(item, Session)]

    def change(self, item: Job | Session, changes: Mapping[str, object]) -> None:
        """Write new values of some members, in the item and in the store."""
        assignments = ", ".join(f"{name} = ?" for name in changes)
        with self.transaction() as database:
            database.execute(
                f"UPDATE items SET {assignments} WHERE sequence = ?",  # noqa: S608 - names from our code
                [*changes.values(), item.sequence],
            )
        for name, value in changes.items():
            setattr(item, name, value)

    def remove(self, item: Job | Session) -> None:
        """Remove a job or session; its blobs stay."""
        with self.transaction() as database:
            database.execute("DELETE FROM items WHERE sequence = ?", (item.sequence,))


def to_text(value: object) -> str:
    """Return a value as the JSON text that a column holds."""
    return msgspec.json.encode(value).decode()
