"""Conditions on registers of 64 bits and more: written in words, judged against the core's evaluator."""

from __future__ import annotations

import random

import pytest

from qsession_core.errors import UnsupportedOperationError
from qsession_core.expressions import Binary, Literal, Uint, Unary, evaluate
from qsession_core.formats.qir.module import Qir
from qsession_core.program import Block, Program
from tests.support import payload_judge

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def holding(conditions, bits):
    """Return for each condition whether a program finds it true, whose classical bits have these values."""
    steps = [("x", (1,), ())]
    steps += [("measure", (bit,), (place,)) for place, bit in enumerate(bits)]
    for number, condition in enumerate(conditions):
        place = len(bits) + number
        steps += [("reset", (2,), ()), ("if", (), (condition, Block.of([("x", (2,), ())]), None))]
        steps.append(("measure", (2,), (place,)))
    program = Program.of(3, len(bits) + len(conditions), steps)
    (key,) = payload_judge.distribution(Qir("quantinuum").encode(program, profile="Adaptive_RI"))
    return [letter == "1" for letter in key[len(bits) :]]


def drawn(draw, width, depth):
    """Draw an unsigned integer of Qiskit's kind: operations that may exceed the width are masked."""
    if depth == 0:
        start = draw.randrange(3)
        return draw.choice([Uint(tuple(range(start, width))), Literal(draw.getrandbits(width))])
    left = drawn(draw, width, depth - 1)
    operator = draw.choice(["&", "|", "^", "+", "-", "<<", ">>", "~"])
    if operator == "~":
        return Unary("~", left, width)
    right = Literal(draw.randrange(width)) if operator in {"<<", ">>"} else drawn(draw, width, depth - 1)
    found = Binary(operator, left, right)
    return Binary("&", found, Literal((1 << width) - 1)) if operator in {"+", "<<"} else found


@pytest.mark.parametrize("width", [62, 63, 64, 65, 98, 121])
def test_conditions_on_wide_registers_mean_what_the_evaluator_says(width):
    draw = random.Random(width)
    bits = [draw.randrange(2) for _ in range(width)]
    conditions = []
    while len(conditions) < 24:
        left, right = drawn(draw, width, draw.randrange(3)), drawn(draw, width, draw.randrange(2))
        value = int(evaluate(left, bits))
        conditions += [
            Binary(draw.choice(COMPARISONS), left, right),
            Binary(draw.choice(COMPARISONS), left, Literal(value + draw.choice([-1, 0, 0, 1]))),
        ]

    assert holding(conditions, bits) == [bool(evaluate(condition, bits)) for condition in conditions]


def test_a_wide_register_alone_is_true_unless_all_its_bits_are_zero():
    register = Uint(tuple(range(70)))

    assert holding([register, Unary("not", register)], [0] * 69 + [1]) == [True, False]
    assert holding([register], [0] * 70) == [False]


def test_negative_differences_of_wide_registers_are_below_zero():
    register, more = Uint(tuple(range(70))), Binary("-", Uint(tuple(range(70))), Literal(1 << 70))

    bits = [1] * 70
    assert holding(
        [Binary("<", more, Literal(0)), Binary("==", Binary(">>", more, Literal(3)), Literal(-1)), register], bits
    ) == [True, True, True]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Binary("==", Binary("*", Uint(tuple(range(40))), Uint(tuple(range(40)))), Literal(0)), "multiplies"),
        (Binary("==", Binary(">>", Uint(tuple(range(70))), Uint((0, 1))), Literal(0)), "shifts"),
    ],
)
def test_what_has_no_form_in_words_is_refused_by_name(condition, said):
    steps = [*(("measure", (0,), (bit,)) for bit in range(70)), ("if", (), (condition, Block.of([]), None))]

    with pytest.raises(UnsupportedOperationError, match=said):
        Qir("quantinuum").encode(Program.of(1, 70, steps), profile="Adaptive_RI")
