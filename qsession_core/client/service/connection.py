"""The ids and the endpoint of a workspace: resource ids, connection strings. Source: docs/protocol.md 1.1, 1.2."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from qsession_core.errors import ConfigurationError
from qsession_core.transport import is_loopback

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["API_VERSION", "DRAFT_API_VERSION", "Connection", "parse_connection_string", "parse_resource_id"]

API_VERSION = "2026-01-15-preview"
# The first with queue positions and resuming; a draft. Source: docs/protocol.md 1.7
DRAFT_API_VERSION = "2026-08-01-preview"

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_RESOURCE_ID = re.compile(
    rf"/subscriptions/({_GUID})/resourceGroups/([^\s/]+)/providers/Microsoft\.Quantum/Workspaces/([^\s/]+)/?",
    re.IGNORECASE,
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\\]*")
_LOCATION = re.compile(r"(?:[^.]+\.)?([a-z0-9]+?)(?:-v2)?\.quantum(?:-test)?\.azure\.com", re.IGNORECASE)


class Connection(msgspec.Struct, frozen=True):
    """The ids and the endpoint of a workspace, checked already.

    Attributes:
        subscription_id: A GUID.
        resource_group: Its name.
        name: The workspace's name.
        location: The region, such as ``"eastus"``; empty if unknown.
        endpoint: Base URL without a trailing slash.
        api_version: The ``api-version`` of each call.
        allow_http: Hosts to which programs, results and keys may go unencrypted, besides those of this machine.
    """

    subscription_id: str
    resource_group: str
    name: str
    location: str
    endpoint: str
    api_version: str = API_VERSION
    allow_http: tuple[str, ...] = ()

    @property
    def resource_id(self) -> str:
        """The workspace's resource id."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Quantum/Workspaces/{self.name}"
        )

    @property
    def url(self) -> str:
        """The URL that all calls of the workspace start with."""
        return (
            f"{self.endpoint}/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Quantum/workspaces/{self.name}"
        )


@dataclass(frozen=True, slots=True)
class PartialConnection:
    """What is known of a workspace so far; unknown members are empty.

    Attributes:
        fingerprint: The SHA-256 of the certificate that the endpoint must have, in hexadecimal digits.
    """

    subscription_id: str = ""
    resource_group: str = ""
    name: str = ""
    location: str = ""
    endpoint: str = ""
    api_key: str = field(default="", repr=False)
    tenant_id: str = ""
    allow_http: tuple[str, ...] = ()
    fingerprint: str = ""


def parse_resource_id(text: str) -> PartialConnection:
    """Parse a resource id, in any letter case, with or without a trailing slash.

    Raises:
        ConfigurationError: It is not a resource id.
    """
    found = _RESOURCE_ID.fullmatch(text.strip())
    if found is None:
        raise ConfigurationError(
            "This is not the resource id of a workspace (it is not shown, since it may hold a key). It reads "
            "/subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.Quantum/Workspaces/<name>; the portal "
            "shows it on the workspace's overview."
        )
    subscription_id, group, name = found.groups()
    return PartialConnection(subscription_id, group, name)


def parse_connection_string(text: str) -> PartialConnection:
    """Parse a connection string: keys in any order and letter case, trailing ``;`` and ``/`` optional.

    Raises:
        ConfigurationError: Something is missing or wrong; everything is listed, no secret is shown.
    """
    pairs = {}
    problems = []
    for part in text.split(";"):
        key, equals, value = part.strip().partition("=")
        if equals:
            pairs[key.strip().lower()] = value.strip()
        elif part.strip():
            problems.append("a part without '='")
    names = {"subscriptionid": "SubscriptionId", "resourcegroupname": "ResourceGroupName",
             "workspacename": "WorkspaceName", "quantumendpoint": "QuantumEndpoint"}  # fmt: skip
    problems += [f"{name} is missing" for key, name in names.items() if not pairs.get(key)]
    if pairs.get("subscriptionid") and not re.fullmatch(_GUID, pairs["subscriptionid"]):
        problems.append("SubscriptionId is not a GUID")
    endpoint = pairs.get("quantumendpoint", "")
    allow_http = tuple(host.strip() for host in pairs.get("allowhttp", "").split(",") if host.strip())
    if endpoint:
        problems += endpoint_problems(endpoint, allow_http)
    fingerprint = pairs.get("tlsfingerprint", "").replace(":", "").lower()
    if fingerprint and not _SHA256.fullmatch(fingerprint):
        problems.append("TlsFingerprint is not the SHA-256 of a certificate, 64 hexadecimal digits")
    if problems:
        raise ConfigurationError(
            f"The connection string cannot be used: {', '.join(problems)}. It reads SubscriptionId=...;"
            "ResourceGroupName=...;WorkspaceName=...;ApiKey=...;QuantumEndpoint=https://<region>.quantum.azure.com/;"
        )
    return PartialConnection(
        pairs["subscriptionid"],
        pairs["resourcegroupname"],
        pairs["workspacename"],
        location_of(endpoint),
        endpoint.rstrip("/"),
        pairs.get("apikey", ""),
        pairs.get("tenantid", ""),
        allow_http,
        fingerprint,
    )


def endpoint_problems(endpoint: str, allow_http: Collection[str] = ()) -> list[str]:
    """Return what is wrong with an endpoint: secrets may be sent over https, or over http on loopback.

    What is before an ``@`` looks like a host and is none, and libraries drop line ends; so neither is taken.

    Args:
        endpoint: A URL.
        allow_http: Further hosts for http, each named by the caller.
    """
    if not _PRINTABLE.fullmatch(endpoint):
        return ["the endpoint has line ends or other characters that a URL cannot have"]
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ["the endpoint is not a URL"]
    if "@" in parts.netloc or " " in parts.netloc:
        return ["the endpoint has a space, or a user name before its host"]
    if parts.scheme == "https" and host:
        return []
    if parts.scheme == "http" and (is_loopback(endpoint) or host in {name.lower() for name in allow_http}):
        return []
    return ["the endpoint must start with https:// (http:// only on loopback, or to a host that AllowHttp= names)"]


def location_of(endpoint: str) -> str:
    """Return the region in an endpoint; empty if there is none.

    >>> location_of("https://myworkspace.westus.quantum.azure.com/"), location_of("https://eastus-v2.quantum.azure.com")
    ('westus', 'eastus')
    """
    found = _LOCATION.fullmatch(urlsplit(endpoint).hostname or "")
    return found[1].lower() if found else ""
