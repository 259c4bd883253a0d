"""What a job may cost the others: nothing waits for it, it ends, and it is tried three times."""

import threading
from concurrent.futures import Future

import pyqir
import pytest

from qsession_core.local import LocalWorkspace, ManualClock
from qsession_core.local.execution.task import Outcome
from qsession_core.local.jobs import queue, tries
from qsession_core.processes.pool import WorkerDiedError, WorkerPool
from tests.support.qir_text import BELL_QIR
from tests.support.wire_client import Client

# A minute of work and more
HEAVY = {"qubits": 25, "circuit": [{"gate": "rx", "target": q % 25, "rotation": 0.1 * q} for q in range(3000)]}
# A worker reads it, because of its length, and runs it at once
LONG_TEXT = {"qubits": 2, "circuit": [{"gate": "h", "target": 0}] * 2000}
TARGET = "ionq.qpu.aria-1"


class FakePool(WorkerPool):
    """A pool whose workers never end, end when they are told to, or die."""

    def __init__(self, **_):
        super().__init__(1)
        self.is_open = True
        self.asked = []
        self.arrived = threading.Condition()

    def has_room(self, lane):
        return self.is_open

    def submit_in(self, lane, fn, *args):
        with self.arrived:
            self.asked.append(Future())
            self.arrived.notify_all()
        return self.asked[-1]

    def end_first(self, client, job_id):
        """Wait for work, see that its job runs, and end it."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.asked, 60)
        assert client.job(job_id)["status"] == "Executing"
        self.asked[0].set_result(Outcome(b"{}", "rawOutputData"))


class DyingPool(FakePool):
    def submit_in(self, lane, fn, *args):
        future = super().submit_in(lane, fn, *args)
        future.set_exception(WorkerDiedError("The process that did the work died by signal 9."))
        return future


@pytest.fixture
def pool(service):
    service.dispatcher._tries.pool = FakePool()
    return service.dispatcher._tries.pool


def test_a_small_job_goes_before_a_large_one_that_waits_for_a_worker(service, client, pool):
    pool.is_open = False
    large = client.submit(HEAVY, TARGET)
    small = client.submit()
    assert client.done(small)["status"] == "Succeeded"
    assert client.job(large)["status"] == "Waiting"
    pool.is_open = True
    service.dispatcher.wake()
    pool.end_first(client, large)
    assert client.done(large)["status"] == "Succeeded"


def test_within_a_session_jobs_start_in_order(service, client, pool):
    pool.is_open = False
    session = client.open(TARGET)
    large = client.submit(HEAVY, TARGET, session=session)
    small = client.submit(target=TARGET, session=session)
    other = client.submit(target=TARGET)
    assert client.done(other)["status"] == "Succeeded"
    assert (client.job(large)["status"], client.job(small)["status"]) == ("Waiting", "Waiting")
    pool.is_open = True
    service.dispatcher.wake()
    pool.end_first(client, large)
    assert client.done(small)["status"] == "Succeeded"
    assert client.job(large)["beginExecutionTime"] <= client.job(small)["beginExecutionTime"]


def test_a_large_job_that_is_cancelled_while_it_waits_lets_its_session_go_on(service, client, pool):
    pool.is_open = False
    session = client.open(TARGET)
    large = client.submit(HEAVY, TARGET, session=session)
    small = client.submit(target=TARGET, session=session)
    assert client.done(small)["status"] == "Waiting"
    client.call("POST", f"jobs/{large}:cancel")
    assert client.done(small)["status"] == "Succeeded"
    assert client.job(large)["status"] == "Cancelled"


def test_hundreds_of_large_jobs_do_not_keep_a_small_one_waiting(service, client, pool):
    pool.is_open = False
    for _ in range(200):
        client.submit(LONG_TEXT)
    assert client.done(client.submit())["status"] == "Succeeded"


def test_a_job_whose_worker_dies_is_tried_three_times_and_says_so(service, client):
    service.dispatcher._tries.pool = DyingPool()
    error = client.failure(HEAVY, TARGET)
    assert error["code"] == "ExecutionFailed"
    assert "tried 3 times" in error["message"]
    assert "by signal 9" in error["message"]
    assert len(service.dispatcher._tries.pool.asked) == 3


def test_bitcode_that_ends_the_process_of_llvm_fails_its_job_alone(service, client):
    bitcode = bytearray(pyqir.Module.from_ir(pyqir.Context(), BELL_QIR.decode()).bitcode)
    bitcode[216] ^= 4  # LLVM asks for all memory there is, and aborts its process
    damaged = client.submit(bytes(bitcode), "quantinuum.sim.h2-1e", "qir.v1")
    whole = client.submit()
    assert client.done(damaged)["status"] == "Failed"
    assert client.done(whole)["status"] == "Succeeded"


def test_a_resumed_job_is_tried_three_times_again(service):
    client = Client(service, "2026-08-01-preview")
    service.dispatcher._tries.pool = DyingPool()
    job_id = client.submit(HEAVY, TARGET)
    assert client.done(job_id)["status"] == "Failed"
    client.call("POST", f"jobs/{job_id}:resume")
    assert client.done(job_id)["status"] == "Failed"
    assert len(service.dispatcher._tries.pool.asked) == 6


def die_over(service, job_id, name):
    """Claim a job for a process that is not there."""
    assert service._lifecycle.start(service.store.job(job_id), name)


@pytest.mark.parametrize(("text", "target", "state"), [(HEAVY, TARGET, "Failed"), (None, None, "Succeeded")])
def test_only_a_job_that_is_not_cheap_fails_when_the_service_died_over_it_three_times(tmp_path, text, target, state):
    with LocalWorkspace(tmp_path) as service:
        client = Client(service)
        service.dispatcher.paused = True
        job_id = client.submit() if text is None else client.submit(text, target)
        for number in range(3):
            assert client.job(job_id)["status"] == "Waiting"
            die_over(service, job_id, f"gone-{number}")
            service._recover()
        service.dispatcher.paused = False
        service.dispatcher.wake()
        done = client.done(job_id)
        assert done["status"] == state
        assert state == "Succeeded" or "tried 3 times" in done["errorData"]["message"]


def test_a_job_that_is_given_back_in_order_was_not_tried(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(tries, "WorkerPool", FakePool)  # from the start: the job that was given back starts at once
        for _ in range(4):
            with LocalWorkspace(tmp_path, clock=ManualClock()) as service:
                job_id = Client(service).submit(LONG_TEXT, job_id="00000000-0000-1000-8000-000000000001")
                while not (service.dispatcher._tries.pool and service.dispatcher._tries.pool.asked):
                    service.dispatcher.settle(0.01)
    with LocalWorkspace(tmp_path) as service:
        assert Client(service).done(job_id)["status"] == "Succeeded"


def test_a_job_that_takes_too_long_fails_and_says_so():
    with LocalWorkspace(simulator="numpy", job_seconds=0.5) as service:
        error = Client(service).failure(HEAVY, TARGET)
    assert error["code"] == "ExecutionTimedOut"
    assert "longer than 0.5 seconds" in error["message"]


def test_closing_kills_the_workers_and_releases_their_jobs(tmp_path):
    with LocalWorkspace(tmp_path, simulator="numpy") as service:
        job_id = Client(service).submit(HEAVY, TARGET)
        while not (service.dispatcher._tries.pool and service.dispatcher._tries.pool._running):
            service.dispatcher.settle(0.01)
        pool = service.dispatcher._tries.pool
    pool.shutdown(wait=True)
    assert not pool._threads
    with LocalWorkspace(tmp_path, clock=ManualClock()) as service:
        service.dispatcher.paused = True
        assert service.store.job(job_id).state in {"Waiting", "Executing"}
        assert service.store.job(job_id).attempts <= 1


def test_closing_does_not_wait_for_a_job_in_the_queues_own_thread(monkeypatch):
    is_running, may_end = threading.Event(), threading.Event()

    def hang(task, program, plan):
        is_running.set()
        may_end.wait(600)
        raise ZeroDivisionError

    monkeypatch.setattr(tries, "run_prepared", hang)
    monkeypatch.setattr(queue, "_STOP_SECONDS", 0.1)
    with LocalWorkspace() as service:
        Client(service).submit()
        assert is_running.wait(60)
    may_end.set()
    service.dispatcher._thread.join(60)


def test_a_job_whose_reading_breaks_fails_and_the_others_go_on(monkeypatch, service, client):
    def explode(task):
        raise ZeroDivisionError

    monkeypatch.setattr(queue, "place", explode)
    assert client.failure()["code"] == "InternalError"
    monkeypatch.undo()
    assert client.done(client.submit())["status"] == "Succeeded"
