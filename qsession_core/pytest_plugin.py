"""A pytest plugin: the fixture ``local_workspace``.

The local workspace is imported when a test uses the fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qsession_core.local import LocalWorkspace

__all__ = ["local_workspace"]


@pytest.fixture
def local_workspace() -> Iterator[LocalWorkspace]:
    """A workspace in memory, with seed 0 and a :class:`~qsession_core.clock.ManualClock`.

    ``local_workspace.clock.advance(600)`` lets ten minutes pass; ``local_workspace.faults.add(...)`` plants faults.
    """
    from qsession_core.local import LocalWorkspace, ManualClock

    with LocalWorkspace(seed=0, clock=ManualClock()) as workspace:
        yield workspace
