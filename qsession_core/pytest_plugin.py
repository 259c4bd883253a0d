"""A pytest plugin: the fixture ``local_workspace``, and the marker ``qsession_bundle``.

What they need is imported when a test uses them.

``@pytest.mark.qsession_bundle("bell.zip")`` lets a test meet the answers of a bundle instead of Azure, whatever client
it uses; the path is relative to the test's file. Requests that were not recorded fail the test. ``pytest
--qsession-record`` runs such tests on Azure, with your credentials, and writes their bundles anew.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from qsession_core.local import LocalWorkspace

__all__ = ["local_workspace"]

_MARKER = "qsession_bundle"
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
