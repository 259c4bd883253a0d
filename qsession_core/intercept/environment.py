"""The environment of the child, in which Azure Quantum is the run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qsession_core.intercept.hosts import LOGIN, region_of, role_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.intercept.login import Login
    from qsession_core.local.service.addresses import LocalConnection

__all__ = ["connection_string", "for_azure", "names_in", "through"]

# Programs read the names of proxies and certificates in these
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS",
            "GIT_SSL_CAINFO", "DENO_CERT", "HTTPLIB2_CA_CERTS", "CARGO_HTTP_CAINFO")  # fmt: skip
_LOOPBACK = "localhost,127.0.0.1,::1"
# They would lead a program elsewhere, or to credentials of the user's
_REMOVED = (
    "AZURE_AUTHORITY_HOST", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_USERNAME",
    "AZURE_PASSWORD", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_TOKEN_CREDENTIALS", "AZURE_QUANTUM_TOKEN_FILE",
    "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET", "QSESSION_LOCAL",
)  # fmt: skip
_CONNECTION_STRING = "AZURE_QUANTUM_CONNECTION_STRING"
# Part of a connection string -> the variables that say the same and win over it, as in the official client
_NAMES = {
    "subscriptionid": ("AZURE_QUANTUM_SUBSCRIPTION_ID", "SUBSCRIPTION_ID"),
    "resourcegroupname": ("AZURE_QUANTUM_WORKSPACE_RG", "RESOURCE_GROUP"),
    "workspacename": ("AZURE_QUANTUM_WORKSPACE_NAME",),
    "location": ("AZURE_QUANTUM_WORKSPACE_LOCATION", "LOCATION"),
}


def through(environment: Mapping[str, str], proxy: str, certificate: str, bundle: Path) -> dict[str, str]:
    """Return an environment whose programs reach Azure through a proxy and trust its authority.

    Args:
        environment: The one to start from.
        proxy: The proxy's URL.
        certificate: The authority's, in PEM.
        bundle: Written: the authority beside all that the program would trust without it.
    """
    bundle.write_text(certificate + _trusted(environment), encoding="utf-8")
    changed = {name: value for name, value in environment.items() if name.upper() != "NO_PROXY"}
    changed |= dict.fromkeys(_PROXIES, proxy) | dict.fromkeys(_BUNDLES, str(bundle))
    # programs differ in which of the two they read
    return changed | {"NO_PROXY": _LOOPBACK, "no_proxy": _LOOPBACK}


def for_azure(environment: Mapping[str, str], connection: LocalConnection, login: Login) -> dict[str, str]:
    """Return an environment that names a workspace of the run, and the credentials of the run instead of the user's.

    Args:
        environment: The one to start from.
        connection: Of the run's own workspace.
        login: Of the run.
    """
    kept = {name: value for name, value in environment.items() if name.upper() not in _REMOVED}
    return kept | {
        _CONNECTION_STRING: connection_string(connection),
        "AZURE_TENANT_ID": login.tenant,
        "AZURE_CLIENT_ID": login.client,
        "AZURE_CLIENT_SECRET": login.secret,
        "AZURE_AUTHORITY_HOST": f"https://{LOGIN}",
    }


def names_in(environment: Mapping[str, str]) -> tuple[str, str, str, str]:
    """Return subscription, resource group, name and region of the workspace that an environment names; or ""."""
    parts: dict[str, str] = {}
    for part in environment.get(_CONNECTION_STRING, "").split(";"):
        name, _, value = part.partition("=")
        parts[name.strip().lower()] = value.strip()
    host = urlsplit(parts.get("quantumendpoint", "")).hostname or ""
    parts["location"] = region_of(host) if role_of(host) == "service" else ""
    found = [
        next(filter(None, (environment.get(name) for name in variables)), "") or parts.get(part, "")
        for part, variables in _NAMES.items()
    ]
    return found[0], found[1], found[2], found[3].lower().replace(" ", "")


def connection_string(connection: LocalConnection) -> str:
    """Return a connection string in the form that the official client takes: its parts have one order there."""
    return (
        f"SubscriptionId={connection.subscription_id};ResourceGroupName={connection.resource_group};"
        f"WorkspaceName={connection.name};ApiKey={connection.api_key};QuantumEndpoint={connection.endpoint};"
    )


def _trusted(environment: Mapping[str, str]) -> str:
    """Return the certificates that a program trusts without us: those of the user's choice, else certifi's."""
    for name in _BUNDLES[:3]:
        path = environment.get(name, "")
        if path and Path(path).is_file():
            return "\n" + Path(path).read_text(encoding="utf-8", errors="replace")
    import certifi

    return "\n" + Path(os.fspath(certifi.where())).read_text(encoding="utf-8")
