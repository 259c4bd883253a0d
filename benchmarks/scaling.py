"""How time grows: gates, shots, jobs, listed jobs, qubits. Fits the exponent of each curve, and draws them."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import workloads
from measure import once

from qsession_cirq.convert import to_program as from_cirq
from qsession_core import Program, Workspace
from qsession_core.formats import JobFacts, decode
from qsession_core.formats.ionq import IonQCircuit
from qsession_core.formats.qir import Qir
from qsession_core.local import LocalWorkspace
from qsession_core.results import Layout, Register
from qsession_qiskit.convert import to_program as from_qiskit

V2 = "microsoft.quantum-results.v2"
EMPTY = {"gateset": "qis", "qubits": 1, "circuit": []}
Curve = list[tuple[float, float]]


def _best(work) -> float:
    return min(once(work) for _ in range(3))


def curves() -> dict[str, Curve]:
    """Measure every curve: (size, seconds) points."""
    found: dict[str, Curve] = {name: [] for name in ("Qiskit to IonQ JSON", "Qiskit to QIR", "Cirq to IonQ JSON")}
    for gates in (100, 1_000, 10_000, 100_000):
        circuit = workloads.qiskit_circuit(gates)
        for name, format_ in (("Qiskit to IonQ JSON", IonQCircuit()), ("Qiskit to QIR", Qir())):
            found[name].append((gates, _best(lambda c=circuit, f=format_: f.encode(from_qiskit(c)))))
        if gates <= 10_000:
            circuit = workloads.cirq_circuit(gates)
            found["Cirq to IonQ JSON"].append((gates, _best(lambda c=circuit: IonQCircuit().encode(from_cirq(c)))))
    found["v2 shots to counts and memory"] = [
        (shots, _decoded(shots)) for shots in (100, 1_000, 10_000, 100_000, 1_000_000)
    ]
    found["jobs submitted and read, local"] = [(jobs, _jobs(jobs)) for jobs in (1, 10, 100, 1_000)]
    found["jobs listed, local"] = _listed((100, 1_000, 10_000))
    found["qubits on the numpy engine"] = [(qubits, _qubits(qubits)) for qubits in (8, 12, 16, 20)]
    return found


def _decoded(shots: int) -> float:
    layout = Layout(20, (Register("c", tuple(range(20))),), tuple(range(20)))
    facts = JobFacts("job", "x.sim", shots, {Layout.KEY: layout.to_text()})
    data = workloads.microsoft_v2(shots, histogram=False)

    def work() -> None:
        result = decode(V2, data, facts)[0]
        assert sum(result.counts.values()) == len(result.memory())

    return _best(work)


def _jobs(jobs: int) -> float:
    with Workspace.local(seed=1) as workspace:
        target = workspace.get_target("ionq.simulator")
        return once(lambda: target.submit_all([EMPTY] * jobs, shots=1).results())


def _listed(sizes: tuple[int, ...]) -> Curve:
    points = []
    with LocalWorkspace(seed=1) as service, Workspace.local() as client:
        client._rest.transport.inner.service.close()
        at = service.connection
        workspace = Workspace(
            at.subscription_id, at.resource_group, at.name, location=at.location, endpoint=at.endpoint,
            credential=at.api_key, transport=_Direct(service),
        )  # fmt: skip
        target = workspace.get_target("ionq.simulator")
        there = 0
        for size in sizes:
            target.submit_all([EMPTY] * (size - there), shots=1).wait()
            there = size
            points.append((size, _best(lambda: [job.status for job in workspace.list_jobs()])))
    return points


class _Direct:
    """Hands requests to a service in this process."""

    def __init__(self, service: LocalWorkspace) -> None:
        self.send = service.handle

    def close(self) -> None:
        """Leave the service to its owner."""


def _qubits(qubits: int) -> float:
    operations = [("h", (qubit,), ()) for qubit in range(qubits)]
    operations += [("cx", (qubit, qubit + 1), ()) for qubit in range(qubits - 1)] * 5
    operations += [("measure", (qubit,), (qubit,)) for qubit in range(qubits)]
    with Workspace.local(seed=1, simulator="numpy") as workspace:
        target = workspace.get_target("ionq.simulator")
        payload = target.encode(Program.of(qubits, qubits, operations), shots=100, input_data_format="qir.v1")
        return _best(lambda: target.submit(payload).result())


def exponent(curve: Curve) -> float:
    """Fit seconds = a * size**exponent to the upper half of a curve, where fixed costs no longer count."""
    upper = curve[len(curve) // 2 - (len(curve) % 2 == 0) :]
    xs = [math.log(size) for size, _ in upper]
    ys = [math.log(seconds) for _, seconds in upper]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)


def draw(found: dict[str, Curve], path: Path) -> None:
    """Draw all curves into one SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "qsession"
    figure, axes = plt.subplots(figsize=(9, 6))
    for name, curve in found.items():
        axes.loglog(*zip(*curve, strict=True), marker="o", label=f"{name}: exponent {exponent(curve):.2f}")
    axes.set_xlabel("gates, shots, jobs or qubits")
    axes.set_ylabel("seconds")
    axes.grid(visible=True, which="both", alpha=0.2)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    measured = curves()
    for name, curve in measured.items():
        print(f"{name}: exponent {exponent(curve):.2f}")
    draw(measured, Path(__file__).with_name("scaling.svg"))
    if "--json" in sys.argv:
        print("CURVES " + json.dumps({name: exponent(curve) for name, curve in measured.items()}))
