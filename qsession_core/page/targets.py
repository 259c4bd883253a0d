"""The targets of a workspace as plain values, asked for at most every few seconds."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from qsession_core.catalog import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core.client.workspace import Workspace

__all__ = ["TargetViews", "hold_seconds"]

_KNOWN = {target.name: target for target in TARGETS}
_SECONDS = 2.0


def hold_seconds(target: str) -> float:
    """Return for how many seconds a known target is held for a session without a job; 0 if it is not."""
    known = _KNOWN.get(target)
    return (known.hold_seconds or 0.0) if known is not None else 0.0


class TargetViews:
    """Makes the view of a workspace's targets and quotas. Safe to use from several threads.

    Args:
        workspace: The workspace.
        holds: For how many seconds a target is held for a session without a job; 0 if it is not.
    """

    def __init__(self, workspace: Workspace, holds: Callable[[str], float]) -> None:
        self._workspace = workspace
        self._holds = holds
        self._lock = threading.Lock()
        self._view: dict[str, Any] | None = None
        self._ask_at = 0.0

    def view(self) -> dict[str, Any]:
        """Return targets with what is known of them, and quotas.

        Raises:
            QSessionError: The service cannot be asked.
        """
        with self._lock:
            if self._view is None or time.monotonic() >= self._ask_at:
                start = time.monotonic()
                self._view = {"targets": self._targets(), "quotas": self._quotas()}
                took = time.monotonic() - start
                self._ask_at = start + took + max(_SECONDS, 10 * took)
            return self._view

    def _targets(self) -> list[dict[str, Any]]:
        rows = []
        for provider in self._workspace.parts.calls.provider_status():
            for target in provider.targets:
                known = _KNOWN.get(target.id)
                rows.append(
                    {
                        "id": target.id,
                        "provider": provider.id,
                        "availability": target.current_availability or "",
                        "queueSeconds": target.average_queue_time,
                        "qubits": target.num_qubits or (known.num_qubits if known else None),
                        "profile": target.target_profile or (known.profile if known else ""),
                        "maxShots": known.max_shots if known else None,
                        "kind": ("simulator" if known.is_simulator else "hardware") if known else "",
                        "holdSeconds": self._holds(target.id) or None,
                        "statusPage": target.status_page or "",
                    }
                )
        return rows

    def _quotas(self) -> list[dict[str, Any]]:
        return [
            {
                "dimension": quota.dimension or "",
                "provider": quota.provider_id or "",
                "used": quota.utilization,
                "held": quota.holds,
                "limit": quota.limit,
                "period": quota.period or "",
            }
            for quota in self._workspace.get_quotas()
        ]
