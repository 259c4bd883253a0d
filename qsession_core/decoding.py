"""JSON and plain values into typed ones, safely from several threads.

msgspec looks at the fields of a Struct when it is first decoded, and a second thread that decodes it meanwhile ends the
process (a segmentation fault, in msgspec 0.21 and 0.22). So each type is looked at once, under a lock; no other module
decodes into a type.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar, overload

import msgspec

__all__ = ["read_json", "typed"]

T = TypeVar("T")

_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_looking = threading.Lock()


@overload
def read_json(raw: bytes | bytearray | memoryview | str | msgspec.Raw, kind: type[T]) -> T: ...
@overload
def read_json(raw: bytes | bytearray | memoryview | str | msgspec.Raw, kind: Any) -> Any: ...
def read_json(raw: bytes | bytearray | memoryview | str | msgspec.Raw, kind: Any) -> Any:
    """Decode JSON.

    Args:
        raw: The JSON, in UTF-8.
        kind: The type of the value: a Struct, or any type that msgspec knows.

    Raises:
        msgspec.DecodeError: It is no JSON, or of another type.
    """
    return (_decoders.get(kind) or _decoder(kind)).decode(raw)


def typed(value: object, kind: type[T]) -> T:
    """Turn plain dicts, lists, texts and numbers into a typed value.

    Raises:
        msgspec.ValidationError: It is of another type.
    """
    if kind not in _decoders:
        _decoder(kind)
    return msgspec.convert(value, kind)


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    with _looking:
        if kind not in _decoders:
            _decoders[kind] = msgspec.json.Decoder(kind)
        return _decoders[kind]
