"""QAOA for the largest cut of a small graph: a sweep over both angles in one session, then the best cut."""

import itertools

import cirq
import numpy as np
import sympy

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace

EDGES = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (0, 2)]
GAMMA, BETA = sympy.symbols("gamma beta")


def ansatz(qubits: list[cirq.LineQubit]) -> cirq.Circuit:
    return cirq.Circuit(
        cirq.H.on_each(qubits),
        [cirq.ZZ(qubits[a], qubits[b]) ** GAMMA for a, b in EDGES],
        [cirq.X(qubit) ** BETA for qubit in qubits],
        cirq.measure(*qubits, key="cut"),
    )


def sizes(bits: np.ndarray) -> np.ndarray:
    """How many edges each repetition cuts; bits has shape (repetitions, qubits)."""
    return sum((bits[:, a] != bits[:, b]).astype(int) for a, b in EDGES)


def main() -> None:
    service = AzureQuantumService(Workspace.local(seed=7))
    target = service.get_target("ionq.simulator")
    circuit = ansatz(cirq.LineQubit.range(5))
    sweep = cirq.Linspace(GAMMA, 0.1, 0.5, 5) * cirq.Linspace(BETA, 0.1, 0.5, 5)
    with target.open_session(name="qaoa") as session:
        results = target.sampler(name="qaoa").run_sweep(circuit, sweep, repetitions=200)
        means = [sizes(result.measurements["cut"]).mean() for result in results]
        best = results[int(np.argmax(means))]
        final = service.run(circuit, 1000, target, param_resolver=best.params)
    print(f"{len(session.list_jobs())} jobs in session {session.name!r}: {session.status}")
    bits = final.measurements["cut"]
    winner = bits[np.argmax(sizes(bits))]
    print(f"best angles: {dict(best.params.param_dict)}, mean cut {max(means):.2f}")
    print(f"largest cut seen: {winner} with {sizes(winner[None, :])[0]} of {len(EDGES)} edges")
    exact = max(sizes(np.array([cut]))[0] for cut in itertools.product([0, 1], repeat=5))
    assert sizes(winner[None, :])[0] == exact


if __name__ == "__main__":
    main()
