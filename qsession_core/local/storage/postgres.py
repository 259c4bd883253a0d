"""The store in PostgreSQL: several services, on several machines, are one workspace.

* Changes happen one after the other: each transaction takes one advisory lock. So what holds in SQLite holds here.
* A process is alive as long as its connection holds an advisory lock of its own; the server releases it when the
  process or its machine dies.
* What lets a job start is announced with NOTIFY, so that queues need not poll.
"""

from __future__ import annotations

import hashlib
import re
import threading
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qsession_core.errors import ConfigurationError
from qsession_core.extras import install
from qsession_core.local.replies import Refusal
from qsession_core.local.storage.database import PATIENCE_SECONDS, Store
from qsession_core.local.storage.items import COLUMNS
from qsession_core.local.storage.trouble import LOCKED, StoreError, unreachable
from qsession_core.logs import logger
from qsession_core.transport.message import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from qsession_core.local.storage.database import Database, Presence

__all__ = ["PostgresStore"]

_LOG = logger(__name__)
_CONNECT_SECONDS = 10
# The first half of our advisory locks; the second says what is locked
_LOCKS = 0x71736573
_CHANGES, _MIGRATION = 1, 2
_CHANNEL = "qsession"
_LISTEN_SECONDS = 1.0
_SCHEMA = """
CREATE TABLE facts (name TEXT COLLATE "C" PRIMARY KEY, value BYTEA);
CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counters VALUES ('version', 1), ('jobs', 0);
CREATE TABLE items (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT COLLATE "C" NOT NULL,
    item_type TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL, provider_id TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL, state TEXT COLLATE "C" NOT NULL, job_type TEXT COLLATE "C",
    created BIGINT NOT NULL, modified BIGINT NOT NULL, began BIGINT, ended BIGINT, session_id TEXT COLLATE "C",
    priority TEXT, tags TEXT NOT NULL, cost TEXT, number BIGINT, container TEXT COLLATE "C", input_blob TEXT,
    input_format TEXT, output_format TEXT, output_blob TEXT, input_params TEXT, metadata TEXT, error TEXT,
    item_count BIGINT, cancelled BIGINT, seed TEXT, owner TEXT COLLATE "C", attempts BIGINT NOT NULL, policy TEXT,
    closing BIGINT NOT NULL, last_submitted BIGINT, rank BIGINT NOT NULL, not_before BIGINT NOT NULL, shots BIGINT,
    resumed BIGINT, created_by TEXT COLLATE "C", turn BIGINT NOT NULL DEFAULT 0, UNIQUE (item_type, id)
);
CREATE INDEX items_by_session ON items (session_id, sequence);
CREATE INDEX items_by_creation ON items (created, sequence);
CREATE INDEX items_by_kind ON items (item_type, created, sequence);
CREATE INDEX items_by_container ON items (container);
CREATE INDEX items_by_maker ON items (created_by, created);
CREATE INDEX items_waiting ON items (rank, turn, number) WHERE item_type = 'Job' AND state = 'Waiting';
CREATE INDEX items_first_turn ON items (turn) WHERE item_type = 'Job' AND state = 'Waiting';
CREATE INDEX items_turn_of_maker ON items (created_by, turn) WHERE item_type = 'Job' AND state = 'Waiting';
CREATE INDEX items_turn_of_session ON items (session_id, turn) WHERE item_type = 'Job' AND state = 'Waiting';
CREATE INDEX items_running ON items (target)
    WHERE item_type = 'Job' AND state IN ('Executing', 'CancellationRequested');
CREATE INDEX items_idle ON items (last_submitted)
    WHERE item_type = 'Session' AND closing = 0 AND state IN ('Waiting', 'Executing', 'Failure(s)');
CREATE TABLE containers (name TEXT COLLATE "C" PRIMARY KEY, created BIGINT NOT NULL);
CREATE TABLE blobs (
    container TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL, content_type TEXT NOT NULL,
    content_encoding TEXT NOT NULL, etag TEXT NOT NULL, modified BIGINT NOT NULL, size BIGINT NOT NULL, body BYTEA,
    file TEXT, PRIMARY KEY (container, name)
);
CREATE TABLE blocks (
    container TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL, block TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL, body BYTEA, file TEXT, arrival BIGINT GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (container, name, block)
);
"""
_PENDING = "state IN ('Waiting', 'Executing', 'CancellationRequested')"
_BEGUN = "item_type = 'Job' AND began IS NOT NULL"
# What makes version N of the schema of version N - 1, from version 2 on
_ADDED = (
    (
        f"CREATE INDEX items_pending ON items (session_id) WHERE {_PENDING}",
        f"CREATE INDEX items_begun ON items (item_type, lower(target), began, sequence) WHERE {_BEGUN}",
    ),
    (
        """CREATE TABLE spent (
            created_by TEXT COLLATE "C" NOT NULL, created BIGINT NOT NULL, jobs BIGINT NOT NULL, shots BIGINT NOT NULL,
            microseconds BIGINT NOT NULL
        )""",
        "CREATE INDEX spent_by_maker ON spent (created_by, created)",
    ),
)
_NEWEST = 1 + len(_ADDED)


@cache
def _ours(sql: str) -> str:
    """Return a statement in PostgreSQL's words."""
    sql = re.sub(r"\bIS NOT \?", "IS DISTINCT FROM ?", sql)
    sql = re.sub(r"\bIS \?", "IS NOT DISTINCT FROM ?", sql)
    return sql.replace("%", "%%").replace("?", "%s")


def _plain(values: Sequence[object]) -> list[object]:
    """Return values as PostgreSQL takes them.

    Raises:
        Refusal: 400, a text has the character NUL.
    """
    if any(isinstance(value, str) and "\0" in value for value in values):
        raise Refusal(400, "InvalidText", "This workspace keeps no texts with the character NUL.")
    return [int(value) if isinstance(value, bool) else value for value in values]


class _Transaction:
    """A database within a transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[object] = (), /) -> Any:
        return self._connection.execute(_ours(sql), _plain(values))


class PostgresStore(Store):
    """The database of several services.

    Args:
        address: ``postgresql://user:password@host/database``, as libpq has it. Tables are made if they are not there.
        files: Where large blobs are, which all services reach: a directory, or ``s3://bucket/prefix``; None to keep all
            blobs in the database.

    Raises:
        ConfigurationError: psycopg is not installed, the database cannot be reached, or is of a newer version.
    """

    is_shared = True
    blocks_in_order = "arrival"
    amounts_used = (
        "SELECT event ->> 'dimensionId', sum((event ->> 'amountConsumed')::float8)"
        " FROM items, jsonb_array_elements(cost::jsonb -> 'events') AS event"
        " WHERE item_type = 'Job' AND jsonb_typeof(cost::jsonb -> 'events') = 'array' GROUP BY 1"
    )

    def __init__(self, address: str, files: Path | str | None = None) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise ConfigurationError(f"A store in PostgreSQL needs psycopg: {install('postgres')}.") from error
        self._psycopg = psycopg
        self._address = address
        self.directory = None
        self.files_at = files
        if files is None:
            self.inline_bytes = None
        self._lock = threading.RLock()
        self._depth = 0
        self._announces = False
        self._closed = False
        self._connection: Any = None
        self._listener: threading.Thread | None = None
        try:
            self._connection = self._connected()
            self._bring_up_to_date()
        except psycopg.Error as error:
            raise ConfigurationError(f"The store cannot be used: {self._told(error)}") from None

    def _told(self, error: Exception) -> str:
        """Return what an error says, without a password."""
        text = without_secrets(str(error)).strip()
        secret = urlsplit(self._address).password
        return text.replace(secret, "...") if secret else text

    def _connected(self) -> Any:
        """Return a new connection, in whose results numbers are ints and floats."""
        connection = self._psycopg.connect(self._address, autocommit=True, connect_timeout=_CONNECT_SECONDS)
        connection.adapters.register_loader("numeric", _number_loader())
        return connection

    def _bring_up_to_date(self) -> None:
        """Make the tables, or bring those of an older version up to date; one process at a time."""
        with self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCKS, _MIGRATION))
            if self._connection.execute("SELECT to_regclass('counters')").fetchone()[0] is None:
                self._connection.execute(_SCHEMA)
            version = self._connection.execute("SELECT value FROM counters WHERE name = 'version'").fetchone()[0]
            if version > _NEWEST:
                raise ConfigurationError(
                    f"The store is of version {version}, and this qsession knows {_NEWEST}. Install a newer one."
                )
            for statements in _ADDED[version - 1 :]:
                for statement in statements:
                    self._connection.execute(statement)
            self._connection.execute("UPDATE counters SET value = %s WHERE name = 'version'", (_NEWEST,))

    @property
    def is_closed(self) -> bool:
        """Whether the store was given back."""
        return self._closed

    def close(self) -> None:
        """Give back the connection. Calling it again does nothing."""
        self._closed = True
        if self._listener is not None:
            with suppress(self._psycopg.Error), self._lock:
                self._connection.execute(f"NOTIFY {_CHANNEL}")  # our own listener is to see that it is over
            self._listener.join(5 * _LISTEN_SECONDS)
        with self._lock:
            self._connection.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Say what is wrong with the store in place of psycopg's errors."""
        try:
            yield
        except self._psycopg.errors.LockNotAvailable as error:
            raise StoreError(LOCKED, str(error)) from error
        except (self._psycopg.OperationalError, self._psycopg.InterfaceError) as error:
            raise StoreError(unreachable("database"), self._told(error)) from None

    def _open(self) -> Any:
        """Return the connection, a new one if it was lost outside a transaction. The caller holds the lock."""
        if not self._closed and not self._depth and (self._connection.closed or self._connection.broken):
            _LOG.warning("the connection to the store was lost; connecting again")
            self._connection = self._connected()
        return self._connection

    @contextmanager
    def transaction(self, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[Database]:
        """Hold the store for one change that happens whole or not at all. Nests: the outermost one commits.

        Args:
            patience_seconds: How long to wait, in real time, for another process that changes something.

        Raises:
            StoreError: The database cannot be used; nothing has changed.
        """
        with self._lock, self._errors():
            connection = self._open()
            if self._depth:
                yield _Transaction(connection)
                return
            self._announces = False
            with connection.transaction():
                milliseconds = max(1, round(1000 * patience_seconds))
                connection.execute("SELECT set_config('lock_timeout', %s, true)", (f"{milliseconds}ms",))
                connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCKS, _CHANGES))
                self._depth = 1
                try:
                    yield _Transaction(connection)
                finally:
                    self._depth = 0
                if self._announces:
                    connection.execute(f"NOTIFY {_CHANNEL}")

    def read(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a query."""
        with self._lock, self._errors():
            rows: list[Any] = self._open().execute(_ours(sql), _plain(values)).fetchall()
            return rows

    def next_number(self, database: Database) -> int:
        """Return the number of the next job, counting it."""
        row = database.execute("UPDATE counters SET value = value + 1 WHERE name = 'jobs' RETURNING value")
        number: int = row.fetchone()[0]
        return number

    def insert(self, database: Database, values: Mapping[str, object]) -> int:
        """Insert a row of items and return its sequence."""
        assert set(values) <= set(COLUMNS)  # noqa: S101 - names become part of the statement
        places = ", ".join("?" * len(values))
        row = database.execute(
            f"INSERT INTO items ({', '.join(values)}) VALUES ({places}) RETURNING sequence",  # noqa: S608 - ours
            list(values.values()),
        )
        sequence: int = row.fetchone()[0]
        return sequence

    def one_of(self, column: str, values: Iterable[int] | Iterable[str]) -> tuple[str, object]:
        """Return a condition on a column and the value for its question mark."""
        return f"{column} = ANY(?)", list(values)

    # --- other processes ---

    def presence(self, owner: str) -> Presence:
        """Return a lock of the server's that lasts as long as this process is connected."""
        return _Presence(self._connected, owner)

    def announce(self) -> None:
        """Let the queues of all processes look, once the transaction is committed."""
        self._announces = True

    def listen(self, wake: Callable[[], None]) -> None:
        """Call a function when a process has announced something, and after a connection was lost."""
        self._listener = threading.Thread(target=self._listen, args=(wake,), name="qsession-listen", daemon=True)
        self._listener.start()

    def _listen(self, wake: Callable[[], None]) -> None:
        pause = threading.Event()
        while not self._closed:
            with suppress(self._psycopg.Error), self._connected() as connection:
                connection.execute(f"LISTEN {_CHANNEL}")
                wake()
                while not self._closed:
                    for _ in connection.notifies(timeout=_LISTEN_SECONDS, stop_after=1):
                        wake()
            if not self._closed:
                pause.wait(_LISTEN_SECONDS)


class _Presence:
    """An advisory lock with the number that a process's name is."""

    def __init__(self, connect: Callable[[], Any], owner: str) -> None:
        self._connect = connect
        self._owner = owner
        self._lock = threading.Lock()
        self._connection = connect()
        self._take()

    def _take(self) -> None:
        self._connection.execute("SELECT pg_advisory_lock_shared(%s)", (_number(self._owner),))

    def is_alive(self, owner: str) -> bool:
        """Say whether the process of this name is alive: whether it holds its lock."""
        with self._lock:
            if self._connection.closed or self._connection.broken:  # and our own lock is lost with it
                self._connection = self._connect()
                self._take()
            if owner == self._owner:
                return True
            number = (_number(owner),)
            is_free = self._connection.execute("SELECT pg_try_advisory_lock(%s)", number).fetchone()[0]
            if is_free:
                self._connection.execute("SELECT pg_advisory_unlock(%s)", number)
            return not is_free

    def remove_stale(self) -> None:
        """Do nothing: the server forgets the locks of processes that died."""

    def close(self) -> None:
        """Release the lock."""
        with self._lock:
            self._connection.close()


def _number(owner: str) -> int:
    """Return the number of a process's name."""
    return int.from_bytes(hashlib.blake2b(owner.encode(), digest_size=8).digest(), "big", signed=True)


@cache
def _number_loader() -> Any:
    from psycopg.adapt import Loader

    class NumberLoader(Loader):
        """Sums of integers are NUMERIC in PostgreSQL."""

        def load(self, data: Any) -> int | float:
            text = bytes(data)
            return int(text) if text.lstrip(b"-").isdigit() else float(text)

    return NumberLoader
