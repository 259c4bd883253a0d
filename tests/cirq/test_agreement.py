"""Every target and format against cirq.Simulator: the same records in shape, dtype and value."""

from __future__ import annotations

import random

import cirq
import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from qsession_core.errors import LimitExceededError
from tests.support.cirq_circuits import qubits_of_any_kind, reversible

# target, format (None: its own), measurement in the middle, classical control
WAYS = [
    ("ionq.simulator", None, False, False),
    ("ionq.simulator", "qir.v1", True, False),
    ("rigetti.sim.qvm", None, True, False),
    ("quantinuum.sim.h2-1e", None, True, True),
    ("quantinuum.sim.helios-1e", None, True, True),
    ("quantinuum.sim.h2-1e", "honeywell.openqasm.v1", True, False),
]
QUIET = {"input_params": {"error-model": False}}
many = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def options_of(target: str) -> dict:
    return QUIET if target.startswith("quantinuum") else {}


@pytest.mark.parametrize(("target", "form", "middle", "conditions"), WAYS)
@many
@given(seed=st.integers(0, 2**31))
def test_every_repetition_of_a_reversible_circuit_is_cirqs(service, target, form, middle, conditions, seed):
    # without feed-forward every measurement in the middle costs a qubit more, so these circuits are shorter
    circuit = reversible(seed, middle=middle, conditions=conditions, length=10 if conditions or not middle else 4)
    try:
        payload = service.get_target(target).encode(circuit, input_data_format=form)
    except LimitExceededError:
        reject()
    assume(payload.num_qubits <= 16)  # a state of 29 qubits takes half a minute and 8 GB
    result = service.run(circuit, 3, target, input_data_format=form, **options_of(target))
    expected = cirq.Simulator().run(circuit, repetitions=3)
    assert result == expected
    for key, records in expected.records.items():
        assert result.records[key].dtype == records.dtype
        assert result.records[key].shape == records.shape
    if all(records.shape[1] == 1 for records in expected.records.values()):
        assert result.data.equals(expected.data[list(result.data)])
        assert all(result.histogram(key=key) == expected.histogram(key=key) for key in expected.records)


@pytest.mark.parametrize(("target", "form", "middle", "conditions"), WAYS)
@settings(parent=many, max_examples=8)
@given(seed=st.integers(0, 2**31))
def test_the_distribution_of_a_random_circuit_is_cirqs(service, target, form, middle, conditions, seed):
    rng = random.Random(seed)
    qubits = qubits_of_any_kind(rng, 3)
    circuit = cirq.testing.random_circuit(qubits, n_moments=6, op_density=0.8, random_state=seed)
    circuit.append(cirq.I.on_each(qubits))
    wanted = np.abs(circuit.final_state_vector(qubit_order=qubits)) ** 2
    circuit.append(cirq.measure(*qubits, key="all", invert_mask=(False, True)))
    repetitions = 2000
    result = service.run(circuit, repetitions, target, input_data_format=form, **options_of(target))
    counts = result.histogram(key="all")
    have = np.array([counts[outcome ^ 0b010] for outcome in range(8)]) / repetitions
    # eight frequencies of 2,000 draws are nowhere near this far off
    assert np.abs(have - wanted).max() < 0.06


@pytest.mark.parametrize("target", ["quantinuum.sim.h2-1e", "quantinuum.sim.helios-1e"])
@pytest.mark.parametrize("mask", [(), (True,), (False, True)])
def test_feed_forward_draws_what_cirq_draws(service, target, mask):
    a, b, c = cirq.LineQubit.range(3)
    circuit = cirq.Circuit(
        cirq.H(a), cirq.ry(0.9)(b), cirq.measure(a, b, key="m", invert_mask=mask),
        cirq.X(c).with_classical_controls("m"), cirq.measure(c, key="c"),
        cirq.X(c).with_classical_controls(cirq.BitMaskKeyCondition("m", bitmask=1, target_value=1, equal_target=True)),
        cirq.measure(c, key="c"),
    )  # fmt: skip
    ours = service.run(circuit, 4000, target, **QUIET)
    theirs = cirq.Simulator(seed=3).run(circuit, repetitions=4000)
    for key in ("m", "c"):
        assert ours.records[key].shape == theirs.records[key].shape
        have, wanted = (_shares(result.records[key]) for result in (ours, theirs))
        assert all(abs(have.get(outcome, 0) - share) < 0.05 for outcome, share in wanted.items())


@pytest.mark.parametrize("target", ["ionq.simulator", "quantinuum.sim.h2-1e"])
def test_pauli_measurements_come_with_their_sign(service, target):
    a, b = cirq.q("a"), cirq.q("b")
    circuit = cirq.Circuit(
        cirq.H(a), cirq.H(b), cirq.S(b),
        cirq.measure_single_paulistring(cirq.X(a) * cirq.Y(b), key="plus"),
        cirq.measure_single_paulistring(-cirq.X(a) * cirq.Y(b), key="minus"),
    )  # fmt: skip
    result = service.run(circuit, 3, target, **options_of(target))
    assert result == cirq.Simulator().run(circuit, repetitions=3)


def test_openqasm_2_writes_the_conditions_that_it_has(service):
    a, b, c = cirq.LineQubit.range(3)
    circuit = cirq.Circuit(
        cirq.X(a), cirq.measure(a, key="x", invert_mask=(True,)), cirq.X(b).with_classical_controls("x"),
        cirq.measure(b, key="b"), cirq.measure(a, b, key="ab"),
        cirq.X(c).with_classical_controls(sympy.Eq(sympy.Symbol("ab"), 0b10)), cirq.measure(c, key="c"),
    )  # fmt: skip
    result = service.run(circuit, 3, "quantinuum.sim.h2-1e", input_data_format="honeywell.openqasm.v1", **QUIET)
    assert result == cirq.Simulator().run(circuit, repetitions=3)


def _shares(records: np.ndarray) -> dict[bytes, float]:
    rows = [row.tobytes() for row in records.reshape(len(records), -1)]
    return {row: rows.count(row) / len(rows) for row in set(rows)}
