"""Recorded traffic, played to the client."""

from __future__ import annotations

import pytest
from recordings import NoWait, Replay, load

from qsession_core import Workspace


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
        )
        workspace.clock = NoWait()
        return workspace, replay

    return make
