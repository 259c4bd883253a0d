"""Whatever the program: what is written means the same, to 1e-11, as the local workspace's own readers read it."""

from __future__ import annotations

import pytest

from qsession_core.errors import ConversionError
from qsession_core.formats.ionq import IonQCircuit
from qsession_core.formats.openqasm2 import OpenQasm2
from qsession_core.formats.qir.module import Qir
from qsession_core.gates.words import GATES
from qsession_core.program import Program
from qsession_core.results.layout import Layout
from tests.support import judge, payload_judge, random_programs

SEEDS = range(300)
STRAIGHT = [(Qir(), "Base"), (Qir("quantinuum"), "Base"), (Qir("quantinuum"), "Adaptive_RI"), (OpenQasm2(), "")]


def openqasm_distribution(payload):
    """Return the distribution of an OpenQASM text as Qiskit's parser understands it."""
    from qiskit import qasm2

    circuit = qasm2.loads(payload.data.decode())
    layout = Layout.from_text(payload.metadata[Layout.KEY])
    assert tuple(register.name for register in circuit.cregs) == layout.names
    order = [circuit.find_bit(bit).index for register in circuit.cregs for bit in reversed(register)]
    read = Program.of(circuit.num_qubits, circuit.num_clbits, _operations(circuit))
    found = {}
    for key, chance in judge.distribution(read).items():
        bits = ["0"] * layout.num_clbits
        for clbit, place in zip(layout.recorded, order, strict=True):
            bits[clbit] = key[place]
        found["".join(bits)] = found.get("".join(bits), 0.0) + chance
    return found


def _operations(circuit, clbits=None, qubits=None):
    from qsession_core.expressions import Binary, Literal, Uint
    from qsession_core.program import Block

    for item in circuit.data:
        name = item.operation.name
        places = tuple(circuit.find_bit(bit).index for bit in item.qubits)
        bits = tuple(circuit.find_bit(bit).index for bit in item.clbits)
        places = places if qubits is None else tuple(qubits[place] for place in places)
        bits = bits if clbits is None else tuple(clbits[bit] for bit in bits)
        condition = getattr(item.operation, "condition", None)  # before Qiskit 2 every operation may have one
        if name == "if_else":
            then = Block.of(_operations(item.operation.params[0], bits, places))
        else:
            plain = name, places, bits if name == "measure" else tuple(map(float, item.operation.params))
            if condition is None:
                yield plain
                continue
            then = Block.of([plain])
        register, number = condition
        whole = tuple(circuit.find_bit(bit).index for bit in register)
        yield "if", (), (Binary("==", Uint(whole), Literal(number)), then, None)


def distribution(payload):
    if payload.input_data_format == "honeywell.openqasm.v1":
        return openqasm_distribution(payload)
    return payload_judge.distribution(payload)


@pytest.mark.parametrize(("format_", "profile"), [*STRAIGHT, (IonQCircuit(), "")])
def test_a_program_that_measures_at_its_end(format_, profile):
    for seed in SEEDS:
        program = random_programs.terminal(seed)

        payload = format_.encode(program, profile=profile)

        assert judge.gap(judge.distribution(program), distribution(payload)) < 1e-11, seed


@pytest.mark.parametrize(("format_", "profile"), STRAIGHT)
def test_a_program_that_measures_resets_and_uses_qubits_again(format_, profile):
    checked = 0
    for seed in SEEDS:
        program = random_programs.midway(seed)

        payload = format_.encode(program, profile=profile)

        if payload.num_qubits <= 12:  # a matter of time only
            checked += 1
            assert judge.gap(judge.distribution(program), distribution(payload)) < 1e-11, seed
    assert checked > 280


@pytest.mark.parametrize(("profile", "floats"), [("Adaptive_RI", False), ("Adaptive_RIF", True)])
@pytest.mark.parametrize("dialect", ["quantinuum", "microsoft"])
def test_a_program_with_nested_conditions(dialect, profile, floats):
    refused = 0
    for seed in SEEDS:
        program = random_programs.branching(seed, floats=floats)
        try:
            payload = Qir(dialect).encode(program, profile=profile)
        except ConversionError:  # a condition that has no value in Python either
            refused += 1
            continue

        assert judge.gap(judge.distribution(program), payload_judge.distribution(payload)) < 1e-11, seed
    assert refused <= 3


def test_a_program_with_conditions_that_openqasm_can_write():
    written = 0
    for seed in range(600):
        program = random_programs.branching(seed)
        try:
            payload = OpenQasm2().encode(program)
        except ConversionError:
            continue
        written += 1

        assert judge.gap(judge.distribution(program), openqasm_distribution(payload)) < 1e-11, seed
    assert written > 200


@pytest.mark.parametrize("format_", [IonQCircuit(), Qir(), Qir("quantinuum")])
def test_gates_come_back_as_the_same_unitary(format_):
    for seed in SEEDS:
        program = random_programs.terminal(seed, most_controls=3)
        wanted = [step for step in program.body if step[0] not in {"measure", "barrier"}]
        # each qubit to a bit of its own, so that no qubit is measured twice and copied
        measured = [("measure", (qubit,), (qubit,)) for qubit in range(program.num_qubits)]

        payload = format_.encode(Program.of(program.num_qubits, program.num_qubits, [*wanted, *measured]))

        found = judge.unitary(program.num_qubits, payload_judge.gates(payload))
        assert judge.distance(found, judge.unitary(program.num_qubits, wanted)) < 1e-12 * max(20, len(wanted)), seed


def test_native_gates_come_back_as_the_same_unitary():
    for seed in SEEDS:
        program = random_programs.terminal(seed, words=random_programs.NATIVE, most_controls=0)
        wanted = [step for step in program.body if step[0] in GATES]

        payload = IonQCircuit("native").encode(program)

        found = judge.unitary(program.num_qubits, payload_judge.gates(payload))
        assert judge.distance(found, judge.unitary(program.num_qubits, wanted)) < 1e-13, seed
        assert judge.gap(judge.distribution(program), payload_judge.distribution(payload)) < 1e-12


@pytest.mark.parametrize("word", ["crx", "cry", "crz", "cp"])
@pytest.mark.parametrize("angle", [-0.5, -3.0, -7.5, 7.0, 9.5, 13.0, -20.0, 6.283185307179586, -6.283185307179586])
@pytest.mark.parametrize("format_", [IonQCircuit(), Qir(), Qir("quantinuum")])
def test_controlled_rotations_are_right_beyond_any_turn(format_, word, angle):
    steps = [(word, (1, 0), (angle,))]
    measured = [("measure", (qubit,), (qubit,)) for qubit in (0, 1)]

    payload = format_.encode(Program.of(2, 2, [*steps, *measured]))

    assert judge.distance(judge.unitary(2, payload_judge.gates(payload)), judge.unitary(2, steps)) < 1e-12


@pytest.mark.parametrize("word", ["crx", "cry", "crz", "cp"])
@pytest.mark.parametrize("angle", [-0.5, -3.0, -7.5, 7.0, 9.5, 13.0, -20.0])
def test_controlled_rotations_are_right_in_openqasm(word, angle):
    before = [("h", (0,), ()), ("ry", (1,), (0.7,)), ("h", (1,), ())]
    after = [("ry", (0,), (0.3,)), ("h", (0,), ()), ("h", (1,), ())]
    measured = [("measure", (qubit,), (qubit,)) for qubit in (0, 1)]
    program = Program.of(2, 2, [*before, (word, (1, 0), (angle,)), *after, *measured])

    assert judge.gap(judge.distribution(program), openqasm_distribution(OpenQasm2().encode(program))) < 1e-12
