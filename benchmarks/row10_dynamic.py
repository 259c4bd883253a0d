"""Row 10: programs that measure in their middle, in the local workspace, beside Aer."""

from __future__ import annotations

import math

from measure import Row, in_turn, report
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider

ROUNDS, MORE, SHOTS = 20, 80, 5_000


def circuit_of(rounds: int) -> QuantumCircuit:
    """Two qubits: h, measure, and x on the other qubit if the bit is 1, again and again."""
    circuit = QuantumCircuit(2, 2)
    for _ in range(rounds):
        circuit.h(0)
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.x(1)
    circuit.measure(1, 1)
    return circuit


def check(ours: dict[str, int], theirs: dict[str, int]) -> None:
    """Fail unless two samples are of the same distribution, within six standard errors."""
    for key in ours.keys() | theirs.keys():
        one, other = ours.get(key, 0), theirs.get(key, 0)
        assert abs(one - other) <= 6 * math.sqrt(one + other + 1), (key, one, other)


def rows() -> list[Row]:
    aer = AerSimulator(seed_simulator=1)
    with Workspace.local(seed=1) as workspace:
        backend = AzureQuantumProvider(workspace).get_backend("quantinuum.sim.h2-1e")

        def ours(circuit: QuantumCircuit) -> dict[str, int]:
            counts: dict[str, int] = backend.run(circuit, shots=SHOTS, input_params=QUIET).result().get_counts()
            return counts

        def theirs(circuit: QuantumCircuit) -> dict[str, int]:
            counts: dict[str, int] = aer.run(circuit, shots=SHOTS).result().get_counts()
            return counts

        small, large = circuit_of(ROUNDS), circuit_of(MORE)
        for circuit in (small, large):
            check(ours(circuit), theirs(circuit))
        mine, other, longer = in_turn(lambda: ours(small), lambda: theirs(small), lambda: ours(large), rounds=5)
    work = f"{ROUNDS} rounds of h, measure, x if 1, on 2 qubits, {SHOTS:,} shots, circuit to counts"
    growth = math.log(longer / mine) / math.log(MORE / ROUNDS)
    return [
        Row("10", work, mine, "x1", peer=other, peer_name="qiskit-aer"),
        Row("10", f"exponent of its time from {ROUNDS} to {MORE} rounds", growth, "<1.15", unit=""),
    ]


QUIET = {"error-model": False}

if __name__ == "__main__":
    report(rows())
