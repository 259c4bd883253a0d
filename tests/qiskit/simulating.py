"""A program's state and distribution by the matrices of its gate words: the judge of conversions.

It shares nothing with the conversion but the words, and nothing with the formats at all.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from qsession_core.expressions import evaluate
from qsession_core.gates.words import gate_named

if TYPE_CHECKING:
    from qsession_core.program import Block, Program


def apply(state, matrix, qubits):
    """Apply a matrix; axis i of the state is qubit i, and the first of ``qubits`` is the matrix's highest bit."""
    n = len(qubits)
    tensor = matrix.reshape((2,) * (2 * n))
    state = np.tensordot(tensor, state, axes=(range(n, 2 * n), qubits))
    return np.moveaxis(state, range(n), qubits)


def pauli_evolution(num_qubits, terms, coefficients, time):
    """Return exp(-i time sum(coefficient term)), first qubit the highest bit; a term's last letter is that qubit."""
    single = {
        "I": np.eye(2),
        "X": gate_named("x").matrix(),
        "Y": gate_named("y").matrix(),
        "Z": gate_named("z").matrix(),
    }
    total = np.zeros((2**num_qubits, 2**num_qubits), complex)
    for term, coefficient in zip(terms, coefficients, strict=True):
        matrix = np.eye(1)
        for letter in reversed(term):
            matrix = np.kron(matrix, single[letter])
        total += coefficient * matrix
    values, vectors = np.linalg.eigh(total)
    return vectors @ np.diag(np.exp(-1j * time * values)) @ vectors.conj().T


def run(block: Block, branches):
    """Return every (classical bits, unnormalised state) that a block may end in."""
    for name, qubits, params in block:
        if name == "barrier":
            continue
        after = []
        for bits, state in branches:
            if name == "measure":
                for value in (0, 1):
                    kept = np.zeros_like(state)
                    index = (slice(None),) * qubits[0] + (value,)
                    kept[index] = state[index]
                    if np.vdot(kept, kept).real > 1e-12:
                        after.append(((*bits[: params[0]], value, *bits[params[0] + 1 :]), kept))
            elif name == "reset":
                for value in (0, 1):
                    moved = np.zeros_like(state)
                    place = (slice(None),) * qubits[0]
                    moved[(*place, 0)] = state[(*place, value)]
                    if np.vdot(moved, moved).real > 1e-12:
                        after.append((bits, moved))
            elif name == "if":
                condition, yes, no = params
                chosen = yes if evaluate(condition, bits) else no
                after += run(chosen, [(bits, state)]) if chosen is not None else [(bits, state)]
            elif name == "pauliexp":
                after.append((bits, apply(state, pauli_evolution(len(qubits), *params), qubits)))
            else:
                after.append((bits, apply(state, gate_named(name).matrix(*params), qubits)))
        branches = after
    return branches


def start(program: Program):
    state = np.zeros((2,) * program.num_qubits, complex)
    state[(0,) * program.num_qubits] = 1
    return [((0,) * program.num_clbits, state)]


def statevector(program: Program):
    """Return the final state of a program without measurements, as Qiskit orders it (qubit 0 lowest)."""
    ((_, state),) = run(program.body, start(program))
    return state.transpose().reshape(-1)


def distribution(program: Program) -> dict[str, float]:
    """Return the probability of each outcome, Qiskit's order (last classical bit first), no spaces."""
    found: dict[str, float] = defaultdict(float)
    for bits, state in run(program.body, start(program)):
        found["".join(map(str, reversed(bits)))] += np.vdot(state, state).real
    return dict(found)
