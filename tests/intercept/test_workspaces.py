"""Azure Quantum as one run sees it."""

from __future__ import annotations

import json

import pytest

from qsession_core.clock import ManualClock
from qsession_core.errors import ConfigurationError
from qsession_core.intercept.environment import connection_string
from qsession_core.intercept.workspaces import Workspaces, default_names
from qsession_core.transport.message import Request

SUBSCRIPTION = "5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Quantum/Workspaces"
KEY = {"X-Ms-Quantum-Api-Key": "whatever"}
VERSION = "api-version=2026-01-15-preview"


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def azure(clock):
    with Workspaces(None, default_names(("", "", "", "")), seed=1, clock=clock) as made:
        yield made


def call(azure, method, url, headers=KEY, body=None):
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = azure.handle(Request(method, url, headers, data))
    return answer.status, json.loads(answer.body) if answer.body[:1] in {b"{", b"["} else answer.body


def token(azure, scope):
    url = f"https://login.microsoftonline.com/{azure.login.tenant}/oauth2/v2.0/token"
    form = f"grant_type=client_credentials&client_id=a&client_secret=b&scope={scope}".encode()
    status, answer = call(azure, "POST", url, {}, form)
    assert status == 200
    return {"Authorization": f"Bearer {answer['access_token']}"}


def test_a_workspace_is_made_when_it_is_first_named_and_shares_nothing_with_others(azure):
    for name in ("one", "Two"):
        status, answer = call(
            azure,
            "PUT",
            f"https://westus.quantum.azure.com{GROUP}/{name}/sessions/{SUBSCRIPTION}?{VERSION}",
            body={"id": SUBSCRIPTION, "name": name, "providerId": "ionq", "target": "ionq.simulator"},
        )
        assert (status, answer.get("name")) == (200, name)
    _, listed = call(azure, "GET", f"https://westus.quantum.azure.com{GROUP}/two/sessions?{VERSION}")
    assert [session["name"] for session in listed["value"]] == ["Two"]
    assert [made.connection.name for made in azure.opened()] == ["local-workspace", "one", "Two"]


def test_signed_addresses_lead_to_the_storage_of_their_workspace(azure):
    addresses = []
    for name in ("one", "two"):
        url = f"https://westus.quantum.azure.com{GROUP}/{name}/storage/sasUri?{VERSION}"
        _, answer = call(azure, "POST", url, body={"containerName": "job-1"})
        container, _, query = answer["sasUri"].partition("?")
        assert container.startswith("https://")
        addresses.append((container, query))
    (one, first), (two, second) = addresses
    blob = {"x-ms-blob-type": "BlockBlob"}
    assert call(azure, "PUT", f"{one}/inputData?{first}", blob, b"x")[0] == 201
    assert call(azure, "PUT", f"{two}/inputData?{first}", blob, b"x")[0] == 403
    assert call(azure, "GET", f"{two}/inputData?{second}", {})[0] == 404
    assert call(azure, "GET", "https://another.blob.core.windows.net/job-1/inputData", {})[0] == 404


def test_the_resource_manager_finds_workspaces_by_id_and_by_name(azure):
    bearer = token(azure, "https://management.azure.com/.default")
    status, found = call(azure, "GET", f"https://management.azure.com{GROUP}/one?{VERSION}", bearer)
    assert status == 200
    assert found["properties"]["endpointUri"] == "https://eastus.quantum.azure.com"
    for name, group in (("one", "g"), ("new", "local")):
        query = {"query": f"Resources | where type =~ 'microsoft.quantum/workspaces' | where name =~ '{name}'"}
        url = "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
        _, rows = call(azure, "POST", url, bearer, query)
        assert [(row["name"], row["resourceGroup"]) for row in rows["data"]] == [(name, group)]


def test_subscriptions_and_tenants_are_listed_for_those_who_signed_in(azure):
    bearer = token(azure, "https://management.azure.com/.default")
    answer = azure.handle(Request("GET", f"https://management.azure.com/subscriptions/{SUBSCRIPTION}?{VERSION}"))
    assert answer.status == 401
    assert azure.login.tenant in answer.headers["www-authenticate"]
    for path in (f"/subscriptions/{SUBSCRIPTION}", "/subscriptions", "/tenants"):
        assert call(azure, "GET", f"https://management.azure.com{path}?{VERSION}", bearer)[0] == 200
        assert call(azure, "GET", f"https://management.azure.com{path}?{VERSION}", {})[0] == 401


@pytest.mark.parametrize(
    "headers", [{}, {"x-ms-quantum-api-key": ""}, {"authorization": "Basic x"}, {"authorization": "Bearer "}]
)
def test_a_request_without_a_credential_is_refused_as_the_service_does(azure, headers):
    assert call(azure, "GET", f"https://westus.quantum.azure.com{GROUP}/one/jobs?{VERSION}", headers)[0] == 401


def test_a_token_is_good_for_what_it_was_issued_for_and_for_an_hour(azure, clock):
    url = f"https://westus.quantum.azure.com{GROUP}/one/jobs?{VERSION}"
    assert call(azure, "GET", url, token(azure, "https://management.azure.com/.default"))[0] == 401
    bearer = token(azure, "https://quantum.microsoft.com/.default")
    assert call(azure, "GET", url, bearer)[0] == 200
    assert call(azure, "GET", url, {"Authorization": "Bearer a-token-from-elsewhere"})[0] == 200
    clock.advance(3601)
    assert call(azure, "GET", url, bearer)[0] == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ("grant_type=authorization_code&code=x&scope=https://a/.default", "unsupported_grant_type"),
        ("", "unsupported_grant_type"),
        ("grant_type=client_credentials&client_id=a", "invalid_scope"),
        ("grant_type=client_credentials&scope=openid", "invalid_scope"),
        ("\xff\x00%", "unsupported_grant_type"),
    ],
)
def test_a_sign_in_that_the_run_does_not_have_is_refused_by_name(azure, form, error):
    url = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    status, answer = call(azure, "POST", url, {}, form.encode("latin-1"))
    assert (status, answer["error"]) == (400, error)


def test_the_login_tells_where_it_is(azure):
    base = "https://login.microsoftonline.com"
    _, instance = call(azure, "GET", f"{base}/common/discovery/instance?api-version=1.1", {})
    status, configuration = call(azure, "GET", instance["tenant_discovery_endpoint"], {})
    assert status == 200
    assert configuration["token_endpoint"] == f"{base}/{azure.login.tenant}/oauth2/v2.0/token"
    assert call(azure, "GET", f"{base}/x/y", {})[0] == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/subscriptions/not-a-guid/resourceGroups/g/providers/Microsoft.Quantum/Workspaces/w/jobs", 400),
        (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/a%2F..%2Fb/providers/Microsoft.Quantum/Workspaces/w/jobs", 404),
        (f"{GROUP}/{'x' * 200}/jobs", 404),
        (f"{GROUP}/%00/jobs", 404),
        ("/nothing", 404),
    ],
)
def test_names_that_no_workspace_has_are_refused(azure, path, status):
    assert call(azure, "GET", f"https://westus.quantum.azure.com{path}?{VERSION}")[0] == status
    assert len(azure.opened()) == 1


def test_a_run_holds_so_many_workspaces_and_no_more(azure):
    statuses = [
        call(azure, "GET", f"https://westus.quantum.azure.com{GROUP}/w{number}/quotas?{VERSION}")[0]
        for number in range(50)
    ]
    assert statuses == [200] * 49 + [429]


def test_a_directory_is_used_again_by_its_storages_name(tmp_path):
    names = default_names((SUBSCRIPTION, "g", "mine", "uksouth"))
    with Workspaces(tmp_path, names) as first:
        host = first.default.connection.blob_host
        assert connection_string(first.default.connection).endswith(
            "QuantumEndpoint=https://uksouth.quantum.azure.com/;"
        )
    with Workspaces(tmp_path, default_names(("", "", "", ""))) as second:
        answer = second.handle(Request("GET", f"https://{host}/job-1/inputData"))
        assert answer.status == 403
        assert [made.connection.name for made in second.opened()] == ["local-workspace", "mine"]


def test_a_subscription_that_is_no_guid_is_told():
    with pytest.raises(ConfigurationError, match="not a GUID"):
        default_names(("x", "", "", ""))
