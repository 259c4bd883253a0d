"""The file of a bundle: a zip of ``index.json`` and of the bodies that it names.

The index lists the exchanges in the order of their requests. Bodies are named after their content, so that equal ones
are stored once.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads it
from pathlib import Path
from typing import Any

import msgspec

from qsession_core.decoding import typed
from qsession_core.errors import ConfigurationError
from qsession_core.transport.message import Request, Response

__all__ = ["Bundle", "Exchange", "check_place", "read_bundle", "write_bundle"]

_FORMAT = "qsession-bundle"
_VERSION = 1
_INDEX = "index.json"
_MAX_BYTES = 1024 * 1024 * 1024  # unpacked; a zip of a few kilobytes may hold terabytes
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # of zip; equal bundles are equal files


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        at: When the request was sent, in seconds since the recording began.
        seconds: How long the answer took.
    """

    at: float
    seconds: float
    request: Request
    response: Response


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was recorded.

    Attributes:
        recorded: When the recording began.
        exchanges: In the order of their requests.
        has_shared_ids: Ids were replaced by others that several things share, so that one id says nothing by itself.
    """

    recorded: datetime
    exchanges: tuple[Exchange, ...]
    has_shared_ids: bool = False


class _Request(msgspec.Struct):
    method: str
    url: str
    headers: dict[str, str] = {}
    body: str = ""


class _Response(msgspec.Struct):
    status: int
    headers: dict[str, str] = {}
    body: str = ""


class _Exchange(msgspec.Struct):
    at: float
    seconds: float
    request: _Request
    response: _Response


class _Index(msgspec.Struct, rename="camel"):
    format: str
    version: int
    recorded: datetime
    exchanges: list[_Exchange]
    shared_ids: bool = False


def check_place(path: Path) -> None:
    """Refuse a place where no new bundle can be written, before anything is paid for.

    Raises:
        ConfigurationError: It exists, or its folder does not or cannot be written to.
    """
    if path.exists():
        raise ConfigurationError(f"{path} exists. Delete it or record to another file; nothing was sent.")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ConfigurationError(f"{path.parent} is no folder that can be written to; nothing was sent.")


def write_bundle(path: Path, bundle: Bundle) -> None:
    """Write a bundle, whole or not at all.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    bodies: dict[str, bytes] = {}

    def stored(headers: dict[str, str], body: bytes) -> str:
        if not body:
            return ""
        name = f"bodies/{hashlib.sha256(body).hexdigest()[:32]}{_ending(headers)}"
        bodies[name] = body
        return name

    index = _Index(_FORMAT, _VERSION, bundle.recorded, [], bundle.has_shared_ids)
    for one in bundle.exchanges:
        asked, told = dict(one.request.headers), dict(one.response.headers)
        index.exchanges.append(
            _Exchange(
                round(one.at, 6),
                round(one.seconds, 6),
                _Request(one.request.method, one.request.url, asked, stored(asked, one.request.body)),
                _Response(one.response.status, told, stored(told, one.response.body)),
            )
        )
    text = json.dumps(msgspec.to_builtins(index), indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for part, data in {_INDEX: text, **dict(sorted(bodies.items()))}.items():
                    archive.writestr(zipfile.ZipInfo(part, _EARLIEST), data, zipfile.ZIP_DEFLATED)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigurationError(f"The bundle {path} cannot be written: {error.strerror or error}.") from error


def _ending(headers: dict[str, str]) -> str:
    kind = headers.get("content-type", "").partition(";")[0]
    if headers.get("content-encoding"):
        return ""
    return {"application/json": ".json", "application/xml": ".xml", "text/plain": ".txt"}.get(kind, "")


def read_bundle(path: Path) -> Bundle:
    """Read a bundle.

    Raises:
        ConfigurationError: There is none at this path, or it is damaged, too large, or of a later version.
    """
    wrong = f"{path} cannot be read as a bundle"
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > _MAX_BYTES:
                raise ConfigurationError(f"{wrong}: it unpacks to more than {_MAX_BYTES} bytes.")
            parts = {name: archive.read(name) for name in archive.namelist()}
        raw: Any = json.loads(parts[_INDEX].decode("utf-8", "surrogatepass"))
        if raw.get("format") != _FORMAT:
            raise ConfigurationError(f"{wrong}: its index is not one of a bundle.")
        if raw.get("version") != _VERSION:
            raise ConfigurationError(f"{wrong}: it has version {raw.get('version')!r}. Use a newer qsession.")
        index = typed(raw, _Index)
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"There is no bundle {path}. Record one: qsession run --record {path} -- ..."
        ) from error
    except (KeyError, ValueError, AttributeError, RecursionError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{wrong}: its index is damaged ({error}).") from error
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise ConfigurationError(f"{wrong}: {error}.") from error
    missing = {body for one in index.exchanges for body in (one.request.body, one.response.body)} - {"", *parts}
    if missing:
        raise ConfigurationError(f"{wrong}: {len(missing)} bodies are missing, such as {min(missing)}.")
    return Bundle(
        index.recorded,
        tuple(
            Exchange(
                one.at,
                one.seconds,
                Request(one.request.method, one.request.url, one.request.headers, parts.get(one.request.body, b"")),
                Response(one.response.status, one.response.headers, parts.get(one.response.body, b"")),
            )
            for one in index.exchanges
        ),
        index.shared_ids,
    )
