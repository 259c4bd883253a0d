"""Routes to the workspace's storage: signed addresses, and storage requests passed on."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qsession_core.local.people import VIEWER
from qsession_core.local.replies import Refusal, json_reply
from qsession_core.local.service.addresses import addresses_for, blob_path, decoded_query
from qsession_core.local.service.personal import require_container
from qsession_core.local.service.requests import SasBody, decoded
from qsession_core.local.storage.endpoint import CONTAINER_NAME

if TYPE_CHECKING:
    from qsession_core.local.service.requests import Call, Service
    from qsession_core.transport.message import Response

__all__ = ["forward", "sas_uri"]


def sas_uri(service: Service, call: Call) -> Response:
    """Return a signed address of a blob, or of a container, which is made if there is none."""
    body = decoded(call.body, SasBody)
    container = body.container_name.lower()  # after a job's id, which may be in upper case
    if not CONTAINER_NAME.fullmatch(container):
        raise Refusal(400, "InvalidContainerName", "containerName is not a container's name.")
    require_container(service, call.person, container, writes=body.blob_name is None)
    now = service.signing_time(call)
    if body.blob_name is not None:
        query = service.signer.read(container, body.blob_name, now, writes=call.person.role != VIEWER)
        return json_reply({"sasUri": f"{call.addresses.blob(container, body.blob_name)}?{query}"})
    service.blobs.add_container(container, service.now())
    query = service.signer.container(container, now, secure=not call.addresses.is_served)
    return json_reply({"sasUri": f"{call.addresses.container(container)}?{query}"})


def forward(service: Service, call: Call) -> Response:
    """Pass on the storage request that ``x-proxy-to`` names, as the VS Code extension sends them."""
    try:
        target = urlsplit(call.headers.get("x-proxy-to", ""))
    except ValueError as error:
        raise Refusal(400, "InvalidHeaderValue", "x-proxy-to is not an address.") from error
    container, blob = blob_path(target.path, is_served=addresses_for("https", target.netloc).is_served)
    return service.storage.handle(call.method, container, blob, decoded_query(target.query), call.headers, call.body)
