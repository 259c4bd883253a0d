"""The key of a workspace that is served: of a file, of the environment, or made by the workspace."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from qsession_core.errors import ConfigurationError

__all__ = ["KEY_VARIABLE", "chosen_key"]

KEY_VARIABLE = "QSESSION_KEY"


def chosen_key(file: str | None) -> str | None:
    """Return the key of a file, which is made with a new key if it is not there; else that of ``QSESSION_KEY``.

    Raises:
        ConfigurationError: The file cannot be read or made.
    """
    if file is None:
        return os.environ.get(KEY_VARIABLE) or None
    from qsession_core.profiles import read_text

    path = Path(file).expanduser()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_text(str(path), "key")
    except OSError as error:
        raise ConfigurationError(f"The key cannot be written to {path}: {error.strerror}.") from error
    key = secrets.token_urlsafe(32)
    with os.fdopen(handle, "w", encoding="ascii") as made:
        made.write(key + "\n")
    return key
