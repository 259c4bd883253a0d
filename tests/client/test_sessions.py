"""Sessions: which jobs belong to one, how one ends, and what is refused before anything is sent."""

from __future__ import annotations

import threading

import pytest

from qsession_core import Program, Response, SessionStatus, Workspace, errors
from qsession_core.client.budget import Budget, Usage


def test_jobs_of_the_target_join_its_session_until_the_block_ends(target, bell):
    with target.open_session(name="s") as session:
        inside = target.submit(bell, shots=10)
    outside = target.submit(bell, shots=10)

    assert inside.session_id == session.id
    assert outside.session_id is None
    assert [job.id for job in session.list_jobs()] == [inside.id]


def test_the_session_of_another_object_is_not_joined(workspace, target, bell):
    with target.open_session():
        assert workspace.get_target("ionq.simulator").submit(bell, shots=10).session_id is None


def test_a_session_given_by_keyword_is_joined(workspace, target, bell):
    with target.open_session() as session:
        other = workspace.get_target("ionq.simulator")
        assert other.submit(bell, shots=10, session=session).session_id == session.id


def test_nested_sessions_give_back_the_outer_one(target, bell):
    with target.open_session() as outer:
        with target.open_session() as inner:
            assert target.submit(bell, shots=10).session_id == inner.id
        assert target.submit(bell, shots=10).session_id == outer.id
    assert target.latest_session is None


def test_a_closed_session_takes_no_job_and_nothing_is_sent(target, bell, recorder):
    with target.open_session() as session:
        pass
    sent = len(recorder.requests)

    with pytest.raises(errors.SessionClosedError, match="Open a new one"):
        target.submit(bell, shots=10, session=session)

    assert len(recorder.requests) == sent


def test_a_failed_open_leaves_nothing_behind(target, bell, recorder):
    def refuse(request):
        return Response(403, {}, b"") if request.method == "PUT" and "/sessions/" in request.url else None

    recorder.interfere = refuse
    with pytest.raises(errors.PermissionDeniedError):
        target.open_session()
    recorder.interfere = lambda request: None

    assert target.latest_session is None
    assert target.submit(bell, shots=10).session_id is None


def test_the_error_of_the_body_survives_a_failing_close(target, bell, recorder):
    def refuse(request):
        return Response(403, {}, b"") if request.url.partition("?")[0].endswith(":close") else None

    with pytest.raises(ValueError, match="mine") as caught, target.open_session():  # noqa: PT012 - the block is the test
        recorder.interfere = refuse
        raise ValueError("mine")

    assert "Closing session" in caught.value.__notes__[0]
    assert target.submit(bell, shots=10).session_id is None


def test_a_failing_close_is_raised_when_the_body_succeeded(target, recorder):
    def refuse(request):
        return Response(403, {}, b"") if request.url.partition("?")[0].endswith(":close") else None

    with pytest.raises(errors.PermissionDeniedError), target.open_session():
        recorder.interfere = refuse


def test_closing_twice_asks_the_service_but_closes_once(target, recorder):
    session = target.open_session()
    session.close()
    session.close()

    assert recorder.count("POST", ":close") == 1
    assert session.status is SessionStatus.SUCCEEDED


def test_attaching_joins_and_never_makes_a_session(workspace, target, bell, recorder):
    opened = target.open_session(name="from another process")
    made = recorder.count("PUT", "/sessions/")

    other = workspace.get_target("ionq.simulator")
    with other.attach_session(opened.id) as attached:
        job = other.submit(bell, shots=10)

    assert job.session_id == opened.id == attached.id
    assert recorder.count("PUT", "/sessions/") == made
    with pytest.raises(errors.NotFoundError):
        other.attach_session("00000000-0000-0000-0000-00000000beef")


def test_attaching_to_another_targets_session_is_refused(workspace, target):
    session = target.open_session()

    with pytest.raises(errors.SessionError, match=r"belongs to ionq\.simulator"):
        workspace.get_target("quantinuum.sim.h2-1e").attach_session(session.id)


def test_attaching_to_a_closed_session_is_refused(target):
    session = target.open_session().close()

    with pytest.raises(errors.SessionClosedError):
        target.attach_session(session.id)


def test_a_job_for_another_target_cannot_join(workspace, target, bell, recorder):
    with target.open_session() as session:
        sent = recorder.count("POST", "sasUri")
        with pytest.raises(errors.SessionError, match=r"belongs to ionq\.simulator"):
            workspace.get_target("quantinuum.sim.h2-1e").submit(bell, session=session)
        assert recorder.count("POST", "sasUri") == sent


def test_a_session_that_a_failed_job_has_ended_says_so(target, bell, failing):
    with target.open_session(job_failure_policy="Abort") as session:
        with pytest.raises(errors.JobFailedError):
            target.submit(failing).result()
        with pytest.raises(errors.SessionFailedError, match="policy is Abort"):
            target.submit(bell, shots=10)
    assert session.status is SessionStatus.FAILED


def test_under_continue_a_failed_job_keeps_the_session_open(target, bell, failing):
    with target.open_session(job_failure_policy="Continue") as session:
        with pytest.raises(errors.JobFailedError):
            target.submit(failing).result()
        assert session.refresh().status is SessionStatus.FAILURE_S_
        assert not session.is_in_terminal_state()
        assert sum(target.submit(bell, shots=10).result().counts.values()) == 10
    assert session.status is SessionStatus.FAILED


@pytest.mark.parametrize(
    ("budget", "what"), [({"max_jobs": 2}, "jobs"), ({"max_shots": 25}, "shots"), ({"max_time": 60.0}, "seconds")]
)
def test_a_budget_refuses_the_next_job_before_anything_is_sent(workspace, target, bell, recorder, budget, what):
    with target.open_session(**budget) as session:
        allowed = 2
        for _ in range(allowed):
            target.submit(bell, shots=10)
        workspace.clock.advance(61)
        sent = len(recorder.requests)
        with pytest.raises(errors.BudgetExceededError) as caught:
            target.submit(bell, shots=10)
        assert len(recorder.requests) == sent
        assert caught.value.what == what
    assert len(session.list_jobs()) == allowed


@pytest.mark.parametrize("options", [{"max_jobs": -1}, {"max_cost": float("nan")}, {"on_timeout": "open again"}])
def test_a_session_with_an_option_that_means_nothing_is_not_opened(target, recorder, options):
    with pytest.raises(errors.ConfigurationError, match=next(iter(options))):
        target.open_session(**options)
    assert recorder.count("PUT", "/sessions/") == 0
    assert target.latest_session is None


def test_a_budget_can_be_used_up_to_its_limit_whatever_the_sums_are_rounded_to():
    usage = Usage(Budget(max_cost=0.3), 0.0)
    for number in range(3):
        usage.reserve("session", f"job-{number}", 10, 0.1, 0.0)
    with pytest.raises(errors.BudgetExceededError):
        usage.reserve("session", "job-3", 10, 0.001, 0.0)


def test_a_job_that_could_not_be_sent_is_not_counted(target, bell, recorder):
    with target.open_session(max_jobs=1):
        recorder.interfere = lambda request: Response(403) if "sasUri" in request.url else None
        with pytest.raises(errors.PermissionDeniedError):
            target.submit(bell, shots=10)
        recorder.interfere = lambda request: None
        assert target.submit(bell, shots=10).session_id is not None


def test_cancelling_closes_the_session_and_its_jobs(target, bell):
    session = target.open_session()
    target.submit(bell, shots=10).wait_until_completed()

    session.cancel()

    assert session.is_in_terminal_state()
    assert all(job.has_completed() for job in session.list_jobs())


def test_threads_with_sessions_of_their_own_do_not_mix(workspace: Workspace, bell: Program):
    found: dict[str, set[str | None]] = {}

    def work() -> None:
        mine = workspace.get_target("ionq.simulator")
        for _ in range(2):
            with mine.open_session() as session:
                found[session.id] = {mine.submit(bell, shots=5).session_id for _ in range(5)}

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert all(ids == {session_id} for session_id, ids in found.items())


def test_open_sessions_are_listed_and_closed_together(workspace, target):
    kept = [target.open_session(name=f"s{number}") for number in range(3)]
    kept[0].close()

    assert {session.id for session in workspace.open_sessions()} == {kept[1].id, kept[2].id}
    assert len(workspace.close_all_sessions()) == 2
    assert workspace.open_sessions() == []


def test_an_unknown_keyword_names_the_near_one(target, bell):
    with pytest.raises(TypeError, match="Did you mean 'job_failure_policy'"):
        target.open_session(failure_policy="Abort")
    with pytest.raises(TypeError, match="Did you mean 'shots'"):
        target.submit(bell, shotz=7)
