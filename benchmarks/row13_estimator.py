"""Row 13: one step of EstimatorV2 in a local workspace, beside Aer's own and Qiskit's BackendEstimatorV2 on Aer."""

from __future__ import annotations

import random

from measure import Row, busy, in_turn, report
from qiskit.circuit.library import real_amplitudes
from qiskit.primitives import BackendEstimatorV2
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import EstimatorV2 as AerEstimator

from qsession_core import Workspace
from qsession_qiskit import AzureQuantumProvider, EstimatorV2
from qsession_qiskit.conversion.convert import to_program

SHOTS, REPETITIONS = 1_000, 2
NOTE = "floor: its two jobs through the service alone; Aer computes in a thread on each processor"
GROUPS = 2  # of terms that are measured together
PRECISION = SHOTS**-0.5


def ising(qubits: int) -> SparsePauliOp:
    """Return the transverse-field Ising chain: two groups of commuting terms."""
    bonds = [("ZZ", [place, place + 1], -1.0) for place in range(qubits - 1)]
    fields = [("X", [place], -0.7) for place in range(qubits)]
    return SparsePauliOp.from_sparse_list([*bonds, *fields], num_qubits=qubits)


def rows() -> list[Row]:
    found = []
    aer = AerSimulator(seed_simulator=1)
    with Workspace.local(seed=1) as workspace:
        backend = AzureQuantumProvider(workspace).get_backend("ionq.simulator")
        target = workspace.get_target("ionq.simulator")
        for qubits in (4, 8, 12):
            ansatz, energy = real_amplitudes(qubits, reps=REPETITIONS), ising(qubits)
            source = random.Random(qubits)
            angles = [source.uniform(-3, 3) for _ in range(ansatz.num_parameters)]
            estimators = (
                EstimatorV2(mode=backend, options={"default_precision": PRECISION}),
                AerEstimator(options={"default_precision": PRECISION, "run_options": {"seed_simulator": 1}}),
                BackendEstimatorV2(backend=aer, options={"default_precision": PRECISION}),
            )
            flat = ansatz.decompose()

            def step(estimator, circuit=flat, observable=energy, values=angles) -> float:
                return float(estimator.run([(circuit, observable, values)]).result()[0].data.evs)

            values = [step(one) for one in estimators]
            assert max(values) - min(values) < 0.6, values
            ready = flat.assign_parameters(angles).measure_all(inplace=False)
            payloads = [target.encode(to_program(ready), shots=SHOTS)] * GROUPS
            works = [lambda one=one: step(one) for one in estimators]
            works.append(lambda jobs=payloads: target.submit_all(jobs).results())
            mine, other, plain, least = in_turn(*works, rounds=5)
            with busy():
                mine_beside, other_beside = in_turn(*works[:2], rounds=5)
            others = {
                "BackendEstimatorV2 on Aer": plain,
                "beside a process that computes: ours": mine_beside,
                "Aer's": other_beside,
            }
            found.append(
                Row("13", f"one EstimatorV2 step, {qubits} qubits", mine, "x0.833", peer=other, floor=least,
                    peer_name="qiskit-aer's EstimatorV2, which samples nothing", others=others, note=NOTE)
            )  # fmt: skip
    return found


if __name__ == "__main__":
    report(rows())
