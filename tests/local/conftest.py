"""What the tests of the local workspace share; helpers beside this file can be imported by name."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")

from local_client import Client

from qsession_core.local import LocalWorkspace, ManualClock


@pytest.fixture
def service():
    """A workspace in memory whose clock stands still."""
    with LocalWorkspace(seed=1, clock=ManualClock()) as workspace:
        yield workspace


@pytest.fixture
def client(service):
    """A client of it that knows the wire and nothing else."""
    return Client(service)
