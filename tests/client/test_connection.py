"""Finding a workspace: ids, strings, the environment, Azure's resource manager."""

from __future__ import annotations

import msgspec
import pytest

from qsession_core import Request, Response, Workspace, errors
from qsession_core.client.service.connection import parse_connection_string, parse_resource_id

SUB = "11111111-2222-3333-4444-555555555555"
ID = f"/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.Quantum/Workspaces/ws"
PARTS = {
    "SubscriptionId": SUB,
    "ResourceGroupName": "rg",
    "WorkspaceName": "ws",
    "ApiKey": "k3y==",
    "QuantumEndpoint": "https://eastus.quantum.azure.com/",
}
VARIABLES = (
    "AZURE_QUANTUM_CONNECTION_STRING", "AZURE_QUANTUM_SUBSCRIPTION_ID", "SUBSCRIPTION_ID", "AZURE_QUANTUM_WORKSPACE_RG",
    "RESOURCE_GROUP", "AZURE_QUANTUM_WORKSPACE_NAME", "AZURE_QUANTUM_WORKSPACE_LOCATION", "LOCATION", "QSESSION_LOCAL",
)  # fmt: skip


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def _string(**changes: str | None) -> str:
    return "".join(f"{key}={value};" for key, value in {**PARTS, **changes}.items() if value is not None)


@pytest.mark.parametrize(
    "text",
    [
        _string(),
        _string().rstrip(";"),
        _string().replace("com/;", "com;"),
        _string().lower().replace("k3y==", "k3y=="),
        "; ".join(reversed(_string().rstrip(";").split(";"))),
        _string(QuantumEndpoint="https://ws.eastus.quantum.azure.com/"),
        _string(QuantumEndpoint="https://eastus-v2.quantum.azure.com"),
    ],
)
def test_connection_strings_are_read_in_every_order_and_case(text):
    parts = parse_connection_string(text)
    assert (parts.subscription_id, parts.resource_group, parts.name) == (SUB, "rg", "ws")
    assert parts.api_key == "k3y=="
    assert parts.location == "eastus"
    assert not parts.endpoint.endswith("/")


def test_loopback_may_be_http_and_nothing_else_may():
    assert (
        parse_connection_string(_string(QuantumEndpoint="http://127.0.0.1:8123/")).endpoint == "http://127.0.0.1:8123"
    )
    with pytest.raises(errors.ConfigurationError, match="https://"):
        parse_connection_string(_string(QuantumEndpoint="http://eastus.quantum.azure.com/"))


def test_a_bad_connection_string_lists_everything_and_shows_no_key():
    text = "ApiKey=planted;SubscriptionId=nonsense;QuantumEndpoint=ftp://x;rubbish"
    with pytest.raises(errors.ConfigurationError) as caught:
        parse_connection_string(text)
    message = str(caught.value)
    for part in ("ResourceGroupName is missing", "WorkspaceName is missing", "not a GUID", "https://", "without '='"):
        assert part in message
    assert "planted" not in message


@pytest.mark.parametrize("text", [ID, ID.lower(), ID + "/", f" {ID} "])
def test_resource_ids_are_read_in_every_case(text):
    assert parse_resource_id(text).name == "ws"


@pytest.mark.parametrize("text", ["", "ws", ID.replace(SUB, "1"), ID + "/jobs", ID.replace("Quantum", "Compute")])
def test_what_is_no_resource_id_is_refused(text):
    with pytest.raises(errors.ConfigurationError, match="resource id"):
        parse_resource_id(text)


class Azure:
    """Answers for the resource manager, the resource graph and the service."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        if "ResourceGraph" in request.url:
            return Response(200, {}, msgspec.json.encode(self.answers["graph"]))
        if "management.azure.com" in request.url:
            found = self.answers.get("resource")
            return Response(200, {}, msgspec.json.encode(found)) if found else Response(404)
        return Response(200, {}, b'{"value": []}')

    def close(self) -> None:
        pass


class Credential:
    def get_token(self, *scopes: str):
        from types import SimpleNamespace

        return SimpleNamespace(token=f"for {scopes[0]}", expires_on=9_999_999_999)


def test_the_resource_manager_tells_the_endpoint():
    azure = Azure(resource={"location": "westus", "properties": {"endpointUri": "https://ws.westus.quantum.azure.com"}})
    workspace = Workspace(resource_id=ID, credential=Credential(), transport=azure)
    workspace.get_targets()

    assert workspace.connection.endpoint == "https://ws.westus.quantum.azure.com"
    assert workspace.location == "westus"
    first, second = azure.requests
    assert first.headers["Authorization"] == "Bearer for https://management.azure.com/.default"
    assert second.headers["Authorization"] == "Bearer for https://quantum.microsoft.com/.default"
    assert second.url.startswith(
        f"https://ws.westus.quantum.azure.com/subscriptions/{SUB}/resourceGroups/rg"
        "/providers/Microsoft.Quantum/workspaces/ws/providerStatus?api-version=2026-01-15-preview"
    )


class Key:
    """The shape of azure.core's AzureKeyCredential."""

    key = "k3y"


def test_with_a_key_the_endpoint_is_asked_for_by_azures_own_sign_in(monkeypatch):
    monkeypatch.setattr("qsession_core.connect.workspace.default_credential", Credential)
    azure = Azure(resource={"location": "westus", "properties": {"endpointUri": "https://ws.westus.quantum.azure.com"}})
    Workspace(resource_id=ID, credential=Key(), transport=azure).get_targets()
    first, second = azure.requests
    assert first.headers["Authorization"] == "Bearer for https://management.azure.com/.default"
    assert "k3y" in second.headers.values()


@pytest.mark.parametrize("credential", [object(), 5, lambda: "token", {"key": "k3y"}])
def test_what_is_no_credential_is_refused_before_anything_is_sent(credential):
    azure = Azure()
    with pytest.raises(errors.ConfigurationError, match=r"neither an API key .* get_token"):
        Workspace(resource_id=ID, credential=credential, transport=azure)
    assert azure.requests == []


def test_a_workspace_is_found_by_its_name_alone():
    row = {
        "name": "ws",
        "subscriptionId": SUB,
        "resourceGroup": "rg",
        "location": "eastus",
        "endpointUri": None,
        "workspaceKind": "V2",
    }
    workspace = Workspace(name="ws", credential=Credential(), transport=Azure(graph={"data": [row]}))

    assert workspace.connection.endpoint == "https://eastus-v2.quantum.azure.com"
    assert workspace.subscription_id == SUB


@pytest.mark.parametrize("rows", [0, 2])
def test_no_workspace_or_two_of_a_name_is_an_error(rows):
    row = {"name": "ws", "subscriptionId": SUB, "resourceGroup": "rg", "location": "eastus"}
    with pytest.raises(errors.ConfigurationError, match=f"{rows} workspaces"):
        Workspace(name="ws", credential=Credential(), transport=Azure(graph={"data": [row] * rows}))


def test_an_unknown_workspace_is_a_configuration_error():
    with pytest.raises(errors.ConfigurationError, match="no workspace 'ws'"):
        Workspace(resource_id=ID, credential=Credential(), transport=Azure())


def test_nothing_said_says_what_can_be_said():
    with pytest.raises(errors.ConfigurationError, match=r"Workspace\.local\(\)"):
        Workspace(credential=Credential(), transport=Azure())


def test_the_environments_connection_string_is_used(monkeypatch):
    monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", _string())
    azure = Azure()
    workspace = Workspace(transport=azure)
    workspace.get_targets()

    assert workspace.name == "ws"
    assert azure.requests[0].headers["x-ms-quantum-api-key"] == "k3y=="


def test_single_variables_win_over_the_connection_string(monkeypatch):
    monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", _string())
    monkeypatch.setenv("AZURE_QUANTUM_WORKSPACE_LOCATION", "westeurope")
    assert Workspace(transport=Azure()).location == "westeurope"


def test_the_key_of_one_workspace_is_not_sent_to_another(monkeypatch):
    monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", _string())
    other = ID.replace("/ws", "/other")
    azure = Azure(resource={"location": "westus", "properties": {"endpointUri": "https://westus.quantum.azure.com"}})
    workspace = Workspace(resource_id=other, credential=Credential(), transport=azure)
    workspace.get_targets()

    assert workspace.name == "other"
    assert all("x-ms-quantum-api-key" not in request.headers for request in azure.requests)


def test_the_environment_can_ask_for_a_local_workspace(monkeypatch):
    monkeypatch.setenv("QSESSION_LOCAL", "1")
    with Workspace() as workspace:
        assert workspace.get_target("ionq.simulator").num_qubits == 29


@pytest.mark.parametrize("word", ["0", "false", "No", "off", "", "  "])
def test_a_word_for_no_in_the_environment_makes_no_local_workspace(monkeypatch, tmp_path, word):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QSESSION_LOCAL", word)
    monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", _string())
    assert Workspace(transport=Azure()).service is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("word", ["1", "true", "YES", "On", " 1 "])
def test_a_word_for_yes_in_the_environment_is_no_directory(monkeypatch, tmp_path, word):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QSESSION_LOCAL", word)
    with Workspace() as workspace:
        assert workspace.service is not None
    assert list(tmp_path.iterdir()) == []


def test_any_other_text_in_the_environment_is_the_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("QSESSION_LOCAL", str(tmp_path / "lab"))
    with Workspace() as workspace:
        assert workspace.service.store.directory == tmp_path / "lab"


def test_a_list_that_goes_on_at_another_host_is_not_followed():
    class Elsewhere(Azure):
        def send(self, request: Request) -> Response:
            self.requests.append(request)
            return Response(200, {}, b'{"value": [], "nextLink": "https://evil.example/next"}')

    azure = Elsewhere()
    workspace = Workspace.from_connection_string(_string(), transport=azure)
    with pytest.raises(errors.TransportError, match="another host"):
        workspace.list_jobs()
    assert len(azure.requests) == 1


def test_a_list_that_goes_round_in_circles_is_left():
    class Circle(Azure):
        def send(self, request: Request) -> Response:
            self.requests.append(request)
            return Response(200, {}, b'{"value": [], "nextLink": "https://eastus.quantum.azure.com/next?skip=100"}')

    azure = Circle()
    with pytest.raises(errors.TransportError, match="round in circles"):
        Workspace.from_connection_string(_string(), transport=azure).list_jobs()
    assert len(azure.requests) == 2


def test_secrets_are_in_no_repr_and_no_error():
    workspace = Workspace.from_connection_string(
        _string(ApiKey="planted"), transport=type("No", (Azure,), {"send": lambda self, request: Response(401)})()
    )
    with pytest.raises(errors.AuthenticationError) as caught:
        workspace.get_targets()
    assert "planted" not in repr(workspace) + str(caught.value) + repr(workspace.connection)
    assert "Check the API key" in str(caught.value)
