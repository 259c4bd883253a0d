"""A workspace as people have them after some days of work, for the page: sessions, failures, long names, many jobs."""

from __future__ import annotations

import math
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from qsession_core import Program
from qsession_core.clock import microseconds
from qsession_core.local.faults import Fault
from qsession_core.local.storage.items import Job

if TYPE_CHECKING:
    from qsession_core import Workspace
    from qsession_core.local import LocalWorkspace

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
BAD = {"gateset": "qis", "qubits": 1, "circuit": [{"gate": "no such gate", "targets": [0]}]}
LONG_NAME = (
    "qaoa-maxcut-3-regular-graph-n14-p5-warm-start-from-goemans-williamson-run-2026-03-04T11:58:03-seed-11-"
    "with-readout-mitigation"
)
SCRIPT = '<script>document.title = "taken"</script><img src=x onerror=alert(1)>'


def ansatz(angle: float, width: int = 4) -> Program:
    """Return a layer of a hardware-efficient ansatz."""
    steps: list[tuple[str, tuple[int, ...], tuple[float, ...]]] = []
    steps += [("ry", (qubit,), (angle + qubit / 7,)) for qubit in range(width)]
    steps += [("cx", (qubit, qubit + 1), ()) for qubit in range(width - 1)]
    steps += [("rz", (qubit,), (angle * (qubit + 1),)) for qubit in range(width)]
    steps += [("measure", (qubit,), (qubit,)) for qubit in range(width)]
    return Program.of(width, width, steps, name="ansatz")


def wide(width: int = 9) -> Program:
    """Return a program with some hundred outcomes."""
    steps: list[tuple[str, tuple[int, ...], tuple[float, ...]]] = []
    steps += [("ry", (qubit,), (0.6 + 0.35 * qubit,)) for qubit in range(width)]
    steps += [("cx", (qubit, (qubit + 1) % width), ()) for qubit in range(width)]
    steps += [("measure", (qubit,), (qubit,)) for qubit in range(width)]
    return Program.of(width, width, steps, name="wide")


def with_work(workspace: Workspace) -> dict[str, str]:
    """Do some days of work, and leave three sessions open; return the ids of what is worth a look, by name.

    The workspace is local, and its clock stands still by itself.
    """
    clock, service = workspace.clock, workspace.service
    assert service is not None
    found: dict[str, str] = {}
    hardware, ionq = workspace.get_target("quantinuum.qpu.h2-1"), workspace.get_target("ionq.simulator")
    aria, emulator = workspace.get_target("ionq.qpu.aria-1"), workspace.get_target("quantinuum.sim.h2-1e")
    draw = Random(5)

    def one(target, program, name, shots, tags, pause, *, waits=1.0, runs=1.0):
        """Send a job that takes a while, and think for a while about what came of it."""
        job = target.submit(program, name=name, shots=shots, tags=tags)
        service.settle()
        began = clock.now() + timedelta(seconds=waits * (0.5 + draw.random()))
        ended = began + timedelta(seconds=runs * (0.5 + draw.random()))
        stored = service.store.job(job.id)
        service.store.change(stored, {"began": microseconds(began), "ended": microseconds(ended)})
        clock.sleep((ended - clock.now()).total_seconds() + pause * (0.5 + draw.random()))
        return job

    for day in range(4):
        with emulator.open_session(name=f"calibration day {day + 1}", tags=["calibration"]):
            for step in range(4):
                one(emulator, ansatz(0.2 * step + day), f"ramsey-{step}", 200, ["calibration"], 40)
        with aria.open_session(name="zne scan", tags=["paper", "zne"]):
            for step in range(3):
                one(aria, ansatz(0.4 * step), f"zne-scale-{2 * step + 1}", 500, ["paper", "zne"], 25)
        one(ionq, BAD, "broken-input", 100, ["draft"], 5)
        clock.sleep(20 * 3600)
    with ionq.open_session(name="grover 3 qubits", tags=["teaching"], job_failure_policy="Abort"):
        one(ionq, ansatz(0.3, 3), "oracle-check", 1000, ["teaching"], 12)
        found["failed"] = one(ionq, BAD, "oracle-typo", 1000, ["teaching"], 5).id
    found["long"] = one(ionq, wide(), LONG_NAME, 4000, ["paper"], 15).id
    found["bell"] = one(ionq, ansatz(math.pi / 2, 2), "bell", 1000, [], 8).id

    budget = emulator.open_session(name="error budget", tags=["calibration"], job_failure_policy="Continue")
    found["quiet"] = budget.id
    for step in range(8):
        if step == 5:
            service.faults.add(
                Fault("fail_job", count=1, code="EmulatorError", message="The state vector left its norm.")
            )
        one(emulator, ansatz(0.3 * step), f"budget-{step}", 300, ["calibration"], 14, waits=6, runs=9)
    vqe = hardware.open_session(name="vqe h2 0.74 A", tags=["paper", "vqe"])
    found["vqe"] = vqe.id
    for step in range(60):
        job = one(
            hardware, ansatz(0.05 * step), f"vqe-iteration-{step:02d}", 500, ["paper", "vqe"], 1, waits=1.5, runs=3
        )
    found["job"] = job.id
    service.targets["ionq.qpu.aria-1"] = replace(service.targets["ionq.qpu.aria-1"], queue_seconds=3600.0)
    queued = aria.open_session(name="zne scan, second sample", tags=["paper", "zne"])
    found["queued"] = queued.id
    for step in range(5):
        waiting = aria.submit(ansatz(0.2 * step), name=f"zne-scale-{2 * step + 1}", shots=1000, tags=["paper", "zne"])
        clock.sleep(4)
    waiting.cancel()
    found["cancelled"] = waiting.id
    clock.sleep(6)
    for one_session in (budget, vqe, queued):
        workspace.parts.watch.remove(one_session.id)  # they stay open when this process ends
    service.settle()
    return found


def with_many(service: LocalWorkspace, count: int, *, start: datetime = NOON) -> None:
    """Put jobs that have ended straight into the store, one a minute."""
    states = ("Succeeded", "Succeeded", "Succeeded", "Succeeded", "Failed", "Cancelled")
    with service.store.transaction():
        for number in range(count):
            created = microseconds(start + timedelta(minutes=number))
            state = states[number % len(states)]
            job_id = str(uuid.UUID(int=number + 1))
            service.store.add(
                Job(
                    id=job_id,
                    name=f"sweep-{number:05d}",
                    provider_id="ionq",
                    target="ionq.simulator" if number % 3 else "ionq.qpu.aria-1",
                    state=state,
                    created=created,
                    modified=created,
                    began=created + 2_000_000,
                    ended=created + 3_500_000,
                    tags='["sweep"]' if number % 2 else '["sweep","night"]',
                    container=f"job-{job_id}",
                    input_format="ionq.circuit.v1",
                    output_format="ionq.quantum-results.v1",
                    shots=100,
                    error='{"code":"InvalidInputData","message":"a gate is unknown"}' if state == "Failed" else None,
                )
            )
