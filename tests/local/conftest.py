"""What the tests of the local workspace share."""

import os

import pytest

os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")

from qsession_core.local import LocalWorkspace, ManualClock
from tests.support.wire_client import Client


@pytest.fixture
def service():
    """A workspace in memory whose clock stands still."""
    with LocalWorkspace(seed=1, clock=ManualClock()) as workspace:
        yield workspace


@pytest.fixture
def client(service):
    """A client of it that knows the wire and nothing else."""
    return Client(service)
