"""Routes of sessions: open, read, close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.local.replies import Refusal, json_reply
from qsession_core.local.service.requests import POLICIES, PRIORITIES, SessionBody, check_id, chosen, decoded
from qsession_core.local.service.shapes import session_json
from qsession_core.local.storage.database import to_text
from qsession_core.local.storage.items import Session

if TYPE_CHECKING:
    from qsession_core.local.service.requests import Call, Service
    from qsession_core.transport.message import Response

__all__ = ["close_session", "get_session", "put_session"]


def put_session(service: Service, call: Call) -> Response:
    """Open a session. A second PUT of the same id returns the session as it is."""
    body = decoded(call.body, SessionBody)
    check_id(call.id)
    target = service.target(body)
    now = service.now()
    session = Session(
        id=call.id.lower(),
        name=body.name,
        provider_id=target.provider,
        target=target.id,
        created=now,
        modified=now,
        priority=chosen(body.priority, PRIORITIES, "priority"),
        tags=to_text(body.tags or []),
        policy=chosen(body.job_failure_policy, POLICIES, "jobFailurePolicy") or "Abort",
        last_submitted=now,
        created_by=call.person.name,
    )
    stored = service.lifecycle.open_session(session)
    if not call.person.sees(stored.created_by):
        raise Refusal(409, "ResourceConflict", f"There is a session {session.id} already.")
    return json_reply(session_json(stored, call.version))


def get_session(service: Service, call: Call) -> Response:
    """Return one session."""
    return json_reply(session_json(service.session(call.id, call.person), call.version))


def close_session(service: Service, call: Call) -> Response:
    """Ask a session to close; its jobs run on."""
    session = service.lifecycle.close_session(service.session(call.id, call.person))
    service.dispatcher.wake()
    return json_reply(session_json(session, call.version))
