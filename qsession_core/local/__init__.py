"""A whole workspace on this machine: the service itself, not a stand-in for it.

:class:`LocalWorkspace` answers every request of the real service in the same way; see workspace.py. The names below
load when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.lazy import exports

if TYPE_CHECKING:
    from qsession_core.clock import Clock, LabClock, ManualClock, SystemClock
    from qsession_core.local.faults import Fault, Faults
    from qsession_core.local.targets import LocalTarget
    from qsession_core.local.workspace import LocalWorkspace

__all__ = ["Clock", "Fault", "Faults", "LabClock", "LocalTarget", "LocalWorkspace", "ManualClock", "SystemClock"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Clock": ".clock",
        "Fault": "faults",
        "Faults": "faults",
        "LocalTarget": "targets",
        "LocalWorkspace": "workspace",
        "LabClock": ".clock",
        "ManualClock": ".clock",
        "SystemClock": ".clock",
    },
)
