"""Row 1: what importing costs, over bare Python and over the SDKs alone."""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import time

from measure import Row, report

ROUNDS = 7


def _times(*statements: str) -> list[float]:
    taken: list[list[float]] = [[] for _ in statements]
    for _ in range(ROUNDS):
        for place, statement in enumerate(statements):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-W", "ignore", "-c", statement], check=True, capture_output=True)
            taken[place].append(time.perf_counter() - start)
    return [statistics.median(times) for times in taken]


def _if_there(module: str) -> str:
    """Import a peer that only the environment of `make bench` has; elsewhere, nothing."""
    return f"import {module}" if importlib.util.find_spec(module) is not None else "pass"


def rows() -> list[Row]:
    bare, ours, used, peer, numpy, requests = _times(
        "pass", "import qsession_core", "from qsession_core import Workspace", "import azure.quantum", "import numpy",
        "import requests",
    )  # fmt: skip
    qiskit, ours_qiskit, peer_qiskit, ionq_qiskit = _times(
        "import qiskit",
        "import qiskit; from qsession_qiskit import AzureQuantumProvider",
        "import azure.quantum.qiskit",
        _if_there("qiskit_ionq"),
    )
    cirq, ours_cirq, peer_cirq, ionq_cirq = _times(
        "import cirq",
        "import cirq; from qsession_cirq import AzureQuantumService",
        "import azure.quantum.cirq",
        "import cirq_ionq",
    )
    return [
        Row("1", "import qsession_core, over bare Python", ours - bare, "<0.1 s", peer - bare),
        Row(
            "1",
            "from qsession_core import Workspace, over bare Python",
            used - bare,
            "<0.264 s",
            peer - bare,
            floor=max(numpy, requests) - bare,
            note="floor: numpy or requests alone",
        ),
        Row(
            "1q",
            "from qsession_qiskit import AzureQuantumProvider, over Qiskit alone",
            ours_qiskit - qiskit,
            "<0.06 s",
            peer_qiskit - qiskit,
            extra={"qiskit_ionq": ionq_qiskit - qiskit},
        ),
        Row(
            "1c",
            "from qsession_cirq import AzureQuantumService, over Cirq alone",
            ours_cirq - cirq,
            "<0.06 s",
            peer_cirq - cirq,
            extra={"cirq_ionq": ionq_cirq - cirq},
        ),
    ]


if __name__ == "__main__":
    report(rows())
