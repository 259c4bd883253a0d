"""Sequences of pulses run on Pasqal's targets, as physics says."""

from __future__ import annotations

import json

import numpy as np
import pulser
import pytest

from qsession_core import Workspace
from qsession_core.local import LocalWorkspace, ManualClock
from qsession_core.local.readers.pulser import read_pulser
from qsession_core.local.simulators.pulser import run_sequence
from tests.support.wire_client import Client

SHOTS = 2000
FORMAT = {"input_format": "pasqal.pulser.v1", "output": "pasqal.pulser-results.v1"}
TARGET = "pasqal.sim.emu-sv"


def sequence(distance=30.0, *, area=np.pi, atoms=2, measured=True):
    """One pulse on all atoms of a line: amplitude constant, its area in radians."""
    register = pulser.Register.from_coordinates([(distance * place, 0.0) for place in range(atoms)], prefix="q")
    made = pulser.Sequence(register, pulser.MockDevice)
    made.declare_channel("all", "rydberg_global")
    made.add(pulser.Pulse.ConstantPulse(500, area / 0.5, 0.0, 0.0), "all")
    if measured:
        made.measure("ground-rydberg")
    return made.to_abstract_repr()


def counts(client, builder, **params):
    payload = json.dumps({"sequence_builder": builder}).encode()
    return client.run(payload, TARGET, params={"shots": SHOTS, **params}, **FORMAT)


@pytest.fixture(scope="module")
def client():
    with LocalWorkspace(seed=1, clock=ManualClock()) as workspace:
        yield Client(workspace)


def test_a_pi_pulse_excites_atoms_that_are_far_apart(client):
    assert counts(client, sequence()) == {"11": SHOTS}


def test_half_a_pi_pulse_excites_each_with_one_half(client):
    found = counts(client, sequence(area=np.pi / 2))
    assert sum(found.values()) == SHOTS
    for count in found.values():
        assert abs(count - SHOTS / 4) < 6 * (SHOTS * 3 / 16) ** 0.5


def test_the_blockade_lets_one_of_two_close_atoms_be_excited(client):
    # in the blockade both atoms share one excitation, at a frequency that is the square root of two times as high
    found = counts(client, sequence(4.0, area=np.pi / 2**0.5))
    assert set(found) == {"01", "10"}
    assert abs(found["01"] - SHOTS / 2) < 6 * (SHOTS / 4) ** 0.5


def test_atoms_are_read_in_the_order_of_the_register(client):
    register = pulser.Register({"q0": (0.0, 0.0), "q1": (40.0, 0.0), "q2": (80.0, 0.0)})
    made = pulser.Sequence(register, pulser.MockDevice)
    made.declare_channel("one", "rydberg_local", initial_target="q1")
    made.add(pulser.Pulse.ConstantPulse(500, 2 * np.pi, 0.0, 0.0), "one")
    assert counts(client, made.to_abstract_repr()) == {"010": SHOTS}


def test_the_builder_may_be_an_object_or_its_text(client):
    text = sequence()
    assert counts(client, json.loads(text)) == counts(client, text)


def test_the_same_seed_gives_the_same_shots_and_another_other_ones():
    read = read_pulser(json.dumps({"sequence_builder": sequence(area=1.0)}).encode())
    once, again, other = (run_sequence(read, 50, seed) for seed in (1, 1, 2))
    assert once.shape == (50, 2)
    assert (once == again).all()
    assert (once != other).any()


def test_a_sequence_that_does_not_say_how_it_is_measured_is_measured_in_the_basis_of_its_channel(client):
    assert counts(client, sequence(measured=False)) == {"11": SHOTS}


def unbuilt():
    made = pulser.Sequence(pulser.Register.from_coordinates([(0.0, 0.0)], prefix="q"), pulser.MockDevice)
    made.declare_channel("all", "rydberg_global")
    made.add(pulser.Pulse.ConstantPulse(500, made.declare_variable("amplitude"), 0.0, 0.0), "all")
    return made.to_abstract_repr()


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"{}", "sequence_builder"),
        (b"no JSON", "pasqal.pulser.v1: "),
        (b'{"sequence_builder": "no JSON"}', "pasqal.pulser.v1: "),
        (b'{"sequence_builder": {"register": []}}', "needs atoms"),
        (b'{"sequence_builder": {"register": [{"name": "a"}]}}', "Pulser does not run"),
        (b"\xff\xfe", "pasqal.pulser.v1: "),
        (b'{"sequence_builder": ' + b"[" * 100_000, "pasqal.pulser.v1: "),
        (unbuilt, "built"),
    ],
)
def test_what_is_not_a_sequence_fails_with_the_reason(client, payload, message):
    if callable(payload):
        payload = json.dumps({"sequence_builder": payload()}).encode()
    error = client.failure(payload, TARGET, **FORMAT)
    assert error["code"] == "InvalidInputData"
    assert message in error["message"]


def test_a_sequence_wider_than_its_target_is_refused(client):
    payload = json.dumps({"sequence_builder": sequence(atoms=13)}).encode()
    error = client.failure(payload, "pasqal.sim.emu-free", **FORMAT)
    assert "13 qubits" in error["message"]


def test_a_sequence_whose_state_does_not_fit_into_memory_is_refused(client):
    payload = json.dumps({"sequence_builder": sequence(atoms=60)}).encode()
    error = client.failure(payload, "pasqal.sim.emu-mps", **FORMAT)
    assert "memory" in error["message"]


def test_our_client_runs_a_sequence_and_reads_its_result():
    with Workspace.local(seed=3) as workspace:
        job = workspace.get_target(TARGET).submit({"sequence_builder": sequence()}, shots=50)
        assert job.result().counts == {"11": 50}
