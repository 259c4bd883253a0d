"""The same seeded jobs give the same counts wherever they run."""

import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from qsession_core.local import LocalWorkspace
from qsession_core.processes.pool import WorkerPool
from tests.support.wire_client import Client

JOBS = 200
QASM = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[4]; creg c[4]; ry({}) q[0]; h q[1]; cx q[1],q[2]; measure q -> c;'


def counts(executor, jobs):
    """Return the counts of seeded jobs that ran on an executor."""
    with LocalWorkspace(seed=11, executor=executor) as service:
        client = Client(service)
        sent = [
            client.submit(QASM.format(number / 10).encode(), "quantinuum.sim.h2-1e", "honeywell.openqasm.v1")
            for number in range(jobs)
        ]
        service.settle(300)
        return [client.result(client.job(job_id))["c"] for job_id in sent]


@pytest.fixture(scope="module")
def inline():
    return counts(None, JOBS)


def test_threads_give_the_same(inline):
    with ThreadPoolExecutor(2) as pool:
        assert counts(pool, JOBS) == inline


def test_the_services_own_workers_give_the_same(inline):
    pool = WorkerPool(2)
    try:
        assert counts(pool, JOBS) == inline
    finally:
        pool.shutdown()


class ErrorOfTwo(Exception):  # noqa: N818 - it is about its arguments
    """An error that pickles and cannot be unpickled."""

    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


def fail():
    raise ErrorOfTwo("this", "that")


def test_an_error_that_cannot_be_unpickled_still_ends_the_work():
    pool = WorkerPool(1)
    try:
        with pytest.raises(RuntimeError, match="this and that"):
            pool.submit(fail).result(60)
        assert pool.submit(abs, -1).result(60) == 1
    finally:
        pool.shutdown()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_at_the_keyboard_does_not_end_a_worker():
    pool = WorkerPool(1)
    try:
        worker = pool.submit(os.getpid).result(60)
        os.kill(worker, signal.SIGINT)
        assert pool.submit(os.getpid).result(60) == worker
    finally:
        pool.shutdown()


def test_a_pool_of_processes_gives_the_same(inline):
    import multiprocessing

    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert counts(pool, JOBS) == inline


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_gives_the_same(inline):
    import distributed

    # workers are told where this project is: it may not be installed for them
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.run(sys.path.extend, list(sys.path))
        executor = client.get_executor(pure=False)
        assert counts(executor, JOBS) == inline
        executor.shutdown()
