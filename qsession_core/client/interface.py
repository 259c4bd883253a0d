"""What jobs, sessions and lists of them use of their workspace.

``workspace.py`` makes jobs and sessions, so their modules cannot import it; they import this protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from qsession_core.client.service.calls import Calls
    from qsession_core.client.session_watch import SessionWatch
    from qsession_core.clock import Clock

__all__ = ["WorkspaceParts"]


class WorkspaceParts(Protocol):
    """A workspace as its jobs and sessions see it.

    Attributes:
        calls: The REST calls.
        clock: Times polling and budgets.
        parallelism: How many calls are made at the same time, at most.
        watch: The sessions that this process has opened and must close.
    """

    calls: Calls
    clock: Clock
    parallelism: int
    watch: SessionWatch

    def get_target(self, name: str) -> Any:
        """Return the ``Target`` of this name; its module imports this one."""
        ...
