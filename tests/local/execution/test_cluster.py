"""Simulations on a Dask cluster: the same shots as here, with lost workers, cancelled jobs and wrong versions."""

import sys
import threading
import time
from importlib import metadata

import distributed
import pytest

from qsession_core.errors import ConfigurationError
from qsession_core.local import LocalWorkspace
from qsession_core.local.execution import cluster as module
from qsession_core.local.execution.prepare import prepare
from qsession_core.local.execution.shares import shares_of, size_of
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine
from tests.support.wire_client import Client

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of distributed
]
LONG = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[{n}]; creg c[{n}]; {gates} measure q -> c;'


def wide(qubits, layers):
    """Return a circuit whose noisy shots take long."""
    layer = "".join(f"ry(0.3) q[{each}]; " for each in range(qubits))
    layer += "".join(f"cx q[{each}],q[{each + 1}]; " for each in range(qubits - 1))
    return LONG.format(n=qubits, gates=layer * layers).encode()


def sent(service, payload, shots=100):
    client = Client(service)
    return client, client.submit(
        payload, "quantinuum.sim.h2-1e", "honeywell.openqasm.v1", params={"shots": shots, "error-params": {"p2": 0.05}}
    )


@pytest.fixture
def dask():
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        client.run(sys.path.extend, list(sys.path))  # this project may not be installed for them
        yield cluster


def address(cluster):
    return cluster.scheduler_address.replace("tcp://", "dask://")


def result(client, job_id):
    job = client.job(job_id)
    assert job["status"] == "Succeeded", job
    return client.result(job)["c"]


def test_a_job_is_cut_into_shares_and_gives_the_same_shots_as_here(dask):
    payload = wide(14, 3)
    with LocalWorkspace(seed=11, simulator="numpy") as service:
        client, job_id = sent(service, payload, 3000)
        service.settle(300)
        here = result(client, job_id)
    with LocalWorkspace(seed=11, simulator="numpy", executor=address(dask)) as service:
        client, job_id = sent(service, payload, 3000)
        until(lambda: calls_on(dask) > 1)  # several at once: its shares
        service.settle(300)
        there = result(client, job_id)
    assert there == here
    assert len(there) == 3000


def test_shares_are_cut_by_the_plan_only_where_time_follows_the_shots():
    class Engine:
        def __init__(self, fixed, each):
            self.cost = lambda _circuit, shots, _noise: fixed + each * shots

    def cut(fixed, each, shots):
        return shares_of(Engine(fixed, each), None, shots, Noise(), fixed + each * shots)

    assert cut(100.0, 0.0, 1000) == 1
    assert cut(0.0, 0.0005, 1000) == 1
    assert cut(0.0, 0.01, 400) == 8
    assert cut(0.0, 10.0, 1000) == 32
    assert cut(1.0, 0.1, 1000) == 4  # five evolutions more are a twentieth of the whole
    assert {cut(0.0, each, 100) for each in (0.02, 0.03, 0.05, 0.09)} == {4, 8, 16, 32}
    assert sum(size_of(1003, 10, place) for place in range(10)) == 1003


def test_what_is_wrong_with_a_program_is_told_as_everywhere(dask):
    with LocalWorkspace(executor=address(dask)) as service:
        client, job_id = sent(service, b"OPENQASM 2.0; nonsense")
        service.settle(60)
        assert client.job(job_id)["status"] == "Failed"
        assert client.job(job_id)["errorData"]["code"] == "InvalidInputData"


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def calls_on(cluster):
    with distributed.Client(cluster, set_as_default=False) as client:
        return sum(client.run(_calls_here).values())


def _calls_here():
    """Return how many calls run; on a worker."""
    there = sys.modules.get("qsession_core.local.execution.cluster")
    return 0 if there is None else sum(map(len, there._running.values()))


def test_cancelling_a_job_ends_it_on_the_worker(dask):
    with LocalWorkspace(simulator="numpy", executor=address(dask)) as service:
        client, job_id = sent(service, wide(20, 40), 10_000)
        until(lambda: calls_on(dask) > 0)
        client.call("POST", f"jobs/{job_id}:cancel")
        service.settle(60)
        assert client.job(job_id)["status"] == "Cancelled"
        until(lambda: calls_on(dask) == 0)
        client, job_id = sent(service, wide(2, 1), 10)  # and the cluster goes on
        service.settle(60)
        assert len(result(client, job_id)) == 10


def test_a_lost_workers_job_runs_again(dask):
    with LocalWorkspace(seed=3, simulator="numpy", executor=address(dask)) as service:
        client, job_id = sent(service, wide(14, 3), 3000)
        until(lambda: calls_on(dask) > 0)
        worker = next(iter(dask.workers.values()))
        threading.Thread(target=worker.process.process.kill).start()
        service.settle(280)
        assert len(result(client, job_id)) == 3000


def test_workers_with_other_versions_are_refused(dask, monkeypatch):
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.1" if name == "numpy" else real(name))
    with pytest.raises(ConfigurationError, match=r"has numpy .*, not 0\.1"):
        LocalWorkspace(executor=address(dask))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("ray://host:1", "name a Dask scheduler as dask://host:port"),
        ("dask://", "name a Dask scheduler"),
        ("dask://127.0.0.1:1", "No Dask scheduler answers at"),
    ],
)
def test_an_executor_that_is_none_is_told(given, sentence, monkeypatch):
    monkeypatch.setattr(module, "_CONNECT_SECONDS", 1.0)
    with pytest.raises(ConfigurationError, match=sentence):
        LocalWorkspace(executor=given)


def test_a_plan_of_a_long_noisy_circuit_has_shares():
    from qsession_core.local.execution.plan import plan
    from qsession_core.local.execution.task import Task

    task = Task(
        "quantinuum.sim.h2-1e", "honeywell.openqasm.v1", "honeywell.quantum-results.v1",
        wide(15, 6), {}, 3000, 1, 56, noise={"p2": 0.05}, simulator=NumpyEngine.name,
    )  # fmt: skip
    assert plan(task, prepare(task)).shares > 1
