"""The storage account of the workspace: containers, blobs, blocks. Every request needs a valid signature.

Source: Azure Storage's REST reference (Put Blob, Get Blob, Put Block, Put Block List, List Blobs); docs/protocol.md 3.
"""

from __future__ import annotations

import re
import secrets
from email.utils import format_datetime
from typing import TYPE_CHECKING

from qsession_core.clock import microseconds, moment
from qsession_core.local.replies import Refusal, storage_error
from qsession_core.local.storage.blobs import Blob
from qsession_core.local.storage.block_list import MAX_BLOCKS, block_ids
from qsession_core.local.storage.trouble import STORE_ERRORS, refusal_of
from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.clock import Clock
    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.sas import Signer

__all__ = ["CONTAINER_NAME", "MAX_BODY", "Storage"]

CONTAINER_NAME = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}")
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{0,18})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_VERSION = "2025-07-05"
# What XML cannot hold, or a header: a list of blobs shows names, types and encodings
_UNNAMABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_KEPT_HEADERS = ("x-ms-blob-content-type", "content-type", "x-ms-blob-content-encoding")
_MAX_BLOB_NAME = 1024
MAX_BODY = 256 * 1024 * 1024
_MAX_UNCOMMITTED = 1024 * 1024 * 1024
_SHORT_BODY = 64 * 1024
# The longest bodies, by what is asked for; a list of 50,000 blocks of the longest ids has 6 MB
_LONGEST = {
    ("PUT", "blob", ""): MAX_BODY,
    ("PUT", "blob", "block"): MAX_BODY,
    ("PUT", "blob", "blocklist"): 8 * 1024 * 1024,
}


class Storage:
    """Answers requests to the storage host.

    Args:
        blobs: The stored blobs.
        signer: Checks signatures.
        clock: Gives the time by which signatures expire.
    """

    def __init__(self, blobs: Blobs, signer: Signer, clock: Clock) -> None:
        self._blobs = blobs
        self._signer = signer
        self._clock = clock

    def handle(
        self, method: str, container: str, blob: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Response:
        """Answer one request.

        Args:
            method: In upper case.
            container: The container in the path.
            blob: The blob in the path; empty for none.
            query: The query, decoded.
            headers: Names in lower case.
            body: The request's body.
        """
        try:
            response = self._route(method, container, blob, query, headers, body)
        except Refusal as refusal:
            return self.refusal(refusal, headers)
        except STORE_ERRORS as error:
            return self.refusal(refusal_of(error), headers)
        return _with_id(response, secrets.token_hex(16), headers)

    def is_short(self, container: str, blob: str, most: int) -> bool:
        """Say whether a blob has at most so many bytes, or is not there."""
        found = self._blobs.find(container, blob)
        return found is None or found.size <= most

    def admit(
        self, method: str, container: str, blob: str, query: Mapping[str, str], headers: Mapping[str, str], length: int
    ) -> tuple[str, str, str]:
        """Return what a request asks for: its method, ``container`` or ``blob``, and its ``comp``. No store is needed.

        Args:
            method: In upper case.
            container: The container in the path.
            blob: The blob in the path; empty for none.
            query: The query, decoded.
            headers: Names in lower case.
            length: The bytes of its body.

        Raises:
            Refusal: Whatever its body says, it is not allowed.
        """
        if not CONTAINER_NAME.fullmatch(container):
            raise Refusal(400, "InvalidResourceName", "The specified resource name contains invalid characters.")
        if len(blob) > _MAX_BLOB_NAME or _UNNAMABLE.search(blob):
            raise Refusal(400, "InvalidUri", "The requested URI does not represent any resource on the server.")
        grant = self._signer.check(query, container, blob, self._clock.now())
        if grant.problem:
            raise Refusal(
                403,
                "AuthenticationFailed",
                "Server failed to authenticate the request. Make sure the signature is valid. " + grant.problem,
            )
        on_container = query.get("restype") == "container"
        if on_container == bool(blob):
            raise Refusal(400, "InvalidQueryParameterValue", "The path and restype do not fit together.")
        action = (method, "container" if on_container else "blob", query.get("comp", ""))
        needed = _RIGHTS.get(action)
        if needed is None:
            raise Refusal(405, "UnsupportedHttpVerb", "The resource doesn't support the specified HTTP verb.")
        if not set(needed) & set(grant.rights):
            raise Refusal(
                403,
                "AuthorizationPermissionMismatch",
                "This request is not authorized to perform this operation using this permission.",
            )
        if length > _LONGEST.get(action, _SHORT_BODY):
            raise Refusal(413, "RequestBodyTooLarge", "The request body is too large.")
        if any(_UNNAMABLE.search(headers.get(name, "")) for name in _KEPT_HEADERS):
            raise Refusal(400, "InvalidHeaderValue", "The value for one of the HTTP headers is not correct.")
        return action

    def refusal(self, refusal: Refusal, headers: Mapping[str, str]) -> Response:
        """Return the answer to a request that is refused."""
        request_id = secrets.token_hex(16)
        return _with_id(storage_error(refusal, request_id, self._clock.now()), request_id, headers)

    def _route(
        self, method: str, container: str, blob: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Response:
        action = self.admit(method, container, blob, query, headers, len(body))
        on_container = action[1] == "container"
        if on_container:
            return self._on_container(action, container, query)
        if method != "PUT":
            return self._get(method, container, blob, headers)
        self._require_container(container)
        return self._put(query.get("comp", ""), container, blob, query, headers, body)

    def _require_container(self, container: str) -> None:
        if not self._blobs.has_container(container):
            raise Refusal(404, "ContainerNotFound", "The specified container does not exist.")

    def _on_container(self, action: tuple[str, str, str], container: str, query: Mapping[str, str]) -> Response:
        method, _, comp = action
        if method == "PUT":
            if not self._blobs.add_container(container, microseconds(self._clock.now())):
                raise Refusal(409, "ContainerAlreadyExists", "The specified container already exists.")
            return Response(201, {"content-length": "0"})
        self._require_container(container)
        if comp == "list":
            return self._list(container, query)
        return Response(200, {"content-length": "0", "etag": '"0x8DF000000000000"'})

    def _list(self, container: str, query: Mapping[str, str]) -> Response:
        """List Blobs, without pages: a job's container has a handful."""
        from html import escape

        prefix = query.get("prefix", "")
        if _UNNAMABLE.search(prefix):
            raise Refusal(400, "InvalidQueryParameterValue", "The prefix has characters that no blob's name can have.")
        entries = "".join(
            f"<Blob><Name>{escape(blob.name)}</Name><Properties><Last-Modified>{_http_date(blob.modified)}"
            f"</Last-Modified><Etag>{escape(blob.etag)}</Etag><Content-Length>{blob.size}</Content-Length>"
            f"<Content-Type>{escape(blob.content_type)}</Content-Type>"
            f"<Content-Encoding>{escape(blob.content_encoding)}</Content-Encoding><BlobType>BlockBlob</BlobType>"
            "</Properties></Blob>"
            for blob in self._blobs.listed(container)
            if blob.name.startswith(prefix)
        )
        shown = f"<Prefix>{escape(prefix)}</Prefix>" if prefix else ""
        text = (
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="{escape(container)}">'
            f"{shown}<Blobs>{entries}</Blobs><NextMarker /></EnumerationResults>"
        )
        return Response(200, {"content-type": "application/xml"}, text.encode())

    def _put(
        self, comp: str, container: str, name: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Response:
        now = microseconds(self._clock.now())
        if comp == "block":
            block = query.get("blockid", "")
            if not block or len(block) > 128:  # noqa: PLR2004 - Azure's limit, 64 bytes in base64
                raise Refusal(400, "InvalidQueryParameterValue", "The block id is missing or too long.")
            self._make_room(container, name, len(body))
            self._blobs.write_block(container, name, block, body)
            return Response(201, {"content-length": "0"})
        if comp == "blocklist":
            body = self._joined(container, name, body)
        elif headers.get("x-ms-blob-type", "").lower() != "blockblob":
            raise Refusal(400, "MissingRequiredHeader", "x-ms-blob-type must be BlockBlob.")
        etag = f'"0x{secrets.token_hex(8).upper()}"'
        blob = Blob(
            container,
            name,
            headers.get("x-ms-blob-content-type") or headers.get("content-type") or "application/octet-stream",
            headers.get("x-ms-blob-content-encoding", ""),
            etag,
            now,
            len(body),
        )
        if not self._blobs.write(blob, body, replace=headers.get("if-none-match") != "*"):
            raise Refusal(409, "BlobAlreadyExists", "The specified blob already exists.")
        if comp == "blocklist":
            self._blobs.remove_blocks(container, name)
        return Response(201, {"content-length": "0", "etag": etag, "last-modified": _http_date(now)})

    def _make_room(self, container: str, name: str, added: int) -> None:
        """Keep the blocks that no list has named yet within bounds: those of uploads that were given up go first."""
        if self._blobs.count_blocks(container, name) >= MAX_BLOCKS:
            raise Refusal(409, "BlockCountExceedsLimit", "The blob has 50,000 uncommitted blocks; send its block list.")
        while self._blobs.uncommitted_bytes() + added > _MAX_UNCOMMITTED:
            oldest = self._blobs.oldest_upload()
            if oldest is None or oldest == (container, name):
                raise Refusal(413, "RequestBodyTooLarge", "The uncommitted blocks are too large; send the block list.")
            self._blobs.remove_blocks(*oldest)

    def _joined(self, container: str, name: str, body: bytes) -> bytes:
        """Return the bytes of the blocks that a block list names, in its order."""
        ids = block_ids(body)
        sizes = self._blobs.block_sizes(container, name)
        if not sizes.keys() >= set(ids):
            raise Refusal(400, "InvalidBlockList", "The specified block list is invalid.")
        if sum(sizes[block] for block in ids) > MAX_BODY:
            raise Refusal(413, "RequestBodyTooLarge", "The blob that the list makes is too large.")
        parts = [self._blobs.read_block(container, name, block) for block in ids]
        if any(part is None for part in parts):  # another request has put the blob together in the meantime
            raise Refusal(400, "InvalidBlockList", "The specified block list is invalid.")
        return b"".join(part for part in parts if part is not None)

    def _get(self, method: str, container: str, name: str, headers: Mapping[str, str]) -> Response:
        wanted = headers.get("x-ms-range") or headers.get("range")
        found = _RANGE.fullmatch(wanted) if wanted else None
        whole = self._blobs.whole(container, name) if method == "GET" and found is None else None
        blob = self._blobs.find(container, name) if whole is None else whole[0]
        if blob is None:
            self._require_container(container)
            raise _no_blob()
        shown = {
            "content-type": blob.content_type,
            "etag": blob.etag,
            "last-modified": _http_date(blob.modified),
            "accept-ranges": "bytes",
            "x-ms-blob-type": "BlockBlob",
        }
        if blob.content_encoding:
            shown["content-encoding"] = blob.content_encoding
        if method == "HEAD":
            return Response(200, {**shown, "content-length": str(blob.size)})
        if found is None:
            if whole is None or whole[1] is None:
                raise _no_blob()
            return Response(200, shown, whole[1])
        start, end = int(found[1]), min(int(found[2] or blob.size - 1), blob.size - 1)
        if start >= blob.size or end < start:
            raise Refusal(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
        body = self._blobs.read(container, name, start, end - start + 1)
        if body is None:
            raise _no_blob()
        return Response(206, {**shown, "content-range": f"bytes {start}-{end}/{blob.size}"}, body)


def _no_blob() -> Refusal:
    return Refusal(404, "BlobNotFound", "The specified blob does not exist.")


def _with_id(response: Response, request_id: str, headers: Mapping[str, str]) -> Response:
    """Return a response with the members that all responses of the storage have."""
    version = headers.get("x-ms-version", _VERSION)
    shown = version if _DATE.fullmatch(version) else _VERSION
    return Response(
        response.status, {**response.headers, "x-ms-request-id": request_id, "x-ms-version": shown}, response.body
    )


# (method, resource, comp) -> the rights of which one is needed
_RIGHTS = {
    ("PUT", "container", ""): "cw",
    ("GET", "container", ""): "rl",
    ("HEAD", "container", ""): "rl",
    ("GET", "container", "list"): "l",
    ("PUT", "blob", ""): "cw",
    ("PUT", "blob", "block"): "w",
    ("PUT", "blob", "blocklist"): "w",
    ("GET", "blob", ""): "r",
    ("HEAD", "blob", ""): "r",
}


def _http_date(value: int) -> str:
    return format_datetime(moment(value), usegmt=True)
