"""Where large blobs are kept: in memory, in a directory, or in a store that speaks S3. One interface.

File names are random and made by the caller; a file is written once and never changed.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from qsession_core.errors import ConfigurationError
from qsession_core.extras import install
from qsession_core.local.storage.directory import private_directory, private_file, take_rights_of_others
from qsession_core.local.storage.trouble import StoreError, unreachable

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

__all__ = ["DirectoryFiles", "Files", "MemoryFiles", "S3Files", "files_at"]

# A file this old that no row names will not get one: the process that wrote it died
_WASTE_SECONDS = 3600


class Files(Protocol):
    """Files by name. Safe to use from several threads."""

    def write(self, name: str, body: bytes) -> None:
        """Write a new file; it is there whole or not at all."""
        ...

    def read(self, name: str, start: int = 0, length: int = -1) -> bytes | None:
        """Return the bytes of a file from ``start`` on, ``length`` of them, -1 for all; None if there is none."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...

    def sweep(self, named: Collection[str]) -> int:
        """Remove old files other than those that are named; return how many."""
        ...


def files_at(place: Path | str | None) -> Files:
    """Return the files of a place: a directory, ``s3://bucket/prefix``, or None for memory.

    Raises:
        ConfigurationError: It cannot be used.
    """
    if place is None:
        return MemoryFiles()
    if isinstance(place, str) and place.startswith("s3://"):
        return S3Files(place)
    from pathlib import Path

    return DirectoryFiles(Path(place))


class MemoryFiles:
    """Files of one process."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def write(self, name: str, body: bytes) -> None:
        """Keep a file."""
        self._kept[name] = body

    def read(self, name: str, start: int = 0, length: int = -1) -> bytes | None:
        """Return a part of a file."""
        kept = self._kept.get(name)
        return None if kept is None else kept[start : None if length < 0 else start + length]

    def remove(self, name: str) -> None:
        """Forget a file."""
        self._kept.pop(name, None)

    def sweep(self, named: Collection[str]) -> int:  # noqa: ARG002 - nothing outlives the process
        """Return 0."""
        return 0


class DirectoryFiles:
    """Files of a directory, which only its owner may read.

    Args:
        folder: Made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        private_directory(folder)

    def write(self, name: str, body: bytes) -> None:
        """Write a new file."""
        with os.fdopen(private_file(self._folder / name), "wb") as kept:
            kept.write(body)

    def read(self, name: str, start: int = 0, length: int = -1) -> bytes | None:
        """Return a part of a file."""
        try:
            with (self._folder / name).open("rb") as kept:
                kept.seek(start)
                return kept.read(length)
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self._folder / name).unlink(missing_ok=True)

    def sweep(self, named: Collection[str]) -> int:
        """Remove old files that nobody names, and make the others private."""
        before = time.time() - _WASTE_SECONDS  # files have the machine's time, whatever clock the service uses
        removed = 0
        for path in self._folder.iterdir():
            if path.name in named:
                take_rights_of_others(path)
            elif path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                removed += 1
        return removed


class S3Files:
    """Objects of a bucket, by boto3: Amazon's, or another store that speaks S3.

    Credentials and the endpoint are boto3's own: ``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL_S3``, profiles, roles.

    Args:
        address: ``s3://bucket/prefix``.

    Raises:
        ConfigurationError: boto3 is not installed, or the bucket cannot be reached.
    """

    def __init__(self, address: str) -> None:
        try:
            import boto3
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            raise ConfigurationError(f"Blobs in S3 need boto3: {install('s3')}.") from error
        parts = urlsplit(address)
        if not parts.netloc:
            raise ConfigurationError(f"{address!r} names no bucket; it reads s3://bucket/prefix.")
        self._errors = (BotoCoreError, ClientError)
        self._missing = ClientError
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")
        self._client: Any = boto3.client("s3")
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except self._errors as error:
            raise ConfigurationError(f"The bucket {self._bucket} cannot be used: {error}.") from error

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _asked(self, method: str, **members: Any) -> Any:
        try:
            return getattr(self._client, method)(Bucket=self._bucket, **members)
        except self._errors as error:
            raise StoreError(unreachable("store of large blobs"), str(error)) from error

    def write(self, name: str, body: bytes) -> None:
        """Write a new object."""
        self._asked("put_object", Key=self._key(name), Body=body)

    def read(self, name: str, start: int = 0, length: int = -1) -> bytes | None:
        """Return a part of an object."""
        if length == 0:
            return b""
        wanted = f"bytes={start}-{'' if length < 0 else start + length - 1}"
        try:
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=self._key(name), Range=wanted)["Body"].read()
        except self._missing as error:
            code = error.response.get("Error", {}).get("Code")
            if code == "InvalidRange":  # from its end on
                return b""
            if code in {"NoSuchKey", "404"}:
                return None
            raise StoreError(unreachable("store of large blobs"), str(error)) from error
        except self._errors as error:
            raise StoreError(unreachable("store of large blobs"), str(error)) from error
        return body

    def remove(self, name: str) -> None:
        """Remove an object."""
        self._asked("delete_object", Key=self._key(name))

    def sweep(self, named: Collection[str]) -> int:
        """Remove old objects that nobody names."""
        before = time.time() - _WASTE_SECONDS
        removed, start = 0, len(self._key(""))
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._key(""))
        for each in (each for page in pages for each in page.get("Contents", ())):
            if each["Key"][start:] not in named and each["LastModified"].timestamp() < before:
                self._asked("delete_object", Key=each["Key"])
                removed += 1
        return removed
