"""What a payload means, exactly, as the local workspace's own readers understand it.

The readers share nothing with the formats. Only the states are evolved here, by the judge, instead of drawing shots.
"""

from __future__ import annotations

import json
from collections import defaultdict

import numpy as np

from qsession_core.local.interpreter.thread import Thread
from qsession_core.local.readers.circuit import Circuit
from qsession_core.local.readers.ionq import read_ionq
from qsession_core.local.readers.qir.reader import read_qir
from qsession_core.results.layout import Layout
from tests.support.judge import SMALLEST, apply, matrix_of


def distribution(payload):
    """Return the probability of each outcome over the program's classical bits; bit i is character i."""
    if payload.input_data_format == "ionq.circuit.v1":
        return _of_ionq(payload)
    layout = Layout.from_text(payload.metadata[Layout.KEY])
    found = defaultdict(float)
    for records, chance in recorded(payload.data):
        bits = ["0"] * layout.num_clbits
        for clbit, value in zip(layout.recorded, records, strict=True):
            bits[clbit] = str(int(value))
        found["".join(bits)] += chance
    return dict(found)


def gates(payload):
    """Return the gates of an IonQ circuit, or of QIR without branches, as the reader understands them."""
    read = read_ionq if payload.input_data_format == "ionq.circuit.v1" else read_qir
    return [operation for operation in read(payload.data).operations if operation[0] != "measure"]


def _of_ionq(payload):
    circuit = read_ionq(payload.data)
    assert circuit.num_qubits == payload.num_qubits
    readout = json.loads(payload.metadata["meas_map"])
    found = defaultdict(float)
    for results, chance in _circuit(circuit):
        found["".join("0" if qubit is None else str(results[qubit]) for qubit in readout)] += chance
    return dict(found)


def recorded(data):
    """Yield (recorded values in order, probability) of a QIR program."""
    read = read_qir(data)
    if not isinstance(read, Circuit):
        yield from _program(read)
        return
    wanted = [number for kind, number in read.output if kind == "result"]
    for results, chance in _circuit(read):
        yield [results[number] for number in wanted], chance


def _circuit(circuit):
    branches = [(_start(circuit.num_qubits), (0,) * circuit.num_results)]
    for state, results in _operations(branches, circuit.operations):
        yield results, np.vdot(state, state).real


def _start(num_qubits):
    state = np.zeros((2,) * num_qubits, complex)
    state[(0,) * num_qubits] = 1
    return state


def _operations(branches, operations):
    for name, places, params in operations:
        after = []
        for state, results in branches:
            if name in {"measure", "reset"}:
                for value in (0, 1):
                    kept = np.zeros_like(state)
                    before = (slice(None),) * places[0]
                    kept[(*before, 0 if name == "reset" else value)] = state[(*before, value)]
                    if np.vdot(kept, kept).real > SMALLEST:
                        seen = results
                        if name == "measure":
                            seen = (*results[: places[1]], value, *results[places[1] + 1 :])
                        after.append((kept, seen))
            else:
                matrix = params[0] if name == "matrix" else matrix_of(name, params)
                after.append((apply(state, matrix, places), results))
        branches = after
    return branches


def _program(program):
    stack = [(Thread(program), _start(program.num_qubits), (0,) * program.num_results)]
    while stack:
        thread, state, results = stack.pop()
        operations = thread.advance(results)
        if operations is None:
            wanted = [record for record in thread.records if record[0] in {"result", "bool"}]
            values = [results[value] if kind == "result" else value for kind, value in wanted]
            yield values, np.vdot(state, state).real
            continue
        stack += [(thread.copy(), *branch) for branch in _operations([(state, results)], operations)]
