"""The client hears what the real service said, and understands all of it."""

from __future__ import annotations

import json

import msgspec
import pytest

from qsession_core import JobStatus, SessionStatus, errors
from qsession_core.client.service.models import JobDetails, ProviderStatus, SessionDetails, job_details, session_details
from tests.support.recordings import body_of, load, names

pytestmark = pytest.mark.recordings


def _items(name: str) -> list[dict]:
    """Every job and session that the service said something about."""
    bodies = [(entry["response"]["body"] or {}).get("json") for entry in load(name)]
    said = [item for body in bodies if isinstance(body, dict) for item in [body, *(body.get("value") or [])]]
    return [item for item in said if isinstance(item, dict) and item.get("itemType") in {"Job", "Session"}]


@pytest.mark.parametrize("name", names())
def test_every_recorded_job_and_session_is_read_without_loss(name):
    for item in _items(name):
        raw = json.dumps(item).encode()
        details = job_details(raw) if item["itemType"] == "Job" else session_details(raw)
        kind = JobDetails if item["itemType"] == "Job" else SessionDetails
        wire_names = set(kind.__struct_encode_fields__)
        assert set(item) == set(details.extra) | (set(item) & wire_names)
        assert details.id == item["id"]
        assert details.status == item["status"]
        assert details.creation_time.isoformat()[:19] == item["creationTime"][:19]
        if item["itemType"] == "Job":
            assert details.metadata == item["metadata"]
            assert details.input_params == item["inputParams"]
        assert details.extra.get("jobPriority", "Basic") == "Basic"


@pytest.mark.parametrize("name", names())
def test_every_recorded_target_is_read(name):
    for entry in load(name):
        if "providerStatus" in entry["request"]["url"]:
            for provider in entry["response"]["body"]["json"]["value"]:
                read = msgspec.convert(provider, ProviderStatus)
                assert [target.id for target in read.targets] == [target["id"] for target in provider["targets"]]


def test_a_session_is_opened_and_closed(replayed):
    workspace, _replay = replayed("session_job_qiskit_circuit_ionq")
    target = workspace.get_target("ionq.simulator")

    with target.open_session() as session:
        assert session.status is SessionStatus.WAITING
        jobs = [target.submit("__quantum__", name=f"Job {number}", shots=100) for number in (1, 2)]
        assert session.refresh().status is SessionStatus.EXECUTING
        assert jobs[0].wait_until_completed().status is JobStatus.SUCCEEDED
    assert session.status in {SessionStatus.EXECUTING, SessionStatus.SUCCEEDED}
    assert sorted(job.name for job in session.list_jobs()) == ["Job 1", "Job 2"]  # a recording does not sort


def test_under_abort_the_service_refuses_the_job_after_a_failure(replayed):
    workspace, _ = replayed("session_job_failure_policies_echo_quantinuum")
    session = workspace.get_session("00000000-0000-0000-0000-000000000001")
    replies = {entry["response"]["status"] for entry in load("session_job_failure_policies_echo_quantinuum")}
    assert 400 in replies
    assert session.status is SessionStatus.FAILED
    assert session.is_in_terminal_state()


def test_the_refusal_of_a_failed_session_is_understood(replayed):
    entries = load("session_job_failure_policies_echo_quantinuum")
    refusal = next(entry for entry in entries if entry["response"]["status"] == 400)
    error = refusal["response"]["body"]["json"]["error"]
    assert error["code"] == "InvalidJobDefinition"
    assert "terminal state" in error["message"]


def test_lists_are_walked_page_by_page(replayed):
    workspace, replay = replayed("list_jobs_filtered_by_name")
    jobs = workspace.list_jobs(name_match="")
    recorded = [item for entry in replay.entries for item in entry["response"]["body"]["json"]["value"]]

    assert [job.id for job in jobs] == [item["id"] for item in recorded]
    assert [job.name for job in jobs] == [item["name"] for item in recorded]


def test_lists_of_sessions_and_jobs_tell_them_apart(replayed):
    workspace, replay = replayed("list_top_level_items_filtered_by_status")
    items = workspace.list_top_level_items(status=["Failed"])
    recorded = [item for entry in replay.entries for item in entry["response"]["body"]["json"]["value"]]

    assert [item.item_type for item in items] == [item["itemType"] for item in recorded]


def test_quotas_are_read(replayed):
    workspace, replay = replayed("workspace_job_quotas")
    recorded = replay.entries[0]["response"]["body"]["json"]["value"]
    assert [(quota.dimension, quota.limit) for quota in workspace.get_quotas()] == [
        (quota["dimension"], quota["limit"]) for quota in recorded
    ]


def test_a_wrong_key_is_an_authentication_error(replayed):
    workspace, replay = replayed("workspace_auth_connection_string_api_key")
    with pytest.raises(errors.AuthenticationError, match="Check the API key"):
        workspace.list_jobs()  # its first page is good, the second call was recorded with a wrong key
    assert len(replay.requests) == 2


def test_an_expired_result_address_is_renewed(replayed):
    workspace, replay = replayed("job_get_results_with_expired_sas_token")
    job = workspace.get_job("00000000-0000-0000-0000-000000000001")
    recorded = next(e for e in replay.entries if e["request"]["url"].partition("?")[0].endswith("utputData"))
    assert job.download_results() == body_of(recorded["response"])


def test_a_job_with_a_cost_estimate_tells_it(replayed):
    workspace, _ = replayed("job_submit_ionq_cost_estimate")
    job = workspace.get_job("00000000-0000-0000-0000-000000000001").wait_until_completed()
    assert job.details.cost_estimate.estimated_total >= 0
    assert {event.dimension_id for event in job.details.cost_estimate.events} <= {"gs1q", "gs2q"}


RESULTS = [
    name
    for name in names()
    if name.startswith(("plugins_submit", "qiskit_", "qsharp_", "job_submit", "session_job_q", "session_job_cirq"))
]


@pytest.mark.parametrize("name", RESULTS or ["none"])
def test_every_recorded_result_is_decoded_by_the_jobs_own_facts(name, replayed):
    workspace, replay = replayed(name)
    results = [entry for entry in replay.entries if entry["request"]["url"].partition("?")[0].endswith("utputData")]
    submitted = next(entry for entry in replay.entries if "/jobs/" in entry["request"]["url"])
    job = workspace.get_job(submitted["response"]["body"]["json"]["id"]).wait_until_completed()
    if not results:
        return
    result = job.result()
    if job.shots is None and result.memory_is_synthetic:
        assert sum(result.probabilities.values()) == pytest.approx(1)
        return
    assert sum(result.counts.values()) == result.shots
    assert result.shots <= (job.shots or result.shots)
    assert all(type(count) is int for count in result.counts.values())
