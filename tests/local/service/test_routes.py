"""The routes: what each answers, and what it refuses."""

import json
import uuid

import pytest

from qsession_core.local import LocalTarget, LocalWorkspace, ManualClock
from qsession_core.transport.message import Request
from tests.support.wire_client import BAD, BELL, Client


def test_a_job_goes_from_waiting_to_succeeded_and_has_its_result(client):
    reply, job_id = client.put()
    assert reply.json["status"] == "Waiting"
    job = client.done(job_id)
    assert job["status"] == "Succeeded"
    assert client.result(job) == {"histogram": {"0": 0.5, "3": 0.5}}


def test_the_first_look_at_a_small_job_finds_it_ended():
    with LocalWorkspace() as service:
        client = Client(service)
        client.run()  # the first job loads numpy
        assert client.job(client.submit())["status"] == "Succeeded"


@pytest.mark.parametrize("headers", [{}, {"x-ms-quantum-api-key": "wrong"}, {"Authorization": "Bearer wrong"}])
def test_a_wrong_key_gets_401_and_no_body(client, headers):
    for method, path in (("GET", "jobs"), ("PUT", f"sessions/{uuid.uuid4()}"), ("GET", "nowhere"), ("GET", "quotas")):
        reply = client.call(method, path, headers=headers)
        assert (reply.status, reply.body) == (401, b"")
        assert reply.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_the_key_is_taken_as_a_bearer_token_too(client, service):
    assert client.call("GET", "jobs", headers={"Authorization": f"Bearer {service.connection.api_key}"}).status == 200


def test_the_key_stands_in_no_repr(service):
    key = service.connection.api_key
    assert key not in repr(service)
    assert key not in repr(service.connection)


def test_paths_ignore_case(client, service):
    own = service.connection
    url = (
        f"{own.endpoint}SUBSCRIPTIONS/{own.subscription_id.upper()}/resourcegroups/{own.resource_group}"
        f"/providers/microsoft.quantum/Workspaces/{own.name}/PROVIDERSTATUS"
    )
    assert client.send("GET", url, headers=client.headers).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nowhere", 404),
        ("GET", "jobs/x/y/z", 404),
        ("POST", "jobs", 405),
        ("DELETE", "sessions/00000000-0000-0000-0000-000000000000", 405),
        ("GET", "jobs/00000000-0000-0000-0000-000000000000", 404),
        ("GET", "sessions/00000000-0000-0000-0000-000000000000", 404),
        ("GET", "sessions/00000000-0000-0000-0000-000000000000/jobs", 404),
        ("POST", "sessions/00000000-0000-0000-0000-000000000000:close", 404),
        ("POST", "jobs/00000000-0000-0000-0000-000000000000:cancel", 404),
        ("POST", "jobs/00000000-0000-0000-0000-000000000000:sing", 404),
        ("DELETE", "jobs/00000000-0000-0000-0000-000000000000", 404),
    ],
)
def test_what_is_not_there_is_said_so(client, method, path, status):
    reply = client.call(method, path)
    assert reply.status == status
    assert set(reply.json["error"]) == {"code", "message"}
    assert reply.headers["x-ms-error-code"] == reply.code


def test_another_workspace_is_not_here(client):
    url = client.base.replace("local-workspace", "other") + "/jobs"
    assert client.send("GET", url, headers=client.headers).status == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"target": "ionq.nowhere"}, "InvalidJobDefinition"),
        ({"providerId": "quantinuum"}, "InvalidJobDefinition"),
        ({"inputDataFormat": "rigetti.quil.v1"}, "InvalidJobDefinition"),
        ({"name": 7}, "InvalidRequestBody"),
        ({"tags": "a"}, "InvalidRequestBody"),
        ({"priority": "Urgent"}, "InvalidProperty"),
        ({"inputParams": []}, "InvalidRequestBody"),
        ({"containerUri": "https://a/Not_One"}, "InvalidJobDefinition"),
    ],
)
def test_a_job_that_cannot_be_is_refused(client, change, code):
    reply, job_id = client.put()
    body = {"name": "j", "target": "ionq.simulator", "providerId": "ionq", "containerUri": client.container(job_id),
            "inputDataFormat": "ionq.circuit.v1", **change}  # fmt: skip
    refused = client.call("PUT", f"jobs/{uuid.uuid1()}", body)
    assert (refused.status, refused.code) == (400, code)
    assert reply.status == 200


def test_an_id_that_is_no_guid_is_refused(client):
    assert client.put(job_id="0000")[0].code == "InvalidId"
    reply = client.call("PUT", "sessions/s1", {"name": "s", "target": "ionq.simulator"})
    assert (reply.status, reply.code) == (400, "InvalidId")


def test_unknown_members_are_ignored(client):
    assert client.put(somethingNew={"a": 1})[0].status == 200


def test_a_second_put_of_a_job_returns_the_first(client):
    job_id = client.submit(name="first")
    client.service.settle()
    reply, _ = client.put(job_id=job_id, name="second")
    assert reply.json["name"] == "first"
    assert reply.json["status"] == "Succeeded"


# --- echo rules ---


def test_metadata_comes_back_as_strings_and_the_provider_in_lower_case(client):
    reply, _ = client.put(metadata={"n": 3, "q": True, "s": "x", "d": {"a": [1]}}, providerId="IonQ")
    assert reply.json["metadata"] == {"n": "3", "q": "true", "s": "x", "d": '{"a":[1]}'}
    assert reply.json["providerId"] == "ionq"
    assert reply.json["tags"] == []
    assert client.put()[0].json["metadata"] is None


def test_addresses_carry_signatures_in_one_jobs_reply_only(client):
    reply, job_id = client.put(name="Job 1")
    listed = client.get("jobs").json["value"][0]
    for shown in (reply.json, listed):
        assert not any("sig=" in shown[name] for name in ("containerUri", "inputDataUri", "outputDataUri"))
        assert ":443/" in shown["outputDataUri"]
    job = client.job(job_id)
    assert "sr=c&sp=rl" in job["containerUri"]
    assert f"rscd=attachment%3B+filename%3DJob%2B1-{job_id}.input.json" in job["inputDataUri"]
    assert "sr=b&sp=r&" in job["outputDataUri"]


def test_times_have_the_recorded_forms(client):
    job_id = client.submit()
    job = client.done(job_id)
    listed = client.get("jobs").json["value"][0]
    assert job["creationTime"].endswith("0+00:00")
    assert listed["creationTime"].endswith("0Z")
    assert job["beginExecutionTime"].endswith("Z")
    assert client.session(client.open())["creationTime"].endswith("Z")


def test_the_name_of_the_output_says_whether_it_was_translated(client):
    job = client.done(client.submit())
    assert "/rawOutputData?" in job["outputDataUri"]
    qir = b'define void @m() #0 {\n  call void @__quantum__qis__mz__body(ptr null, ptr null)\n  ret void\n}\nattributes #0 = { "entry_point" }\n'  # noqa: E501
    job = client.done(client.submit(qir, input_format="qir.v1"))
    assert "/outputData?" in job["outputDataUri"]


# --- change, cancel, delete ---


def test_patch_changes_what_it_names_and_nothing_else(client):
    job_id = client.submit(name="old", tags=["a"])
    reply = client.call("PATCH", f"jobs/{job_id}", {"name": "new", "tags": ["b", "c"]})
    assert reply.json == {"id": job_id, "name": "new", "priority": None, "tags": ["b", "c"]}
    reply = client.call("PATCH", f"jobs/{job_id}", {"priority": "high"})
    assert reply.json == {"id": job_id, "name": "new", "priority": "High", "tags": ["b", "c"]}
    assert client.call("PATCH", f"jobs/{job_id}", {"tags": None}).json["tags"] == []
    assert client.call("PATCH", f"jobs/{job_id}", {"name": None}).status == 400


def test_cancel_ends_a_waiting_job_at_once_and_leaves_a_terminal_one_alone(client, service):
    service.dispatcher.paused = True
    job_id = client.submit()
    reply = client.call("POST", f"jobs/{job_id}:cancel")
    assert (reply.status, reply.json["status"]) == (200, "Cancelled")
    assert reply.json["cancellationTime"] is not None
    service.dispatcher.paused = False
    done = client.done(client.submit())
    again = client.call("POST", f"jobs/{done['id']}:cancel")
    assert (again.status, again.json["status"]) == (200, "Succeeded")


def test_delete_forgets_a_job_and_its_blobs(client):
    job = client.done(client.submit())
    reply = client.call("DELETE", f"jobs/{job['id']}")
    assert (reply.status, reply.body) == (204, b"")
    assert client.get(f"jobs/{job['id']}").status == 404
    assert client.send("GET", job["outputDataUri"]).status == 404


# --- discovery, quotas, status ---


def test_provider_status_tells_widths_and_profiles(client):
    reply = client.get("providerStatus").json
    assert reply["nextLink"] is None
    targets = {target["id"]: target for provider in reply["value"] for target in provider["targets"]}
    assert targets["ionq.simulator"]["numQubits"] == 29
    assert targets["quantinuum.sim.h2-1e"]["targetProfile"] == "Adaptive_RI"
    assert targets["ionq.simulator"]["statusPage"] == "https://status.ionq.co"
    assert set(targets["pasqal.sim.emu-sv"]) >= {"id", "currentAvailability", "averageQueueTime", "statusPage"}
    assert {"ionq", "quantinuum", "rigetti", "pasqal"} <= {provider["id"] for provider in reply["value"]}


def test_quotas_have_the_recorded_members(client):
    quota = client.get("quotas").json["value"][0]
    assert set(quota) == {"dimension", "scope", "providerId", "utilization", "holds", "limit", "period"}


def test_quota_usages_tell_how_long_targets_worked(client):
    client.run()
    usage = client.get("quotaUsages?providerId=ionq").json["value"][0]
    assert usage["targetId"] == "ionq.simulator"
    assert client.get("quotaUsages?providerId=rigetti").json["value"] == []
    url = f"{client.base.split('/resourceGroups')[0]}/providers/Microsoft.Quantum/suiteOffers/ionq/"
    assert client.send("GET", url + "quotaUsages", headers=client.headers).json["value"] == [usage]
    assert client.send("GET", url + "providerStatus", headers=client.headers).json["id"] == "ionq"


def test_the_resource_manager_says_where_the_workspace_is(client, service):
    own = service.connection
    url = client.base.replace(own.endpoint, "https://management.azure.com/") + "?api-version=2025-12-15-preview"
    reply = client.send("GET", url, headers={"Authorization": "Bearer any"})
    assert reply.json["location"] == "eastus"
    assert reply.json["properties"]["endpointUri"] == own.endpoint.rstrip("/")
    assert client.send("GET", url).status == 401
    other = url.replace(own.subscription_id, "00000000-0000-0000-0000-000000000000")
    assert client.send("GET", other, headers={"Authorization": "Bearer any"}).code == "SubscriptionNotFound"


def test_the_resource_graph_finds_the_workspace_by_name(client, service):
    url = "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"

    def rows(name):
        query = f"Resources\n| where type =~ 'microsoft.quantum/workspaces'\n| where name =~ '{name}'\n| project name"
        body = json.dumps({"query": query}).encode()
        return client.send("POST", url, body, {"Authorization": "Bearer any"}).json

    found = rows("LOCAL-workspace")
    assert found["count"] == found["totalRecords"] == 1
    assert found["data"][0]["subscriptionId"] == service.connection.subscription_id
    assert set(found["data"][0]) == {
        "name",
        "subscriptionId",
        "resourceGroup",
        "location",
        "endpointUri",
        "workspaceKind",
    }
    assert rows("other")["data"] == []


def test_a_question_without_a_token_tells_the_tenant(client, service):
    url = f"https://management.azure.com/subscriptions/{service.connection.subscription_id}?api-version=2018-01-01"
    reply = client.send("GET", url)
    assert reply.status == 401
    assert "authorization_uri=" in reply.headers["www-authenticate"]


# --- lists ---


@pytest.fixture
def many(client, service):
    """Five jobs and a session, a day apart."""
    from datetime import UTC, datetime

    service.clock.advance((datetime(2030, 1, 1, tzinfo=UTC) - service.clock.now()).total_seconds())
    for number, (name, payload, target) in enumerate([
        ("alpha", BELL, "ionq.simulator"), ("beta", BAD, "ionq.simulator"), ("Alphabet", BELL, "ionq.qpu.aria-1"),
        ("it's", BELL, "ionq.simulator"), ("gamma", BAD, "ionq.simulator"),
    ]):  # fmt: skip
        service.clock.advance(86_400 if number else 0)
        client.done(client.submit(payload, target, name=name))
    client.open()
    return client


def names(client, path):
    return [item["name"] for item in client.get(path).json["value"]]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("startswith(Name, 'alpha')", ["alpha"]),
        ("State eq 'failed'", ["beta", "gamma"]),
        ("(State eq 'Failed' or State eq 'Cancelled') and startswith(Name,'g')", ["gamma"]),
        ("not State eq 'Failed'", ["alpha", "Alphabet", "it's"]),
        ("Name eq 'it''s'", ["it's"]),
        ("(Target eq 'ionq.qpu.aria-1')", ["Alphabet"]),
        ("(ProviderId eq 'IONQ') and CreationTime ge 2030-01-04", ["it's", "gamma"]),
        ("CreationTime le 2030-01-02", ["alpha", "beta"]),
        ("CreationTime lt 2030-01-02T00:00:00Z", ["alpha"]),
        ("creationtime gt 2030-01-04T00:00:00.0000000+00:00", ["gamma"]),
        ("(JobType eq 'QuantumComputing') and (ItemType eq 'job') and State ne 'Succeeded'", ["beta", "gamma"]),
        ("Name gt 'a' and Name lt 'b'", ["alpha"]),
    ],
)
def test_filters_find_what_they_say(many, condition, expected):
    assert names(many, f"jobs?filter={condition.replace(' ', '%20')}") == expected
    assert names(many, f"jobs?filter={condition.replace(' ', '+')}") == expected


@pytest.mark.parametrize(
    ("condition", "where"),
    [
        ("Name", "position 4"), ("Name eq", "position 7"), ("Nome eq 'a'", "position 0"), ("Name is 'a'", "position 5"),
        ("(Name eq 'a'", "position 12"), ("Name eq 'a' or", "position 14"),
        ("CreationTime ge yesterday", "position 16"),
        ("Name eq 'a", "position 8"), ("Name eq 'a')", "position 11"), ("CreationTime ge 2030-13-01", "position 16"),
        ("Name eq 'a'; drop table items", "position 11"), ("startswith(Name 'a')", "position 16"), ("(" * 200, "deep"),
    ],
)  # fmt: skip
def test_a_filter_that_breaks_the_grammar_is_told_where(client, condition, where):
    reply = client.get(f"jobs?filter={condition.replace(' ', '%20')}")
    assert (reply.status, reply.code) == (400, "InvalidQueryParameter")
    assert where in reply.json["error"]["message"]


@pytest.mark.parametrize("name", ["Name", "ItemType", "JobType", "ProviderId", "Target", "State", "CreationTime"])
def test_every_order_can_be_asked_for_and_reversed(many, name):
    up, down = names(many, f"jobs?orderby={name}%20asc"), names(many, f"jobs?orderby={name}%20desc")
    assert len(up) == 5
    assert down == list(reversed(up))
    assert names(many, f"jobs?orderby={name}") == up


def test_the_default_order_is_that_of_creation(many):
    assert names(many, "jobs") == ["alpha", "beta", "Alphabet", "it's", "gamma"]


def test_an_order_that_is_none_is_refused(client):
    for text in ("Cost", "Name up", "Name,,", "Name asc desc"):
        assert client.get(f"jobs?orderby={text.replace(' ', '%20')}").status == 400


def test_pages_link_to_the_next_and_together_hold_everything(many):
    seen, path = [], "jobs?filter=not%20Name%20eq%20'x'&orderby=Name%20desc&top=2"
    reply = many.get(path).json
    while True:
        seen += [item["name"] for item in reply["value"]]
        if reply["nextLink"] is None:
            break
        order = [part.partition("=")[0] for part in reply["nextLink"].partition("?")[2].split("&")]
        assert order == ["filter", "orderby", "top", "skip", "api-version"]
        assert "%20" in reply["nextLink"]
        assert "+" not in reply["nextLink"]
        reply = many.send("GET", reply["nextLink"], headers=many.headers).json
    assert seen == ["it's", "gamma", "beta", "alpha", "Alphabet"]


def test_skip_top_and_their_limits(many):
    assert names(many, "jobs?skip=3&top=1") == ["it's"]
    assert names(many, "jobs?skip=99") == []
    assert names(many, "jobs?top=0") == []
    for text in ("-1", "x", "1.5", "9" * 30, "0" * 13 + "9" * 5000, "٣"):
        assert many.get(f"jobs?top={text}").status == 400


def test_top_level_items_take_filters_over_both_kinds(many):
    assert len(names(many, "topLevelItems")) == 6
    assert len(names(many, "topLevelItems?filter=(ItemType%20eq%20'Session')")) == 1
    assert names(many, "sessions?filter=State%20eq%20'Waiting'") == names(many, "sessions")


# --- targets ---


def test_targets_are_added_and_changed_from_python_and_toml(tmp_path):
    file = tmp_path / "targets.toml"
    file.write_text(
        '[[target]]\nid = "acme.sim.tiny"\nnum_qubits = 1\n[[target]]\nid = "ionq.simulator"\nmax_shots = 7\n'
    )
    with LocalWorkspace(targets=file, clock=ManualClock()) as service:
        client = Client(service)
        assert service.targets["acme.sim.tiny"].num_qubits == 1
        assert "7" in client.failure(params={"shots": 8})["message"]
        assert service.targets["ionq.simulator"].num_qubits == 29
    with LocalWorkspace(targets=[LocalTarget("acme.sim.other", provider_id="Acme")]) as service:
        reply = Client(service).get("providerStatus").json["value"]
        assert "acme" in {provider["id"] for provider in reply}


@pytest.mark.parametrize(
    "text", ["[[target]]\nnum_qubits = 1", '[[target]]\nid = "a"\ncolour = 1', "[[target", '[[target]]\nid = "../a"']
)
def test_a_target_file_that_is_wrong_is_an_error(tmp_path, text):
    from qsession_core.errors import ConfigurationError

    file = tmp_path / "targets.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError):
        LocalWorkspace(targets=file)


def test_a_closed_workspace_says_so(service):
    from qsession_core.errors import ConfigurationError

    service.close()
    service.close()
    with pytest.raises(ConfigurationError, match="closed"):
        service.handle(Request("GET", service.connection.endpoint))


def test_a_star_in_a_path_is_no_route():
    with LocalWorkspace(clock=ManualClock()) as service:
        assert Client(service).get("suiteOffers/*/providerStatus").status == 404


def test_an_input_in_another_container_than_the_jobs_is_refused(client):
    elsewhere = client.container(str(uuid.uuid1()))
    client.upload(elsewhere, b"{}")
    reply, _ = client.put(BELL, inputDataUri=f"{elsewhere.split('?')[0]}/inputData")
    assert (reply.status, reply.code) == (400, "InvalidJobDefinition")
    assert "inputDataUri" in reply.json["error"]["message"]
