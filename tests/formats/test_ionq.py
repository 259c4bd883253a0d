"""IonQ's JSON: its gate tables, what is worked out for it, and what is refused."""

from __future__ import annotations

import json
import math

import pytest

from qsession_core.errors import ConversionError, UnboundParameterError, UnsupportedOperationError
from qsession_core.expressions import Bit
from qsession_core.formats.ionq import IonQCircuit, tell_of_barriers
from qsession_core.gates.words import controlled
from qsession_core.program import Angle, Block, Program, Register
from tests.support import judge, payload_judge


def circuit(steps, *, gateset="qis", num_qubits=9):
    program = Program.of(num_qubits, 1, [*steps, ("measure", (0,), (0,))])
    return json.loads(IonQCircuit(gateset).encode(program).data)["circuit"]


def test_a_bell_pair_is_this_text():
    steps = [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))]

    payload = IonQCircuit().encode(Program.of(2, 2, steps))

    assert payload.data == (
        b'{"gateset":"qis","qubits":2,"circuit":[{"gate":"h","targets":[0]},{"gate":"x","controls":[0],"targets":[1]}]}'
    )
    assert payload.content_type == "application/json"
    assert payload.input_data_format == "ionq.circuit.v1"
    assert payload.output_data_format == "ionq.quantum-results.v1"
    assert payload.metadata["meas_map"] == "[0,1]"
    assert payload.num_qubits == 2


@pytest.mark.parametrize(
    ("word", "params", "written"),
    [
        ("x", (), {"gate": "x", "targets": [3]}),
        ("y", (), {"gate": "y", "targets": [3]}),
        ("z", (), {"gate": "z", "targets": [3]}),
        ("h", (), {"gate": "h", "targets": [3]}),
        ("s", (), {"gate": "s", "targets": [3]}),
        ("sdg", (), {"gate": "si", "targets": [3]}),
        ("t", (), {"gate": "t", "targets": [3]}),
        ("tdg", (), {"gate": "ti", "targets": [3]}),
        ("sx", (), {"gate": "v", "targets": [3]}),
        ("sxdg", (), {"gate": "vi", "targets": [3]}),
        ("rx", (0.25,), {"gate": "rx", "targets": [3], "rotation": 0.25}),
        ("ry", (-0.1,), {"gate": "ry", "targets": [3], "rotation": -0.1}),
        ("rz", (9.0,), {"gate": "rz", "targets": [3], "rotation": 9.0}),
        ("p", (0.25,), {"gate": "rz", "targets": [3], "rotation": 0.25}),
    ],
)
def test_each_gate_of_one_qubit_is_one_entry(word, params, written):
    assert circuit([(word, (3,), params)]) == [written]


@pytest.mark.parametrize(("word", "name"), [("rxx", "xx"), ("ryy", "yy"), ("rzz", "zz")])
def test_rotations_of_two_qubits_are_in_radians(word, name):
    assert circuit([(word, (3, 1), (0.5,))]) == [{"gate": name, "targets": [3, 1], "rotation": 0.5}]


def test_a_swap_is_one_entry():
    assert circuit([("swap", (3, 1), ())]) == [{"gate": "swap", "targets": [3, 1]}]


@pytest.mark.parametrize("num_controls", [1, 2, 5, 7])
@pytest.mark.parametrize(
    ("target", "params", "name"),
    [("x", (), "x"), ("z", (), "z"), ("t", (), "t"), ("ry", (0.5,), "ry"), ("sx", (), "v")],
)
def test_up_to_seven_controls_are_one_entry(target, params, name, num_controls):
    word = controlled(target, num_controls)

    (entry,) = circuit([(word, tuple(range(num_controls + 1)), params)])

    assert (entry["gate"], entry["targets"]) == (name, [num_controls])
    assert entry["controls"] == list(range(num_controls))
    assert entry.get("rotation") == (params[0] if params else None)


def test_eight_controls_are_worked_out_in_fewer():
    entries = circuit([("ctrl(8) @ x", tuple(range(9)), ())])

    assert max(len(entry.get("controls", [])) for entry in entries) == 7
    assert len(entries) < 200


def test_a_controlled_phase_is_a_rotation_and_half_of_it_on_its_control():
    assert circuit([("cp", (2, 1), (0.5,))]) == [
        {"gate": "rz", "controls": [2], "targets": [1], "rotation": 0.5},
        {"gate": "rz", "targets": [2], "rotation": 0.25},
    ]


def test_no_z_has_a_rotation_because_its_meaning_is_not_documented():
    steps = [
        ("p", (0,), (0.1,)),
        ("cp", (0, 1), (0.2,)),
        ("ctrl(3) @ p", (0, 1, 2, 3), (0.3,)),
        ("u", (0,), (1.0, 2.0, 3.0)),
    ]

    assert not [entry for entry in circuit(steps) if entry["gate"] == "z" and "rotation" in entry]


def test_native_gates_are_in_turns():
    steps = [("gpi", (0,), (0.1,)), ("gpi2", (1,), (-0.2,)), ("ms", (1, 0), (0.1, 0.2, 0.25)), ("zz", (0, 2), (0.3,))]

    assert circuit(steps, gateset="native") == [
        {"gate": "gpi", "target": 0, "phase": 0.1},
        {"gate": "gpi2", "target": 1, "phase": -0.2},
        {"gate": "ms", "targets": [1, 0], "phases": [0.1, 0.2], "angle": 0.25},
        {"gate": "zz", "targets": [0, 2], "angle": 0.3},
    ]


@pytest.mark.parametrize("angle", [0.1, 1e-300, 5e-324, 1e300, math.pi, -0.0])
def test_angles_are_written_so_that_they_read_back_as_the_same_double(angle):
    (entry,) = circuit([("rx", (0,), (angle,))])

    assert entry["rotation"].hex() == angle.hex()


def test_native_gates_are_worked_out_for_the_gate_set_qis():
    steps = [("gpi2", (1,), (-0.2,)), ("ms", (1, 0), (0.1, 0.2, 0.25)), ("gpi", (0,), (0.4,)), ("zz", (0, 1), (0.3,))]
    measured = [("measure", (qubit,), (qubit,)) for qubit in (0, 1)]

    payload = IonQCircuit().encode(Program.of(2, 2, [*steps, *measured]))

    assert judge.distance(judge.unitary(2, payload_judge.gates(payload)), judge.unitary(2, steps)) < 1e-12


# --- evolutions ----------------------------------------------------------------------------------------------------


def test_the_last_letter_of_a_term_acts_on_the_first_target():
    """IonQ's documentation: pauliexp's terms are little-endian; so are the program's."""
    (entry,) = circuit([("pauliexp", (4, 2), (("XZ", "YI"), (0.5, -0.25), 2.0))])

    assert entry == {
        "gate": "pauliexp", "targets": [4, 2], "terms": ["XZ", "YI"], "coefficients": [1.0, -0.5], "time": 1
    }  # fmt: skip


def test_a_negative_time_becomes_negative_coefficients():
    (entry,) = circuit([("pauliexp", (0,), (("X",), (0.5,), -2.0))])

    assert (entry["coefficients"], entry["time"]) == ([-1.0], 1)


@pytest.mark.parametrize("terms", [("XZ", "ZX"), ("XI", "ZZ", "IY")])
def test_an_evolution_comes_back_as_the_same_unitary(terms):
    steps = [("h", (0,), ()), ("pauliexp", (2, 0), (terms, (0.5, -0.25, 0.3)[: len(terms)], -0.7))]
    measured = [("measure", (qubit,), (qubit,)) for qubit in range(3)]

    payload = IonQCircuit().encode(Program.of(3, 3, [*steps, *measured]))

    assert judge.distance(judge.unitary(3, payload_judge.gates(payload)), judge.unitary(3, steps)) < 1e-12


def test_an_evolution_that_makes_no_sense_is_refused():
    with pytest.raises(UnsupportedOperationError, match="'XX' is not 1 letters"):
        circuit([("pauliexp", (0,), (("XX",), (1.0,), 1.0))])


def test_an_evolution_takes_a_time_with_a_parameter():
    block = Block.of([("pauliexp", (0,), (("X", "Z"), (0.5, 1.0), Angle.parameter(0) / 2)), ("measure", (0,), (0,))])

    payload = IonQCircuit().template(Program(1, 1, block, (), ("t",))).bind((3.0,))

    assert json.loads(payload.data)["circuit"][0]["coefficients"] == [0.75, 1.5]


# --- measurements --------------------------------------------------------------------------------------------------


def test_the_map_says_which_qubit_each_bit_reads():
    steps = [("x", (2,), ()), ("measure", (2,), (0,)), ("measure", (0,), (3,)), ("measure", (1,), (3,))]

    payload = IonQCircuit().encode(Program.of(3, 4, steps, registers=[Register("a", (0, 1)), Register("b", (2, 3))]))

    assert payload.metadata["meas_map"] == "[2,null,null,1]"
    assert payload_judge.distribution(payload) == pytest.approx({"1000": 1.0})


def test_barriers_and_identities_and_resets_that_do_nothing_are_dropped():
    steps = [
        ("barrier", (0, 1), ()), ("reset", (0,), ()), ("id", (0,), ()), ("reset", (0,), ()), ("x", (0,), ()),
        ("measure", (0,), (0,)), ("reset", (0,), ()), ("barrier", (0,), ()), ("id", (0,), ()),
    ]  # fmt: skip

    payload = IonQCircuit().encode(Program.of(2, 1, steps))

    assert json.loads(payload.data)["circuit"] == [{"gate": "x", "targets": [0]}]


def test_all_problems_are_told_at_once_with_index_gate_qubits_and_way_out():
    steps = [
        ("x", (0,), ()),
        ("reset", (0,), ()),
        ("warp", (1,), ()),
        ("rx", (1,), ()),
        ("measure", (0,), (0,)),
        ("h", (0,), ()),
        ("cx", (1, 0), ()),
        ("if", (), (Bit(0), Block.of([]), None)),
        ("swap", (0, 0), ()),
    ]

    with pytest.raises(ConversionError) as caught:
        IonQCircuit().encode(Program.of(2, 1, steps))

    told = {(problem.index, problem.operation, problem.qubits) for problem in caught.value.problems}
    assert {
        (1, "reset", (0,)), (2, "warp", (1,)), (3, "rx", (1,)), (5, "h", (0,)), (6, "cx", (1, 0)), (7, "if", ()),
        (8, "swap", (0, 0)),
    } <= told  # fmt: skip
    assert "qubit 0 was measured before it" in str(caught.value)
    assert "qir.v1" in str(caught.value)
    assert "decompose it into standard gates first" in str(caught.value)


def test_the_native_set_says_what_it_has():
    with pytest.raises(UnsupportedOperationError, match="gpi, gpi2, ms and zz") as caught:
        circuit([("h", (0,), ())], gateset="native")

    assert set(caught.value.supported) == {"gpi", "gpi2", "ms", "zz"}


def test_a_program_that_measures_nothing_is_refused():
    with pytest.raises(ConversionError, match="measures nothing"):
        IonQCircuit().encode(Program.of(1, 1, [("h", (0,), ())]))


# --- templates -----------------------------------------------------------------------------------------------------


def test_a_template_is_filled_to_the_same_bytes_as_the_bound_program():
    theta, phi = Angle.parameter(0), Angle.parameter(1)
    steps = [
        ("rx", (0,), (theta,)), ("cp", (0, 1), (phi,)), ("u", (1,), (theta, 0.5, phi)), ("rz", (0,), (theta + -phi,)),
        ("sx", (0,), ()), ("measure", (0,), (0,)),
    ]  # fmt: skip
    program = Program(2, 1, Block.of(steps), (Register("c", (0,)),), ("theta", "phi"))

    template = IonQCircuit().template(program)

    for values in ((0.3, 0.4), (-7.0, 1e-3)):
        assert template.bind(values) == IonQCircuit().encode(program.with_values(values))


def test_a_program_with_parameters_is_not_encoded():
    program = Program(1, 1, Block.of([("rx", (0,), (Angle.parameter(0),))]), (), ("theta",))

    with pytest.raises(UnboundParameterError, match="theta"):
        IonQCircuit().encode(program)


def test_numpys_numbers_are_angles_as_well():
    import numpy as np

    assert circuit([("rx", (0,), (np.float64(0.1),)), ("ry", (0,), (np.float32(0.5),)), ("rz", (0,), (1,))]) == [
        {"gate": "rx", "targets": [0], "rotation": 0.1},
        {"gate": "ry", "targets": [0], "rotation": 0.5},
        {"gate": "rz", "targets": [0], "rotation": 1.0},
    ]


def test_a_barrier_that_keeps_gates_apart_is_not_dropped_in_silence(caplog):
    operations = [
        ("h", (0,), ()),
        ("barrier", (0,), ()),
        ("h", (0,), ()),
        ("barrier", (0,), ()),
        ("measure", (0,), (0,)),
    ]
    tell_of_barriers.cache_clear()
    with caplog.at_level("INFO"):
        for name in ("echo", "echo again", "and again"):
            IonQCircuit().encode(Program.of(1, 1, operations, name=name))
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert ["no barriers" in record.getMessage() for record in warnings] == [True], "once, not once a job"
    assert "and again: the barriers at operations 1 were left out" in caplog.text


def test_the_barrier_of_measure_all_is_dropped_without_a_word(caplog):
    with caplog.at_level("WARNING"):
        IonQCircuit().encode(Program.of(1, 1, [("h", (0,), ()), ("barrier", (0,), ()), ("measure", (0,), (0,))]))
    assert caplog.records == []
