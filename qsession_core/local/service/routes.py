"""The table of routes: which function answers what.

Paths are compared segment by segment, without regard to case; ``*`` is an id, and ``:verb`` ends a segment. A new
route is one function in one of the ``..._routes`` files and one row here. Source: docs/protocol.md 1.4 and 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from qsession_core.local.service import job_routes as jobs
from qsession_core.local.service import list_routes as lists
from qsession_core.local.service import management_routes as management
from qsession_core.local.service import session_routes as sessions
from qsession_core.local.service import storage_routes as storage

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core.local.service.addresses import LocalConnection
    from qsession_core.local.service.requests import Call, Service
    from qsession_core.transport.message import Response

    Handler = Callable[[Service, Call], Response]

__all__ = ["MANAGEMENT", "ROUTES", "Route", "find"]

# shape -> method -> the function that answers. Shapes below a workspace are written without its prefix; the workspace
# itself, as the resource manager knows it, is "workspace".
ROUTES: dict[str, dict[str, Handler]] = {
    "workspace": {"GET": management.get_workspace},
    "graph": {"POST": management.query_graph},
    "subscription": {"GET": management.get_subscription},
    "jobs": {"GET": lists.list_jobs},
    "jobs/*": {"PUT": jobs.put_job, "GET": jobs.get_job, "PATCH": jobs.patch_job, "DELETE": jobs.delete_job},
    "jobs/*:cancel": {"POST": jobs.cancel_job},
    "jobs/*:resume": {"POST": jobs.resume_job},
    "jobs/*/queueposition": {"GET": jobs.get_queue_position},
    "jobupdateoptions/*": {"PATCH": jobs.patch_job},
    "sessions": {"GET": lists.list_sessions},
    "sessions/*": {"PUT": sessions.put_session, "GET": sessions.get_session},
    "sessions/*:close": {"POST": sessions.close_session},
    "sessions/*/jobs": {"GET": lists.list_session_jobs},
    "toplevelitems": {"GET": lists.list_top_level_items},
    "storage/sasuri": {"POST": storage.sas_uri},
    "storage/proxy": dict.fromkeys(("GET", "PUT", "HEAD", "POST"), storage.forward),
    "providerstatus": {"GET": management.list_provider_status},
    "quotas": {"GET": management.list_quotas},
    "quotausages": {"GET": management.list_quota_usages},
    "suiteoffers/*/quotausages": {"GET": management.list_offer_usages},
    "suiteoffers/*/providerstatus": {"GET": management.get_offer_status},
}
MANAGEMENT = frozenset({"workspace", "graph", "subscription"})
_PREFIX = ("subscriptions", None, "resourcegroups", None, "providers", "microsoft.quantum", "workspaces", None)
_OFFERS = ("subscriptions", None, "providers", "microsoft.quantum", "suiteoffers", None, None)
_GRAPH = ("providers", "microsoft.resourcegraph", "resources")
_SUBSCRIPTION = ("subscriptions", None)


class Route(NamedTuple):
    """Where a path leads.

    Attributes:
        shape: The key in ROUTES; empty if there is no such route.
        id: The id in the path; empty if it has none.
        is_own: The path names this workspace, not another one.
    """

    shape: str
    id: str = ""
    is_own: bool = True


def _fits(pattern: tuple[str | None, ...], segments: list[str]) -> bool:
    return len(segments) >= len(pattern) and all(
        wanted is None or wanted == given.lower() for wanted, given in zip(pattern, segments, strict=False)
    )


def find(path: str, connection: LocalConnection) -> Route:
    """Return where a path leads."""
    segments = path.strip("/").split("/")
    if not _fits(_PREFIX, segments):
        return _beside(segments, connection)
    tail = segments[len(_PREFIX) :]
    given = tuple(unquote(segments[place]).lower() for place in (1, 3, 7))
    own = tuple(name.lower() for name in (connection.subscription_id, connection.resource_group, connection.name))
    if not tail:
        return Route("workspace", "", given == own)
    item_id = ""
    if len(tail) > 1 and tail[0].lower() in {"jobs", "jobupdateoptions", "sessions"}:
        item_id, colon, verb = unquote(tail[1]).partition(":")
        tail = [tail[0], f"*{colon}{verb}", *tail[2:]]
    shape = "/".join(tail).lower()
    is_below = shape in ROUTES and shape not in MANAGEMENT and not shape.startswith("suiteoffers/")
    return Route(shape if is_below else "", item_id, given == own)


def _beside(segments: list[str], connection: LocalConnection) -> Route:
    """Return where a path leads that is not below a workspace."""
    is_own = len(segments) > 1 and unquote(segments[1]).lower() == connection.subscription_id.lower()
    if _fits(_OFFERS, segments) and len(segments) == len(_OFFERS):
        shape = f"suiteoffers/*/{segments[6].lower()}"
        return Route(shape if shape in ROUTES else "", unquote(segments[5]), is_own)
    if [segment.lower() for segment in segments] == list(_GRAPH):
        return Route("graph")
    if _fits(_SUBSCRIPTION, segments) and len(segments) == len(_SUBSCRIPTION):
        return Route("subscription", "", is_own)
    return Route("")
