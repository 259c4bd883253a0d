"""Who offers what: rows, no behaviour. One file a provider, found by entry point."""

from qsession_core.providers.row import Provider, TargetRow, find

__all__ = ["Provider", "TargetRow", "find"]
