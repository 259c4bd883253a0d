"""Row 2: Qiskit circuits into IonQ JSON."""

from __future__ import annotations

import json

import peers
import workloads
from measure import Row, in_turn, report

from qsession_core.formats.ionq import IonQCircuit
from qsession_qiskit.conversion.convert import to_program

NEED = {10_000: "x6", 100_000: "x8"}


def walk(circuit) -> int:
    """Look at what Qiskit knows of each gate, and do nothing with it."""
    seen = 0
    for instruction in circuit.data:
        seen += len(instruction.name) + len(instruction.params) + len(instruction.qubits)
    return seen


def floor(circuit) -> str:
    """Write the same gates with nothing else done: no checks, no decomposition, no metadata."""
    index = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    names = {"sx": "v", "cx": "x", "rxx": "xx", "ryy": "yy", "rzz": "zz"}
    pieces = []
    for instruction in circuit.data:
        name, qubits, params = instruction.name, instruction.qubits, instruction.params
        if name == "measure":
            continue
        if name == "cx":
            pieces.append(f'{{"gate":"x","targets":[{index[qubits[1]]}],"controls":[{index[qubits[0]]}]}}')
        elif params:
            places = ",".join([str(index[qubit]) for qubit in qubits])
            pieces.append(f'{{"gate":"{names.get(name, name)}","targets":[{places}],"rotation":{params[0]!r}}}')
        else:
            places = ",".join([str(index[qubit]) for qubit in qubits])
            pieces.append(f'{{"gate":"{names.get(name, name)}","targets":[{places}]}}')
    return ",".join(pieces)


def rows() -> list[Row]:
    backend = peers.azure_ionq_backend()
    format_ = IonQCircuit()
    found = []
    for number, need in NEED.items():
        circuit = workloads.qiskit_circuit(number)
        ours = json.loads(format_.encode(to_program(circuit)).data)
        theirs = json.loads(peers.azure_qiskit_to_ionq(backend, circuit))
        other = json.loads(peers.qiskit_ionq_to_ionq(circuit))
        assert ours["circuit"] == theirs["circuit"] == other["circuit"], "all wrote the same circuit"
        taken = in_turn(
            lambda circuit=circuit: format_.encode(to_program(circuit)),
            lambda circuit=circuit: peers.azure_qiskit_to_ionq(backend, circuit),
            lambda circuit=circuit: peers.qiskit_ionq_to_ionq(circuit),
            lambda circuit=circuit: floor(circuit),
            lambda circuit=circuit: walk(circuit),
        )
        found.append(
            Row("2", f"Qiskit -> IonQ JSON, {number:,} gates", taken[0], need, taken[1], floor=taken[3],
                others={"qiskit-ionq": taken[2], "bare walk": taken[4]})
        )  # fmt: skip
    return found


if __name__ == "__main__":
    report(rows())
