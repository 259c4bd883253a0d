"""The service's routes: what each does, over the store, the lifecycle and the queue."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from qsession_core.local.clock import microseconds
from qsession_core.local.replies import Refusal, json_reply
from qsession_core.local.service.addresses import split_blob_address
from qsession_core.local.service.odata import order_by, where
from qsession_core.local.service.requests import (
    POLICIES,
    PRIORITIES,
    Call,
    Common,
    JobBody,
    Patch,
    SasBody,
    SessionBody,
    as_strings,
    check_id,
    chosen,
    decoded,
    number_in,
)
from qsession_core.local.service.shapes import item_json, job_json, session_json, signed_job_json
from qsession_core.local.storage.database import JOB, SESSION, Item, to_text
from qsession_core.local.storage.endpoint import CONTAINER_NAME
from qsession_core.local.storage.sas import LIFETIME
from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from qsession_core.local.clock import Clock
    from qsession_core.local.jobs.lifecycle import Lifecycle
    from qsession_core.local.jobs.queue import Dispatcher
    from qsession_core.local.service.addresses import Addresses, LocalConnection
    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.database import Store
    from qsession_core.local.storage.sas import Signer
    from qsession_core.local.targets import LocalTarget

__all__ = ["Api"]

_PAGE = 100


class Api:
    """Answers the routes of the service.

    Args:
        store: Where items are.
        blobs: Where containers are.
        lifecycle: Moves items.
        dispatcher: Is told of changes.
        signer: Signs addresses.
        clock: The time.
        targets: By id in lower case.
        connection: Who this workspace is.
        seed: What jobs' seeds are made of; None for fresh ones.
    """

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        lifecycle: Lifecycle,
        dispatcher: Dispatcher,
        signer: Signer,
        clock: Clock,
        targets: Mapping[str, LocalTarget],
        connection: LocalConnection,
        seed: int | None,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._lifecycle = lifecycle
        self._dispatcher = dispatcher
        self._signer = signer
        self._clock = clock
        self._targets = targets
        self._connection = connection
        self._seed = seed

    # --- jobs ---

    def put_job(self, call: Call, job_id: str) -> Response:
        """Create a job."""
        body = decoded(call.body, JobBody)
        check_id(job_id)
        target = self._target(body)
        outputs = target.formats.get(body.input_data_format)
        if outputs is None:
            raise Refusal(
                400,
                "InvalidJobDefinition",
                f"{target.id} takes {', '.join(target.formats) or 'no format'}, not {body.input_data_format}.",
            )
        container = split_blob_address(body.container_uri)[0]
        if not CONTAINER_NAME.fullmatch(container):
            raise Refusal(400, "InvalidJobDefinition", "containerUri names no container.")
        source = split_blob_address(body.input_data_uri)[1] if body.input_data_uri else "inputData"
        now = microseconds(self._clock.now())
        priority = chosen(body.priority, PRIORITIES, "priority")
        item = Item(
            job_id.lower(),
            JOB,
            body.name,
            target.provider,
            target.id,
            "Waiting",
            now,
            now,
            job_type=body.job_type or "QuantumComputing",
            session_id=body.session_id.lower() if body.session_id else None,
            priority=priority,
            tags=to_text(body.tags or []),
            container=container,
            input_blob=source or "inputData",
            input_format=body.input_data_format,
            output_format=body.output_data_format or outputs[0],
            output_blob="outputData",
            input_params=None if body.input_params is None else to_text(body.input_params),
            metadata=None if body.metadata is None else to_text(as_strings(body.metadata)),
            rank=0 if priority == "High" else 1,
            not_before=now + int(target.queue_seconds * 1_000_000),
        )
        with self._store.transaction():
            stored = self._lifecycle.submit(item)
            if stored is item:
                self._store.change(item, {"seed": str(self._seed_of(item.number or 0))})
        reply = json_reply(job_json(stored, call.addresses))
        if stored is item:
            self._dispatcher.wake(item.id)
        return reply

    def _seed_of(self, number: int) -> int:
        """Return the seed of a job's shots: of the workspace's seed and the order of submission, or a fresh one."""
        if self._seed is None:
            return secrets.randbits(63)
        import hashlib

        digest = hashlib.blake2b(f"{self._seed}/{number}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 1

    def get_job(self, call: Call, job_id: str) -> Response:
        """Return one job, with addresses that can be read."""
        self._dispatcher.linger(job_id)
        job = self._item(JOB, job_id)
        return json_reply(signed_job_json(job, call.addresses, self._signer, self._signing_time(call)))

    def patch_job(self, call: Call, job_id: str) -> Response:
        """Change a job's name, priority or tags; null takes away."""
        patch = decoded(call.body, Patch)
        changes: dict[str, object] = {"modified": microseconds(self._clock.now())}
        if patch.name is not msgspec.UNSET:
            changes["name"] = patch.name
        if patch.priority is not msgspec.UNSET:
            priority = chosen(patch.priority, PRIORITIES, "priority")
            changes.update(priority=priority, rank=0 if priority == "High" else 1)
        if patch.tags is not msgspec.UNSET:
            changes["tags"] = to_text(patch.tags or [])
        with self._store.transaction():
            job = self._item(JOB, job_id)
            self._store.change(job, changes)
        self._dispatcher.wake()
        return json_reply({"name": job.name, "priority": job.priority, "tags": msgspec.Raw(job.tags.encode())})

    def delete_job(self, call: Call, job_id: str) -> Response:  # noqa: ARG002 - every route takes the call
        """Forget a job and its blobs; a job that is pending is cancelled first."""
        job = self._item(JOB, job_id)
        self._lifecycle.cancel(job)
        self._store.remove(job)
        self._blobs.remove_container(job.container or "")
        self._dispatcher.wake()
        return Response(204)

    def cancel_job(self, call: Call, job_id: str) -> Response:
        """Ask for a job's cancellation."""
        job = self._lifecycle.cancel(self._item(JOB, job_id))
        self._dispatcher.wake()
        return json_reply(job_json(job, call.addresses))

    def list_jobs(self, call: Call) -> Response:
        """Return a page of all jobs."""
        return self._page(call, "item_type = 'Job'", ())

    # --- sessions ---

    def put_session(self, call: Call, session_id: str) -> Response:
        """Open a session; one that is there already is returned as it is."""
        body = decoded(call.body, SessionBody)
        check_id(session_id)
        target = self._target(body)
        now = microseconds(self._clock.now())
        item = Item(
            session_id.lower(),
            SESSION,
            body.name,
            target.provider,
            target.id,
            "Waiting",
            now,
            now,
            priority=chosen(body.priority, PRIORITIES, "priority"),
            tags=to_text(body.tags or []),
            policy=chosen(body.job_failure_policy, POLICIES, "jobFailurePolicy") or "Abort",
            last_submitted=now,
        )
        return json_reply(session_json(self._lifecycle.open_session(item)))

    def get_session(self, call: Call, session_id: str) -> Response:  # noqa: ARG002 - every route takes the call
        """Return one session."""
        return json_reply(session_json(self._item(SESSION, session_id)))

    def close_session(self, call: Call, session_id: str) -> Response:  # noqa: ARG002 - every route takes the call
        """Ask a session to close."""
        session = self._lifecycle.close_session(self._item(SESSION, session_id))
        self._dispatcher.wake()
        return json_reply(session_json(session))

    def list_sessions(self, call: Call) -> Response:
        """Return a page of all sessions."""
        return self._page(call, "item_type = 'Session'", ())

    def list_session_jobs(self, call: Call, session_id: str) -> Response:
        """Return a page of a session's jobs."""
        session = self._item(SESSION, session_id)
        return self._page(call, "item_type = 'Job' AND session_id = ?", (session.id,))

    def list_top_level_items(self, call: Call) -> Response:
        """Return a page of all sessions and of the jobs outside sessions."""
        return self._page(call, "session_id IS NULL", ())

    # --- the rest ---

    def sas_uri(self, call: Call) -> Response:
        """Return an address that can be written; the container is made if need be."""
        body = decoded(call.body, SasBody)
        if not CONTAINER_NAME.fullmatch(body.container_name):
            raise Refusal(400, "InvalidContainerName", "containerName is no name of a container.")
        now = self._signing_time(call)
        addresses: Addresses = call.addresses
        if body.blob_name is not None:
            query = self._signer.read(body.container_name, body.blob_name, now, writes=True)
            return json_reply({"sasUri": f"{addresses.blob(body.container_name, body.blob_name)}?{query}"})
        self._blobs.add_container(body.container_name, microseconds(self._clock.now()))
        query = self._signer.container(body.container_name, now, secure=not addresses.is_served)
        return json_reply({"sasUri": f"{addresses.container(body.container_name)}?{query}"})

    def provider_status(self, call: Call) -> Response:  # noqa: ARG002 - every route takes the call
        """Return providers, targets and their queues."""
        value = [
            {"id": name, "currentAvailability": _overall(targets), "targets": targets}
            for name, targets in self._providers().items()
        ]
        return json_reply({"value": value, "nextLink": None})

    def _providers(self) -> dict[str, list[dict[str, Any]]]:
        """Return what is shown of each provider's targets."""
        providers: dict[str, list[dict[str, Any]]] = {}
        for target in self._targets.values():
            queue = target.average_queue_seconds
            shown: dict[str, Any] = {
                "id": target.id,
                "currentAvailability": target.availability,
                "averageQueueTime": int(target.queue_seconds) if queue is None else queue,
                "statusPage": target.status_page,
                "numQubits": target.num_qubits,
            }
            if target.profile:
                shown["targetProfile"] = target.profile
            providers.setdefault(target.provider, []).append(shown)
        return providers

    def offer_status(self, call: Call, provider: str) -> Response:  # noqa: ARG002 - every route takes the call
        """Return one provider's targets and their queues."""
        shown = self._providers().get(provider.lower())
        if shown is None:
            raise Refusal(404, "ResourceNotFound", f"There is no provider {provider[:64]}.")
        return json_reply({"id": provider.lower(), "currentAvailability": _overall(shown), "targets": shown})

    # --- shared ---

    def _signing_time(self, call: Call) -> datetime:
        """Return when signatures are made: now, or so long ago that they have run out."""
        now = self._clock.now()
        return now - 2 * LIFETIME if call.is_expired else now

    def _item(self, item_type: str, item_id: str) -> Item:
        item = self._store.item(item_type, item_id.lower())
        if item is None:
            raise Refusal(404, "ResourceNotFound", f"There is no {item_type.lower()} {item_id[:64]}.")
        return item

    def _target(self, body: Common) -> LocalTarget:
        target = self._targets.get(body.target.lower())
        if target is None:
            raise Refusal(400, "InvalidJobDefinition", f"This workspace has no target {body.target[:128]}.")
        if body.provider_id is not None and body.provider_id.lower() != target.provider:
            raise Refusal(
                400,
                "InvalidJobDefinition",
                f"Target {target.id} belongs to {target.provider}, not to {body.provider_id[:64]}.",
            )
        if target.availability == "Unavailable":
            raise Refusal(400, "TargetUnavailable", f"Target {target.id} takes no jobs at present.")
        return target

    def _page(self, call: Call, condition: str, values: tuple[object, ...]) -> Response:
        """Return one page of the items under a condition, as filter, orderby, skip and top ask."""
        query = call.query
        skip, top = number_in(query, "skip", 0), min(number_in(query, "top", _PAGE), _PAGE)
        order = order_by(query["orderby"]) if query.get("orderby") else "created ASC, sequence ASC"
        if query.get("filter"):
            wanted = where(query["filter"])
            condition, values = f"{condition} AND {wanted.sql}", (*values, *wanted.values)
        found = self._store.items(
            f"WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?", (*values, top + 1, skip)
        )  # fmt: skip
        link = None
        if len(found) > top > 0:
            parts = [f"{name}={quote(query[name])}" for name in ("filter", "orderby") if query.get(name)]
            parts += [f"top={top}", f"skip={skip + top}"]
            if query.get("api-version"):
                parts.append(f"api-version={quote(query['api-version'])}")
            link = f"{call.addresses.api}{call.path}?{'&'.join(parts)}"
        return json_reply({"value": [item_json(item, call.addresses) for item in found[:top]], "nextLink": link})


def _overall(targets: list[dict[str, Any]]) -> str:
    """Return a provider's availability: the best of its targets'."""
    found = {target["currentAvailability"] for target in targets}
    return next((word for word in ("Available", "Degraded") if word in found), "Unavailable")
