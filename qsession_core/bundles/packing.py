"""Bodies that are compressed on the wire, unpacked where their text is looked at or changed."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["changed", "unpacked"]

_MAX_BYTES = 256 * 1024 * 1024
_GZIP = b"\x1f\x8b"


def unpacked(body: bytes) -> bytes:
    """Return a body without gzip; one that cannot be unpacked, or is too large then, as it is."""
    if not body.startswith(_GZIP):
        return body
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        text = reader.decompress(body, _MAX_BYTES)
    except zlib.error:
        return body
    return text if reader.eof and not reader.unused_data else body


def changed(body: bytes, headers: Mapping[str, str], change: Callable[[str], str]) -> tuple[bytes, dict[str, str]]:
    """Return a body whose text was changed, compressed as before, and the headers that go with it.

    Args:
        body: As it is on the wire.
        headers: Names in lower case.
        change: Takes and returns text in which each character is a byte, so that any body can be changed.
    """
    plain = unpacked(body)
    text = plain.decode("latin-1")
    after = change(text)
    if after == text:
        return body, dict(headers)
    data = after.encode("latin-1")
    if plain is not body:
        data = gzip.compress(data, mtime=0)
    fitting = dict(headers)
    if "content-length" in fitting:
        fitting["content-length"] = str(len(data))
    for name in ("content-md5", "x-ms-content-crc64", "x-ms-blob-content-md5"):  # of the body as it was
        fitting.pop(name, None)
    return data, fitting
