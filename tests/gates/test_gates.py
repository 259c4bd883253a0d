"""The gate words against Qiskit's matrices, and every decomposition against its matrix."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from qiskit.circuit import library
from qiskit.quantum_info import Operator
from scipy.linalg import expm

from qsession_core.gates.controls import with_controls, without_controls
from qsession_core.gates.words import GATES, UNCONTROLLED, controlled, decompose, gate_named
from qsession_core.program import Angle
from tests.support.judge import distance, unitary

QISKIT = {
    "x": library.XGate, "y": library.YGate, "z": library.ZGate, "h": library.HGate, "s": library.SGate,
    "sdg": library.SdgGate, "t": library.TGate, "tdg": library.TdgGate, "rx": library.RXGate, "ry": library.RYGate,
    "rz": library.RZGate, "cx": library.CXGate, "id": library.IGate, "sx": library.SXGate, "sxdg": library.SXdgGate,
    "p": library.PhaseGate, "u": library.UGate, "cz": library.CZGate, "cy": library.CYGate, "ch": library.CHGate,
    "cp": library.CPhaseGate, "cs": library.CSGate, "csdg": library.CSdgGate, "csx": library.CSXGate,
    "crz": library.CRZGate, "cry": library.CRYGate, "crx": library.CRXGate, "cu": library.CUGate,
    "swap": library.SwapGate, "rzz": library.RZZGate, "rxx": library.RXXGate, "ryy": library.RYYGate,
    "rzx": library.RZXGate, "ecr": library.ECRGate, "iswap": library.iSwapGate, "dcx": library.DCXGate,
    "ccx": library.CCXGate, "ccz": library.CCZGate, "cswap": library.CSwapGate,
}  # fmt: skip
BOTTOM = {name for name, word in GATES.items() if word.rule is None}
ANGLES = [0.0, math.pi, -math.pi, 2 * math.pi, -2 * math.pi, 4 * math.pi, 7.5, -9.25, 1e-9]


def angles_for(word, seed):
    draw = random.Random(f"{word}{seed}")
    pick = [draw.uniform(-4 * math.pi, 4 * math.pi), draw.choice(ANGLES)]
    return tuple(draw.choice(pick) for _ in range(gate_named(word).num_params))


def with_first_qubit_highest(matrix):
    """Turn Qiskit's order of rows and columns, last qubit highest, into ours."""
    places = int(math.log2(len(matrix)))
    order = [*range(places)][::-1]
    return (
        matrix.reshape((2,) * 2 * places)
        .transpose(order + [places + place for place in order])
        .reshape(len(matrix), -1)
    )


def test_qiskit_judges_every_word_but_those_that_it_does_not_have():
    assert set(GATES) - set(QISKIT) == {"csxdg", "rxxyyzz", "gpi", "gpi2", "ms", "zz"}


@pytest.mark.parametrize("word", sorted(QISKIT))
def test_the_matrix_is_qiskits_with_the_first_qubit_highest(word):
    for seed in range(4):
        angles = angles_for(word, seed)

        found = gate_named(word).matrix(*angles)

        assert np.abs(found - with_first_qubit_highest(Operator(QISKIT[word](*angles)).data)).max() < 1e-14


def test_the_controlled_square_root_of_x_has_its_inverse():
    assert np.abs(gate_named("csx").matrix() @ gate_named("csxdg").matrix() - np.eye(4)).max() < 1e-15


def test_the_gate_of_three_angles_is_the_exponential_of_its_generator():
    alpha, beta, gamma = 0.3, -1.1, 2.5
    x, y, z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
    generator = alpha * np.kron(x, x) + beta * np.kron(y, y) + gamma * np.kron(z, z)

    found = gate_named("rxxyyzz").matrix(alpha, beta, gamma)

    assert np.abs(found - expm(-0.5j * generator)).max() < 1e-14


def test_native_gates_take_turns_as_ionq_defines_them():
    """IonQ's documentation, "Getting started with native gates"."""
    phi0, phi1, angle = 0.3, -0.7, 0.11
    turn = lambda phi: np.exp(2j * math.pi * phi)  # noqa: E731 - the documentation's own abbreviation
    c, s = math.cos(math.pi * angle), -1j * math.sin(math.pi * angle)

    assert np.allclose(gate_named("gpi").matrix(phi0), [[0, turn(-phi0)], [turn(phi0), 0]], atol=1e-15)
    assert np.allclose(
        gate_named("gpi2").matrix(phi0),
        np.array([[1, -1j * turn(-phi0)], [-1j * turn(phi0), 1]]) / math.sqrt(2),
        atol=1e-15,
    )
    assert np.allclose(
        gate_named("ms").matrix(phi0, phi1, angle),
        [
            [c, 0, 0, s * turn(-phi0 - phi1)],
            [0, c, s * turn(phi1 - phi0), 0],
            [0, s * turn(phi0 - phi1), c, 0],
            [s * turn(phi0 + phi1), 0, 0, c],
        ],
        atol=1e-15,
    )
    assert np.allclose(np.diag(gate_named("zz").matrix(angle)), np.exp(1j * math.pi * angle * np.array([-1, 1, 1, -1])))


@pytest.mark.parametrize("word", sorted(set(GATES) - BOTTOM))
def test_a_word_equals_its_decomposition(word):
    qubits = tuple(range(gate_named(word).num_qubits))
    for seed in range(4):
        angles = angles_for(word, seed)

        steps = list(decompose(word, qubits, angles, BOTTOM))

        assert {name for name, _, _ in steps} <= BOTTOM
        assert distance(unitary(len(qubits), steps), gate_named(word).matrix(*angles)) < 1e-12


@pytest.mark.parametrize("num_controls", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("target", sorted(word for word in GATES if GATES[word].num_qubits <= 2 and "c" not in word))
def test_a_gate_under_controls_equals_its_decomposition(target, num_controls):
    word = controlled(target, num_controls)
    qubits = tuple(range(gate_named(word).num_qubits))
    angles = angles_for(word, 0)

    steps = list(decompose(word, qubits, angles, BOTTOM))

    assert distance(unitary(len(qubits), steps), gate_named(word).matrix(*angles)) < 1e-12


@pytest.mark.parametrize("target", ["cu", "ecr", "cx", "ccx", "cswap", "crx"])
def test_a_gate_that_has_controls_takes_more(target):
    word = controlled(target, 2)
    qubits = tuple(range(gate_named(word).num_qubits))
    angles = angles_for(word, 1)

    assert (
        distance(unitary(len(qubits), decompose(word, qubits, angles, BOTTOM)), gate_named(word).matrix(*angles))
        < 1e-12
    )


def test_controls_come_first_and_act_where_they_are_one():
    inner, whole = gate_named("u").matrix(0.3, 0.4, 0.5), gate_named("ctrl(3) @ u").matrix(0.3, 0.4, 0.5)

    assert np.array_equal(whole[14:, 14:], inner)
    assert np.array_equal(whole[:14, :14], np.eye(14))
    assert not whole[:14, 14:].any()


def test_many_controls_cost_a_polynomial_number_of_gates():
    flips = [
        sum(name == "cx" for name, _, _ in decompose(controlled("x", n), range(n + 1), (), BOTTOM)) for n in (4, 8, 16)
    ]
    turns = [
        sum(name == "cx" for name, _, _ in decompose(controlled("rz", n), range(n + 1), (0.1,), BOTTOM))
        for n in (4, 8, 16)
    ]

    assert flips[2] < 30 * 16**2  # a factor of 3 a control would be 10**8
    assert turns[2] <= 48 * 16


def test_decompositions_take_angles_with_parameters():
    theta, phi, lam, gamma = map(Angle.parameter, range(4))
    values = (0.3, -5.0, 8.0, 1.5)
    for word, symbols in (("cu", (theta, phi, lam, gamma)), ("u", (theta, phi, lam)), ("ms", (theta, phi, lam))):
        qubits = tuple(range(gate_named(word).num_qubits))
        symbolic = [
            (name, places, tuple(angle.value(values) if isinstance(angle, Angle) else angle for angle in angles))
            for name, places, angles in decompose(word, qubits, symbols, BOTTOM)
        ]

        assert distance(unitary(len(qubits), symbolic), gate_named(word).matrix(*values[: len(symbols)])) < 1e-12


def test_an_angle_goes_down_unrounded_where_it_is_only_passed_on():
    angle = 0.1 + 0.2

    assert list(decompose("p", (0,), (angle,), BOTTOM)) == [("rz", (0,), (angle,))]
    assert list(decompose("ctrl(1) @ rx", (0, 1), (angle,), {"h", "crz"}))[1] == ("crz", (0, 1), (angle,))


def test_lowering_stops_at_what_the_format_can_write():
    assert list(decompose("ccz", (4, 5, 6), (), {"ccz"})) == [("ccz", (4, 5, 6), ())]
    assert {name for name, _, _ in decompose("ccz", (4, 5, 6), (), {"h", "ccx"})} == {"h", "ccx"}


def test_lowering_to_words_that_are_too_few_is_an_error():
    with pytest.raises(KeyError):
        list(decompose("h", (0,), (), {"x"}))


@pytest.mark.parametrize("name", ["nope", "ctrl(2) @ nope", "ctrl(0) @ x", "ctrl(x) @ x", ""])
def test_what_is_no_word_is_an_error(name):
    with pytest.raises(KeyError):
        gate_named(name)


def test_a_control_on_nothing_is_an_error():
    with pytest.raises(KeyError):
        controlled("nope", 1)


def test_every_gate_under_controls_has_one_name():
    assert [controlled("cz", 1), controlled("z", 2), controlled("ctrl(1) @ z", 1)] == ["ccz", "ccz", "ccz"]
    assert controlled("ctrl(2) @ crz", 1) == "ctrl(4) @ rz"
    assert gate_named("ctrl(2) @ x") is gate_named("ccx")


def test_names_and_their_parts_go_both_ways():
    for target in ("x", "z", "rz", "u", "swap", "t"):
        for controls in range(5):
            assert without_controls(with_controls(target, controls)) == (target, controls)
    assert UNCONTROLLED["ccx"] == ("x", 2)
