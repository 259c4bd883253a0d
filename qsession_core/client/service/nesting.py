"""JSON that is nested too deep to be read, without what is too deep in it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["DEPTH", "shallow"]

DEPTH: Final = 200  # far beyond any record of the service, far below what stops a parser
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


def shallow(body: bytes) -> bytes:
    """Return JSON with ``null`` in place of each list and object that lies deeper than ``DEPTH``.

    What is no JSON comes back as something that is none either.

    >>> shallow(b'{"a": [1]}')
    b'{"a": [1]}'
    """
    kept: list[bytes] = []
    depth = written = 0
    for token in _TOKEN.finditer(body):
        match token[0][:1]:
            case b"[" | b"{":
                if depth == DEPTH:
                    kept += [body[written : token.start()], b"null"]
                depth += 1
            case b"]" | b"}":
                depth -= 1
                if depth == DEPTH:
                    written = token.end()
    return b"".join([*kept, body[written:]]) if depth < DEPTH else body
