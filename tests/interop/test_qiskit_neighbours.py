"""Other people's packages, unchanged, on our backends.

They pin an older Qiskit than ours, so they live in an environment of their own:

    pip install -e ".[qiskit,local]" pytest pytest-timeout hypothesis
    pip install qiskit-algorithms qiskit-experiments "mitiq[qiskit]" pennylane-qiskit
    pytest tests/interop/test_qiskit_neighbours.py

They have an environment of their own: see the Makefile.
"""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp

from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider, EstimatorV2, SamplerV2

# their warnings are theirs
pytestmark = [pytest.mark.filterwarnings("ignore")]

HYDROGEN = SparsePauliOp(
    ["II", "IZ", "ZI", "ZZ", "XX"],
    [-1.052373245772859, 0.39793742484318045, -0.39793742484318045, -0.01128010425623538, 0.18093119978423156],
)


@pytest.fixture
def provider():
    with Workspace.local(seed=7) as workspace:
        yield AzureQuantumProvider(workspace)


def test_vqe_of_qiskit_algorithms(provider):
    import qiskit_algorithms as algorithms
    from qiskit_algorithms.optimizers import COBYLA

    with provider.get_backend("ionq.simulator").open_session() as session:
        search = algorithms.VQE(
            EstimatorV2(mode=session), efficient_su2(2, reps=1), COBYLA(maxiter=120), initial_point=np.full(8, 0.2)
        )
        found = search.compute_minimum_eigenvalue(HYDROGEN)
        assert len(session.list_jobs()) == 2 * found.cost_function_evals
    assert found.eigenvalue.real == pytest.approx(np.linalg.eigvalsh(HYDROGEN.to_matrix())[0], abs=0.005)


def test_qaoa_of_qiskit_algorithms(provider):
    import qiskit_algorithms as algorithms
    from qiskit_algorithms.optimizers import COBYLA

    ring = SparsePauliOp.from_sparse_list([("ZZ", [node, (node + 1) % 4], 0.5) for node in range(4)], 4)
    sampler = SamplerV2(provider.get_backend("ionq.simulator"))
    search = algorithms.QAOA(sampler, COBYLA(maxiter=20), reps=1, initial_point=[0.4, 0.4])
    best = search.compute_minimum_eigenvalue(ring).best_measurement
    assert best["bitstring"] in {"0101", "1010"}


def test_state_tomography_of_qiskit_experiments(provider):
    from qiskit_experiments import library

    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    data = library.StateTomography(bell).run(provider.get_backend("ionq.simulator"), shots=200).block_for_results()
    assert not data.errors()
    assert data.analysis_results("state_fidelity", dataframe=False).value > 0.99


def test_extrapolation_of_mitiq(provider):
    import mitiq

    backend = provider.get_backend("quantinuum.sim.h2-1e")
    backend.options.update_options(**{"error-params": {"p1": 0.01}})

    def execute(circuit):
        measured = circuit.copy()
        measured.measure_all()
        return backend.run(measured, shots=2000).result().get_counts().get("0", 0) / 2000

    circuit = QuantumCircuit(1)
    for _ in range(20):
        circuit.x(0)
    noisy, mitigated = execute(circuit), mitiq.zne.execute_with_zne(circuit, execute)
    assert noisy < 0.95
    assert abs(1 - mitigated) < abs(1 - noisy)


def test_the_remote_device_of_pennylane(provider):
    import pennylane as qml

    device = qml.device("qiskit.remote", wires=2, backend=provider.get_backend("ionq.simulator"), shots=2000)

    @qml.qnode(device)
    def circuit(angle):
        qml.RX(angle, wires=0)
        qml.CNOT(wires=[0, 1])
        return qml.expval(qml.PauliZ(1))

    assert circuit(0.3) == pytest.approx(np.cos(0.3), abs=0.05)
