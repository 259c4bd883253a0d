"""Row 15: a cold start: a new process from its beginning to the counts of a Bell pair, Qiskit's side, beside Aer."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from measure import Row, report

ROUNDS = 9
CIRCUIT = """
from qiskit import QuantumCircuit
bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
"""
OURS = (
    CIRCUIT
    + """
from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider
backend = AzureQuantumProvider(Workspace.local(seed=1)).get_backend("ionq.simulator")
counts = backend.run(bell, shots=100).result().get_counts()
assert set(counts) <= {"00", "11"}, counts
"""
)
AER = (
    CIRCUIT
    + """
from qiskit_aer import AerSimulator
counts = AerSimulator().run(bell, shots=100).result().get_counts()
assert set(counts) <= {"00", "11"}, counts
"""
)


def rows() -> list[Row]:
    taken: dict[str, list[float]] = {OURS: [], AER: [], CIRCUIT: []}
    for _ in range(1 + ROUNDS):
        for program, times in taken.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)
            times.append(time.perf_counter() - began)
    mine, other, alone = (statistics.median(times[1:]) for times in taken.values())
    return [
        Row("15", "a new process to the counts of a Bell pair, Qiskit's side", mine, "x0.87", peer=other,
            peer_name="qiskit-aer", others={"the circuit alone": alone})
    ]  # fmt: skip


if __name__ == "__main__":
    report(rows())
