"""Profiles: workspaces by a name of the user's, in one TOML file.

.. code-block:: toml

    [profile.lab]
    resource_id = "/subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.Quantum/Workspaces/<name>"
    key_file = "~/keys/lab"             # without it: azure-identity

    [profile.home]
    directory = "~/quantum"

The file holds no secret: a key stands in a file of its own, or comes from azure-identity.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from qsession_core.client.service.connection import PartialConnection, parse_connection_string, parse_resource_id
from qsession_core.errors import ConfigurationError
from qsession_core.keywords import near
from qsession_core.places import config_file

__all__ = [
    "MEMBERS",
    "Profile",
    "default_profile",
    "parse_profiles",
    "read_configuration",
    "read_profile",
    "read_profiles",
    "read_text",
]

_DEFAULT = "default"
_SECRET = re.compile(r"api_?key|password|secret|token|connection_string|sas", re.IGNORECASE)
_SECRET_TEXT = re.compile(r"(?i)\bApiKey\s*=|AccountKey\s*=|[?&]sig=")


class Profile(msgspec.Struct, frozen=True):
    """A workspace as a profile tells it; what is not told is empty.

    Attributes:
        name: The profile's name.
        resource_id: The workspace's resource id.
        subscription_id: Its subscription, if there is no resource id; as the two below.
        resource_group: Its resource group.
        workspace: Its name.
        location: Its region.
        endpoint: The service's base URL.
        key_file: Path of a file that holds the API key and nothing else.
        connection_string_file: Path of a file that holds a connection string.
        directory: Path of a local workspace.
        journal: Path of the journal.
    """

    name: str
    resource_id: str = ""
    subscription_id: str = ""
    resource_group: str = ""
    workspace: str = ""
    location: str = ""
    endpoint: str = ""
    key_file: str = ""
    connection_string_file: str = ""
    directory: str = ""
    journal: str = ""

    def connection(self) -> PartialConnection:
        """Return what it tells of a workspace of the service, with the key that its files hold.

        Raises:
            ConfigurationError: A file cannot be read, or does not hold what it should.
        """
        if self.connection_string_file:
            return parse_connection_string(read_text(self.connection_string_file, "connection string"))
        parts = PartialConnection(self.subscription_id, self.resource_group, self.workspace)
        if self.resource_id:
            parts = parse_resource_id(self.resource_id)
        key = read_text(self.key_file, "key") if self.key_file else ""
        return replace(parts, location=self.location, endpoint=self.endpoint, api_key=key)


MEMBERS = tuple(field.name for field in msgspec.structs.fields(Profile) if field.name != "name")
_PATHS = ("key_file", "connection_string_file", "directory", "journal")


def read_profiles() -> dict[str, Profile]:
    """Return all profiles by name; none if there is no file.

    Raises:
        ConfigurationError: The file is not TOML, or has what profiles cannot have; everything is listed.
    """
    return parse_profiles(read_configuration())


def read_configuration() -> str:
    """Return the text of the configuration; empty if there is no file.

    Raises:
        ConfigurationError: It cannot be read.
    """
    path = config_file()
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise ConfigurationError(f"The configuration {path} cannot be read: {reason}. Correct the file.") from error


def parse_profiles(text: str) -> dict[str, Profile]:
    """Return the profiles of a configuration's text; raises as :func:`read_profiles`."""
    import tomllib

    path = config_file()
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The configuration {path} cannot be read: {error}. Correct the file.") from error
    problems = [f"{name!r} is not a table of profiles ([profile.NAME])" for name in document if name != "profile"]
    tables = document.get("profile", {})
    if not isinstance(tables, dict):
        problems.append("'profile' is not a table; write [profile.NAME]")
        tables = {}
    for name, table in tables.items():
        problems += [f"[profile.{name}] {problem}" for problem in _problems(table)]
    if problems:
        raise ConfigurationError(f"The configuration {path} cannot be used: {'; '.join(problems)}.")
    return {name: _profile(name, table) for name, table in tables.items()}


def read_profile(name: str) -> Profile:
    """Return the profile of this name.

    Raises:
        ConfigurationError: There is none, or the file cannot be used.
    """
    profiles = read_profiles()
    if name not in profiles:
        advice = near(name, profiles) if profiles else "There are no profiles; `qsession config set` makes one."
        raise ConfigurationError(f"{config_file()} has no profile {name!r}. {advice}")
    return profiles[name]


def default_profile() -> Profile | None:
    """Return the profile that is used where nothing else names a workspace; None if there is none."""
    return read_profiles().get(_DEFAULT)


def _problems(table: Any) -> list[str]:
    """Return what a profile cannot have."""
    if not isinstance(table, dict):
        return ["is not a table"]
    problems: list[str] = []
    for member, value in table.items():
        if _SECRET.fullmatch(member) or (isinstance(value, str) and _SECRET_TEXT.search(value)):
            problems.append(
                f"has a secret in {member!r} (it is not shown); put it into a file that only you can read, and name "
                "that in key_file or connection_string_file"
            )
        elif member not in MEMBERS:
            problems.append(f"has no member {member!r}. {near(member, MEMBERS).rstrip('.')}")
        elif not isinstance(value, str) or not value.strip():
            problems.append(f"{member} is not a text")
    named = [what for what, members in _KINDS.items() if any(table.get(member) for member in members)]
    if len(named) != 1 and not problems:
        problems.append(f"names {' and '.join(named) or 'no workspace'}; give one of {', '.join(_KINDS)}")
    return problems


# A profile names its workspace in one of these ways
_KINDS = {
    "a directory": ("directory",),
    "a connection_string_file": ("connection_string_file",),
    "a resource_id or the names of a workspace": ("resource_id", "subscription_id", "resource_group", "workspace"),
}


def _profile(name: str, table: dict[str, str]) -> Profile:
    values = {
        member: str(Path(value).expanduser()) if member in _PATHS else value.strip() for member, value in table.items()
    }
    return Profile(name, **values)


def read_text(path: str, what: str) -> str:
    """Return the text of a file that holds one thing, such as a key; the text is in no error.

    Raises:
        ConfigurationError: It cannot be read, or is empty.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(f"The {what} cannot be read from {path}: {reason}. Correct the path.") from error
    if not text or "\n" in text:
        raise ConfigurationError(
            f"{path} should hold a {what} and nothing else; it has {len(text.splitlines())} lines."
        )
    return text
