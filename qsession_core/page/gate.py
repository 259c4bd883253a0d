"""Who may read the page's data, and who may change something.

The page's own files hold no data and are given to everyone. Data is given to whoever has the key: in a header, as
programs send it, or in the cookie that a browser gets for it once. The key comes to the browser in the fragment of the
page's address, which is never sent to a server, or from a person who types it.

A change is asked for by POST only. It needs a header that no form and no page of another origin can send without being
asked first, and where the browser names the page's origin, that must be this server. The server itself checks ``Host``.
"""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from qsession_core.local.replies import Refusal
from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CHANGE_HEADER", "Gate"]

CHANGE_HEADER = "x-qsession-page"
_DENIED = Refusal(401, "KeyRequired", "This needs the key. Open the page by its whole link, or sign in with the key.")


class Gate:
    """Checks requests.

    Args:
        key: What lets a reader in.
        name: The workspace's. With the key it tells this page's cookie from those of others on the same host, to which
            browsers send it too, whatever their port.
    """

    def __init__(self, key: str, name: str) -> None:
        self._key = key.encode()
        # the cookie is not the key: who finds it in a browser's files can read the page, and not speak to the service
        self._token = hmac.new(self._key, b"qsession page", hashlib.sha256).hexdigest()
        self._cookie = f"qsession-{hashlib.sha256(f'{name} {self._token}'.encode()).hexdigest()[:12]}"

    def check_reader(self, headers: Mapping[str, str]) -> None:
        """Let a reader in.

        Raises:
            Refusal: 401, neither the cookie nor a key is there.
        """
        if not self._has_key(headers) and not self._has_cookie(headers):
            raise _DENIED

    def check_change(self, headers: Mapping[str, str], host: str) -> None:
        """Let a change through.

        Args:
            headers: Names in lower case.
            host: The name and port by which the request reached this server.

        Raises:
            Refusal: 401 without the key; 403 from a page of another origin.
        """
        self.check_origin(headers, host)
        self.check_reader(headers)

    def check_origin(self, headers: Mapping[str, str], host: str) -> None:
        """Refuse what another origin's page sends; arguments as for :meth:`check_change`."""
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site", "same-origin")
        is_own = origin is None or urlsplit(origin).netloc.lower() == host.lower()
        if CHANGE_HEADER not in headers or not is_own or site not in {"same-origin", "none"}:
            raise Refusal(403, "OtherOrigin", f"Changes come from this page, or carry the header {CHANGE_HEADER}: 1.")

    def signed_in(self, body: bytes) -> Response:
        """Return the cookie for a key.

        Raises:
            Refusal: 401, it is another key.
        """
        try:
            given: Any = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            given = None
        key = given.get("key") if isinstance(given, dict) else None
        if not isinstance(key, str) or not hmac.compare_digest(key.strip().encode(), self._key):
            raise Refusal(401, "WrongKey", "This is not the key of this workspace.")
        return Response(204, {"set-cookie": f"{self._cookie}={self._token}; Path=/_/; HttpOnly; SameSite=Strict"})

    def signed_out(self) -> Response:
        """Return what takes the cookie away."""
        return Response(204, {"set-cookie": f"{self._cookie}=; Path=/_/; HttpOnly; SameSite=Strict; Max-Age=0"})

    def _has_key(self, headers: Mapping[str, str]) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        given = headers.get("x-ms-quantum-api-key") or (token if scheme.lower() == "bearer" else "")
        return hmac.compare_digest(given.encode(), self._key)

    def _has_cookie(self, headers: Mapping[str, str]) -> bool:
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(headers.get("cookie", ""))
        except CookieError:
            return False
        found = cookies.get(self._cookie)
        return found is not None and hmac.compare_digest(found.value.encode(), self._token.encode())
