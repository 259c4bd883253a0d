"""The table of routes.

Paths are compared without regard to case, segment by segment; ``*`` is an id, and ``:verb`` ends a segment. Source: protocol.md
section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from qsession_core.local.replies import Refusal

if TYPE_CHECKING:
    from qsession_core.local.addresses import LocalConnection

__all__ = ["ROUTES", "find"]

# below .../workspaces/{name}/: shape -> method -> name of the method of Api
ROUTES: dict[str, dict[str, str]] = {
    "jobs": {"GET": "list_jobs"},
    "jobs/*": {"PUT": "put_job", "GET": "get_job", "PATCH": "patch_job", "DELETE": "delete_job"},
    "jobs/*:cancel": {"POST": "cancel_job"},
    "sessions": {"GET": "list_sessions"},
    "sessions/*": {"PUT": "put_session", "GET": "get_session"},
    "sessions/*:close": {"POST": "close_session"},
    "sessions/*/jobs": {"GET": "list_session_jobs"},
    "toplevelitems": {"GET": "list_top_level_items"},
    "storage/sasuri": {"POST": "sas_uri"},
    "providerstatus": {"GET": "provider_status"},
}
_PREFIX = ("subscriptions", None, "resourcegroups", None, "providers", "microsoft.quantum", "workspaces", None)
_ID_PLACE = 1


def find(method: str, path: str, connection: LocalConnection) -> tuple[str, tuple[str, ...], bool]:
    """Return which method of Api answers, with what arguments, and whether the path names this workspace.

    Raises:
        Refusal: 404 if there is no such route, 405 if it has no such method.
    """
    segments = path.strip("/").split("/")
    head, tail = segments[: len(_PREFIX)], segments[len(_PREFIX) :]
    if len(head) < len(_PREFIX) or any(
        wanted is not None and wanted != given.lower() for wanted, given in zip(_PREFIX, head, strict=True)
    ):
        raise Refusal(404, "ResourceNotFound", "There is no such route.")
    arguments: tuple[str, ...] = ()
    if len(tail) > _ID_PLACE and tail[0].lower() in {"jobs", "sessions"}:
        item_id, colon, verb = unquote(tail[_ID_PLACE]).partition(":")
        arguments = (item_id,)
        tail = [tail[0], f"*{colon}{verb}", *tail[_ID_PLACE + 1 :]]
    methods = ROUTES.get("/".join(tail).lower())
    if methods is None:
        raise Refusal(404, "ResourceNotFound", "There is no such route.")
    handler = methods.get(method)
    if handler is None:
        raise Refusal(405, "MethodNotAllowed", f"This route answers {', '.join(methods)}.")
    own = (connection.subscription_id, connection.resource_group, connection.name)
    given = (unquote(head[1]), unquote(head[3]), unquote(head[7]))
    return handler, arguments, all(a.lower() == b.lower() for a, b in zip(own, given, strict=True))
