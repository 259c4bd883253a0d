"""Credentials: what is one, and azure-identity's own, which are loaded when a token is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qsession_core.transport.auth import AccessToken, TokenCredential

__all__ = ["TenantCredential", "default_credential", "gives_tokens", "is_key", "same"]


def is_key(credential: object) -> bool:
    """Whether it is a key, such as azure-core's AzureKeyCredential."""
    return isinstance(getattr(credential, "key", None), str)


def gives_tokens(credential: object) -> bool:
    """Whether it signs in, as azure-identity's credentials do."""
    return callable(getattr(credential, "get_token", None))


def same(credential: TokenCredential) -> TokenCredential:
    """Return the credential: a function that pickles, unlike a lambda."""
    return credential


class TenantCredential:
    """Signs in to one tenant by azure-identity's chain, which is loaded when a token is needed."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id
        self._chain: TokenCredential | None = None

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return a token for the scopes."""
        if self._chain is None:
            self._chain = default_credential()
        return self._chain.get_token(*scopes, tenant_id=self._tenant_id, **options)


def default_credential() -> TokenCredential:
    """Return azure-identity's chain of credentials; imported here because the import takes half a second."""
    from azure.identity import DefaultAzureCredential

    credential: TokenCredential = DefaultAzureCredential(exclude_interactive_browser_credential=False)
    return credential
