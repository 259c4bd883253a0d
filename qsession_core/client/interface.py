"""What jobs, sessions and lists of them use of their workspace.

``workspace.py`` makes jobs and sessions, so their modules cannot import it; they import this protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qsession_core.catalog import Price
    from qsession_core.client.service.calls import Calls
    from qsession_core.client.service.connection import Connection
    from qsession_core.client.session_watch import SessionWatch
    from qsession_core.clock import Clock
    from qsession_core.counting import GateCounts

__all__ = ["Parts", "WorkspaceParts"]


class Parts(msgspec.Struct, frozen=True):
    """What a workspace is made of.

    Attributes:
        calls: The REST calls.
        watch: The sessions that this process has opened and must close.
        parallelism: How many calls are made at the same time, at most.
        counter: Counts the gates of encoded programs, for estimates; None to do without.
        submission: The ``Submission`` that sends jobs; its module imports this one.
        wait_for_end: Waits between two looks at a job, by its id, for some seconds, or less if it ends.
    """

    calls: Calls
    watch: SessionWatch
    parallelism: int
    counter: Callable[[bytes, str, Mapping[str, Any]], GateCounts] | None
    submission: Any
    wait_for_end: Callable[[str, float], None]


class WorkspaceParts(Protocol):
    """A workspace as its jobs and sessions see it.

    Attributes:
        connection: Its ids and the endpoint.
        clock: Times polling and budgets.
        parts: What it is made of.
        prices: The price table for estimates.
    """

    connection: Connection
    clock: Clock
    parts: Parts
    prices: Sequence[Price]

    def get_target(self, name: str) -> Any:
        """Return the ``Target`` of this name; its module imports this one."""
        ...
