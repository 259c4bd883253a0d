"""Finding a workspace's endpoint: Azure's resource manager, or its resource graph where only the name is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from qsession_core.client.service.connection import Parts, location_of
from qsession_core.client.service.rest import service_error
from qsession_core.errors import ConfigurationError, NotFoundError, TransportError
from qsession_core.transport import Request

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


def find_workspace(
    known: Parts, transport: Transport, authentication: Authentication, clock: Clock, arm_endpoint: str = ARM_ENDPOINT
) -> Parts:
    """Complete what is known of a workspace.

    Args:
        known: At least its name; with subscription and resource group it is one resource, else it is searched for.
        transport: What carries the calls.
        authentication: For the resource manager, not for the workspace.
        clock: For answers that name a date.
        arm_endpoint: Where the resource manager is.

    Raises:
        ConfigurationError: There is none, or more than one, or it tells no endpoint.
        ServiceError: The resource manager said no.
    """
    if not known.name:
        raise ConfigurationError(
            "Which workspace? Pass resource_id=..., or subscription_id, resource_group and name; or set "
            "AZURE_QUANTUM_CONNECTION_STRING; or use Workspace.local()."
        )
    if known.subscription_id and known.resource_group:
        return _by_resource(known, transport, authentication, clock, arm_endpoint)
    return _by_search(known, transport, authentication, clock, arm_endpoint)


def _call(request: Request, transport: Transport, clock: Clock) -> bytes:
    response = transport.send(request)
    if response.status >= 300:  # noqa: PLR2004 - HTTP's border between yes and no
        raise service_error(request, response, clock.now())
    return response.body


def _read(request: Request, body: bytes, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.MsgspecError as error:
        raise TransportError(
            f"The answer to {request} cannot be read: {error}. Something between here and Azure's resource manager "
            "may have cut or replaced it; try again.",
            request=str(request),
        ) from error


def _by_resource(
    known: Parts, transport: Transport, authentication: Authentication, clock: Clock, arm_endpoint: str
) -> Parts:
    url = (
        f"{arm_endpoint.rstrip('/')}/subscriptions/{known.subscription_id}/resourceGroups/{known.resource_group}"
        f"/providers/Microsoft.Quantum/workspaces/{known.name}?api-version={_ARM_VERSION}"
    )
    request = Request("GET", url, {"Accept": "application/json", **authentication.headers()})
    try:
        resource = _read(request, _call(request, transport, clock), _Resource)
    except NotFoundError as error:
        raise ConfigurationError(
            f"There is no workspace {known.name!r} in resource group {known.resource_group!r} of subscription "
            f"{known.subscription_id}, or this credential may not see it. Check the three names."
        ) from error
    properties = resource.properties or _Properties()
    return _completed(known, known, resource.location, properties.endpoint_uri, properties.workspace_kind)


def _by_search(
    known: Parts, transport: Transport, authentication: Authentication, clock: Clock, arm_endpoint: str
) -> Parts:
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
    url = f"{arm_endpoint.rstrip('/')}/providers/Microsoft.ResourceGraph/resources?api-version={_GRAPH_VERSION}"
    headers = {"Accept": "application/json", "Content-Type": "application/json", **authentication.headers()}
    request = Request("POST", url, headers, msgspec.json.encode(body))
    rows = _read(request, _call(request, transport, clock), _Rows).data
    if len(rows) != 1:
        found = ", ".join(f"{row.resource_group} in {row.subscription_id}" for row in rows) or "none"
        raise ConfigurationError(
            f"{len(rows)} workspaces are called {known.name!r} ({found}). Pass subscription_id and resource_group too."
        )
    (row,) = rows
    parts = Parts(row.subscription_id, row.resource_group, row.name)
    return _completed(parts, known, row.location, row.endpoint_uri, row.workspace_kind)


def _completed(parts: Parts, known: Parts, location: str | None, endpoint: str | None, kind: str | None) -> Parts:
    location = known.location or location or location_of(endpoint or "")
    if not endpoint and location:
        endpoint = f"https://{location}{'-v2' if kind == 'V2' else ''}.quantum.azure.com"
    if not endpoint:
        raise ConfigurationError(
            f"Workspace {known.name!r} tells neither endpoint nor location. Pass location=..., such as 'eastus'."
        )
    return Parts(parts.subscription_id, parts.resource_group, parts.name, location, endpoint.rstrip("/"), known.api_key)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
