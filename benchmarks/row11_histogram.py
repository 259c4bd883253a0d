"""Row 11: a result of a million outcomes: 20 qubits in uniform superposition, submission to counts, beside Aer."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from measure import Row, in_turn, report, resident

QUBITS, SHOTS = 20, 1_000
# what one such job takes in a new process, which prints when it is ready and when it has the counts
JOB = f"""
from qsession_core import Workspace
from row11_histogram import program, counts_of
with Workspace.local(seed=1) as workspace:
    target = workspace.get_target("ionq.simulator")
    counts_of(target, program(2))
    print("ready", flush=True)
    input()
    counts_of(target, program({QUBITS}))
    print("done", flush=True)
    input()
"""


def memory() -> float:
    """Return how much memory one job adds at most, in all processes, in MB."""
    with subprocess.Popen(
        [sys.executable, "-c", JOB], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    ) as process:
        process.stdout.readline()
        before = most = resident(process.pid)
        process.stdin.write("\n")
        process.stdin.flush()
        done = threading.Thread(target=process.stdout.readline)
        done.start()
        while done.is_alive():
            most = max(most, resident(process.pid))
            time.sleep(0.002)
        process.stdin.write("\n")
        process.stdin.flush()
    return most - before


def program(qubits: int):
    """Return h on every qubit, all of them measured."""
    from qsession_core import Program

    gates = [("h", (qubit,), ()) for qubit in range(qubits)]
    return Program.of(qubits, qubits, [*gates, *[("measure", (qubit,), (qubit,)) for qubit in range(qubits)]])


def counts_of(target, circuit) -> dict[str, int]:
    """Return the counts of a job from submission on; keys are as wide as the circuit, and exact."""
    counts = target.submit(circuit, shots=SHOTS).result().counts
    assert sum(counts.values()) == SHOTS
    assert {len(key) for key in counts} == {circuit.num_clbits}
    return counts


def rows() -> list[Row]:
    from qiskit import QuantumCircuit
    from qiskit_aer import AerSimulator

    from qsession_core import Workspace

    aer, uniform, circuit = AerSimulator(seed_simulator=1), QuantumCircuit(QUBITS), program(QUBITS)
    uniform.h(range(QUBITS))
    uniform.measure_all()
    with Workspace.local(seed=1) as workspace:
        target = workspace.get_target("ionq.simulator")
        wire = target.submit(circuit, shots=SHOTS).download_results()
        plain = json.loads(wire)

        mine, other, least = in_turn(
            lambda: counts_of(target, circuit),
            lambda: aer.run(uniform, shots=SHOTS).result().get_counts(),
            lambda: json.loads(json.dumps(plain)),
            rounds=3,
        )
    work = f"{QUBITS} qubits uniform, {SHOTS:,} shots, submit to counts, all 2**{QUBITS} probabilities on the way"
    return [
        Row(
            "11",
            work,
            mine,
            "<0.5 s",
            peer=other,
            peer_name="qiskit-aer, shots alone",
            floor=least,
            note=f"floor: Python's json writes and reads that result of {len(wire) / 1e6:.0f} MB, and nothing else",
        ),
        Row("11", "memory that it adds", memory(), "<200 MB", unit="MB"),
    ]


if __name__ == "__main__":
    report(rows())
