"""What a program does, exactly: by the matrices of its gate words, one branch of the state for each outcome.

It shares nothing with the formats and the conversions but the gate words, whose matrices tests/gates holds to Qiskit's.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from qsession_core.expressions import evaluate
from qsession_core.gates.words import gate_named
from qsession_core.program import written_in

if TYPE_CHECKING:
    from qsession_core.program import Block, Program

SMALLEST = 1e-14


@functools.lru_cache(maxsize=4096)
def matrix_of(name, params):
    return gate_named(name).matrix(*params)


def apply(state, matrix, qubits):
    """Apply a matrix; axis i of the state is qubit i, the first of ``qubits`` is the matrix's highest bit."""
    places = len(qubits)
    state = np.tensordot(matrix.reshape((2,) * (2 * places)), state, axes=(range(places, 2 * places), qubits))
    return np.moveaxis(state, range(places), qubits)


def pauli_evolution(terms, coefficients, time):
    """Return exp(-i time sum(coefficient term)); first qubit highest bit, a term's last letter the first qubit."""
    single = {
        "I": np.eye(2),
        "X": gate_named("x").matrix(),
        "Y": gate_named("y").matrix(),
        "Z": gate_named("z").matrix(),
    }
    total = np.zeros((2 ** len(terms[0]),) * 2, complex)
    for term, coefficient in zip(terms, coefficients, strict=True):
        total += coefficient * functools.reduce(np.kron, [single[letter] for letter in reversed(term)])
    values, vectors = np.linalg.eigh(total)
    return vectors @ np.diag(np.exp(-1j * time * values)) @ vectors.conj().T


def unitary(num_qubits, operations):
    """Return the matrix of gates; qubit 0 is the highest bit."""
    state = np.eye(2**num_qubits, dtype=complex).reshape((2,) * num_qubits + (-1,))
    for name, qubits, params in operations:
        if name == "matrix":  # a reader worked it out
            (matrix,) = params
        else:
            matrix = pauli_evolution(*params) if name == "pauliexp" else gate_named(name).matrix(*params)
        state = apply(state, matrix, qubits)
    return state.reshape(2**num_qubits, -1)


def distance(one, other):
    """Return how far two matrices are from each other, a global phase apart."""
    place = np.unravel_index(np.argmax(np.abs(other)), other.shape)
    phase = one[place] / other[place]
    return float(np.abs(one - phase / abs(phase) * other).max()) if abs(phase) > SMALLEST else float("inf")


def _split(state, qubit, *, back_to_zero):
    """Yield (value, the part of the state in which a qubit has this value), unnormalised."""
    for value in (0, 1):
        kept = np.zeros_like(state)
        before = (slice(None),) * qubit
        kept[(*before, 0 if back_to_zero else value)] = state[(*before, value)]
        if np.vdot(kept, kept).real > SMALLEST:
            yield value, kept


def _run(block: Block, branches):
    for name, qubits, params in block:
        after = []
        for bits, state in branches:
            if name == "barrier":
                after.append((bits, state))
            elif name == "measure":
                for value, kept in _split(state, qubits[0], back_to_zero=False):
                    after.append(((*bits[: params[0]], value, *bits[params[0] + 1 :]), kept))
            elif name == "reset":
                after += [(bits, kept) for _, kept in _split(state, qubits[0], back_to_zero=True)]
            elif name == "assign":
                now = list(bits)
                for place, clbit in enumerate(params[0]):
                    now[clbit] = int(evaluate(params[1], bits)) >> place & 1
                after.append((tuple(now), state))
            elif name == "if":
                condition, then, otherwise = params
                chosen = then if evaluate(condition, bits) else otherwise
                after += _run(chosen, [(bits, state)]) if chosen is not None else [(bits, state)]
            elif name == "pauliexp":
                after.append((bits, apply(state, pauli_evolution(*params), qubits)))
            else:
                after.append((bits, apply(state, matrix_of(name, params), qubits)))
        branches = after
    return branches


def _start(program: Program):
    state = np.zeros((2,) * program.num_qubits, complex)
    state[(0,) * program.num_qubits] = 1
    variables = -min(written_in(program.body), default=0)  # they have negative numbers: the last ones of the tuple
    return [((0,) * (program.num_clbits + max(0, variables)), state)]


def distribution(program: Program) -> dict[str, float]:
    """Return the probability of each outcome; classical bit i is character i."""
    found: dict[str, float] = defaultdict(float)
    for bits, end in _run(program.body, _start(program)):
        found["".join(map(str, bits[: program.num_clbits]))] += np.vdot(end, end).real
    return dict(found)


def qiskit_distribution(program: Program) -> dict[str, float]:
    """Return the probability of each outcome in Qiskit's order, last classical bit first."""
    return {key[::-1]: chance for key, chance in distribution(program).items()}


def qiskit_statevector(program: Program):
    """Return the final state of a program without measurements; bit i of an index is qubit i, as in Qiskit."""
    ((_, state),) = _run(program.body, _start(program))
    return state.transpose().reshape(-1)


def gap(one, other):
    """Return the largest difference between two distributions."""
    return max((abs(one.get(key, 0.0) - other.get(key, 0.0)) for key in {*one, *other}), default=0.0)


def is_plausible(counts, probabilities, *, sigmas=6.0):
    """Whether counts may be a sample of a distribution: nothing impossible, and no outcome ``sigmas`` off."""
    shots = sum(counts.values())
    for key in {*counts, *probabilities}:
        chance = probabilities.get(key, 0.0)
        seen = counts.get(key, 0)
        if chance < 1e-9:
            if seen:
                return False
        elif abs(seen - shots * chance) > sigmas * (shots * chance * max(1 - chance, 0)) ** 0.5 + 3:
            return False
    return True
