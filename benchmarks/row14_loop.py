"""Row 14: a loop that waits for each job before it sends the next, at a round trip of 100 ms."""

from __future__ import annotations

import time

import peers  # noqa: F401 - quiets the peers
from measure import Row, report
from server import serving
from workloads import BELL, TARGET

from qsession_core.local import LocalWorkspace

JOBS, DELAY = 50, 0.1


def rows() -> list[Row]:
    with LocalWorkspace(seed=1) as service, serving(service) as served:
        mine, theirs = served.ours().get_target(TARGET), served.official().get_targets(TARGET)
        served.delay = DELAY

        def ours() -> int:
            with mine.open_session():
                return sum(mine.submit(BELL, shots=100).result().shots for _ in range(JOBS))

        def other() -> int:
            with theirs.open_session():
                return sum(bool(theirs.submit(BELL, shots=100).get_results()) for _ in range(JOBS))

        taken = []
        for work in (ours, other):
            began = time.perf_counter()
            assert work() in {JOBS, 100 * JOBS}
            taken.append((time.perf_counter() - began) / JOBS / DELAY)
        calls = len(served.calls)
        names = [job.name for job in served.ours().list_jobs()]
    assert len(names) == 2 * JOBS
    return [
        Row("14", f"a loop of {JOBS} jobs at {DELAY * 1e3:.0f} ms: round trips a job on the way", taken[0], "<4.3",
            taken[1], unit="", others={"calls of both": calls})
    ]  # fmt: skip


if __name__ == "__main__":
    report(rows())
