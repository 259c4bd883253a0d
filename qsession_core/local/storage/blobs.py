"""Containers, blobs and blocks: rows in the store's database, and files beside it for what is large.

What must hold:

1. A blob's row is written after its bytes, so a row never names an incomplete file. A file without a row was left by a
   process that died; it is removed when the directory is opened later.
2. File names are made here (random hex); no name from the wire ever becomes part of a path.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from qsession_core.local.storage.files import files_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qsession_core.local.storage.database import Database, Store

__all__ = ["Blob", "Blobs"]

_BLOB = "SELECT container, name, content_type, content_encoding, etag, modified, size FROM blobs "
_WHOLE = _BLOB.replace("SELECT ", "SELECT body, file, ", 1)
_NAMED = "WHERE container = ? AND name = ?"
_PUT_BLOB = (
    "INSERT INTO blobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (container, name) DO UPDATE SET"
    " content_type = excluded.content_type, content_encoding = excluded.content_encoding, etag = excluded.etag,"
    " modified = excluded.modified, size = excluded.size, body = excluded.body, file = excluded.file"
)


class Blob(msgspec.Struct, frozen=True):
    """One blob without its bytes. ``modified`` is in microseconds since 1970, ``size`` in bytes."""

    container: str
    name: str
    content_type: str
    content_encoding: str
    etag: str
    modified: int
    size: int


class Blobs:
    """The blobs of a store. Safe to call from several threads and, in a directory, several processes.

    Args:
        store: Keeps their rows, and says where their files are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._uncommitted: int | None = None  # bytes in blocks; None until they are counted
        self._files = files_at(store.files_at)

    def sweep(self) -> int:
        """Remove old files that no row names; return how many were removed."""
        if self._store.files_at is None:
            return 0
        rows = self._store.read("SELECT file FROM blobs UNION ALL SELECT file FROM blocks")
        return self._files.sweep({file for (file,) in rows if file})

    def has_container(self, name: str) -> bool:
        """Say whether there is a container of this name."""
        return bool(self._store.read("SELECT 1 FROM containers WHERE name = ?", (name,)))

    def add_container(self, name: str, now: int) -> bool:
        """Make a container; return False if there is one of this name."""
        with self._store.transaction() as database:
            return (
                database.execute("INSERT INTO containers VALUES (?, ?) ON CONFLICT DO NOTHING", (name, now)).rowcount
                == 1
            )

    def take_container(self, name: str) -> list[str | None]:
        """Remove a container with its blobs' rows; return what :meth:`forget` removes once that is committed."""
        with self._store.transaction() as database:
            database.execute("DELETE FROM containers WHERE name = ?", (name,))
            return self._removed(database, "container = ?", (name,))

    def take(self, container: str, name: str) -> list[str | None]:
        """Remove the rows of one blob; return what :meth:`forget` removes once that is committed."""
        with self._store.transaction() as database:
            return self._removed(database, "container = ? AND name = ?", (container, name))

    def _removed(self, database: Database, where: str, values: tuple[str, ...]) -> list[str | None]:
        """Remove the rows of blobs and blocks under a condition of our own; return their files."""
        files: list[str | None] = []
        for table in ("blobs", "blocks"):
            files += [file for (file,) in database.execute(f"SELECT file FROM {table} WHERE {where}", values)]  # noqa: S608
            database.execute(f"DELETE FROM {table} WHERE {where}", values)  # noqa: S608 - our own text
        self._uncommitted = None
        return files

    def find(self, container: str, name: str) -> Blob | None:
        """Return a blob without its bytes, or None if there is none."""
        rows = self._store.read(_BLOB + _NAMED, (container, name))
        return Blob(*rows[0]) if rows else None

    def whole(self, container: str, name: str) -> tuple[Blob, bytes | None] | None:
        """Return a blob and its bytes, or None if there is none; None as its bytes if they were removed just now."""
        rows = self._store.read(_WHOLE + _NAMED, (container, name))
        if not rows:
            return None
        inline, file, *members = rows[0]
        return Blob(*members), self._bytes(inline, file)

    def listed(self, container: str) -> list[Blob]:
        """Return the blobs of a container, by name."""
        return [Blob(*row) for row in self._store.read(_BLOB + "WHERE container = ? ORDER BY name", (container,))]

    def read(self, container: str, name: str, start: int = 0, length: int = -1) -> bytes | None:
        """Return a blob's bytes, or None if there is none.

        Args:
            container: Where it is.
            name: What it is called.
            start: The first byte that is wanted.
            length: How many are wanted; -1 for all that follow.
        """
        rows = self._store.read("SELECT body, file FROM blobs WHERE container = ? AND name = ?", (container, name))
        if not rows:
            return None
        inline, file = rows[0]
        return self._bytes(inline, file, start, length)

    def write(self, blob: Blob, body: bytes, *, replace: bool) -> bool:
        """Store a blob; return False if there is one of this name and it must not be replaced."""
        with self._kept(body) as (inline, file), self._store.transaction() as database:
            old = database.execute(
                "SELECT file FROM blobs WHERE container = ? AND name = ?", (blob.container, blob.name)
            ).fetchone()
            written = old is None or replace
            if written:
                database.execute(
                    _PUT_BLOB,
                    (blob.container, blob.name, blob.content_type, blob.content_encoding, blob.etag, blob.modified,
                     len(body), inline, file),
                )  # fmt: skip
        self.forget([old[0] if old else None] if written else [file])
        return written

    def write_block(self, container: str, name: str, block: str, body: bytes) -> None:
        """Store one block of a blob that will be assembled later."""
        with self._kept(body) as (inline, file), self._store.transaction() as database:
            old = database.execute(
                "SELECT file FROM blocks WHERE container = ? AND name = ? AND block = ?", (container, name, block)
            ).fetchone()
            database.execute(
                "INSERT INTO blocks (container, name, block, size, body, file) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (container, name, block) DO UPDATE"
                " SET size = excluded.size, body = excluded.body, file = excluded.file",
                (container, name, block, len(body), inline, file),
            )
        if self._uncommitted is not None:
            self._uncommitted += len(body)
        self.forget([old[0] if old else None])

    def count_blocks(self, container: str, name: str) -> int:
        """Return how many blocks of a blob no list has named yet."""
        query = "SELECT count(*) FROM blocks WHERE container = ? AND name = ?"
        count: int = self._store.read(query, (container, name))[0][0]
        return count

    def block_sizes(self, container: str, name: str) -> dict[str, int]:
        """Return the sizes of a blob's uncommitted blocks, by their ids."""
        return dict(
            self._store.read("SELECT block, size FROM blocks WHERE container = ? AND name = ?", (container, name))
        )

    def uncommitted_bytes(self) -> int:
        """Return how large all uncommitted blocks are together, or a little more."""
        if self._uncommitted is None:
            self._uncommitted = self._store.read("SELECT coalesce(sum(size), 0) FROM blocks")[0][0]
        return self._uncommitted

    def oldest_upload(self) -> tuple[str, str] | None:
        """Return the container and the name of the blob with the oldest uncommitted block; None if there is none."""
        self._uncommitted = None  # before blocks are thrown away, they are counted anew
        order = self._store.blocks_in_order
        rows = self._store.read(f"SELECT container, name FROM blocks ORDER BY {order} LIMIT 1")  # noqa: S608 - ours
        return tuple(rows[0]) if rows else None

    def read_block(self, container: str, name: str, block: str) -> bytes | None:
        """Return one block's bytes, or None if there is none."""
        rows = self._store.read(
            "SELECT body, file FROM blocks WHERE container = ? AND name = ? AND block = ?", (container, name, block)
        )
        return None if not rows else self._bytes(*rows[0])

    def remove_blocks(self, container: str, name: str) -> None:
        """Remove the blocks of a blob."""
        with self._store.transaction() as database:
            files = database.execute(
                "SELECT file FROM blocks WHERE container = ? AND name = ?", (container, name)
            ).fetchall()
            database.execute("DELETE FROM blocks WHERE container = ? AND name = ?", (container, name))
        self._uncommitted = None
        self.forget(file for (file,) in files)

    # --- bytes ---

    @contextmanager
    def _kept(self, body: bytes) -> Iterator[tuple[bytes | None, str | None]]:
        """Give bytes for the row if they are few, else write them to a file and give its name; no row, no file."""
        if self._store.inline_bytes is None or len(body) <= self._store.inline_bytes:
            yield body, None
            return
        file = secrets.token_hex(16)
        try:
            self._files.write(file, body)
            yield None, file
        except BaseException:
            self.forget([file])
            raise

    def _bytes(self, inline: bytes | None, file: str | None, start: int = 0, length: int = -1) -> bytes | None:
        if file is not None:
            return self._files.read(file, start, length)
        return bytes(inline or b"")[start : None if length < 0 else start + length]

    def forget(self, files: Iterable[str | None]) -> None:
        """Remove files that no row names any more."""
        for file in files:
            if file is not None:
                self._files.remove(file)
