"""Which workspace a command would use, and what says so; nothing is sent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from qsession_core.client.service.connection import PartialConnection
    from qsession_core.command.setting import Setting
    from qsession_core.profiles import Profile

__all__ = ["Source", "source_of"]

_VARIABLES = (
    "QSESSION_LOCAL", "QSESSION_PROFILE", "AZURE_QUANTUM_CONNECTION_STRING", "AZURE_QUANTUM_SUBSCRIPTION_ID",
    "SUBSCRIPTION_ID", "AZURE_QUANTUM_WORKSPACE_RG", "RESOURCE_GROUP", "AZURE_QUANTUM_WORKSPACE_NAME",
    "AZURE_QUANTUM_WORKSPACE_LOCATION", "LOCATION",
)  # fmt: skip


class Source(msgspec.Struct, frozen=True):
    """Which workspace would be used.

    Attributes:
        by: What names it, such as ``"--directory"`` or ``"profile lab"``.
        members: What is known of it; no secrets.
        is_local: Whether it is a local workspace.
    """

    by: str
    members: dict[str, str] = msgspec.field(default_factory=dict)
    is_local: bool = False


def source_of(setting: Setting) -> Source:
    """Return which workspace a command with this setting would use.

    Raises:
        ConfigurationError: What is named cannot be used.
    """
    from qsession_core.connect import connection_of_environment, directory_of_environment, profile_of_environment

    if setting.given is not None:
        connection = setting.given.connection
        return Source("the program", {"workspace": connection.name, "endpoint": connection.endpoint}, is_local=True)
    profile = setting.chosen_profile()
    if setting.directory is not None:
        return Source("--directory", {"directory": str(setting.local_directory(None))}, is_local=True)
    if setting.connection_string_file is not None:
        from qsession_core.client.service.connection import parse_connection_string
        from qsession_core.profiles import read_text

        path = os.path.expanduser(setting.connection_string_file)  # noqa: PTH111 - shown as it was written
        parts = parse_connection_string(read_text(path, "connection string"))
        return Source("--connection-string-file", _told(parts, f"the key in {path}"))
    if profile is not None:
        return _of_profile(profile, f"--profile {profile.name}")
    named = ", ".join(name for name in _VARIABLES if os.environ.get(name))
    directory = directory_of_environment()
    profile = profile_of_environment()
    if profile is not None:
        return _of_profile(profile, f"QSESSION_PROFILE={profile.name}" if named else f"the profile {profile.name}")
    if directory is not None:
        return Source("QSESSION_LOCAL", {"directory": str(directory)}, is_local=True)
    if os.environ.get("QSESSION_LOCAL", "").strip().lower() in {"1", "true", "yes", "on"}:
        return Source(
            "QSESSION_LOCAL", {"workspace": "a local one in memory, which ends with the command"}, is_local=True
        )
    parts = connection_of_environment()
    return Source(f"the environment ({named})" if named else "nothing", _told(parts, "AZURE_QUANTUM_CONNECTION_STRING"))


def _of_profile(profile: Profile, by: str) -> Source:
    members = {"journal": profile.journal} if profile.journal else {}
    if profile.directory:
        return Source(by, {"directory": profile.directory, **members}, is_local=True)
    file = profile.key_file or profile.connection_string_file
    return Source(by, {**_told(profile.connection(), f"the key in {file}"), **members})


def _told(parts: PartialConnection, key: str) -> dict[str, str]:
    """Return what is known of a workspace of the service, and where its credential comes from."""
    members = {
        "workspace": parts.name,
        "resource group": parts.resource_group,
        "subscription": parts.subscription_id,
        "location": parts.location,
        "endpoint": parts.endpoint,
        "credential": key if parts.api_key else "azure-identity" if parts.name else "",
    }
    return {name: value for name, value in members.items() if value}
