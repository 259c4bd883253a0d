"""What the options of every command say: which workspace, and what is written."""

from __future__ import annotations

import os
import shlex
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from qsession_core.command.missing import NotThereError
from qsession_core.command.output import Output
from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qsession_core.connect import Workspace
    from qsession_core.profiles import Profile

__all__ = ["Setting"]

_WAYS = {
    "profile": "--profile",
    "directory": "--directory",
    "connection_string_file": "--connection-string-file",
}


@dataclass
class Setting:
    """What the options of every command say.

    Attributes:
        given: A workspace that is open already, which then is used whatever the options say; tests give one.
        profile: ``--profile``.
        directory: ``--directory``.
        connection_string_file: ``--connection-string-file``.
        output: Where and how results are written.
    """

    given: Workspace | None = None
    profile: str | None = None
    directory: str | None = None
    connection_string_file: str | None = None
    output: Output = field(default_factory=Output)

    def again(self, *words: str) -> str:
        """Return a command of ours with the same workspace, as it is typed into a shell."""
        given = [(way, getattr(self, member)) for member, way in _WAYS.items()]
        chosen = [part for way, value in given if value is not None for part in (way, str(value))]
        return shlex.join(["qsession", *words, *chosen])

    @contextmanager
    def workspace(
        self, *, runs_jobs: bool = False, makes: bool = False, journal: str | None = None
    ) -> Iterator[Workspace]:
        """Open the workspace that the options, a profile or the environment name, and close it after the block.

        Args:
            runs_jobs: Whether jobs of a directory run in this process, if no other process runs them.
            makes: Whether a directory without a workspace gets one.
            journal: Path of the journal; by default the profile's.

        Raises:
            NotThereError: The directory has none, and none is to be made.
            ConfigurationError: Two options name a workspace, or what they name cannot be used.
        """
        if self.given is not None:
            yield self.given
            return
        with self._opened(runs_jobs=runs_jobs, makes=makes, journal=journal) as workspace:
            yield workspace

    def _opened(self, *, runs_jobs: bool, makes: bool, journal: str | None) -> Workspace:
        from qsession_core.connect import Workspace

        profile = self.chosen_profile()
        directory = self.local_directory(profile)
        journal = journal or (profile.journal if profile is not None else "") or None
        if directory is not None:
            self._require(directory, makes=makes)
            return Workspace.local(directory, runs_jobs=runs_jobs and not is_in_use(directory), journal=journal)
        if self.connection_string_file is not None:
            from qsession_core.profiles import read_text

            text = read_text(str(Path(self.connection_string_file).expanduser()), "connection string")
            return Workspace.from_connection_string(text, journal=journal)
        return Workspace(profile=None if profile is None else profile.name, journal=journal)

    def chosen_profile(self) -> Profile | None:
        """Return the profile that an option names; None if none does.

        Raises:
            ConfigurationError: More than one option names a workspace, or there is no such profile.
        """
        named = [option for member, option in _WAYS.items() if getattr(self, member) is not None]
        if len(named) > 1:
            raise ConfigurationError(f"{' and '.join(named)} each name a workspace; give one of them.")
        if self.profile is None:
            return None
        from qsession_core.profiles import read_profile

        return read_profile(self.profile)

    def local_directory(self, profile: Profile | None) -> Path | None:
        """Return the directory of the local workspace that is named; None if another kind is, or none."""
        if self.directory is not None:
            return Path(self.directory).expanduser()
        if profile is not None:
            return Path(profile.directory) if profile.directory else None
        if self.connection_string_file is not None:
            return None
        from qsession_core.connect import directory_of_environment

        return directory_of_environment()

    @staticmethod
    def _require(directory: Path, *, makes: bool) -> None:
        if directory.exists() and not directory.is_dir():
            raise NotThereError(f"{directory} is a file; a local workspace is a directory.")
        if not makes and not os.path.lexists(directory / "workspace.db"):
            serve = shlex.join(["qsession", "serve", "--directory", str(directory)])
            raise NotThereError(
                f"There is no local workspace in {directory}. `{serve}` makes one, and so does a submitted job."
            )


def is_in_use(directory: Path) -> bool:
    """Whether another process runs the jobs of a directory."""
    from qsession_core.local.storage.owners import is_in_use as is_held

    return is_held(directory)
