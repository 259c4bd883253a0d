"""Row 3: Cirq circuits into IonQ JSON."""

from __future__ import annotations

import json
import math

import cirq
import peers
import workloads
from measure import Row, in_turn, report

from qsession_cirq.conversion.convert import to_program
from qsession_core.formats.ionq import IonQCircuit

NUMBER = 10_000
REPEATED = 500
BOUND = (
    "the bound: 10,000 gates are 40,000 objects of Cirq's, and reading each once waits for memory, which the peer's "
    "work hides; the next row is the same code on the same number of gates, whose objects the processor has at hand"
)


def walk(circuit) -> int:
    """Look at each operation, and do nothing with it."""
    seen = 0
    for moment in circuit:
        for operation in moment.operations:
            seen += len(operation.qubits) + (operation.gate is not None)
    return seen


def reading(circuit) -> int:
    """Read what any conversion has to read, exponents and the numbers of qubits, and do nothing with it."""
    index = {qubit: place for place, qubit in enumerate(sorted(circuit.all_qubits()))}
    seen = 0
    for moment in circuit:
        for operation in moment.operations:
            gate = operation.gate
            seen += gate.exponent != 0 if type(gate) is not cirq.MeasurementGate else 0
            for qubit in operation.qubits:
                seen += index[qubit]
    return seen


def floor(circuit) -> str:
    """Write the same gates with nothing else done: no checks, no decomposition, no metadata."""
    index = {qubit: place for place, qubit in enumerate(sorted(circuit.all_qubits()))}
    fixed = {cirq.H: "h", cirq.X: "x", cirq.T: "t", cirq.SWAP: "swap", cirq.X**0.5: "v"}
    turning = {cirq.Rx: "rx", cirq.Ry: "ry", cirq.Rz: "rz", cirq.XXPowGate: "xx", cirq.YYPowGate: "yy"}
    turning[cirq.ZZPowGate] = "zz"
    pieces = []
    for moment in circuit:
        for operation in moment.operations:
            gate, places = operation.gate, [str(index[qubit]) for qubit in operation.qubits]
            name = turning.get(type(gate))
            if name is not None:
                angle = gate.exponent * math.pi
                pieces.append(f'{{"gate":"{name}","targets":[{",".join(places)}],"rotation":{angle!r}}}')
            elif gate == cirq.CNOT:
                pieces.append(f'{{"gate":"x","controls":[{places[0]}],"targets":[{places[1]}]}}')
            elif gate in fixed:
                pieces.append(f'{{"gate":"{fixed[gate]}","targets":[{",".join(places)}]}}')
    return ",".join(pieces)


def _plain(gates: list[dict]) -> list[tuple]:
    """Return gates in one form: (name, controls, targets, rounded angle)."""
    plain = []
    for gate in gates:
        controls = gate.get("controls", [gate["control"]] if "control" in gate else [])
        targets = gate.get("targets", [gate["target"]] if "target" in gate else [])
        name = "x" if gate["gate"] == "cnot" else gate["gate"]
        angle = math.remainder(gate.get("rotation", 0.0), 4 * math.pi)
        plain.append((name, tuple(controls), tuple(targets), round(angle, 9)))
    return plain


def repeated() -> cirq.Circuit:
    """Return as many gates that are a few hundred objects, again and again."""
    *moments, end = workloads.cirq_circuit(REPEATED)
    return cirq.Circuit.from_moments(*moments * (NUMBER // REPEATED), end)


def rows() -> list[Row]:
    circuit = workloads.cirq_circuit(NUMBER)
    format_ = IonQCircuit()
    ours = json.loads(format_.encode(to_program(circuit)).data)["circuit"]
    theirs = json.loads(peers.azure_cirq_to_ionq(circuit))["circuit"]
    assert _plain(ours) == _plain(theirs), "both wrote the same circuit"
    taken = in_turn(
        lambda: format_.encode(to_program(circuit)), lambda: peers.azure_cirq_to_ionq(circuit),
        lambda: floor(circuit), lambda: walk(circuit), lambda: reading(circuit),
    )  # fmt: skip
    again = repeated()
    at_hand = in_turn(lambda: format_.encode(to_program(again)), lambda: peers.azure_cirq_to_ionq(again))
    return [
        Row(
            "3",
            f"Cirq -> IonQ JSON, {NUMBER:,} gates",
            taken[0],
            "x4",
            taken[1],
            "azure-quantum by cirq-ionq",
            note=BOUND,
            floor=taken[2],
            others={"bare walk": taken[3], "reading angles and qubits": taken[4]},
        ),
        Row(
            "3",
            f"Cirq -> IonQ JSON, {NUMBER:,} gates that are the same {REPEATED} objects",
            at_hand[0],
            "x5",
            at_hand[1],
            "azure-quantum by cirq-ionq",
        ),
    ]


if __name__ == "__main__":
    report(rows())
