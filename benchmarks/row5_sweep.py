"""Row 5: a sweep, 1,000 bindings of a 20-qubit ansatz with 120 parameters into 1,000 IonQ payloads."""

from __future__ import annotations

import json

import numpy as np
import peers
import workloads
from measure import Row, in_turn, once, report

from qsession_core import Workspace
from qsession_qiskit.conversion.convert import to_parametric

BINDINGS = 1_000


def rows() -> list[Row]:
    circuit, parameters = workloads.ansatz()
    values = np.random.default_rng(7).uniform(-3, 3, (BINDINGS, len(parameters)))
    backend = peers.azure_ionq_backend()
    with Workspace.local() as workspace:
        target = workspace.get_target("ionq.simulator")

        def ours() -> list[bytes]:  # as the primitives do
            parametric = to_parametric(circuit)
            template = target.template(parametric.program, shots=100)
            return [template.bind(row).data for row in parametric.values(values).tolist()]

        def theirs() -> list[bytes]:
            return [
                peers.azure_qiskit_to_ionq(backend, circuit.assign_parameters(dict(zip(parameters, row, strict=True))))
                for row in values
            ]

        def floor() -> list[bytes]:
            gates = ",".join('{"gate":"ry","targets":[0],"rotation":%r}' for _ in parameters)
            return [(gates % tuple(row)).encode() for row in values.tolist()]

        first, last = json.loads(ours()[0]), json.loads(theirs()[0])
        assert first["circuit"] == last["circuit"], "both wrote the same circuit"
        taken, least = in_turn(ours, floor)
        peer, qiskit_ionq, cirq_ionq = (
            once(theirs),
            once(lambda: _qiskit_ionq(circuit, parameters, values)),
            once(lambda: _cirq_ionq(values)),
        )
    return [
        Row("5", f"sweep: {BINDINGS:,} bindings -> IonQ payloads", taken, "x25", peer, floor=least,
            others={"qiskit-ionq": qiskit_ionq, "cirq-ionq": cirq_ionq})
    ]  # fmt: skip


def _qiskit_ionq(circuit, parameters, values) -> list[bytes]:
    return [
        peers.qiskit_ionq_to_ionq(circuit.assign_parameters(dict(zip(parameters, row, strict=True)))) for row in values
    ]


def _cirq_ionq(values) -> list[bytes]:
    import cirq

    circuit, names = workloads.cirq_ansatz()
    return [
        peers.azure_cirq_to_ionq(cirq.resolve_parameters(circuit, dict(zip(names, row, strict=True))))
        for row in values.tolist()
    ]


if __name__ == "__main__":
    report(rows())
