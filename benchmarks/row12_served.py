"""Row 12: jobs a second through ``qsession serve``, one by one and in a batch, beside the official client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import peers  # noqa: F401 - quiets the peers
import urllib3
from measure import Row, report

from qsession_core import Workspace

BELL = {
    "gateset": "qis",
    "qubits": 2,
    "circuit": [{"gate": "h", "targets": [0]}, {"gate": "x", "controls": [0], "targets": [1]}],
}
TARGET = "ionq.simulator"
ONE_BY_ONE, BATCH, TURNS = 200, 400, 3


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """Serve a workspace in a process of its own; yield its connection string and the id of the process."""
    command = [sys.executable, "-m", "qsession_core", "serve", "--port", "0", "--no-page", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["connectionString"], process.pid
        finally:
            process.terminate()


def used(pid: int) -> float:
    """Return the processor time that a process has had, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def official(text: str):
    """Return the official client of a served workspace; it takes no connection string of another host."""
    import azure.quantum
    from azure.core.credentials import AzureKeyCredential

    parts = dict(part.split("=", 1) for part in text.split(";") if part)
    return azure.quantum.Workspace(
        subscription_id=parts["SubscriptionId"], resource_group=parts["ResourceGroupName"],
        name=parts["WorkspaceName"], location="eastus", credential=AzureKeyCredential(parts["ApiKey"]),
        _quantum_endpoint=parts["QuantumEndpoint"],
    )  # fmt: skip


# A server of waitress that answers every request with as many bytes as a job's answers have, and does nothing else
BARE = """
from waitress import create_server
def answer(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "800")])
    return [b" " * 800]
server = create_server(answer, host="127.0.0.1", port=0, threads=8)
print(server.effective_port, flush=True)
server.run()
"""


def floor() -> float:
    """Return how many times a second five such requests are made by urllib3, one after the other."""
    with subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True) as process:
        try:
            pool = urllib3.HTTPConnectionPool("127.0.0.1", int(process.stdout.readline()))
            calls = [("POST", 60), ("PUT", 150), ("PUT", 900), ("GET", 0), ("GET", 0)]

            def job() -> None:
                for method, size in calls:
                    pool.urlopen(method, "/jobs/1?api-version=1", body=b" " * size or None)

            job()
            began = time.perf_counter()
            for _ in range(ONE_BY_ONE):
                job()
            return ONE_BY_ONE / (time.perf_counter() - began)
        finally:
            process.terminate()


def rows() -> list[Row]:
    with served() as (text, pid), Workspace.from_connection_string(text) as workspace:
        mine, theirs = workspace.get_target(TARGET), official(text).get_targets(TARGET)

        def ours() -> None:
            assert mine.submit(BELL, shots=100).result().shots == 100

        def other() -> None:
            assert theirs.submit(BELL, shots=100).get_results()

        def batch() -> None:
            results = mine.submit_all([BELL] * BATCH, shots=100).results()
            assert all(result.shots == 100 for result in results)

        rates: dict[str, list[float]] = {"ours": [], "other": [], "batch": []}
        client = service = 0.0
        for work in (ours, other):
            work()
        for _ in range(TURNS):
            for name, work, times, jobs in (
                ("ours", ours, ONE_BY_ONE, ONE_BY_ONE),
                ("other", other, ONE_BY_ONE // 4, ONE_BY_ONE // 4),
                ("batch", batch, 1, BATCH),
            ):
                before, began = (time.process_time(), used(pid)), time.perf_counter()
                for _ in range(times):
                    work()
                rates[name].append(jobs / (time.perf_counter() - began))
                if name == "ours":
                    client += (time.process_time() - before[0]) / ONE_BY_ONE / TURNS
                    service += (used(pid) - before[1]) / ONE_BY_ONE / TURNS
    one, peer, many = (sorted(rates[name])[TURNS // 2] for name in ("ours", "other", "batch"))
    cpu = {"client, ms of processor a job": 1e3 * client, "service": 1e3 * service, "azure-quantum, jobs/s": peer}
    return [
        Row(
            "12",
            "jobs a second through qsession serve, one by one",
            one,
            ">250 jobs/s",
            unit="jobs/s",
            others=cpu,
            floor=floor(),
            note="floor: five requests to a bare waitress by urllib3 alone",
        ),
        Row("12", f"the same, a batch of {BATCH}", many, ">400 jobs/s", unit="jobs/s"),
    ]


if __name__ == "__main__":
    report(rows())
