"""The conversion, held against Cirq's own matrices and simulator."""

from __future__ import annotations

import json
import random

import cirq
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from qsession_cirq.conversion.convert import convert, to_program
from qsession_cirq.conversion.words import unitary_of
from qsession_cirq.native import GPI, GPI2, MS, ZZ
from qsession_core.errors import ConversionError, UnsupportedOperationError
from qsession_core.expressions import Binary, Bit, Literal, Uint
from qsession_core.program import Register

EXPONENTS = [1, -1, 0.5, -0.5, 0.25, -0.25, 1.5, 2, 3, 0, 0.3, -0.7123, 1.9]
SHIFTS = [0, -0.5, 0.3]
POWERS = [
    (cirq.XPowGate, 1), (cirq.YPowGate, 1), (cirq.ZPowGate, 1), (cirq.HPowGate, 1), (cirq.XXPowGate, 2),
    (cirq.YYPowGate, 2), (cirq.ZZPowGate, 2), (cirq.CXPowGate, 2), (cirq.CZPowGate, 2), (cirq.SwapPowGate, 2),
    (cirq.ISwapPowGate, 2), (cirq.CCXPowGate, 3), (cirq.CCZPowGate, 3),
]  # fmt: skip
OTHERS = [
    cirq.rx(0.3), cirq.ry(-2.1), cirq.rz(5.0), cirq.PhasedXPowGate(phase_exponent=0.3, exponent=0.4, global_shift=0.2),
    cirq.PhasedXZGate(x_exponent=0.3, z_exponent=-0.8, axis_phase_exponent=0.7), cirq.FSimGate(0.4, 1.1),
    cirq.PhasedFSimGate(0.3, 0.4, 0.5, 0.6, 0.7), cirq.PhasedISwapPowGate(phase_exponent=0.2, exponent=0.6),
    cirq.givens(0.4), cirq.cphase(0.3), cirq.riswap(0.2), cirq.ms(0.3), cirq.CSWAP, cirq.TOFFOLI, cirq.CCZ,
    cirq.MatrixGate(cirq.testing.random_unitary(2, random_state=1)), cirq.MatrixGate(1j * np.eye(2)),
    cirq.MatrixGate(np.array([[0, 1j], [1, 0]])), cirq.MatrixGate(np.diag([1, 1j])),
    cirq.MatrixGate(cirq.testing.random_unitary(4, random_state=2)),
    cirq.MatrixGate(cirq.testing.random_unitary(8, random_state=3)),
    cirq.DensePauliString("XYZ", coefficient=1j), cirq.DensePauliString("IZ", coefficient=-1),
    cirq.PauliStringPhasorGate(cirq.DensePauliString("XYZ"), exponent_neg=0.3, exponent_pos=0.1),
    cirq.PauliStringPhasorGate(cirq.DensePauliString("YX", coefficient=-1), exponent_neg=0.7),
    cirq.QuantumFourierTransformGate(3), cirq.PhaseGradientGate(num_qubits=2, exponent=0.3),
    cirq.ThreeQubitDiagonalGate([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]),
    cirq.TwoQubitDiagonalGate([0.1, 0.2, 0.3, 1.0]),
    cirq.QubitPermutationGate([2, 0, 1]), cirq.ParallelGate(cirq.X**0.3, 3), cirq.IdentityGate(2), cirq.I,
    GPI(0.1), GPI2(0.3), MS(0.1, 0.7, 0.2), ZZ(0.15),
]  # fmt: skip


def matrix_of(circuit: cirq.Circuit) -> np.ndarray:
    program = to_program(circuit)
    return unitary_of(tuple(program.body), program.num_qubits)


def agrees(circuit: cirq.Circuit) -> None:
    cirq.testing.assert_allclose_up_to_global_phase(matrix_of(circuit), cirq.unitary(circuit), atol=1e-7)


def spread(gate: cirq.Gate) -> cirq.Circuit:
    """The gate on qubits in reversed order, beside one that keeps the order's ends visible."""
    qubits = cirq.LineQubit.range(cirq.num_qubits(gate))
    return cirq.Circuit(cirq.T.on_each(qubits), gate.on(*reversed(qubits)))


@pytest.mark.parametrize("kind_and_width", POWERS, ids=lambda pair: pair[0].__name__)
@pytest.mark.parametrize("shift", SHIFTS)
def test_every_power_of_a_gate_is_cirqs_matrix(kind_and_width, shift):
    for exponent in EXPONENTS:
        agrees(spread(kind_and_width[0](exponent=exponent, global_shift=shift)))


@pytest.mark.parametrize("gate", OTHERS, ids=str)
def test_every_other_gate_is_cirqs_matrix(gate):
    agrees(spread(gate))


@pytest.mark.parametrize("kind_and_width", POWERS, ids=lambda pair: pair[0].__name__)
def test_a_control_sees_the_phase_of_a_power(kind_and_width):
    for exponent, shift in [(1, 0), (1, -0.5), (0.5, 0.3), (-0.5, 0), (0.3, -0.5), (2, 0.3), (1.5, 0.1)]:
        gate = kind_and_width[0](exponent=exponent, global_shift=shift)
        agrees(spread(cirq.ControlledGate(gate)))


@pytest.mark.parametrize("gate", [*OTHERS, cirq.GlobalPhaseGate(1j)], ids=str)
def test_a_control_sees_the_phase_of_every_other_gate(gate):
    agrees(spread(cirq.ControlledGate(gate)))


@pytest.mark.parametrize(
    "values",
    [[1, 1], [0, 1], [0, 0], [(0, 1), 1], [(0, 1), (0, 1)], cirq.SumOfProducts([(0, 1), (1, 0)]),
     cirq.SumOfProducts([(0, 0), (0, 1), (1, 0)])],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize(
    "gate",
    [
        cirq.X**0.3,
        cirq.rz(0.4),
        cirq.PhasedXZGate(x_exponent=0.3, z_exponent=0.2, axis_phase_exponent=0.1),
        cirq.CX**0.4,
        cirq.GlobalPhaseGate(1j**0.3),
    ],
    ids=str,
)
def test_controls_may_ask_for_zero_or_for_several_patterns(gate, values):
    agrees(spread(cirq.ControlledGate(gate, num_controls=2, control_values=values)))


def test_a_phasor_turns_the_eigenspaces_of_its_string_also_where_the_string_has_identities():
    # cirq 1.6's own decomposition takes the identity's qubit into the parity, so the matrix is made here
    gate = cirq.PauliStringPhasorGate(cirq.DensePauliString("YIX"), exponent_neg=0.7, exponent_pos=0.2)
    string, one = cirq.unitary(gate.dense_pauli_string), np.eye(8)
    wanted = (np.exp(0.2j * np.pi) * (one + string) + np.exp(0.7j * np.pi) * (one - string)) / 2
    circuit = cirq.Circuit(gate.on(*cirq.LineQubit.range(3)))
    cirq.testing.assert_allclose_up_to_global_phase(matrix_of(circuit), wanted, atol=1e-9)


def test_controls_of_controls_and_controlled_operations_add_up():
    a, b, c, d = cirq.LineQubit.range(4)
    inner = (cirq.X(a) ** 0.3).controlled_by(b, control_values=[0])
    agrees(cirq.Circuit(cirq.H.on_each(a, b, c, d), inner.controlled_by(c, d)))
    agrees(cirq.Circuit(cirq.H.on_each(a, b, c), (cirq.X(a) * cirq.Y(b) * 1j).controlled_by(c)))


def test_a_circuit_under_a_control_is_taken_apart():
    a, b, c = cirq.LineQubit.range(3)
    inner = cirq.CircuitOperation(cirq.FrozenCircuit(cirq.rz(0.3)(a), cirq.CX(a, b) ** 0.3))
    circuit = cirq.Circuit(cirq.H.on_each(a, b, c), inner.controlled_by(c))
    agrees(circuit)


def test_a_gate_that_is_only_a_matrix_is_synthesized():
    class Strange(cirq.Gate):
        def __init__(self, matrix: np.ndarray) -> None:
            self.matrix = matrix

        def _num_qubits_(self) -> int:
            return len(self.matrix).bit_length() - 1

        def _unitary_(self) -> np.ndarray:
            return self.matrix

    for width in (1, 2, 3):
        gate = Strange(cirq.testing.random_unitary(2**width, random_state=width))
        agrees(spread(gate))
        agrees(spread(cirq.ControlledGate(gate)))


def test_a_gate_made_of_sub_circuits_and_tags_is_taken_apart_also_under_a_control():
    class Nested(cirq.Gate):
        def _num_qubits_(self) -> int:
            return 2

        def _decompose_(self, qubits: tuple[cirq.Qid, ...]) -> cirq.OP_TREE:
            a, b = qubits
            inner = cirq.FrozenCircuit(cirq.rz(0.3)(a), (cirq.CX(a, b) ** 0.4).with_tags("tag"))
            return [cirq.CircuitOperation(inner, repetitions=2, use_repetition_ids=False), cirq.S(b)]

    agrees(spread(Nested()))
    agrees(spread(cirq.ControlledGate(Nested())))


@given(seed=st.integers(0, 2**31), width=st.integers(1, 4))
def test_random_circuits_are_cirqs_matrix(seed, width):
    rng = random.Random(seed)
    qubits = cirq.LineQubit.range(width)
    gates = [gate for gate in OTHERS if cirq.num_qubits(gate) <= width]
    powers = [kind(exponent=rng.choice(EXPONENTS), global_shift=rng.choice(SHIFTS)) for kind, n in POWERS if n <= width]
    circuit = cirq.Circuit(cirq.I.on_each(qubits))
    for _ in range(8):
        gate = rng.choice(gates + powers)
        operation = gate.on(*rng.sample(qubits, cirq.num_qubits(gate)))
        free = [qubit for qubit in qubits if qubit not in operation.qubits]
        if free and rng.random() < 0.3:
            operation = operation.controlled_by(rng.choice(free), control_values=[rng.randint(0, 1)])
        circuit.append(operation.with_tags("tag") if rng.random() < 0.3 else operation)
    agrees(circuit)


def test_powers_that_have_words_use_them_and_others_keep_every_bit_of_their_angle():
    q = cirq.LineQubit(0)
    circuit = cirq.Circuit(cirq.X(q) ** 0.5, cirq.Z(q) ** -0.25, cirq.S(q), cirq.rx(0.1)(q), cirq.Y(q) ** 0.1)
    assert list(to_program(circuit).body) == [
        ("sx", (0,), ()), ("tdg", (0,), ()), ("s", (0,), ()), ("rx", (0,), (0.1,)), ("ry", (0,), (0.1 * np.pi,)),
    ]  # fmt: skip


def test_qubits_of_every_kind_get_indices_without_gaps_in_cirqs_order():
    line, grid, named = cirq.LineQubit(100), cirq.GridQubit(3, -2), cirq.NamedQubit("alice")
    circuit = cirq.Circuit(cirq.X(line), cirq.Y(grid), cirq.Z(named), cirq.measure(line, grid, named, key="m"))
    program = to_program(circuit)
    order = sorted([line, grid, named])
    assert program.num_qubits == 3
    assert [program.body.qubits[program.body.names.index(word)] for word in "xyz"] == [
        (order.index(line),), (order.index(grid),), (order.index(named),),
    ]  # fmt: skip
    assert convert(circuit).readout.qubits == tuple(map(str, order))


def test_a_qubit_order_gives_the_indices():
    a, b = cirq.LineQubit.range(2)
    program = convert(cirq.Circuit(cirq.CX(a, b)), qubit_order=[b, a]).program
    assert program.body.qubits == ((1, 0),)


def test_one_far_qubit_does_not_widen_the_program():
    assert to_program(cirq.Circuit(cirq.X(cirq.LineQubit(100)))).num_qubits == 1


def test_measurement_keys_of_any_text_name_the_registers():
    a, b = cirq.LineQubit.range(2)
    names = ["two words", "schlüssel 量子", "k" * 200, "a:b", ""]
    keys = [cirq.MeasurementKey.parse_serialized(name) for name in names]
    circuit = cirq.Circuit(cirq.measure(a, b), [cirq.measure(a, key=key) for key in keys])
    program = to_program(circuit)
    assert [register.name for register in program.registers] == ["q(0),q(1)", *names]
    assert program.registers[0].clbits == (0, 1)
    assert program.registers[1].clbits == (2,)


def test_a_repeated_key_is_one_register_of_all_its_instances():
    a, b = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(cirq.measure(a, b, key="m"), cirq.X(a), cirq.measure(b, a, key="m", invert_mask=(True,)))
    conversion = convert(circuit)
    assert conversion.program.registers == (Register("m", (0, 1, 2, 3)),)
    (key,) = conversion.readout.keys
    assert (key.instances, key.width, key.inverted) == (2, 2, (2,))
    assert json.loads(conversion.program.metadata["measurement_dict"]) == {"m": [0, 1, 1, 0]}


def test_a_key_of_two_widths_is_refused():
    a, b = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(cirq.measure(a, b, key="m"), cirq.measure(a, key="m"))
    with pytest.raises(ConversionError, match="was used for 2 qubits"):
        to_program(circuit)


def test_waits_identities_and_tags_leave_nothing_behind():
    a, b = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(
        cirq.wait(a, nanos=10), cirq.I(b), cirq.X(a).with_tags("calibrated"), cirq.IdentityGate(2)(a, b)
    )
    assert list(to_program(circuit).body) == [("x", (0,), ())]


def test_a_reset_is_a_reset():
    a = cirq.LineQubit(0)
    assert list(to_program(cirq.Circuit(cirq.X(a), cirq.reset(a))).body) == [("x", (0,), ()), ("reset", (0,), ())]


def test_a_condition_on_one_bit_is_that_bit_and_an_inverted_one_its_opposite():
    a, b = cirq.LineQubit.range(2)
    for mask, expected in [((), Bit(0)), ((True,), Binary("==", Uint((0,)), Literal(0)))]:
        circuit = cirq.Circuit(cirq.measure(a, key="m", invert_mask=mask), cirq.X(b).with_classical_controls("m"))
        condition, then, otherwise = to_program(circuit).body.params[1]
        assert condition == expected
        assert list(then) == [("x", (1,), ())]
        assert otherwise is None


def test_neighbours_under_one_condition_share_a_block():
    a, b = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(
        cirq.measure(a, key="m"),
        [gate(b).with_classical_controls("m") for gate in (cirq.X, cirq.H, cirq.T)],
        cirq.Y(b),
        cirq.Z(b).with_classical_controls("m"),
    )
    program = to_program(circuit)
    assert program.body.names == ("measure", "if", "y", "if")
    assert program.body.params[1][1].names == ("x", "h", "t")


def test_sub_circuits_unroll_with_their_maps_and_repetitions():
    a, b = cirq.LineQubit.range(2)
    inner = cirq.FrozenCircuit(cirq.X(a), cirq.measure(a, key="m"))
    operation = cirq.CircuitOperation(
        inner, repetitions=2, qubit_map={a: b}, measurement_key_map={"m": "k"}, use_repetition_ids=True
    )
    circuit = cirq.Circuit(cirq.CircuitOperation(cirq.FrozenCircuit(operation), repetitions=2, use_repetition_ids=True))
    program = to_program(circuit)
    assert program.body.names == ("x", "measure") * 4
    assert [register.name for register in program.registers] == sorted(cirq.measurement_key_names(circuit))


def test_symbols_are_resolved_or_become_parameters_one_for_each_expression():
    a = cirq.LineQubit(0)
    t, u = sympy.symbols("t u")
    circuit = cirq.Circuit(cirq.rx(t)(a), cirq.ry(2 * t + u)(a), cirq.rz(t)(a), cirq.X(a) ** (t * u), cirq.rx(u)(a))
    conversion = convert(circuit, param_resolver={"u": 0.25})
    assert len(conversion.expressions) == 3  # rz(t) shares rx(t)'s
    values = [float(expression.subs({t: 0.5})) for expression in conversion.expressions]
    bound = conversion.program.with_values(values)
    direct = to_program(cirq.resolve_parameters(circuit, {"t": 0.5, "u": 0.25}))
    for (name, _, have), (same, _, wanted) in zip(bound.body, direct.body, strict=True):
        assert (name, have) == (same, pytest.approx(wanted, rel=1e-15))


def test_a_symbol_resolved_gives_the_bits_of_the_value_itself():
    a = cirq.LineQubit(0)
    circuit = cirq.Circuit(cirq.rx(sympy.Symbol("t"))(a))
    assert convert(circuit, param_resolver={"t": 0.1}).program.body.params == ((0.1,),)


def test_parameterised_gates_of_every_kind_agree_with_the_resolved_circuit():
    t = sympy.Symbol("t")
    qubits = cirq.LineQubit.range(3)
    gates = [kind(exponent=t, global_shift=0.2) for kind, _ in POWERS]
    gates += [cirq.FSimGate(t, t / 2), cirq.PhasedXPowGate(phase_exponent=t, exponent=2 * t), MS(t, 0.1, t)]
    gates += [cirq.PhasedXZGate(x_exponent=t, z_exponent=2 * t, axis_phase_exponent=0.3), GPI(t), GPI2(t), ZZ(t)]
    gates += [cirq.ControlledGate(gate) for gate in gates if cirq.num_qubits(gate) < 3]
    circuit = cirq.Circuit(cirq.H.on_each(qubits), [gate.on(*qubits[: cirq.num_qubits(gate)]) for gate in gates])
    conversion = convert(circuit)
    values = [float(expression.subs({t: 0.37})) for expression in conversion.expressions]
    have = unitary_of(tuple(conversion.program.with_values(values).body), 3)
    wanted = cirq.unitary(cirq.resolve_parameters(circuit, {"t": 0.37}))
    cirq.testing.assert_allclose_up_to_global_phase(have, wanted, atol=1e-7)


def test_cirq_ionqs_native_gates_are_understood_without_importing_the_package():
    import cirq_ionq

    a, b = cirq.LineQubit.range(2)
    theirs = cirq.Circuit(
        cirq_ionq.GPIGate(phi=0.1)(a), cirq_ionq.GPI2Gate(phi=0.2)(b), cirq_ionq.MSGate(phi0=0.1, phi1=0.3)(a, b),
        cirq_ionq.ZZGate(theta=0.2)(a, b),
    )  # fmt: skip
    ours = cirq.Circuit(GPI(0.1)(a), GPI2(0.2)(b), MS(0.1, 0.3)(a, b), ZZ(0.2)(a, b))
    assert to_program(theirs).body == to_program(ours).body
    cirq.testing.assert_allclose_up_to_global_phase(cirq.unitary(theirs), cirq.unitary(ours), atol=1e-9)


def test_all_problems_come_at_once_with_place_name_and_way_out():
    a, b = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(
        cirq.X(a),
        cirq.depolarize(0.1)(a),
        cirq.measure(b, key="m", confusion_map={(0,): np.array([[0.9, 0.1], [0.2, 0.8]])}),
        cirq.X(a).with_classical_controls("m"),
        cirq.CircuitOperation(
            cirq.FrozenCircuit(cirq.X(a), cirq.measure(a, key="z")),
            use_repetition_ids=False,
            repeat_until=cirq.KeyCondition(cirq.MeasurementKey("z")),
        ),
    )
    with pytest.raises(ConversionError) as caught:
        to_program(circuit)
    problems = caught.value.problems
    assert len(problems) == 3
    assert all(isinstance(problem, UnsupportedOperationError) for problem in problems)
    operations = list(circuit.all_operations())
    for problem, words in zip(problems, ["noise", "confusion_map", "repeat_until"], strict=True):
        assert words in problem.message
        assert " ".join(str(operations[problem.index]).split()) == problem.operation
        assert words in str(caught.value)


@pytest.mark.parametrize(
    "operation",
    [
        cirq.KrausChannel([np.eye(2)], key="k"),
        cirq.StatePreparationChannel(np.array([1, 0])),
        cirq.RandomGateChannel(sub_gate=cirq.X, probability=0.5),
        cirq.DensePauliString("X", coefficient=2),
    ],
    ids=lambda gate: type(gate).__name__,
)
def test_what_is_no_gate_is_refused_on_one_line(operation):
    circuit = cirq.Circuit(operation.on(cirq.LineQubit(0)), cirq.measure(cirq.LineQubit(0), key="m"))
    with pytest.raises(UnsupportedOperationError) as caught:
        to_program(circuit)
    assert caught.value.index == 0
    assert "\n" not in caught.value.message


def test_a_symbol_that_is_no_real_number_is_refused_with_its_place():
    a = cirq.LineQubit(0)
    circuit = cirq.Circuit(cirq.H(a), cirq.X(a) ** sympy.Symbol("t"))
    with pytest.raises(UnsupportedOperationError, match="real number") as caught:
        convert(circuit, param_resolver={"t": 1j})
    assert caught.value.index == 1


def test_a_condition_on_a_key_that_was_not_measured_yet_is_refused():
    a, b = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(cirq.Moment(cirq.X(b).with_classical_controls("m")), cirq.Moment(cirq.measure(a, key="m")))
    with pytest.raises(ConversionError, match="has not been measured before"):
        to_program(circuit)


def test_qudits_are_refused():
    with pytest.raises(ConversionError, match="3 levels"):
        to_program(cirq.Circuit(cirq.IdentityGate(qid_shape=(3,))(cirq.LineQid(0, 3))))


def test_an_empty_circuit_is_refused():
    with pytest.raises(ConversionError, match="no qubits"):
        to_program(cirq.Circuit())
