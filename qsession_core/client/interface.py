"""What jobs, sessions and lists of them use of their workspace.

``workspace.py`` makes jobs and sessions, so their modules cannot import it; they import this protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.catalog import Price
    from qsession_core.client.service.calls import Calls
    from qsession_core.client.service.connection import Connection
    from qsession_core.client.session_watch import SessionWatch
    from qsession_core.clock import Clock

__all__ = ["WorkspaceParts"]


class WorkspaceParts(Protocol):
    """A workspace as its jobs and sessions see it.

    Attributes:
        connection: Its ids and the endpoint.
        calls: The REST calls.
        clock: Times polling and budgets.
        parallelism: How many calls are made at the same time, at most.
        watch: The sessions that this process has opened and must close.
        prices: The price table for estimates.
    """

    connection: Connection
    calls: Calls
    clock: Clock
    parallelism: int
    watch: SessionWatch
    prices: Sequence[Price]

    def get_target(self, name: str) -> Any:
        """Return the ``Target`` of this name; its module imports this one."""
        ...
