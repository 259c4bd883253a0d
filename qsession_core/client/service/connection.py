"""Which workspace, and where: resource ids, connection strings, endpoints."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from qsession_core.errors import ConfigurationError

__all__ = ["API_VERSION", "Connection", "parse_connection_string", "parse_resource_id"]

API_VERSION = "2026-01-15-preview"

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_RESOURCE_ID = re.compile(
    rf"/subscriptions/({_GUID})/resourceGroups/([^\s/]+)/providers/Microsoft\.Quantum/Workspaces/([^\s/]+)/?",
    re.IGNORECASE,
)
_LOCATION = re.compile(r"(?:[^.]+\.)?([a-z0-9]+?)(?:-v2)?\.quantum(?:-test)?\.azure\.com", re.IGNORECASE)
_LOOPBACK = re.compile(r"127(\.\d+){3}|localhost|\[?::1\]?")


@dataclass(frozen=True, slots=True)
class Connection:
    """A workspace's address. Whoever builds one has checked it.

    Attributes:
        subscription_id: A GUID.
        resource_group: Its name.
        name: The workspace's name.
        location: The region, such as ``"eastus"``; empty where nobody knows it.
        endpoint: Base URL without a slash at its end.
        api_version: The ``api-version`` of each call.
    """

    subscription_id: str
    resource_group: str
    name: str
    location: str
    endpoint: str
    api_version: str = API_VERSION

    @property
    def resource_id(self) -> str:
        """The workspace's resource id."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Quantum/Workspaces/{self.name}"
        )

    @property
    def url(self) -> str:
        """What the addresses of the workspace's calls start with."""
        return (
            f"{self.endpoint}/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Quantum/workspaces/{self.name}"
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """What is known of a workspace so far; empty texts for what is not."""

    subscription_id: str = ""
    resource_group: str = ""
    name: str = ""
    location: str = ""
    endpoint: str = ""
    api_key: str = field(default="", repr=False)


def parse_resource_id(text: str) -> Parts:
    """Read a resource id; letter case and a slash at its end do not matter.

    Raises:
        ConfigurationError: It is none.
    """
    found = _RESOURCE_ID.fullmatch(text.strip())
    if found is None:
        raise ConfigurationError(
            "This is no resource id of a workspace (it is not shown, since it may hold a key). It reads "
            "/subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.Quantum/Workspaces/<name>; the portal "
            "shows it on the workspace's overview."
        )
    return Parts(*found.groups())


def parse_connection_string(text: str) -> Parts:
    """Read a connection string: keys in any order and letter case, ``;`` and ``/`` at the end optional.

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
        problems.append("SubscriptionId is no GUID")
    endpoint = pairs.get("quantumendpoint", "")
    if endpoint:
        problems += endpoint_problems(endpoint)
    if problems:
        raise ConfigurationError(
            f"The connection string cannot be used: {', '.join(problems)}. It reads SubscriptionId=...;"
            "ResourceGroupName=...;WorkspaceName=...;ApiKey=...;QuantumEndpoint=https://<region>.quantum.azure.com/;"
        )
    return Parts(
        pairs["subscriptionid"],
        pairs["resourcegroupname"],
        pairs["workspacename"],
        location_of(endpoint),
        endpoint.rstrip("/"),
        pairs.get("apikey", ""),
    )


def endpoint_problems(endpoint: str) -> list[str]:
    """Say what is wrong with an endpoint: nothing, or that a secret would travel in the open."""
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ["the endpoint is no URL"]
    if parts.scheme == "https" and host:
        return []
    if parts.scheme == "http" and _LOOPBACK.fullmatch(host):
        return []
    return ["the endpoint must start with https:// (http:// only on loopback)"]


def location_of(endpoint: str) -> str:
    """Return the region that an endpoint names, if it names one.

    >>> location_of("https://myworkspace.westus.quantum.azure.com/"), location_of("https://eastus-v2.quantum.azure.com")
    ('westus', 'eastus')
    """
    found = _LOCATION.fullmatch(urlsplit(endpoint).hostname or "")
    return found[1].lower() if found else ""
