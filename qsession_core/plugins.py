"""Plugins: found by name without importing them, loaded when asked for.

Three groups of entry points, by which our own parts come in as well as anyone else's:

=======================  =====================================  =================
group                    key                                    what it points to
=======================  =====================================  =================
``qsession.providers``   the provider's id (``ionq``)           a ``Provider``
``qsession.frontends``   the SDK's module name (``qiskit``)     ``convert(circuit) -> Program``
``qsession.simulators``  the simulator's name (``numpy``)       a class
=======================  =====================================  =================
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from qsession_core.errors import PluginError

__all__ = ["FRONTENDS", "PROVIDERS", "SIMULATORS", "load", "names"]

PROVIDERS = "qsession.providers"
FRONTENDS = "qsession.frontends"
SIMULATORS = "qsession.simulators"


@cache
def _found(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    """Entry points of a group by name; more than one a name only where packages quarrel about it."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=group):
        same = found.get(point.name, ())
        if point.value not in {other.value for other in same}:
            found[point.name] = (*same, point)
    return found


def names(group: str) -> tuple[str, ...]:
    """Return the names of all plugins of a group, sorted, importing none of them."""
    return tuple(sorted(_found(group)))


def load(group: str, name: str) -> object:
    """Import one plugin and return what its entry point names.

    Args:
        group: One of the three groups above.
        name: The plugin's name.

    Returns:
        The object; the caller knows its type.

    Raises:
        PluginError: There is none of this name, there are two, or it cannot be imported.
    """
    points = _found(group).get(name, ())
    if not points:
        known = ", ".join(names(group)) or "none"
        raise PluginError(
            f"There is no plugin {name!r} in {group}; installed: {known}. Install the package that brings it.",
            group=group,
            name=name,
            problem="not installed",
        )
    if len(points) > 1:
        rivals = " and ".join(_origin(point) for point in points)
        raise PluginError(
            f"Two packages offer {name!r} in {group}: {rivals}. Uninstall one of them.",
            group=group,
            name=name,
            problem=f"offered by {rivals}",
        )
    try:
        return points[0].load()
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f"The plugin {name!r} of {group} ({_origin(points[0])}) cannot be loaded: {error}. "
            "Reinstall it, or the package it needs.",
            group=group,
            name=name,
            problem=str(error),
        ) from error


def _origin(point: EntryPoint) -> str:
    """Say which distribution brings an entry point, and where it points to."""
    distribution = point.dist.name if point.dist is not None else "an unknown distribution"
    return f"{distribution} ({point.value})"
