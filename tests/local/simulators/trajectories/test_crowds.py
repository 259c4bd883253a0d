"""Shots in lockstep: the distribution is that of single branches, and time does not follow their number."""

from __future__ import annotations

import numpy as np
import pytest

from qsession_core.local.readers.circuit import Circuit
from qsession_core.local.readers.openqasm2 import read_openqasm
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine, as_program
from qsession_core.local.simulators.trajectories import crowds, tree
from qsession_core.local.simulators.trajectories.crowds import Crowds, StateCrowd, fits
from tests.support.counting import lines_run
from tests.support.noise_judge import are_alike

NOISES = [Noise(), Noise(p1=0.02, p2=0.05, p_meas_0=0.03, p_meas_1=0.06, p_init=0.04)]


def weak(rounds, qubits=3):
    """Couple turning qubits to another one weakly, measure that, and turn by what came out: no state comes twice."""
    lines = [f'OPENQASM 2.0; include "qelib1.inc"; qreg q[{qubits}]; creg m[1]; creg d[{rounds}]; creg e[{qubits}];']
    for place in range(rounds):
        lines.append(f"ry({0.3 + 0.1 * place}) q[0]; ry({0.9 - 0.2 * place}) q[1]; cx q[0], q[1];")
        lines.append("cu3(0.7,0.2,0.1) q[0], q[2];")
        lines.append(f"measure q[2] -> m[0]; measure q[2] -> d[{place}]; if(m==1) ry(0.4) q[0]; reset q[2];")
    lines.append("measure q -> e;")
    return read_openqasm(" ".join(lines).encode())


def sampled(program, shots, noise=NOISES[0], seed=1):
    leaves = NumpyEngine().run(program, shots, seed, noise)
    return np.concatenate([leaf.bits for leaf in leaves])


def branch_by_branch(program, shots, noise=NOISES[0], seed=2):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree, "fits", lambda *_: False)
        return sampled(program, shots, noise, seed)


@pytest.mark.parametrize("noise", NOISES)
def test_the_distribution_is_that_of_branches_followed_one_by_one(noise):
    program, shots = weak(3), 20_000
    assert are_alike(sampled(program, shots, noise), branch_by_branch(program, shots, noise))


def test_time_does_not_follow_the_number_of_branches():
    program = weak(12)
    few, many = (lines_run(lambda shots=shots: sampled(program, shots)) for shots in (300, 4_000))
    assert many < 3 * few
    assert lines_run(lambda: branch_by_branch(program, 300)) > 2 * many


def test_the_same_seed_gives_the_same_shots():
    program = weak(5)
    first, again, other = (sampled(program, 500, NOISES[1], seed) for seed in (4, 4, 5))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("noise", NOISES)
def test_there_are_never_more_states_than_shots(monkeypatch, noise):
    most = []
    kept = Crowds._wait

    def looked_at(self, crowd, waiting):
        kept(self, crowd, waiting)
        most.append(sum(len(each.states) for each in waiting.values()))

    monkeypatch.setattr(Crowds, "_wait", looked_at)
    sampled(weak(10), 400, noise)
    assert 20 < max(most) <= 400


def test_equal_states_become_one_whatever_their_global_phases():
    states = np.array([[1, 1j], [1j, -1], [1, -1j]]) / np.sqrt(2)
    engine = Crowds(as_program(Circuit(1, 0, [("h", (0,), ())])), NOISES[0])
    crowd = StateCrowd(states, np.array([0, 1, 2, 1]), np.zeros((4, 1), np.uint8), None)
    engine.unite(crowd)
    assert len(crowd.states) == 2
    assert len({*crowd.which[[0, 1, 3]]}) == 1
    assert crowd.which[2] != crowd.which[0]


def test_wide_programs_and_errors_that_are_no_paulis_are_followed_branch_by_branch():
    assert fits(8, 10_000, NOISES[1])
    assert not fits(8, 100_000, NOISES[1])
    assert not fits(13, 1, Noise())
    assert not fits(2, 10, Noise(p1=0.1, p1_emission_ratio=0.5))
    assert not fits(2, 10, Noise(p_loss=0.1))


def test_states_that_do_not_fit_into_the_cache_are_worked_on_in_parts(monkeypatch):
    program, shots = weak(3), 8_000
    whole = sampled(program, shots, NOISES[1])
    monkeypatch.setattr(crowds, "_CACHED_AMPLITUDES", 64)
    assert are_alike(whole, sampled(program, shots, NOISES[1], seed=2))
