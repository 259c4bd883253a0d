"""Row 21: a wide unitary gate encoded, and circuits compiled to native gates by ``transpile``."""

from __future__ import annotations

import workloads
from measure import Row, in_turn, report
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import random_unitary

from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider
from qsession_qiskit.conversion.convert import to_program

QUBITS, GATES = 7, 10_000


def rows() -> list[Row]:
    matrix = random_unitary(2**QUBITS, seed=7)

    def wide() -> QuantumCircuit:
        circuit = QuantumCircuit(QUBITS, QUBITS)
        circuit.append(UnitaryGate(matrix), range(QUBITS))
        circuit.measure(range(QUBITS), range(QUBITS))
        return circuit

    with Workspace.local(seed=1) as workspace:
        provider = AzureQuantumProvider(workspace)
        target = workspace.get_target("ionq.simulator")
        encoded, other = in_turn(
            lambda: target.encode(to_program(wide()), shots=100),
            lambda: transpile(wide(), basis_gates=["rx", "ry", "rz", "cx"], optimization_level=0),
            rounds=3,
        )
        native = provider.get_backend("ionq.qpu.forte-1", gateset="native")
        plain = provider.get_backend("ionq.qpu.forte-1")
        circuit = workloads.qiskit_circuit(GATES)
        for backend in (native, plain):
            transpile(circuit, backend, optimization_level=2)
        ours, qis = in_turn(
            lambda: transpile(circuit, native, optimization_level=2),
            lambda: transpile(circuit, plain, optimization_level=2),
            rounds=3,
        )
    return [
        Row("21", f"a UnitaryGate of {QUBITS} qubits encoded", encoded, "x1", peer=other,
            peer_name="transpile of the gate"),
        Row("21", "transpile to native gates at level 2, a gate", ours / GATES, "<0.0003 s",
            others={"to qis gates, us": 1e6 * qis / GATES}),
    ]  # fmt: skip


if __name__ == "__main__":
    report(rows())
