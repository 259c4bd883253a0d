"""A local workspace with jobs of known ids, and the command on it: in process, served over HTTP, in a directory."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from qsession_core import Workspace
from qsession_core.clock import SystemClock
from qsession_core.command import main
from qsession_core.command.groups.serving import connection_string
from qsession_core.local import ManualClock
from qsession_core.local.http_server import Server
from tests.support.known_jobs import START, with_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_VARIABLES = ("NO_COLOR", "SUBSCRIPTION_ID", "RESOURCE_GROUP", "LOCATION")


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Reach:
    """A way to reach a workspace.

    Attributes:
        workspace: A client of it.
        run: Runs the command on it.
        options: The options that name it; none if the command is given the workspace itself.
    """

    workspace: Workspace
    run: Callable[..., Ended]
    options: list[str] = field(default_factory=list)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path):
    """No workspace, profile, colour or width comes from the machine."""
    for name in list(os.environ):
        if name.startswith(("QSESSION_", "AZURE_QUANTUM_")) or name in _VARIABLES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("QSESSION_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def impatient(monkeypatch):
    """Retries come at once."""
    monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds: None)


@pytest.fixture
def run(capsys) -> Callable[..., Ended]:
    """Run the command in this process."""

    def call(*arguments: str, workspace: Workspace | None = None) -> Ended:
        capsys.readouterr()
        code = main(list(arguments), workspace=workspace)
        return Ended(code, *capsys.readouterr())

    return call


@pytest.fixture
def local() -> Iterator[Workspace]:
    """A workspace in memory with jobs, whose clock moves only when somebody sleeps."""
    with Workspace.local(seed=7, clock=ManualClock(START)) as workspace:
        with_jobs(workspace)
        yield workspace


@pytest.fixture(params=["in process", "served", "directory"])
def reach(request, run, tmp_path) -> Iterator[Reach]:
    """Each way to reach a workspace with jobs."""
    path = tmp_path / "workspace" if request.param == "directory" else None
    with Workspace.local(path, seed=7, clock=ManualClock(START)) as workspace:
        with_jobs(workspace)
        if request.param == "in process":
            yield Reach(workspace, lambda *arguments: run(*arguments, workspace=workspace))
        elif request.param == "directory":
            options = ["--directory", str(path)]
            yield Reach(workspace, lambda *arguments: run(*options, *arguments), options)
        else:
            with Server(workspace.service) as server:
                file = tmp_path / "connection"
                file.write_text(connection_string(workspace.service.connection, server.endpoint))
                options = ["--connection-string-file", str(file)]
                yield Reach(workspace, lambda *arguments: run(*options, *arguments), options)
