"""Row 12: jobs a second through ``qsession serve``, one by one and in a batch, beside the official client."""

from __future__ import annotations

import subprocess
import sys
import time

import peers  # noqa: F401 - quiets the peers
import urllib3
from measure import Row, processors, report
from server import official, processor_seconds, served
from workloads import BELL, TARGET

from qsession_core import Workspace

ONE_BY_ONE, BATCH, TURNS = 200, 400, 3
NAMES = ("SubscriptionId", "ResourceGroupName", "WorkspaceName", "ApiKey", "QuantumEndpoint")


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
    with served("serve") as (text, pid), Workspace.from_connection_string(text) as workspace:
        parts = dict(part.split("=", 1) for part in text.split(";") if part)
        client_of_theirs = official(*(parts[name] for name in NAMES))
        mine, theirs = workspace.get_target(TARGET), client_of_theirs.get_targets(TARGET)

        def ours() -> None:
            assert mine.submit(BELL, shots=100).result().shots == 100

        def other() -> None:
            assert theirs.submit(BELL, shots=100).get_results()

        def batch() -> None:
            results = mine.submit_all([BELL] * BATCH, shots=100).results()
            assert all(result.shots == 100 for result in results)

        rates: dict[str, list[float]] = {"ours": [], "other": [], "batch": []}
        used = {name: [0.0, 0.0] for name in rates}  # seconds of the client's and the service's processor, a job
        for work in (ours, other):
            work()
        for _ in range(TURNS):
            for name, work, times, jobs in (
                ("ours", ours, ONE_BY_ONE, ONE_BY_ONE),
                ("other", other, ONE_BY_ONE // 4, ONE_BY_ONE // 4),
                ("batch", batch, 1, BATCH),
            ):
                before, began = (time.process_time(), processor_seconds(pid)), time.perf_counter()
                for _ in range(times):
                    work()
                rates[name].append(jobs / (time.perf_counter() - began))
                used[name][0] += (time.process_time() - before[0]) / jobs / TURNS
                used[name][1] += (processor_seconds(pid) - before[1]) / jobs / TURNS
    one, peer, many = (sorted(rates[name])[TURNS // 2] for name in ("ours", "other", "batch"))
    cpu = {
        "client, ms of processor a job": 1e3 * used["ours"][0],
        "service": 1e3 * used["ours"][1],
        "azure-quantum, jobs/s": peer,
    }
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
        Row(
            "12",
            f"the same, a batch of {BATCH}",
            many,
            ">400 jobs/s",
            unit="jobs/s",
            others={"client, ms of processor a job": 1e3 * used["batch"][0], "service": 1e3 * used["batch"][1]},
            floor=processors() / sum(used["batch"]),
            note="floor: this machine's processors with nothing else to do, at what a job takes of them",
        ),
    ]


if __name__ == "__main__":
    report(rows())
