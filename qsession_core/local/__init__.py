"""A whole workspace on this machine: the service itself, not a stand-in for it.

:class:`LocalWorkspace` answers every request of the real service in the same way; see workspace.py. The names below
load when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qsession_core.local.clock import Clock, ManualClock, SystemClock
    from qsession_core.local.faults import Fault, Faults
    from qsession_core.local.targets import LocalTarget
    from qsession_core.local.workspace import LocalWorkspace

__all__ = ["Clock", "Fault", "Faults", "LocalTarget", "LocalWorkspace", "ManualClock", "SystemClock"]

_HOMES = {
    "Clock": "clock",
    "Fault": "faults",
    "Faults": "faults",
    "LocalTarget": "targets",
    "LocalWorkspace": "workspace",
    "ManualClock": "clock",
    "SystemClock": "clock",
}


def __getattr__(name: str) -> object:
    """Load a public name."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
