"""A pytest plugin: the fixture ``local_workspace``.

Nothing is loaded before a test asks for the fixture.
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
    """A workspace in memory, with seed 0 and a clock that stands still.

    ``local_workspace.clock.advance(600)`` lets ten minutes pass; ``local_workspace.faults.add(...)`` makes things go
    wrong.
    """
    from qsession_core.local import LocalWorkspace, ManualClock

    with LocalWorkspace(seed=0, clock=ManualClock()) as workspace:
        yield workspace
