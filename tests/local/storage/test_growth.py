"""What a job costs the database does not follow the number of jobs that are stored."""

import pytest

from qsession_core.local import LocalWorkspace
from tests.support.wire_client import Client

STEPS = 20  # of SQLite's machine, between two calls of the counter
FLIP = b'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; creg c[1]; x q[0]; measure q -> c;'
HELD = {"payload": FLIP, "target": "quantinuum.qpu.h2-1", "input_format": "honeywell.openqasm.v1"}


def steps_of_a_job(client, job):
    """Return how many steps of SQLite's machine a job takes, from its submission to its end."""
    counted = 0

    def count():
        nonlocal counted
        counted += STEPS

    database = client.service.store._database
    database.set_progress_handler(count, STEPS)
    job_id = client.submit(**job)
    client.service.settle()
    assert client.get(f"jobs/{job_id}").json["status"] == "Succeeded"
    database.set_progress_handler(None, 0)
    return counted


@pytest.mark.sqlite
@pytest.mark.parametrize("kind", ["alone", "in a session", "on a target that a session holds"])
def test_a_job_takes_as_many_steps_of_the_database_whatever_is_stored(kind):
    with LocalWorkspace(seed=1) as workspace:
        client = Client(workspace)
        job = {} if kind != "on a target that a session holds" else HELD
        if kind != "alone":
            job = {**job, "session": client.open(job.get("target", "ionq.simulator"))}
        steps_of_a_job(client, job)
        first = steps_of_a_job(client, job)
        for _ in range(300):
            client.submit(**job)
        workspace.settle()
        assert steps_of_a_job(client, job) < 1.2 * first + 100
