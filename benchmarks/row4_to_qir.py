"""Row 4: circuits into QIR. azure-quantum is quadratic: where it would take hours it is stopped after a while."""

from __future__ import annotations

import multiprocessing
import statistics
import struct
import time

import numpy as np
import peers
import workloads
from measure import Row, in_turn, report

from qsession_cirq.conversion.convert import to_program as from_cirq
from qsession_core.formats.qir.module import Qir
from qsession_core.local.readers.qir.reader import read_qir
from qsession_core.local.simulators.statevector import NumpyEngine
from qsession_qiskit.conversion.convert import to_program as from_qiskit

PATIENCE = 150  # seconds after which a peer is stopped
SMALL, WIDTH = 200, 6  # the circuit on which all are compared


def floor(circuit) -> str:
    """Write a call for each gate of a Qiskit circuit with nothing else done: no checks, no decomposition, no module."""
    index = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    lines = []
    for instruction in circuit.data:
        angles = [f"double 0x{struct.pack('>d', angle).hex().upper()}" for angle in instruction.params]
        qubits = [f"%Qubit* inttoptr (i64 {index[qubit]} to %Qubit*)" for qubit in instruction.qubits]
        lines.append(f"  call void @__quantum__qis__{instruction.name}__body({', '.join(angles + qubits)})\n")
    return "".join(lines)


def _outcomes(text: str | bytes) -> np.ndarray:
    """Return the probability of each outcome, qubit 0 first, with a reader and an engine that are no writer's."""
    circuit = read_qir(text.encode() if isinstance(text, str) else text)
    numbers, weights, qubits = NumpyEngine().probabilities(circuit)
    places = np.zeros_like(numbers)
    for bit, qubit in enumerate(qubits):
        places |= (numbers >> bit & 1) << qubit
    found = np.zeros(1 << WIDTH)
    found[places] = weights
    return found


def _within_patience(work, argument: int) -> tuple[float, bool]:
    """Return how long something takes, and whether it came to its end; it runs in a process of its own."""
    process = multiprocessing.get_context("fork").Process(target=work, args=(argument,))
    start = time.perf_counter()
    process.start()
    process.join(PATIENCE)
    taken = time.perf_counter() - start
    if process.is_alive():
        process.kill()
        process.join()
        return taken, False
    assert process.exitcode == 0, "the peer came to its end"
    return taken, True


def _azure_qiskit(number: int) -> None:
    peers.azure_qiskit_to_qir(workloads.qiskit_circuit(number))


def _azure_cirq(number: int) -> None:
    peers.azure_cirq_to_qir(workloads.cirq_circuit(number))


def rows() -> list[Row]:
    format_ = Qir()
    wanted = _outcomes(format_.encode(from_qiskit(workloads.qiskit_circuit(SMALL, width=WIDTH))).data)
    with peers.QiskitQir() as qiskit_qir:
        for text in (
            format_.encode(from_cirq(workloads.cirq_circuit(SMALL, width=WIDTH))).data,
            peers.azure_qiskit_to_qir(workloads.qiskit_circuit(SMALL, width=WIDTH)),
            peers.tket_to_qir(workloads.tket_circuit(SMALL, width=WIDTH)),
            qiskit_qir.text(SMALL, WIDTH),
        ):
            assert np.allclose(_outcomes(text), wanted), "all wrote the same circuit"
        return _qiskit(format_, qiskit_qir) + _cirq(format_)


def _qiskit(format_: Qir, qiskit_qir: peers.QiskitQir) -> list[Row]:
    found = []
    for number, need in ((1_000, "x300"), (10_000, "x2000")):
        circuit, tket = workloads.qiskit_circuit(number), workloads.tket_circuit(number)
        taken, tket_taken, least = in_turn(
            lambda circuit=circuit: format_.encode(from_qiskit(circuit)), lambda tket=tket: peers.tket_to_qir(tket),
            lambda circuit=circuit: floor(circuit),
        )  # fmt: skip
        azure, is_whole = _within_patience(_azure_qiskit, number)
        qiskit_qir_taken = statistics.median(qiskit_qir.seconds(number) for _ in range(5))
        found += [
            Row(
                "4", f"Qiskit -> QIR, {number:,} gates", taken, need, azure, floor=least,
                others={"pytket-qir": tket_taken},
                note="" if is_whole else "the peer was stopped before its end",
            ),
            Row("4", f"Qiskit -> QIR, {number:,} gates", taken, "x5", qiskit_qir_taken, "qiskit-qir", floor=least),
        ]  # fmt: skip
    return found


def _cirq(format_: Qir) -> list[Row]:
    found = []
    for number, need in ((1_000, "x300"), (10_000, "x2000")):
        circuit = workloads.cirq_circuit(number)
        (taken,) = in_turn(lambda circuit=circuit: format_.encode(from_cirq(circuit)))
        peer, is_whole = _within_patience(_azure_cirq, number)
        note = "" if is_whole else "the peer was stopped before its end"
        found.append(Row("4c", f"Cirq -> QIR, {number:,} gates", taken, need, peer, note=note))
    return found


if __name__ == "__main__":
    report(rows())
