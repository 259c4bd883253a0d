"""Records that are not as documented: one of them hides no other, and no error of a library gets out."""

from __future__ import annotations

import json

import pytest

from qsession_core import Response, Workspace, errors
from qsession_core.client.service import rest
from qsession_core.transport.http import HttpTransport

ODD = [
    {"name": None},
    {"errorData": "text"},
    {"status": None},
    {"costEstimate": "free"},
    {"creationTime": "yesterday"},
    {"inputParams": [1]},
    {"tags": {"a": 1}},
    {"metadata": "none"},
]


@pytest.fixture
def jobs(target, bell):
    jobs = target.submit_all([bell] * 3, shots=2)
    jobs.wait()
    return jobs


def _change(recorder, part, change):
    """Change what the service says of jobs."""

    def changed(request):
        path = request.url.partition("?")[0]
        if request.method != "GET" or part not in path or "blob" in path:
            return None
        answer = recorder.service.handle(request)
        body = json.loads(answer.body)
        (body["value"][1] if "value" in body else body).update(change)
        return Response(200, {}, json.dumps(body).encode())

    recorder.interfere = changed


@pytest.mark.parametrize("change", ODD, ids=str)
def test_an_odd_record_hides_no_other_in_lists_and_costs(workspace, jobs, recorder, change):
    _change(recorder, "/jobs", change)
    ids = {job.id for job in jobs}
    assert {job.id for job in workspace.list_jobs()} == ids
    assert {cost.job_id for cost in workspace.costs()} == ids


ROWS = [None, 5, "text", [1], {}, {"id": None}, {"id": 7}, {"name": "without id"}]


def _add(recorder, rows):
    def added(request):
        if request.method != "GET" or "value" not in json.loads(body := recorder.service.handle(request).body):
            return None
        listed = json.loads(body)
        return Response(200, {}, json.dumps({**listed, "value": [*rows, *listed["value"], *rows]}).encode())

    recorder.interfere = added


@pytest.mark.parametrize("odd", ROWS, ids=str)
def test_a_row_that_is_no_job_hides_no_job(workspace, jobs, recorder, odd):
    ids = {job.id for job in jobs}
    _add(recorder, [odd])
    assert {job.id for job in workspace.list_jobs()} == ids
    assert {job.id for job in workspace.list_top_level_items()} == ids
    assert {cost.job_id for cost in workspace.costs()} == ids


def test_a_list_without_a_single_job_is_not_taken_for_an_empty_one(workspace, recorder):
    _add(recorder, ROWS)
    with pytest.raises(errors.TransportError, match="No row of the list"):
        workspace.list_jobs()


@pytest.mark.parametrize("kind", [5, None, ["Session"], {}])
def test_an_odd_type_of_an_item_hides_no_other(workspace, jobs, recorder, kind):
    _change(recorder, "/topLevelItems", {"itemType": kind})
    assert {job.id for job in workspace.list_top_level_items()} == {job.id for job in jobs}


def test_text_as_error_data_is_the_message(workspace, jobs, recorder):
    _change(recorder, "/jobs", {"errorData": "the trap was opened", "status": "Failed"})
    with pytest.raises(errors.JobFailedError, match="the trap was opened"):
        workspace.get_job(jobs[0].id).result()


def test_a_job_without_a_status_is_not_waited_for_without_end(target, bell, recorder):
    job = target.submit(bell, shots=1)
    _change(recorder, "/jobs/", {"status": None})
    with pytest.raises(errors.TransportError, match=f"no status of job {job.id}"):
        job.result()


@pytest.mark.parametrize("shots", ["many", "9" * 5000, [1], 10**30, 1e30, 2**53 + 1, "9" * 18])
def test_shots_that_are_no_number_are_unknown(workspace, jobs, recorder, shots):
    _change(recorder, "/jobs/", {"inputParams": {"shots": shots}})
    assert workspace.get_job(jobs[0].id).shots is None


def test_a_result_that_is_missing_is_asked_for_once_more_and_named(workspace, jobs, recorder):
    missing = []

    def answer(request):
        if request.method == "GET" and "outputdata" in request.url.lower():
            missing.append(request)
            return Response(404, {"x-ms-error-code": "BlobNotFound"})
        return None

    recorder.interfere = answer
    with pytest.raises(errors.ResultMissingError, match="blob of its result") as caught:
        workspace.get_job(jobs[0].id).result()
    assert caught.value.job_id == jobs[0].id
    assert len(missing) == 2

    recorder.interfere = lambda request: answer(request) if len(missing) == 2 else None
    assert workspace.get_job(jobs[1].id).result().shots == 2  # it is there when asked again


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"value": [' + b"[" * 5000 + b"]" * 4999 + b"]}", b"\xff", b"9" * 9000]
)
def test_an_answer_nested_without_end_is_one_of_our_errors(workspace, recorder, body):
    recorder.interfere = lambda request: Response(200, {}, body)
    for call in (
        lambda: [job.id for job in workspace.list_jobs()],
        lambda: workspace.get_job("a").name,
        workspace.get_quotas,
    ):
        with pytest.raises(errors.TransportError):
            call()
    recorder.interfere = lambda request: Response(400, {}, body)
    with pytest.raises(errors.ServiceError):
        workspace.get_job("a")


@pytest.mark.parametrize("depth", [150, 5_000, 200_000])
def test_a_record_that_is_nested_too_deep_hides_no_other_in_lists(workspace, jobs, recorder, depth):
    deep = b'[{"a\\"]": ' * depth + b"1" + b"}]" * depth

    def answer(request):
        reply = recorder.service.handle(request)
        if request.method != "GET" or not request.url.partition("?")[0].endswith("/jobs"):
            return None
        return Response(200, {}, reply.body.replace(b'"metadata":', b'"deep":' + deep + b',"metadata":', 1))

    recorder.interfere = answer
    assert {job.id for job in workspace.list_jobs()} == {job.id for job in jobs}


def _nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value", ["\ud800", _nested(10_000), object(), {1.5j: 1}], ids=["half", "deep", "object", "key"]
)
def test_what_json_cannot_hold_is_one_of_our_errors(target, bell, value):
    with pytest.raises(errors.ConfigurationError):
        target.submit(bell, shots=1, input_params={"extra": value}, allow_unknown=True)


def test_half_a_character_in_an_id_or_filter_is_one_of_our_errors(workspace):
    for call in (lambda: workspace.get_job("\udc80"), lambda: workspace.list_jobs(name_match="\udc80")):
        with pytest.raises(errors.ConfigurationError):
            call()


def test_a_list_that_never_ends_is_ended(workspace, recorder, monkeypatch):
    monkeypatch.setattr(rest, "_MOST_PAGES", 5)

    def endless(request):
        link = f"{request.url.partition('?')[0]}?page={len(recorder.requests)}"
        return Response(200, {}, json.dumps({"value": [], "nextLink": link}).encode())

    recorder.interfere = endless
    with pytest.raises(errors.TransportError, match="more than 5 pages"):
        workspace.list_jobs()


@pytest.mark.parametrize("address", ["http://storage.example/job-1?sig=planted", "ftp://127.0.0.1/a", "http://[bad"])
def test_storage_without_encryption_is_refused(target, bell, recorder, address):
    recorder.interfere = lambda request: (
        Response(200, {}, json.dumps({"sasUri": address}).encode()) if "sasUri" in request.url else None
    )
    with pytest.raises(errors.TransportError, match="must start with https") as caught:
        target.submit(bell, shots=1)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    "limits",
    [
        {"max_time": float("nan")},
        {"max_time": "an hour"},
        {"max_jobs": 1.5},
        {"max_jobs": True},
        {"max_shots": -1},
        {"max_cost": -0.5},
        {"on_timeout": "foo"},
    ],
    ids=str,
)
def test_a_budget_that_is_none_is_refused_before_the_session_opens(target, recorder, limits):
    sent = len(recorder.requests)
    with pytest.raises(errors.ConfigurationError, match=next(iter(limits))):
        target.open_session(**limits)
    assert len(recorder.requests) == sent


def test_a_cost_limit_where_there_is_no_price_is_refused_before_the_session_opens(workspace, target, recorder):
    workspace.prices = ()
    sent = len(recorder.requests)
    with pytest.raises(errors.ConfigurationError, match=f"no price for {target.name}"):
        target.open_session(max_cost=1.0)
    assert len(recorder.requests) == sent


@pytest.mark.parametrize("answer", [400, 404, 409])
def test_a_job_that_races_the_closing_of_its_session_says_that_it_is_closed(target, bell, recorder, answer):
    session = target.open_session()

    def close_meanwhile(request):
        if request.method == "PUT" and "/jobs/" in request.url:
            session.close()
            return Response(answer)
        return None

    recorder.interfere = close_meanwhile
    with pytest.raises(errors.SessionClosedError):
        target.submit(bell, shots=1)


def test_closing_all_sessions_detaches_them_from_their_targets(workspace, target, bell):
    opened, other = target.open_session(), workspace.get_target("ionq.simulator")
    attached = other.attach_session(opened.id)

    workspace.close_all_sessions()

    assert target.latest_session is other.latest_session is None
    assert opened.is_in_terminal_state()
    assert attached.is_in_terminal_state()
    assert target.submit(bell, shots=1).session_id is None


@pytest.mark.parametrize(
    "row",
    [None, 5, "ionq", [], {}, {"id": None}, {"id": 7, "targets": []}, {"targets": [{"id": "ionq.simulator"}]},
     {"id": "odd", "targets": None}, {"id": "odd", "targets": {"a": 1}}, {"id": "odd", "targets": [5, None, {}]}],
    ids=str,
)  # fmt: skip
def test_an_odd_provider_hides_no_other(workspace, recorder, row):
    known = {target.name for target in workspace.get_targets()}

    def changed(request):
        if "providerStatus" not in request.url:
            return None
        body = json.loads(recorder.service.handle(request).body)
        body["value"].insert(1, row)
        return Response(200, {}, json.dumps(body).encode())

    recorder.interfere = changed
    assert {target.name for target in workspace.get_targets()} == known


@pytest.mark.parametrize(
    "change",
    [
        {"averageQueueTime": "long"},
        {"numQubits": 1.5},
        {"currentAvailability": 7},
        {"metadata": []},
        {"statusPage": {}},
    ],
    ids=str,
)
def test_an_odd_member_of_a_target_hides_neither_it_nor_others(workspace, recorder, change):
    known = {target.name for target in workspace.get_targets()}

    def changed(request):
        if "providerStatus" not in request.url:
            return None
        body = json.loads(recorder.service.handle(request).body)
        body["value"][0]["targets"][0].update(change)
        body["value"][0]["targets"].append({"id": None})
        return Response(200, {}, json.dumps(body).encode())

    recorder.interfere = changed
    assert {target.name for target in workspace.get_targets()} == known


@pytest.mark.parametrize("row", [None, 5, [], "x", {"limit": "much"}, {"dimension": 5, "utilization": None}], ids=str)
def test_an_odd_quota_hides_no_other(workspace, recorder, row):
    known = {quota.dimension for quota in workspace.get_quotas()}

    def changed(request):
        body = json.loads(recorder.service.handle(request).body)
        body["value"].insert(0, row)
        return Response(200, {}, json.dumps(body).encode())

    recorder.interfere = changed
    assert known <= {quota.dimension for quota in workspace.get_quotas()}


@pytest.mark.parametrize("timeout", [float("nan"), "1h", True, [1], 1j])
def test_a_timeout_that_is_no_number_is_refused_at_once(target, bell, timeout):
    job = target.submit(bell, shots=1)
    for wait in (job.wait_until_completed, job.result):
        with pytest.raises(errors.ConfigurationError, match="timeout_secs"):
            wait(timeout_secs=timeout)


@pytest.mark.parametrize("id_", [5, None, b"a", ["a"]])
def test_an_id_that_is_no_text_is_one_of_our_errors(workspace, target, bell, id_):
    for call in (lambda: workspace.get_job(id_), lambda: workspace.get_session(id_)):
        with pytest.raises(errors.ConfigurationError, match="is not an id"):
            call()
    if id_:
        with pytest.raises(errors.ConfigurationError, match=r"job_id=.* is not the text of a GUID"):
            target.submit(bell, shots=1, job_id=id_)


@pytest.mark.parametrize("metadata", [[1], "text", 5])
def test_metadata_that_are_no_mapping_are_one_of_our_errors(target, bell, metadata):
    with pytest.raises(errors.ConfigurationError, match="pass a dict of texts"):
        target.submit(bell, shots=1, metadata=metadata)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://eastus.quantum.azure.com@elsewhere.example",
        "https://user:word@elsewhere.example",
        "https://a b",
        "https://a\n.example",
        "https://a.example\n",
        "https://a.example\\@b.example",
        "http://127.0.0.1@elsewhere.example",
    ],
)
def test_an_endpoint_that_may_lead_elsewhere_than_it_seems_is_refused(endpoint):
    with pytest.raises(errors.ConfigurationError, match="endpoint has"):
        Workspace("s", "r", "n", location="l", endpoint=endpoint, credential="key", transport=HttpTransport())
