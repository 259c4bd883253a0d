"""Jobs of known ids in a local workspace, for tests of what people see of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from qsession_core import Program

if TYPE_CHECKING:
    from qsession_core import Workspace

BELL = Program.of(
    2, 2, [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))], name="bell"
)
BAD = {"gateset": "qis", "qubits": 1, "circuit": [{"gate": "no such gate", "targets": [0]}]}
FIRST, SECOND, THIRD, FAILED = (f"{start}-0000-4000-8000-000000000000" for start in
                                ("58112cf4", "9dffe966", "c5a1182a", "0bad0bad"))  # fmt: skip
SESSION = "5e551011-0000-4000-8000-000000000000"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def with_jobs(workspace: Workspace) -> None:
    """Send a session of two jobs, one loose job, and one that fails; all end."""
    hardware, simulator = workspace.get_target("quantinuum.qpu.h2-1"), workspace.get_target("ionq.simulator")
    clock = workspace.clock
    with hardware.open_session(name="vqe h2", id=SESSION, tags=["paper"]):
        sent = [hardware.submit(BELL, shots=1000, job_id=FIRST, tags=["paper"])]
        clock.sleep(60)
        sent.append(hardware.submit(BELL, name="scan", shots=500, job_id=SECOND))
        clock.sleep(60)
    sent.append(simulator.submit(BELL, shots=100, job_id=THIRD, tags=["paper", "draft"]))
    clock.sleep(60)
    sent.append(simulator.submit(BAD, name="bad", shots=10, job_id=FAILED))
    for job in sent:
        job.wait_until_completed()
