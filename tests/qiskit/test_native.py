import subprocess
import sys

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Gate, Parameter
from qiskit.circuit.library import CXGate, RXXGate, RZZGate, UGate
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Operator, Statevector
from qiskit.transpiler import TranspilerError, generate_preset_pass_manager

from qsession_core import Workspace
from qsession_core.gates.words import gate_named as word
from qsession_qiskit import AzureQuantumProvider, GPI2Gate, GPIGate, MSGate, ZZGate, to_program
from qsession_qiskit.ionq.translation import native_equivalences, native_gates

TARGETS = ("ionq.simulator", "ionq.qpu.aria-1", "ionq.qpu.forte-1")
NATIVE = {"gpi", "gpi2", "ms", "zz"}


@pytest.fixture(scope="module")
def backends():
    with Workspace.local(seed=3) as workspace:
        provider = AzureQuantumProvider(workspace)
        yield {name: provider.get_backend(name, gateset="native") for name in TARGETS}


@pytest.mark.parametrize(
    "gate", [GPIGate(0.1), GPI2Gate(0.3), MSGate(0.1, 0.2, 0.15), MSGate(0.7, 0.2), ZZGate(0.2)], ids=repr
)
def test_matrix_definition_and_inverse_agree(gate):
    assert np.allclose(gate.to_matrix(), Operator(gate.definition).data)
    assert np.allclose(gate.inverse().to_matrix() @ gate.to_matrix(), np.eye(2**gate.num_qubits))


def test_matrices_are_those_that_ionq_publishes():
    phi, angle = 0.13, 0.21
    turn = np.exp(2j * np.pi * phi)
    assert np.allclose(GPIGate(phi).to_matrix(), [[0, turn.conj()], [turn, 0]])
    assert np.allclose(GPI2Gate(phi).to_matrix(), np.array([[1, -1j * turn.conj()], [-1j * turn, 1]]) / np.sqrt(2))
    full = np.array([[1, 0, 0, -1j], [0, 1, -1j, 0], [0, -1j, 1, 0], [-1j, 0, 0, 1]]) / np.sqrt(2)
    assert np.allclose(MSGate(0, 0).to_matrix(), full)
    half = np.exp(1j * np.pi * angle)
    assert np.allclose(ZZGate(angle).to_matrix(), np.diag([half.conj(), half, half, half.conj()]))


def test_the_first_phase_of_ms_belongs_to_its_first_qubit():
    matrix = MSGate(0.1, 0.0).to_matrix()  # qubit 0 is the low bit here, the high bit in the words
    swap = [0, 2, 1, 3]
    assert np.allclose(matrix[np.ix_(swap, swap)], word("ms").matrix(0.1, 0.0, 0.25))
    assert not np.allclose(matrix, word("ms").matrix(0.1, 0.0, 0.25))


@pytest.mark.parametrize("gate", [UGate(0.3, 1.7, -1.1), CXGate(), RXXGate(0.7), RZZGate(0.7)], ids=lambda g: g.name)
def test_equivalences_are_equal_to_the_phase(gate):
    ours = [circuit for circuit in native_equivalences().get_entry(gate) if NATIVE & set(circuit.count_ops())]
    assert ours
    assert all(np.allclose(Operator(circuit).data, Operator(gate).data) for circuit in ours)


def test_equivalences_are_added_once():
    before = len(native_equivalences().get_entry(CXGate()))
    native_equivalences()
    assert len(native_equivalences().get_entry(CXGate())) == before


def test_native_gates_of_another_package_are_words_if_they_are_the_same_gates():
    class Foreign(Gate):
        def __init__(self, name, phase, matrix):
            super().__init__(name, 1, [phase])
            self.matrix = matrix

        def __array__(self, dtype=None, copy=None):
            return np.asarray(self.matrix, dtype=dtype)

    circuit = QuantumCircuit(1)
    circuit.append(Foreign("gpi", 0.2, GPIGate(0.2).to_matrix()), [0])
    circuit.append(Foreign("gpi", 0.2, GPIGate(0.3).to_matrix()), [0])
    names = to_program(circuit).body.names
    assert names[0] == "gpi"
    assert "gpi" not in names[1:]


def test_one_qubit_gates_are_as_few_native_ones_as_can_be():
    rng = np.random.default_rng(2)
    special = [0, np.pi / 2, np.pi, -np.pi / 2, -np.pi, 2 * np.pi, 3 * np.pi]
    for theta in [*special, *rng.uniform(-7, 7, 20)]:
        for phi, lam in [(0, 0), (0, np.pi), (0.7, -0.7), (np.pi / 2, -np.pi / 2), *rng.uniform(-7, 7, (5, 2))]:
            found = QuantumCircuit(1)
            for each in native_gates(theta, phi, lam):
                found.append(each, [0])
            assert Operator(found).equiv(Operator(UGate(theta, phi, lam)), atol=1e-7)
            assert len(found) <= 3
    assert [len(native_gates(*angles)) for angles in [(0, 0, 0), (np.pi, 0.3, 0.2), (np.pi / 2, 0.2, -0.2)]] == [
        0,
        1,
        1,
    ]


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("seed", range(50))
def test_transpiled_circuits_are_native_and_equal_the_original(backends, level, seed):
    backend = backends[TARGETS[seed % 3]]
    circuit = random_circuit(1 + seed % 4, 4, max_operands=3, seed=seed)
    native = transpile(circuit, backend, optimization_level=level, seed_transpiler=seed)
    assert set(native.count_ops()) <= NATIVE & set(backend.target.operation_names)
    assert Operator.from_circuit(native).equiv(Operator(circuit), atol=1e-6)


@pytest.mark.parametrize("level", range(4))
def test_transpiled_circuits_run(backends, level):
    backend = backends["ionq.simulator"]
    circuit = random_circuit(3, 5, max_operands=3, seed=level)
    expected = Statevector(circuit).probabilities_dict()
    circuit.measure_all()
    result = backend.run(transpile(circuit, backend, optimization_level=level)).result()
    found = result.data()["probabilities"]
    assert all(abs(found.get(key, 0) - expected.get(key, 0)) < 1e-6 for key in found.keys() | expected.keys())


def test_unbound_parameters_are_translated_as_they_are(backends):
    theta = Parameter("t")
    circuit = QuantumCircuit(2)
    circuit.ry(theta, 0)
    circuit.rxx(2 * theta, 0, 1)
    backend = backends["ionq.simulator"]
    native = transpile(circuit, backend, optimization_level=2)
    assert set(native.count_ops()) <= NATIVE
    bound = native.assign_parameters({theta: 0.7})
    assert Operator(bound).equiv(Operator(circuit.assign_parameters({theta: 0.7})))


def test_pass_managers_find_the_stage_too(backends):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    manager = generate_preset_pass_manager(optimization_level=1, backend=backends["ionq.qpu.forte-1"])
    assert set(manager.run(circuit).count_ops()) == {"gpi", "gpi2", "zz"}


def test_runs_of_gates_on_one_qubit_are_merged(backends):
    circuit = QuantumCircuit(1)
    for _ in range(20):
        circuit.h(0)
        circuit.t(0)
    assert len(transpile(circuit, backends["ionq.simulator"], optimization_level=1)) <= 3


def test_a_rotation_of_two_qubits_costs_one_entangling_gate(backends):
    circuit = QuantumCircuit(2)
    circuit.rzz(0.3, 0, 1)
    for name, entangler in [("ionq.qpu.aria-1", "ms"), ("ionq.qpu.forte-1", "zz")]:
        assert transpile(circuit, backends[name], optimization_level=1).count_ops()[entangler] == 1


def test_the_stage_is_found_by_its_entry_point_without_importing_us_first():
    code = (
        "from qiskit.transpiler.preset_passmanagers.plugin import list_stage_plugins;"
        "assert 'qsession_native' in list_stage_plugins('translation')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_reset_at_the_start_is_dropped_and_no_other(backends):
    backend = backends["ionq.simulator"]
    circuit = QuantumCircuit(2, 1)
    circuit.reset([0, 1])
    circuit.h(0)
    circuit.measure(0, 0)
    for level in range(4):
        assert "reset" not in transpile(circuit, backend, optimization_level=level).count_ops()
    circuit.reset(0)
    circuit.h(0)
    with pytest.raises(TranspilerError, match="reset"):
        transpile(circuit, backend)
