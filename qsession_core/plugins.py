"""Plugins: found by name without importing them, loaded when asked for.

Our own parts come in by the same entry points as anyone else's:

=======================  =================================  ====================================================
group                    key                                what it points to
=======================  =================================  ====================================================
``qsession.providers``   provider id (``ionq``)             a :class:`~qsession_core.providers.row.Provider`
``qsession.formats``     input data format (``qir.v1``)     an :class:`~qsession_core.formats.interface.InputFormat`
``qsession.formats``     output data format                 a :class:`~qsession_core.formats.interface.Decoder`
``qsession.frontends``   the SDK's module name (``cirq``)   ``convert(circuit) -> Program``
``qsession.simulators``  simulator name (``numpy``)         a class
=======================  =================================  ====================================================
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from qsession_core.errors import PluginError

__all__ = ["FORMATS", "FRONTENDS", "PROVIDERS", "SIMULATORS", "forget", "load", "load_as", "names"]

PROVIDERS = "qsession.providers"
FORMATS = "qsession.formats"
FRONTENDS = "qsession.frontends"
SIMULATORS = "qsession.simulators"

T = TypeVar("T")


@cache
def _installed() -> dict[str, tuple[EntryPoint, ...]]:
    """Return the entry points of each of our groups: the files of every installed package are read once."""
    found = entry_points()
    return {group: tuple(found.select(group=group)) for group in (PROVIDERS, FORMATS, FRONTENDS, SIMULATORS)}


@cache
def _found(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    """Return the entry points of a group by name: several if packages claim the same name for different objects."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in _installed().get(group, ()):
        same = found.get(point.name, ())
        if point.value not in {other.value for other in same}:
            found[point.name] = (*same, point)
    return found


def names(group: str) -> tuple[str, ...]:
    """Return the names of all plugins of a group, sorted, importing none of them."""
    return tuple(sorted(_found(group)))


def forget() -> None:
    """Look for installed packages again, after :data:`sys.path` has changed in a running process."""
    _installed.cache_clear()
    _found.cache_clear()


def load(group: str, name: str) -> object:
    """Import one plugin and return what its entry point names.

    Args:
        group: One of the groups above.
        name: The plugin's name.

    Returns:
        The object, of any type.

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
    except Exception as error:  # a module of another package may raise anything when it is imported
        raise PluginError(
            f"The plugin {name!r} of {group} ({_origin(points[0])}) cannot be loaded: {type(error).__name__}: {error}. "
            "Reinstall it, or the package it needs.",
            group=group,
            name=name,
            problem=str(error),
        ) from error


def load_as(group: str, name: str, kind: type[T]) -> T:
    """Import one plugin and check its type.

    Raises:
        PluginError: As :func:`load`, or it is of another type.
    """
    found = load(group, name)
    if not isinstance(found, kind):
        problem = f"not of type {kind.__name__}"
        raise PluginError(
            f"The plugin {name!r} of {group} is a {type(found).__name__}, {problem}. Correct that package.",
            group=group,
            name=name,
            problem=problem,
        )
    return found


def _origin(point: EntryPoint) -> str:
    """Return the distribution of an entry point, and the object that it names."""
    distribution = point.dist.name if point.dist is not None else "an unknown distribution"
    return f"{distribution} ({point.value})"
