"""Programs as texts and files on the Cirq side: the registers of a text become keys."""

from __future__ import annotations

import cirq
import pytest
from qiskit import QuantumCircuit

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace, errors

TEXT = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
creg d[1];
x q[0];
measure q[0] -> c[0];
measure q[1] -> c[1];
measure q[2] -> d[0];
"""


@pytest.fixture(scope="module")
def service():
    with Workspace.local(seed=2) as workspace:
        yield AzureQuantumService(workspace)


@pytest.mark.parametrize("target", ["ionq.simulator", "quantinuum.sim.h2-1e", "rigetti.sim.qvm"])
@pytest.mark.parametrize("form", ["text", "path"])
def test_a_text_and_a_file_run(service, tmp_path, target, form):
    program = TEXT if form == "text" else tmp_path / "flip.qasm"
    (tmp_path / "flip.qasm").write_text(TEXT)
    params = {"error-model": False} if target.startswith("quantinuum") else None
    chosen = service.get_target(target)
    outcome = chosen.submit(program, repetitions=3, input_params=params).results()
    assert sorted(outcome.measurements[key].tolist() for key in outcome.measurements) == [[[0]] * 3, [[1, 0]] * 3]
    assert chosen.estimate_cost([program, program], 3).shots == 6


@pytest.mark.parametrize(
    "odd", [None, 3, QuantumCircuit(1), [cirq.X(cirq.LineQubit(0))], cirq.Moment()], ids=lambda odd: type(odd).__name__
)
def test_what_is_no_circuit_is_refused_in_a_sentence(service, odd):
    with pytest.raises(errors.ConversionError, match="is no Cirq circuit"):
        service.get_target("ionq.simulator").submit(odd)
