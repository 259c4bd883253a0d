"""Routes that list jobs and sessions, page by page. Source: docs/protocol.md 2.3."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from qsession_core.local.replies import json_reply
from qsession_core.local.service.odata import order_by, where
from qsession_core.local.service.requests import number_in
from qsession_core.local.service.shapes import item_json

if TYPE_CHECKING:
    from qsession_core.local.service.requests import Call, Service
    from qsession_core.transport.message import Response

__all__ = ["list_jobs", "list_session_jobs", "list_sessions", "list_top_level_items"]

_PAGE = 100


def list_jobs(service: Service, call: Call) -> Response:
    """Return a page of all jobs."""
    return _page(service, call, "item_type = 'Job'")


def list_sessions(service: Service, call: Call) -> Response:
    """Return a page of all sessions."""
    return _page(service, call, "item_type = 'Session'")


def list_session_jobs(service: Service, call: Call) -> Response:
    """Return a page of a session's jobs."""
    return _page(service, call, "item_type = 'Job' AND session_id = ?", service.session(call.id, call.person).id)


def list_top_level_items(service: Service, call: Call) -> Response:
    """Return a page of all sessions and of the jobs outside sessions."""
    return _page(service, call, "session_id IS NULL")


def _page(service: Service, call: Call, condition: str, *values: object) -> Response:
    """Return one page of the items under a condition, as the query's filter, orderby, skip and top say."""
    query = call.query
    skip, top = number_in(query, "skip", 0), min(number_in(query, "top", _PAGE), _PAGE)
    order = order_by(query["orderby"]) if query.get("orderby") else "created ASC, sequence ASC"
    if not call.person.sees_all:
        condition, values = f"{condition} AND created_by = ?", (*values, call.person.name)
    if query.get("filter"):
        wanted = where(query["filter"])
        condition, values = f"{condition} AND {wanted.sql}", (*values, *wanted.values)
    found = service.store.items(f"WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?", (*values, top + 1, skip))
    link = None
    if len(found) > top > 0:
        parts = [f"{name}={quote(query[name])}" for name in ("filter", "orderby") if query.get(name)]
        parts += [f"top={top}", f"skip={skip + top}"]
        if query.get("api-version"):
            parts.append(f"api-version={quote(query['api-version'])}")
        link = f"{call.addresses.api}{call.path}?{'&'.join(parts)}"
    return json_reply(
        {"value": [item_json(item, call.addresses, call.version) for item in found[:top]], "nextLink": link}
    )
