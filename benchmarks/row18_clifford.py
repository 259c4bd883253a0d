"""Row 18: noisy and dynamic Clifford circuits in the local workspace, beside stim itself."""

from __future__ import annotations

import random

import stim
from measure import Row, in_turn, report

from qsession_core import Program, Workspace

SHOTS, LAYERS, P2 = 10_000, 5, 0.01


def layers(qubits: int) -> list[tuple[str, tuple[int, ...]]]:
    """Return layers of h, s and cx on random pairs."""
    source, gates = random.Random(qubits), []
    for _ in range(LAYERS):
        gates += [(source.choice(("h", "s")), (qubit,)) for qubit in range(qubits)]
        order = source.sample(range(qubits), qubits)
        gates += [("cx", pair) for pair in zip(order[::2], order[1::2], strict=False)]
    return gates


def noisy(qubits: int) -> tuple[Program, stim.Circuit]:
    """Return a circuit as ours and as stim's, whose pairs have depolarizing errors."""
    other = stim.Circuit()
    for name, where in layers(qubits):
        other.append(name.upper(), where)
        if len(where) == 2:
            other.append("DEPOLARIZE2", where, P2)
    other.append("M", range(qubits))
    gates = [(name, where, ()) for name, where in layers(qubits)]
    ends = [("measure", (qubit,), (qubit,)) for qubit in range(qubits)]
    return Program.of(qubits, qubits, [*gates, *ends]), other


def rows() -> list[Row]:
    found = []
    with Workspace.local(seed=1, simulator="stim") as workspace:
        target = workspace.get_target("quantinuum.sim.h2-1e")
        for qubits in (50,):
            program, circuit = noisy(qubits)
            mine, other = in_turn(
                lambda p=program: target.submit(p, shots=SHOTS, input_params=PARAMS).result().counts,
                lambda c=circuit: c.compile_sampler().sample(SHOTS),
                rounds=3,
            )
            found.append(Row("18", f"noisy Clifford, {qubits} qubits, {SHOTS:,} shots", mine, "x0.667", peer=other,
                             peer_name="stim's sampler"))  # fmt: skip
    return found


PARAMS = {"error-params": {"p1": 0.0, "p2": P2, "p_meas": 0.0}}

if __name__ == "__main__":
    report(rows())
