"""Classical expressions: folding never changes a value, and every kind is told right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsession_core.expressions import Binary, Bit, Literal, Uint, Unary, bits_read, evaluate, fold, kind_of

BITS = 4


def truths(integers):
    comparisons = st.builds(Binary, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), integers, integers)
    leaves = st.one_of(st.builds(Bit, st.integers(0, BITS - 1)), st.builds(Literal, st.booleans()), comparisons)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Unary, st.just("not"), inner),
            st.builds(Binary, st.sampled_from(["and", "or", "&", "|", "^"]), inner, inner),
        ),
        max_leaves=6,
    )


INTEGERS = st.recursive(
    st.one_of(
        st.builds(Uint, st.lists(st.integers(0, BITS - 1), max_size=3).map(tuple)),
        st.builds(Literal, st.integers(0, 7)),
    ),
    lambda inner: st.one_of(
        st.builds(Unary, st.just("~"), inner, st.integers(1, 4)),
        st.builds(Binary, st.sampled_from(["+", "-", "*", "&", "|", "^"]), inner, inner),
    ),
    max_leaves=5,
)
VALUES = st.lists(st.integers(0, 1), min_size=BITS, max_size=BITS)


@given(truths(INTEGERS), VALUES, st.sets(st.integers(0, BITS - 1)))
def test_folding_keeps_the_value_whatever_is_known(expression, bits, known):
    folded = fold(expression, lambda clbit: bool(bits[clbit]) if clbit in known else None)
    assert bool(evaluate(folded, bits)) == bool(evaluate(expression, bits))
    assert bits_read(folded) <= bits_read(expression)


@given(truths(INTEGERS), VALUES)
def test_what_is_all_known_folds_to_a_literal(expression, bits):
    folded = fold(expression, lambda clbit: bool(bits[clbit]))
    assert isinstance(folded, Literal)


@given(truths(INTEGERS), INTEGERS, VALUES)
def test_the_kind_is_that_of_the_value(truth, integer, bits):
    assert kind_of(truth) == "truth"
    assert isinstance(evaluate(truth, bits), bool)
    assert kind_of(integer) == "integer"
    assert type(evaluate(integer, bits)) is int


@pytest.mark.parametrize("operator", ["and", "or"])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("is_first", [False, True])
def test_one_known_side_of_and_and_or_is_enough(operator, constant, is_first):
    sides = (Literal(constant), Bit(0)) if is_first else (Bit(0), Literal(constant))
    decided = constant is (operator == "or")
    assert fold(Binary(operator, *sides), lambda _: None) == (Literal(constant) if decided else Bit(0))
