"""Routes beside jobs and sessions: resource manager, resource graph, provider status, quotas, suite offers.

Source: docs/protocol.md 1.4, 2 (rows 14 to 18), 4.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.clock import moment
from qsession_core.local.replies import Refusal, json_reply
from qsession_core.local.service.personal import quotas_of

if TYPE_CHECKING:
    from qsession_core.local.service.requests import Call, Service
    from qsession_core.transport.message import Response

__all__ = [
    "get_offer_status", "get_subscription", "get_workspace", "list_offer_usages", "list_provider_status",
    "list_quota_usages", "list_quotas", "query_graph",
]  # fmt: skip

_CLAUSE = re.compile(r"\|\s*where\s+(\w+)\s*=~\s*'((?:[^'\\]|\\.)*)'", re.IGNORECASE)
# (dimension, scope, provider, limit, period): what a workspace is commonly granted
_QUOTAS = (
    ("qgs", "Workspace", "ionq", 16_667_000.0, "None"),
    ("compute-time-emu", "Workspace", "pasqal", 20.0, "None"),
    ("hqc", "Workspace", "quantinuum", 800.0, "Monthly"),
    ("ehqc", "Workspace", "quantinuum", 3_200.0, "Monthly"),
    ("qpu_time_centiseconds", "Workspace", "rigetti", 25_000.0, "None"),
)


# --- resource manager and resource graph ---


def get_subscription(service: Service, _call: Call) -> Response:
    """Return the subscription."""
    return json_reply({"subscriptionId": service.connection.subscription_id, "state": "Enabled"})


def get_workspace(service: Service, call: Call) -> Response:
    """Return the workspace as the resource manager shows it."""
    own = service.connection
    return json_reply(
        {
            "id": f"/subscriptions/{own.subscription_id}/resourceGroups/{own.resource_group}"
            f"/providers/Microsoft.Quantum/Workspaces/{own.name}",
            "name": own.name,
            "type": "microsoft.quantum/workspaces",
            "location": own.location,
            "tags": {},
            "properties": {
                "providers": [
                    {"providerId": provider, "providerSku": "local", "provisioningState": "Succeeded"}
                    for provider in dict.fromkeys(target.provider for target in service.targets.values())
                ],
                "provisioningState": "Succeeded",
                "usable": "Yes",
                "apiKeyEnabled": True,
                "endpointUri": _endpoint(service, call),
                "workspaceKind": "V1",
            },
        }
    )


def _endpoint(service: Service, call: Call) -> str:
    return call.addresses.api if call.addresses.is_served else service.connection.endpoint.rstrip("/")


def query_graph(service: Service, call: Call) -> Response:
    """Answer the one query that clients send to the resource graph: where is the workspace of this name."""
    try:
        body: Any = msgspec.json.decode(call.body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refusal(400, "BadRequest", f"The body cannot be taken: {error}.") from error
    query = body.get("query") if isinstance(body, dict) else None
    if not isinstance(query, str):
        raise Refusal(400, "BadRequest", "The body has no query.")
    own = service.connection
    row = {
        "name": own.name,
        "subscriptionId": own.subscription_id,
        "resourceGroup": own.resource_group,
        "location": own.location,
        "endpointUri": _endpoint(service, call),
        "workspaceKind": "V1",
        "type": "microsoft.quantum/workspaces",
    }
    wanted = {name.lower(): value.lower() for name, value in _CLAUSE.findall(query)}
    known = {name.lower(): value.lower() for name, value in row.items()}
    subscriptions = body.get("subscriptions")
    if isinstance(subscriptions, list) and subscriptions:
        found = own.subscription_id.lower() in {str(entry).lower() for entry in subscriptions}
    else:
        found = True
    found = found and all(known.get(name) == value for name, value in wanted.items())
    del row["type"]
    data = [row] if found else []
    return json_reply(
        {"totalRecords": len(data), "count": len(data), "data": data, "facets": [], "resultTruncated": "false"}
    )


# --- providers and their queues ---


def list_provider_status(service: Service, _call: Call) -> Response:
    """Return the providers with their targets and queues."""
    value = [
        {"id": name, "currentAvailability": _overall(targets), "targets": targets}
        for name, targets in _providers(service).items()
    ]
    return json_reply({"value": value, "nextLink": None})


def get_offer_status(service: Service, call: Call) -> Response:
    """Return one provider's targets and their queues."""
    shown = _providers(service).get(call.id.lower())
    if shown is None:
        raise Refusal(404, "ResourceNotFound", f"There is no provider {call.id[:64]}.")
    return json_reply({"id": call.id.lower(), "currentAvailability": _overall(shown), "targets": shown})


def _providers(service: Service) -> dict[str, list[dict[str, Any]]]:
    """Return the targets as the service shows them, by provider."""
    providers: dict[str, list[dict[str, Any]]] = {}
    for target in service.targets.values():
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


def _overall(targets: list[dict[str, Any]]) -> str:
    """Return a provider's availability: the best of its targets'."""
    found = {target["currentAvailability"] for target in targets}
    return next((word for word in ("Available", "Degraded") if word in found), "Unavailable")


# --- quotas ---


def list_quotas(service: Service, call: Call) -> Response:
    """Return what the workspace may use, and what it has used."""
    used = dict(service.store.read(service.store.amounts_used))
    value = [
        {
            "dimension": dimension,
            "scope": scope,
            "providerId": provider,
            "utilization": sum(weight * (used.get(part) or 0.0) for part, weight in _parts(dimension)),
            "holds": 0.0,
            "limit": limit,
            "period": period,
        }
        for dimension, scope, provider, limit, period in _QUOTAS
    ]
    return json_reply({"value": [*quotas_of(service, call.person), *value], "nextLink": None})


def _parts(dimension: str) -> tuple[tuple[str, float], ...]:
    """Return the dimensions of bills that a quota counts, each with its weight."""
    # a quota's worth of one-qubit gates once cost a tenth of as many two-qubit gates; source: docs/protocol.md 4.5
    return (("gs1q", 1.0), ("gs2q", 10.0)) if dimension == "qgs" else ((dimension, 1.0),)


def list_quota_usages(service: Service, call: Call) -> Response:
    """Return how long each target of a provider has worked for this workspace."""
    return json_reply({"value": _usages(service, call.query.get("providerid", "").lower()), "nextLink": None})


def list_offer_usages(service: Service, call: Call) -> Response:
    """Return the same for the whole subscription, which has this workspace only."""
    return json_reply({"value": _usages(service, call.id.lower()), "nextLink": None})


def _usages(service: Service, provider: str) -> list[dict[str, Any]]:
    rows = service.store.read(
        "SELECT provider_id, target, sum(ended - began), max(ended) FROM items WHERE item_type = 'Job'"
        " AND began IS NOT NULL AND ended IS NOT NULL AND (? = '' OR provider_id = ?) GROUP BY 1, 2 ORDER BY 1, 2",
        (provider, provider),
    )
    return [
        {
            "providerId": name,
            "scope": "WorkspaceTarget",
            "targetId": target,
            "usage": {"standardMinutes": spent / 60e6},
            "lastModifiedTime": moment(last).isoformat(),
        }
        for name, target, spent, last in rows
    ]
