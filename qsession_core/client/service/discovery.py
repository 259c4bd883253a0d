"""Finding a workspace's endpoint by Azure's resource manager, or by its resource graph if only the name is known.

Source: docs/protocol.md 1.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import msgspec

from qsession_core.client.service.connection import PartialConnection, location_of
from qsession_core.client.service.models import UNREADABLE
from qsession_core.client.service.rest import service_error
from qsession_core.decoding import read_json
from qsession_core.errors import ConfigurationError, NotFoundError, TransportError
from qsession_core.transport import Request
from qsession_core.transport.auth import AuthenticatedTransport

if TYPE_CHECKING:
    from qsession_core.clock import Clock
    from qsession_core.transport import Transport
    from qsession_core.transport.auth import Authentication

__all__ = ["ARM_ENDPOINT", "ARM_SCOPE", "find_workspace"]

T = TypeVar("T")
ARM_ENDPOINT = "https://management.azure.com"
ARM_SCOPE = "https://management.azure.com/.default"
_ARM_VERSION = "2025-12-15-preview"
_GRAPH_VERSION = "2021-03-01"


class _Properties(msgspec.Struct, rename="camel"):
    endpoint_uri: str | None = None
    workspace_kind: str | None = None


class _Resource(msgspec.Struct, rename="camel"):
    location: str | None = None
    properties: _Properties | None = None


class _Row(msgspec.Struct, rename="camel"):
    name: str = ""
    subscription_id: str = ""
    resource_group: str = ""
    location: str = ""
    endpoint_uri: str | None = None
    workspace_kind: str | None = None


class _Rows(msgspec.Struct):
    data: list[_Row]


class _ResourceManager(msgspec.Struct, frozen=True):
    """Calls Azure's resource manager."""

    transport: Transport
    clock: Clock
    endpoint: str

    def call(self, method: str, path: str, type_: type[T], body: object = None) -> T:
        """Make one call and return its answer, parsed."""
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = b"" if body is None else msgspec.json.encode(body)
        request = Request(method, f"{self.endpoint.rstrip('/')}{path}", headers, data)
        response = self.transport.send(request)
        if response.status >= 300:  # noqa: PLR2004 - HTTP's errors start here
            raise service_error(request, response, self.clock.now())
        try:
            return read_json(response.body, type_)
        except UNREADABLE as error:
            raise TransportError(
                f"The answer to {request} cannot be read: {error}. Something between here and Azure's resource manager "
                "may have cut or replaced it; try again.",
                request=str(request),
            ) from error


def find_workspace(
    known: PartialConnection,
    transport: Transport,
    authentication: Authentication,
    clock: Clock,
    arm_endpoint: str = ARM_ENDPOINT,
) -> PartialConnection:
    """Complete what is known of a workspace.

    Args:
        known: At least its name. It is fetched if subscription and resource group are known, else searched for.
        transport: Sends the calls.
        authentication: For the resource manager, not for the workspace.
        clock: For answers that name a date.
        arm_endpoint: The resource manager's base URL.

    Raises:
        ConfigurationError: There is none, or more than one, or its endpoint is unknown.
        ServiceError: The resource manager refused.
    """
    if not known.name:
        raise ConfigurationError(
            "Which workspace? Pass resource_id=..., or subscription_id, resource_group and name; or set "
            "AZURE_QUANTUM_CONNECTION_STRING; or use Workspace.local()."
        )
    manager = _ResourceManager(AuthenticatedTransport(transport, authentication), clock, arm_endpoint)
    return (_fetched if known.subscription_id and known.resource_group else _searched)(known, manager)


def _fetched(known: PartialConnection, manager: _ResourceManager) -> PartialConnection:
    path = (
        f"/subscriptions/{known.subscription_id}/resourceGroups/{known.resource_group}"
        f"/providers/Microsoft.Quantum/workspaces/{known.name}?api-version={_ARM_VERSION}"
    )
    try:
        resource = manager.call("GET", path, _Resource)
    except NotFoundError as error:
        raise ConfigurationError(
            f"There is no workspace {known.name!r} in resource group {known.resource_group!r} of subscription "
            f"{known.subscription_id}, or this credential may not see it. Check the three names."
        ) from error
    properties = resource.properties or _Properties()
    return _completed(known, resource.location, properties.endpoint_uri, properties.workspace_kind)


def _searched(known: PartialConnection, manager: _ResourceManager) -> PartialConnection:
    conditions = [f"name =~ {_quoted(known.name)}"]
    if known.resource_group:
        conditions.append(f"resourceGroup =~ {_quoted(known.resource_group)}")
    if known.location:
        conditions.append(f"location =~ {_quoted(known.location)}")
    query = (
        "Resources | where type =~ 'microsoft.quantum/workspaces' | where "
        + " and ".join(conditions)
        + " | project name, subscriptionId, resourceGroup, location, endpointUri = tostring(properties.endpointUri), "
        "workspaceKind = tostring(properties.workspaceKind)"
    )
    body: dict[str, object] = {"query": query}
    if known.subscription_id:
        body["subscriptions"] = [known.subscription_id]
    path = f"/providers/Microsoft.ResourceGraph/resources?api-version={_GRAPH_VERSION}"
    rows = manager.call("POST", path, _Rows, body).data
    if len(rows) != 1:
        found = ", ".join(f"{row.resource_group} in {row.subscription_id}" for row in rows) or "none"
        raise ConfigurationError(
            f"{len(rows)} workspaces are called {known.name!r} ({found}). Pass subscription_id and resource_group too."
        )
    (row,) = rows
    named = replace(known, subscription_id=row.subscription_id, resource_group=row.resource_group, name=row.name)
    return _completed(named, row.location, row.endpoint_uri, row.workspace_kind)


def _completed(
    known: PartialConnection, location: str | None, endpoint: str | None, kind: str | None
) -> PartialConnection:
    location = known.location or location or location_of(endpoint or "")
    if not endpoint and location:
        endpoint = f"https://{location}{'-v2' if kind == 'V2' else ''}.quantum.azure.com"
    if not endpoint:
        raise ConfigurationError(
            f"Workspace {known.name!r} has neither endpoint nor location. Pass location=..., such as 'eastus'."
        )
    return replace(known, location=location, endpoint=endpoint.rstrip("/"))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
