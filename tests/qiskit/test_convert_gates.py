import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import AnnotatedOperation, ControlModifier, Gate, InverseModifier, Parameter, PowerModifier
from qiskit.circuit.library import (
    DiagonalGate,
    Initialize,
    LinearFunction,
    MCMTGate,
    MCXGate,
    ModularAdderGate,
    PauliEvolutionGate,
    PauliGate,
    PermutationGate,
    QFTGate,
    RGate,
    RYGate,
    StatePreparation,
    UCRYGate,
    UnitaryGate,
    ZGate,
    efficient_su2,
    get_standard_gate_name_mapping,
)
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Clifford, SparsePauliOp, Statevector, random_clifford, random_unitary

from qsession_core.errors import ConversionError, UnsupportedOperationError
from qsession_core.formats.interface import CONTROLS, EVOLUTION
from qsession_core.program import Angle
from qsession_qiskit.conversion.convert import to_parametric, to_program
from qsession_qiskit.ionq.gates import GPI2Gate, GPIGate, MSGate, ZZGate
from tests.support.judge import qiskit_statevector

EVERYTHING = frozenset({CONTROLS, EVOLUTION})
UNITARY = [
    name for name in sorted(get_standard_gate_name_mapping()) if name not in {"measure", "reset", "delay", "barrier"}
]


def scrambled(num_qubits, seed=3):
    """A state in which every gate does something visible."""
    circuit = QuantumCircuit(num_qubits)
    angles = iter(np.random.default_rng(seed).uniform(0.2, 2.9, 6 * num_qubits))
    for qubit in range(num_qubits):
        circuit.ry(next(angles), qubit)
        circuit.rz(next(angles), qubit)
    for qubit in range(num_qubits - 1):
        circuit.rxx(next(angles), qubit, qubit + 1)
    return circuit


def agrees(circuit, keep=EVERYTHING):
    program = to_program(circuit, keep=keep)
    overlap = np.vdot(qiskit_statevector(program), Statevector(circuit).data)
    assert abs(overlap) == pytest.approx(1, abs=1e-9)
    return program


def with_gate(operation, seed=3):
    circuit = scrambled(operation.num_qubits, seed)
    circuit.append(operation, list(np.random.default_rng(seed).permutation(operation.num_qubits)))
    return circuit


@pytest.mark.parametrize("name", UNITARY)
def test_every_standard_gate_does_what_it_does_in_qiskit(name):
    gate = get_standard_gate_name_mapping()[name]
    gate = gate.base_class(*np.linspace(0.3, 1.7, len(gate.params))) if gate.params else gate
    agrees(with_gate(gate))


@pytest.mark.parametrize("name", UNITARY)
@pytest.mark.parametrize(("controls", "state"), [(1, 0), (2, 2), (3, 5)])
@pytest.mark.parametrize("keep", [EVERYTHING, frozenset()], ids=["kept", "defined"])
def test_every_standard_gate_may_stand_under_open_and_closed_controls(name, controls, state, keep):
    gate = get_standard_gate_name_mapping()[name]
    gate = gate.base_class(*np.linspace(0.3, 1.7, len(gate.params))) if gate.params else gate
    if gate.num_qubits + controls > 5:
        controls, state = 1, 0
    agrees(with_gate(gate.control(controls, ctrl_state=state, annotated=False)), keep)


@pytest.mark.parametrize("seed", range(20))
def test_random_circuits_keep_their_state(seed):
    agrees(random_circuit(4, 6, max_operands=4, seed=seed))


@pytest.mark.parametrize("angle", [0.1, -0.1, 7.0, -9.3, 1e-9, math.pi / 3])
def test_angles_keep_every_bit(angle):
    circuit = QuantumCircuit(2)
    circuit.crz(angle, 0, 1)
    circuit.append(get_standard_gate_name_mapping()["rx"].base_class(np.float64(angle)), [0])
    assert to_program(circuit).body.params == ((angle,), (angle,))
    assert all(type(angle) is float for params in to_program(circuit).body.params for angle in params)


def test_gates_that_are_words_come_as_they_are():
    circuit = QuantumCircuit(3)
    circuit.id(0)
    circuit.ccx(0, 2, 1)
    circuit.sxdg(2)
    circuit.mcp(0.5, [0, 1], 2)
    assert list(to_program(circuit).body) == [
        ("id", (0,), ()),
        ("ccx", (0, 2, 1), ()),
        ("sxdg", (2,), ()),
        ("ctrl(2) @ p", (0, 1, 2), (0.5,)),
    ]


def test_the_definitions_of_rx_and_ry_are_rotations_about_one_axis():
    """Qiskit defines both as rotations about an axis between x and y; written so, each would be three gates."""
    circuit = QuantumCircuit(2)
    circuit.rx(Parameter("a"), 0)
    circuit.ry(0.2, 1)
    circuit = circuit.decompose()
    assert circuit.count_ops() == {"r": 2}
    circuit.r(Parameter("b"), 0.3, 0)
    assert to_program(circuit).body.names == ("rx", "ry", "u")


def test_expressions_whose_parameters_cancel_have_their_value():
    """Qiskit 2 cannot hash those that are negative."""
    a, circuit = Parameter("a"), QuantumCircuit(1)
    circuit.rx(a * 0 - 1.5, 0)
    circuit.r(0.3, a - a, 0)
    converted = to_parametric(circuit)
    ((angle,), (theta, phi, _)) = converted.program.body.params
    values = converted.values(np.array([[0.7]]))[0]
    assert (angle.value(values) if isinstance(angle, Angle) else angle) == -1.5
    assert (theta, phi.value(values) if isinstance(phi, Angle) else phi) == (0.3, -math.pi / 2)


def test_a_gate_with_the_wrong_number_of_angles_is_told_with_its_place():
    wrong = RGate(0.1, 0.2)
    wrong.params = [0.1]
    circuit = QuantumCircuit(2)
    circuit.x(0)
    circuit.append(wrong, [1])
    circuit.h(0)
    circuit.append(wrong, [0])
    with pytest.raises(ConversionError) as caught:
        to_program(circuit)
    assert [problem.index for problem in caught.value.problems] == [1, 3]
    assert "it has 1 angles: 0.1" in caught.value.message


def test_many_controls_stay_one_word_only_where_the_format_has_it():
    circuit = QuantumCircuit(5)
    circuit.append(MCXGate(4, ctrl_state=3), range(5))
    assert to_program(circuit).words == {"x", "ctrl(4) @ x"}
    assert not any(word.startswith("ctrl(") for word in to_program(circuit, keep=frozenset()).words)


@pytest.mark.parametrize("gate", [GPIGate(0.1), GPI2Gate(-0.3), MSGate(0.1, 0.7, 0.2), ZZGate(0.15)])
def test_native_gates_are_words_with_their_angles_in_turns(gate):
    program = agrees(with_gate(gate))
    assert (program.body.names[-1], program.body.params[-1]) == (gate.name, tuple(gate.params))


@pytest.mark.parametrize("gate", [GPIGate(0.1), GPI2Gate(-0.3), MSGate(0.1, 0.7, 0.2), ZZGate(0.15)])
def test_native_gates_are_inverted_and_controlled_rightly(gate):
    for other in (gate.inverse(), gate.control(1, annotated=False), gate.power(0.5)):
        agrees(with_gate(other))


def test_a_gate_that_only_bears_the_name_of_another_is_taken_by_its_definition():
    inner = QuantumCircuit(1, name="x")
    inner.h(0)
    circuit = QuantumCircuit(1)
    circuit.append(inner.to_gate(), [0])
    assert to_program(circuit).body.names == ("h",)


def test_custom_gates_are_opened_recursively():
    inner = scrambled(2, 5)
    outer = QuantumCircuit(3, name="outer")
    outer.append(inner.to_gate(), [2, 0])
    outer.append(inner.to_gate().inverse(), [0, 1])
    circuit = QuantumCircuit(3)
    gate = outer.to_gate()
    for qubits in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        circuit.append(gate, qubits)
    agrees(circuit)


def test_definitions_are_converted_once(monkeypatch):
    from qsession_qiskit.conversion import convert

    asked = []
    monkeypatch.setattr(convert, "definition", lambda operation: asked.append(operation) or operation.definition)
    custom = scrambled(2).to_gate()
    circuit = QuantumCircuit(3)
    for qubits in ([0, 1, 2], [2, 1, 0]):
        circuit.rccx(*qubits)
        circuit.append(custom, qubits[:2])
    agrees(circuit)
    assert len(asked) == 2


def test_composite_instructions_may_measure():
    inner = QuantumCircuit(2, 2, name="look")
    inner.x(0)
    inner.measure([0, 1], [1, 0])
    circuit = QuantumCircuit(2, 3)
    circuit.append(inner.to_instruction(), [1, 0], [2, 1])
    assert list(to_program(circuit).body) == [("x", (1,), ()), ("measure", (1,), (1,)), ("measure", (0,), (2,))]


@pytest.mark.parametrize(
    "operation",
    [
        UnitaryGate(random_unitary(2, seed=1)),
        UnitaryGate(random_unitary(4, seed=1)),
        UnitaryGate(random_unitary(8, seed=1)),
        UnitaryGate(random_unitary(4, seed=1)).control(1, annotated=False),
        PauliGate("XYZ"),
        MCMTGate(ZGate(), 1, 2),
        MCMTGate(RYGate(0.4), 2, 1),
        ModularAdderGate(1),
        LinearFunction([[1, 1], [0, 1]]),
        UCRYGate([0.1, 0.2, 0.3, 0.4]),
        DiagonalGate([1, -1, 1j, -1j]),
        QFTGate(3),
        PermutationGate([2, 0, 1]),
        random_clifford(3, seed=2),
        Clifford.from_label("XH"),
        efficient_su2(3, reps=1).assign_parameters(np.linspace(0, 1, 12)).to_gate(),
        StatePreparation(random_unitary(8, seed=4).data[0]),
        StatePreparation("r1+"),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_matrices_states_and_cliffords_become_gates(operation):
    circuit = QuantumCircuit(3) if isinstance(operation, StatePreparation) else scrambled(3)
    circuit.append(operation, range(operation.num_qubits))
    agrees(circuit)


def test_initialize_resets_first():
    circuit = QuantumCircuit(2)
    circuit.append(Initialize([0.6, 0, 0, 0.8]), [0, 1])
    program = to_program(circuit)
    assert program.body.names[:2] == ("reset", "reset")
    assert qiskit_statevector(program) == pytest.approx([0.6, 0, 0, 0.8])


@pytest.mark.parametrize(
    "modifiers",
    [
        [InverseModifier()],
        [ControlModifier(2, 1)],
        [PowerModifier(3)],
        [PowerModifier(-0.5), ControlModifier(1), InverseModifier()],
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["sx", "rxx", "xx_plus_yy"])
def test_annotated_operations_are_what_they_say(name, modifiers):
    gate = get_standard_gate_name_mapping()[name]
    gate = gate.base_class(*np.linspace(0.3, 1.7, len(gate.params))) if gate.params else gate
    agrees(with_gate(AnnotatedOperation(gate, modifiers)))


HAMILTONIAN = SparsePauliOp(["XXI", "IZZ", "YIY", "III"], [0.3, -0.7, 0.2, 5.0])


@pytest.mark.parametrize("time", [0.4, -0.4])
def test_pauli_evolution_is_one_word_where_the_format_has_it(time):
    circuit = scrambled(3)
    circuit.append(PauliEvolutionGate(HAMILTONIAN, time), [2, 0, 1])
    program = to_program(circuit, keep=EVERYTHING)
    terms, _, duration = program.body.params[-1]
    assert program.body.names[-1] == "pauliexp"
    assert terms == ("XXI", "IZZ", "YIY")
    assert duration == time
    exact = scrambled(3)
    exact.unitary(_evolution(time), [2, 0, 1])
    assert abs(np.vdot(qiskit_statevector(program), Statevector(exact).data)) == pytest.approx(1)


def _evolution(time):
    values, vectors = np.linalg.eigh(HAMILTONIAN.to_matrix())
    return vectors @ np.diag(np.exp(-1j * time * values)) @ vectors.conj().T


def test_pauli_evolution_is_written_in_gates_for_every_other_format():
    circuit = scrambled(3)
    circuit.append(PauliEvolutionGate(HAMILTONIAN, 0.4), [2, 0, 1])
    program = to_program(circuit, keep=frozenset())
    assert "pauliexp" not in program.words
    trotterised = Statevector(circuit.decompose()).data
    assert abs(np.vdot(qiskit_statevector(program), trotterised)) == pytest.approx(1)


def test_delays_and_the_global_phase_are_left_out():
    circuit = QuantumCircuit(1, global_phase=1.5)
    circuit.delay(100, 0)
    circuit.h(0)
    assert to_program(circuit).body.names == ("h",)


def test_what_cannot_be_converted_is_listed_all_at_once_with_its_place():
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.append(Gate("mystery", 2, []), [2, 0])
    circuit.x(1)
    circuit.append(Gate("riddle", 1, []), [1])
    with pytest.raises(
        ConversionError, match=r"(?s)Operation 1, mystery on qubits 2, 0, .*Operation 3, riddle"
    ) as caught:
        to_program(circuit)
    first, second = caught.value.problems
    assert isinstance(first, UnsupportedOperationError)
    assert (first.operation, first.index, first.qubits) == ("mystery", 1, (2, 0))
    assert (second.operation, second.index, second.qubits) == ("riddle", 3, (1,))


def test_a_problem_inside_a_definition_is_told_at_the_place_where_it_is_used():
    inner = QuantumCircuit(1, name="wrapper")
    inner.append(Gate("mystery", 1, []), [0])
    circuit = QuantumCircuit(2)
    circuit.append(inner.to_gate(), [1])
    with pytest.raises(UnsupportedOperationError, match=r"Operation 0, wrapper on qubit 1") as caught:
        to_program(circuit)
    assert caught.value.index == 0
