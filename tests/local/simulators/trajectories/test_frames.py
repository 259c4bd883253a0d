"""Clifford programs by Pauli frames: the distribution of density matrices and of state vectors, at any width."""

from __future__ import annotations

import random

import numpy as np
import pytest

from qsession_core.local.readers.circuit import Circuit
from qsession_core.local.readers.openqasm2 import read_openqasm
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine, as_program
from qsession_core.local.simulators.stim import clifford_words
from qsession_core.local.simulators.trajectories import frames
from tests.support.counting import lines_run
from tests.support.noise_judge import are_alike, exact, is_sample, noisy_circuit
from tests.support.simulator_circuits import CLIFFORD

NOISES = {
    "none": Noise(),
    "gates": Noise(p1=0.05, p2=0.08),
    "ends": Noise(p_meas_0=0.1, p_meas_1=0.2, p_init=0.15),
    "crosstalk": Noise(p_crosstalk_meas=0.1, p_crosstalk_init=0.2),
    "all": Noise(0.02, 0.05, 0.03, 0.06, 0.04, 0.05, 0.06),
}
SEEDS = [*range(4), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 40))]


def followed(program, shots, noise, seed=1):
    leaves = frames.Frames(program, noise, clifford_words).run(shots, np.random.default_rng(seed))
    return np.concatenate([leaf.bits for leaf in leaves])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("label", NOISES)
def test_the_distribution_is_that_of_the_density_matrix(label, seed):
    circuit = noisy_circuit(seed, tuple(CLIFFORD))
    assert is_sample(followed(as_program(circuit), 4_000, NOISES[label]), exact(circuit, NOISES[label]))


def branching(seed, *, paulis_only):
    """Return a program that measures, branches by what came out, and goes on; and measures all qubits at its end."""
    draw = random.Random(seed)
    lines = ['OPENQASM 2.0; include "qelib1.inc"; qreg q[4]; creg m[2]; creg d[3]; creg e[4];']

    def gate(words):
        word = draw.choice(words)
        pair = draw.sample(range(4), 2)
        return f"{word} q[{pair[0]}]" + (f", q[{pair[1]}];" if word in {"cx", "cy", "cz", "swap"} else ";")

    for place in range(3):
        lines += [gate(["h", "s", "sdg", "x", "cx", "cx", "cy", "cz", "swap"]) for _ in range(6)]
        lines.append(f"measure q[{draw.randrange(4)}] -> m[{place % 2}]; measure q[{draw.randrange(4)}] -> d[{place}];")
        for value in (1, 2):
            lines.append(f"if(m=={value}) " + gate(["x", "y", "z"] if paulis_only else ["h", "s", "cx", "cz", "y"]))
        if draw.random() < 0.5:
            lines.append(f"reset q[{draw.randrange(4)}];")
    lines.append("h q; measure q -> e;")
    return read_openqasm(" ".join(lines).encode())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("paulis_only", [True, False])
@pytest.mark.parametrize("label", ["none", "all"])
def test_programs_with_branches_have_the_distribution_of_state_vectors(label, paulis_only, seed):
    program, shots, noise = branching(seed, paulis_only=paulis_only), 8_000, NOISES[label]
    leaves = NumpyEngine().run(program, shots, 2, noise)
    assert are_alike(followed(program, shots, noise), np.concatenate([leaf.bits for leaf in leaves]))


def corrected(qubits, rounds):
    """Measure one of each pair again and again, and correct both by the result: they end as 0."""
    lines = [f'OPENQASM 2.0; include "qelib1.inc"; qreg q[{qubits}]; creg m[1]; creg d[{qubits}];']
    for _ in range(rounds):
        for qubit in range(0, qubits - 1, 2):
            lines.append(f"h q[{qubit}]; cx q[{qubit}], q[{qubit + 1}]; measure q[{qubit}] -> m[0];")
            lines.append(f"if(m==1) x q[{qubit}]; if(m==1) x q[{qubit + 1}];")
    lines.append("measure q -> d;")
    return read_openqasm(" ".join(lines).encode())


def test_corrections_by_paulis_are_exact_at_any_width():
    assert not followed(corrected(300, 2), 500, Noise())[:, 1:].any()


@pytest.mark.parametrize("noise", [Noise(), Noise(p1=0.01, p2=0.02, p_meas_0=0.01, p_meas_1=0.01)])
def test_time_does_not_follow_the_shots_though_each_is_different(noise):
    program = corrected(40, 3)
    few, many = (lines_run(lambda shots=shots: followed(program, shots, noise)) for shots in (100, 5_000))
    assert many < 3 * few


def test_time_follows_the_shots_and_not_their_square_where_no_two_become_one():
    draw, lines = random.Random(1), ['OPENQASM 2.0; include "qelib1.inc"; qreg q[24]; creg m[1]; creg d[24];']
    for place in range(72):
        one, other = draw.sample(range(24), 2)
        lines.append(draw.choice([f"h q[{one}];", f"cx q[{one}], q[{other}];", f"s q[{one}];"]))
        if place % 4 == 0:
            lines.append(f"measure q[{one}] -> m[0]; if(m==1) h q[{other}];")
    program = read_openqasm(" ".join([*lines, "measure q -> d;"]).encode())
    few, many = (lines_run(lambda shots=shots: followed(program, shots, Noise())) for shots in (50, 400))
    assert many < 10 * few, (few, many)


def test_shots_that_were_reset_and_shots_that_were_measured_stay_apart():
    text = (
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg m[1]; creg d[1]; creg e[1]; h q[1]; measure q[1] -> m[0];'
    )
    # as gates of the reference, these are an x
    text += "h q[0]; s q[0]; s q[0]; h q[0]; "
    text += "if(m==1) reset q[0]; if(m==0) measure q[0] -> d[0]; measure q[0] -> e[0];"
    m, d, e = followed(read_openqasm(text.encode()), 400, Noise()).T
    assert np.array_equal(e, 1 - m)
    assert np.array_equal(d, 1 - m)


def test_more_shots_than_fit_are_followed_in_parts(monkeypatch):
    monkeypatch.setattr(frames, "_MOST_BITS", 2 * 4 * 700)
    found = followed(branching(1, paulis_only=True), 2_000, Noise())
    assert found.shape == (2_000, 9)


def test_what_is_no_clifford_gate_is_refused_where_it_comes():
    circuit = Circuit(1, 1, [("t", (0,), ()), ("measure", (0, 0), ())])
    with pytest.raises(Exception, match="Clifford gates only, not t"):
        followed(as_program(circuit), 10, Noise())
