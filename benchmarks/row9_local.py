"""Row 9: the local workspace itself."""

from __future__ import annotations

import time

import workloads
from measure import Row, in_turn, report

from qsession_core import Program, Workspace
from qsession_core.local.readers.qir.reader import read_qir
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine

JOBS = 300


def rows() -> list[Row]:
    bell = Program.of(2, 2, [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))])
    with Workspace.local(seed=1) as workspace:
        target = workspace.get_target("ionq.simulator")
        payload = target.encode(bell, shots=100)
        target.submit(payload).result()
        start = time.perf_counter()
        for _ in range(JOBS):
            target.submit(payload).result()
        single = JOBS / (time.perf_counter() - start)

        start = time.perf_counter()
        with target.open_session():
            target.submit_all([payload] * 1_000).results()
        session = time.perf_counter() - start
    return [
        Row("9", "small jobs a second, submit to result, one client in process", single, ">150 jobs/s", unit="jobs/s"),
        Row("9", "a session of 1,000 small jobs, all results", session, "<8 s"),
        _listing(),
        _overhead(),
    ]


def _listing() -> Row:
    """The slowest of some filtered and ordered pages among 10,000 stored jobs."""
    empty = {"gateset": "qis", "qubits": 1, "circuit": []}
    with Workspace.local(seed=1) as workspace:
        target = workspace.get_target("ionq.simulator")
        names = [f"job {number % 97}" for number in range(10_000)]
        target.submit_all([empty] * 10_000, shots=1, names=names).wait()
        pages = (
            lambda: workspace.list_jobs(name_match="job 50", orderby_property="Target"),
            lambda: workspace.list_jobs(status=["Failed"], orderby_property="Name", is_asc=False),
            lambda: next(iter(workspace.parts.calls.pages_with_jobs([], []))),
        )
        return Row("9", "a filtered, ordered list among 10,000 stored jobs", max(in_turn(*pages, rounds=3)), "<1 s")


def _overhead() -> Row:
    """A 20-qubit, 1,475-gate job through the whole service against the engine alone."""
    operations = [(name, qubits, angles) for name, qubits, angles in workloads.random_gates(1_475)]
    operations += [("measure", (qubit,), (qubit,)) for qubit in range(workloads.WIDTH)]
    program = Program.of(workloads.WIDTH, workloads.WIDTH, operations)
    with Workspace.local(seed=1, simulator="numpy") as workspace:
        target = workspace.get_target("ionq.simulator")
        payload = target.encode(program, shots=1_000, input_data_format="qir.v1")
        circuit = read_qir(payload.data)
        engine, quiet = NumpyEngine(), Noise()
        service, alone = in_turn(
            lambda: target.submit(payload).result(), lambda: engine.sample(circuit, 1_000, 7, quiet), rounds=3
        )
    return Row("9", "a 20-qubit, 1,475-gate job over the engine alone", service / alone, "<1.3 x", unit="x")


if __name__ == "__main__":
    report(rows())
