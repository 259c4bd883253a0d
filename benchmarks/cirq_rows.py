"""Rows 1c, 3, 4c, 5 and 6c of the speed table: the Cirq side against the official client, in one process.

    .venv/bin/python benchmarks/cirq_rows.py            # ours alone
    .venv/bin/python benchmarks/cirq_rows.py --peer     # and azure-quantum's cirq side beside it, where installed

Medians; only ratios taken in one run mean anything.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import cirq
import sympy

from qsession_cirq import AzureQuantumService
from qsession_cirq.convert import convert
from qsession_cirq.encoding import Encoding
from qsession_core import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable


def median_ms(work: Callable[[], object], repeats: int = 7) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def rand(gates: int, width: int = 20) -> cirq.Circuit:
    """The speed table's workload: random gates of one and two qubits."""
    rng = random.Random(7)
    qubits = cirq.LineQubit.range(width)
    fixed = [cirq.H, cirq.X, cirq.X**0.5, cirq.T, cirq.CNOT, cirq.SWAP]
    angled = [cirq.rx, cirq.ry, cirq.rz]
    powers = [cirq.XX, cirq.YY, cirq.ZZ]
    operations = []
    for _ in range(gates):
        kind, angle = rng.randrange(12), rng.uniform(-3, 3)
        gate = fixed[kind] if kind < 6 else angled[kind - 6](angle) if kind < 9 else powers[kind - 9] ** angle
        operations.append(gate.on(*rng.sample(qubits, cirq.num_qubits(gate))))
    return cirq.Circuit(operations, cirq.measure(*qubits, key="m"))


def ansatz(width: int = 20, layers: int = 3) -> tuple[cirq.Circuit, list[sympy.Symbol]]:
    qubits = cirq.LineQubit.range(width)
    symbols = [sympy.Symbol(f"t{number}") for number in range(2 * width * layers)]
    each = iter(symbols)
    circuit = cirq.Circuit()
    for _ in range(layers):
        circuit += cirq.Circuit([cirq.ry(next(each))(q) for q in qubits], [cirq.rz(next(each))(q) for q in qubits])
        circuit += cirq.Circuit(cirq.CNOT(a, b) for a, b in pairwise(qubits))
    return circuit + cirq.Circuit(cirq.measure(*qubits, key="m")), symbols


def import_ms(module: str) -> float:
    def once() -> None:
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)

    return median_ms(once, 5)


def walk(circuit: cirq.Circuit) -> None:
    for moment in circuit:
        for operation in moment.operations:
            _ = operation.gate, operation.qubits


def shots_payload(shots: int, width: int) -> bytes:
    rng = random.Random(3)
    rows = [[rng.randint(0, 1) for _ in range(width)] for _ in range(shots)]
    histogram: dict[str, int] = {}
    for row in rows:
        histogram[str(row)] = histogram.get(str(row), 0) + 1
    entries = [{"Outcome": json.loads(text), "Display": text, "Count": count} for text, count in histogram.items()]
    document = {"DataFormat": "microsoft.quantum-results.v2", "Results": [{"Histogram": entries, "Shots": rows}]}
    return json.dumps(document).encode()


def decode_ours(data: bytes, width: int) -> Callable[[], object]:
    from qsession_cirq.readout import Readout
    from qsession_core.formats import JobFacts, decode

    metadata = {"cirq": "True", "measurement_dict": json.dumps({"m": list(range(width))})}
    facts = JobFacts("id", "rigetti.sim.qvm", None, metadata, "qir.v1")

    def work() -> cirq.Result:
        (result,) = decode("microsoft.quantum-results.v2", data, facts)
        return cirq.ResultDict(records=Readout.of_registers(result.registers).records(result))

    return work


def decode_theirs(data: bytes, width: int) -> Callable[[], object]:
    from azure.quantum.cirq.targets.generic import AzureGenericQirCirqTarget

    def work() -> cirq.Result:
        shots = json.loads(data)["Results"][0]["Shots"]
        return AzureGenericQirCirqTarget._to_cirq_result(  # noqa: SLF001 - what its job calls
            shots, cirq.ParamResolver({}), measurement_dict={"m": list(range(width))}
        )

    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", action="store_true", help="run the official client's cirq side, too")
    peer = parser.parse_args().peer
    service = AzureQuantumService(Workspace.local(seed=1))
    ionq, h2 = service.get_target("ionq.simulator"), service.get_target("quantinuum.sim.h2-1e")

    def row(label: str, ours: float, theirs: float | None = None) -> None:
        beside = f"{theirs:9.1f} ms  {theirs / ours:8.1f}x" if theirs is not None else ""
        print(f"{label:<52}{ours:9.1f} ms  {beside}")

    print(f"{'':<52}{'ours':>12}{'azure-quantum' if peer else '':>14}")
    row("1c import cirq alone", import_ms("cirq"))
    row("1c import qsession_cirq", import_ms("qsession_cirq"), import_ms("azure.quantum.cirq") if peer else None)

    circuit = rand(10_000)
    row("3  walk of 1e4 gates", median_ms(lambda: walk(circuit)))
    row("3  convert of 1e4 gates", median_ms(lambda: convert(circuit)))
    theirs = None
    if peer:
        from cirq_ionq import Serializer

        def serialize() -> bytes:
            return json.dumps(Serializer().serialize_single_circuit(circuit).body).encode()

        theirs = median_ms(serialize)
    row("3  Cirq -> IonQ JSON, rand 1e4", median_ms(lambda: ionq.encode(circuit)), theirs)

    small = rand(1_000)
    theirs = None
    if peer:
        from azure.quantum.cirq.targets.generic import AzureGenericQirCirqTarget

        def translate() -> bytes:
            return AzureGenericQirCirqTarget._translate_circuit(small)._repr_qir_(target="rigetti.sim.qvm")  # noqa: SLF001

        theirs = median_ms(translate, 1)
    row("4c Cirq -> QIR, rand 1e3", median_ms(lambda: h2.encode(small)), theirs)
    row("4c Cirq -> QIR, rand 1e4", median_ms(lambda: h2.encode(circuit)))

    sweep, symbols = ansatz()
    points = [cirq.ParamResolver({s.name: 0.001 * n + i for i, s in enumerate(symbols)}) for n in range(1_000)]
    theirs = None
    if peer:

        def one_by_one() -> None:
            for point in points[:50]:
                json.dumps(Serializer().serialize_single_circuit(cirq.resolve_parameters(sweep, point)).body)

        theirs = median_ms(one_by_one, 1) * len(points) / 50
    row(
        "5  1,000 bindings -> 1,000 IonQ payloads",
        median_ms(lambda: Encoding(ionq.core).sweep(sweep, 10, points), 3),
        theirs,
    )

    data = shots_payload(100_000, 20)
    theirs = median_ms(decode_theirs(data, 20), 1) if peer else None
    row("6c v2 results, 1e5 shots x 20 -> cirq.Result", median_ms(decode_ours(data, 20), 5), theirs)


if __name__ == "__main__":
    main()
