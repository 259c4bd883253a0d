"""Who offers what: rows of facts, one file a provider, found by entry point."""

from qsession_core.catalog import KnownTarget
from qsession_core.providers.find import find_provider
from qsession_core.providers.row import Provider

__all__ = ["KnownTarget", "Provider", "find_provider"]
