"""Encoding takes work linear in gates, whatever they are."""

from __future__ import annotations

import random

import pytest

from qsession_core.expressions import Bit
from qsession_core.formats.ionq import IonQCircuit
from qsession_core.formats.openqasm2 import OpenQasm2
from qsession_core.formats.qir.module import Qir
from qsession_core.gates.words import GATES
from qsession_core.program import Block, Program
from tests.support.counting import lines_run

FEW, MANY = 2_000, 20_000
WORDS = ("h", "x", "sx", "t", "rx", "ry", "rz", "cx", "swap", "rxx", "ryy", "rzz", "u", "cp")


def gates(number, num_qubits=20):
    draw = random.Random(number)
    for _ in range(number):
        word = GATES[draw.choice(WORDS)]
        angles = tuple(draw.uniform(-6, 6) for _ in range(word.num_params))
        yield word.name, tuple(draw.sample(range(num_qubits), word.num_qubits)), angles


def straight(number):
    return Program.of(20, 20, [*gates(number), *(("measure", (bit,), (bit,)) for bit in range(20))])


def with_barriers(number):
    steps = [step for gate in gates(number // 2) for step in (gate, ("barrier", (0, 1, 2), ()))]
    return Program.of(20, 1, [*steps, ("measure", (0,), (0,))])


def measured_midway(number):
    steps = [
        ("measure", (place % 20,), (place % 7,)) if place % 50 == 0 else step
        for place, step in enumerate(gates(number))
    ]
    return Program.of(20, 7, steps)


def with_branches(number):
    steps = [
        ("if", (), (Bit(place % 7), Block.of([step]), None)) if place % 10 == 5 else step
        for place, step in enumerate(gates(number))
    ]
    return Program.of(20, 7, [*(("measure", (bit,), (bit,)) for bit in range(7)), *steps, ("measure", (0,), (0,))])


@pytest.mark.parametrize(
    ("format_", "profile", "kind"),
    [
        (IonQCircuit(), "", straight),
        (IonQCircuit(), "", with_barriers),
        (Qir(), "Base", straight),
        (Qir(), "Base", measured_midway),
        (Qir("quantinuum"), "Base", with_barriers),
        (Qir("quantinuum"), "Adaptive_RI", straight),
        (Qir("quantinuum"), "Adaptive_RI", measured_midway),
        (Qir("quantinuum"), "Adaptive_RI", with_barriers),
        (Qir("quantinuum"), "Adaptive_RI", with_branches),
        (OpenQasm2(), "", straight),
        (OpenQasm2(), "", measured_midway),
    ],
)
def test_ten_times_the_gates_take_ten_times_the_work(format_, profile, kind):
    few, many = (_work(format_, kind(number), profile) for number in (FEW, MANY))

    assert many < 12 * few
    assert many < 60 * MANY


def _work(format_, program, profile):
    return lines_run(lambda: format_.encode(program, profile=profile))
