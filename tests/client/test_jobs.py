"""Jobs: what is sent, how they are waited for, and what becomes of failures."""

from __future__ import annotations

import pickle

import msgspec
import pytest

from qsession_core import JobStatus, Program, Response, errors
from qsession_core.client.job import _shot_count
from qsession_core.clock import SystemClock


def test_submitting_takes_three_calls_and_fetching_two(target, bell, recorder):
    before = len(recorder.requests)
    job = target.submit(bell, shots=10)
    assert len(recorder.requests) - before == 3
    job.wait_until_completed()

    before = len(recorder.requests)
    fetched = target.workspace.get_job(job.id)
    counts = fetched.result().counts

    assert len(recorder.requests) - before == 2
    assert set(counts) <= {"00", "11"}
    assert sum(counts.values()) == 10


def test_results_are_fetched_once(target, bell, recorder):
    job = target.submit(bell, shots=10)
    first = job.result()
    sent = len(recorder.requests)

    assert job.result() is first
    assert job.get_results() == {"histogram": {"0": pytest.approx(0.5), "3": pytest.approx(0.5)}}
    assert len(recorder.requests) == sent


def test_every_job_has_an_id_of_its_own_that_tells_nothing(target, bell):
    ids = {target.submit(bell, shots=1).id for _ in range(5)}

    assert len(ids) == 5
    assert {job_id[14] for job_id in ids} == {"4"}  # uuid4, not uuid1 with the machine's address


def test_sending_the_same_id_again_makes_no_second_job(target, bell, recorder):
    first = target.submit(bell, shots=10, job_id="11111111-2222-4333-8444-555555555555")
    again = target.submit(bell, shots=10, job_id="11111111-2222-4333-8444-555555555555")

    assert first.id == again.id
    assert len(target.workspace.list_jobs()) == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_id(target, bell, recorder):
    lost = []

    def lose(request):
        if request.method == "PUT" and "/jobs/" in request.url and not lost:
            lost.append(recorder.service.handle(request))
            raise errors.TransportError("the line broke")

    recorder.interfere = lose
    target.workspace.clock.sleep = lambda seconds: None  # type: ignore[method-assign]
    job = target.submit(bell, shots=10)

    assert lost[0].status == 200
    assert [listed.id for listed in target.workspace.list_jobs()] == [job.id]


def test_a_failed_job_says_what_the_service_said(target, failing):
    job = target.submit(failing, name="bad")

    with pytest.raises(errors.JobFailedError, match="no such gate") as caught:
        job.result()
    assert caught.value.job_id == job.id
    assert caught.value.code
    assert pickle.loads(pickle.dumps(caught.value)).code == caught.value.code  # noqa: S301 - our own bytes


def test_a_wait_that_is_over_names_the_job(target, bell, recorder):
    job = target.submit(bell, shots=10)
    recorder.interfere = _with_status(recorder, "Paused")

    with pytest.raises(errors.WaitTimeoutError) as caught:
        job.result(timeout_secs=0.05)
    assert caught.value.job_id == job.id
    assert caught.value.status == "Paused"
    assert isinstance(caught.value, TimeoutError)


def test_an_unknown_status_is_not_terminal(target, bell, recorder):
    job = target.submit(bell, shots=10)
    recorder.interfere = _with_status(recorder, "Paused")
    job.refresh()

    assert job.status == "Paused"
    assert not job.has_completed()
    recorder.interfere = lambda request: None
    assert sum(job.result().counts.values()) == 10


def _with_status(recorder, status):
    def answer(request):
        if request.method != "GET" or "/jobs/" not in request.url:
            return None
        body = msgspec.json.decode(recorder.service.handle(request).body)
        return Response(200, {}, msgspec.json.encode({**body, "status": status}))

    return answer


def test_an_interrupted_wait_says_how_to_find_the_job(target, bell, recorder):
    job = target.submit(bell, shots=10)

    def interrupt(request):
        raise KeyboardInterrupt

    recorder.interfere = interrupt
    with pytest.raises(KeyboardInterrupt) as caught:
        job.wait_until_completed()
    assert job.id in caught.value.__notes__[0]


def test_a_cut_off_answer_is_a_transport_error(target, bell, recorder):
    job = target.submit(bell, shots=10)
    recorder.interfere = lambda request: Response(200, {}, b'{"id": "')

    with pytest.raises(errors.TransportError, match="cannot be read"):
        job.refresh()


def test_a_cut_off_result_is_a_transport_error(target, bell, recorder):
    job = target.submit(bell, shots=10).wait_until_completed()
    job.refresh()
    recorder.interfere = lambda request: (
        Response(200, {"content-length": "99"}, b"{}") if "blob" in request.url else None
    )

    with pytest.raises(errors.TransportError, match="2 of 99 bytes, 6 times"):
        job.result()


def test_a_result_whose_address_has_expired_is_asked_for_anew(target, bell, recorder):
    job = target.submit(bell, shots=10).wait_until_completed().refresh()
    refused = []

    def refuse_once(request):
        if "blob" in request.url and request.method == "GET" and not refused:
            refused.append(request)
            return Response(403, {"x-ms-error-code": "AuthenticationFailed"}, b"")
        return None

    recorder.interfere = refuse_once
    assert sum(job.result().counts.values()) == 10
    assert len(refused) == 1


def test_malformed_results_are_an_error_and_the_bytes_stay(target, bell, recorder):
    job = target.submit(bell, shots=10).wait_until_completed().refresh()
    recorder.interfere = lambda request: Response(200, {}, b"<xml>") if "blob" in request.url else None

    with pytest.raises(errors.ResultFormatError) as caught:
        job.result()
    assert caught.value.job_id == job.id
    assert job.download_results() == b"<xml>"


def test_a_job_is_cancelled_updated_and_deleted(target, bell):
    job = target.submit(bell, shots=10).wait_until_completed()

    assert job.update(name="renamed", tags=["a", "b"]).name == "renamed"
    assert job.details.tags == ["a", "b"]
    assert job.cancel().status in {JobStatus.SUCCEEDED, JobStatus.CANCELLED}
    job.delete()
    with pytest.raises(errors.NotFoundError):
        target.workspace.get_job(job.id)


def test_attachments_come_back_and_can_be_replaced(target, bell):
    job = target.submit(bell, shots=10)

    job.upload_attachment("notes.txt", b"first")
    address = job.upload_attachment("notes.txt", b"second")

    assert job.download_attachment("notes.txt") == b"second"
    assert "sig=" not in address


def test_a_job_can_be_awaited(target, bell):
    import asyncio

    async def run():
        jobs = [target.submit(bell, shots=10) for _ in range(3)]
        return await asyncio.gather(*jobs)

    assert all(job.has_succeeded() for job in asyncio.run(run()))


@pytest.mark.parametrize("shots", [0, -5, 1e3, True, "10", 10_001])
def test_bad_shots_are_refused_before_anything_is_sent(workspace, bell, recorder, shots):
    target = workspace.get_target("ionq.qpu.aria-1")
    sent = len(recorder.requests)

    with pytest.raises(errors.ConversionError, match="shots"):
        target.submit(bell, shots=shots)
    assert len(recorder.requests) == sent


def test_all_problems_come_in_one_error(target):
    program = Program.of(60, 1, [("reset", (1,), ()), ("x", (0,), ()), ("reset", (0,), ()), ("x", (0,), ())])

    with pytest.raises(errors.ConversionError) as caught:
        target.submit(program, shots=-1, input_data_format="ionq.circuit.v1")
    text = str(caught.value)
    assert "shots is -1" in text
    assert "60 qubits" in text
    assert "measures nothing" in text
    assert "Operation 2, reset on qubits 0" in text


def test_what_json_cannot_hold_goes_as_qir(target):
    operations = [("x", (0,), ()), ("measure", (0,), (0,)), ("reset", (0,), ()), ("measure", (0,), (1,))]
    job = target.submit(Program.of(1, 2, operations), shots=10)

    assert job.details.input_data_format == "qir.v1"
    assert job.result().counts == {"10": 10}


def test_an_unknown_target_names_the_near_ones(workspace):
    with pytest.raises(errors.TargetNotFoundError, match=r"ionq\.simulator") as caught:
        workspace.get_target("ionq.simulatr")
    assert "ionq.simulator" in caught.value.close_matches


def test_batches_keep_order_and_errors_in_place(target, bell, failing):
    good = target.encode(bell, shots=10)
    bad = target.encode(failing, shots=10)

    jobs = target.submit_all([good, bad, good], names=["a", "b", "c"])
    results = jobs.results()

    assert [job.name for job in jobs.jobs] == ["a", "b", "c"]
    assert results[0].counts.keys() <= {"00", "11"}
    assert isinstance(results[1], errors.JobFailedError)
    assert results[2].shots == 10


def test_many_waiting_jobs_are_watched_by_one_list_call_a_look(target, bell, recorder):
    payload = target.encode(bell, shots=10)
    progress = []
    jobs = target.submit_all([payload] * 30)
    before = len(recorder.requests)

    jobs.wait(progress=lambda done, total: progress.append((done, total)))

    singles = sum("/jobs/" in request.url for request in recorder.requests[before:])
    assert singles <= 2
    assert progress[-1] == (30, 30)


def test_the_machines_clock_goes_forward():
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()
    assert clock.now().timestamp() > 1_700_000_000


@pytest.mark.parametrize(
    ("written", "shots"),
    [(20, 20), ("20", 20), (20.0, 20), ("many", None), (True, None), (-1, None), (0, None), (2.5, None), (1e400, None),
     ("9" * 5000, None), ([20], None), (None, None)],
)  # fmt: skip
def test_shots_that_another_client_wrote_are_a_number_or_unknown(written, shots):
    assert _shot_count(written) == shots
