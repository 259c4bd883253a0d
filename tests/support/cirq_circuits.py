"""Random circuits: of reversible gates, whose every repetition is the same, and of any gates."""

from __future__ import annotations

import random

import cirq
import sympy

KEYS = ["m", "two words", "schlüssel", "k" * 70, "x-y", "M"]


def qubits_of_any_kind(rng: random.Random, width: int) -> list[cirq.Qid]:
    pool = [cirq.LineQubit(n) for n in (-3, 0, 7, 100)]
    pool += [cirq.GridQubit(r, c) for r, c in [(0, 0), (-1, 4), (5, 2)]]
    pool += [cirq.NamedQubit(name) for name in ["alice", "bob 2", "bob 10"]]
    return rng.sample(pool, width)


def reversible(seed: int, *, middle: bool, conditions: bool, length: int = 10) -> cirq.Circuit:
    """A circuit of classical gates; every repetition of it gives the same records."""
    rng = random.Random(seed)
    qubits = qubits_of_any_kind(rng, rng.randint(2, 4))
    circuit = cirq.Circuit([cirq.X(qubit) for qubit in qubits if rng.random() < 0.5])
    widths: dict[str, int] = {}
    for _ in range(rng.randint(3, length)):
        circuit.append(_gate(rng, qubits), strategy=cirq.InsertStrategy.NEW)
        if middle:
            what = rng.random()
            if what < 0.3:
                circuit.append(_measurement(rng, qubits, widths), strategy=cirq.InsertStrategy.NEW)
            elif what < 0.4:
                circuit.append(cirq.reset(rng.choice(qubits)), strategy=cirq.InsertStrategy.NEW)
            elif what < 0.5:
                asked = widths if conditions else None
                circuit.append(_sub_circuit(rng, qubits, len(circuit), asked), strategy=cirq.InsertStrategy.NEW)
        if conditions and widths:
            operation = _gate(rng, qubits).with_classical_controls(_condition(rng, widths))
            circuit.append(operation, strategy=cirq.InsertStrategy.NEW)
    for number, qubit in enumerate(rng.sample(qubits, rng.randint(1, len(qubits)))):
        mask = (True,) if rng.random() < 0.5 else ()
        circuit.append(cirq.measure(qubit, key=f"end {number}", invert_mask=mask))
    return circuit


def _gate(rng: random.Random, qubits: list[cirq.Qid]) -> cirq.Operation:
    gates = [
        gate for gate in (cirq.X, cirq.CX, cirq.SWAP, cirq.CCX, cirq.CSWAP) if cirq.num_qubits(gate) <= len(qubits)
    ]
    gate = rng.choice(gates)
    operation = gate.on(*rng.sample(qubits, cirq.num_qubits(gate)))
    return operation.with_tags("tagged") if rng.random() < 0.2 else operation


def _measurement(rng: random.Random, qubits: list[cirq.Qid], widths: dict[str, int]) -> cirq.Operation:
    key = rng.choice(KEYS)
    width = widths.setdefault(key, rng.randint(1, len(qubits)))
    mask = tuple(rng.random() < 0.5 for _ in range(rng.randint(0, width)))
    return cirq.measure(*rng.sample(qubits, width), key=key, invert_mask=mask)


def _sub_circuit(
    rng: random.Random, qubits: list[cirq.Qid], number: int, widths: dict[str, int] | None
) -> cirq.Operation:
    """A sub-circuit that measures, repeats, is nested, has its keys renamed, and asks for keys inside and outside."""
    a, b = rng.sample(qubits, 2)
    inside = [cirq.X(a), cirq.CX(a, b), cirq.measure(b, key=f"inner{number}", invert_mask=(rng.random() < 0.5,))]
    if widths is not None:
        inside.append(cirq.X(a).with_classical_controls(f"inner{number}"))
        if widths:
            inside.append(cirq.X(b).with_classical_controls(_condition(rng, widths)))
    if rng.random() < 0.5:
        inside.append(cirq.measure(b, a, key=f"pair{number}"))
    operation = cirq.CircuitOperation(
        cirq.FrozenCircuit(inside), repetitions=rng.randint(1, 3), use_repetition_ids=rng.random() < 0.5
    )
    if rng.random() < 0.5:
        operation = operation.with_measurement_key_mapping({f"inner{number}": f"renamed{number}"})
    if rng.random() < 0.3:
        operation = cirq.CircuitOperation(
            cirq.FrozenCircuit(operation), repetitions=rng.randint(1, 2), use_repetition_ids=rng.random() < 0.5
        )
    return operation


def _condition(rng: random.Random, widths: dict[str, int]) -> object:
    key = rng.choice(sorted(widths))
    measured = cirq.MeasurementKey(key)
    top = 2 ** widths[key]
    match rng.randint(0, 5):
        case 0:
            return cirq.KeyCondition(measured)
        case 1:
            return cirq.BitMaskKeyCondition(
                measured, bitmask=rng.randrange(top), target_value=rng.randrange(top), equal_target=rng.random() < 0.5
            )
        case 2:
            return sympy.Eq(sympy.Symbol(key), rng.randrange(top + 1))
        case 3:
            other = sympy.Symbol(rng.choice(sorted(widths)))
            return sympy.Symbol(key) + 2 * other >= rng.randrange(2 * top)
        case 4:
            # a key's bits and its number in one condition confuse Cirq, which has one replacement a name
            others = [other for other in sorted(widths) if other != key]
            first = sympy.Ne(sympy.IndexedBase(key)[0], 0)
            return sympy.Xor(first, sympy.Eq(sympy.Symbol(rng.choice(others)), 1)) if others else first
        case _:
            one, other = sympy.Symbol(key), sympy.Symbol(rng.choice(sorted(widths)))
            return sympy.And(sympy.Ne(one, rng.randrange(top)), sympy.Or(other > 0, one < 2))
