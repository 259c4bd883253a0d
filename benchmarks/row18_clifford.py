"""Row 18: noisy and dynamic Clifford circuits by the local workspace's engine, beside stim itself."""

from __future__ import annotations

import random

import numpy as np
import stim
from measure import Row, in_turn, report

from qsession_core.local.readers.circuit import Circuit
from qsession_core.local.readers.openqasm2 import read_openqasm
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.stim import StimEngine

SHOTS, LAYERS, P2 = 10_000, 10, 0.01


def layers(qubits: int) -> list[tuple[str, tuple[int, ...]]]:
    """Return layers of h, s and cx on random pairs."""
    source, gates = random.Random(qubits), []
    for _ in range(LAYERS):
        gates += [(source.choice("hs"), (qubit,)) for qubit in range(qubits)]
        order = source.sample(range(qubits), qubits)
        gates += [("cx", pair) for pair in zip(order[::2], order[1::2], strict=False)]
    return gates


def noisy(qubits: int) -> Row:
    """Return the row of a circuit whose pairs have depolarizing errors."""
    other = stim.Circuit()
    for name, where in layers(qubits):
        other.append(name.upper(), where)
        if name == "cx":
            other.append("DEPOLARIZE2", where, P2)
    other.append("M", range(qubits))
    measured = [("measure", (qubit, qubit), ()) for qubit in range(qubits)]
    circuit = Circuit(qubits, qubits, [*[(name, where, ()) for name, where in layers(qubits)], *measured])
    engine, noise = StimEngine(), Noise(p2=P2)
    one, two = engine.sample(circuit, SHOTS, 1, noise), other.compile_sampler(seed=2).sample(SHOTS)
    assert abs(one.mean(axis=0) - two.mean(axis=0)).max() < 0.04
    mine, theirs = in_turn(
        lambda: engine.sample(circuit, SHOTS, 1, noise), lambda: other.compile_sampler(seed=1).sample(SHOTS), rounds=3
    )
    return Row("18", f"noisy Clifford, {qubits} qubits, {SHOTS:,} shots", mine, "x0.667", theirs, "stim's sampler")


def dynamic(qubits: int, rounds: int) -> Row:
    """Return the row of a circuit that measures one of each pair again and again, and corrects both by the result."""
    lines = [f'OPENQASM 2.0; include "qelib1.inc"; qreg q[{qubits}]; creg m[1]; creg d[{qubits}];']
    other = stim.Circuit()
    for _ in range(rounds):
        for qubit in range(0, qubits - 1, 2):
            lines.append(f"h q[{qubit}]; cx q[{qubit}], q[{qubit + 1}]; measure q[{qubit}] -> m[0];")
            lines.append(f"if(m==1) x q[{qubit}]; if(m==1) x q[{qubit + 1}];")
            other += stim.Circuit(
                f"H {qubit}\nCX {qubit} {qubit + 1}\nM {qubit}\nCX rec[-1] {qubit}\nCX rec[-1] {qubit + 1}"
            )
    lines.append("h q; measure q -> d;")
    other.append("H", range(qubits))
    other.append("M", range(qubits))
    program, engine = read_openqasm(" ".join(lines).encode()), StimEngine()

    def ours() -> np.ndarray:
        return np.concatenate([leaf.bits for leaf in engine.run(program, SHOTS, 1, Noise())])

    def theirs() -> np.ndarray:
        return other.compile_sampler(seed=1).sample(SHOTS)[:, -qubits:]

    assert abs(ours()[:, 1:].mean(axis=0) - theirs().mean(axis=0)).max() < 0.04
    mine, peer = in_turn(ours, theirs, rounds=3)
    work = f"dynamic Clifford, {qubits} qubits, {rounds} rounds of measure and correct, {SHOTS:,} shots"
    return Row("18", work, mine, "x0.667", peer, "stim's sampler with feedback")


def rows() -> list[Row]:
    return [*map(noisy, (50, 200, 1_000)), dynamic(50, 2), dynamic(1_000, 2)]


if __name__ == "__main__":
    report(rows())
