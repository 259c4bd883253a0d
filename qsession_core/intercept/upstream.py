"""To the real service: requests passed on as they came, answers passed back as they came."""

from __future__ import annotations

import os
import urllib.request
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from qsession_core.errors import TransportError
from qsession_core.transport.message import Request, Response, without_secrets

__all__ = ["Upstream", "end_to_end"]

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_CONNECT_SECONDS, _READ_SECONDS = 15.0, 300.0
# They belong to one connection, not to the message; source: RFC 9110, 7.6.1
_OF_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
     "transfer-encoding", "upgrade", "expect"}
)  # fmt: skip


def end_to_end(headers: dict[str, str]) -> dict[str, str]:
    """Return the headers that are passed on, with names in lower case."""
    named = {name.strip().lower() for name in headers.get("connection", "").split(",")}
    return {name: value for name, value in headers.items() if name not in _OF_CONNECTION | named}


class Upstream:
    """Sends requests to the hosts that they name. Proxies and certificates are those of this process's environment.

    The environment is read once: it may be changed for programs that are to go through a proxy of ours. Bodies are
    passed on as they are on the wire, compressed or not.
    """

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        self._proxies = urllib.request.getproxies_environment()
        self._verify = next(filter(None, map(os.environ.get, _BUNDLES)), True)

    def _proxies_for(self, url: str) -> dict[str, str]:
        host = urlsplit(url).netloc
        is_direct = urllib.request.proxy_bypass_environment(host, self._proxies)  # type: ignore[attr-defined]
        return {} if is_direct else self._proxies

    def send(self, request: Request) -> Response:
        """Send one request and return its answer; see :class:`~qsession_core.transport.message.Transport`."""
        headers: dict[str, str | None] = {**end_to_end({k.lower(): v for k, v in request.headers.items()})}
        headers.setdefault("accept-encoding", None)  # None: requests adds none of its own
        headers.setdefault("user-agent", None)
        headers.setdefault("accept", None)
        try:
            with self._session.request(
                request.method,
                request.url,
                headers={name: value for name, value in headers.items() if name != "host"},
                data=request.body or None,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
                stream=True,
                proxies=self._proxies_for(request.url),
                verify=self._verify,
            ) as answer:
                body = answer.raw.read(decode_content=False)
                fields = end_to_end({name.lower(): value for name, value in answer.headers.items()})
                return Response(answer.status_code, fields, body)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise TransportError(
                f"{request} did not get through to the service: {without_secrets(str(error))}. Check the network.",
                request=str(request),
            ) from None

    def close(self) -> None:
        """Close all connections."""
        self._session.close()
