"""Routes of jobs: create, read, change, cancel, resume, delete."""

from __future__ import annotations

import hashlib
import secrets
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from qsession_core.local.execution.bindings import bindings_of
from qsession_core.local.execution.items import items_in
from qsession_core.local.jobs.removal import remove_job
from qsession_core.local.jobs.tasks import shots_of
from qsession_core.local.people import MEMBER
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.replies import Refusal, json_reply
from qsession_core.local.service.addresses import split_blob_address
from qsession_core.local.service.personal import check_quota, keep_account, require_container
from qsession_core.local.service.requests import (
    CANCEL_VERSION,
    DRAFT_VERSION,
    PRIORITIES,
    JobBody,
    Patch,
    as_strings,
    check_id,
    chosen,
    decoded,
)
from qsession_core.local.service.shapes import job_json, signed_job_json
from qsession_core.local.storage.database import to_text
from qsession_core.local.storage.endpoint import CONTAINER_NAME
from qsession_core.local.storage.items import Job
from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from qsession_core.local.service.requests import Call, Service
    from qsession_core.local.targets import LocalTarget

__all__ = ["cancel_job", "delete_job", "get_job", "get_queue_position", "patch_job", "put_job", "resume_job"]


def put_job(service: Service, call: Call) -> Response:
    """Create a job. A second PUT of the same id returns the job that is there."""
    body = decoded(call.body, JobBody)
    check_id(call.id)
    target = service.target(body)
    outputs = target.formats.get(body.input_data_format)
    if outputs is None:
        raise Refusal(
            400,
            "InvalidJobDefinition",
            f"{target.id} takes {', '.join(target.formats) or 'no format'}, not {body.input_data_format}.",
        )
    container = _place(body.container_uri, "containerUri")[0].lower()
    if not CONTAINER_NAME.fullmatch(container):
        raise Refusal(400, "InvalidJobDefinition", "containerUri does not name a container.")
    require_container(service, call.person, container, writes=True)
    source = "inputData"
    if body.input_data_uri:
        place, source = _place(body.input_data_uri, "inputDataUri")
        if place.lower() != container:
            raise Refusal(
                400,
                "InvalidJobDefinition",
                f"inputDataUri is in container {place}, and the job's own is {container}. Upload the input there.",
            )
    now = service.now()
    priority = chosen(body.priority, PRIORITIES, "priority")
    job = Job(
        id=call.id.lower(),
        name=body.name,
        provider_id=target.provider,
        target=target.id,
        created=now,
        modified=now,
        job_type=body.job_type or "QuantumComputing",
        session_id=body.session_id.lower() if body.session_id else None,
        priority=priority,
        tags=to_text(body.tags or []),
        container=container,
        input_blob=source or "inputData",
        input_format=body.input_data_format,
        output_format=body.output_data_format or outputs[0],
        input_params=None if body.input_params is None else to_text(body.input_params),
        metadata=None if body.metadata is None else to_text(as_strings(body.metadata)),
        shots=_shots_of(body, target),
        not_before=now + int(target.queue_seconds * 1_000_000),
        created_by=call.person.name,
    )
    if job.session_id is not None and not call.person.sees_all:
        service.session(job.session_id, call.person)
    with service.store.transaction():
        check_quota(service, call.person, job)
        stored = service.lifecycle.submit(job, partial(_seed_of, service.seed), overtakes=call.person.role != MEMBER)
        if not call.person.sees(stored.created_by):
            raise Refusal(409, "ResourceConflict", f"There is a job {job.id} already.")
    reply = json_reply(job_json(stored, call.addresses, call.version))
    if stored is job:
        service.dispatcher.wake(job.id)
    return reply


def _place(address: str, member: str) -> tuple[str, str]:
    """Return the container and the blob that an address in a job's body names."""
    try:
        return split_blob_address(address)
    except ValueError as error:
        raise Refusal(400, "InvalidJobDefinition", f"{member} is not an address: {error}.") from error


def _shots_of(body: JobBody, target: LocalTarget) -> int | None:
    """Return how many shots a new job runs, of all items and substitutions, 32 bits; None where it will fail."""
    try:
        shots = sum(shots_of(item, target) * len(bindings_of(item)) for item in items_in(body.input_params or {}))
    except JobFailure:
        return None
    return shots if shots < 1 << 31 else None


def _seed_of(seed: int | None, number: int) -> int:
    """Return the seed of a job's shots, from the workspace's seed and the order of submission; or a fresh one."""
    if seed is None:
        return secrets.randbits(63)
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def get_job(service: Service, call: Call) -> Response:
    """Return one job; its addresses carry signatures."""
    service.dispatcher.linger(call.id.lower())
    job = service.job(call.id, call.person)
    now = service.signing_time(call)
    return json_reply(signed_job_json(job, call.addresses, call.version, service.signer, now))


def get_queue_position(service: Service, call: Call) -> Response:
    """Return how many waiting jobs of its target start no later than a job; null for one that does not wait."""
    call.require(DRAFT_VERSION)
    job = service.job(call.id, call.person)
    before = service.store.read(
        "SELECT count(*) FROM items WHERE item_type = 'Job' AND state = 'Waiting' AND lower(target) = lower(?)"
        " AND (rank, turn, number) <= (?, ?, ?)",
        (job.target, job.rank, job.turn, job.number),
    )[0][0]
    return json_reply({"queuePosition": before if job.state == "Waiting" else None})


def patch_job(service: Service, call: Call) -> Response:
    """Change a job's name, priority or tags."""
    patch = decoded(call.body, Patch)
    changes: dict[str, object] = {"modified": service.now()}
    if patch.name is not msgspec.UNSET:
        changes["name"] = patch.name
    if patch.priority is not msgspec.UNSET:
        priority = chosen(patch.priority, PRIORITIES, "priority")
        changes["priority"] = priority
    if patch.tags is not msgspec.UNSET:
        changes["tags"] = to_text(patch.tags or [])
    with service.store.transaction():
        job = service.job(call.id, call.person)
        if "priority" in changes:
            is_high, overtakes = changes["priority"] == "High", call.person.role != MEMBER
            changes["rank"] = 0 if is_high and overtakes else 1
            if is_high and not overtakes:
                changes["turn"] = service.lifecycle.turn_of(job, is_high=True)
        service.store.change(job, changes)
    service.dispatcher.wake()
    shown = {"id": job.id, "name": job.name, "priority": job.priority, "tags": msgspec.Raw(job.tags.encode())}
    return json_reply(shown)


def delete_job(service: Service, call: Call) -> Response:
    """Remove a job and its blobs, a pending one after its cancellation; before there was ``:cancel``, only cancel."""
    job = service.lifecycle.cancel(service.job(call.id, call.person))
    if call.version >= CANCEL_VERSION:
        keep_account(service, job, jobs=1)
        remove_job(service.store, service.blobs, job)
    service.dispatcher.wake()
    return Response(204)


def cancel_job(service: Service, call: Call) -> Response:
    """Cancel a job: at once if it waits; if it runs, when its process notices."""
    job = service.lifecycle.cancel(service.job(call.id, call.person))
    service.dispatcher.wake()
    return json_reply(job_json(job, call.addresses, call.version))


def resume_job(service: Service, call: Call) -> Response:
    """Let a job that has failed or was cancelled wait again."""
    call.require(DRAFT_VERSION)
    with service.store.transaction():
        job = service.job(call.id, call.person)
        check_quota(service, call.person, job, again=True)
        keep_account(service, job, jobs=0)
        service.lifecycle.resume(job)
    service.dispatcher.wake()
    return Response(204)
