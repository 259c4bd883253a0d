"""Row 17: a noisy circuit of 16 qubits and 300 gates in the local workspace, beside Aer with the same error rates.

Errors come behind the gates of the payload, such as three cx for a swap; so Aer's circuit is made of these too.
"""

from __future__ import annotations

import workloads
from measure import Row, in_turn, report
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error

from qsession_core import Program, Workspace
from qsession_core.local.readers.qir.reader import read_qir

QUBITS, GATES, SHOTS = 16, 300, 500
P1, P2 = 3e-5, 1e-3


def rows() -> list[Row]:
    gates = workloads.random_gates(GATES, width=QUBITS)
    program = Program.of(QUBITS, QUBITS, [*gates, *[("measure", (qubit,), (qubit,)) for qubit in range(QUBITS)]])
    params = {"error-params": {"p1": P1, "p2": P2}}
    with Workspace.local(seed=1) as workspace:
        target = workspace.get_target("quantinuum.sim.h2-1e")
        circuit = QuantumCircuit(QUBITS, QUBITS)
        errors = {1: depolarizing_error(P1, 1), 2: depolarizing_error(P2, 2)}
        model, known = NoiseModel(), set()
        for name, qubits, angles in read_qir(target.encode(program, shots=SHOTS).data).operations:
            getattr(circuit, name)(*angles, *qubits)
            if name != "measure" and name not in known:
                model.add_all_qubit_quantum_error(errors[len(qubits)], name)
                known.add(name)
        plain = workloads.qiskit_circuit(GATES, width=QUBITS).remove_final_measurements(inplace=False)
        assert Statevector(circuit.remove_final_measurements(inplace=False)).equiv(Statevector(plain))
        aer = AerSimulator(noise_model=model, seed_simulator=1)
        mine, other = in_turn(
            lambda: target.submit(program, shots=SHOTS, input_params=params).result().counts,
            lambda: aer.run(circuit, shots=SHOTS).result().get_counts(),
            rounds=3,
        )
    work = f"noisy, {QUBITS} qubits, {GATES} gates, {SHOTS} shots, submit to counts"
    return [Row("17", work, mine, "x20", peer=other, peer_name="qiskit-aer")]


if __name__ == "__main__":
    report(rows())
