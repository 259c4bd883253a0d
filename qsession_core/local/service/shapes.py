"""Items as the service shows them.

Members, their order, nulls and forms of time are those of the recorded replies: a PUT's reply and one item have
``+00:00`` in creation and modification times where lists have ``Z``; only a single job's addresses carry signatures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.clock import moment
from qsession_core.local.storage.database import SESSION

if TYPE_CHECKING:
    from datetime import datetime

    from qsession_core.local.service.addresses import Addresses
    from qsession_core.local.storage.database import Item
    from qsession_core.local.storage.sas import Signer

__all__ = ["item_json", "job_json", "session_json", "signed_job_json"]


def _time(value: int | None, zone: str = "Z") -> str | None:
    if value is None:
        return None
    return f"{moment(value).isoformat(timespec='microseconds')[:26]}0{zone}"


def _parsed(text: str | None) -> Any:
    return None if text is None else msgspec.Raw(text.encode())


def session_json(item: Item) -> dict[str, Any]:
    """Return a session as every route shows it."""
    shown: dict[str, Any] = {
        "status": item.state,
        "jobFailurePolicy": item.policy,
        "jobPriority": "High" if item.priority == "High" else "Basic",
        "name": item.name,
        "id": item.id,
        "providerId": item.provider_id,
        "target": item.target,
        "creationTime": _time(item.created),
        "endExecutionTime": _time(item.ended),
        "costEstimate": _parsed(item.cost),
        "itemType": SESSION,
    }
    return _with_choices(shown, item)


def _with_choices(shown: dict[str, Any], item: Item) -> dict[str, Any]:
    """Add what is shown only where it was chosen: the recorded service leaves it out."""
    if item.priority is not None:
        shown["priority"] = item.priority
    if item.item_type == SESSION and item.tags != "[]":
        shown["tags"] = _parsed(item.tags)
    return shown


def job_json(item: Item, addresses: Addresses, *, zone: str = "+00:00") -> dict[str, Any]:
    """Return a job without signatures.

    Args:
        item: The job.
        addresses: How addresses are written.
        zone: How its creation and modification times end: ``Z`` in lists.
    """
    container, blob = item.container or "", item.input_blob or "inputData"
    shown: dict[str, Any] = {
        "containerUri": addresses.container(container),
        "inputDataUri": addresses.blob(container, blob),
        "inputDataFormat": item.input_format,
        "inputParams": _parsed(item.input_params),
        "metadata": _parsed(item.metadata),
        "sessionId": item.session_id,
        "jobPriority": "High" if item.priority == "High" else "Basic",
        "status": item.state,
        "jobType": item.job_type,
        "outputDataFormat": item.output_format,
        "outputDataUri": addresses.output(container, item.output_blob or "outputData"),
        "beginExecutionTime": _time(item.began),
        "cancellationTime": _time(item.cancelled),
        "lastModifiedTime": _time(item.modified, zone),
        "quantumComputingData": None if item.item_count is None else {"count": item.item_count},
        "errorData": _parsed(item.error),
        "isCancelling": item.state == "CancellationRequested",
        "tags": _parsed(item.tags),
        "name": item.name,
        "id": item.id,
        "providerId": item.provider_id,
        "target": item.target,
        "creationTime": _time(item.created, zone),
        "endExecutionTime": _time(item.ended),
        "costEstimate": _parsed(item.cost),
        "itemType": "Job",
    }
    return _with_choices(shown, item)


def signed_job_json(item: Item, addresses: Addresses, signer: Signer, now: datetime) -> dict[str, Any]:
    """Return a job as its own route shows it: with addresses that can be read."""
    shown = job_json(item, addresses)
    container, source = item.container or "", item.input_blob or "inputData"
    output = item.output_blob or "outputData"
    shown["containerUri"] += "?" + signer.read(container, None, now)
    shown["inputDataUri"] += "?" + signer.read(container, source, now, f"{item.name}-{item.id}.input.json")
    signature = signer.read(container, output, now, f"{item.name}-{item.id}.output.json")
    shown["outputDataUri"] = f"{addresses.blob(container, output)}?{signature}"
    return shown


def item_json(item: Item, addresses: Addresses) -> dict[str, Any]:
    """Return an item as lists show it."""
    return session_json(item) if item.item_type == SESSION else job_json(item, addresses, zone="Z")
