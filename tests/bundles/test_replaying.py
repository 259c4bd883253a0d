"""The service of a bundle."""

from __future__ import annotations

import json
import random

import pytest

from qsession_core.bundles.replaying import Replayer, workspace_of
from qsession_core.errors import ConfigurationError, ReplayError
from tests.support.exchanges import BASE, asked, bundle, exchange, guid


def submission(number: int, program: str, *, name: str = "job"):
    """Return what a client says to submit a job and read its result."""
    job = guid(number)
    storage = f"https://a.blob.core.windows.net/job-{job}"
    return [
        exchange(
            "POST", "/storage/sasUri", {"containerName": f"job-{job}"}, answer={"sasUri": f"{storage}?sig=REDACTED"}
        ),
        exchange("PUT", f"{storage}/inputData?sig=REDACTED-1", program.encode(), status=201),
        exchange("PUT", f"/jobs/{job}", {"id": job, "name": name}, answer={"id": job, "status": "Waiting"}),
        exchange("GET", f"/jobs/{job}", answer={"id": job, "status": "Executing"}, retry_after="5"),
        exchange("GET", f"/jobs/{job}", answer={"id": job, "status": "Succeeded"}),
        exchange("GET", f"{storage}/outputData?sig=REDACTED", answer={"result of": program}),
    ]


def again(replayer: Replayer, one):
    """Ask what was asked in an exchange."""
    return replayer.handle(one.request)


def shown(answer):
    return json.loads(answer.body)


def test_the_same_ids_get_the_same_bytes():
    recorded = submission(1, "x")
    replayer = Replayer(bundle(*recorded))
    assert [again(replayer, one).body for one in recorded[:3]] == [one.response.body for one in recorded[:3]]
    assert again(replayer, recorded[5]).body == recorded[5].response.body


def test_new_ids_get_answers_with_the_new_ids():
    replayer = Replayer(bundle(*submission(1, "x")))
    answers = [again(replayer, one) for one in submission(99, "x")]
    assert guid(1).encode() not in b"".join(answer.body for answer in answers)
    assert shown(answers[2])["id"] == guid(99)
    assert guid(99) in shown(answers[0])["sasUri"]


def test_polling_ends_at_once_and_no_answer_asks_to_wait():
    replayer = Replayer(bundle(*submission(1, "x")))
    for one in submission(2, "x")[:3]:
        again(replayer, one)
    answer = replayer.handle(asked("GET", f"/jobs/{guid(2)}"))
    assert shown(answer)["status"] == "Succeeded"
    assert "retry-after" not in answer.headers
    assert replayer.handle(asked("GET", f"/jobs/{guid(2)}")) == answer


def test_jobs_in_any_order_get_their_own_results():
    programs = ["a", "b", "c", "d", "e", "f"]
    recorded = [one for number, program in enumerate(programs, 1) for one in submission(number, program)]
    for seed in range(20):
        draw = random.Random(seed)
        lanes = [submission(100 + number, program) for number, program in enumerate(programs)]
        replayer = Replayer(bundle(*recorded))
        results = {}
        while lanes:  # every job's calls are in order; the jobs are interleaved at random
            lane = draw.choice(lanes)
            one = lane.pop(0)
            answer = again(replayer, one)
            if one.request.url.partition("?")[0].endswith("outputData"):
                results[one.response.body] = answer.body
            if not lane:
                lanes.remove(lane)
        assert len(results) == len(programs)
        assert all(own == told for own, told in results.items())


def test_equal_jobs_get_their_results_in_the_order_of_the_recording():
    first, second = submission(1, "same"), submission(2, "same")
    first[5] = exchange("GET", first[5].request.url, answer={"drawn": 1})
    second[5] = exchange("GET", second[5].request.url, answer={"drawn": 2})
    replayer = Replayer(bundle(*first, *second))
    drawn = [shown([again(replayer, one) for one in submission(number, "same")][5]) for number in (50, 60)]
    assert drawn == [{"drawn": 1}, {"drawn": 2}]


def test_many_equal_jobs_at_once_get_every_result_once():
    recorded = [submission(number, "same") for number in range(1, 41)]
    for number, calls in enumerate(recorded):
        calls[5] = exchange("GET", calls[5].request.url, answer={"drawn": number})
    replayer = Replayer(bundle(*[one for calls in recorded for one in calls]))
    lanes = [submission(100 + number, "same") for number in range(40)]
    answers = [[again(replayer, lane[place]) for lane in lanes] for place in range(6)]
    assert sorted(shown(answer)["drawn"] for answer in answers[5]) == list(range(40))


def test_one_job_more_than_was_recorded_is_an_error():
    replayer = Replayer(bundle(*submission(1, "x")))
    for one in submission(50, "x"):
        again(replayer, one)
    with pytest.raises(ReplayError, match="recorded less often"):
        again(replayer, submission(60, "x")[0])


def test_a_request_that_is_sent_again_gets_its_answer_again():
    recorded = submission(1, "x")
    replayer = Replayer(bundle(*recorded))
    assert again(replayer, recorded[0]) == again(replayer, recorded[0])
    assert again(replayer, recorded[2]) == again(replayer, recorded[2])


def test_what_is_read_depends_on_what_was_changed_before():
    job = guid(7)
    recorded = [
        exchange("PUT", f"/jobs/{job}", {"id": job}, answer={"status": "Waiting"}),
        exchange("GET", f"/jobs/{job}", answer={"status": "Executing"}),
        exchange("POST", f"/jobs/{job}:cancel", answer={"status": "CancellationRequested"}),
        exchange("GET", f"/jobs/{job}", answer={"status": "CancellationRequested"}),
        exchange("GET", f"/jobs/{job}", answer={"status": "Cancelled"}),
        exchange("DELETE", f"/jobs/{job}", status=204),
        exchange("GET", f"/jobs/{job}", status=404, answer={"error": {"code": "ResourceNotFound"}}),
    ]
    replayer = Replayer(bundle(*recorded))
    told = [again(replayer, recorded[place]) for place in (0, 1, 1, 2, 4, 4, 5, 6)]
    assert [shown(one).get("status") if one.body else one.status for one in told] == [
        "Waiting", "Executing", "Executing", "CancellationRequested", "Cancelled", "Cancelled", 204, None,
    ]  # fmt: skip


def test_answers_that_ask_to_come_again_are_left_out_where_the_request_came_again():
    job = guid(7)
    put = {"id": job}
    replayer = Replayer(
        bundle(
            exchange("PUT", f"/jobs/{job}", put, status=429, retry_after="60"),
            exchange("PUT", f"/jobs/{job}", put, status=503),
            exchange("PUT", f"/jobs/{job}", put, answer={"ok": True}),
            exchange("GET", "/quotas", status=503),
            exchange("GET", "/quotas", answer={"value": []}),
            exchange("GET", "/providerStatus", status=429, retry_after="60"),
        )
    )
    assert shown(replayer.handle(asked("PUT", f"/jobs/{job}", put))) == {"ok": True}
    assert shown(replayer.handle(asked("GET", "/quotas"))) == {"value": []}
    last = replayer.handle(asked("GET", "/providerStatus"))
    assert (last.status, dict(last.headers)) == (429, {})


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (
            asked("PUT", f"/jobs/{guid(9)}", {"id": guid(9), "name": "other"}),
            r"body.name is 'other' here and 'job' there",
        ),
        (
            asked("PUT", f"/jobs/{guid(9)}", {"id": guid(9), "name": "job", "more": 1}),
            r"body.more is '1' here and absent",
        ),
        (asked("GET", f"/jobs/{guid(9)}"), "no. 4"),
        (asked("GET", "/job"), "GET /jobs/<id>"),
        (asked("GET", "https://b.blob.core.windows.net/job-1/x?sig=secret"), "GET storage"),
    ],
)
def test_a_request_that_was_not_recorded_is_an_error_that_shows_the_nearest(request_, told):
    replayer = Replayer(bundle(*submission(1, "x")))
    with pytest.raises(ReplayError, match=told) as caught:
        replayer.handle(request_)
    assert replayer.missed == [caught.value]
    assert "secret" not in str(caught.value)


def test_an_id_that_nothing_made_is_not_taken_for_a_recorded_one():
    replayer = Replayer(bundle(*submission(1, "x")))
    with pytest.raises(ReplayError):
        replayer.handle(asked("GET", f"/jobs/{guid(77)}"))


def test_a_question_for_an_id_that_never_was_is_answered_as_it_was():
    replayer = Replayer(bundle(exchange("GET", f"/jobs/{guid(1)}", status=404, answer={})))
    assert replayer.handle(asked("GET", f"/jobs/{guid(2)}")).status == 404


def test_times_signatures_versions_and_hosts_make_no_difference():
    replayer = Replayer(
        bundle(
            exchange("GET", "/jobs?$filter=CreationTime ge 2026-01-01T00:00:00Z&api-version=1", answer={"value": [1]}),
            exchange("PUT", "/jobs/1", {"name": "run of 2026-01-01 10:00", "at": "2026-01-01T10:00:00.123+00:00"}),
        )
    )
    other = BASE.replace("eastus", "westus").replace("5a1f8f62", "6b1f8f62")
    filtered = f"{other}/jobs?api-version=2&$filter=CreationTime ge 2027-05-05T11:11:11.5Z"
    assert shown(replayer.handle(asked("GET", filtered))) == {"value": [1]}
    body = {"at": "2027-01-01T10:00:00Z", "name": "run of 2027-02-02 11:11"}
    assert replayer.handle(asked("PUT", "/jobs/1", body)).status == 200


def test_answers_name_the_programs_own_subscription():
    link = f"{BASE}/jobs?$skip=100"
    replayer = Replayer(bundle(exchange("GET", "/jobs", answer={"value": [], "nextLink": link})))
    own = "99999999-3c1d-4b6a-9e0d-7b3f8c2d1e40"
    answer = replayer.handle(asked("GET", BASE.replace("5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40", own) + "/jobs"))
    assert f"/subscriptions/{own}/" in shown(answer)["nextLink"]


def test_a_secret_in_a_program_is_no_difference():
    recorded = bundle(exchange("PUT", "/jobs/1", {"name": "with REDACTED-3"}))
    live = asked("PUT", "/jobs/1", {"name": "with the-real-key"}, {"x-ms-quantum-api-key": "the-real-key"})
    assert Replayer(recorded).handle(live).status == 200


def test_ids_that_several_things_share_are_followed_in_order():
    job = guid(1)
    recorded = bundle(
        exchange("PUT", f"/jobs/{job}", {"id": job, "name": "one"}, answer={"n": 1}),
        exchange("PUT", f"/jobs/{job}", {"id": job, "name": "one"}, answer={"n": 2}),
        has_shared_ids=True,
    )
    replayer = Replayer(recorded)
    told = [shown(replayer.handle(asked("PUT", f"/jobs/{guid(n)}", {"id": guid(n), "name": "one"}))) for n in (8, 9)]
    assert told == [{"n": 1}, {"n": 2}]


def test_the_one_workspace_of_a_bundle_is_found():
    assert workspace_of(bundle(exchange("GET", "/jobs"))) == (
        "5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40", "g", "w", "https://eastus.quantum.azure.com",
    )  # fmt: skip
    for others in ((), (exchange("GET", "/jobs"), exchange("GET", f"{BASE}2/jobs"))):
        with pytest.raises(ConfigurationError, match="workspaces"):
            workspace_of(bundle(*others))


def test_an_empty_bundle_answers_nothing():
    with pytest.raises(ReplayError, match="the bundle is empty"):
        Replayer(bundle()).handle(asked("GET", "/jobs"))
