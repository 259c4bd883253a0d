"""The details of a session that is to be opened, from what a caller gives."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from qsession_core.client.service.models import SessionDetails
from qsession_core.client.service.spelling import (
    POLICIES,
    PRIORITIES,
    check,
    odd_id,
    odd_name,
    odd_tags,
    odd_word,
    spelled,
)
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
        ConfigurationError: There is no target, or something that is given cannot be sent; the error lists all of it.
    """
    target_name = target if isinstance(target, str) else str(getattr(target, "name", ""))
    no_target = "A session needs a target: pass the target, its name, or details with it."
    check(
        None if target_name else no_target,
        odd_name("name", name),
        odd_id("id", session_id),
        odd_word("job_failure_policy", job_failure_policy, POLICIES),
        odd_word("priority", priority, PRIORITIES),
        odd_tags(tags),
    )
    new = str(session_id or uuid.uuid4())
    return SessionDetails(
        id=new,
        name=str(name or f"session-{new}"),
        target=target_name,
        provider_id=provider_id or getattr(target, "provider_id", None) or target_name.partition(".")[0],
        job_failure_policy=spelled(job_failure_policy, POLICIES),
        priority=spelled(priority, PRIORITIES),
        tags=None if tags is None else list(tags),
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
