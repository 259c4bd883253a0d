"""Row 19: the memory of a process that submits and reads 10,000 jobs."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

from measure import Row, report, resident

JOBS, STEP = 10_000, 1_000


def client(text: str) -> list[float]:
    """Submit and read all jobs one after the other; return the memory after each thousand."""
    from workloads import BELL, TARGET

    from qsession_core import Workspace

    found = []
    with Workspace.from_connection_string(text) as workspace:
        target = workspace.get_target(TARGET)
        for number in range(1, JOBS + 1):
            assert target.submit(BELL, shots=100).result().shots == 100
            if number % STEP == 0:
                gc.collect()
                found.append(resident(os.getpid()))
    return found


def rows() -> list[Row]:
    from server import served

    with served("serve") as (text, _):
        program = "import json, sys; from row19_memory import client; print(json.dumps(client(sys.argv[1])))"
        done = subprocess.run(
            [sys.executable, "-c", program, text],
            check=True,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parent,
        )
    memory = json.loads(done.stdout)
    growth = memory[-1] - memory[0]
    others = {"after the first 1,000": memory[0], "after all": memory[-1]}
    return [
        Row("19", f"memory that {JOBS:,} jobs add to a client after the first {STEP:,}", growth, "<2 MB", unit="MB",
            others=others)
    ]  # fmt: skip


if __name__ == "__main__":
    report(rows())
