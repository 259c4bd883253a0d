"""Making a workspace: the one place that puts client, transport and local workspace together."""

from qsession_core.connect.environment import (
    connection_of_environment,
    directory_of_environment,
    profile_of_environment,
)
from qsession_core.connect.workspace import Workspace

__all__ = ["Workspace", "connection_of_environment", "directory_of_environment", "profile_of_environment"]
