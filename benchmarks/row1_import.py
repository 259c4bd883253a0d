"""Row 1: what importing costs, each time in a new process: over bare Python, and after the SDK alone."""

from __future__ import annotations

import statistics
import subprocess
import sys

from measure import Row, report

ROUNDS = 9
PROGRAM = """
import time
{before}
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""


def _times(before: str, *statements: str) -> list[float]:
    """Return the median time of each statement, taken in turn, in processes that have run ``before``.

    The first round is not counted: it compiles modules that were not imported before.
    """
    taken: list[list[float]] = [[] for _ in statements]
    for _ in range(1 + ROUNDS):
        for times, statement in zip(taken, statements, strict=True):
            program = PROGRAM.format(before=before, statement=statement)
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", program],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            times.append(float(done.stdout))
    return [statistics.median(times[1:]) for times in taken]


def rows() -> list[Row]:
    ours, used, peer, numpy, requests = _times(
        "pass", "import qsession_core", "from qsession_core import Workspace", "import azure.quantum", "import numpy",
        "import requests",
    )  # fmt: skip
    ours_qiskit, peer_qiskit, ionq_qiskit = _times(
        "import qiskit", "from qsession_qiskit import AzureQuantumProvider", "import azure.quantum.qiskit",
        "import qiskit_ionq",
    )  # fmt: skip
    ours_cirq, peer_cirq, ionq_cirq = _times(
        "import cirq", "from qsession_cirq import AzureQuantumService", "import azure.quantum.cirq", "import cirq_ionq"
    )
    alone = {"numpy alone": numpy, "requests alone": requests}
    return [
        Row("1", "import qsession_core, over bare Python", ours, "<0.1 s", peer),
        Row(
            "1", "from qsession_core import Workspace, over bare Python", used, "<0.07 s", peer,
            floor=max(alone.values()), others=alone,
        ),
        Row(
            "1q", "from qsession_qiskit import AzureQuantumProvider, over Qiskit alone", ours_qiskit, "<0.06 s",
            peer_qiskit, others={"qiskit-ionq": ionq_qiskit},
        ),
        Row(
            "1c", "from qsession_cirq import AzureQuantumService, over Cirq alone", ours_cirq, "<0.06 s", peer_cirq,
            others={"cirq-ionq": ionq_cirq},
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    report(rows())
