"""A local workspace for each test, and circuits whose every repetition is known."""

from __future__ import annotations

import pytest

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace


@pytest.fixture
def workspace():
    with Workspace.local(seed=11) as local:
        yield local


@pytest.fixture
def service(workspace):
    return AzureQuantumService(workspace)
