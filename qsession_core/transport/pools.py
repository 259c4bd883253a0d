"""The pools of connections of urllib3: direct ones, those of hosts whose certificate is pinned, those of proxies."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import urllib3

from qsession_core.transport.quiet import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Pools"]

_HOSTS = 8


class Pools:
    """Pools of kept connections. Safe to use from several threads.

    Args:
        verify: The path of a bundle or a directory of certificates; True for the usual authorities, False for no check.
        connections: How many connections of one host are kept.
        pinned: By the beginning of URLs, the SHA-256 of the only certificate that is taken there.
    """

    def __init__(self, *, verify: bool | str, connections: int, pinned: Mapping[str, str]) -> None:
        kept: dict[str, Any] = {"num_pools": _HOSTS, "maxsize": connections}
        self._options = {**kept, **_checks(verify)}
        self._direct = quiet(urllib3.PoolManager(**self._options))
        # urllib3 compares the certificate before anything is sent; it need have no chain, and no fitting name
        self._pinned = {
            f"{start.rstrip('/')}/".lower(): quiet(
                urllib3.PoolManager(**kept, assert_fingerprint=mark, cert_reqs="CERT_NONE", assert_hostname=False)
            )
            for start, mark in pinned.items()
        }
        self._lock = threading.Lock()
        self._proxied: dict[str, urllib3.PoolManager] = {}
        self._known: dict[str, urllib3.HTTPConnectionPool] = {}

    def urlopen(self, method: str, url: str, proxies: Mapping[str, str], **options: Any) -> urllib3.BaseHTTPResponse:
        """Send a request and return its answer, of which only the head has been read.

        Args:
            method: The method.
            url: Absolute.
            proxies: By scheme, as requests has them; empty for none.
            options: As for ``urllib3.HTTPConnectionPool.urlopen``.

        Raises:
            HTTPError: urllib3's; it did not get through.
        """
        if proxies:
            from requests.utils import select_proxy  # loads in 30 ms, and few need it

            proxy = select_proxy(url, proxies)
            if proxy:
                return self._through(proxy).urlopen(method, url, **options)
        parts = urlsplit(url)
        start = f"{parts.scheme}://{parts.netloc}"
        pool = self._known.get(start)
        if pool is None:
            manager = self._direct
            for beginning, pinned in self._pinned.items():
                if f"{start}/".lower().startswith(beginning):
                    manager = pinned
            pool = manager.connection_from_url(start)
            if len(self._known) < _HOSTS:
                self._known[start] = pool
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return pool.urlopen(method, target, assert_same_host=False, **options)

    def _through(self, proxy: str) -> urllib3.PoolManager:
        """Return the pools of connections through a proxy."""
        with self._lock:
            found = self._proxied.get(proxy)
            if found is None:
                found = self._proxied[proxy] = quiet(_manager(proxy, self._options))
            return found

    def close(self) -> None:
        """Close all connections that are not in use."""
        for manager in (self._direct, *self._pinned.values(), *self._proxied.values()):
            manager.clear()
        self._known.clear()


def _checks(verify: str | Literal[True, False]) -> dict[str, Any]:
    """Return how urllib3 is told to check certificates."""
    if verify is False:
        return {"cert_reqs": "CERT_NONE", "assert_hostname": False}
    if verify is True:
        import certifi

        return {"cert_reqs": "CERT_REQUIRED", "ca_certs": certifi.where()}
    return {"cert_reqs": "CERT_REQUIRED", "ca_cert_dir" if os.path.isdir(verify) else "ca_certs": verify}  # noqa: PTH112


def _manager(proxy: str, options: Mapping[str, Any]) -> urllib3.PoolManager:
    from requests.utils import get_auth_from_url, prepend_scheme_if_needed

    address: str = prepend_scheme_if_needed(proxy, "http")  # type: ignore[no-untyped-call]
    user, password = get_auth_from_url(address)
    if address.lower().startswith("socks"):
        from urllib3.contrib.socks import SOCKSProxyManager

        return SOCKSProxyManager(address, username=user or None, password=password or None, **options)
    headers = urllib3.make_headers(proxy_basic_auth=f"{user}:{password}") if user else None
    return urllib3.ProxyManager(address, proxy_headers=headers, **options)
