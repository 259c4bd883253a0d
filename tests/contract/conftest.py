"""Recorded traffic, played to the client."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qsession_core import Workspace
from qsession_core.clock import ManualClock
from tests.support.recordings import Replay, load


@pytest.fixture
def replayed():
    """Return a workspace that hears one recording, by its name."""

    def make(name: str) -> tuple[Workspace, Replay]:
        replay = Replay(load(name))
        workspace = Workspace(
            "00000000-0000-0000-0000-000000000000",
            "myresourcegroup",
            "myworkspace",
            location="eastus",
            endpoint="https://eastus.quantum.azure.com",
            credential="key",
            transport=replay,
            clock=ManualClock(datetime(2025, 11, 24, 16, tzinfo=UTC)),
        )
        return workspace, replay

    return make
