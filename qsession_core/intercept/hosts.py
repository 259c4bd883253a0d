"""The hosts that a program for Azure Quantum calls, by what they do.

Source: the calls of azure-quantum 3.13, azure-identity 1.27, azure-storage-blob 12.31 and of the VS Code extension.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["DOMAINS", "LOGIN", "Role", "region_of", "role_of"]

Role = Literal["service", "storage", "management", "login"]

LOGIN = "login.microsoftonline.com"
# What each host, or each host below a domain that starts with a dot, does
_ROLES: dict[str, Role] = {
    ".quantum.azure.com": "service",
    ".quantum-test.azure.com": "service",
    ".blob.core.windows.net": "storage",
    "management.azure.com": "management",
    LOGIN: "login",
    "login.microsoft.com": "login",
    "login.windows.net": "login",
    "sts.windows.net": "login",
}
# For the name constraints of an authority: a name stands for itself and for all below it
DOMAINS = tuple(name.removeprefix(".") for name in _ROLES)


def role_of(host: str) -> Role | None:
    """Return what a host does; None if a program for Azure Quantum does not need it.

    >>> role_of("eastus.quantum.azure.com"), role_of("management.azure.com"), role_of("quantum.azure.com.example")
    ('service', 'management', None)
    """
    host = host.lower().rstrip(".")
    if host in _ROLES and not host.startswith("."):
        return _ROLES[host]
    for name, role in _ROLES.items():
        if name.startswith(".") and host.endswith(name) and _is_plain(host.removesuffix(name)):
            return role
    return None


def _is_plain(labels: str) -> bool:
    return all(
        label and label.isascii() and label.replace("-", "").isalnum() and len(label) < 64  # noqa: PLR2004 - of DNS
        for label in labels.split(".")
    )


def region_of(host: str) -> str:
    """Return the region that a host of the service names.

    >>> region_of("eastus-v2.quantum.azure.com"), region_of("my-workspace.westus.quantum.azure.com")
    ('eastus', 'westus')
    """
    return host.lower().split(".quantum")[0].rpartition(".")[2].removesuffix("-v2")
