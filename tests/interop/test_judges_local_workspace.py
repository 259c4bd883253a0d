"""From a program to a result and back, through the whole client and the local workspace, in every format."""

from __future__ import annotations

import pytest

from qsession_core import Workspace
from qsession_core.errors import ConversionError
from tests.support import judge, random_programs

SHOTS = 400


@pytest.fixture(scope="module")
def workspace():
    with Workspace.local(seed=7) as workspace:
        yield workspace


PATHS = [
    ("ionq.simulator", "ionq.circuit.v1", random_programs.terminal),
    ("ionq.simulator", "qir.v1", random_programs.midway),
    ("rigetti.sim.qvm", "qir.v1", random_programs.midway),
    ("quantinuum.sim.h2-1e", "qir.v1", random_programs.branching),
    ("quantinuum.sim.h2-1e", "honeywell.openqasm.v1", random_programs.branching),
]


@pytest.mark.parametrize(("target_name", "input_data_format", "kind"), PATHS)
def test_counts_are_a_sample_of_the_programs_distribution(workspace, target_name, input_data_format, kind):
    target = workspace.get_target(target_name)
    wanted, payloads = [], []
    for seed in range(120):
        program = kind(seed)
        try:
            payload = target.encode(
                program, shots=SHOTS, input_data_format=input_data_format, input_params=quiet(target_name)
            )
        except ConversionError:  # too wide after unfolding, or no OpenQASM
            continue
        if payload.num_qubits <= 12:
            wanted.append((seed, program))
            payloads.append(payload)
    assert len(payloads) >= 30

    results = [job.result() for job in target.submit_all(payloads)]

    for (seed, program), result in zip(wanted, results, strict=True):
        assert sum(result.counts.values()) == result.shots
        assert judge.is_plausible(result.counts, judge.distribution(program)), seed
        assert result.registers == program.registers


def quiet(target_name):
    """Return what turns an emulator's noise off."""
    return {"error-model": False} if target_name.startswith("quantinuum") else {}
