"""The next job's container is asked for while the last one runs: one call less on the way, none twice, none lost."""

from __future__ import annotations

import json
import threading

import pytest

from qsession_core import Response, errors
from qsession_core.local import ManualClock

FLIP = {"qubits": 1, "circuit": [{"gate": "x", "target": 0}]}
ASK = "/storage/sasUri"


@pytest.fixture
def far(recorder, service):
    """A service whose every answer takes a tenth of a second, by its clock."""
    assert isinstance(service.clock, ManualClock)
    recorder.by_thread = []

    def later(request) -> None:
        recorder.by_thread.append((request.url, threading.current_thread().name))
        service.clock.advance(0.1)

    recorder.interfere = later
    return recorder


def _containers(recorder) -> list[str]:
    return [
        json.loads(each.body)["containerName"] for each in recorder.requests if each.url.partition("?")[0].endswith(ASK)
    ]


def _asked_ahead(recorder) -> int:
    return sum(name == "qsession-ahead" for _, name in recorder.by_thread)


def _loop(session_target, jobs: int) -> list[str]:
    """Send jobs one after the other, and wait for each."""
    ids = []
    for _ in range(jobs):
        job = session_target.submit(FLIP, shots=10)
        assert job.result().counts == {"1": 10}
        ids.append(job.id)
    return ids


def test_a_loop_asks_ahead_from_its_second_job_on_and_for_each_container_once(far, connect):
    workspace = connect()
    target = workspace.get_target("ionq.simulator")
    with target.open_session():
        ids = _loop(target, 10)
    _settle()
    asked = _containers(far)
    assert len(asked) == len(set(asked)) == 11
    assert {f"job-{each}" for each in ids} < set(asked)
    assert _asked_ahead(far) == 9
    assert sorted(job.id for job in workspace.list_jobs()) == sorted(ids)


def test_what_is_left_over_is_taken_by_the_next_session(far, connect):
    target = connect().get_target("ionq.simulator")
    for _ in range(3):
        with target.open_session():
            _loop(target, 3)
            _settle()
    assert len(_containers(far)) == 10


def test_a_job_without_a_session_and_the_first_of_a_session_ask_for_nothing_ahead(far, connect):
    target = connect().get_target("ionq.simulator")
    _loop(target, 3)
    with target.open_session():
        _loop(target, 1)
    _settle()
    assert _asked_ahead(far) == 0


def test_near_services_are_asked_nothing_ahead(recorder, connect):
    target = connect().get_target("ionq.simulator")
    with target.open_session():
        _loop(target, 4)
    assert len(_containers(recorder)) == 4


def test_a_job_with_an_id_of_its_own_leaves_the_spare_to_the_next(far, connect):
    target = connect().get_target("ionq.simulator")
    own = "10b00001-0000-4000-8000-000000000000"
    with target.open_session():
        _loop(target, 2)
        _settle()
        spare = _containers(far)[-1]
        assert target.submit(FLIP, shots=10, job_id=own).id == own
        assert f"job-{target.submit(FLIP, shots=10).id}" == spare


def test_a_spare_that_is_refused_is_asked_for_again_by_its_job(far, connect):
    target = connect().get_target("ionq.simulator")
    slow = far.interfere

    def refuse(request):
        slow(request)
        is_ahead = threading.current_thread().name == "qsession-ahead"
        return Response(400, {}, b'{"error": {"code": "No", "message": "not now"}}') if is_ahead else None

    far.interfere = refuse
    with target.open_session():
        _loop(target, 4)
    _settle()


def test_an_address_that_ends_soon_is_not_used(far, connect, service):
    target = connect().get_target("ionq.simulator")
    with target.open_session():
        _loop(target, 2)
    _settle()
    service.clock.advance(30 * 24 * 3600)
    with target.open_session():
        job = target.submit(FLIP, shots=10)
    assert _containers(far).count(f"job-{job.id}") == 2
    assert job.result().counts == {"1": 10}


def test_a_job_that_a_budget_refuses_keeps_the_spare_for_the_next(far, connect):
    target = connect().get_target("ionq.simulator")
    with target.open_session(max_jobs=2):
        _loop(target, 2)
        _settle()
        asked = _containers(far)
        with pytest.raises(errors.BudgetExceededError):
            target.submit(FLIP, shots=10)
    with target.open_session():
        assert f"job-{target.submit(FLIP, shots=10).id}" == asked[-1]


def test_jobs_that_threads_send_at_the_same_time_each_have_a_container_of_their_own(far, connect):
    target = connect().get_target("ionq.simulator")
    with target.open_session():
        _loop(target, 3)
        ids = [job.id for job in target.submit_all([FLIP] * 30, shots=10).jobs]
    _settle()
    asked = _containers(far)
    assert len(set(ids)) == 30
    assert len(asked) == len(set(asked))


def _settle() -> None:
    """Wait until nothing is being asked ahead."""
    for thread in threading.enumerate():
        if thread.name == "qsession-ahead":
            thread.join(30)
