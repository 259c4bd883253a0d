"""Where files of a user are kept on this platform: the configuration, and what may be thrown away."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_folder", "config_file"]

_CONFIG = "QSESSION_CONFIG"


def config_file() -> Path:
    """Return the path of the configuration, whether it exists or not: ``QSESSION_CONFIG``, else the platform's place.

    That is ``$XDG_CONFIG_HOME/qsession/config.toml`` (``~/.config`` if unset), on Windows a folder in ``%APPDATA%``, on
    macOS one in ``~/Library/Application Support``.
    """
    named = os.environ.get(_CONFIG)
    if named:
        return Path(named).expanduser()
    folders = {"win32": ("APPDATA", "AppData/Roaming"), "darwin": ("", "Library/Application Support")}
    return _folder(*folders.get(sys.platform, ("XDG_CONFIG_HOME", ".config"))) / "config.toml"


def cache_folder() -> Path:
    """Return the folder of what may be thrown away, whether it exists or not."""
    folders = {"win32": ("LOCALAPPDATA", "AppData/Local"), "darwin": ("", "Library/Caches")}
    return _folder(*folders.get(sys.platform, ("XDG_CACHE_HOME", ".cache"))) / "cache"


def _folder(variable: str, below_home: str) -> Path:
    """Return our folder in the one that a variable names; a relative path in it counts as none, as XDG has it."""
    named = os.environ.get(variable, "") if variable else ""
    base = Path(named) if named and Path(named).is_absolute() else Path.home() / below_home
    return base / "qsession"
