"""The queue: which job runs next, where, and what can happen to it."""

import json
import threading
import time
from concurrent.futures import Executor, Future
from dataclasses import replace

import pytest

from qsession_core.local import Fault, Faults, LocalTarget, LocalWorkspace, ManualClock
from qsession_core.local.execution.prepare import run
from qsession_core.local.execution.task import Outcome
from qsession_core.local.jobs.tasks import Tasks
from qsession_core.local.jobs.tries import Tries
from tests.support.wire_client import BAD, BELL, Client


class Held(Executor):
    """An executor that runs nothing before it is told to."""

    def __init__(self):
        self.asked = []
        self.arrived = threading.Condition()

    def submit(self, function, /, *args):
        future = Future()
        with self.arrived:
            self.asked.append((future, function, args))
            self.arrived.notify_all()
        return future

    def wait_for(self, count):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.asked) >= count, 30)

    def go(self, place=0):
        future, function, args = self.asked[place]
        if future.set_running_or_notify_cancel():
            future.set_result(function(*args))


def began_in_order(client, jobs):
    shown = [client.job(job) for job in jobs]
    return [job["name"] for job in sorted(shown, key=lambda job: job["beginExecutionTime"])]


@pytest.mark.parametrize("ask", ["job", "end", "rest"])
def test_an_idle_queue_lets_go_first_who_sends_jobs_and_runs_them_once_somebody_waits(ask):
    with LocalWorkspace() as service:
        service.dispatcher.grace_seconds = 3_600.0
        service.dispatcher.settle()
        client = Client(service)
        jobs = [client.submit(BELL) for _ in range(3)]
        if ask == "end":
            service.wait_for_end(jobs[-1], 60)
        elif ask == "rest":
            service.dispatcher.settle(60)
        # a look at a job waits a moment for its end, and so says that somebody waits
        deadline = time.monotonic() + 60
        while client.job(jobs[-1])["status"] != "Succeeded":
            assert time.monotonic() < deadline
        assert {client.job(job)["status"] for job in jobs} == {"Succeeded"}


def test_looks_at_a_job_that_runs_do_not_make_the_queue_look_for_others():
    held = Held()
    with LocalWorkspace(executor=held) as service:
        client = Client(service)
        job = client.submit(BELL)
        held.wait_for(1)
        service.dispatcher.hurry()
        looks = []
        service.dispatcher._next = lambda: looks.append(None)
        for _ in range(20):
            client.job(job)
        assert len(looks) <= 1  # one that was under way
        del service.dispatcher._next
        held.go()


@pytest.fixture
def one_at_a_time():
    """A workspace with a target that takes one job at a time, each running one second of a clock of its own."""
    clock = ManualClock()

    class Slow(Executor):
        def submit(self, function, /, *args):
            future = Future()
            future.set_running_or_notify_cancel()
            clock.advance(1)
            future.set_result(function(*args))
            return future

    target = LocalTarget("acme.qpu", 4, parallel=1, formats={"ionq.circuit.v1": ("ionq.quantum-results.v1",)})
    with LocalWorkspace(clock=clock, targets=[target], executor=Slow()) as service:
        yield service


def paused_submits(service, *kinds):
    """Submit jobs while the queue stands still, then let them run."""
    client = Client(service)
    service.dispatcher.paused = True
    jobs = [client.submit(target="acme.qpu", **kind) for kind in kinds]
    service.dispatcher.paused = False
    service.settle()
    return began_in_order(client, jobs)


def test_jobs_run_in_the_order_of_submission(one_at_a_time):
    order = paused_submits(one_at_a_time, *({"name": str(number)} for number in range(5)))
    assert order == ["0", "1", "2", "3", "4"]


def test_high_goes_before_standard(one_at_a_time):
    order = paused_submits(
        one_at_a_time, {"name": "a"}, {"name": "b", "priority": "High"}, {"name": "c", "priority": "Standard"},
        {"name": "d", "priority": "High"},
    )  # fmt: skip
    assert order == ["b", "d", "a", "c"]


def test_a_sessions_priority_is_that_of_its_jobs(one_at_a_time):
    high = Client(one_at_a_time).open("acme.qpu", priority="High")
    assert paused_submits(one_at_a_time, {"name": "a"}, {"name": "b", "session": high}) == ["b", "a"]


def test_a_priority_can_be_changed_while_waiting(one_at_a_time):
    client = Client(one_at_a_time)
    one_at_a_time.dispatcher.paused = True
    first, second = (client.submit(target="acme.qpu", name=name) for name in "ab")
    client.call("PATCH", f"jobs/{second}", {"priority": "High"})
    one_at_a_time.dispatcher.paused = False
    one_at_a_time.settle()
    assert began_in_order(client, [first, second]) == ["b", "a"]


def test_a_degraded_target_takes_jobs_and_does_not_run_them(client, service):
    service.targets["ionq.simulator"] = replace(service.targets["ionq.simulator"], availability="Degraded")
    job = client.submit()
    service.settle()
    assert client.job(job)["status"] == "Waiting"
    other = client.submit(target="ionq.qpu.aria-1")
    assert client.done(other)["status"] == "Succeeded"
    service.targets["ionq.simulator"] = replace(service.targets["ionq.simulator"], availability="Available")
    assert client.done(job)["status"] == "Succeeded"


def test_an_unavailable_target_takes_nothing(client, service):
    service.targets["ionq.simulator"] = replace(service.targets["ionq.simulator"], availability="Unavailable")
    reply, _ = client.put()
    assert (reply.status, reply.code) == (400, "TargetUnavailable")
    status = client.get("providerStatus").json["value"]
    shown = {target["id"]: target["currentAvailability"] for provider in status for target in provider["targets"]}
    assert shown["ionq.simulator"] == "Unavailable"


def test_a_queue_time_is_waited_for_by_the_clock():
    target = LocalTarget("acme.sim", queue_seconds=30, formats={"ionq.circuit.v1": ("ionq.quantum-results.v1",)})
    with LocalWorkspace(clock=ManualClock(), targets=[target]) as service:
        client = Client(service)
        job = client.submit(target="acme.sim")
        service.clock.advance(29)
        assert client.done(job)["status"] == "Waiting"
        service.clock.advance(1)
        assert client.done(job)["status"] == "Succeeded"


# --- Quantinuum's hold ---

QASM = b'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; creg c[1]; x q[0]; measure q -> c;'
H2 = {"payload": QASM, "target": "quantinuum.qpu.h2-1", "input_format": "honeywell.openqasm.v1"}


def test_a_session_has_the_machine_to_itself_for_a_minute_after_each_job(client, service):
    session = client.open("quantinuum.qpu.h2-1")
    client.done(client.submit(**H2, session=session))
    other = client.submit(**H2)
    service.clock.advance(59)
    assert client.done(other)["status"] == "Waiting"
    assert client.done(client.submit(**H2, session=session))["status"] == "Succeeded"
    service.clock.advance(59)
    assert client.done(other)["status"] == "Waiting"
    service.clock.advance(1)
    assert client.done(other)["status"] == "Succeeded"


def test_closing_the_session_gives_the_machine_back(client):
    session = client.open("quantinuum.qpu.h2-1")
    client.done(client.submit(**H2, session=session))
    other = client.submit(**H2)
    assert client.done(other)["status"] == "Waiting"
    client.close(session)
    assert client.done(other)["status"] == "Succeeded"


def test_the_hold_is_for_its_machine_only(client):
    session = client.open("quantinuum.qpu.h2-1")
    client.done(client.submit(**H2, session=session))
    assert client.done(client.submit(**{**H2, "target": "quantinuum.qpu.h2-2"}))["status"] == "Succeeded"
    assert client.done(client.submit(**{**H2, "target": "quantinuum.sim.h2-1e"}))["status"] == "Succeeded"


# --- executors and cancellation ---


def test_the_api_answers_while_a_job_runs_elsewhere():
    executor = Held()
    with LocalWorkspace(executor=executor, clock=ManualClock()) as service:
        client = Client(service)
        job = client.submit()
        executor.wait_for(1)
        shown = client.job(job)
        assert shown["status"] == "Executing"
        assert shown["beginExecutionTime"] is not None
        assert shown["quantumComputingData"] == {"count": 1}
        executor.go()
        assert client.done(job)["status"] == "Succeeded"


def test_a_running_job_is_cancelled_and_what_it_brings_later_is_dropped():
    executor = Held()
    with LocalWorkspace(executor=executor, clock=ManualClock()) as service:
        client = Client(service)
        job = client.submit()
        executor.wait_for(1)
        executor.asked[0][0].set_running_or_notify_cancel()
        reply = client.call("POST", f"jobs/{job}:cancel").json
        assert (reply["status"], reply["isCancelling"]) == ("CancellationRequested", True)
        shown = client.done(job)
        assert (shown["status"], shown["isCancelling"]) == ("Cancelled", False)
        future, function, args = executor.asked[0]
        future.set_result(function(*args))
        assert client.done(job)["status"] == "Cancelled"


def test_a_failed_session_cancels_its_running_jobs():
    executor = Held()
    with LocalWorkspace(executor=executor, clock=ManualClock()) as service:
        client = Client(service)
        session = client.open()
        running = client.submit(session=session)
        executor.wait_for(1)
        bad = client.submit(BAD, session=session)
        executor.wait_for(2)
        executor.go(1)
        service.dispatcher.wake()
        assert client.done(running)["status"] == "Cancelled"
        assert client.job(bad)["status"] == "Failed"
        assert client.state(session) == "Failed"


def test_an_executor_that_breaks_fails_the_job_and_not_the_service():
    class Broken(Executor):
        def submit(self, function, /, *args):
            future = Future()
            future.set_running_or_notify_cancel()
            future.set_exception(OSError("the cluster is gone"))
            return future

    with LocalWorkspace(executor=Broken(), clock=ManualClock()) as service:
        error = Client(service).failure()
        assert error["code"] == "InternalError"
        assert "cluster" not in error["message"]


def test_a_job_that_is_begun_while_the_service_stops_waits_for_the_next_service(tmp_path, monkeypatch):
    begun, stopped, executor = threading.Event(), threading.Event(), Held()
    fault_of, stop = Tasks.fault_of, Tries.stop

    def late(tasks, job):
        begun.set()
        assert stopped.wait(60)
        return fault_of(tasks, job)

    def told(tries):
        stop(tries)
        stopped.set()

    monkeypatch.setattr(Tasks, "fault_of", late)
    monkeypatch.setattr(Tries, "stop", told)
    with LocalWorkspace(tmp_path, seed=1, executor=executor) as service:
        job = Client(service).submit(BELL)
        assert begun.wait(60)
    assert executor.asked == []
    with LocalWorkspace(tmp_path, seed=1) as service:
        assert Client(service).done(job)["status"] == "Succeeded"


def test_a_plugin_that_breaks_fails_the_job_and_not_the_service(monkeypatch):
    from qsession_core.local.jobs import tries

    def explode(task, program, plan):
        raise ZeroDivisionError

    with LocalWorkspace(clock=ManualClock()) as service:
        client = Client(service)
        monkeypatch.setattr(tries, "run_prepared", explode)
        assert client.failure()["code"] == "InternalError"
        monkeypatch.undo()
        assert client.done(client.submit())["status"] == "Succeeded"


LARGE = {"qubits": 17, "circuit": [{"gate": "rx", "target": q % 17, "rotation": 0.1 * q} for q in range(200)]}


def test_a_large_job_runs_in_a_worker_process_while_small_ones_go_on():
    with LocalWorkspace() as service:
        client = Client(service)
        client.run()
        large = client.submit(LARGE, target="ionq.qpu.aria-1")
        small = client.submit()
        while client.job(small)["status"] != "Succeeded":
            time.sleep(0.01)
        assert client.done(large)["status"] == "Succeeded"


def test_cancelling_a_job_in_a_worker_process_ends_it_at_once():
    heavy = {"qubits": 25, "circuit": [{"gate": "rx", "target": q % 25, "rotation": 0.1 * q} for q in range(3000)]}
    with LocalWorkspace(simulator="numpy") as service:
        client = Client(service)
        job = client.submit(heavy, target="ionq.qpu.aria-1")
        while client.job(job)["status"] == "Waiting":
            time.sleep(0.01)
        client.call("POST", f"jobs/{job}:cancel")
        assert client.done(job)["status"] == "Cancelled"  # by itself it would run for minutes


def test_a_worker_process_that_dies_fails_its_job():
    from qsession_core.processes.pool import WorkerPool

    pool = WorkerPool(1)
    try:
        dead = pool.submit(__import__("os")._exit, 3)
        with pytest.raises(RuntimeError, match="died"):
            dead.result(30)
        assert pool.submit(divmod, 7, 2).result(30) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 7, 0).result(30)
    finally:
        pool.shutdown()


# --- seeds ---


def results_of(service, count=6, target="quantinuum.sim.h2-1e"):
    client = Client(service)
    qasm = b'OPENQASM 2.0; include "qelib1.inc"; qreg q[8]; creg c[8]; h q; measure q -> c;'
    jobs = [client.submit(qasm, target, "honeywell.openqasm.v1") for _ in range(count)]
    return [client.result(client.done(job))["c"] for job in jobs]


def test_the_same_seed_gives_the_same_shots_job_by_job():
    runs = []
    for seed in (5, 5, 6):
        with LocalWorkspace(seed=seed) as service:
            runs.append(results_of(service))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert len({tuple(shots) for shots in runs[0]}) == 6


def test_without_a_seed_shots_are_fresh():
    with LocalWorkspace() as one, LocalWorkspace() as other:
        assert results_of(one, 1) != results_of(other, 1)


def test_another_executor_gives_the_same_shots():
    from concurrent.futures import ThreadPoolExecutor

    with LocalWorkspace(seed=5) as service:
        inline = results_of(service)
    with ThreadPoolExecutor(3) as pool, LocalWorkspace(seed=5, executor=pool) as service:
        assert results_of(service) == inline


# --- faults ---


def with_fault(fault, seed=0):
    faults = Faults(seed)
    faults.add(fault)
    return faults


def test_faults_come_as_often_as_they_were_asked_for(client, service):
    service.faults.add(Fault("throttle", route="GET jobs", after=1, count=2, retry_after=3))
    replies = [client.get("jobs") for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 429, 429, 200]
    assert replies[1].headers["retry-after"] == "3"
    assert client.get("sessions").status == 200


def test_a_request_is_lost_before_or_after_its_effect(client, service):
    import uuid

    from qsession_core.errors import TransportError

    for kind, expected in (("drop_before", 404), ("drop_after", 200)):
        service.faults.clear()
        service.faults.add(Fault(kind, route="PUT sessions/*"))
        session_id = str(uuid.uuid1())
        with pytest.raises(TransportError):
            client.open(session_id=session_id)
        assert client.get(f"sessions/{session_id}").status == expected


def test_server_errors_cut_and_garbled_bodies(client, service):
    client.done(client.submit())
    service.faults.add(Fault("server_error", route="GET sessions", status=502, code="BadGateway"))
    assert (client.get("sessions").status, client.get("sessions").code) == (502, "BadGateway")
    whole = client.get("jobs").body
    service.faults.add(Fault("truncate", route="GET jobs", count=1))
    assert client.get("jobs").body == whole[: len(whole) // 2]
    service.faults.add(Fault("garble", route="GET jobs", count=1))
    with pytest.raises(ValueError, match=r"utf-8|Expecting"):
        json.loads(client.get("jobs").body)


def test_signatures_that_have_run_out_and_states_that_no_one_knows(client, service):
    job = client.done(client.submit())
    service.faults.add(Fault("expired_sas", route="GET jobs/*", count=1))
    assert client.send("GET", client.job(job["id"])["outputDataUri"]).status == 403
    assert client.send("GET", client.job(job["id"])["outputDataUri"]).status == 200
    service.faults.add(Fault("unknown_status", route="GET jobs/*", count=1))
    assert client.job(job["id"])["status"] == "Hibernating"
    assert client.job(job["id"])["status"] == "Succeeded"


def test_a_delay_passes_on_the_clock(client, service):
    service.faults.add(Fault("delay", route="*", seconds=5, count=1))
    before = service.clock.now()
    client.get("jobs")
    assert (service.clock.now() - before).total_seconds() == 5


def test_jobs_fail_on_request_by_name_and_target(client, service):
    service.faults.add(Fault("fail_job", name="doomed", code="PartnerCallFailed", message="The partner said no."))
    assert client.failure(name="doomed") == {"code": "PartnerCallFailed", "message": "The partner said no."}
    assert client.done(client.submit(name="other"))["status"] == "Succeeded"


def test_probabilities_are_drawn_with_the_seed():
    drawn = []
    for _ in range(2):
        faults = with_fault(Fault("server_error", probability=0.5), seed=3)
        drawn.append([bool(faults.drawn("GET", "jobs")) for _ in range(50)])
    assert drawn[0] == drawn[1]
    assert 10 < sum(drawn[0]) < 40


def test_a_task_says_everything_so_it_can_run_anywhere():
    import pickle

    from qsession_core.local.execution.task import Task

    task = Task("t", "ionq.circuit.v1", "ionq.quantum-results.v1", json.dumps(BELL).encode(), {}, 10, 1, 5)
    outcome = run(pickle.loads(pickle.dumps(task)))  # noqa: S301 - its own bytes
    assert isinstance(outcome, Outcome)
    assert outcome.code == ""


def test_jobs_that_become_high_while_they_wait_keep_their_order(one_at_a_time):
    client = Client(one_at_a_time)
    one_at_a_time.dispatcher.paused = True
    jobs = [client.submit(target="acme.qpu", name=name) for name in "abc"]
    for job in (jobs[2], jobs[1]):
        client.call("PATCH", f"jobs/{job}", {"priority": "High"})
    one_at_a_time.dispatcher.paused = False
    one_at_a_time.settle()
    assert began_in_order(client, jobs) == ["b", "c", "a"]
