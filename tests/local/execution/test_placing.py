"""What the service's own thread reads and runs, and what a worker process does."""

import json

import msgspec
import pytest

from qsession_core.local.execution.placing import place
from qsession_core.local.execution.task import Task
from tests.support.hostile import FAMILIES
from tests.support.qir_text import gate, qir

pytest.importorskip("pyqir")

OUTPUTS = {
    "ionq.circuit.v1": "ionq.quantum-results.v1", "honeywell.openqasm.v1": "honeywell.quantum-results.v1",
    "rigetti.quil.v1": "rigetti.quil-results.v1", "qir.v1": "microsoft.quantum-results.v2",
}  # fmt: skip
READ = "  %{0} = call i1 @__quantum__rt__read_result(ptr inttoptr (i64 {1} to ptr))"


def placed(input_format, payload, shots=100, **params):
    payload = payload if isinstance(payload, bytes) else payload.encode()
    return place(Task("acme.qpu", input_format, OUTPUTS[input_format], payload, params, shots, 1, 100_000))


def ionq(*gates, qubits=2):
    return json.dumps({"qubits": qubits, "circuit": list(gates)})


def feed_forward(rounds):
    """Return QIR that flips a qubit where it was measured as 1, some times after each other."""
    lines = []
    for number in range(rounds):
        lines += [
            gate("h__body", 0), gate("mz__body", 0, number), READ.format(f"r{number}", number),
            f"  br i1 %r{number}, label %yes{number}, label %on{number}", f"yes{number}:", gate("x__body", 0),
            f"  br label %on{number}", f"on{number}:",
        ]  # fmt: skip
    return qir("\n".join(lines), '"qir_profiles"="adaptive_profile"')


LOOP = qir(
    "\n".join([
        "  br label %head", "head:", gate("h__body", 0), gate("mz__body", 0, 0), READ.format("r", 0),
        "  br i1 %r, label %head, label %out", "out:",
    ]),
    '"qir_profiles"="adaptive_profile"',
)  # fmt: skip


@pytest.mark.parametrize(
    ("input_format", "payload"),
    [
        ("ionq.circuit.v1", ionq({"gate": "h", "target": 0}, {"gate": "rx", "target": 1, "rotation": 0.78539816})),
        ("ionq.circuit.v1", ionq({"gate": "rx", "target": 1, "rotation": -1.23456789e-5}, qubits=999)),
        ("honeywell.openqasm.v1", "OPENQASM 2.0; qreg q[4]; creg c[4]; h q; rx(0.12345) q[0]; measure q -> c;"),
        ("rigetti.quil.v1", "DECLARE ro BIT[2]\nRX(1.23456) 0\nMEASURE 0 ro[0]"),
        ("qir.v1", qir("\n".join([gate("h__body", 0), gate("mz__body", 0, 0)]))),
        ("qir.v1", feed_forward(3)),
    ],
)
def test_small_programs_run_in_the_services_own_thread(input_format, payload):
    assert placed(input_format, payload).program is not None


@pytest.mark.parametrize(
    ("input_format", "payload"),
    [
        ("ionq.circuit.v1", ionq(*[{"gate": "h", "target": 0}] * 2_000)),
        ("ionq.circuit.v1", ionq({"gate": "pauliexp", "targets": [0], "terms": ["X"], "coefficients": [1], "time": 1})),
        ("ionq.circuit.v1", '{"qubits":1,"circuit":[{"gate":"\\u0050auliexp","targets":[0]}]}'),
        ("ionq.circuit.v1", ionq(qubits=10**8)),
        ("ionq.circuit.v1", '{"circuit":[{"gate":"h","targets":[0,\n 1000]}],"qubits":2}'),
        ("ionq.circuit.v1", '{"circuit":[{"gate":"h","targets":[1000]}],"qubits":2}'),
        ("ionq.circuit.v1", '{"circuit":[{"gate":"PauliExp","targets":[0]}]}'),
        ("honeywell.openqasm.v1", "OPENQASM 2.0; qreg q[1]; gate a b { x b; } a q[0];"),
        ("honeywell.openqasm.v1", "OPENQASM 2.0; qreg q[999];" + "h q;" * 100),
        ("rigetti.quil.v1", "DEFCIRCUIT a b:\n    X b\na 0\n"),
        ("qir.v1", feed_forward(40)),
        ("qir.v1", LOOP),
        ("qir.v1", b"BC\xc0\xde"),
    ],
)
def test_what_may_take_long_to_read_or_to_run_needs_a_worker(input_format, payload):
    assert placed(input_format, payload, 5_000).needs_worker


def test_a_program_of_several_items_or_of_several_bindings_needs_a_worker():
    assert placed("qir.v1", qir(gate("h__body", 0)), items=[{}, {}]).needs_worker
    assert placed("rigetti.quil.v1", "X 0", substitutions={"t": [[1.0], [2.0]]}).needs_worker


def test_a_circuit_that_takes_seconds_by_its_plan_is_long_from_the_beginning():
    gates = [{"gate": "rx", "target": place % 24, "rotation": 0.1} for place in range(300)]
    assert placed("ionq.circuit.v1", ionq(*gates, qubits=24)).is_long
    assert not placed("ionq.circuit.v1", ionq(*gates[:10], qubits=24)).is_long


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_short_payloads_that_ask_for_much_are_refused_at_once_or_need_a_worker(name):
    input_format, make = FAMILIES[name]
    if input_format not in OUTPUTS:
        return
    found = placed(input_format, make(20_000))
    assert found.needs_worker or found.outcome is not None or found.plan.seconds < 0.01


@pytest.mark.parametrize("word", ["h", "ry(0.3)"], ids=["stabilizers", "state vectors"])
def test_errors_part_shots_too_and_a_program_that_errs_often_needs_a_worker(word):
    text = (
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[4]; creg m[1]; creg c[4]; measure q[0] -> m[0]; if(m==1) x q[1]; '
    )
    text += "".join(f"{word} q[{place % 4}]; cx q[{place % 4}],q[{(place + 1) % 4}]; " for place in range(50))
    task = placed_task(text + "measure q -> c;")
    assert not place(task).needs_worker
    errs = {"p1": 0.05, "p2": 0.05, "p1_emission_ratio": 0.5, "p2_emission_ratio": 0.5}
    assert place(msgspec.structs.replace(task, noise=errs)).needs_worker


def placed_task(text):
    return Task(
        "acme.qpu", "honeywell.openqasm.v1", OUTPUTS["honeywell.openqasm.v1"], text.encode(), {}, 10_000, 1, 100
    )
