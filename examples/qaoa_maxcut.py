"""The largest cut of a small graph by QAOA: one sweep over all angles, sent together in one session."""

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider, SamplerV2

EDGES = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (1, 3)]
NODES = 5
GAMMA, BETA = Parameter("gamma"), Parameter("beta")


def qaoa() -> QuantumCircuit:
    """One layer: phases for the edges that are cut, then a mixing of all nodes."""
    circuit = QuantumCircuit(NODES)
    circuit.h(range(NODES))
    for a, b in EDGES:
        circuit.rzz(-GAMMA, a, b)
    circuit.rx(2 * BETA, range(NODES))
    circuit.measure_all()
    return circuit


def cut(key: str) -> int:
    """Count the edges between the two sides; character -1 - n is node n."""
    return sum(key[-1 - a] != key[-1 - b] for a, b in EDGES)


def main() -> None:
    """Try a grid of angles, and look at what the best of them finds."""
    backend = AzureQuantumProvider(Workspace.local(seed=7)).get_backend("ionq.simulator")
    circuit = qaoa()
    gammas, betas = np.meshgrid(np.linspace(0.2, 1.4, 6), np.linspace(0.2, 1.4, 6))
    with backend.open_session(name="max-cut") as session:
        job = SamplerV2(mode=session).run([(circuit, {GAMMA: gammas, BETA: betas})], shots=500)
        samples = job.result()[0].data.meas
        print(f"{len(session.list_jobs())} jobs in session {session.name!r}")
    mean = np.empty(samples.shape)
    for place in np.ndindex(samples.shape):
        counts = samples.get_counts(place)
        mean[place] = sum(cut(key) * count for key, count in counts.items()) / 500
    best = np.unravel_index(mean.argmax(), mean.shape)
    counts = samples.get_counts(best)
    winner = max(counts, key=lambda key: (cut(key), counts[key]))
    print(f"mean cut {mean.max():.2f} of {len(EDGES)} edges; the best partition {winner} cuts {cut(winner)}")
    assert cut(winner) == max(cut(f"{number:05b}") for number in range(2**NODES))


if __name__ == "__main__":
    main()
