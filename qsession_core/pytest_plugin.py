"""A pytest plugin: fixtures of a local workspace and its clients, and the marker ``qsession_bundle``.

``local_workspace`` is the service, in memory, with seed 0 and a clock that stands until a test advances it. Beside it
are its client ``qsession_workspace``, its ``qsession_clock`` and ``qsession_faults``, and on ``ionq.simulator`` a
``qiskit_backend`` and a ``cirq_target``.

What they need is imported when a test uses them.

``@pytest.mark.qsession_bundle("bell.zip")`` lets a test meet the answers of a bundle instead of Azure, whatever client
it uses; the path is relative to the test's file. Requests that were not recorded fail the test. ``pytest
--qsession-record`` runs such tests on Azure, with your credentials, and writes their bundles anew.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from qsession_core.clock import Clock
    from qsession_core.connect import Workspace
    from qsession_core.local import Faults, LocalWorkspace

__all__ = [
    "cirq_target",
    "local_workspace",
    "qiskit_backend",
    "qsession_clock",
    "qsession_faults",
    "qsession_workspace",
]

_MARKER = "qsession_bundle"
_TARGET = "ionq.simulator"
_RECORD = "--qsession-record"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records."""
    parser.addoption(_RECORD, action="store_true", help="run tests with bundles on Azure, and record them anew")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{_MARKER}(path): Azure Quantum answers from this bundle")


@pytest.fixture
def local_workspace() -> Iterator[LocalWorkspace]:
    """A workspace in memory, with seed 0 and a :class:`~qsession_core.clock.ManualClock`.

    ``local_workspace.clock.advance(600)`` lets ten minutes pass; ``local_workspace.faults.add(...)`` plants faults.
    """
    from qsession_core.local import LocalWorkspace, ManualClock

    with LocalWorkspace(seed=0, clock=ManualClock()) as workspace:
        yield workspace


@pytest.fixture
def qsession_clock(local_workspace: LocalWorkspace) -> Clock:
    """The clock of service and client: ``qsession_clock.advance(600)`` lets ten minutes pass."""
    return local_workspace.clock


@pytest.fixture
def qsession_faults(local_workspace: LocalWorkspace) -> Faults:
    """What is to fail: ``qsession_faults.add(Fault("throttle", route="GET jobs/*"))``."""
    return local_workspace.faults


@pytest.fixture
def qsession_workspace(local_workspace: LocalWorkspace) -> Iterator[Workspace]:
    """A client of ``local_workspace``: ``qsession_workspace.get_target("ionq.simulator")``."""
    from qsession_core.connect import Workspace

    with Workspace.of(local_workspace) as workspace:
        yield workspace


@pytest.fixture
def qiskit_backend(qsession_workspace: Workspace) -> Any:
    """A backend of Qiskit on ``ionq.simulator`` of the local workspace."""
    return _of_front_end("qsession_qiskit").AzureQuantumProvider(qsession_workspace).get_backend(_TARGET)


@pytest.fixture
def cirq_target(qsession_workspace: Workspace) -> Any:
    """A target for Cirq, ``ionq.simulator`` of the local workspace."""
    return _of_front_end("qsession_cirq").AzureQuantumService(qsession_workspace).get_target(_TARGET)


def _of_front_end(package: str) -> Any:
    return importlib.import_module(package)  # by its name, since the core knows no SDK


@pytest.fixture(autouse=True)
def _qsession_bundle(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a marked test in front of its bundle."""
    marker = request.node.get_closest_marker(_MARKER)
    if marker is None:
        yield
        return
    if len(marker.args) != 1 or marker.kwargs:
        pytest.fail(f"The marker {_MARKER} takes the path of a bundle.", pytrace=False)
    bundle = request.path.parent / marker.args[0]
    with monkeypatch.context() as patch:
        yield from (_recorded if request.config.getoption(_RECORD) else _replayed)(bundle, patch)


def _replayed(bundle: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    from qsession_core.intercept.stages import replaying

    with replaying(os.environ, bundle) as stage:
        _enter(stage.environment, patch)
        yield
    if stage.problems:
        pytest.fail("\n".join(stage.problems), pytrace=False)


def _recorded(bundle: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    from qsession_core.intercept.stages import recording

    fresh = bundle.with_name(f"{bundle.name}.new")  # the old one stays if the recording fails
    fresh.unlink(missing_ok=True)
    with recording(os.environ, fresh) as stage:
        _enter(stage.environment, patch)
        yield
    fresh.replace(bundle)


def _enter(environment: Mapping[str, str], patch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) - set(environment):
        patch.delenv(name)
    for name, value in environment.items():
        if os.environ.get(name) != value:
            patch.setenv(name, value)
