"""The workspace's connection, and the addresses in replies.

In process the service and its storage have hosts of their own. Served over HTTP there is one host for both, and blob
addresses repeat the container (``/job-1/job-1/inputData``): on a loopback host the storage SDK reads the first segment
of a path as the account, while the official client reads it as the container; with both segments both are right.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, unquote_plus, urlsplit

import msgspec

__all__ = [
    "API_HOST", "BLOB_HOST", "Addresses", "LocalConnection", "LocalNames", "addresses_for", "blob_path",
    "decoded_query", "is_blob_host", "split_blob_address",
]  # fmt: skip

API_HOST = "local.quantum.azure.com"
BLOB_HOST = "local.blob.core.windows.net"


class LocalNames(msgspec.Struct, frozen=True):
    """What a local workspace is called, where it takes the place of one that a program names.

    Attributes:
        subscription_id: A GUID.
        location: The region, such as ``eastus``; the service's host is named after it.
    """

    subscription_id: str
    resource_group: str
    name: str
    location: str

    def connection(self, api_key: str) -> LocalConnection:
        """Return how clients reach the workspace of these names. Each workspace has a storage account of its own."""
        own = f"{self.subscription_id}/{self.resource_group}/{self.name}".lower()
        account = "local" + hashlib.sha256(own.encode()).hexdigest()[:16]
        endpoint = f"https://{self.location}.quantum.azure.com/"
        return LocalConnection(
            self.subscription_id,
            self.resource_group,
            self.name,
            self.location,
            endpoint,
            api_key,
            f"{account}.blob.core.windows.net",
        )


@dataclass(frozen=True, slots=True)
class LocalConnection:
    """What a client needs to reach the local workspace.

    Attributes:
        subscription_id: A GUID.
        location: A real region, because the official client accepts only those.
        endpoint: The service's address, with a slash at its end.
        api_key: The key that every request must have; not in the repr.
        blob_host: The host of its storage.
    """

    subscription_id: str
    resource_group: str
    name: str
    location: str
    endpoint: str
    api_key: str = field(repr=False)
    blob_host: str = BLOB_HOST


class Addresses(msgspec.Struct, frozen=True):
    """How addresses in replies to one request are written.

    Attributes:
        api: Scheme and host of the service.
        blobs: Scheme and host of the storage.
        is_served: One host serves both, and addresses have the container twice.
    """

    api: str
    blobs: str
    is_served: bool

    def container(self, name: str) -> str:
        """Return a container's address."""
        return f"{self.blobs}/{name}/{name}" if self.is_served else f"{self.blobs}/{name}"

    def blob(self, container: str, name: str) -> str:
        """Return a blob's address."""
        return f"{self.container(container)}/{quote(name)}"

    def output(self, container: str, name: str) -> str:
        """Return a blob's address in the form that the service gives for outputs without a signature."""
        if self.is_served:
            return self.blob(container, name)
        return f"{self.blobs}:443/{container}/{quote(name)}"


def is_blob_host(host: str) -> bool:
    """Whether a host is a storage account's."""
    return host.partition(":")[0].lower().endswith(".blob.core.windows.net")


def addresses_for(scheme: str, host: str, blob_host: str = BLOB_HOST) -> Addresses:
    """Return how addresses are written for a client that reached the service at this host.

    Args:
        scheme: ``https``, or ``http`` on loopback.
        host: With its port, if it has one.
        blob_host: The host of the workspace's storage, unless one host serves both.
    """
    if host.partition(":")[0].lower().endswith(".azure.com") or is_blob_host(host):
        return Addresses(f"{scheme}://{host}", f"https://{blob_host}", is_served=False)
    base = f"{scheme}://{host}"
    return Addresses(base, base, is_served=True)


def blob_path(path: str, *, is_served: bool) -> tuple[str, str]:
    """Return the container and the blob (empty for none) that a path names.

    Where one host serves both, the container stands in our own addresses twice. Some clients (VS Code's extension) put
    an address together themselves, from the host, the container and the blob; there it stands once.
    """
    container, _, blob = path.lstrip("/").partition("/")
    again, _, rest = blob.partition("/")
    if is_served and again == container:
        blob = rest
    return unquote(container), unquote(blob)


def split_blob_address(address: str) -> tuple[str, str]:
    """Return the container and the blob that one of our own addresses names, whatever its host."""
    return blob_path(urlsplit(address).path, is_served=True)


def decoded_query(text: str) -> dict[str, str]:
    """Return a query's names and values, decoded. A plus in a signature stays a plus: clients send it unescaped."""
    query: dict[str, str] = {}
    for part in text.split("&") if text else ():
        name, _, value = part.partition("=")
        if "%" in part or "+" in part:
            value = unquote(value) if name == "sig" else unquote_plus(value)
            name = unquote_plus(name)
        query[name] = value
    return query
