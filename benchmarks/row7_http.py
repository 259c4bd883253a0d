"""Row 7: what a job costs in calls, connections, waiting and work, side by side with the official client."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import peers  # noqa: F401 - quiets the peers
from measure import Row, report
from server import serving
from workloads import BELL, TARGET

from qsession_core.local import LocalWorkspace
from qsession_core.local.targets import TARGETS


def _counted(served, work) -> tuple[int, int]:
    served.forget()
    work()
    return len(served.calls), len(served.connections)


def rows() -> list[Row]:
    found = []
    with LocalWorkspace(seed=1) as service, serving(service) as served:
        ours, peer = served.ours(), served.official()
        mine, theirs = ours.get_target(TARGET), peer.get_targets(TARGET)
        a = _counted(served, lambda: mine.submit(BELL, shots=100))
        b = _counted(served, lambda: theirs.submit(BELL, shots=100))
        found.append(Row("7", "calls to submit one job", a[0], "<3", b[0], unit="calls"))

        job = mine.submit(BELL, shots=100).wait_until_completed()
        a = _counted(served, lambda: ours.get_job(job.id).result())
        b = _counted(served, lambda: peer.get_job(job.id).get_results())
        found.append(Row("7", "calls to fetch a finished job's result", a[0], "<2", b[0], unit="calls"))

        def session(target) -> None:
            with target.open_session():
                for _ in range(20):
                    target.submit(BELL, shots=100)

        fresh_ours, fresh_peer = served.ours(), served.official()
        a = _counted(served, lambda: session(fresh_ours.get_target(TARGET)))
        b = _counted(served, lambda: session(fresh_peer.get_targets(TARGET)))
        found.append(Row("7", "new connections for a session of 20 jobs", a[1], "<2", b[1], unit="connections"))

        def cpu(work, number: int = 40) -> float:
            work()
            start = time.thread_time()
            for _ in range(number):
                work()
            return (time.thread_time() - start) / number

        a_cpu = cpu(lambda: mine.submit(BELL, shots=100).result())
        b_cpu = cpu(lambda: theirs.submit(BELL, shots=100).get_results())
        found.append(Row("7", "client's CPU for a job, submit to result", a_cpu, "<0.003 s", b_cpu))

        served.delay = 0.1
        payload = mine.encode(BELL, shots=100)
        start = time.perf_counter()
        results = mine.submit_all([payload] * 100).results()
        together = time.perf_counter() - start
        assert all(result.shots == 100 for result in results)
        start = time.perf_counter()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: theirs.submit(BELL, shots=100).get_results(), range(100)))
        pooled = time.perf_counter() - start
        found.append(
            Row("7", "100 circuits at a round trip of 100 ms, submit and await all", together, "<4 s", pooled,
                "azure-quantum in a hand-made pool of 16")
        )  # fmt: skip

        found.append(_thousand(served))

        served.delay = 0.0
        jobs = mine.submit_all([payload] * 100)
        jobs.wait()
        for held in jobs.jobs:
            held._details = type(held.details)(id=held.id, target=TARGET, status="Waiting")
        calls = _counted(served, jobs.wait)
        found.append(Row("7", "calls for one look at 100 jobs", calls[0], "<1", 100, unit="calls"))
    return found + _late()


def _thousand(served) -> Row:
    """``backend.run`` of 1,000 circuits: how near it comes to what its connections can do."""
    from qiskit import QuantumCircuit

    from qsession_qiskit import AzureQuantumProvider

    bell = QuantumCircuit(2, 2)
    bell.h(0)
    bell.cx(0, 1)
    bell.measure([0, 1], [0, 1])
    backend = AzureQuantumProvider(served.ours()).get_backend(TARGET)
    served.forget()
    start = time.perf_counter()
    counts = backend.run([bell] * 1_000, shots=100).result().get_counts()
    taken = time.perf_counter() - start
    assert len(counts) == 1_000
    pool = len(served.connections)
    least = len(served.calls) * served.delay / pool
    return Row(
        "7",
        f"run(list) of 1,000 circuits at 100 ms: {len(served.calls):,} calls over {pool} connections",
        taken,
        f"<{1.2 * least:.3g} s",
        floor=least,
        note="floor: the calls' delays, over the connections",
    )


def _late() -> list[Row]:
    """How late a finished job is seen; the local workspace holds each job back for a time."""
    found = []
    for seconds in (0.5, 2.0, 10.0):
        slow = replace(
            next(row for row in TARGETS if row.id == TARGET), id="slow.sim", provider_id="ionq", queue_seconds=seconds
        )
        with LocalWorkspace(seed=1, targets=[slow]) as service, serving(service) as served:
            late = []
            for submit in (
                lambda served=served: (
                    served.ours()
                    .get_target("slow.sim")
                    .submit(BELL, shots=10, input_data_format="ionq.circuit.v1")
                    .wait_until_completed()
                ),
                lambda served=served: _official(served),
            ):
                submit()
                seen = time.time()
                ended = max(job.details.end_execution_time for job in served.ours().list_jobs())
                late.append(seen - ended.timestamp())
        need = max(0.25, 0.1 * seconds)
        found.append(Row("7", f"how late a finished {seconds:g} s job is seen", late[0], f"<{need:g} s", late[1]))
    return found


def _official(served) -> None:
    target = served.official().get_targets("slow.sim")
    job = target.submit(
        BELL, shots=10, input_data_format="ionq.circuit.v1", output_data_format="ionq.quantum-results.v1"
    )
    job.wait_until_completed(print_progress=False)


if __name__ == "__main__":
    report(rows())
