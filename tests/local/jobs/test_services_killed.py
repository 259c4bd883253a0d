"""Three services on one PostgreSQL, killed at random: nothing is lost or ends twice, and sessions keep their order."""

import json
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from qsession_core import Program, Workspace
from qsession_core.errors import QSessionError
from tests.support.wire_client import LONG

pytestmark = pytest.mark.slow
FLIP = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))], name="flip")
CLIENTS, JOBS, KILLS = (8, 100, 40) if LONG else (4, 20, 5)


class Service:
    """One service process on the database; killed and started again."""

    def __init__(self, address, key_file):
        self.command = [sys.executable, "-m", "qsession_core", "serve", "--store", address, "--key-file", key_file,
                        "--no-page", "--json"]  # fmt: skip
        self.lock = threading.Lock()
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.string = json.loads(self.process.stdout.readline())["connectionString"]

    def kill(self):
        self.process.kill()
        self.process.communicate()
        with self.lock:
            self.start()

    def connection(self):
        with self.lock:
            return self.string

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=60)


def patiently(services, draw, act):
    """Act on one of the services; when it is gone, on another one."""
    end = time.monotonic() + 120
    while True:
        try:
            with Workspace.from_connection_string(draw.choice(services).connection()) as workspace:
                return act(workspace)
        except QSessionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def client(services, number):
    """Submit jobs in a session one after the other, each by whichever service is there; return their ids."""
    draw = random.Random(number)

    def opened(at):
        session = at.get_target("ionq.simulator").open_session(name=f"session {number}", job_failure_policy="Continue")
        at.parts.watch.remove(session.id)  # it outlives this client
        return session.id

    session = patiently(services, draw, opened)
    sent = []
    for place in range(JOBS):
        job_id = f"{number:08x}-0000-4000-8000-{place:012x}"

        def submit(at, place=place, job_id=job_id):
            target = at.get_target("ionq.simulator")
            joined = target.attach_session(session)
            return target.submit(FLIP, f"{number}/{place}", shots=10, job_id=job_id, session=joined).id

        sent.append(patiently(services, draw, submit))
    return session, sent


@pytest.mark.timeout(600)
def test_three_services_that_are_killed_lose_nothing_and_end_nothing_twice(postgres, tmp_path):
    address = postgres()
    key_file = str(tmp_path / "key")
    services = [Service(address, key_file) for _ in range(3)]
    over = threading.Event()

    def killer():
        draw = random.Random(1)
        for _ in range(KILLS):
            over.wait(draw.uniform(0.2, 0.8))
            draw.choice(services).kill()

    try:
        with ThreadPoolExecutor(CLIENTS + 1) as pool:
            killing = pool.submit(killer)
            made = list(pool.map(lambda number: client(services, number), range(CLIENTS)))
            over.set()
            killing.result()
        with Workspace.from_connection_string(services[0].connection()) as workspace:
            jobs = {job.id: job for job in workspace.list_jobs()}
            assert set(jobs) == {job_id for _, sent in made for job_id in sent}
            for _, sent in made:
                for job_id in sent:
                    assert workspace.get_job(job_id).result(60).counts == {"1": 10}
    finally:
        for service in services:
            service.stop()
    import psycopg

    with psycopg.connect(address) as database:
        doubled = "SELECT count(*) FROM blobs WHERE name LIKE '%OutputData%' OR name LIKE 'outputData%'"
        assert database.execute(doubled).fetchone()[0] == CLIENTS * JOBS
        assert (
            database.execute("SELECT count(*) FROM items WHERE state <> 'Succeeded' AND item_type = 'Job'").fetchone()[
                0
            ]
            == 0
        )
        # what a killed service had begun begins anew; all others began in the order in which they were sent
        once = "SELECT session_id, began FROM items WHERE item_type = 'Job' AND attempts = 1 ORDER BY number"
        began = {}
        for session, moment in database.execute(once):
            began.setdefault(session, []).append(moment)
        assert len(began) == CLIENTS
        assert all(moments == sorted(moments) for moments in began.values())
