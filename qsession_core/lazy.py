"""Packages whose names are imported on first use, so that importing the package itself is fast."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["exports"]


def exports(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: The package's name.
        homes: Public name -> the module that defines it, relative to the package (a leading dot for one beside the
            package); a module that is public itself is its own home.
    """

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(f".{homes[name]}", package)
        return module if homes[name] == name else getattr(module, name)

    return load, lambda: sorted(homes)
