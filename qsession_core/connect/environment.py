"""What the environment's variables and the user's profiles tell of a workspace."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path

from qsession_core.client.service.connection import PartialConnection, parse_connection_string
from qsession_core.profiles import Profile, default_profile, read_profile

__all__ = [
    "chosen_profile",
    "completed",
    "connection_of_environment",
    "directory_of_environment",
    "from_environment",
    "local_setting",
    "profile_of_environment",
]

_ENVIRONMENT = {
    "subscription_id": ("AZURE_QUANTUM_SUBSCRIPTION_ID", "SUBSCRIPTION_ID"),
    "resource_group": ("AZURE_QUANTUM_WORKSPACE_RG", "RESOURCE_GROUP"),
    "name": ("AZURE_QUANTUM_WORKSPACE_NAME",),
    "location": ("AZURE_QUANTUM_WORKSPACE_LOCATION", "LOCATION"),
}
_CONNECTION_STRING = "AZURE_QUANTUM_CONNECTION_STRING"
_LOCAL = "QSESSION_LOCAL"
_PROFILE = "QSESSION_PROFILE"
_ON, _OFF = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


def chosen_profile(name: str | None, *, is_named: bool) -> Profile | None:
    """Return the profile to use; None for none.

    Args:
        name: As the caller has given it.
        is_named: Whether another argument names the workspace.
    """
    if name is None and not is_named:
        name = os.environ.get(_PROFILE)
    if name:
        return read_profile(name)
    variables = (_CONNECTION_STRING, *(name for names in _ENVIRONMENT.values() for name in names))
    return None if is_named or any(map(os.environ.get, variables)) else default_profile()


def completed(given: PartialConnection, profile: PartialConnection, *, with_key: bool) -> PartialConnection:
    """Complete the arguments by a profile."""
    told = {member.name: getattr(given, member.name) for member in fields(given) if getattr(given, member.name)}
    return replace(profile, **told) if with_key else replace(profile, **told, api_key="")


def local_setting() -> tuple[bool, str | None]:
    """Return whether ``QSESSION_LOCAL`` asks for a local workspace, and its directory; None for one in memory."""
    text = os.environ.get(_LOCAL, "")
    word = text.strip().lower()
    if word in _OFF:
        return False, None
    return True, None if word in _ON else text


def directory_of_environment() -> Path | None:
    """Return the directory of the local workspace that ``Workspace()`` would open; None if it would open another kind.

    Raises:
        ConfigurationError: The configuration cannot be used.
    """
    is_local, directory = local_setting()
    if is_local:
        return None if directory is None else Path(directory)
    chosen = profile_of_environment()
    return Path(chosen.directory) if chosen is not None and chosen.directory else None


def profile_of_environment() -> Profile | None:
    """Return the profile that ``Workspace()`` would use; None if it would use none.

    Raises:
        ConfigurationError: The configuration cannot be used.
    """
    return None if local_setting()[0] else chosen_profile(None, is_named=False)


def connection_of_environment() -> PartialConnection:
    """Return what the environment's variables tell of a workspace of the service."""
    return from_environment(PartialConnection(), with_key=True)


def from_environment(given: PartialConnection, *, with_key: bool) -> PartialConnection:
    """Complete the parts from the environment: single variables first, then the connection string."""
    values: dict[str, str] = {}
    for member, names in _ENVIRONMENT.items():
        values[member] = getattr(given, member) or next(filter(None, map(os.environ.get, names)), "")
    parts = replace(given, **values)  # type: ignore[arg-type] # all of them are texts
    text = os.environ.get(_CONNECTION_STRING)
    complete = parts.subscription_id and parts.resource_group and parts.name and parts.location and not with_key
    if not text or complete:
        return parts
    stated = parse_connection_string(text)
    same = all(
        getattr(parts, member) in {"", getattr(stated, member)}
        for member in ("subscription_id", "resource_group", "name")
    )
    if not same:
        return parts  # the arguments name another workspace: neither its key nor its endpoint fits
    return replace(
        parts,
        subscription_id=stated.subscription_id,
        resource_group=stated.resource_group,
        name=stated.name,
        location=parts.location or stated.location,
        endpoint=parts.endpoint or stated.endpoint,
        api_key=stated.api_key,
        allow_http=parts.allow_http or stated.allow_http,
        fingerprint=parts.fingerprint or stated.fingerprint,
    )
