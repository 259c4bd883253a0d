"""Many jobs at once."""

from __future__ import annotations

import asyncio

import pytest

from qsession_core import Program, Response, errors

FLIP = {"qubits": 1, "circuit": [{"gate": "x", "target": 0}]}


def test_programs_are_all_checked_before_the_first_is_sent(target, bell, recorder):
    sent = len(recorder.requests)
    with pytest.raises(errors.ConversionError, match="measures nothing"):
        target.submit_all([bell, bell, Program.of(1, 1, [("x", (0,), ())])], shots=10)
    assert len(recorder.requests) == sent


def test_a_workspace_sends_many_to_a_target_by_name(workspace, bell):
    jobs = workspace.submit_all("ionq.simulator", [bell] * 5, shots=10)

    assert [job.name for job in jobs.jobs] == ["bell"] * 5
    assert [result.shots for result in jobs.results()] == [10] * 5
    assert "5 terminal" in repr(jobs)


def test_jobs_come_as_they_end(target, bell):
    jobs = target.submit_all([bell] * 5, shots=10)
    assert {job.id for job in jobs.as_completed()} == {job.id for job in jobs.jobs}


def test_a_batch_can_be_awaited(target, bell):
    async def run():
        return await target.submit_all([bell] * 3, shots=10)

    assert all(job.has_succeeded() for job in asyncio.run(run()).jobs)


def test_a_batch_joins_the_session_of_its_target(target, bell):
    with target.open_session() as session:
        jobs = target.submit_all([bell] * 3, shots=10)
    assert {job.session_id for job in jobs.jobs} == {session.id}


def test_what_could_not_be_sent_stands_in_its_place(target, bell, recorder):
    with target.open_session(max_jobs=2):
        jobs = target.submit_all([bell] * 3, shots=10)
    refused = [member for member in jobs if isinstance(member, errors.BudgetExceededError)]

    assert len(jobs.jobs) == 2
    assert len(refused) == 1
    assert sum(isinstance(result, errors.BudgetExceededError) for result in jobs.results()) == 1


def test_a_batch_that_takes_too_long_names_a_job(target, bell, recorder):
    jobs = target.submit_all([bell] * 3, shots=10)
    for job in jobs.jobs:
        job._details = type(job.details)(id=job.id, target="ionq.simulator", status="Waiting")
    recorder.interfere = lambda request: Response(200, {}, b'{"value": []}') if "filter" in request.url else None
    for job in jobs.jobs:
        job.refresh = lambda: None
    with pytest.raises(errors.WaitTimeoutError, match="3 of 3 jobs still run"):
        jobs.wait(timeout_secs=0)


def test_a_bar_is_shown_when_asked_for(target, bell, capsys):
    target.submit_all([bell] * 3, shots=10).wait(progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "3/3" in shown.err


def _signed_addresses(recorder) -> int:
    return recorder.count("POST", "/storage/sasUri")


def test_a_batch_needs_one_signed_address_a_job(recorder, connect):
    """Its results are found by lists, whose addresses have no signature; that of the job's container is still good."""
    with connect() as workspace:
        jobs = workspace.get_target("ionq.simulator").submit_all([FLIP] * 12, shots=10)
        assert [result.counts for result in jobs.results()] == [{"1": 10}] * 12
        assert _signed_addresses(recorder) == 12


def test_a_containers_address_that_is_refused_or_ends_soon_or_is_unknown_is_no_obstacle(recorder, service, connect):
    with connect() as workspace:
        target = workspace.get_target("ionq.simulator")
        refused = target.submit_all([FLIP] * 6, shots=10)
        recorder.interfere = lambda request: Response(403) if "sp=rwlac" in request.url else None
        assert [result.counts for result in refused.results()] == [{"1": 10}] * 6
        recorder.interfere = lambda request: None
        late = target.submit_all([FLIP] * 6, shots=10).wait()
        service.clock.advance(23.99 * 3600)
        sent = _signed_addresses(recorder)
        assert [result.counts for result in late.results()] == [{"1": 10}] * 6
        assert _signed_addresses(recorder) == sent + 6
        assert connect().get_job(late[0].id).result().counts == {"1": 10}
