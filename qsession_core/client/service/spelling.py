"""What callers send to the service in words and ids, checked before it is sent.

The service may tell a state that is not listed (:mod:`~qsession_core.client.service.status`). A caller who asks for one
has misspelt it and would find nothing; a misspelt policy or id would be refused by the service only.
Each check returns a sentence, or None, so that one error can list all of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from qsession_core.client.service.status import JobStatus, Priority, SessionJobFailurePolicy, SessionStatus
from qsession_core.errors import ConfigurationError
from qsession_core.keywords import near

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from enum import StrEnum

__all__ = [
    "ITEM_TYPES",
    "JOB_STATES",
    "JOB_TYPES",
    "POLICIES",
    "PRIORITIES",
    "SESSION_STATES",
    "check",
    "odd_count",
    "odd_id",
    "odd_name",
    "odd_tags",
    "odd_word",
    "odd_words",
    "spelled",
]


def _values(*kinds: type[StrEnum]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(member.value for kind in kinds for member in kind.__members__.values()))


JOB_STATES: Final = _values(JobStatus)
SESSION_STATES: Final = _values(SessionStatus)
PRIORITIES: Final = _values(Priority)
POLICIES: Final = _values(SessionJobFailurePolicy)
JOB_TYPES: Final = ("Unknown", "QuantumComputing", "Optimization")
ITEM_TYPES: Final = ("Job", "Session")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def check(*problems: str | None) -> None:
    """Raise one error that lists the problems; None is no problem.

    Raises:
        ConfigurationError: There are any.
    """
    found = [problem for problem in problems if problem]
    if found:
        raise ConfigurationError(" ".join(found))


def spelled(value: object, words: Collection[str]) -> str | None:
    """Return a word as the service spells it, in whatever letter case it is given; None for None.

    >>> spelled("HIGH", PRIORITIES)
    'High'
    """
    if value is None:
        return None
    text = str(value)
    return next((word for word in words if word.lower() == text.lower()), text)


def odd_word(what: str, value: object, words: Collection[str]) -> str | None:
    """Return what is wrong with a word; None is right.

    >>> odd_word("priority", "hihg", PRIORITIES)
    "priority='hihg' is not known. Did you mean 'High'?"
    """
    if value is None or spelled(value, words) in words:
        return None
    return f"{what}={value!r} is not known. {near(str(value), words)}"


def odd_words(what: str, values: str | Iterable[str] | None, words: Collection[str]) -> str | None:
    """Return what is wrong with one word or several; None is right."""
    given = [values] if values is None or isinstance(values, str) else values
    return " ".join(filter(None, (odd_word(what, value, words) for value in given))) or None


def odd_name(what: str, value: object) -> str | None:
    """Return what is wrong with a name; None is right."""
    return None if value is None or isinstance(value, str) else f"{what}={value!r} is not text."


def odd_id(what: str, value: object) -> str | None:
    """Return what is wrong with the id of something new; None is right.

    >>> odd_id("id", "7")
    "id='7' is not the text of a GUID; leave it out, or pass str(uuid.uuid4())."
    """
    if value is None or _GUID.fullmatch(str(value)):
        return None
    return f"{what}={value!r} is not the text of a GUID; leave it out, or pass str(uuid.uuid4())."


def odd_tags(tags: Sequence[str] | None) -> str | None:
    """Return what is wrong with tags: one text, which would become one tag a character, or what is no text."""
    if tags is None or not (isinstance(tags, str) or any(not isinstance(tag, str) for tag in tags)):
        return None
    return f"tags is {tags!r}; give a list of texts, such as ['a', 'b']."


def odd_count(what: str, value: object) -> str | None:
    """Return what is wrong with a number of items."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return None
    return f"{what}={value!r} is not a whole number of at least 0."
