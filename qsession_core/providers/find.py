"""How a provider's row is found: by entry point, by the provider's id."""

from __future__ import annotations

from qsession_core import plugins
from qsession_core.providers.generic import PROVIDER
from qsession_core.providers.row import Provider

__all__ = ["find_provider"]


def find_provider(provider_id: str) -> Provider:
    """Return the row of a provider, the generic one if no package has a row for it.

    Args:
        provider_id: In lower case, such as ``"ionq"``.

    Raises:
        PluginError: There is one, and it cannot be loaded.
    """
    if provider_id not in plugins.names(plugins.PROVIDERS):
        return PROVIDER
    return plugins.load_as(plugins.PROVIDERS, provider_id, Provider)
