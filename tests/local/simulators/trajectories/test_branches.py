"""Branches that go on alike become one: time follows the length of a program, not the number of its outcomes."""

import json
import weakref
from collections import Counter

import numpy as np
import pytest

from qsession_core.local.execution.prepare import run
from qsession_core.local.execution.task import Task
from qsession_core.local.interpreter.liveness import Liveness
from qsession_core.local.readers.circuit import Circuit, Function, Program
from qsession_core.local.readers.qir.reader import read_qir
from qsession_core.local.simulators.choice import simulator
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine
from qsession_core.local.simulators.stim import StimEngine, Tableau
from qsession_core.local.simulators.trajectories import branches, tree
from qsession_core.local.simulators.vector.state import State
from tests.support.counting import lines_run
from tests.support.noise_judge import are_alike
from tests.support.qir_text import gate, pointer, qir, record

HEAD = 'OPENQASM 2.0; include "qelib1.inc"; '


def registers(text, shots=400, simulator_name="numpy", noise=()):
    """Return the bits of each register, shape (shots, bits), lowest index first."""
    task = Task(
        "quantinuum.sim.h2-1e", "honeywell.openqasm.v1", "honeywell.quantum-results.v1", (HEAD + text).encode(), {},
        shots, 1, 56, simulator=simulator_name, noise=dict(noise),
    )  # fmt: skip
    outcome = run(task)
    assert not outcome.code, outcome.message
    found = json.loads(outcome.output)
    return {name: np.array([[int(bit) for bit in reversed(row)] for row in rows]) for name, rows in found.items()}


def rounds(number):
    """Measure a coin again and again, and turn another qubit over by it."""
    declared = f"qreg q[2]; creg m[1]; creg d[{number}]; creg e[1];"
    once = "h q[0]; measure q[0] -> d[{}]; measure q[0] -> m[0]; if(m==1) x q[1]; reset q[0];"
    return " ".join([declared, *map(once.format, range(number)), "measure q[1] -> e[0];"])


@pytest.mark.parametrize("name", ["numpy", "stim"])
def test_each_shot_keeps_its_own_results_where_branches_become_one(name):
    found = registers(rounds(30), simulator_name=name)
    assert np.array_equal(found["e"][:, 0], found["d"].sum(axis=1) % 2)
    # coins: no round is biased, and none depends on the one before
    assert abs(found["d"].mean(axis=0) - 0.5).max() < 0.12
    assert abs(np.corrcoef(found["d"].T) - np.eye(30)).max() < 0.25


def test_a_result_that_another_measurement_copies_is_the_same_in_every_shot():
    lines = ["qreg q[2]; creg m[1]; creg d[20]; creg e[20];"]
    for place in range(20):
        lines.append(f"ry(1.0) q[0]; measure q[0] -> d[{place}]; measure q[0] -> m[0]; if(m==1) x q[1];")
        lines.append(f"measure q[1] -> e[{place}]; reset q[0]; reset q[1];")
    found = registers(" ".join(lines))
    assert np.array_equal(found["d"], found["e"])
    assert abs(found["d"].mean() - np.sin(0.5) ** 2) < 0.03


def test_time_follows_the_rounds_and_not_the_outcomes():
    registers(rounds(2))
    short, long = (lines_run(lambda number=number: registers(rounds(number))) for number in (20, 60))
    assert long < 4 * short


def test_a_straight_circuit_of_many_measurements_and_resets_takes_time_by_its_length():
    def sampled(number):
        once = [("h", (0,), ()), ("cx", (0, 1), ()), ("reset", (0,), ())]
        operations = [step for place in range(number) for step in [*once, ("measure", (1, place), ())]]
        return simulator("numpy").sample(Circuit(2, number, operations), 300, 1, Noise())

    short, long = (lines_run(lambda number=number: sampled(number)) for number in (20, 60))
    assert long < 4 * short
    assert abs(sampled(60)[:, 1:].mean() - 0.5) < 0.03


def test_noise_of_small_clifford_circuits_does_not_take_a_branch_for_each_shot():
    gates = [("x", (0,), ()), ("h", (1,), ()), ("cx", (1, 2), ())] * 10
    circuit = Circuit(3, 3, [*gates, *[("measure", (qubit, qubit), ()) for qubit in range(3)]])
    few, many = (
        lines_run(lambda shots=shots: simulator("numpy").sample(circuit, shots, 1, Noise(p1=0.1)))
        for shots in (500, 4000)
    )
    assert many < 3 * few


COUNTED = "\n".join([
    "  br label %next", "next:", "  %i = phi i64 [ 0, %0 ], [ %j, %next ]", "  %n = phi i64 [ 0, %0 ], [ %m, %next ]",
    gate("h__body", 0), "  %q = inttoptr i64 %i to ptr", "  call void @__quantum__qis__mz__body(ptr null, ptr %q)",
    "  %r = call i1 @__quantum__rt__read_result(ptr %q)", "  %z = zext i1 %r to i64", "  %m = add i64 %n, %z",
    gate("reset__body", 0), "  %j = add i64 %i, 1", "  %c = icmp slt i64 %j, 12", "  br i1 %c, label %next, label %end",
    "end:", record("int", "i64 %m"), *[record("result", pointer(number)) for number in range(12)],
])  # fmt: skip


def test_values_that_are_used_later_stay_apart():
    text = qir(COUNTED, '"required_num_qubits"="1" "required_num_results"="12"')
    task = Task("acme.sim", "qir.v1", "microsoft.quantum-results.v2", text, {}, 300, 1, 60, "Adaptive_RIF")
    shots = [tuple(shot.values()) for shot in json.loads(run(task).output)["Results"][0]["Shots"]]
    assert len({total for total, *_ in shots}) > 6
    assert all(total == sum(bits) for total, *bits in shots)


def test_what_is_live_is_what_is_used_later_before_it_is_made_again():
    blocks = {
        "a": [("ops", [("measure", (0, 0), ()), ("measure", (1, 1), ())]), ("read", "%r", 0), ("br", "%r", "b", "c")],
        "b": [("set", "%s", "add", 1, ["%r", "%t"]), ("jump", "c")],
        "c": [("phi", "%u", {"a": 0, "b": "%s"}), ("read", "%t", 1), ("ret", "%u")],
    }
    live = Liveness(Program(2, 3, {"main": Function((), blocks)}, "main"))
    assert live.ever_read == {0, 1}
    assert live.at("a", 0) == ({"%t", "%s"}, set())
    assert live.at("a", 1) == ({"%t", "%s"}, {0, 1})
    assert live.at("a", 2) == ({"%r", "%t", "%s"}, {1})
    assert live.at("c", 1) == ({"%u"}, {1})
    assert live.at("c", 2) == ({"%u"}, set())


def test_where_a_read_has_a_computed_number_every_result_is_live():
    blocks = {"a": [("jump", "b")], "b": [("read", "%r", "%n"), ("ret", "%r")]}
    live = Liveness(Program(1, 3, {"main": Function((), blocks)}, "main"))
    assert live.at("a", 0) == ({"%n"}, {0, 1, 2})


@pytest.mark.parametrize("make", [State, Tableau])
def test_states_are_equal_up_to_their_phase(make):
    def after(*names):
        state = make(2)
        state.apply([(name, (place % 2,), ()) for place, name in enumerate(names)])
        return state.key()

    assert after("h", "h") == after("h", "h", "x", "x", "x", "x")
    assert after("x") == after("y") == after("x", "id", "z")
    assert after("h") != after("h", "h")
    assert after("h", "x", "z") != after("h", "x")


def test_programs_read_from_qir_have_their_results_kept_too():
    once = [gate("h__body", 0), gate("mz__body", 0, 0), gate("reset__body", 0)]
    program = read_qir(qir("\n".join([*once, record("result", pointer(0)), *once, record("result", pointer(0))])))
    leaves = simulator("numpy").run(program, 400, 1, Noise())
    assert {leaf.records[0][0] for leaf in leaves} == {"bit"}


def test_branches_that_errors_part_do_not_all_wait_at_the_same_time(monkeypatch):
    """The states of wide circuits are large: each branch comes to its end before the next one parts."""
    gates = [
        step for qubit in range(5) for step in [("ry", (qubit,), (0.7,)), ("cx", (qubit, (qubit + 1) % 5), ())]
    ] * 6
    circuit = Circuit(5, 5, [*gates, *[("measure", (qubit, qubit), ()) for qubit in range(5)]])
    noise, waited = Noise(p1=0.01, p2=0.03), []
    state_bytes = State(5).num_bytes
    kept = branches.Waiting.push

    def push(self, *args, **options):
        kept(self, *args, **options)
        waited.append(len(self._queue))

    monkeypatch.setattr(tree, "fits", lambda *_: False)
    roomy = simulator("numpy").sample(circuit, 4000, 1, noise)
    monkeypatch.setattr(branches, "_MAX_BYTES", 2 * state_bytes)
    monkeypatch.setattr(branches.Waiting, "push", push)
    tight = simulator("numpy").sample(circuit, 4000, 2, noise)
    assert max(waited) < 80  # the kinds of errors of one gate, and as many again for a shot that errs twice or more
    assert are_alike(roomy, tight)


@pytest.mark.parametrize(
    "noise",
    [Noise(p_init=0.3), Noise(p_crosstalk_meas=0.3, p_crosstalk_init=0.3), Noise(0.02, 0.05, 0, 0, 0.2, 0.2, 0.2)],
    ids=["p_init", "crosstalk", "all"],
)
def test_errors_that_part_every_shot_from_every_other_do_not_keep_a_state_for_each(noise, monkeypatch):
    qubits = range(5)
    turns = [("ry", (qubit,), (0.7 + qubit,)) for qubit in qubits]
    turns += [("cx", (qubit, (qubit + 1) % 5), ()) for qubit in qubits]
    middle = [("measure", (0, 5), ()), ("measure", (1, 6), ()), ("reset", (2,), ())]
    circuit = Circuit(5, 7, [*turns, *middle, *turns, *[("measure", (qubit, qubit), ()) for qubit in qubits]])
    alive, most = set(), []
    kept = State.__init__

    def made(self, *args, **options):
        kept(self, *args, **options)
        alive.add(id(self.scratch))
        weakref.finalize(self.scratch, alive.discard, id(self.scratch))
        most.append(len(alive))

    monkeypatch.setattr(tree, "fits", lambda *_: False)
    roomy = simulator("numpy").sample(circuit, 2000, 1, noise)
    monkeypatch.setattr(branches, "_MAX_BYTES", 8 * State(5).num_bytes)
    monkeypatch.setattr(State, "__init__", made)
    tight = simulator("numpy").sample(circuit, 2000, 2, noise)
    assert max(most) < 60  # eight, and the errors of a gate or the state before an error for each step of the way
    assert are_alike(roomy, tight)


TWICE = Program(
    1,
    1,
    {
        "main": Function(
            (),
            {
                "a": [
                    ("ops", [("h", (0,), ()), ("measure", (0, 0), ()), ("reset", (0,), ())]),
                    ("record", "result", 0),
                    ("ops", [("h", (0,), ()), ("measure", (0, 0), ()), ("reset", (0,), ())]),
                    ("record", "result", 0),
                    ("ret", None),
                ]
            },
        )
    },
    "main",
)


@pytest.mark.parametrize("noise", [Noise(), Noise(p1=0.01, p1_emission_ratio=0.5)], ids=["none", "emission"])
@pytest.mark.parametrize("engine", [NumpyEngine(), StimEngine()], ids=["numpy", "stim"])
@pytest.mark.parametrize("crowds", [True, False])
def test_a_record_keeps_what_each_shot_had_before_it_was_measured_again(engine, noise, crowds, monkeypatch):
    if not crowds:
        monkeypatch.setattr(tree, "fits", lambda *_: False)
    found = Counter()
    for leaf in engine.run(TWICE, 4_000, 1, noise):
        (_, first), _ = leaf.records
        for (bit,) in leaf.bits.tolist():
            found[first, bit] += 1
    assert set(found) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert all(abs(count - 1_000) < 160 for count in found.values())
