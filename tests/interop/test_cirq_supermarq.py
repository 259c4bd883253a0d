"""Benchmark circuits of the package supermarq, where it is installed: scored by itself, near 1 without noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace

if TYPE_CHECKING:
    import cirq

pytestmark = pytest.mark.filterwarnings("ignore")  # its own dependencies warn on import

BENCHMARKS = {
    "GHZ": ("ghz", (4,)),
    "BitCode": ("bit_code", (3, 1, [1, 0, 1])),  # measures in the middle, resets, repeats
    "PhaseCode": ("phase_code", (3, 1, [1, 0, 1])),
    "MerminBell": ("mermin_bell", (3,)),
    "HamiltonianSimulation": ("hamiltonian_simulation", (4, 0.5, 1)),
    "QAOAVanillaProxy": ("qaoa_vanilla_proxy", (4,)),
    "VQEProxy": ("vqe_proxy", (4, 1)),
}
QUIET = {"ionq.simulator": None, "quantinuum.sim.h2-1e": {"error-model": False}}


def counts_of(result: cirq.Result) -> dict[str, float]:
    """The bitstrings that supermarq scores: all keys, one after the other."""
    rows = np.concatenate([result.measurements[key] for key in result.measurements], axis=1)
    texts = ["".join(map(str, row)) for row in rows.tolist()]
    return {text: float(texts.count(text)) for text in set(texts)}


@pytest.mark.parametrize("target", QUIET)
@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_scores_near_one(name, target):
    import supermarq

    module, arguments = BENCHMARKS[name]
    benchmark = getattr(getattr(supermarq, module), name)(*arguments)
    circuits = benchmark.circuit()
    with Workspace.local(seed=3) as workspace:
        service = AzureQuantumService(workspace)
        counts = [
            counts_of(service.run(circuit, 2000, target, input_params=QUIET[target]))
            for circuit in (circuits if isinstance(circuits, list) else [circuits])
        ]
    assert benchmark.score(counts if isinstance(circuits, list) else counts[0]) > 0.95
