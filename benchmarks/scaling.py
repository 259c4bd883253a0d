"""How time and memory grow: gates, shots, jobs, listed jobs, qubits. Fits each curve's exponent, and draws them."""

from __future__ import annotations

import gc
import json
import math
import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import workloads
from measure import once
from server import served
from workloads import V2

from qsession_cirq.conversion.convert import to_program as from_cirq
from qsession_core import Program, Workspace
from qsession_core.formats import JobFacts, decode
from qsession_core.formats.ionq import IonQCircuit
from qsession_core.formats.qir.module import Qir
from qsession_core.local.execution.histograms import histogram_json
from qsession_core.local.readers.openqasm2 import read_openqasm
from qsession_core.local.readers.qir.reader import read_qir
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine
from qsession_qiskit.conversion.convert import to_program as from_qiskit

EMPTY = {"gateset": "qis", "qubits": 1, "circuit": []}
ENGINES = ("numpy", "aer", "qsim", "stim")
QUBITS = (4, 8, 12, 16, 20, 24)


@dataclass
class Curve:
    """Points of one curve.

    Attributes:
        name: What is done.
        unit: What its size counts.
        sizes: The sizes.
        seconds: The best of three, for each size.
        megabytes: The most that Python and numpy held for it at once, for each size.
    """

    name: str
    unit: str
    sizes: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def measure(self, size: int, work: Callable[[], object]) -> None:
        """Add a point."""
        self.sizes.append(size)
        self.seconds.append(min(once(work) for _ in range(3)))
        gc.collect()
        tracemalloc.start()
        work()
        self.megabytes.append(tracemalloc.get_traced_memory()[1] / 1e6)
        tracemalloc.stop()

    def exponent(self, values: list[float]) -> float:
        """Fit value = a * size**exponent to the upper half, where fixed costs no longer count."""
        return _slope([math.log(size) for size in self.sizes], [math.log(value) for value in values])

    def doublings(self) -> float:
        """Fit seconds = a * 2**(b * size) to the upper half; return b."""
        return _slope([float(size) for size in self.sizes], [math.log2(value) for value in self.seconds])


def _slope(xs: list[float], ys: list[float]) -> float:
    start = (len(xs) - 1) // 2
    xs, ys = xs[start:], ys[start:]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)


def growth() -> list[Curve]:
    """Measure what should be linear."""
    qiskit_ionq, qiskit_qir = Curve("Qiskit to IonQ JSON", "gates"), Curve("Qiskit to QIR", "gates")
    cirq_ionq, cirq_qir = Curve("Cirq to IonQ JSON", "gates"), Curve("Cirq to QIR", "gates")
    for gates in (100, 1_000, 10_000, 100_000):
        circuit = workloads.qiskit_circuit(gates)
        qiskit_ionq.measure(gates, lambda c=circuit: IonQCircuit().encode(from_qiskit(c)))
        qiskit_qir.measure(gates, lambda c=circuit: Qir().encode(from_qiskit(c)))
        circuit = workloads.cirq_circuit(gates)
        cirq_ionq.measure(gates, lambda c=circuit: IonQCircuit().encode(from_cirq(c)))
        cirq_qir.measure(gates, lambda c=circuit: Qir().encode(from_cirq(c)))
    read = Curve("QIR read by the local workspace", "gates")
    for gates in (100, 1_000, 10_000):
        text = Qir().encode(from_qiskit(workloads.qiskit_circuit(gates))).data
        read.measure(gates, lambda t=text: read_qir(t))
    shots = Curve("v2 results to counts and memory", "shots")
    for number in (100, 1_000, 10_000, 100_000, 1_000_000):
        data, facts = workloads.microsoft_v2(number, histogram=False), workloads.facts(number)
        shots.measure(number, lambda d=data, f=facts: _read(d, f))
    jobs = Curve("jobs submitted and read, local", "jobs")
    for number in (1, 10, 100, 1_000):
        jobs.measure(number, lambda n=number: _jobs(n))
    rounds = Curve("programs that measure again and again, 3 qubits, 2,000 shots", "rounds")
    for number in (20, 40, 80, 160, 320):
        program = _rounds(number)
        rounds.measure(number, lambda p=program: NumpyEngine().run(p, 2_000, 1, Noise()))
    outcomes = Curve("IonQ histograms, written and read", "outcomes")
    for bits in (10, 12, 14, 16, 18, 20):
        outcomes.measure(1 << bits, lambda b=bits: _histogram(b))
    return [
        qiskit_ionq, qiskit_qir, cirq_ionq, cirq_qir, read, shots, jobs, _listed(), rounds, outcomes, _clients(),
    ]  # fmt: skip


def _rounds(number: int):
    """Return a program that couples a turning qubit to another weakly, measures that, and turns by what came out."""
    lines = ['OPENQASM 2.0; include "qelib1.inc"; qreg q[3]; creg m[1]; creg e[3];']
    for place in range(number):
        lines.append(f"ry({0.3 + 0.01 * place}) q[0]; cx q[0], q[1]; cu3(1.6,0.2,0.1) q[1], q[2];")
        lines.append("measure q[2] -> m[0]; if(m==1) ry(0.4) q[0]; reset q[2];")
    return read_openqasm(" ".join([*lines, "measure q -> e;"]).encode())


def _histogram(bits: int) -> object:
    weights = np.random.default_rng(1).random(1 << bits)
    data = histogram_json(np.arange(1 << bits), weights / weights.sum())
    return decode("ionq.quantum-results.v1", data, JobFacts("job", "ionq.simulator", 1_000, {}))[0].counts


def _clients() -> Curve:
    """Measure clients that send 20 jobs each, one after the other, to one served workspace."""
    curve = Curve("clients of one served workspace, 20 jobs each", "clients")
    with served("serve") as (text, _):

        def one(_: int) -> None:
            with Workspace.from_connection_string(text) as workspace:
                target = workspace.get_target("ionq.simulator")
                for _ in range(20):
                    target.submit(EMPTY, shots=1).result()

        for clients in (1, 2, 4, 8, 16, 32):
            with ThreadPoolExecutor(clients) as pool:
                curve.measure(clients, lambda n=clients, p=pool: list(p.map(one, range(n))))
    return curve


def engines() -> list[Curve]:
    """Measure what grows with the qubits: one job through the local workspace, on each engine."""
    curves = []
    for engine in ENGINES:
        curve = Curve(engine, "qubits")
        with Workspace.local(seed=1, simulator=engine) as workspace:
            target = workspace.get_target("ionq.simulator")
            for qubits in QUBITS:
                payload = target.encode(_chain(qubits), shots=100, input_data_format="qir.v1")
                curve.measure(qubits, lambda t=target, p=payload: t.submit(p).result())
        curves.append(curve)
    return curves


def _read(data: bytes, facts: JobFacts) -> object:
    result = decode(V2, data, facts)[0]
    counts, memory = result.counts, result.memory()
    assert sum(counts.values()) == len(memory)
    return counts, memory


def _jobs(jobs: int) -> None:
    with Workspace.local(seed=1) as workspace:
        workspace.get_target("ionq.simulator").submit_all([EMPTY] * jobs, shots=1).results()


def _listed() -> Curve:
    curve = Curve("jobs listed, local", "jobs")
    with Workspace.local(seed=1) as workspace:
        target = workspace.get_target("ionq.simulator")
        there = 0
        for size in (100, 1_000, 10_000):
            target.submit_all([EMPTY] * (size - there), shots=1).wait()
            there = size
            curve.measure(size, lambda: [job.status for job in workspace.list_jobs()])
    return curve


def _chain(qubits: int) -> Program:
    operations = [("h", (qubit,), ()) for qubit in range(qubits)]
    operations += [("cx", (qubit, qubit + 1), ()) for qubit in range(qubits - 1)] * 5
    operations += [("measure", (qubit,), (qubit,)) for qubit in range(qubits)]
    return Program.of(qubits, qubits, operations)


def draw(linear: list[Curve], by_qubits: list[Curve], path: Path) -> None:
    """Draw all curves into one SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "qsession"
    figure, (time_axes, memory_axes, qubit_axes) = plt.subplots(1, 3, figsize=(16, 6.5), layout="constrained")
    looks = [
        {"color": color, "marker": marker, "markersize": 5}
        for marker, colors in (("o", range(0, 12, 2)), ("s", range(0, 12, 2)))
        for color in (plt.get_cmap("tab20")(place) for place in colors)
    ]
    for curve, look in zip(linear, looks, strict=False):
        time_axes.loglog(curve.sizes, curve.seconds, label=f"{curve.name} ({curve.unit})", **look)
        memory_axes.loglog(curve.sizes, curve.megabytes, **look)
    for curve, look in zip(by_qubits, looks, strict=False):
        qubit_axes.semilogy(curve.sizes, curve.seconds, label=curve.name, **look)
    for axes, title, x_label, y_label in (
        (time_axes, "Time", "gates, shots, jobs, rounds, outcomes or clients", "seconds"),
        (memory_axes, "Memory", "gates, shots, jobs, rounds, outcomes or clients", "peak memory, MB"),
        (qubit_axes, "One job on the local workspace, by engine", "qubits", "seconds"),
    ):
        axes.set_title(title)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.grid(visible=True, alpha=0.3)
    qubit_axes.set_xticks(by_qubits[0].sizes)
    qubit_axes.legend(loc="upper left")
    figure.legend(*time_axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.savefig(path, metadata={"Date": None})


def summary(linear: list[Curve], by_qubits: list[Curve]) -> str:
    """Return the exponents as Markdown tables."""
    lines = ["| what | sizes | time grows as size to the | memory grows as size to the |", "|---|---|---|---|"]
    for curve in linear:
        sizes = f"{curve.sizes[0]:,} to {curve.sizes[-1]:,} {curve.unit}"
        time, memory = curve.exponent(curve.seconds), curve.exponent(curve.megabytes)
        lines.append(f"| {curve.name} | {sizes} | {time:.2f} | {memory:.2f} |")
    lines += ["", "| engine | qubits | a job of the most qubits | time doublings a qubit |", "|---|---|---|---|"]
    for curve in by_qubits:
        sizes = f"{curve.sizes[0]} to {curve.sizes[-1]}"
        lines.append(f"| {curve.name} | {sizes} | {curve.seconds[-1] * 1e3:.3g} ms | {curve.doublings():.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    linear, by_qubits = growth(), engines()
    draw(linear, by_qubits, Path(__file__).with_name("scaling.svg"))
    text = summary(linear, by_qubits)
    print("CURVES " + json.dumps(text) if "--json" in sys.argv else text)
