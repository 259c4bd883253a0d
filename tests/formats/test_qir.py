"""QIR as text: its shape, its dialects, its profiles, and what is refused."""

from __future__ import annotations

import re
import struct

import pytest

from qsession_core.errors import (
    ConfigurationError,
    ConversionError,
    UnboundParameterError,
    UnsupportedOperationError,
)
from qsession_core.expressions import Binary, Bit, Literal, Uint, Unary
from qsession_core.formats.ionq import IonQCircuit
from qsession_core.formats.openqasm2 import OpenQasm2
from qsession_core.formats.qir.module import DIALECTS, Qir, to_bitcode
from qsession_core.program import Angle, Block, Program, Register
from qsession_core.results.layout import Layout
from tests.support import judge, payload_judge

BELL = [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))]


def measure(*pairs):
    return [("measure", (qubit,), (clbit,)) for qubit, clbit in pairs]


def text(program, profile="Base", dialect="quantinuum"):
    return Qir(dialect).encode(program, profile=profile).data.decode()


def calls(module):
    return re.findall(r"call [a-z0-9 ]+@__quantum__(?:qis|rt)__(\w+)\((.*)\)", module)


def test_a_bell_pair_is_this_module():
    assert text(Program.of(2, 2, BELL)) == (
        "%Result = type opaque\n"
        "%Qubit = type opaque\n"
        "\n"
        '@0 = internal constant [4 x i8] c"0_a\\00"\n'
        '@1 = internal constant [6 x i8] c"1_a0r\\00"\n'
        '@2 = internal constant [6 x i8] c"2_a1r\\00"\n'
        "\n"
        "define i64 @ENTRYPOINT__main() #0 {\n"
        "block_0:\n"
        "  call void @__quantum__rt__initialize(i8* null)\n"
        "  call void @__quantum__qis__h__body(%Qubit* inttoptr (i64 0 to %Qubit*))\n"
        "  call void @__quantum__qis__cx__body"
        "(%Qubit* inttoptr (i64 0 to %Qubit*), %Qubit* inttoptr (i64 1 to %Qubit*))\n"
        "  call void @__quantum__qis__m__body"
        "(%Qubit* inttoptr (i64 0 to %Qubit*), %Result* inttoptr (i64 0 to %Result*))\n"
        "  call void @__quantum__qis__m__body"
        "(%Qubit* inttoptr (i64 1 to %Qubit*), %Result* inttoptr (i64 1 to %Result*))\n"
        "  call void @__quantum__rt__array_record_output"
        "(i64 2, i8* getelementptr inbounds ([4 x i8], [4 x i8]* @0, i64 0, i64 0))\n"
        "  call void @__quantum__rt__result_record_output(%Result* inttoptr (i64 1 to %Result*), "
        "i8* getelementptr inbounds ([6 x i8], [6 x i8]* @1, i64 0, i64 0))\n"
        "  call void @__quantum__rt__result_record_output(%Result* inttoptr (i64 0 to %Result*), "
        "i8* getelementptr inbounds ([6 x i8], [6 x i8]* @2, i64 0, i64 0))\n"
        "  ret i64 0\n"
        "}\n"
        "\n"
        "declare void @__quantum__qis__cx__body(%Qubit*, %Qubit*)\n"
        "declare void @__quantum__qis__h__body(%Qubit*)\n"
        "declare void @__quantum__qis__m__body(%Qubit*, %Result*) #1\n"
        "declare void @__quantum__rt__initialize(i8*)\n"
        "declare void @__quantum__rt__array_record_output(i64, i8*)\n"
        "declare void @__quantum__rt__tuple_record_output(i64, i8*)\n"
        "declare void @__quantum__rt__result_record_output(%Result*, i8*)\n"
        "\n"
        'attributes #0 = { "entry_point" "output_labeling_schema" "qir_profiles"="base_profile" '
        '"required_num_qubits"="2" "required_num_results"="2" }\n'
        'attributes #1 = { "irreversible" }\n'
        "\n"
        "!llvm.module.flags = !{!0, !1, !2, !3}\n"
        "\n"
        '!0 = !{i32 1, !"qir_major_version", i32 1}\n'
        '!1 = !{i32 7, !"qir_minor_version", i32 0}\n'
        '!2 = !{i32 1, !"dynamic_qubit_management", i1 false}\n'
        '!3 = !{i32 1, !"dynamic_result_management", i1 false}\n'
    )


def test_the_payload_says_what_it_is():
    payload = Qir().encode(Program.of(2, 2, BELL))

    assert payload.content_type == payload.input_data_format == "qir.v1"
    assert payload.output_data_format == "microsoft.quantum-results.v2"
    assert payload.input_params == {"items": [{"entryPoint": "ENTRYPOINT__main", "arguments": []}]}
    assert payload.num_qubits == 2
    assert Layout.from_text(payload.metadata["qsession"]) == Layout(2, (Register("c", (0, 1)),), (1, 0))


@pytest.mark.parametrize(
    ("profile", "attribute", "flags"),
    [
        ("Base", "base_profile", set()),
        ("", "base_profile", set()),
        ("Adaptive_RI", "adaptive_profile", {"int_computations"}),
        ("Adaptive_RIF", "adaptive_profile", {"int_computations", "float_computations"}),
        ("Adaptive", "adaptive_profile", {"int_computations", "float_computations"}),
        ("Unrestricted", "adaptive_profile", {"int_computations", "float_computations"}),
    ],
)
def test_each_profile_has_its_attribute_and_flags(profile, attribute, flags):
    module = text(Program.of(2, 2, BELL), profile)

    assert f'"qir_profiles"="{attribute}"' in module
    assert set(re.findall(r'!"(\w+_computations)"', module)) == flags
    numbers = re.findall(r"^!(\d+) =", module, re.MULTILINE)
    assert f"!llvm.module.flags = !{{{', '.join('!' + number for number in numbers)}}}" in module


@pytest.mark.parametrize("angle", [0.1, -0.1, 1e-300, 5e-324, 1e308, -0.0, 2.0, 3.141592653589793])
def test_doubles_are_written_to_the_bit(angle):
    module = text(Program.of(1, 1, [("rz", (0,), (angle,)), *measure((0, 0))]))

    (digits,) = re.findall(r"rz__body\(double 0x([0-9A-F]{16})", module)
    assert struct.unpack(">d", bytes.fromhex(digits))[0].hex() == angle.hex()


def test_angles_come_before_qubits():
    module = text(Program.of(2, 1, [("rzz", (1, 0), (0.5,)), *measure((0, 0))]))

    name, arguments = calls(module)[1]
    assert name == "rzz__body"
    assert (
        arguments
        == "double 0x3FE0000000000000, %Qubit* inttoptr (i64 1 to %Qubit*), %Qubit* inttoptr (i64 0 to %Qubit*)"
    )


def test_registers_are_a_tuple_of_arrays_last_register_first_and_bits_reversed():
    registers = [Register("a", (0, 1)), Register("b", (2, 3, 4))]
    program = Program.of(5, 5, measure(*((bit, bit) for bit in range(5))), registers=registers)

    payload = Qir().encode(program)

    records = [(name, arguments) for name, arguments in calls(payload.data.decode()) if "record" in name]
    shape = [re.search(r"i64 (\d+)", arguments)[1] for _, arguments in records]
    assert [name.split("_")[0] for name, _ in records] == [
        "tuple",
        *["array", *["result"] * 3],
        *["array", *["result"] * 2],
    ]
    assert shape == ["2", "3", "4", "3", "2", "2", "1", "0"]
    assert Layout.from_text(payload.metadata["qsession"]).recorded == (4, 3, 2, 1, 0)


def test_bits_that_nothing_is_measured_into_are_not_recorded():
    registers = [Register("a", (0, 1, 2)), Register("empty", ()), Register("unused", (3,))]

    payload = Qir().encode(Program.of(2, 4, measure((1, 2), (0, 0)), registers=registers))

    assert Layout.from_text(payload.metadata["qsession"]).recorded == (2, 0)
    assert "tuple_record_output(i64" not in payload.data.decode().replace(
        "declare void @__quantum__rt__tuple_record_output(i64", ""
    )


def test_bits_in_no_register_are_recorded_first():
    payload = Qir().encode(Program.of(3, 3, measure((0, 0), (1, 1), (2, 2)), registers=[Register("a", (1,))]))

    assert Layout.from_text(payload.metadata["qsession"]).recorded == (2, 0, 1)


@pytest.mark.parametrize("num_clbits", [1, 12, 130])
def test_labels_are_distinct_and_never_null(num_clbits):
    program = Program.of(num_clbits, num_clbits, measure(*((bit, bit) for bit in range(num_clbits))))

    module = text(program)

    labels = re.findall(r'c"(.*?)\\00"', module)
    used = re.findall(r"_record_output\([^@]*@(\d+),", module)
    assert len(set(labels)) == len(labels) == len(used) == num_clbits + 1
    assert used == [str(number) for number in range(len(labels))]
    assert all(
        f"@{number} = internal constant [{len(label) + 1} x i8]" in module for number, label in enumerate(labels)
    )


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_only_functions_of_the_dialect_are_called(dialect):
    words = [
        "swap",
        "cy",
        "ch",
        "sx",
        "sxdg",
        "rxx",
        "ryy",
        "rzz",
        "cp",
        "ecr",
        "iswap",
        "cswap",
        "ccz",
        "u",
        "cu",
        "p",
    ]
    from qsession_core.gates.words import gate_named

    steps = [(word, tuple(range(gate_named(word).num_qubits)), (0.3,) * gate_named(word).num_params) for word in words]

    module = text(Program.of(3, 1, [*steps, *measure((0, 0))]), dialect=dialect)

    called = {name for name, _ in calls(module)}
    assert called <= {
        *DIALECTS[dialect].values(),
        "m__body",
        "initialize",
        "array_record_output",
        "result_record_output",
    }
    declared = set(re.findall(r"declare \w+ @__quantum__(?:qis|rt)__(\w+)", module))
    assert called <= declared


def test_what_microsofts_compiler_writes_is_written_for_other_providers():
    assert "swap__body" in text(Program.of(2, 1, [("swap", (0, 1), ()), *measure((0, 0))]), dialect="microsoft")
    assert "swap__body" not in text(Program.of(2, 1, [("swap", (0, 1), ()), *measure((0, 0))]))


# --- barriers ------------------------------------------------------------------------------------------------------


def barriers(steps, profile="Base", dialect="quantinuum", num_qubits=3):
    module = text(Program.of(num_qubits, num_qubits, steps), profile, dialect)
    return re.findall(r"call void @__quantum__qis__(barrier\d*)__body", module)


@pytest.mark.parametrize("profile", ["Base", "Adaptive_RI"])
def test_a_barrier_between_gates_is_written_where_the_provider_has_it(profile):
    steps = [("x", (0,), ()), ("barrier", (0, 1), ()), ("x", (1,), ()), ("x", (0,), ()), *measure((0, 0))]

    assert barriers(steps, profile) == ["barrier2"]
    assert barriers(steps, profile, "microsoft") == []


@pytest.mark.parametrize("profile", ["Base", "Adaptive_RI"])
def test_a_barrier_that_keeps_nothing_apart_is_dropped(profile):
    start, middle = ("barrier", (0, 1, 2), ()), ("barrier", (2,), ())
    steps = [start, ("x", (0,), ()), middle, ("x", (0,), ()), ("barrier", (), ()), start, *measure((0, 0), (1, 1))]

    assert barriers(steps, profile) == []


def test_barriers_in_and_around_branches_are_kept():
    inner = Block.of([("barrier", (0, 1), ()), ("x", (0,), ())])
    steps = [
        *measure((0, 0)),
        ("barrier", (0, 1, 2), ()),
        ("if", (), (Bit(0), inner, None)),
        ("x", (0,), ()),
        *measure((0, 1)),
    ]

    assert barriers(steps, "Adaptive_RI") == ["barrier2"]
    assert barriers([("x", (2,), ()), *steps], "Adaptive_RI") == ["barrier3", "barrier2"]


# --- measuring in the middle ---------------------------------------------------------------------------------------


def test_base_measures_last_and_uses_fresh_qubits_after_resets():
    steps = [("h", (0,), ()), *measure((0, 0)), ("reset", (0,), ()), ("x", (0,), ()), *measure((0, 1))]

    payload = Qir().encode(Program.of(1, 2, steps))

    names = [name for name, _ in calls(payload.data.decode()) if name != "initialize" and "record" not in name]
    assert names == ["h__body", "x__body", "m__body", "m__body"]
    assert payload.num_qubits == 2
    assert 'required_num_qubits"="2"' in payload.data.decode()


def test_base_copies_a_qubit_that_is_used_after_its_measurement():
    steps = [("h", (0,), ()), *measure((0, 0)), ("h", (0,), ()), *measure((0, 1))]

    payload = Qir().encode(Program.of(1, 2, steps))

    assert payload.num_qubits == 2
    assert judge.gap(payload_judge.distribution(payload), dict.fromkeys(("00", "01", "10", "11"), 0.25)) < 1e-12


def test_a_reset_of_an_untouched_qubit_takes_no_qubit():
    steps = [
        ("barrier", (0, 1), ()),
        ("reset", (0,), ()),
        ("reset", (1,), ()),
        ("id", (1,), ()),
        ("reset", (1,), ()),
        *BELL,
    ]

    assert Qir().encode(Program.of(2, 2, steps)).num_qubits == 2


def test_adaptive_measures_and_resets_where_the_program_does():
    steps = [("h", (0,), ()), *measure((0, 0)), ("reset", (0,), ()), ("x", (0,), ()), *measure((0, 1))]

    payload = Qir("quantinuum").encode(Program.of(1, 2, steps), profile="Adaptive_RI")

    names = [name for name, _ in calls(payload.data.decode()) if name != "initialize" and "record" not in name]
    assert names == ["h__body", "m__body", "reset__body", "x__body", "m__body"]
    assert payload.num_qubits == 1


def test_the_last_measurement_into_a_bit_counts():
    steps = [("x", (0,), ()), *measure((0, 0)), ("x", (0,), ()), *measure((0, 0))]
    for profile in ("Base", "Adaptive_RI"):
        assert payload_judge.distribution(Qir().encode(Program.of(1, 1, steps), profile=profile)) == pytest.approx(
            {"0": 1.0}
        )


# --- conditions ----------------------------------------------------------------------------------------------------


def flips_if(condition, *, bits=(1, 0, 1), profile="Adaptive_RI"):
    """Return what a bit is that is flipped where the condition holds, with the first bits set."""
    steps = [("x", (place,), ()) for place, bit in enumerate(bits) if bit]
    steps += measure(*((place, place) for place in range(len(bits))))
    steps += [("if", (), (condition, Block.of([("x", (len(bits),), ())]), None)), *measure((len(bits), len(bits)))]
    program = Program.of(len(bits) + 1, len(bits) + 1, steps)
    (key,) = payload_judge.distribution(Qir("quantinuum").encode(program, profile=profile))
    return key[-1] == "1"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Binary("<", Binary("-", Uint((1,)), Literal(1)), Literal(0)), True),  # -1 < 0: not as an unsigned number
        (Binary(">", Binary("-", Uint((0, 1)), Literal(2)), Literal(0)), False),
        (Binary(">=", Binary(">>", Binary("-", Uint((1,)), Literal(8)), Literal(1)), Literal(-4)), True),
        (Binary("==", Unary("~", Uint((0, 1, 2)), 3), Literal(2)), True),
        (Binary("==", Binary("<<", Uint((0, 1, 2)), Literal(40)), Literal(5 << 40)), True),
        (Binary("==", Binary("&", Bit(0), Uint((0, 2))), Literal(1)), True),
        (Binary("<", Bit(1), Bit(0)), True),
        (Binary("<", Uint((0, 1, 2)), Literal(5.5)), True),
        (Binary(">", Literal(5.5), Uint((0, 1, 2))), True),
        (Binary("<=", Uint((0, 1, 2)), Literal(4.5)), False),
        (Binary(">", Uint((0, 1, 2)), Literal(4.5)), True),
        (Binary(">=", Uint((0, 1, 2)), Literal(5.5)), False),
        (Binary("==", Uint((0, 1, 2)), Literal(5.0)), True),
        (Binary("==", Uint((0, 1, 2)), Literal(5.5)), False),
        (Binary("!=", Uint((0, 1, 2)), Literal(5.5)), True),
        (Binary("and", Binary("or", Bit(1), Bit(2)), Unary("not", Bit(1))), True),
        (Binary("or", Literal(value=False), Uint((0, 2))), True),
        (Binary("and", Literal(3), Uint((1,))), False),
        (Literal(value=True), True),
        (Literal(0), False),
        (Uint((1,)), False),
        (Binary("*", Uint((0, 2)), Literal(2)), True),
    ],
)
def test_a_condition_means_what_it_means_in_python(condition, holds):
    assert flips_if(condition) is holds
    assert flips_if(condition, profile="Adaptive_RIF") is holds


def test_fractions_are_computed_where_the_profile_has_them():
    condition = Binary(">", Binary("*", Uint((0, 1, 2)), Literal(0.3)), Literal(1.4))

    assert flips_if(condition, profile="Adaptive_RIF") is True
    with pytest.raises(UnsupportedOperationError, match=r"Operation 5, if,.*Adaptive_RIF"):
        flips_if(condition, profile="Adaptive_RI")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Binary(">", Binary("*", Binary("<<", Uint((0, 1)), Literal(40)), Literal(1 << 30)), Literal(0)), "63 bits"),
        (Binary("==", Binary("<<", Uint((0,)), Binary("-", Uint((0,)), Uint((1,)))), Literal(0)), "shifts by"),
        (Binary("<", Uint((0,)), Literal(float("nan"))), "nan"),
        (Binary("&", Uint((0,)), Literal(0.5)), "fraction"),
    ],
)
def test_what_would_not_be_exact_is_refused(condition, said):
    steps = [*measure(*((0, bit) for bit in range(64))), ("if", (), (condition, Block.of([("x", (0,), ())]), None))]

    with pytest.raises(UnsupportedOperationError, match=said) as caught:
        Qir("quantinuum").encode(Program.of(1, 64, steps), profile="Adaptive_RIF")

    assert (caught.value.operation, caught.value.index) == ("if", 64)


def test_sixty_three_bits_are_compared():
    bits = tuple(range(63))
    condition = Binary("==", Uint(bits), Literal((1 << 62) + 1))
    steps = [
        ("x", (0,), ()),
        *measure((0, 0), (0, 62)),
        ("if", (), (condition, Block.of([("x", (1,), ())]), None)),
        *measure((1, 63)),
    ]

    (key,) = payload_judge.distribution(Qir("quantinuum").encode(Program.of(2, 64, steps), profile="Adaptive_RI"))

    assert key[63] == "1"


def test_a_bit_that_is_not_measured_yet_is_zero():
    steps = [("if", (), (Bit(0), Block.of([("x", (0,), ())]), Block.of([("x", (1,), ())]))), *measure((0, 0), (1, 1))]

    module = text(Program.of(2, 2, steps), "Adaptive_RI")

    assert "br i1" not in module
    assert payload_judge.distribution(Qir().encode(Program.of(2, 2, steps), profile="Adaptive_RI")) == pytest.approx(
        {"01": 1.0}
    )


def test_a_bit_that_is_measured_in_a_branch_leaves_it_as_a_truth_value():
    branch = ("if", (), (Bit(0), Block.of([("x", (1,), ()), *measure((1, 1))]), None))
    program = Program.of(2, 2, [("h", (0,), ()), *measure((0, 0)), branch])

    module = text(program, "Adaptive_RI")

    assert re.search(r"phi i1 \[ %v\d+, %then_1 \], \[ false, %else_1 \]", module)
    assert "bool_record_output(i1 %" in module
    assert payload_judge.distribution(Qir().encode(program, profile="Adaptive_RI")) == pytest.approx(
        {"00": 0.5, "11": 0.5}
    )


def test_deep_nesting_is_written():
    block = Block.of([("x", (1,), ())])
    for _ in range(60):
        block = Block.of([("if", (), (Bit(0), block, None))])
    program = Program.of(2, 2, [("x", (0,), ()), *measure((0, 0)), *block, *measure((1, 1))])

    assert payload_judge.distribution(Qir().encode(program, profile="Adaptive_RI")) == pytest.approx({"11": 1.0})


# --- evolutions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "coefficients", "time"),
    [
        (("XX", "YY", "ZZ"), (0.3, -0.7, 1.1), 0.9),
        (("IX",), (2.0,), -1.3),
        (("II", "YI"), (5.0, 0.25), 1.0),
        (("XZ", "ZX"), (0.4, 0.8), 2.0),
    ],
)
def test_an_evolution_of_commuting_terms_is_written_in_gates(terms, coefficients, time):
    steps = [("pauliexp", (2, 0), (terms, coefficients, time))]
    program = Program.of(3, 3, [*steps, *measure((0, 0), (1, 1), (2, 2))])

    found = judge.unitary(3, payload_judge.gates(Qir("quantinuum").encode(program)))

    assert judge.distance(found, judge.unitary(3, steps)) < 1e-12


def test_a_long_term_is_a_ladder():
    steps = [("pauliexp", (3, 1, 0, 2), (("XYZI", "YXII", "IIIX"), (0.3, 0.5, -0.2), 1.7))]
    program = Program.of(4, 4, [*steps, *measure(*((bit, bit) for bit in range(4)))])

    found = judge.unitary(4, payload_judge.gates(Qir().encode(program)))

    assert judge.distance(found, judge.unitary(4, steps)) < 1e-12


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ((("X", "Z"), (1.0, 1.0), 1.0), "'X' and 'Z' do not commute.*Trotter.*ionq"),
        ((("XX",), (1.0,), 1.0), "'XX' is not 1 letters"),
        ((("Q",), (1.0,), 1.0), "'Q' is not 1 letters"),
        ((("X",), (1.0, 2.0), 1.0), "1 terms and 2 coefficients"),
        ((("X",), (1j,), 1.0), "not real"),
    ],
)
def test_an_evolution_that_is_no_product_or_makes_no_sense_is_refused(params, said):
    with pytest.raises(UnsupportedOperationError, match=f"Operation 0, pauliexp on qubits 0,.*{said}"):
        Qir().encode(Program.of(1, 1, [("pauliexp", (0,), params), *measure((0, 0))]))


# --- templates -----------------------------------------------------------------------------------------------------


def test_a_template_is_filled_to_the_same_bytes_as_the_bound_program():
    theta, phi = Angle.parameter(0), Angle.parameter(1)
    steps = [
        ("rx", (0,), (theta,)),
        ("crz", (0, 1), (-theta / 2 + phi,)),
        ("ry", (0,), (0.25,)),
        ("cs", (0, 1), ()),
        *BELL[2:],
    ]
    program = Program(2, 2, Program.of(2, 2, steps).body, (Register("c", (0, 1)),), ("theta", "phi"))

    template = Qir("quantinuum").template(program, profile="Adaptive_RI")

    for values in ((0.3, 0.4), (-7.0, 1e-3)):
        bound = Qir("quantinuum").encode(program.with_values(values), profile="Adaptive_RI")
        assert judge.gap(payload_judge.distribution(template.bind(values)), payload_judge.distribution(bound)) < 1e-12
        assert template.bind(values).metadata == bound.metadata


@pytest.mark.parametrize("values", [(), (0.5,), (0.5, 0.5, 0.5)])
def test_each_parameter_takes_one_value(values):
    steps = [("rx", (0,), (Angle.parameter(0) + Angle.parameter(1),)), *measure((0, 0))]
    program = Program(1, 1, Program.of(1, 1, steps).body, (), ("a", "b"))

    with pytest.raises(UnboundParameterError):
        Qir().template(program).bind(values)


def test_a_program_with_parameters_is_not_encoded():
    program = Program(1, 1, Block.of([("rx", (0,), (Angle.parameter(0),)), *measure((0, 0))]), (), ("theta",))

    with pytest.raises(UnboundParameterError, match="theta") as caught:
        Qir().encode(program)

    assert caught.value.parameters == ("theta",)


def test_numpys_numbers_are_values_as_well():
    import numpy as np

    program = Program(1, 1, Block.of([("rx", (0,), (Angle.parameter(0) + 1,)), *measure((0, 0))]), (), ("theta",))

    assert Qir().template(program).bind(np.array([0.5])).data == Qir().template(program).bind((0.5,)).data


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_an_angle_that_is_no_number_is_refused(value):
    for count in (1, 200):
        with pytest.raises(ConversionError, match="finite"):
            Qir().encode(
                Program.of(1, 1, [("rx", (0,), (1e308,))] * count + [("rx", (0,), (value,)), *measure((0, 0))])
            )


def test_huge_angles_are_numbers():
    assert Qir().encode(Program.of(1, 1, [("rx", (0,), (1e308,))] * 100 + measure((0, 0))))


# --- what is refused -----------------------------------------------------------------------------------------------


def test_all_problems_are_told_at_once_with_index_gate_qubits_and_way_out():
    inner = Block.of([("h", (0,), ()), ("warp", (1,), ())])
    steps = [
        ("warp", (0,), ()),
        ("h", (0, 1), ()),
        ("rx", (1,), ()),
        ("cx", (1, 1), ()),
        ("h", (9,), ()),
        ("pauliexp", (0,), (("X", "Z"), (1.0, 1.0), 1.0)),
        ("if", (), (Binary("==", Uint((0, 1)), Literal(0.5)), inner, None)),
    ]

    with pytest.raises(ConversionError) as caught:
        Qir("quantinuum").encode(Program.of(2, 2, steps), profile="Adaptive_RI")

    problems = caught.value.problems
    assert [getattr(problem, "index", None) for problem in problems] == [None, 0, 1, 2, 3, 4, 5]
    assert [getattr(problem, "qubits", None) for problem in problems[1:3]] == [(0,), (0, 1)]
    assert "measures nothing" in str(caught.value)
    assert (
        "Operation 0, warp on qubits 0, cannot be written as qir.v1: it is not a gate that we know; decompose"
        in str(caught.value)
    )
    assert problems[1].supported


def test_problems_inside_a_branch_say_where_the_branch_stands():
    inner = Block.of([("h", (0,), ()), ("warp", (1,), ())])
    steps = [*measure((0, 0)), ("if", (), (Bit(0), inner, None))]

    with pytest.raises(UnsupportedOperationError, match=r"Operation 1 \(in its branch\), warp on qubits 1") as caught:
        Qir("quantinuum").encode(Program.of(2, 2, steps), profile="Adaptive_RI")

    assert caught.value.index == 1


def test_base_has_no_branches_and_every_one_is_told():
    branch = ("if", (), (Bit(0), Block.of([]), None))

    with pytest.raises(ConversionError) as caught:
        Qir().encode(Program.of(1, 1, [*measure((0, 0)), branch, ("x", (0,), ()), branch]))

    assert [problem.index for problem in caught.value.problems] == [1, 3]
    assert "Adaptive profile" in str(caught.value)


def test_a_program_that_measures_nothing_is_refused():
    with pytest.raises(ConversionError, match="measures nothing"):
        Qir().encode(Program.of(1, 1, [("h", (0,), ())]))


@pytest.mark.parametrize("format_", [Qir(), Qir("quantinuum"), IonQCircuit(), OpenQasm2()])
@pytest.mark.parametrize("profile", ["Base", "Adaptive_RI"])
@pytest.mark.parametrize(
    ("step", "said"),
    [
        (("measure", (2,), (0,)), "measure on qubits 2, .*qubits 0 to 1 only"),
        (("measure", (-1,), (0,)), "qubits 0 to 1 only"),
        (("measure", (0,), (2,)), "classical bit 2 is none of the program's 2"),
        (("measure", (0,), (-1,)), "classical bit -1 is none"),
        (("measure", (0, 1), (0,)), "one qubit and one classical bit"),
        (("reset", (5,), ()), "reset on qubits 5, .*qubits 0 to 1 only"),
        (("reset", (0, 1), ()), "it takes one qubit"),
        (("x", (3,), ()), "x on qubits 3, .*qubits 0 to 1 only"),
    ],
)
def test_what_the_program_does_not_have_is_refused_in_every_format(format_, profile, step, said):
    around = [*measure((0, 0)), ("reset", (0,), ()), ("x", (0,), ())] if isinstance(format_, Qir) else measure((0, 0))

    with pytest.raises(ConversionError, match=said):
        format_.encode(Program.of(2, 2, [step, *around]), profile=profile)
    with pytest.raises(ConversionError, match=said):
        format_.encode(Program.of(2, 2, [*around, step]), profile=profile)


def test_a_register_of_bits_that_are_not_there_is_refused():
    with pytest.raises(ConversionError, match="Register 'a' has classical bit 7, and the program has 2"):
        Qir().encode(Program.of(2, 2, BELL, registers=[Register("a", (0, 7))]))


def test_what_the_program_does_not_have_is_refused_in_branches():
    steps = [*measure((0, 0)), ("if", (), (Bit(0), Block.of(measure((0, 9))), None))]

    with pytest.raises(ConversionError, match=r"Operation 1 \(in its branch\), measure"):
        Qir("quantinuum").encode(Program.of(1, 1, steps), profile="Adaptive_RI")


def test_a_gate_with_other_angles_than_before_is_refused():
    for format_ in (Qir(), IonQCircuit(), OpenQasm2()):
        with pytest.raises(ConversionError, match="angles"):
            format_.encode(Program.of(1, 1, [("rx", (0,), (0.5,)), ("rx", (0,), ()), *measure((0, 0))]))


# --- bitcode -------------------------------------------------------------------------------------------------------


def test_bitcode_on_request_is_the_same_module():
    program = Program.of(2, 2, BELL)

    payload = Qir(bitcode=True).encode(program)

    assert payload.data.startswith(b"BC\xc0\xde")
    assert payload.metadata == Qir().encode(program).metadata
    assert judge.gap(payload_judge.distribution(payload), {"00": 0.5, "11": 0.5}) < 1e-12


def test_bitcode_without_pyqir_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyqir", None)

    with pytest.raises(ConfigurationError, match=r"qsession\[qir\]"):
        to_bitcode(b"")
