"""A local workspace over loopback HTTP that answers late, and counts the calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

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
        at = self.service.connection
        return official(at.subscription_id, at.resource_group, at.name, at.api_key, self.endpoint)


def official(subscription_id: str, resource_group: str, name: str, api_key: str, endpoint: str):
    """Return the official client of a served workspace; it takes no connection string of another host."""
    import azure.quantum
    from azure.core.credentials import AzureKeyCredential

    return azure.quantum.Workspace(
        subscription_id=subscription_id, resource_group=resource_group, name=name, location="eastus",
        credential=AzureKeyCredential(api_key), _quantum_endpoint=endpoint,
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


@contextmanager
def served(*options, workers=1):
    """Serve a workspace and yield its connection string and the id of its process."""
    command = [sys.executable, "-m", "qsession_core", *options, "--workers", str(workers), "--no-page", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["connectionString"], process.pid
        finally:
            process.terminate()


def processor_seconds(pid):
    """Return the processor time of a process and its children so far."""
    ids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    ticks = 0
    for each in ids:
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
