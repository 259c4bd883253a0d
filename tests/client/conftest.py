"""A local workspace behind a transport that counts, and can be told to fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from qsession_core import Program, Request, Response, Workspace
from qsession_core.local import LocalWorkspace, ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Recorder:
    """Carries requests to a local workspace; remembers them; may answer in its stead."""

    service: LocalWorkspace
    requests: list[Request] = field(default_factory=list)
    interfere: Callable[[Request], Response | None] = lambda request: None

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return self.interfere(request) or self.service.handle(request)

    def close(self) -> None:
        self.service.close()

    def count(self, method: str, part: str) -> int:
        return sum(request.method == method and part in request.url for request in self.requests)


@pytest.fixture
def service() -> Iterator[LocalWorkspace]:
    """A service whose time passes when the client sleeps, so that retries take no time."""
    with LocalWorkspace(seed=11, clock=ManualClock()) as running:
        yield running


@pytest.fixture
def recorder(service: LocalWorkspace) -> Recorder:
    return Recorder(service)


@pytest.fixture
def connect(service: LocalWorkspace, recorder: Recorder) -> Callable[..., Workspace]:
    """Make clients of the service."""
    at = service.connection

    def connected(**options) -> Workspace:
        return Workspace(
            at.subscription_id,
            at.resource_group,
            at.name,
            location=at.location,
            endpoint=at.endpoint,
            credential=at.api_key,
            transport=recorder,
            **{"clock": service.clock, **options},
        )

    return connected


@pytest.fixture
def workspace(connect: Callable[..., Workspace], recorder: Recorder) -> Iterator[Workspace]:
    with connect(parallelism=4) as client:
        yield client
        recorder.interfere = lambda request: None  # what a test has left open is closed


@pytest.fixture
def target(workspace: Workspace):
    return workspace.get_target("ionq.simulator")


@pytest.fixture
def bell() -> Program:
    operations = [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))]
    return Program.of(2, 2, operations, name="bell")


@pytest.fixture
def failing() -> dict[str, object]:
    """A payload that the service takes and the provider cannot run."""
    return {"gateset": "qis", "qubits": 1, "circuit": [{"gate": "no such gate", "targets": [0]}]}
