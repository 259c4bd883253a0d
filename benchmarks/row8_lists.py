"""Row 8: listing 1,000 jobs: the client's CPU."""

from __future__ import annotations

import gc
import time

import peers  # noqa: F401 - quiets the peers
from measure import Row, report
from server import serving

from qsession_core.local import LocalWorkspace

EMPTY = {"gateset": "qis", "qubits": 1, "circuit": []}
JOBS, ROUNDS = 1_000, 7


def rows() -> list[Row]:
    with LocalWorkspace(seed=1) as service, serving(service) as served:
        ours, peer = served.ours(), served.official()
        target = ours.get_target("ionq.simulator")
        target.submit_all([EMPTY] * JOBS, shots=1).wait()

        def cpu(work) -> float:
            work()
            gc.collect()  # else a turn may pay for the service's objects, which are in this process too
            start = time.thread_time()
            assert work() == JOBS
            return time.thread_time() - start

        taken = [
            (cpu(lambda: len([job.status for job in ours.list_jobs()])),
             cpu(lambda: len([job.details.status for job in peer.list_jobs()])))
            for _ in range(ROUNDS)
        ]  # fmt: skip
    mine, theirs = (sorted(times)[ROUNDS // 2] for times in zip(*taken, strict=True))
    return [Row("8", f"list {JOBS:,} jobs and read their states: client's CPU", mine, "x8", theirs)]


if __name__ == "__main__":
    report(rows())
