"""The details of a session that is to be opened, from what a caller gives."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from qsession_core.client.service.calls import tag_list, text_of
from qsession_core.client.service.models import SessionDetails
from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qsession_core.client.service.status import Priority, SessionJobFailurePolicy

__all__ = ["described", "details_alone"]


def described(
    target: object,
    provider_id: str | None,
    session_id: object,
    name: object,
    job_failure_policy: SessionJobFailurePolicy | str | None,
    priority: Priority | str | None,
    tags: Sequence[str] | None,
) -> SessionDetails:
    """Return the details of a session that is to be opened; arguments as for :class:`Session`.

    Raises:
        ConfigurationError: There is no target, or a name or id is no text.
    """
    odd = [f"{what}={given!r}" for what, given in (("name", name), ("id", session_id)) if not _is_text_or_none(given)]
    if odd:
        raise ConfigurationError(f"A session's name and id are text, not {' and '.join(odd)}.")
    target_name = target if isinstance(target, str) else str(getattr(target, "name", ""))
    if not target_name:
        raise ConfigurationError("A session needs a target: pass the target, its name, or details with it.")
    new = str(session_id or uuid.uuid4())
    return SessionDetails(
        id=new,
        name=str(name or f"session-{new}"),
        target=target_name,
        provider_id=provider_id or getattr(target, "provider_id", None) or target_name.partition(".")[0],
        job_failure_policy=text_of(job_failure_policy),
        priority=text_of(priority),
        tags=tag_list(tags),
    )


def details_alone(given: object, members: Iterable[object]) -> SessionDetails | None:
    """Return the details that a caller gives instead of single members; None if none are given.

    Raises:
        ConfigurationError: Single members are given too; or it is something else, such as a dict.
    """
    if given is None:
        return None
    if any(each is not None for each in members):
        raise ConfigurationError("Pass the details of a session, or its single members; not both.")
    if isinstance(given, SessionDetails):
        return given
    raise ConfigurationError(
        f"The details of a session are SessionDetails(id=..., name=..., target=...), and not {given!r}."
    )


def _is_text_or_none(given: object) -> bool:
    return given is None or isinstance(given, (str, uuid.UUID))
