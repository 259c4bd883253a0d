"""A local workspace for each test, and circuits whose every repetition is known."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace

sys.path.insert(0, str(Path(__file__).parent))  # circuits.py: test folders are no packages


@pytest.fixture
def workspace():
    with Workspace.local(seed=11) as local:
        yield local


@pytest.fixture
def service(workspace):
    return AzureQuantumService(workspace)
