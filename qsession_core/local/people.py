"""Who may do what in a workspace that several people share: a file of people, their roles, their quotas.

The file is TOML, one table for each person:

    [anna]
    key = "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    role = "member"
    jobs = 200
    shots = 100000
    seconds = 3600

Keys are long and random, so their SHA-256 tells nothing about them. Quotas are of the last 24 hours. The file is read
again when it has changed, so that a person who is taken out of it has no more access a second later.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from typing import TYPE_CHECKING, Literal

import msgspec

from qsession_core.decoding import typed
from qsession_core.errors import ConfigurationError
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "ADMIN",
    "DAY",
    "MEMBER",
    "OWNER",
    "ROLES",
    "VIEWER",
    "People",
    "Person",
    "key_hash",
    "people_file",
    "people_in",
    "read_people",
]

_LOG = logger(__name__)
Role = Literal["admin", "member", "viewer"]
ADMIN, MEMBER, VIEWER = "admin", "member", "viewer"
ROLES: tuple[Role, ...] = ("admin", "member", "viewer")
DAY = 86_400_000_000  # microseconds: what quotas look back at
_FILE = "users.toml"
_LOOK_SECONDS = 1.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    role: Role = "member"
    jobs: int | None = None
    shots: int | None = None
    seconds: float | None = None


class Person(msgspec.Struct, frozen=True):
    """Somebody who uses a workspace.

    Attributes:
        name: What jobs and sessions are ``createdBy``.
        role: ``admin`` sees and changes everything; ``member`` sees and changes what is their own; ``viewer`` sees
            everything and changes nothing.
        jobs: How many jobs they may submit in 24 hours; None for any number.
        shots: How many shots all of these may have; None for any number.
        seconds: For how many seconds all of these may be simulated; None for any number.
    """

    name: str
    role: Role = "admin"
    jobs: int | None = None
    shots: int | None = None
    seconds: float | None = None

    @property
    def sees_all(self) -> bool:
        """Whether they see what others have made."""
        return self.role != MEMBER

    @property
    def changes_all(self) -> bool:
        """Whether they may change what others have made."""
        return self.role == ADMIN

    def sees(self, created_by: str | None) -> bool:
        """Whether they see something that somebody has made."""
        return self.sees_all or created_by == self.name


OWNER = Person("local")  # whoever has the workspace's own key


def key_hash(key: str) -> str:
    """Return what the file has of a key."""
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def people_file(directory: Path) -> Path:
    """Return where a directory's people are, if it has any."""
    return directory / _FILE


def read_people(path: Path) -> dict[str, Person]:
    """Return the people of a file by the hashes of their keys.

    Raises:
        ConfigurationError: It cannot be read, or somebody in it is described as nobody can be; everything is listed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The users in {path} cannot be read: {error}.") from error
    return people_in(text, path)


def people_in(text: str, path: Path) -> dict[str, Person]:
    """Return the people of what is, or is to be, in a file; as :func:`read_people`."""
    import tomllib

    try:
        tables = tomllib.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"The users in {path} cannot be read: {error}.") from error
    problems, found = [], dict[str, Person]()
    for name, table in tables.items():
        try:
            row = typed(table, _Row)
        except msgspec.ValidationError as error:
            problems.append(f"{name}: {error}")
            continue
        problems += _problems(name, row)
        if row.key in found:
            problems.append(f"{name} has the key of {found[row.key].name}")
        found[row.key] = Person(name, row.role, row.jobs, row.shots, row.seconds)
    if problems:
        raise ConfigurationError(f"The users in {path} cannot be used: {'; '.join(problems)}.")
    return found


def _problems(name: str, row: _Row) -> list[str]:
    problems = []
    if not _NAME.fullmatch(name) or name == OWNER.name:
        problems.append(f"{name[:64]!r} is no name: letters, digits and . _ @ - only, and not {OWNER.name!r}")
    if not _HASH.fullmatch(row.key):
        problems.append(f"{name}: key is not sha256: and 64 hexadecimal digits")
    quotas = {"jobs": row.jobs, "shots": row.shots, "seconds": row.seconds}
    problems += [f"{name}: {what} is less than 0" for what, limit in quotas.items() if limit is not None and limit < 0]
    return problems


class People:
    """The people of a workspace: its owner, and those of a file.

    Args:
        key: The owner's key.
        path: The file; None for nobody else.

    Raises:
        ConfigurationError: As :func:`read_people`.
    """

    def __init__(self, key: str, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._owner = {key_hash(key): OWNER}
        self._found: Mapping[str, Person] = dict(self._owner)
        self._look_at, self._stamp = 0.0, (0, 0)
        if path is not None:
            self._stamp = _stamp(path)
            self._found = {**read_people(path), **self._owner}

    @property
    def are_several(self) -> bool:
        """Whether there is anybody but the owner."""
        return len(self._found) > 1

    def of_key(self, key: str) -> Person | None:
        """Return who has a key; None if nobody has."""
        if self._path is not None and time.monotonic() >= self._look_at:
            self._look_again(self._path)
        # looking up a hash tells nothing of the key by the time that it takes
        return self._found.get(key_hash(key))

    def _look_again(self, path: Path) -> None:
        with self._lock:
            self._look_at = time.monotonic() + _LOOK_SECONDS
            stamp = _stamp(path)
            if stamp == self._stamp:
                return
            try:
                self._found = {**read_people(path), **self._owner}
                self._stamp = stamp
            except ConfigurationError as error:  # half written, perhaps: those that were known stay
                _LOG.warning("%s", error)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
