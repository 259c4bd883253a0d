"""Programs that only correct go one way: with the same results as when their branches are followed."""

from __future__ import annotations

import random

import numpy as np
import pytest

from qsession_core.local.readers.openqasm2 import read_openqasm
from qsession_core.local.readers.qir.reader import read_qir
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine
from qsession_core.local.simulators.stim import StimEngine
from qsession_core.local.simulators.trajectories.corrections import WHEN, one_way
from tests.support.noise_judge import are_alike
from tests.support.qir_text import gate, pointer, qir, record

SEEDS = [*range(6), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(6, 60))]
NOISES = {
    "none": Noise(),
    "pairs": Noise(p2=0.1, p_init=0.1, p_crosstalk_meas=0.05, p_crosstalk_init=0.1),
    "readout": Noise(p_meas_0=0.1, p_meas_1=0.2),
    "all": Noise(0.02, 0.05, 0.03, 0.06, 0.04, 0.05, 0.06),
    "falls": Noise(p1=0.05, p2=0.05, p1_emission_ratio=0.5),
}


def shots_of(engine, program, noise, shots=6_000):
    return np.concatenate([leaf.bits for leaf in engine.run(program, shots, 3, noise)])


def correcting(seed):
    """Return a program that measures, corrects, measures again, into one bit or into fresh ones."""
    draw = random.Random(seed)
    lines = [
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[4];',
        *(f"creg m{number}[1];" for number in range(3)),
        "creg e[4];",
    ]
    for _ in range(5):
        for _ in range(4):
            word, pair = draw.choice(["h", "s", "x", "cx", "cz", "cy"]), draw.sample(range(4), 2)
            lines.append(f"{word} q[{pair[0]}]" + (f", q[{pair[1]}];" if word[0] == "c" else ";"))
        if draw.random() < 0.8:
            lines.append(f"measure q[{draw.randrange(4)}] -> m{draw.randrange(3)}[0];")
        if draw.random() < 0.3:
            lines.append(f"reset q[{draw.randrange(4)}];")
        for _ in range(draw.randrange(1, 4)):
            value, word = draw.randrange(2), draw.choice("xyz")
            lines.append(f"if(m{draw.randrange(3)}=={value}) {word} q[{draw.randrange(4)}];")
    lines.append("measure q[0] -> m0[0]; if(m0==1) y q[1]; measure q -> e;")
    return read_openqasm(" ".join(lines).encode())


@pytest.mark.parametrize("label", NOISES)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_distribution_is_that_of_branches_followed_one_by_one(label, seed):
    program, noise = correcting(seed), NOISES[label]
    operations, _ = one_way(program)
    assert any(name == WHEN for name, _, _ in operations)
    assert are_alike(shots_of(StimEngine(), program, noise), shots_of(NumpyEngine(), program, noise))


def test_a_correction_reads_what_was_measured_before_it_and_not_what_came_later():
    text = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[3]; creg m[1]; creg e[3]; if(m==0) x q[2]; if(m==1) x q[1];'
    text += "x q[0]; measure q[0] -> m[0]; if(m==1) x q[1]; reset q[0]; measure q[0] -> m[0]; if(m==0) y q[0];"
    found = shots_of(StimEngine(), read_openqasm((text + "measure q -> e;").encode()), Noise(), 20)
    assert found.tolist() == [[0, 1, 1, 1]] * 20


def branch(*arms, condition="r"):
    """Return a QIR program that measures qubit 0 and goes into one of some blocks."""
    lines = [gate("h__body", 0), gate("mz__body", 0, 0)]
    lines.append(f"  %r = call i1 @__quantum__rt__read_result({pointer(0)})")
    return "\n".join([*lines, f"  br i1 %{condition}, label %then, label %else", *arms])


def judged(body):
    program = read_qir(qir(body, '"required_num_qubits"="2" "required_num_results"="2"'))
    return program, one_way(program)


END = ["end:", gate("mz__body", 1, 1), record("result", pointer(0)), record("result", pointer(1))]


def test_both_arms_of_qir_correct_and_its_records_are_kept():
    body = branch("then:", gate("x__body", 1), "  br label %end", "else:", gate("z__body", 1), "  br label %end", *END)
    program, way = judged(body)
    assert way is not None
    (leaf,) = StimEngine().run(program, 200, 1, Noise())
    assert leaf.records == NumpyEngine().run(program, 1, 1, Noise())[0].records
    assert np.array_equal(leaf.bits[:, 0], leaf.bits[:, 1])
    assert set(leaf.bits[:, 0].tolist()) == {0, 1}


@pytest.mark.parametrize(
    "arms",
    [
        ["then:", gate("h__body", 1), "  br label %end", "else:", "  br label %end", *END],
        ["then:", gate("x__body", 1), gate("mz__body", 1, 0), "  br label %end", "else:", "  br label %end", *END],
        ["then:", record("result", pointer(0)), "  br label %end", "else:", "  br label %end", *END],
        ["then:", gate("x__body", 1), "  br label %end", "else:", "  br label %end", "end:",
         "  %n = phi i64 [ 1, %then ], [ 2, %else ]", record("int", "i64 %n")],
        ["then:", gate("x__body", 1), "  br label %else", "else:", gate("h__body", 1), gate("mz__body", 1, 1),
         f"  %s = call i1 @__quantum__rt__read_result({pointer(1)})", "  br i1 %s, label %else, label %end", "end:",
         record("result", pointer(1))],
    ],
    ids=["another gate", "a measurement", "a record", "a value", "a loop"],
)  # fmt: skip
def test_what_does_more_than_correct_is_followed_as_ever(arms):
    program, way = judged(branch(*arms))
    assert way is None
    ours, others = (sorted(engine.run(program, 300, 5, Noise()), key=repr) for engine in (StimEngine(), NumpyEngine()))
    assert {leaf.records for leaf in ours} == {leaf.records for leaf in others}
