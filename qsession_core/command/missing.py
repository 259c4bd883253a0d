"""What was named is not there."""

from __future__ import annotations

from qsession_core.errors import QSessionError

__all__ = ["NotThereError"]


class NotThereError(QSessionError):
    """No job, session or local workspace is there by the name that was given."""
