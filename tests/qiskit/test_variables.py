"""Classical variables: stored, read, in branches and loops. The judge reads Qiskit's own circuits."""

from __future__ import annotations

import random

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.classical import expr, types

from qsession_core import Workspace
from qsession_core.errors import ConversionError, LimitExceededError
from qsession_core.formats.qir.module import Qir
from qsession_qiskit import AzureQuantumProvider
from qsession_qiskit.conversion.convert import to_program
from tests.support import payload_judge
from tests.support.judge import qiskit_distribution
from tests.support.qiskit_reference import distribution

BYTE = types.Uint(8)
pytestmark = pytest.mark.skipif(not hasattr(expr, "add"), reason="arithmetic came with Qiskit 2")


def agrees(circuit):
    """Compare the program, and its QIR, with the reference."""
    program = to_program(circuit)
    exact = qiskit_distribution(program)
    written = payload_judge.distribution(Qir("quantinuum").encode(program, profile="Adaptive_RIF"))
    assert exact == pytest.approx(distribution(circuit))
    assert {key[::-1]: chance for key, chance in written.items()} == pytest.approx(exact)


def coins(num_coins=2, num_more=1):
    circuit = QuantumCircuit(
        QuantumRegister(num_coins + num_more), ClassicalRegister(num_coins, "coin"), ClassicalRegister(num_more, "out")
    )
    for coin in range(num_coins):
        circuit.ry(0.9 + coin, coin)
        circuit.measure(coin, coin)
    return circuit


def test_a_variable_has_the_value_that_was_stored_last():
    circuit = QuantumCircuit(1, 1)
    flag = circuit.add_var("flag", expr.lift(True))  # noqa: FBT003 - Qiskit's signature
    for value in (True, False, True, True):
        circuit.store(flag, expr.lift(value))
        with circuit.if_test(flag):
            circuit.x(0)
    circuit.measure(0, 0)

    assert qiskit_distribution(to_program(circuit)) == {"1": 1.0}
    assert set(to_program(circuit).words) == {"x", "measure"}, "constants need no classical control"


def test_a_variable_keeps_what_a_bit_was_before_it_was_measured_again():
    circuit = coins(1, 2)
    kept = circuit.add_var("kept", expr.lift(circuit.clbits[0]))
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test(kept):
        circuit.x(1)
    circuit.measure([1, 0], [1, 2])
    agrees(circuit)


def test_events_are_counted():
    circuit = coins(3, 2)
    count = circuit.add_var("count", expr.lift(0, BYTE))
    for coin in range(3):
        with circuit.if_test((circuit.clbits[coin], 1)):
            circuit.store(count, expr.add(count, 1))
    for place in range(2):
        with circuit.if_test(expr.equal(expr.bit_and(expr.shift_right(count, place), 1), 1)):
            circuit.x(3 + place)
        circuit.measure(3 + place, 3 + place)
    agrees(circuit)


def test_bits_and_registers_take_values_too():
    circuit = coins(2, 3)
    out = circuit.cregs[1]
    circuit.store(out, expr.lift(5, types.Uint(3)))
    circuit.store(circuit.clbits[3], expr.logic_and(circuit.clbits[0], circuit.clbits[1]))
    agrees(circuit)


def test_one_bit_of_a_variable_is_stored():
    circuit = coins(2, 1)
    pair = circuit.add_var("pair", expr.lift(2, types.Uint(2)))
    circuit.store(expr.index(pair, 0), expr.lift(circuit.clbits[0]))
    with circuit.if_test(expr.equal(pair, 3)):
        circuit.x(2)
    circuit.measure(2, 2)
    agrees(circuit)


def test_a_while_loop_over_a_counter_is_unrolled():
    circuit = coins(1, 1)
    number = circuit.add_var("number", expr.lift(0, BYTE))
    with circuit.while_loop(expr.less(number, 5)):
        circuit.rx(0.3, 1)
        circuit.store(number, expr.add(number, 1))
    circuit.measure(1, 1)
    program = to_program(circuit)

    assert program.body.names.count("rx") == 5
    assert "assign" not in program.words
    agrees(circuit)


def test_a_while_loop_over_a_counter_may_break():
    circuit = coins(1, 2)
    number = circuit.add_var("number", expr.lift(0, BYTE))
    with circuit.while_loop(expr.less(number, 4)):
        circuit.ry(0.8, 1)
        circuit.measure(1, 1)
        circuit.store(number, expr.add(number, 1))
        with circuit.if_test((circuit.clbits[1], 1)):
            circuit.break_loop()
    with circuit.if_test(expr.equal(number, 2)):
        circuit.x(2)
    circuit.measure(2, 2)
    agrees(circuit)


def test_a_for_loop_that_stores_is_unrolled_with_its_values():
    circuit = coins(2, 1)
    total = circuit.add_var("total", expr.lift(0, BYTE))
    with circuit.for_loop(range(3)), circuit.if_test((circuit.clbits[0], 1)):
        circuit.store(total, expr.add(total, 2))
    with circuit.if_test(expr.greater(total, 4)):
        circuit.x(2)
    circuit.measure(2, 2)
    agrees(circuit)


def test_constant_loops_and_variables_run_where_there_is_no_classical_control():
    backend = AzureQuantumProvider(Workspace.local(seed=3)).get_backend("ionq.simulator")
    circuit = QuantumCircuit(2, 2)
    number = circuit.add_var("number", expr.lift(0, BYTE))
    with circuit.while_loop(expr.less(number, 3)):
        circuit.x(0)
        circuit.store(number, expr.add(number, 1))
    with circuit.switch(number) as case:
        with case(3):
            circuit.x(1)
        with case(case.DEFAULT):
            circuit.h(1)
    circuit.measure([0, 1], [0, 1])

    assert backend.run(circuit, shots=8).result().get_counts() == {"11": 8}


@pytest.mark.parametrize("seed", range(12))
def test_drawn_programs_with_variables_agree_with_the_reference(seed):
    draw = random.Random(seed)
    circuit = coins(2, 2)
    first = circuit.add_var("first", expr.lift(draw.randrange(8), BYTE))
    second = circuit.add_var("second", expr.lift(circuit.clbits[0]))

    def number():
        left = draw.choice([first, expr.cast(second, BYTE), expr.lift(draw.randrange(256), BYTE)])
        make = draw.choice([expr.add, expr.sub, expr.bit_and, expr.bit_or, expr.bit_xor, expr.mul])
        return make(left, draw.choice([first, expr.lift(draw.randrange(256), BYTE)]))

    def truth():
        compared = draw.choice([expr.less, expr.equal, expr.greater_equal, expr.not_equal])(number(), first)
        return draw.choice([compared, expr.logic_not(second), expr.logic_or(circuit.clbits[1], compared)])

    for _ in range(draw.randrange(2, 6)):
        with circuit.if_test(truth()) as otherwise:
            circuit.store(first, number())
            circuit.x(2)
        if draw.random() < 0.6:
            with otherwise:
                circuit.store(second, truth())
                circuit.ry(0.7, 3)
        circuit.store(second, truth())
        if draw.random() < 0.3:
            circuit.measure(3, 3)
    with circuit.if_test(expr.less(first, 100)):
        circuit.x(3)
    circuit.measure([2, 3], [2, 3])
    agrees(circuit)


def test_variables_stay_beside_the_observables_of_an_estimator():
    from qiskit.quantum_info import SparsePauliOp

    from qsession_qiskit import EstimatorV2

    backend = AzureQuantumProvider(Workspace.local(seed=3)).get_backend("quantinuum.sim.h2-1e")
    circuit = coins(1, 1)
    seen = circuit.add_var("seen", expr.lift(circuit.clbits[0]))
    with circuit.if_test(expr.logic_not(seen)):
        circuit.x(0)
    quiet = {"input_params": {"error-model": False}}

    result = EstimatorV2(backend, options=quiet).run([(circuit, SparsePauliOp("IZ"))], precision=0.2).result()

    assert result[0].data.evs == pytest.approx(-1)


def unset():
    circuit = coins()
    variable = expr.Var.new("later", BYTE)
    circuit.add_uninitialized_var(variable)
    with circuit.if_test(expr.equal(variable, 0)):
        circuit.x(2)
    return circuit


def computed_float():
    circuit = coins()
    angle = circuit.add_var("angle", expr.lift(0.5, types.Float()))
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.store(angle, expr.lift(0.7, types.Float()))
    with circuit.if_test(expr.less(angle, 0.6)):
        circuit.x(2)
    return circuit


def until_measured():
    circuit = coins()
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.h(0)
        circuit.measure(0, 0)
    return circuit


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (unset, "'later' has no value yet: store one"),
        (computed_float, "'angle' of type Float.* use Bool or Uint"),
        (until_measured, "depends on measurements: write a for_loop"),
    ],
)
def test_what_cannot_be_known_or_computed_is_refused_by_name(make, said):
    with pytest.raises(ConversionError, match=said):
        to_program(make())


def test_a_while_loop_that_does_not_end_is_refused():
    circuit = coins()
    number = circuit.add_var("number", expr.lift(0, BYTE))
    with circuit.while_loop(expr.less(number, 5)):
        circuit.x(2)

    with pytest.raises(LimitExceededError, match="while_loop goes on"):
        to_program(circuit)
