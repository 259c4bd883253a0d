"""What depends on the api-version: cancelling by DELETE, who made an item, queue positions, resuming, shots."""

import uuid

import pytest

from qsession_core.local import LocalTarget, LocalWorkspace, ManualClock
from tests.support.qir_text import BELL_QIR
from tests.support.wire_client import BAD, BELL, Client

DRAFT = "2026-08-01-preview"
H2 = "quantinuum.sim.h2-1e"
WHO = {"createdBy", "createdByType", "lastModifiedBy", "lastModifiedByType", "lastUpdatedTime", "usage"}
SHOTS = {"shots", "resumeCount", "shotsSucceeded", "shotsFailed", "shotsTranslated"}


@pytest.fixture
def draft(service):
    return Client(service, DRAFT)


@pytest.mark.parametrize("version", ["2022-09-12-preview", "2025-09-01-preview"])
def test_delete_cancels_a_job_before_there_was_a_call_for_it(service, version):
    old = Client(service, version)
    service.dispatcher.paused = True
    waiting = old.submit()
    assert old.call("DELETE", f"jobs/{waiting}").status == 204
    assert old.job(waiting)["status"] == "Cancelled"
    service.dispatcher.paused = False
    ended = old.done(old.submit())
    assert old.call("DELETE", f"jobs/{ended['id']}").status == 204
    assert old.result(old.job(ended["id"])) == {"histogram": {"0": 0.5, "3": 0.5}}


def test_delete_deletes_a_job_from_then_on(service):
    new = Client(service, "2025-12-01-preview")
    job_id = new.submit()
    assert new.call("DELETE", f"jobs/{job_id}").status == 204
    assert new.get(f"jobs/{job_id}").status == 404


def test_ids_may_be_in_any_letter_case(client):
    session, job_id = str(uuid.uuid1()), str(uuid.uuid1())
    assert client.open(session_id=session.upper()) == session.upper()
    job = client.done(client.submit(job_id=job_id.upper(), session=session.upper()))
    assert (job["id"], job["sessionId"], job["status"]) == (job_id, session, "Succeeded")
    assert client.result(job) == {"histogram": {"0": 0.5, "3": 0.5}}
    assert client.job(job_id)["containerUri"].split("?")[0].endswith(f"job-{job_id}")
    assert client.close(session.upper())["status"] == "Succeeded"


def test_a_job_is_changed_by_the_path_of_the_specification_too(client):
    job_id = client.submit(name="old")
    reply = client.call("PATCH", f"jobUpdateOptions/{job_id}", {"name": "new"})
    assert (reply.status, reply.json) == (200, {"id": job_id, "name": "new", "priority": None, "tags": []})
    assert client.job(job_id)["name"] == "new"


@pytest.mark.parametrize(
    ("version", "more"),
    [("2025-12-01-preview", set()), ("2026-01-15-preview", WHO), (DRAFT, WHO | SHOTS)],
)
def test_later_api_versions_say_more_of_a_job(service, version, more):
    client = Client(service, version)
    job_id = client.submit()
    for job in (client.done(job_id), client.get("jobs").json["value"][0]):
        assert set(job) & (WHO | SHOTS) == more


def test_who_made_an_item_and_what_it_used(client, service):
    session = client.open()
    job_id = client.submit(session=session)
    service.settle()
    for item in (client.job(job_id), client.session(session)):
        assert (item["createdBy"], item["createdByType"]) == ("local", "Key")
        assert item["lastUpdatedTime"] == item["lastModifiedTime"]
    assert client.job(job_id)["usage"] == {"standardMinutes": 0.0}
    assert client.session(session)["usage"] is None


def test_queue_positions_count_the_jobs_that_go_first_on_the_same_target(draft, service):
    service.dispatcher.paused = True
    first, second, elsewhere = draft.submit(), draft.submit(), draft.submit(BELL_QIR, H2, "qir.v1")
    positions = [draft.get(f"jobs/{job_id}/queuePosition").json for job_id in (first, second, elsewhere)]
    assert positions == [{"queuePosition": 1}, {"queuePosition": 2}, {"queuePosition": 1}]
    draft.call("PATCH", f"jobs/{second}", {"priority": "High"})
    assert draft.get(f"jobs/{first}/queuePosition").json == {"queuePosition": 2}
    service.dispatcher.paused = False
    assert draft.done(first)["status"] == "Succeeded"
    assert draft.get(f"jobs/{first}/queuePosition").json == {"queuePosition": None}


def test_calls_of_the_draft_are_not_there_before_it(client):
    job_id = client.submit()
    assert client.get(f"jobs/{job_id}/queuePosition").status == 404
    reply = client.call("POST", f"jobs/{job_id}:resume")
    assert (reply.status, reply.code) == (404, "ResourceNotFound")
    assert DRAFT in reply.json["error"]["message"]


def test_a_cancelled_job_runs_after_it_was_resumed(draft, service):
    service.dispatcher.paused = True
    job_id = draft.submit()
    draft.call("POST", f"jobs/{job_id}:cancel")
    assert draft.job(job_id)["status"] == "Cancelled"
    service.dispatcher.paused = False
    reply = draft.call("POST", f"jobs/{job_id}:resume")
    assert (reply.status, reply.body) == (204, b"")
    job = draft.done(job_id)
    assert (job["status"], job["resumeCount"], job["cancellationTime"]) == ("Succeeded", 1, None)


def test_a_job_that_failed_fails_again_and_one_that_succeeded_is_not_resumed(draft):
    failed = draft.done(draft.submit(BAD))
    assert draft.call("POST", f"jobs/{failed['id']}:resume").status == 204
    assert (draft.done(failed["id"])["status"], draft.job(failed["id"])["resumeCount"]) == ("Failed", 1)
    reply = draft.call("POST", f"jobs/{draft.done(draft.submit())['id']}:resume")
    assert (reply.status, reply.code) == (409, "InvalidJobState")


@pytest.mark.parametrize(("policy", "status", "state"), [("Abort", 400, "Failed"), ("Continue", 204, "Failure(s)")])
def test_a_job_is_resumed_within_its_session_only_while_that_takes_jobs(draft, policy, status, state):
    session = draft.open(jobFailurePolicy=policy)
    job = draft.done(draft.submit(BAD, session=session))
    assert draft.call("POST", f"jobs/{job['id']}:resume").status == status
    draft.done(job["id"])
    assert draft.state(session) == state


def test_shots_are_counted_by_what_became_of_them(draft):
    raw = draft.done(draft.submit(params={"shots": 30}))
    assert [raw[name] for name in ("shots", "shotsSucceeded", "shotsFailed", "shotsTranslated")] == [30, 30, 0, 0]
    translated = draft.done(draft.submit(BELL_QIR, H2, "qir.v1", params={"count": 20}))
    assert (translated["shots"], translated["shotsTranslated"]) == (20, 20)
    unread = draft.done(draft.submit(BAD, params={"shots": 30}))
    assert [unread[name] for name in ("shots", "shotsSucceeded", "shotsFailed", "shotsTranslated")] == [30, 0, 0, 0]
    impossible = draft.done(draft.submit(params={"shots": "many"}))
    assert (impossible["status"], impossible["shots"]) == ("Failed", None)


def test_quotas_move_with_the_bills(client):
    def used():
        return {quota["dimension"]: quota["utilization"] for quota in client.get("quotas").json["value"]}

    assert set(used().values()) == {0.0}
    client.run(target="ionq.qpu.aria-1", params={"shots": 100})
    assert used()["qgs"] == 100 * (1 + 10)
    client.run(BELL_QIR, H2, "qir.v1", params={"shots": 1000})
    assert used()["ehqc"] == 11.2
    client.run(b"DECLARE ro BIT[1]\nX 0\nMEASURE 0 ro[0]\n", "rigetti.qpu.cepheus-1-108q", "rigetti.quil.v1")
    assert used()["qpu_time_centiseconds"] == 1.0


def test_a_target_of_ones_own_may_have_noise_with_limits():
    target = LocalTarget(
        "acme.sim", formats={"ionq.circuit.v1": ("ionq.quantum-results.v1",)}, noise_models={"rough": {"p1": 0.5}},
        noise_qubits={"rough": 1}, noisy_shots=7,
    )  # fmt: skip
    with LocalWorkspace(targets=[target], clock=ManualClock()) as service:
        client = Client(service, DRAFT)
        assert client.done(client.submit(target="acme.sim", params={"noise": "rough"}))["shots"] == 7
        job = client.done(client.submit(BELL, target="acme.sim", params={"noise": {"model": "rough"}}))
        assert job["errorData"]["message"] == "The program uses 2 qubits; acme.sim takes 1 with the noise of rough."
