"""Inputs and results in the workspace's blob storage, by URLs with a shared access signature (SAS).

Source: docs/protocol.md 3.1, 3.3, 3.4.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, unquote_plus, urlsplit, urlunsplit

import msgspec

from qsession_core.client.service.connection import endpoint_problems
from qsession_core.client.service.models import Attachment
from qsession_core.client.service.rest import segment, service_error
from qsession_core.errors import AuthenticationError, ConflictError, PermissionDeniedError, TransportError
from qsession_core.transport import Request, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import TypeAlias

    from qsession_core.client.service.rest import RestClient

    Told: TypeAlias = Callable[[int, int], object] | None

__all__ = ["Blobs", "without_sas"]

INPUT = "inputData"
_API_VERSION = "2025-05-05"
_FRESH_SECONDS = 300.0  # a SAS that expires sooner is not used
_KNOWN_CONTAINERS = 1024
MAX_BYTES = 64 * 1024 * 1024  # of one Put Blob


class _SasUri(msgspec.Struct):
    sasUri: str  # noqa: N815 - the wire's name


def without_sas(uri: str) -> str:
    """Return a blob's URL without its query."""
    return urlunsplit(urlsplit(uri)._replace(query=""))


def _place(uri: str) -> str:
    """Return where a container or a blob is: its URL without a query, or the port that https has anyway."""
    return without_sas(uri).replace(":443/", "/", 1)


def _checked(address: str, allow_http: Collection[str]) -> str:
    """Return the URL of a blob or container.

    Args:
        address: The URL.
        allow_http: As a connection's.

    Raises:
        TransportError: It is no URL, or programs and results would go over the network unencrypted.
    """
    if endpoint_problems(address, allow_http):
        raise TransportError(
            f"The service gives {without_secrets(address)!r} as the address of a blob. It is not used: it must start "
            "with https:// (http:// only on loopback). Something between here and the service may have replaced it."
        )
    return address


def _page_of(page: bytes) -> tuple[list[Attachment], str]:
    """Return the blobs of a page of a list, and the marker of the next page; empty if there is none.

    Raises:
        TransportError: It is no such page.
    """
    from xml.etree import ElementTree as ET

    safe = page if b"<!" not in page else b""  # declarations may grow without a limit, and Azure has none
    try:
        root = ET.fromstring(safe)  # noqa: S314 - it has no declarations
        blobs = [
            Attachment(
                name=blob.findtext("Name") or "",
                size=int(blob.findtext("Properties/Content-Length") or 0),
                content_type=blob.findtext("Properties/Content-Type") or "",
            )
            for blob in root.iter("Blob")
        ]
    except (ET.ParseError, ValueError) as error:
        raise TransportError(
            f"The storage's list of blobs cannot be read: {error}. Something between here and the service may have "
            "replaced it; try again."
        ) from error
    return blobs, root.findtext("NextMarker") or ""


class Blobs:
    """Uploads and downloads of one workspace."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._lock = threading.Lock()
        # the addresses of the containers that were asked for last, with their SAS, by what stands before their blobs
        self._containers: dict[str, str] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the lock and the addresses: no SAS leaves the process."""
        return {"_rest": self._rest}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_rest"])  # type: ignore[misc]

    def container(self, job_id: str) -> str:
        """Return the URL of a job's container with a SAS to write into it; the service creates the container.

        Raises:
            ConfigurationError: The id is none.
        """
        segment(job_id)  # raises before anything is sent
        return self.container_named(f"job-{job_id}")

    def container_named(self, name: str) -> str:
        """Return the URL of a container with a SAS to write into it; the service creates the container."""
        address = self._ask({"containerName": name})
        with self._lock:
            self._containers[_place(address)] = address
            if len(self._containers) > _KNOWN_CONTAINERS:
                del self._containers[next(iter(self._containers))]
        return address

    def _checked(self, address: str) -> str:
        return _checked(address, self._rest.connection.allow_http)

    def _ask(self, body: dict[str, str]) -> str:
        answer = self._rest.call("POST", "/storage/sasUri", body=body)
        return self._checked(self._rest.read("POST /storage/sasUri", answer, _SasUri).sasUri)

    def upload(
        self,
        container: str,
        name: str,
        data: bytes,
        content_type: str,
        *,
        overwrite: bool = False,
        told: Told = None,
    ) -> str:
        """Write a blob and return its URL without SAS.

        An upload whose answer was lost may be repeated: the blob that exists then is the one that was written.

        Args:
            container: As :meth:`container` returns it.
            name: The blob's name.
            data: Its content; at most 64 MiB.
            content_type: The content's type.
            overwrite: Whether an existing blob of this name is replaced; if not, it stays unchanged.
            told: As a request's ``told``.

        Raises:
            ServiceError: The storage refused.
        """
        from email.utils import formatdate

        parts = urlsplit(container)
        url = urlunsplit(parts._replace(path=f"{parts.path}/{segment(name)}"))
        headers = {
            "x-ms-blob-type": "BlockBlob",
            "x-ms-blob-content-type": content_type,
            "Content-Type": "application/octet-stream",
            "x-ms-version": _API_VERSION,
            "x-ms-date": formatdate(self._rest.clock.now().timestamp(), usegmt=True),
        }
        if not overwrite:
            headers["If-None-Match"] = "*"
        request = Request("PUT", url, headers, data, told)
        response = self._rest.transport.send(request)
        if response.status >= 300:  # noqa: PLR2004 - HTTP's errors start here
            error = service_error(request, response, self._rest.clock.now())
            if not isinstance(error, ConflictError):
                raise error
        return without_sas(url)

    def download(self, uri: str, *, told: Told = None) -> bytes:
        """Read a blob. A new SAS is requested if it expires within five minutes, and again after a 401 or 403.

        An address without one, such as those in lists, is read by the SAS of its container, if this object has asked
        for that: a request less for each job of a batch.

        Args:
            uri: As the job's details give it.
            told: As a request's ``told``.

        Raises:
            ServiceError: The storage refused.
            TransportError: No answer came.
        """
        self._checked(uri)
        fresh = uri if self.lasts(uri) else self._within(uri) or self._renewed(uri)
        try:
            return self._get(fresh, told)
        except (AuthenticationError, PermissionDeniedError):
            return self._get(self._renewed(uri), told)

    def download_from(self, job_id: str, name: str, container: str | None = None, *, told: Told = None) -> bytes:
        """Read a blob of a job's container, or of the one of a URL with a SAS."""
        if container is not None:
            parts = urlsplit(self._checked(container))
            return self._get(urlunsplit(parts._replace(path=f"{parts.path}/{segment(name)}")), told)
        return self._get(self._ask({"containerName": f"job-{job_id}", "blobName": name}), told)

    def listed(self, job_id: str) -> list[Attachment]:
        """Return the blobs of a job's container. Source: Azure Storage's REST API, List Blobs.

        Raises:
            ServiceError: The storage refused.
            TransportError: The answer is no list of blobs.
        """
        parts = urlsplit(self.container(job_id))
        found: list[Attachment] = []
        marker = ""
        while True:
            more = f"&marker={quote(marker, safe='')}" if marker else ""
            page = self._get(urlunsplit(parts._replace(query=f"restype=container&comp=list{more}&{parts.query}")))
            blobs, marker = _page_of(page)
            found += blobs
            if not marker:
                return found

    def _get(self, uri: str, told: Told = None) -> bytes:
        request = Request("GET", uri, {"x-ms-version": _API_VERSION}, told=told)
        response = self._rest.transport.send(request)
        if response.status >= 300:  # noqa: PLR2004
            raise service_error(request, response, self._rest.clock.now())
        return response.body

    def lasts(self, uri: str) -> bool:
        """Say whether an address has a SAS that does not end within five minutes."""
        ends = [part for part in urlsplit(uri).query.split("&") if part.startswith("se=")]
        if not ends:
            return False
        try:
            end = datetime.fromisoformat(unquote_plus(ends[0].removeprefix("se=")))
            return end.timestamp() - self._rest.clock.now().timestamp() > _FRESH_SECONDS
        except (ValueError, OverflowError):
            return False

    def _within(self, uri: str) -> str:
        """Return a blob's URL with the SAS of its container; empty if that is not known, or ends soon."""
        place, _, blob = _place(uri).rpartition("/")
        with self._lock:
            container = self._containers.get(place, "")
        if not container or not self.lasts(container):
            return ""
        parts = urlsplit(container)
        return urlunsplit(parts._replace(path=f"{parts.path}/{blob}"))

    def _renewed(self, uri: str) -> str:
        container, _, blob = urlsplit(uri).path.rpartition("/")
        return self._ask({"containerName": container.rpartition("/")[2], "blobName": unquote(blob)})
