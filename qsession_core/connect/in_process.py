"""Requests to a local workspace in this process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from qsession_core.clock import Clock
    from qsession_core.local import LocalWorkspace
    from qsession_core.transport import Request, Response

__all__ = ["InProcess"]

_GRACE_SECONDS = 0.002  # less than anybody notices, and enough to send the jobs of a small batch


class InProcess:
    """Carries requests to a local workspace in this process."""

    def __init__(self, service: LocalWorkspace, *, owns: bool = True) -> None:
        """Carry requests to a local workspace.

        Args:
            service: The workspace.
            owns: Whether closing this closes the workspace.
        """
        self.service = service
        service.dispatcher.grace_seconds = _GRACE_SECONDS
        self._owns = owns
        self._process = os.getpid()
        self._parents: list[LocalWorkspace] = []

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the directory and the clock: the other process opens the directory again."""
        path = self.service.store.directory
        if path is None:
            place, _, way_out = self._elsewhere
            raise TypeError(f"A local workspace in {place} cannot leave its process; {way_out}.")
        return _opened, (str(path), self.service.clock)

    @property
    def _elsewhere(self) -> tuple[str, str, str]:
        """Where a workspace without a directory is, what has it there, and the way out."""
        if self.service.store.is_shared:  # its address is not handed on: it may hold a password
            return "PostgreSQL", "behind a connection", "open it there by its address"
        return "memory", "in the memory", "give it a directory: Workspace.local(path)"

    def send(self, request: Request) -> Response:
        """Return the answer.

        Raises:
            ConfigurationError: This is a forked process, and the workspace is in the memory of its parent.
        """
        if self._process != os.getpid():
            self._reopen()
        response: Response = self.service.handle(request)
        return response

    def wait_for_end(self, job_id: str, seconds: float) -> None:
        """Wait some time; the end of a job ends the wait."""
        if self._process == os.getpid():
            self.service.wait_for_end(job_id, seconds)
        else:
            self.service.clock.sleep(seconds)

    def _reopen(self) -> None:
        """Open the workspace again in a forked process: threads and database connections do not survive a fork."""
        path = self.service.store.directory
        if path is None:
            _, holder, way_out = self._elsewhere
            raise ConfigurationError(
                f"This local workspace is {holder} of the process that made it; a forked process cannot use it: "
                f"{way_out}."
            )
        self._parents.append(self.service)  # kept, since closing the connections would disturb the parent
        self.service = _opened(str(path), self.service.clock).service
        self._process = os.getpid()

    def close(self) -> None:
        """Close the local workspace, unless it is somebody else's, or of the process that this one was forked from."""
        if self._owns and self._process == os.getpid():
            self.service.close()


def _opened(path: str, clock: Clock) -> InProcess:
    from qsession_core.local import LocalWorkspace

    return InProcess(LocalWorkspace(path, clock=clock))
