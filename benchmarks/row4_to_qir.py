"""Row 4: circuits into QIR. The peer is quadratic: 10,000 gates take it a minute from Qiskit, three from Cirq."""

from __future__ import annotations

import os

import peers
import workloads
from measure import Row, in_turn, once, report

from qsession_cirq.convert import to_program as from_cirq
from qsession_core.formats.qir import Qir
from qsession_qiskit.convert import to_program as from_qiskit

LONG = bool(os.environ.get("QSESSION_BENCH_LONG"))


def _calls(text: str) -> int:
    return text.count("call void @__quantum__qis__")


def rows() -> list[Row]:
    format_ = Qir()
    found = []
    for number, need in ((1_000, "x300"), (10_000, "x2000")):
        circuit = workloads.qiskit_circuit(number)
        ours = format_.encode(from_qiskit(circuit)).data.decode()
        assert _calls(ours) >= number, "every gate was written"
        if number == 1_000:
            taken, peer = in_turn(
                lambda circuit=circuit: format_.encode(from_qiskit(circuit)),
                lambda circuit=circuit: peers.azure_qiskit_to_qir(circuit),
                rounds=3,
            )
        else:
            (taken,) = in_turn(lambda circuit=circuit: format_.encode(from_qiskit(circuit)))
            peer = once(lambda circuit=circuit: peers.azure_qiskit_to_qir(circuit))
        found.append(Row("4", f"Qiskit -> QIR, {number:,} gates", taken, need, peer))
    cirq_sizes = ((1_000, "x300"), (10_000, "x2000")) if LONG else ((1_000, "x300"),)
    for number, need in cirq_sizes:
        circuit = workloads.cirq_circuit(number)
        (taken,) = in_turn(lambda circuit=circuit: format_.encode(from_cirq(circuit)))
        peer = once(lambda circuit=circuit: peers.azure_cirq_to_qir(circuit))
        found.append(Row("4c", f"Cirq -> QIR, {number:,} gates", taken, need, peer))
    return found


if __name__ == "__main__":
    report(rows())
