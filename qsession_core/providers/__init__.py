"""Who offers what: rows of facts, one file a provider, found by entry point.

:func:`qsession_core.providers.find.find_provider` finds them; it loads all formats, so it is not imported here.
"""

from qsession_core.catalog import KnownTarget
from qsession_core.providers.row import Provider

__all__ = ["KnownTarget", "Provider"]
