"""A local workspace over loopback HTTP that answers late, and counts the calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from waitress import create_server

from qsession_core import Workspace
from qsession_core.local import LocalWorkspace
from qsession_core.local.http_server import application

THREADS = 64


@dataclass
class Served:
    """A running server.

    Attributes:
        service: The local workspace behind it.
        endpoint: Its base URL.
        calls: (method, path) of every request so far.
        connections: Every client's port so far: one a connection.
        delay: Seconds before each answer.
    """

    service: LocalWorkspace
    endpoint: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    connections: set[str] = field(default_factory=set)
    delay: float = 0.0

    def forget(self) -> None:
        """Count anew."""
        self.calls.clear()
        self.connections.clear()

    def ours(self) -> Workspace:
        """Return our client of it."""
        at = self.service.connection
        return Workspace(
            at.subscription_id, at.resource_group, at.name, location=at.location, endpoint=self.endpoint,
            credential=at.api_key,
        )  # fmt: skip

    def official(self):
        """Return the official client of it."""
        import azure.quantum
        from azure.core.credentials import AzureKeyCredential

        at = self.service.connection
        return azure.quantum.Workspace(
            subscription_id=at.subscription_id, resource_group=at.resource_group, name=at.name, location="eastus",
            credential=AzureKeyCredential(at.api_key), _quantum_endpoint=self.endpoint,
        )  # fmt: skip


@contextmanager
def serving(service: LocalWorkspace) -> Iterator[Served]:
    """Serve a local workspace on loopback until the block ends."""
    served = Served(service)
    inner = application(service)

    def answer(environ, start_response):
        served.calls.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        served.connections.add(environ["REMOTE_PORT"])
        if served.delay:
            time.sleep(served.delay)
        return inner(environ, start_response)

    server = create_server(answer, host="127.0.0.1", port=0, threads=THREADS, clear_untrusted_proxy_headers=True)
    served.endpoint = f"http://127.0.0.1:{server.effective_port}/"
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.task_dispatcher.shutdown()  # first, or its threads would answer through a closed server
        server.close()
