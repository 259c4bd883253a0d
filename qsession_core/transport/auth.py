"""Credentials as headers: an API key, or a token that is renewed before it expires. Source: docs/protocol.md 1.6."""

from __future__ import annotations

import base64
import functools
import re
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from qsession_core.errors import AuthenticationError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qsession_core.transport.message import Request, Response, Transport

__all__ = ["ApiKey", "AuthenticatedTransport", "Authentication", "Token", "TokenCredential"]

SCOPE = "https://quantum.microsoft.com/.default"
_KEY = re.compile(r"[!-~]+")
_CLAIMS = re.compile(r"""\bclaims="?([A-Za-z0-9_+/-]+=*)""", re.ASCII)
_SHORTEST_SECRET = 8  # what is shorter is part of words too, and no key of a service
_RENEW_SECONDS = 300.0  # a token is renewed this long before it expires


class AccessToken(Protocol):
    """A token as azure-identity returns it."""

    @property
    def token(self) -> str:
        """The bearer token."""
        ...

    @property
    def expires_on(self) -> int:
        """Seconds since 1970."""
        ...


class TokenCredential(Protocol):
    """A credential of azure-identity, or an object with its ``get_token``."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return a token for these scopes; the only option that is used is ``claims``, after a claims challenge."""
        ...


class Authentication(Protocol):
    """Makes the headers that authenticate a request."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers."""
        ...

    def refused(self, request: Request, challenge: str) -> bool:
        """Forget what the service has answered with 401, and return whether it is worth trying again.

        Args:
            request: The request, with the headers that were refused.
            challenge: The answer's ``WWW-Authenticate``; empty for none.
        """
        ...

    def secret(self) -> str:
        """Return what no answer may show; empty for nothing yet."""
        ...


class AuthenticatedTransport(msgspec.Struct, frozen=True):
    """A transport that adds a credential; after a 401 it asks once for another.

    An answer that repeats the credential has ``...`` in its place, so that no error, log or record of a job shows it.

    Attributes:
        inner: The transport that sends.
        authentication: Makes the headers.
    """

    inner: Transport
    authentication: Authentication

    def send(self, request: Request) -> Response:
        """Send one request; see :class:`~qsession_core.transport.message.Transport`."""
        sent = self._signed(request)
        response = self._send(sent)
        if response.status != 401:  # noqa: PLR2004 - HTTP's Unauthorized
            return response
        if not self.authentication.refused(sent, response.headers.get("www-authenticate", "")):
            return response
        return self._send(self._signed(request))

    def _send(self, signed: Request) -> Response:
        secret = self.authentication.secret()
        response = self.inner.send(signed)
        if len(secret) < _SHORTEST_SECRET:
            return response
        pattern = _spellings(secret)
        headers = {name: pattern.sub(b"...", value.encode()).decode() for name, value in response.headers.items()}
        return replace(response, headers=headers, body=pattern.sub(b"...", response.body))

    def _signed(self, request: Request) -> Request:
        """Add the credential here, so that it is in no local variable of a frame that a traceback shows."""
        return replace(request, headers={**request.headers, **self.authentication.headers()})

    def close(self) -> None:
        """Close the inner transport."""
        self.inner.close()


@functools.lru_cache(maxsize=16)
def _spellings(secret: str) -> re.Pattern[bytes]:
    r"""Return a pattern of a secret as JSON, HTML and URLs may write it.

    >>> _spellings("a+b/c").sub(b"...", rb'"a+b/c" a%2Bb%2fc a\u002Bb\/c a&#43;b&#x2F;c')
    b'"..." ... ... ...'
    """
    return re.compile("".join(map(_spelling, secret)).encode(), re.IGNORECASE)


def _spelling(character: str) -> str:
    if character.isalnum():
        return re.escape(character)
    code = ord(character)
    return rf"(?:\\*{re.escape(character)}|%(?:25)?{code:02x}|\\+u{code:04x}|&#0*{code};|&#x0*{code:x};)"


class ApiKey:
    """A workspace's API key."""

    def __init__(self, key: str) -> None:
        """Take the key without space around it, such as a line end from its file.

        Raises:
            ConfigurationError: It has characters that cannot be part of a key; the key is not shown.
        """
        key = key.strip()
        if not _KEY.fullmatch(key):
            raise ConfigurationError(
                "The API key has spaces, line ends or characters beyond ASCII; copy it from the workspace's keys."
            )
        self._headers = {"x-ms-quantum-api-key": key}

    def __repr__(self) -> str:
        return "ApiKey(...)"

    def headers(self) -> Mapping[str, str]:
        """Return the header with the key."""
        return self._headers

    def refused(self, request: Request, challenge: str) -> bool:  # noqa: ARG002 - as of Authentication
        """Return False: there is no other key."""
        return False

    def secret(self) -> str:
        """Return the key."""
        return self._headers["x-ms-quantum-api-key"]


def _azure_errors() -> tuple[type[Exception], ...]:
    """Return the errors that azure-identity raises, if it is loaded, without importing it."""
    module = sys.modules.get("azure.core.exceptions")
    return (module.AzureError,) if module is not None else ()


class Token:
    """A bearer token of a credential; the credential is made when the first token is needed."""

    def __init__(
        self,
        make: Callable[[], TokenCredential],
        *,
        scope: str = SCOPE,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Keep the way to make the credential.

        Args:
            make: Makes the credential.
            scope: The token's scope.
            now: Returns seconds since 1970. Real time by default, whatever clock the workspace has, because the
                tokens of the identity provider expire in real time.
        """
        self._make = make
        self._scope = scope
        self._now = now
        self._lock = threading.RLock()
        self._credential: TokenCredential | None = None
        self._token = ""
        self._expires = 0.0
        self._claims = ""

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the token and the lock; another process gets a token of its own."""
        return {**self.__dict__, "_lock": None, "_token": "", "_expires": 0.0, "_claims": ""}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"Token(..., scope={self._scope!r})"

    def headers(self) -> Mapping[str, str]:
        """Return the header with a token that is valid for at least five more minutes."""
        with self._lock:
            if self._now() >= self._expires - _RENEW_SECONDS:
                if self._credential is None:
                    self._credential = self._make()
                try:
                    access = self._access(self._credential)
                except _azure_errors() as error:
                    raise AuthenticationError(
                        f"The credential gave no token for {self._scope}: {error}. Sign in, such as by `az login`, or "
                        "pass another credential.",
                        status_code=401,
                    ) from error
                self._token, self._expires, self._claims = access.token, float(access.expires_on), ""
            return {"Authorization": f"Bearer {self._token}"}

    def _access(self, credential: TokenCredential) -> AccessToken:
        """Ask the credential for a token, with the claims that the service asked for, if any."""
        if not self._claims:
            return credential.get_token(self._scope)
        return credential.get_token(self._scope, claims=self._claims)

    def refused(self, request: Request, challenge: str) -> bool:
        """Forget the token that was refused, and remember the claims that the next one must have; return True.

        Source: the claims challenge of Microsoft Entra ID, ``WWW-Authenticate: Bearer ... claims="<base64>"``.
        """
        with self._lock:
            if request.headers.get("Authorization") == f"Bearer {self._token}":  # else another thread has a new one
                self._token, self._expires = "", 0.0
                self._claims = _claims(challenge)
        return True

    def secret(self) -> str:
        """Return the token of the last request."""
        return self._token


def _claims(challenge: str) -> str:
    """Return the claims that a challenge asks for, as JSON; empty for none.

    >>> _claims('Bearer realm="", error="insufficient_claims", claims="eyJhIjoxfQ=="')
    '{"a":1}'
    """
    found = _CLAIMS.search(challenge)
    if found is None:
        return ""
    try:
        return base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode()
    except ValueError:
        return ""
