"""What surrounds the data plane: discovery by the resource manager and the resource graph, quotas, suite offers.

Source: protocol.md 1.4, 2 (rows 14 to 18), 4.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.local.clock import moment
from qsession_core.local.replies import Refusal, json_reply
from qsession_core.local.service.addresses import API_HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.local.service.addresses import LocalConnection
    from qsession_core.local.service.requests import Call
    from qsession_core.local.storage.database import Store
    from qsession_core.local.targets import LocalTarget
    from qsession_core.transport.message import Response

__all__ = ["Discovery"]

_CLAUSE = re.compile(r"\|\s*where\s+(\w+)\s*=~\s*'((?:[^'\\]|\\.)*)'", re.IGNORECASE)
# (dimension, scope, provider, limit, period): what a workspace is commonly granted
_QUOTAS = (
    ("qgs", "Workspace", "ionq", 16_667_000.0, "None"),
    ("compute-time-emu", "Workspace", "pasqal", 20.0, "None"),
    ("hqc", "Workspace", "quantinuum", 800.0, "Monthly"),
    ("ehqc", "Workspace", "quantinuum", 3_200.0, "Monthly"),
    ("qpu_time_centiseconds", "Workspace", "rigetti", 25_000.0, "None"),
)


class Discovery:
    """Answers the routes beside jobs and sessions.

    Args:
        store: Where jobs' costs are.
        targets: By id in lower case.
        connection: Who this workspace is.
    """

    def __init__(self, store: Store, targets: Mapping[str, LocalTarget], connection: LocalConnection) -> None:
        self._store = store
        self._targets = targets
        self._connection = connection

    def resource(self, call: Call) -> Response:
        """Return the workspace as the resource manager knows it."""
        own = self._connection
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
                        for provider in dict.fromkeys(target.provider for target in self._targets.values())
                    ],
                    "provisioningState": "Succeeded",
                    "usable": "Yes",
                    "apiKeyEnabled": True,
                    "endpointUri": self._endpoint(call),
                    "workspaceKind": "V1",
                },
            }
        )

    def _endpoint(self, call: Call) -> str:
        return call.addresses.api if call.addresses.is_served else f"https://{API_HOST}"

    def graph(self, call: Call) -> Response:
        """Answer the one question that clients ask the resource graph: where is the workspace of this name."""
        try:
            body: Any = msgspec.json.decode(call.body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Refusal(400, "BadRequest", f"The body cannot be taken: {error}.") from error
        query = body.get("query") if isinstance(body, dict) else None
        if not isinstance(query, str):
            raise Refusal(400, "BadRequest", "The body has no query.")
        own = self._connection
        row = {
            "name": own.name,
            "subscriptionId": own.subscription_id,
            "resourceGroup": own.resource_group,
            "location": own.location,
            "endpointUri": self._endpoint(call),
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

    def quotas(self, call: Call) -> Response:  # noqa: ARG002 - every route takes the call
        """Return what the workspace may use, and what it has used."""
        used = dict(
            self._store.read(
                "SELECT json_extract(event.value, '$.dimensionId'), sum(json_extract(event.value, '$.amountConsumed'))"
                " FROM items, json_each(items.cost, '$.events') AS event WHERE item_type = 'Job' GROUP BY 1"
            )
        )
        value = [
            {
                "dimension": dimension,
                "scope": scope,
                "providerId": provider,
                "utilization": float(used.get(dimension) or 0.0),
                "holds": 0.0,
                "limit": limit,
                "period": period,
            }
            for dimension, scope, provider, limit, period in _QUOTAS
        ]
        return json_reply({"value": value, "nextLink": None})

    def quota_usages(self, call: Call) -> Response:
        """Return how long each target of a provider has worked for this workspace."""
        provider = call.query.get("providerid", "").lower()
        return json_reply({"value": self._usages(provider), "nextLink": None})

    def offer_usages(self, call: Call, provider: str) -> Response:  # noqa: ARG002 - every route takes the call
        """Return the same for a whole subscription, of which this workspace is all."""
        return json_reply({"value": self._usages(provider.lower()), "nextLink": None})

    def _usages(self, provider: str) -> list[dict[str, Any]]:
        rows = self._store.read(
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
