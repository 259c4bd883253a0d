"""The same seeded circuits and results for every implementation."""

from __future__ import annotations

import itertools
import json
import math
import random

WIDTH = 20
V2 = "microsoft.quantum-results.v2"
ONE = ("h", "x", "sx", "t")
BELL = {
    "gateset": "qis",
    "qubits": 2,
    "circuit": [{"gate": "h", "targets": [0]}, {"gate": "x", "controls": [0], "targets": [1]}],
}
TARGET = "ionq.simulator"  # that it is sent to
TURNS = ("rx", "ry", "rz")
PAIRS = ("cx", "swap")
PAIR_TURNS = ("rxx", "ryy", "rzz")


def random_gates(
    number: int, seed: int = 7, width: int = WIDTH
) -> list[tuple[str, tuple[int, ...], tuple[float, ...]]]:
    """Return random gates."""
    source = random.Random(seed)
    gates = []
    for _ in range(number):
        name = source.choice(ONE + TURNS + PAIRS + PAIR_TURNS)
        size = 2 if name in PAIRS + PAIR_TURNS else 1
        angles = (source.uniform(-math.pi, math.pi),) if name in TURNS + PAIR_TURNS else ()
        gates.append((name, tuple(source.sample(range(width), size)), angles))
    return gates


def qiskit_circuit(number: int, seed: int = 7, width: int = WIDTH):
    """Return random gates as a Qiskit circuit, all qubits measured."""
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(width, width)
    for name, qubits, angles in random_gates(number, seed, width):
        getattr(circuit, name)(*angles, *qubits)
    circuit.measure(range(width), range(width))
    return circuit


def tket_circuit(number: int, seed: int = 7, width: int = WIDTH):
    """Return random gates as a tket circuit, all qubits measured."""
    from pytket.circuit import Circuit

    names = {
        "h": "H", "x": "X", "sx": "SX", "t": "T", "rx": "Rx", "ry": "Ry", "rz": "Rz", "cx": "CX", "swap": "SWAP",
        "rxx": "XXPhase", "ryy": "YYPhase", "rzz": "ZZPhase",
    }  # fmt: skip
    circuit = Circuit(width, width)
    for name, qubits, angles in random_gates(number, seed, width):
        getattr(circuit, names[name])(*[angle / math.pi for angle in angles], *qubits)
    for qubit in range(width):
        circuit.Measure(qubit, qubit)
    return circuit


def cirq_circuit(number: int, seed: int = 7, width: int = WIDTH):
    """Return random gates as a Cirq circuit, all qubits measured."""
    import cirq

    fixed = {"h": cirq.H, "x": cirq.X, "sx": cirq.X**0.5, "t": cirq.T, "cx": cirq.CNOT, "swap": cirq.SWAP}
    turning = {
        "rx": cirq.rx, "ry": cirq.ry, "rz": cirq.rz, "rxx": lambda a: cirq.XX ** (a / math.pi),
        "ryy": lambda a: cirq.YY ** (a / math.pi), "rzz": lambda a: cirq.ZZ ** (a / math.pi),
    }  # fmt: skip
    line = cirq.LineQubit.range(width)
    operations = [
        (fixed[name] if name in fixed else turning[name](*angles))(*(line[qubit] for qubit in qubits))
        for name, qubits, angles in random_gates(number, seed, width)
    ]
    return cirq.Circuit(operations, cirq.measure(*line, key="m"))


def ansatz():
    """Return a 20-qubit, 3-layer Qiskit ansatz with 120 parameters, and its parameters in order."""
    from qiskit import QuantumCircuit
    from qiskit.circuit import ParameterVector

    parameters = ParameterVector("p", 120)
    circuit = QuantumCircuit(WIDTH, WIDTH)
    number = 0
    for _ in range(3):
        for qubit in range(WIDTH):
            circuit.ry(parameters[number], qubit)
            circuit.rz(parameters[number + 1], qubit)
            number += 2
        for qubit in range(WIDTH - 1):
            circuit.cx(qubit, qubit + 1)
    circuit.measure(range(WIDTH), range(WIDTH))
    return circuit, list(parameters)


def cirq_ansatz():
    """Return the same ansatz as a Cirq circuit, and the names of its parameters in order."""
    import cirq
    import sympy

    line, names = cirq.LineQubit.range(WIDTH), [f"p{number}" for number in range(120)]
    symbols = iter(map(sympy.Symbol, names))
    operations = []
    for _ in range(3):
        for qubit in line:
            operations += [cirq.ry(next(symbols))(qubit), cirq.rz(next(symbols))(qubit)]
        operations += [cirq.CNOT(first, second) for first, second in itertools.pairwise(line)]
    return cirq.Circuit(operations, cirq.measure(*line, key="m")), names


def shots(number: int, width: int = WIDTH, seed: int = 7) -> list[list[int]]:
    """Return uniform random shots."""
    source = random.Random(seed)
    return [[source.getrandbits(1) for _ in range(width)] for _ in range(number)]


def microsoft_v2(number: int, width: int = WIDTH, *, histogram: bool = True) -> bytes:
    """Return v2 results of uniform random shots."""
    rows = shots(number, width)
    counts: dict[tuple[int, ...], int] = {}
    if histogram:
        for row in rows:
            counts[tuple(row)] = counts.get(tuple(row), 0) + 1
    entries = [
        {"Outcome": list(outcome), "Display": str(list(outcome)), "Count": count} for outcome, count in counts.items()
    ]
    run = {"Histogram": entries, "Shots": rows} if histogram else {"Shots": rows}
    document = {"DataFormat": V2, "Results": [run]}
    return json.dumps(document, separators=(",", ":")).encode()


def facts(number: int, width: int = WIDTH):
    """Return what is known of a job with such shots, one register, its last bit recorded first."""
    from qsession_core.formats import JobFacts
    from qsession_core.results.result import Layout, Register

    layout = Layout(width, (Register("c", tuple(range(width))),), tuple(range(width - 1, -1, -1)))
    return JobFacts("job", "p.sim", number, {Layout.KEY: layout.to_text()})


def ionq_histogram(bits: int = 16) -> bytes:
    """Return an IonQ result with all 2**bits entries."""
    source = random.Random(7)
    weights = [source.random() for _ in range(1 << bits)]
    total = sum(weights)
    return json.dumps({"histogram": {str(key): weight / total for key, weight in enumerate(weights)}}).encode()


def openqasm_result(number: int, width: int = WIDTH) -> bytes:
    """Return Quantinuum's results of uniform random shots."""
    return json.dumps({"c": ["".join(map(str, row)) for row in shots(number, width)]}).encode()
