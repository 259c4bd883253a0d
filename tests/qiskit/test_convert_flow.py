import itertools

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Clbit, ForLoopOp, Parameter
from qiskit.circuit.classical import expr, types
from qiskit.circuit.controlflow import CASE_DEFAULT
from qiskit_aer import AerSimulator

from qsession_core.errors import LimitExceededError, UnsupportedOperationError
from qsession_core.expressions import Bit, Uint, evaluate
from qsession_core.results.result import Register
from qsession_qiskit.conversion.convert import to_program
from tests.support.judge import qiskit_distribution

SHOTS = 4000


def agrees_with_aer(circuit):
    """Compare the exact distribution of the program with what Aer samples."""
    exact = qiskit_distribution(to_program(circuit))
    counts = AerSimulator(seed_simulator=5).run(circuit, shots=SHOTS).result().get_counts()
    seen = {key.replace(" ", ""): count / SHOTS for key, count in counts.items()}
    assert sum(exact.values()) == pytest.approx(1)
    for key in exact.keys() | seen.keys():
        p = exact.get(key, 0.0)
        assert abs(p - seen.get(key, 0.0)) < 5 * np.sqrt(max(p * (1 - p), 1e-9) / SHOTS) + 1e-9, (key, exact, seen)


def tossed(num_bits=3, *registers):
    """A circuit whose first bits are coins of different bias."""
    circuit = QuantumCircuit(
        QuantumRegister(num_bits + 1, "q"), *(registers or (ClassicalRegister(num_bits + 1, "c"),))
    )
    for bit in range(num_bits):
        circuit.ry(0.7 + 0.5 * bit, bit)
        circuit.measure(bit, bit)
    return circuit


def test_if_and_else():
    circuit = tossed()
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(3)
    with otherwise:
        circuit.ry(1.0, 3)
    circuit.measure(3, 3)
    agrees_with_aer(circuit)


def test_conditions_on_whole_registers_read_the_first_bit_as_the_lowest():
    circuit = tossed(3, ClassicalRegister(2, "a"), ClassicalRegister(2, "b"))
    with circuit.if_test((circuit.cregs[0], 2)):
        circuit.x(3)
    circuit.measure(3, 3)
    (condition, _, _) = to_program(circuit).body.params[-2]
    assert condition.left == Uint((0, 1))
    agrees_with_aer(circuit)


def test_nested_ifs():
    circuit = tossed()
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.h(3)
        with circuit.if_test((circuit.clbits[1], 0)):
            circuit.measure(3, 3)
            with circuit.if_test((circuit.clbits[3], 1)):
                circuit.x(3)
    circuit.measure(3, 2)
    agrees_with_aer(circuit)


def test_blocks_on_permuted_bits_name_the_bits_of_the_circuit():
    body = QuantumCircuit(2, 2)
    body.x(0)
    body.measure(0, 1)
    circuit = QuantumCircuit(3, 3)
    circuit.if_test((circuit.clbits[2], 0), body, [2, 0], [0, 1])
    (condition, yes, _) = to_program(circuit).body.params[0]
    assert evaluate(condition, [0, 0, 0]) is True
    assert list(yes) == [("x", (2,), ()), ("measure", (2,), (1,))]


@pytest.mark.parametrize("values", [[0, 3], [1, (2, 5), CASE_DEFAULT], [CASE_DEFAULT], [7]])
def test_switch_takes_the_first_case_that_fits(values):
    circuit = tossed(3, ClassicalRegister(3, "a"), ClassicalRegister(1, "b"))
    with circuit.switch(circuit.cregs[0]) as case:
        for number, value in enumerate(values):
            with case(*value) if isinstance(value, tuple) else case(value):
                circuit.ry(0.6 * (number + 1), 3)
    circuit.measure(3, 3)
    agrees_with_aer(circuit)


def test_switch_on_a_bit():
    circuit = tossed(2)
    with circuit.switch(circuit.clbits[1]) as case:
        with case(True):  # noqa: FBT003
            circuit.x(2)
        with case(False):  # noqa: FBT003
            circuit.ry(1, 2)
    circuit.measure(2, 2)
    agrees_with_aer(circuit)


def test_loops_are_unrolled_with_their_variable():
    circuit = QuantumCircuit(1, 1)
    angle = Parameter("i")
    with circuit.for_loop(range(1, 4), angle):
        circuit.rx(angle * 0.1, 0)
    with circuit.for_loop([5, 7]):
        circuit.x(0)
    program = to_program(circuit)
    assert program.body.names == ("rx", "rx", "rx", "x", "x")
    assert program.body.params[:3] == ((0.1,), (0.2,), (0.30000000000000004,))


@pytest.mark.parametrize("escape", ["break_loop", "continue_loop"])
def test_conditional_escapes_are_unrolled(escape):
    circuit = QuantumCircuit(2, 4)
    with circuit.for_loop(range(3)):
        circuit.ry(1.1, 0)
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            getattr(circuit, escape)()
        circuit.ry(0.4, 1)
    circuit.measure(1, 1)
    agrees_with_aer(circuit)


def test_escapes_from_within_switches_and_nested_ifs_are_unrolled():
    circuit = QuantumCircuit(2, 4)
    with circuit.for_loop(range(3)):
        circuit.ry(1.1, 0)
        circuit.measure(0, 0)
        circuit.ry(0.9, 0)
        circuit.measure(0, 1)
        with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
            with circuit.if_test((circuit.clbits[1], 1)):
                circuit.break_loop()
            circuit.ry(0.3, 1)
        with otherwise, circuit.switch(circuit.clbits[1]) as case, case(1):
            circuit.continue_loop()
        circuit.ry(0.4, 1)
    circuit.measure(1, 2)
    agrees_with_aer(circuit)


def test_an_inner_loop_keeps_its_breaks_to_itself():
    circuit = QuantumCircuit(1, 1)
    with circuit.for_loop(range(2)):
        with circuit.for_loop(range(5)):
            circuit.x(0)
            circuit.break_loop()
        circuit.h(0)
    assert to_program(circuit).body.names == ("x", "h", "x", "h")


def test_loops_too_large_to_unroll_are_refused_with_the_limit():
    circuit = QuantumCircuit(1, 1)
    with circuit.for_loop(range(1000)):
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.break_loop()
    with pytest.raises(LimitExceededError) as caught:
        to_program(circuit)
    assert (caught.value.asked, caught.value.limit) == (1000, 100)


def test_while_loops_are_refused_with_a_way_out():
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.h(0)
        circuit.measure(0, 0)
    with pytest.raises(UnsupportedOperationError, match=r"Operation 0, while_loop on qubit 0, .* for_loop"):
        to_program(circuit)


def test_reset_and_measurement_in_the_middle():
    circuit = tossed(2)
    circuit.reset(0)
    circuit.h(0)
    circuit.measure(0, 1)
    circuit.barrier()
    circuit.cx(0, 2)
    circuit.measure(2, 2)
    agrees_with_aer(circuit)


# --- expressions -----------------------------------------------------------------------------------------------


def truth_table(make, width=3):
    """Evaluate a condition for every value of two registers."""
    a, b = ClassicalRegister(width, "a"), ClassicalRegister(width, "b")
    circuit = QuantumCircuit(QuantumRegister(1), a, b)
    with circuit.if_test(make(a, b)):
        circuit.x(0)
    (condition, _, _) = to_program(circuit).body.params[0]
    return {
        (x, y): evaluate(condition, [x >> i & 1 for i in range(width)] + [y >> i & 1 for i in range(width)])
        for x, y in itertools.product(range(1 << width), repeat=2)
    }


@pytest.mark.parametrize(
    ("make", "meaning"),
    [
        (expr.less, lambda x, y: x < y),
        (expr.greater_equal, lambda x, y: x >= y),
        (expr.not_equal, lambda x, y: x != y),
        (lambda a, b: expr.equal(expr.bit_and(a, b), 2), lambda x, y: x & y == 2),
        (lambda a, b: expr.equal(expr.bit_xor(a, b), expr.bit_or(a, b)), lambda x, y: x ^ y == x | y),
        (lambda a, b: expr.equal(expr.bit_not(a), b), lambda x, y: 7 - x == y),
        (lambda a, b: expr.equal(expr.shift_left(a, 1), b), lambda x, y: (x << 1) % 8 == y),
        (lambda a, b: expr.equal(expr.shift_right(a, 1), b), lambda x, y: x >> 1 == y),
        (lambda a, b: expr.logic_and(a[0], expr.logic_not(b[2])), lambda x, y: bool(x & 1 and not y & 4)),
        (lambda a, b: expr.logic_or(expr.bit_xor(a[0], b[0]), b[1]), lambda x, y: (x ^ y) & 1 == 1 or bool(y & 2)),
        (lambda a, _: expr.index(a, 1), lambda x, _: bool(x & 2)),
        (lambda a, _: expr.cast(a, types.Bool()), lambda x, _: x != 0),
        (lambda a, _: expr.equal(expr.cast(a, types.Uint(2)), 1), lambda x, _: x % 4 == 1),
        (lambda a, b: expr.equal(expr.cast(a[1], types.Uint(3)), b), lambda x, y: x >> 1 & 1 == y),
    ],
)
def test_classical_expressions_mean_what_they_mean_in_qiskit(make, meaning):
    assert truth_table(make) == {(x, y): meaning(x, y) for x, y in itertools.product(range(8), repeat=2)}


@pytest.mark.skipif(not hasattr(expr, "add"), reason="arithmetic came with Qiskit 2")
@pytest.mark.parametrize(
    ("name", "meaning"),
    [("add", lambda x, y: (x + y) % 8), ("sub", lambda x, y: (x - y) % 8), ("mul", lambda x, y: x * y % 8)],
)
def test_arithmetic_wraps_around_at_the_width(name, meaning):
    table = truth_table(lambda a, b: expr.equal(getattr(expr, name)(a, b), 5))
    assert table == {(x, y): meaning(x, y) == 5 for x, y in itertools.product(range(8), repeat=2)}


@pytest.mark.skipif(
    "Var" not in str(ForLoopOp.__init__.__annotations__), reason="loops over classical variables came with Qiskit 2.4"
)
def test_a_loop_over_a_classical_variable_leaves_nothing_to_ask_about_it():
    circuit = QuantumCircuit(1, 1)
    index = expr.Var.new("i", types.Uint(8))
    with circuit.for_loop(range(3), index):
        with circuit.if_test(expr.less(expr.add(index, 1), 3)):
            circuit.x(0)
        with circuit.if_test(expr.logic_and(expr.equal(index, 2), circuit.clbits[0])):
            circuit.z(0)
    program = to_program(circuit)
    assert program.body.names == ("x", "x", "if")
    assert program.body.params[-1][0] == Bit(0)


# --- registers -------------------------------------------------------------------------------------------------


def test_registers_keep_their_order_loose_bits_and_overlaps():
    loose, shared = Clbit(), ClassicalRegister(2, "first")
    overlapping = ClassicalRegister(name="second", bits=[shared[1], loose])
    circuit = QuantumCircuit(1)
    circuit.add_register(shared)
    circuit.add_bits([Clbit(), loose])
    circuit.add_register(overlapping)
    circuit.measure(0, loose)
    program = to_program(circuit)
    assert program.num_clbits == 4
    assert program.registers == (Register("first", (0, 1)), Register("second", (1, 3)))
    assert program.readout == (None, None, None, 0)


def test_a_condition_on_a_loose_bit():
    circuit = QuantumCircuit(QuantumRegister(1), [Clbit(), Clbit()])
    with circuit.if_test((circuit.clbits[1], 1)):
        circuit.x(0)
    assert to_program(circuit).body.params[0][0] == Bit(1)
