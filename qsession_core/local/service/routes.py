"""The table of routes.

Paths are compared without regard to case, segment by segment; ``*`` is an id, and ``:verb`` ends a segment. Source:
protocol.md sections 1.4 and 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from qsession_core.local.service.addresses import LocalConnection

__all__ = ["ROUTES", "Route", "find"]

# shape -> method -> name of the method that answers. Shapes below a workspace are written without its prefix; the
# workspace itself, as the resource manager knows it, is "workspace".
ROUTES: dict[str, dict[str, str]] = {
    "workspace": {"GET": "resource"},
    "graph": {"POST": "graph"},
    "subscription": {"GET": "subscription"},
    "jobs": {"GET": "list_jobs"},
    "jobs/*": {"PUT": "put_job", "GET": "get_job", "PATCH": "patch_job", "DELETE": "delete_job"},
    "jobs/*:cancel": {"POST": "cancel_job"},
    "sessions": {"GET": "list_sessions"},
    "sessions/*": {"PUT": "put_session", "GET": "get_session"},
    "sessions/*:close": {"POST": "close_session"},
    "sessions/*/jobs": {"GET": "list_session_jobs"},
    "toplevelitems": {"GET": "list_top_level_items"},
    "storage/sasuri": {"POST": "sas_uri"},
    "storage/proxy": dict.fromkeys(("GET", "PUT", "HEAD", "POST"), "proxy"),
    "providerstatus": {"GET": "provider_status"},
    "quotas": {"GET": "quotas"},
    "quotausages": {"GET": "quota_usages"},
    "suiteoffers/*/quotausages": {"GET": "offer_usages"},
    "suiteoffers/*/providerstatus": {"GET": "offer_status"},
}
MANAGEMENT = frozenset({"workspace", "graph", "subscription"})
_PREFIX = ("subscriptions", None, "resourcegroups", None, "providers", "microsoft.quantum", "workspaces", None)
_OFFERS = ("subscriptions", None, "providers", "microsoft.quantum", "suiteoffers", None, None)
_GRAPH = ("providers", "microsoft.resourcegraph", "resources")
_SUBSCRIPTION = ("subscriptions", None)


class Route(NamedTuple):
    """Where a path leads.

    Attributes:
        shape: The key in ROUTES; empty for nowhere.
        arguments: The ids in the path.
        is_own: The path names this workspace.
    """

    shape: str
    arguments: tuple[str, ...] = ()
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
        return Route("workspace", (), given == own)
    arguments: tuple[str, ...] = ()
    if len(tail) > 1 and tail[0].lower() in {"jobs", "sessions"}:
        item_id, colon, verb = unquote(tail[1]).partition(":")
        arguments = (item_id,)
        tail = [tail[0], f"*{colon}{verb}", *tail[2:]]
    shape = "/".join(tail).lower()
    is_below = shape in ROUTES and shape not in MANAGEMENT and not shape.startswith("suiteoffers/")
    return Route(shape if is_below else "", arguments, given == own)


def _beside(segments: list[str], connection: LocalConnection) -> Route:
    """Return where a path leads that is not below a workspace."""
    is_own = len(segments) > 1 and unquote(segments[1]).lower() == connection.subscription_id.lower()
    if _fits(_OFFERS, segments) and len(segments) == len(_OFFERS):
        shape = f"suiteoffers/*/{segments[6].lower()}"
        return Route(shape if shape in ROUTES else "", (unquote(segments[5]),), is_own)
    if [segment.lower() for segment in segments] == list(_GRAPH):
        return Route("graph")
    if _fits(_SUBSCRIPTION, segments) and len(segments) == len(_SUBSCRIPTION):
        return Route("subscription", (), is_own)
    return Route("")
