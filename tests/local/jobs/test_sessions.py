"""The session machine: every row of the table, over the wire, with time that stands still."""

import pytest

from qsession_core.local.jobs.session_states import TABLE, Event, Phase, move, phase_of
from tests.support.wire_client import BAD, BELL


def hold(service, target="ionq.simulator"):
    """Keep a target's jobs waiting."""
    from dataclasses import replace

    service.targets[target] = replace(service.targets[target], availability="Degraded")


def let_go(service, target="ionq.simulator"):
    from dataclasses import replace

    service.targets[target] = replace(service.targets[target], availability="Available")
    service.settle()


# --- the table itself ---


def test_every_state_has_a_move_for_every_event():
    assert set(TABLE) == {(phase, event) for phase in Phase for event in Event}


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase.is_terminal])
@pytest.mark.parametrize("event", list(Event))
def test_nothing_leaves_a_terminal_state(phase, event):
    assert move(phase, event).phase is phase
    assert not move(phase, event).cancels_jobs
    assert move(phase, event).is_refused == (event is Event.SUBMIT)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase.is_closing])
def test_a_closing_session_takes_no_job_and_does_not_time_out(phase):
    assert move(phase, Event.SUBMIT).is_refused
    assert move(phase, Event.IDLE).phase is phase


@pytest.mark.parametrize("phase", [Phase.WAITING, Phase.EXECUTING, Phase.FAILURES])
def test_an_open_session_takes_jobs_and_times_out(phase):
    assert not move(phase, Event.SUBMIT).is_refused
    assert move(phase, Event.IDLE).phase is Phase.TIMED_OUT


@pytest.mark.parametrize("phase", list(Phase))
def test_a_phase_survives_the_store(phase):
    assert phase_of(phase.state, closing=phase.is_closing) is phase


# --- over the wire ---


def test_a_new_session_waits_and_aborts_by_default(client):
    session = client.session(client.open())
    assert session["status"] == "Waiting"
    assert session["jobFailurePolicy"] == "Abort"
    assert session["endExecutionTime"] is None
    assert session["costEstimate"] is None


def test_opening_twice_changes_nothing(client):
    session_id = client.open()
    client.run(session=session_id)
    assert client.open(session_id=session_id) == session_id
    assert client.state(session_id) == "Executing"


def test_the_first_job_to_run_makes_it_executing_and_success_leaves_it_so(client):
    session_id = client.open()
    client.run(session=session_id)
    assert client.state(session_id) == "Executing"


def test_a_job_that_waits_leaves_it_waiting(client, service):
    session_id = client.open()
    hold(service)
    client.submit(session=session_id)
    service.settle()
    assert client.state(session_id) == "Waiting"
    let_go(service)
    assert client.state(session_id) == "Executing"


def test_closing_without_jobs_succeeds_at_once(client):
    closed = client.close(client.open())
    assert closed["status"] == "Succeeded"
    assert closed["endExecutionTime"] is not None


def test_closing_after_good_jobs_succeeds(client):
    session_id = client.open()
    client.run(session=session_id)
    assert client.close(session_id)["status"] == "Succeeded"


def test_closing_with_jobs_pending_lets_them_run_and_then_succeeds(client, service):
    session_id = client.open()
    client.run(session=session_id)
    hold(service)
    jobs = [client.submit(session=session_id) for _ in range(2)]
    assert client.close(session_id)["status"] == "Executing"
    assert [client.job(job)["status"] for job in jobs] == ["Waiting", "Waiting"]
    let_go(service)
    assert [client.job(job)["status"] for job in jobs] == ["Succeeded", "Succeeded"]
    assert client.state(session_id) == "Succeeded"


def test_a_session_that_is_closing_takes_no_more_jobs(client, service):
    session_id = client.open()
    hold(service)
    client.submit(session=session_id)
    client.close(session_id)
    reply, _ = client.put(session=session_id)
    assert (reply.status, reply.code) == (400, "InvalidJobDefinition")


def test_under_abort_a_failed_job_fails_the_session_and_cancels_the_rest(client, service):
    session_id = client.open()
    hold(service)
    bad = client.submit(BAD, session=session_id)
    rest = [client.submit(session=session_id) for _ in range(3)]
    let_go(service)
    assert client.job(bad)["status"] == "Failed"
    assert [client.job(job)["status"] for job in rest] == ["Cancelled"] * 3
    session = client.session(session_id)
    assert session["status"] == "Failed"
    assert session["endExecutionTime"] is not None


def test_under_abort_a_job_after_the_failure_is_refused_as_recorded(client):
    session_id = client.open()
    client.failure(BAD, session=session_id)
    reply, job_id = client.put(session=session_id)
    assert reply.status == 400
    assert reply.json == {
        "error": {
            "code": "InvalidJobDefinition",
            "message": "Session is already in a terminal state. "
            "This may have been due to failures in prior jobs in the session.",
        }
    }
    assert client.get(f"jobs/{job_id}").status == 404


def test_under_continue_a_failed_job_is_remembered_and_the_session_goes_on(client):
    session_id = client.open(jobFailurePolicy="Continue")
    client.failure(BAD, session=session_id)
    session = client.session(session_id)
    assert session["status"] == "Failure(s)"
    assert session["endExecutionTime"] is None
    client.run(session=session_id)
    assert client.state(session_id) == "Failure(s)"
    closed = client.close(session_id)
    assert closed["status"] == "Failed"
    assert closed["endExecutionTime"] is not None


def test_under_continue_closing_with_jobs_pending_waits_for_them_and_then_fails(client, service):
    session_id = client.open(jobFailurePolicy="Continue")
    client.failure(BAD, session=session_id)
    hold(service)
    job = client.submit(session=session_id)
    assert client.close(session_id)["status"] == "Failure(s)"
    let_go(service)
    assert client.job(job)["status"] == "Succeeded"
    assert client.state(session_id) == "Failed"


def test_a_failure_while_closing_under_continue_fails_it_at_the_end(client, service):
    session_id = client.open(jobFailurePolicy="Continue")
    hold(service)
    client.submit(BAD, session=session_id)
    client.submit(session=session_id)
    assert client.close(session_id)["status"] == "Waiting"
    let_go(service)
    assert client.state(session_id) == "Failed"


def test_ten_minutes_without_a_new_job_time_it_out(client, service):
    session_id = client.open()
    service.clock.advance(599)
    assert client.state(session_id) == "Waiting"
    client.run(session=session_id)
    service.clock.advance(599)
    assert client.state(session_id) == "Executing"
    service.clock.advance(1)
    session = client.session(session_id)
    assert session["status"] == "TimedOut"
    assert session["endExecutionTime"] is not None


def test_a_session_with_failures_times_out_too(client, service):
    session_id = client.open(jobFailurePolicy="Continue")
    client.failure(BAD, session=session_id)
    service.clock.advance(600)
    assert client.state(session_id) == "TimedOut"


def test_a_long_queue_does_not_hold_the_timer_back_and_its_jobs_run_on(client, service):
    session_id = client.open()
    hold(service)
    job = client.submit(session=session_id)
    service.clock.advance(601)
    assert client.state(session_id) == "TimedOut"
    let_go(service)
    assert client.job(job)["status"] == "Succeeded"
    assert client.state(session_id) == "TimedOut"


def test_a_job_for_a_session_that_timed_out_is_refused(client, service):
    session_id = client.open()
    service.clock.advance(601)
    reply, _ = client.put(session=session_id)
    assert (reply.status, reply.code) == (400, "InvalidJobDefinition")


def test_closing_a_terminal_session_returns_it_unchanged(client, service):
    session_id = client.open()
    client.close(session_id)
    before = client.session(session_id)
    service.clock.advance(5)
    assert client.close(session_id) == before


def test_a_cancelled_job_is_no_failure(client, service):
    session_id = client.open()
    hold(service)
    job = client.submit(session=session_id)
    client.call("POST", f"jobs/{job}:cancel")
    let_go(service)
    assert client.state(session_id) == "Waiting"
    assert client.close(session_id)["status"] == "Succeeded"


def test_a_job_for_another_target_is_refused(client):
    session_id = client.open("ionq.simulator")
    reply, _ = client.put(target="ionq.qpu.aria-1", session=session_id)
    assert (reply.status, reply.code) == (400, "InvalidJobDefinition")


def test_a_job_for_a_session_that_is_not_there_is_refused(client):
    reply, _ = client.put(session="00000000-0000-0000-0000-000000000000")
    assert (reply.status, reply.code) == (400, "InvalidJobDefinition")


def test_a_session_costs_what_its_jobs_cost(client):
    session_id = client.open("quantinuum.sim.h2-1e")
    qasm = b'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;'
    for _ in range(2):
        job = client.done(client.submit(qasm, "quantinuum.sim.h2-1e", "honeywell.openqasm.v1", session=session_id))
    one = job["costEstimate"]["events"][0]
    both = client.session(session_id)["costEstimate"]["events"][0]
    assert one["dimensionId"] == both["dimensionId"] == "ehqc"
    assert both["amountConsumed"] == pytest.approx(2 * one["amountConsumed"])
    assert one["amountConsumed"] > 5


def test_jobs_of_a_session_are_listed_with_it(client):
    session_id = client.open()
    jobs = [client.submit(BELL, session=session_id, name=f"Job {number}") for number in range(3)]
    client.submit(BELL)
    client.service.settle()
    listed = client.get(f"sessions/{session_id}/jobs").json["value"]
    assert [job["id"] for job in listed] == jobs
    top = client.get("topLevelItems").json["value"]
    assert [item["itemType"] for item in top] == ["Session", "Job"]
