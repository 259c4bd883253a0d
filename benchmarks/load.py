"""Many clients on served workspaces: one process and several, SQLite and PostgreSQL; and simulations on a Dask cluster.

``make load`` writes LOAD.md. All traffic is on loopback, and bounded: CLIENTS clients send JOBS jobs each. Clients and
services share the machine's processors, so what counts is one row beside another, not the numbers.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from server import processor_seconds, served

from qsession_core import Program, Workspace
from tests.support.postgres import databases

CLIENTS, JOBS, CLIENT_PROCESSES = 200, 20, 4
SHOTS = 240  # of a noisy job of 24 qubits
BELL = Program.of(2, 2, [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))])
OUT = Path(__file__).with_name("LOAD.md")


def one_client(text):
    """Send jobs one after the other; return how long each took from submission to counts, and the errors."""
    took, errors = [], 0
    with Workspace.from_connection_string(text) as workspace:
        target = workspace.get_target("ionq.simulator")
        for _ in range(JOBS):
            began = time.perf_counter()
            try:
                counts = target.submit(BELL, shots=100).result(120).counts
                errors += sum(counts.values()) != 100
            except Exception as error:  # noqa: BLE001 - counted
                print(type(error).__name__, error)
                errors += 1
            took.append(time.perf_counter() - began)
    return took, errors


def clients(text, count):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one_client, [text] * count))


def load(text, pid):
    """Return a row: jobs a second, median and 99th percentile of a job, errors, processor time of the service a job."""
    before, began = processor_seconds(pid), time.perf_counter()
    with ProcessPoolExecutor(CLIENT_PROCESSES) as pool:
        parts = [pool.submit(clients, text, CLIENTS // CLIENT_PROCESSES) for _ in range(CLIENT_PROCESSES)]
        found = [each for part in parts for each in part.result()]
    seconds = time.perf_counter() - began
    took = sorted(one for each, _ in found for one in each)
    used = processor_seconds(pid) - before
    return (
        len(took) / seconds,
        statistics.median(took),
        took[int(0.99 * len(took))],
        sum(errors for _, errors in found),
        1000 * used / len(took),
    )


def services():
    """Yield rows over stores and numbers of processes."""
    with databases() as make, tempfile.TemporaryDirectory() as folder:
        for store in ("SQLite", "PostgreSQL"):
            for workers in (1, 2, 3, 4):
                place = ["--directory", f"{folder}/{store}{workers}", "serve"]
                place += ["--store", make()] if store == "PostgreSQL" else []
                with served(*place, workers=workers) as (text, pid):
                    yield (store, workers, *load(text, pid))


def beside_a_loop():
    """Return the 99th percentile of a Bell job while another person's loop keeps 400 jobs waiting."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        users = f"{folder}/users.toml"
        keys = {
            name: subprocess.run(
                [sys.executable, "-m", "qsession_core", "users", "add", name, "--users", users],
                capture_output=True, text=True, check=True,
            ).stdout.strip()
            for name in ("loop", "other")
        }  # fmt: skip
        text, _ = stack.enter_context(served("--directory", f"{folder}/w", "serve", "--users", users))
        parts = [part for part in text.split(";") if part and not part.startswith("ApiKey")]
        loop, other = (";".join([*parts, f"ApiKey={keys[name]}"]) for name in ("loop", "other"))
        looping = stack.enter_context(Workspace.from_connection_string(loop))
        target = looping.get_target("ionq.simulator")
        pool = stack.enter_context(ThreadPoolExecutor(8))
        until = time.monotonic() + 20

        def runaway(_):
            while time.monotonic() < until:
                target.submit(BELL, shots=100)

        running = [pool.submit(runaway, number) for number in range(8)]
        took = []
        with Workspace.from_connection_string(other) as workspace:
            mine = workspace.get_target("ionq.simulator")
            while time.monotonic() < until:
                began = time.perf_counter()
                mine.submit(BELL, shots=100).result(60)
                took.append(time.perf_counter() - began)
        for each in running:
            each.result()
        return len(took), statistics.median(took), sorted(took)[int(0.99 * len(took))]


def cluster():
    """Yield rows: a noisy job of 24 qubits by the engine alone, and on a cluster of one and of two workers."""
    import distributed

    gates = [("ry", (qubit,), (0.3,)) for qubit in range(24)] + [("cx", (qubit, qubit + 1), ()) for qubit in range(23)]
    program = Program.of(24, 24, [*gates, *[("measure", (qubit,), (qubit,)) for qubit in range(24)]])
    params = {"error-params": {"p2": 0.01}}

    def seconds(**options):
        with Workspace.local(seed=1, simulator="numpy", **options) as workspace:
            target = workspace.get_target("quantinuum.sim.h2-1e")
            target.submit(BELL, shots=1).result(60)
            began = time.perf_counter()
            counts = target.submit(program, shots=SHOTS, input_params=params).result(600).counts
            return time.perf_counter() - began, counts

    alone, counts = seconds()
    yield f"the engine alone, in a worker process of {os.cpu_count()} threads", alone, 1.0
    for workers in (1, 2):
        with distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as made:
            took, same = seconds(executor=made.scheduler_address.replace("tcp://", "dask://"))
            assert same == counts
            yield f"Dask, {workers} worker{'s' * (workers > 1)} of one thread", took, alone / took


HEAD = f"""# Many clients, many processes

{CLIENTS} clients in {CLIENT_PROCESSES} processes, each {JOBS} Bell jobs one after the other, submission to counts,
on loopback. Clients and services share {os.cpu_count()} processors, so the clients' own work bounds all rows.
One run of `make load`.

| store | processes | jobs/s | median | 99th percentile | errors | processor of the service a job |
|---|---|---|---|---|---|---|
"""
BESIDE = """
Beside the loop of another person that submits from 8 threads without waiting: {} Bell jobs, median {:.2f} s,
99th percentile {:.2f} s.

| a noisy job of 24 qubits, {} shots | seconds | speed-up |
|---|---|---|
"""


def rows():
    """Yield LOAD.md in parts, as they are measured."""
    yield HEAD
    for store, workers, rate, median, worst, errors, used in services():
        yield f"| {store} | {workers} | {rate:.0f} | {median:.2f} s | {worst:.2f} s | {errors} | {used:.1f} ms |\n"
    yield BESIDE.format(*beside_a_loop(), SHOTS)
    for name, took, ratio in cluster():
        yield f"| {name} | {took:.1f} | {ratio:.2f} |\n"


if __name__ == "__main__":
    parts = []
    for part in rows():
        print(part, end="", flush=True)
        parts.append(part)
    OUT.write_text("".join(parts))
