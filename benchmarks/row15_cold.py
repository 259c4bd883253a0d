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
# what the counts of a Bell pair take from us, loaded and not used
LOADED = (
    CIRCUIT
    + """
import sys
for name in sys.argv[1:]:
    __import__(name)
"""
)
NAMES = "import sys\nfor name in sorted(sys.modules):\n    print(name)\n"
AER = (
    CIRCUIT
    + """
from qiskit_aer import AerSimulator
counts = AerSimulator().run(bell, shots=100).result().get_counts()
assert set(counts) <= {"00", "11"}, counts
"""
)


def run(program: str, *arguments: str) -> str:
    """Run a program in a new process; return what it prints."""
    command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def rows() -> list[Row]:
    modules = sorted(set(run(OURS + NAMES).split()) - set(run(CIRCUIT + NAMES).split()))
    taken: dict[str, list[float]] = {OURS: [], AER: [], CIRCUIT: [], LOADED: []}
    for _ in range(1 + ROUNDS):
        for program, times in taken.items():
            began = time.perf_counter()
            run(program, *(modules if program == LOADED else []))
            times.append(time.perf_counter() - began)
    mine, other, alone, loaded = (statistics.median(times[1:]) for times in taken.values())
    return [
        Row("15", "a new process to the counts of a Bell pair, Qiskit's side", mine, "x0.87", peer=other,
            peer_name="qiskit-aer", floor=loaded, others={"the circuit alone": alone},
            note=f"floor: the circuit, and the {len(modules)} modules of a client and a service loaded, unused")
    ]  # fmt: skip


if __name__ == "__main__":
    report(rows())
