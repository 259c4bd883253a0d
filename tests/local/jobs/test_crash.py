"""A serving process is killed again and again while jobs come in: nothing is lost, nothing ends twice."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path

import pytest
import requests

from qsession_core.local import LocalWorkspace
from qsession_core.local.storage.sqlite import SqliteStore
from tests.support.wire_client import BELL, LONG, Client

KILLS = 200 if LONG else 12
QASM = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[10]; creg c[10]; {} measure q -> c;'.format("h q; t q; " * 20)


class Served:
    """A ``qsession serve`` of its own, told by the connection string that it prints."""

    def __init__(self, directory):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "qsession_core", "serve", "--directory", str(directory)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        line = self.process.stdout.readline()
        assert "ApiKey=" in line
        facts = dict(part.split("=", 1) for part in line.strip().rstrip(";").split(";"))
        self.key = facts["ApiKey"]
        self.base = (
            f"{facts['QuantumEndpoint']}subscriptions/{facts['SubscriptionId']}/resourceGroups/"
            f"{facts['ResourceGroupName']}/providers/Microsoft.Quantum/workspaces/{facts['WorkspaceName']}"
        )

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


def submit(served, http, job_id):
    """Send one job in the three calls of the protocol; say whether the service took it."""
    headers = {"x-ms-quantum-api-key": served.key}
    container = {"containerName": f"job-{job_id}"}
    try:
        url = f"{served.base}/storage/sasUri"
        reply = http.post(url, json=container, headers=headers, timeout=20)
        sas_uri = reply.json()["sasUri"]
        address, query = sas_uri.split("?")
        is_qasm = job_id[0] in "01234567"
        body = QASM if is_qasm else json.dumps(BELL)
        http.put(f"{address}/inputData?{query}", data=body, headers={"x-ms-blob-type": "BlockBlob"}, timeout=20)
        job = {"name": "j", "containerUri": sas_uri, "inputDataUri": f"{address}/inputData",
               "inputParams": {"shots": 20}, "target": "quantinuum.sim.h2-1e" if is_qasm else "ionq.simulator",
               "inputDataFormat": "honeywell.openqasm.v1" if is_qasm else "ionq.circuit.v1"}  # fmt: skip
        return http.put(f"{served.base}/jobs/{job_id}", json=job, headers=headers, timeout=20).status_code == 200
    except (requests.RequestException, ValueError, KeyError):
        return False


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_ends_twice_under_kill_nine(tmp_path):
    chance = random.Random(1)
    taken, box, stop, one_more = [], {}, threading.Event(), threading.Semaphore(0)
    box["served"] = Served(tmp_path)

    def load(seed):
        numbers = random.Random(seed)
        http = requests.Session()
        http.trust_env = False
        while not stop.is_set():
            job_id = str(uuid.UUID(int=numbers.getrandbits(128)))
            # a client that gets no answer asks again with the same id, as the protocol lets it
            for _ in range(100):
                if submit(box["served"], http, job_id):
                    taken.append(job_id)
                    one_more.release()
                    break
                if stop.wait(0.02):
                    break
        http.close()

    threads = [threading.Thread(target=load, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        assert one_more.acquire(timeout=120), "each process takes at least one job before it is killed"
        time.sleep(chance.uniform(0.0, 0.3))
        box["served"].kill()
        box["served"] = Served(tmp_path)
    stop.set()
    for thread in threads:
        thread.join()
    box["served"].kill()

    with LocalWorkspace(tmp_path) as service:
        service.settle(120)
        client = Client(service)
        assert len(taken) >= KILLS
        for job_id in taken:
            job = client.job(job_id)
            assert job["status"] == "Succeeded", job["errorData"]
        result = client.result(client.job(taken[-1]))
        assert result
        assert service.store.read("SELECT count(*) FROM items WHERE state NOT IN ('Succeeded')")[0][0] == 0
        # a job ends by one row's move into a terminal state: as often as it was started, it has one output
        outputs = service.store.read(
            "SELECT count(*) FROM blobs WHERE name IN ('rawOutputData', 'outputData') GROUP BY container"
        )
        assert {count for (count,) in outputs} == {1}
        attempts = service.store.read("SELECT max(attempts), sum(attempts > 1) FROM items")[0]
        sys.stderr.write(f"{len(taken)} jobs, at most {attempts[0]} attempts, {attempts[1]} ran again\n")
    database = sqlite3.connect(tmp_path / "workspace.db")
    assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    database.close()


def test_jobs_that_ran_when_their_process_died_run_again_once(tmp_path):
    with LocalWorkspace(tmp_path) as service:
        client = Client(service)
        service.dispatcher.paused = True
        job_id = client.submit()
        # the job of a process that died: claimed by an owner that does not exist any more
        service.store.change(service.store.job(job_id), {"state": "Executing", "owner": "dead", "attempts": 1})
    with LocalWorkspace(tmp_path) as service:
        job = Client(service).done(job_id)
        assert job["status"] == "Succeeded"
        assert service.store.job(job_id).attempts == 2


def test_closing_in_the_middle_of_a_large_job_keeps_it_for_the_next_time(tmp_path):
    circuit = [{"gate": "rx", "target": number % 24, "rotation": 0.1 * number} for number in range(4000)]
    with LocalWorkspace(tmp_path, simulator="numpy") as service:
        client = Client(service)
        job_id = client.submit({"qubits": 24, "circuit": circuit})
        while client.job(job_id)["status"] == "Waiting":
            time.sleep(0.01)
    with LocalWorkspace(tmp_path) as service:
        service.dispatcher.paused = True
        client = Client(service)
        assert client.job(job_id)["status"] in {"Waiting", "Executing"}
        client.call("POST", f"jobs/{job_id}:cancel")
        assert client.done(job_id)["status"] == "Cancelled"


def test_workers_end_with_the_process_that_asked_them(tmp_path):
    program = (
        "import os, sys, time\n"
        "from qsession_core.processes.pool import WorkerPool\n"
        "pool = WorkerPool(1)\n"
        "print(pool.submit(os.getpid).result(), flush=True)\n"
        "pool.submit(time.sleep, 600)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    for _ in range(100):
        # a dead process may stay in the table until somebody asks for its end
        state = Path(f"/proc/{worker}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived its parent")


def test_a_job_that_was_being_cancelled_when_its_process_died_is_cancelled(tmp_path):
    with LocalWorkspace(tmp_path) as service:
        client = Client(service)
        session = client.open()
        service.dispatcher.paused = True
        job_id = client.submit(session=session)
        client.close(session)
        service.store.change(service.store.job(job_id), {"state": "CancellationRequested", "owner": "dead"})
    with LocalWorkspace(tmp_path) as service:
        client = Client(service)
        assert client.done(job_id)["status"] == "Cancelled"
        assert client.state(session) == "Succeeded"


def test_everything_survives_a_restart_and_clients_go_on(tmp_path):
    with LocalWorkspace(tmp_path) as service:
        before = service.connection
        client = Client(service)
        session = client.open(jobFailurePolicy="Continue")
        job = client.done(client.submit(session=session, tags=["kept"], metadata={"a": "b"}))
    with LocalWorkspace(tmp_path) as service:
        assert service.connection == before
        again = client.__class__(service)
        after = again.job(job["id"])
        for name in set(job) - {"containerUri", "inputDataUri", "outputDataUri"}:
            assert after[name] == job[name]
        assert again.result(job) == {"histogram": {"0": 0.5, "3": 0.5}}  # the old signature still opens it
        assert again.state(session) == "Executing"


@pytest.mark.sqlite
def test_the_database_is_for_its_owner_only(tmp_path):
    with LocalWorkspace(tmp_path / "w"):
        assert (tmp_path / "w" / "workspace.db").stat().st_mode & 0o777 == 0o600


def test_two_workspaces_on_one_directory_share_the_work(tmp_path):
    with LocalWorkspace(tmp_path) as one, LocalWorkspace(tmp_path) as other:
        assert one.connection == other.connection
        clients = [Client(one), Client(other)]
        jobs = [clients[number % 2].submit() for number in range(40)]
        one.settle()
        other.settle()
        for job in jobs:
            assert clients[0].job(job)["status"] == "Succeeded"
        rows = one.store.read("SELECT max(attempts), min(attempts), count(DISTINCT number), count(*) FROM items")
        assert tuple(rows[0]) == (1, 1, 40, 40)


@pytest.mark.sqlite
def test_two_processes_on_one_directory_do_not_spoil_it(tmp_path):
    first, second = Served(tmp_path), Served(tmp_path)
    try:
        assert first.key == second.key
        taken = []

        def load(served, seed):
            numbers = random.Random(seed)
            with requests.Session() as http:
                http.trust_env = False
                for _ in range(25):
                    job_id = str(uuid.UUID(int=numbers.getrandbits(128)))
                    assert submit(served, http, job_id)
                    taken.append(job_id)

        threads = [
            threading.Thread(target=load, args=(served, seed)) for seed, served in enumerate((first, second) * 2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        first.kill()
        second.kill()
    with LocalWorkspace(tmp_path) as service:
        service.settle(60)
        assert {Client(service).job(job)["status"] for job in taken} == {"Succeeded"}
        assert len(taken) == 100
        assert service.store.read("PRAGMA integrity_check")[0][0] == "ok"


def test_old_jobs_are_listed_exported_and_pruned(tmp_path):
    from datetime import timedelta

    from qsession_core.local import ManualClock

    clock = ManualClock()
    with LocalWorkspace(tmp_path / "w", clock=clock) as service:
        client = Client(service)
        session = client.open()
        old = client.done(client.submit(session=session, name="../../old"))
        client.upload(client.container(old["id"]), b"note", "../evil")
        client.close(session)
        clock.advance(100)
        new = client.done(client.submit())
        assert [job.id for job in service.archive.jobs()] == [old["id"], new["id"]]
        assert service.archive.export(tmp_path / "out", [old["id"]]) == 1
        record = json.loads((tmp_path / "out" / old["id"] / "job.json").read_bytes())
        assert record["job"]["name"] == "../../old"
        assert sorted(record["blobs"].values()) == ["../evil", "inputData", "rawOutputData"]
        assert {path.name for path in (tmp_path / "out" / old["id"]).iterdir()} == {"job.json", *record["blobs"]}
        assert service.archive.prune(clock.now() - timedelta(seconds=50)) == 2
        assert client.get(f"jobs/{old['id']}").status == 404
        assert client.get(f"sessions/{session}").status == 404
        assert client.job(new["id"])["status"] == "Succeeded"


@pytest.mark.sqlite
def test_the_command_lists_exports_and_prunes(tmp_path, capsys):
    from qsession_core.command import main

    with LocalWorkspace(tmp_path / "w") as service:
        job = Client(service).done(Client(service).submit(name="mine"))
    where = ["--directory", str(tmp_path / "w")]
    assert main(["jobs", *where, "--whole-ids"]) == 0
    shown = capsys.readouterr().out
    assert job["id"] in shown
    assert "mine" in shown
    assert main(["jobs", "export", str(tmp_path / "out"), *where]) == 0
    assert (tmp_path / "out" / job["id"] / "job.json").exists()
    assert main(["jobs", "prune", "--days", "0", *where]) == 0
    assert "1 jobs and sessions deleted" in capsys.readouterr().out
    assert main(["jobs", "--directory", str(tmp_path / "nowhere")]) == 4


@pytest.mark.sqlite
def test_the_command_starts_no_job_that_waits(tmp_path, capsys):
    from qsession_core.command import main

    with LocalWorkspace(tmp_path) as service:
        service.dispatcher.paused = True
        Client(service).submit(name="waits")
    assert main(["jobs", "--directory", str(tmp_path)]) == 0
    assert "Waiting" in capsys.readouterr().out
    with closing(SqliteStore(tmp_path)) as store:
        assert [(job.state, job.attempts) for job in store.jobs("WHERE item_type = 'Job'")] == [("Waiting", 0)]


def test_files_that_a_death_left_behind_are_swept_when_they_are_old(tmp_path):
    import os

    with LocalWorkspace(tmp_path) as service:
        client = Client(service)
        job_id = str(uuid.uuid1())
        client.upload(client.container(job_id), b"y" * 100_000, "kept")
    folder = tmp_path / "blobs"
    (kept,) = folder.iterdir()
    for name, age in (("old", 4000), ("young", 10)):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (time.time() - age,) * 2)
    os.utime(kept, (time.time() - 4000,) * 2)
    with LocalWorkspace(tmp_path):
        assert {path.name for path in folder.iterdir()} == {kept.name, "young"}


@pytest.mark.parametrize("arguments", [["--host", "::"], ["--host", "192.0.2.1", "--port", "1"]])
def test_serving_to_other_machines_must_be_said(arguments, capsys):
    from qsession_core.command import main

    assert main(["serve", *arguments]) == 2
    assert "--expose" in capsys.readouterr().err


def test_serve_prints_how_to_connect_and_ends_on_sigterm(tmp_path):
    served = Served(tmp_path)
    rest = []
    for line in served.process.stdout:
        rest.append(line.rstrip("\n"))
        if line.startswith("workspace ="):
            break
    assert rest[-3].startswith("from azure.core")
    assert rest[-2].startswith("from azure.quantum")
    served.process.terminate()
    assert served.process.wait(20) == 0
    served.process.stdout.close()
