"""Finds what a module needs and nobody has, as a linker does.

The functions that the entry point reaches are read anyway, and what they call is known or refused. But a module is
linked whole: whatever else of it is visible from outside stays in, and a function that it names must be there. What
is private to the module goes away if nothing that stays names it.

Source: LLVM's language reference, "Linkage Types".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qsession_core.local.readers.qir.calls import bad, is_known

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["check_links"]

_NAME = re.compile(r'@(?:"([^"]*)"|([-$.\w]+))')
_ESCAPED = re.compile(r"\\([0-9A-Fa-f]{2})")
# Linkage types of what is not visible outside of the module
_GOES_AWAY = frozenset({"private", "internal", "available_externally", "linkonce", "linkonce_odr"})
_EXTERNAL = frozenset({"external", "extern_weak"})
_INTRINSICS = "llvm."
_MOST = 10
_SHOWN = 80


def check_links(printed: str, declared: Collection[str]) -> None:
    """Refuse a module that does not link.

    Args:
        printed: The module, as LLVM prints it: one global variable, alias or instruction a line.
        declared: The functions that it declares and does not define.

    Raises:
        JobFailure: Something that stays in the linked program names a function or a variable that nobody has; the
            message lists every one.
    """
    named, stays, outside = _names(printed)
    outside.update(name for name in declared if not name.startswith(_INTRINSICS) and not is_known(name))
    seen = set(stays)
    waiting = list(stays)
    while waiting:
        new = named.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    missing = sorted(seen & outside)
    if missing:
        shown = ", ".join(name[:_SHOWN] for name in missing[:_MOST])
        raise bad(f"the module does not link: {shown} {'are' if len(missing) > 1 else 'is'} not known")


def _names(printed: str) -> tuple[dict[str, set[str]], list[str], set[str]]:
    """Return which names each definition uses, which definitions stay when linked, and the external variables."""
    named: dict[str, set[str]] = {}
    stays: list[str] = []
    outside: set[str] = set()
    inside: set[str] | None = None
    for line in printed.split("\n"):
        if line.startswith(("define ", "@")):
            found = [_decoded(*match.groups()) for match in _NAME.finditer(line)]
            uses = named[found[0]] = set(found[1:])
            head = (line.partition("@")[0] if line[0] == "d" else line.partition(" = ")[2]).split()[:3]
            if not _EXTERNAL.isdisjoint(head):
                outside.add(found[0])
            elif _GOES_AWAY.isdisjoint(head):
                stays.append(found[0])
            inside = uses if line[0] == "d" else None
        elif line == "}":
            inside = None
        elif inside is not None and "@" in line:
            inside.update(_decoded(*match.groups()) for match in _NAME.finditer(line))
    return named, stays, outside


def _decoded(quoted: str | None, plain: str) -> str:
    """Return a name as the module's functions have it; LLVM writes odd bytes of it in hexadecimal digits."""
    if quoted is None:
        return plain
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), quoted)
    return text.encode("latin-1", "replace").decode("utf-8", "replace")
