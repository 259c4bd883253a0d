"""A program's columns, its angles with parameters, and what its conditions mean."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsession_core.expressions import Binary, Bit, Literal, Uint, Unary, evaluate
from qsession_core.program import Angle, Block, Program, Register

NUMBERS = st.floats(-100, 100)


@given(st.lists(NUMBERS, min_size=3, max_size=3), NUMBERS, NUMBERS)
def test_angles_have_the_arithmetic_of_the_numbers_that_they_become(values, factor, constant):
    one, two = Angle.parameter(0), Angle.parameter(2)

    made = -(one * factor + constant) + two / 4 + factor * two

    assert made.value(values) == pytest.approx(
        -(values[0] * factor + constant) + values[2] / 4 + factor * values[2], abs=1e-9
    )


@given(NUMBERS)
def test_an_unscaled_parameter_keeps_every_bit(value):
    assert Angle.parameter(0).value([value]) == value
    assert (-Angle.parameter(0)).value([value]) == -value


def test_equal_terms_of_an_angle_are_one():
    assert Angle.parameter(1) + Angle.parameter(1) == Angle(((1, 2.0),))
    assert 1 + Angle.parameter(1) == Angle(((1, 1.0),), 1)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (Bit(0), True),
        (Bit(1), False),
        (Uint((0, 1, 2)), 5),
        (Uint((1, 0)), 2),
        (Unary("not", Bit(0)), False),
        (Unary("~", Uint((0, 1)), 2), 2),
        (Binary("-", Uint((0,)), Literal(3)), -2),
        (Binary("<", Binary("-", Uint((0,)), Literal(3)), Literal(0)), True),
        (Binary("<<", Literal(1), Literal(70)), 1 << 70),
        (Binary("and", Uint((0,)), Bit(2)), True),
        (Binary("or", Literal(0), Bit(1)), False),
        (Binary("^", Bit(0), Bit(2)), False),
        (Binary(">=", Uint((0, 1, 2)), Literal(4.5)), True),
    ],
)
def test_an_expression_means_what_it_means_in_python(expression, value):
    found = evaluate(expression, [1, 0, 1])

    assert found == value
    assert type(found) is type(value)


def test_the_readout_is_the_last_measurement_into_each_bit():
    program = Program.of(
        3, 3, [("measure", (0,), (0,)), ("measure", (1,), (0,)), ("x", (2,), ()), ("measure", (2,), (2,))]
    )

    assert program.readout == (1, None, 2)


def test_words_are_found_in_nested_blocks():
    inner = Block.of([("if", (), (Bit(0), Block.of([("t", (0,), ())]), None))])
    program = Program.of(1, 1, [("h", (0,), ()), ("if", (), (Bit(0), Block.of([]), inner))])

    assert program.words == {"h", "if", "t"}


def test_values_go_into_angles_of_nested_blocks():
    block = Block.of([("rx", (0,), (Angle.parameter(0),))])
    program = Program(
        1, 1, Block.of([("if", (), (Bit(0), block, None)), ("ry", (0,), (Angle.parameter(1) + 1,))]), (), ("a", "b")
    )

    bound = program.with_values([0.5, 2.0])

    assert bound.parameters == ()
    assert bound.body.params[0][1] == Block.of([("rx", (0,), (0.5,))])
    assert bound.body.params[1] == (3.0,)


def test_all_bits_are_one_register_unless_told_otherwise():
    assert Program.of(1, 2, []).registers == (Register("c", (0, 1)),)
    assert Program.of(1, 0, []).registers == ()
    assert Program.of(1, 2, [], registers=[]).registers == ()


def test_an_empty_block_is_a_block():
    assert len(Block.of([])) == 0
    assert list(Block.of([])) == []


def test_programs_are_equal_and_pickle():
    program = Program.of(1, 1, [("rx", (0,), (0.5,)), ("measure", (0,), (0,))])

    assert pickle.loads(pickle.dumps(program)) == program  # noqa: S301 - our own bytes
