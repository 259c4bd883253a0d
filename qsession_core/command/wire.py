"""What the service told of a job or session, as ``--json`` writes it: its own names, and no signature of an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsession_core.decoding import read_json

if TYPE_CHECKING:
    from qsession_core.client.job import Job
    from qsession_core.client.session import Session

__all__ = ["as_told"]


def as_told(item: Job | Session) -> dict[str, Any]:
    """Return the members of a job or session as the service wrote them; addresses have no signature."""
    members: dict[str, Any] = read_json(item.details.raw or b"{}", dict[str, Any])
    return {name: _without_signatures(value) for name, value in members.items()}


def _without_signatures(value: Any) -> Any:
    from qsession_core.transport.message import without_secrets

    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, dict):
        return {name: _without_signatures(member) for name, member in value.items()}
    return [_without_signatures(member) for member in value] if isinstance(value, list) else value
