"""The login of one run: what azure-identity and its like ask Microsoft Entra ID, answered on this machine.

Source: the OAuth 2.0 client credentials flow of the Microsoft identity platform, its OpenID configuration and its
instance discovery, as msal 1.39 asks for them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from qsession_core.intercept.hosts import LOGIN
from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from qsession_core.clock import Clock
    from qsession_core.transport.message import Request

__all__ = ["Login"]

_LIFETIME_SECONDS = 3600
_GRANTS = frozenset({"client_credentials", "refresh_token"})
_JSON = {"content-type": "application/json; charset=utf-8", "cache-control": "no-store"}
_TOKEN = re.compile(r"/([^/]+)/oauth2/(?:v2\.0/)?token")
_CONFIGURATION = re.compile(r"/([^/]+)/(?:v2\.0/)?\.well-known/openid-configuration")
# What the tokens for a service may be for
_AUDIENCES = {
    "service": ("https://quantum.microsoft.com",),
    "management": ("https://management.azure.com", "https://management.core.windows.net"),
}


class Login:
    """Issues tokens, and recognises its own.

    Args:
        clock: Gives the time by which tokens expire.

    Attributes:
        tenant: The tenant of the run, a GUID.
        client: The application's id, for the environment of the child.
        secret: The application's secret. Other ids and secrets are accepted too: an unchanged program has its own.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self.tenant = str(uuid.uuid4())
        self.client = str(uuid.uuid4())
        self.secret = secrets.token_urlsafe(32)

    def __repr__(self) -> str:
        return f"<Login of tenant {self.tenant}>"

    def handle(self, request: Request) -> Response:
        """Answer a request to the login's host."""
        path = urlsplit(request.url).path
        if path.lower() == "/common/discovery/instance":
            return self._instances()
        found = _CONFIGURATION.fullmatch(path)
        if found is not None:
            return self._configuration(found[1])
        found = _TOKEN.fullmatch(path)
        if found is not None and request.method == "POST":
            return self._token(found[1], request.body)
        return _refused(404, "invalid_request", f"The login of this run has no route {request.method} {path[:100]}.")

    def problem(self, token: str, role: str) -> str:
        """Return what is wrong with a bearer token for a service; empty for nothing.

        Tokens of others are taken: a program may have one from elsewhere, and it goes no further than this machine.
        """
        head, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(head).encode()):
            return "" if token else "There is no token."
        claims: dict[str, Any] = msgspec.json.decode(_decoded(head.partition(".")[2]))
        if self._clock.now().timestamp() > claims["exp"]:
            return "The token has expired."
        if claims["aud"].rstrip("/") not in _AUDIENCES[role]:
            return f"The token is for {claims['aud']}, not for {_AUDIENCES[role][0]}."
        return ""

    def _instances(self) -> Response:
        return _json(
            {
                "tenant_discovery_endpoint": f"https://{LOGIN}/{self.tenant}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [
                    {
                        "preferred_network": LOGIN,
                        "preferred_cache": "login.windows.net",
                        "aliases": [LOGIN, "login.windows.net", "login.microsoft.com", "sts.windows.net"],
                    }
                ],
            }
        )

    def _configuration(self, tenant: str) -> Response:
        base = f"https://{LOGIN}/{tenant}"
        issued = self.tenant if tenant.lower() in {"common", "organizations", "consumers"} else tenant
        return _json(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "issuer": f"https://{LOGIN}/{issued}/v2.0",
                "response_types_supported": ["code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "tenant_region_scope": None,
                "cloud_instance_name": "microsoftonline.com",
            }
        )

    def _token(self, tenant: str, body: bytes) -> Response:
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        grant = form.get("grant_type", "")
        if grant not in _GRANTS:
            return _refused(
                400,
                "unsupported_grant_type",
                f"The login of this run signs in applications ({', '.join(sorted(_GRANTS))}), not by {grant[:40]!r}.",
            )
        scopes = (form.get("scope") or form.get("resource") or "").split()
        audience = next((scope for scope in scopes if scope.startswith(("https://", "api://"))), "")
        if not audience:
            return _refused(400, "invalid_scope", "The request names no scope, such as https://host/.default.")
        now = int(self._clock.now().timestamp())
        issued = self.tenant if tenant.lower() in {"common", "organizations", "consumers"} else tenant
        claims = {
            "aud": "/".join(audience.split("/")[:3]),
            "iss": f"https://sts.windows.net/{issued}/",
            "iat": now,
            "nbf": now,
            "exp": now + _LIFETIME_SECONDS,
            "tid": issued,
            "appid": form.get("client_id", self.client),
            "oid": self.client,
            "ver": "1.0",
        }
        head = f"{_encoded({'typ': 'JWT', 'alg': 'HS256'})}.{_encoded(claims)}"
        return _json(
            {
                "token_type": "Bearer",
                "expires_in": _LIFETIME_SECONDS,
                "ext_expires_in": _LIFETIME_SECONDS,
                "expires_on": str(now + _LIFETIME_SECONDS),
                "access_token": f"{head}.{self._signature(head)}",
            }
        )

    def _signature(self, head: str) -> str:
        return _urlsafe(hmac.new(self._key, head.encode(), hashlib.sha256).digest())


def _json(value: dict[str, Any]) -> Response:
    return Response(200, _JSON, msgspec.json.encode(value))


def _refused(status: int, code: str, sentence: str) -> Response:
    # azure-identity shows the description; the number is Entra's own word for a request that it cannot take
    body = {"error": code, "error_description": f"AADSTS90014: {sentence}", "error_codes": [90014]}
    return Response(status, _JSON, msgspec.json.encode(body))


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _encoded(value: dict[str, Any]) -> str:
    return _urlsafe(msgspec.json.encode(value))


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
