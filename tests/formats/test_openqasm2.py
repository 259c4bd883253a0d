"""OpenQASM 2 for Quantinuum: its statements, its conditions, and what is refused."""

from __future__ import annotations

import pytest

from qsession_core.errors import ConversionError, UnboundParameterError, UnsupportedOperationError
from qsession_core.expressions import Binary, Bit, Literal, Uint, Unary
from qsession_core.formats import JobFacts, decode
from qsession_core.formats.openqasm2 import OpenQasm2
from qsession_core.program import Angle, Block, Program, Register
from qsession_core.results.layout import Layout

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'


def measure(*pairs):
    return [("measure", (qubit,), (clbit,)) for qubit, clbit in pairs]


def text(program):
    return OpenQasm2().encode(program).data.decode()


def statements(steps, num_qubits=3, num_clbits=2, registers=None):
    program = Program.of(num_qubits, num_clbits, steps, registers=registers)
    return text(program).removeprefix(HEAD).splitlines()


def if_(condition, then, otherwise=None):
    return ("if", (), (condition, Block.of(then), None if otherwise is None else Block.of(otherwise)))


X2 = [("x", (2,), ())]


def test_a_bell_pair_is_this_text():
    payload = OpenQasm2().encode(Program.of(2, 2, [("h", (0,), ()), ("cx", (0, 1), ()), *measure((0, 0), (1, 1))]))

    assert payload.data.decode() == HEAD + (
        "qreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q[0] -> c[0];\nmeasure q[1] -> c[1];\n"
    )
    assert payload.input_data_format == "honeywell.openqasm.v1"
    assert payload.output_data_format == "honeywell.quantum-results.v1"
    assert payload.content_type == "application/qasm"


@pytest.mark.parametrize(("angle", "written"), [(1e-7, "1.0e-7"), (1.5e300, "1.5e300"), (2.0, "2.0"), (-0.25, "-0.25")])
def test_reals_have_a_point(angle, written):
    assert statements([("rx", (0,), (angle,)), *measure((0, 0))])[2] == f"rx({written}) q[0];"


def test_names_that_openqasm_does_not_take_are_replaced_and_come_back():
    registers = [
        Register("Ünit", (0,)),
        Register("if", (1,)),
        Register("cx", (2,)),
        Register("a", (3,)),
        Register("a", (4,)),
    ]
    payload = OpenQasm2().encode(Program.of(1, 6, measure((0, 0)), registers=registers))

    names = [line.split()[1].split("[")[0] for line in payload.data.decode().splitlines() if line.startswith("creg")]
    assert len(set(names)) == 6
    assert all(name.isascii() and name.islower() and name not in {"if", "cx"} for name in names)
    (result,) = decode(
        payload.output_data_format,
        ("{" + ",".join(f'"{name}": ["{int(place == 0)}"]' for place, name in enumerate(names)) + "}").encode(),
        JobFacts(metadata=payload.metadata),
    )
    assert result.counts == {"100000": 1}
    assert [register.name for register in result.registers] == ["Ünit", "if", "cx", "a", "a"]


def test_a_bit_of_several_registers_is_written_once():
    registers = [Register("a", (0, 1)), Register("b", (1, 2))]

    lines = statements(measure((0, 0), (1, 1), (2, 2)), 3, 3, registers)

    assert lines[1:3] == ["creg a[2];", "creg b[1];"]
    assert "measure q[1] -> a[1];" in lines


# --- conditions ----------------------------------------------------------------------------------------------------


def test_a_register_is_compared_with_a_number():
    lines = statements([*measure((0, 0), (1, 1)), if_(Binary("==", Uint((0, 1)), Literal(2)), [*X2, ("sx", (2,), ())])])

    assert lines[-4:] == ["if(c==2) x q[2];", "if(c==2) h q[2];", "if(c==2) s q[2];", "if(c==2) h q[2];"]


def test_measurements_and_resets_take_conditions_and_barriers_need_none():
    steps = [
        *measure((0, 0)),
        if_(Bit(0), [("reset", (1,), ()), ("barrier", (0, 1), ()), *measure((1, 1)), ("id", (1,), ())]),
    ]
    registers = [Register("a", (0,)), Register("b", (1,))]

    lines = statements(steps, registers=registers)

    assert lines[-3:] == ["if(a==1) reset q[1];", "barrier q[0],q[1];", "if(a==1) measure q[1] -> b[0];"]


def test_a_bit_that_is_compared_alone_gets_a_register_of_its_own():
    payload = OpenQasm2().encode(
        Program.of(3, 3, [*measure((0, 0), (1, 1), (2, 2)), if_(Bit(1), X2), *measure((2, 2))])
    )
    lines = payload.data.decode().splitlines()

    (own,) = [line for line in lines if line.startswith("creg") and line.endswith("[1];")]
    assert f"if({own.split()[1].split('[')[0]}==1) x q[2];" in lines
    layout = Layout.from_text(payload.metadata["qsession"])
    assert sorted(layout.recorded) == [0, 1, 2]
    document = "{" + ",".join(f'"{name}": ["{"1" if name != "c" else "01"}"]' for name in reversed(layout.names)) + "}"
    (result,) = decode(payload.output_data_format, document.encode(), JobFacts(metadata=payload.metadata))
    assert result.counts == {"110": 1}
    assert result.registers == (Register("c", (0, 1, 2)),)


def test_else_is_the_other_value_of_a_bit():
    lines = statements([*measure((0, 0)), if_(Unary("not", Bit(0)), X2, [("y", (2,), ())])], num_clbits=1)

    assert lines[-2:] == ["if(c==0) x q[2];", "if(c==1) y q[2];"]


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        (Literal(value=True), ["x q[2];"]),
        (Literal(0), ["y q[2];"]),
        (Bit(1), ["y q[2];"]),  # nothing is measured into it
        (Binary("==", Uint((0,)), Literal(7)), ["y q[2];"]),
        (Binary("==", Uint((0,)), Literal(0.5)), ["y q[2];"]),
        (Binary("==", Bit(0), Literal(value=False)), ["if(c==0) x q[2];", "if(c==1) y q[2];"]),
        (Binary("!=", Bit(0), Literal(1)), ["if(c==0) x q[2];", "if(c==1) y q[2];"]),
    ],
)
def test_what_is_known_now_is_decided_now(condition, written):
    steps = [*measure((0, 0)), if_(condition, X2, [("y", (2,), ())])]
    registers = [Register("c", (0,)), Register("d", (1,))]

    lines = statements(steps, registers=registers)

    assert lines[lines.index("measure q[0] -> c[0];") + 1 :] == written


@pytest.mark.parametrize(
    "branch",
    [
        if_(Binary("<", Uint((0, 1)), Literal(2)), X2),
        if_(Binary("==", Uint((0, 1)), Literal(2)), X2, X2),
        if_(Binary("!=", Uint((0, 1)), Literal(2)), X2),
        if_(Bit(0), [if_(Bit(1), X2)]),
    ],
)
def test_other_conditions_are_refused(branch):
    with pytest.raises(UnsupportedOperationError, match=r"Operation 2, if,.*register == number.*qir\.v1") as caught:
        statements([*measure((0, 0), (1, 1)), branch])

    assert caught.value.index == 2


def test_a_condition_that_has_no_value_is_refused():
    with pytest.raises(UnsupportedOperationError, match="Operation 1, if"):
        statements([*measure((0, 0)), if_(Binary("|", Literal(0.5), Literal(1)), X2)])


def test_a_branch_that_overwrites_its_own_condition_before_its_end_is_refused():
    steps = [*measure((0, 0)), if_(Bit(0), [*measure((1, 0)), *X2])]

    with pytest.raises(UnsupportedOperationError, match="its own condition"):
        statements(steps, num_clbits=1)


def test_a_branch_that_overwrites_its_own_condition_at_its_very_end_is_written():
    steps = [*measure((0, 0)), if_(Bit(0), [*X2, *measure((1, 0))])]

    assert statements(steps, num_clbits=1)[-1] == "if(c==1) measure q[1] -> c[0];"
    with pytest.raises(UnsupportedOperationError, match="its own condition"):
        statements([*measure((0, 0)), if_(Bit(0), [*X2, *measure((1, 0))], X2)], num_clbits=1)


# --- the rest ------------------------------------------------------------------------------------------------------


def test_an_evolution_with_a_parameter_is_written_in_gates():
    steps = [("pauliexp", (0, 1), (("ZZ", "XX"), (0.5, 1.0), Angle.parameter(0))), *measure((0, 0))]

    payload = OpenQasm2().template(Program(2, 1, Block.of(steps), (), ("t",))).bind((0.75,))

    assert [line for line in payload.data.decode().splitlines() if line.startswith("rz(")] == [
        "rz(0.75) q[1];",
        "rz(1.5) q[1];",
    ]


def test_all_problems_are_told_at_once():
    steps = [
        ("warp", (0,), ()),
        ("x", (0, 1), ()),
        if_(Binary("<", Uint((0,)), Literal(1)), X2),
        ("pauliexp", (0,), (("X", "Z"), (1, 1), 1)),
    ]

    with pytest.raises(ConversionError) as caught:
        statements([*steps, *measure((0, 0))])

    assert [problem.index for problem in caught.value.problems] == [0, 1, 2, 3]


def test_a_program_that_measures_nothing_or_has_parameters_is_refused():
    with pytest.raises(ConversionError, match="measures nothing"):
        text(Program.of(1, 1, [("h", (0,), ())]))
    with pytest.raises(UnboundParameterError, match="theta"):
        OpenQasm2().encode(Program(1, 1, Block.of([("rx", (0,), (Angle.parameter(0),))]), (), ("theta",)))
