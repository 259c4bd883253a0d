"""Jobs and sessions as JSON.

Members, their order, nulls and forms of time are those of the recorded replies: a PUT's reply and one item have
``+00:00`` in creation and modification times where lists have ``Z``; only a single job's addresses carry signatures.
Later api-versions add members. Source: docs/protocol.md 2.6, 4.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.clock import moment
from qsession_core.local.people import OWNER
from qsession_core.local.storage.items import Job, Session

if TYPE_CHECKING:
    from datetime import datetime

    from qsession_core.local.service.addresses import Addresses
    from qsession_core.local.storage.sas import Signer

__all__ = ["item_json", "job_json", "session_json", "signed_job_json"]

# The api-versions that brought who made an item and what it has used, and what became of each shot
_WITH_USAGE, _WITH_SHOTS = "2026-01-15", "2026-08-01"
_LONGEST_NAME = 200


def _time(value: int | None, zone: str = "Z") -> str | None:
    if value is None:
        return None
    return f"{moment(value).isoformat(timespec='microseconds')[:26]}0{zone}"


def _parsed(text: str | None) -> Any:
    return None if text is None else msgspec.Raw(text.encode())


def session_json(item: Session, version: str) -> dict[str, Any]:
    """Return a session, as in every route's reply to a request of an api-version."""
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
        "itemType": item.item_type,
    }
    if version >= _WITH_USAGE:
        shown |= {"lastModifiedTime": _time(item.modified), **_history(item, "Z")}
    return _with_choices(shown, item)


def _history(item: Job | Session, zone: str) -> dict[str, Any]:
    """Return who made an item, when the service last changed it, and what it has used."""
    began = item.began if isinstance(item, Job) else None
    used = None if began is None or item.ended is None else {"standardMinutes": (item.ended - began) / 60e6}
    return {
        "createdBy": item.created_by or OWNER.name,
        "createdByType": "Key",
        "lastModifiedBy": item.created_by or OWNER.name,
        "lastModifiedByType": "Key",
        "lastUpdatedTime": _time(item.modified, zone),
        "usage": used,
    }


def _shots(item: Job) -> dict[str, Any]:
    """Return how many shots were asked for, and what became of them: all succeed, or none."""
    done = (item.shots or 0) if item.state == "Succeeded" else 0
    return {
        "shots": item.shots,
        "resumeCount": item.resumed or 0,
        "shotsSucceeded": done,
        "shotsFailed": (item.shots or 0) if item.state == "Failed" and item.began is not None else 0,
        "shotsTranslated": done if item.output_blob.startswith("outputData") else 0,
    }


def _with_choices(shown: dict[str, Any], item: Job | Session) -> dict[str, Any]:
    """Add the members that the recorded service leaves out where the client has not given them."""
    if item.priority is not None:
        shown["priority"] = item.priority
    if isinstance(item, Session) and item.tags != "[]":
        shown["tags"] = _parsed(item.tags)
    return shown


def job_json(item: Job, addresses: Addresses, version: str, *, zone: str = "+00:00") -> dict[str, Any]:
    """Return a job without signatures.

    Args:
        item: The job.
        addresses: How addresses in the reply are written.
        version: The date of the request's api-version.
        zone: The end of its creation and modification times: ``Z`` in lists.
    """
    shown: dict[str, Any] = {
        "containerUri": addresses.container(item.container),
        "inputDataUri": addresses.blob(item.container, item.input_blob),
        "inputDataFormat": item.input_format,
        "inputParams": _parsed(item.input_params),
        "metadata": _parsed(item.metadata),
        "sessionId": item.session_id,
        "jobPriority": "High" if item.priority == "High" else "Basic",
        "status": item.state,
        "jobType": item.job_type,
        "outputDataFormat": item.output_format,
        "outputDataUri": addresses.output(item.container, item.output_blob),
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
        "itemType": item.item_type,
    }
    if version >= _WITH_USAGE:
        shown |= _history(item, zone)
    if version >= _WITH_SHOTS:
        shown |= _shots(item)
    return _with_choices(shown, item)


def signed_job_json(item: Job, addresses: Addresses, version: str, signer: Signer, now: datetime) -> dict[str, Any]:
    """Return a job as in the reply of its own route: its addresses have signatures."""
    shown = job_json(item, addresses, version)
    container, source, output = item.container, item.input_blob, item.output_blob
    shown["containerUri"] += "?" + signer.read(container, None, now)
    shown["inputDataUri"] += "?" + signer.read(container, source, now, _file_name(item, "input"))
    signature = signer.read(container, output, now, _file_name(item, "output"))
    shown["outputDataUri"] = f"{addresses.blob(container, output)}?{signature}"
    return shown


def _file_name(item: Job, what: str) -> str:
    """Return the name under which a browser saves a blob; a very long name would make an address that nobody takes."""
    return f"{item.name[:_LONGEST_NAME]}-{item.id}.{what}.json"


def item_json(item: Job | Session, addresses: Addresses, version: str = _WITH_USAGE) -> dict[str, Any]:
    """Return a job or session as in lists."""
    if isinstance(item, Session):
        return session_json(item, version)
    return job_json(item, addresses, version, zone="Z")
