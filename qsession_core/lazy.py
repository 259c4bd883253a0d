"""Packages whose names are imported on first use, so that importing the package itself is fast."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from qsession_core.extras import install

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["exports"]


def exports(
    package: str, homes: Mapping[str, str], *, needs: str = "", extra: str = ""
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: The package's name.
        homes: Public name -> the module that defines it, relative to the package (a leading dot for one beside the
            package); a module that is public itself is its own home.
        needs: A module that all of them import and that may be missing; empty for none.
        extra: The extra that installs it.
    """

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            module = import_module(f".{homes[name]}", package)
        except ModuleNotFoundError as error:
            if not needs or (error.name or "").partition(".")[0] != needs:
                raise
            sentence = f"{package} needs {needs}, which is not installed: {install(extra)}."
            raise ModuleNotFoundError(sentence, name=error.name) from None
        return module if homes[name] == name else getattr(module, name)

    return load, lambda: sorted(homes)
