"""Conditions as expressions: the same truth as Cirq's, for every value that can have been recorded."""

from __future__ import annotations

import itertools

import cirq
import pytest
import sympy

from qsession_cirq.conversion.conditions import ConditionError, Recorded, expression
from qsession_core.expressions import Literal, evaluate

A, B = sympy.symbols("a b")
BITS = sympy.IndexedBase("a")
KEY = cirq.MeasurementKey("a")
WIDTHS = {"a": 3, "b": 2}
INVERTED = {"a": (1, 0, 1), "b": (0, 1)}

CONDITIONS = [
    cirq.KeyCondition(KEY),
    *(
        cirq.BitMaskKeyCondition(KEY, bitmask=mask, target_value=target, equal_target=equal)
        for mask, target, equal in itertools.product([None, 0, 1, 5, 7, 12], [0, 1, 4, 5, 9], [True, False])
    ),
    *map(
        cirq.SympyCondition,
        [
            sympy.Eq(A, 5), sympy.Eq(5, A), sympy.Ne(A, 2), sympy.Eq(A, 9), sympy.Eq(A, -1), sympy.Ne(A, 9),
            A > 3, A >= B, A < 2 * B + 1, A <= B**2, sympy.Eq(A + B, 4), sympy.Eq(A - B, 1), A * B > 3,
            sympy.And(A > 1, B > 1), sympy.Or(sympy.Eq(A, 0), sympy.Eq(B, 3)), sympy.Not(sympy.Eq(A, 1)),
            sympy.Xor(A > 2, B > 1), sympy.Eq(sympy.Mod(A, 2), 1), sympy.Eq(sympy.Mod(A + B, 4), 0), A, A + B, 3 - A,
            sympy.Ne(BITS[0], 0), sympy.Xor(sympy.Eq(BITS[0], 1), sympy.Eq(BITS[2], 1)), BITS[1],
            A / 2 > 1, A / 3 >= B / 2, sympy.Eq(A / 2, B), sympy.Ne(A / 6 + B / 4, 1), 0.3 * A > 1.4,
            0.5 * A + 0.25 * B >= 1.25, A < 2.5, sympy.Eq(A, 2.0), A / 2 - 0.5 * B > 0,
            sympy.true, sympy.false, A - B > 0, A - 2 * B >= -1, B - A < 2, (A - B) ** 2 > 2,
        ],
    ),
]  # fmt: skip


def cirqs_answer(condition: cirq.Condition, values: dict[str, tuple[int, ...]]) -> bool:
    store = cirq.ClassicalDataDictionaryStore()
    for name, bits in values.items():
        store.record_measurement(cirq.MeasurementKey(name), bits, cirq.LineQubit.range(len(bits)))
    return condition.resolve(store)


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
@pytest.mark.parametrize("masked", [False, True])
def test_an_expression_is_true_exactly_when_the_condition_is(condition, masked):
    clbits = {"a": (0, 1, 2), "b": (3, 4)}
    inverted = INVERTED if masked else {name: (0,) * width for name, width in WIDTHS.items()}
    asked = expression(condition, lambda key, _: Recorded(clbits[str(key)], inverted[str(key)]))
    for bits in itertools.product((0, 1), repeat=5):
        measured = {"a": bits[:3], "b": bits[3:]}
        recorded = {
            name: tuple(bit ^ flip for bit, flip in zip(measured[name], inverted[name], strict=True))
            for name in measured
        }
        assert bool(evaluate(asked, bits)) == cirqs_answer(condition, recorded)


def test_no_expression_subtracts_since_machines_count_without_a_sign():
    for expr in (A - B > 0, sympy.Eq(A - B, 1), B - 2 * A < -1, (A - B) ** 2 > 1):
        asked = expression(cirq.SympyCondition(expr), lambda *_: Recorded((0, 1), (0, 0)))
        assert "'-'" not in repr(asked)
        assert "value=-" not in repr(asked)


def test_a_condition_that_can_never_hold_is_known_now():
    condition = cirq.BitMaskKeyCondition(KEY, bitmask=1, target_value=2, equal_target=True)
    assert expression(condition, lambda *_: Recorded((0, 1), (0, 0))) == Literal(value=False)


def test_earlier_instances_of_a_key_can_be_asked_for():
    seen = []
    expression(cirq.KeyCondition(KEY, index=2), lambda key, index: seen.append((key, index)) or Recorded((0,), (0,)))
    assert seen == [(KEY, 2)]


@pytest.mark.parametrize("strange", [sympy.sin(A) > 0, sympy.Eq(sympy.Mod(A, 3), 0), BITS[7], 1 / A > 1])
def test_a_condition_that_no_target_can_work_out_is_refused(strange):
    with pytest.raises(ConditionError):
        expression(cirq.SympyCondition(strange), lambda *_: Recorded((0, 1), (0, 0)))
