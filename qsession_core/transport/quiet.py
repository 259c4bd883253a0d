"""What urllib3 and http.client log and print: URLs without signatures, and no headers.

urllib3 logs each request's path with its query, at DEBUG and in warnings, and shows it in errors; ``http.client``
prints requests with all headers if its ``debuglevel`` is set. A logging filter could be bypassed by a handler added
elsewhere. So the libraries never hold the signature as text: they are given a path without it, which carries the real
one as an attribute, and only the line that goes to the socket is made from that.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import requests.adapters

from qsession_core.transport.message import without_secrets

if TYPE_CHECKING:
    import urllib3

__all__ = ["PinnedAdapter", "QuietAdapter"]


class _Path(str):
    """A request's path and query without signatures.

    Attributes:
        real: With signatures.
    """

    __slots__ = ("real",)

    real: str

    @classmethod
    def of(cls, url: str) -> _Path:
        """Make one of a path and query, or of the absolute URL that a proxy gets."""
        path = cls(without_secrets(url))
        path.real = url
        return path


class QuietAdapter(requests.adapters.HTTPAdapter):
    """The adapter of ``requests`` with connections that show no secrets."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **options)
        _quieten(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the pools of connections through a proxy."""
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options)
        if is_new:
            _quieten(manager)
        return manager


class PinnedAdapter(QuietAdapter):
    """An adapter for servers that are known by their certificates.

    Args:
        fingerprint: The SHA-256 of the certificate in hexadecimal digits; no other one is taken, and no authority is
            asked about it.
        pool_maxsize: The connections that are kept.
    """

    def __init__(self, fingerprint: str, *, pool_maxsize: int) -> None:
        self._fingerprint = fingerprint
        super().__init__(pool_maxsize=pool_maxsize, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools, whose connections compare the certificate before anything is sent."""
        super().init_poolmanager(*args, assert_fingerprint=self._fingerprint, **options)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Return the pool of a request: without a chain of authorities, which this certificate need not have."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        pool.pop("ca_certs", None)
        pool.pop("ca_cert_dir", None)
        return host, {**pool, "cert_reqs": "CERT_NONE", "assert_hostname": False}

    def cert_verify(self, *_: Any) -> None:
        """Leave the connection as the pool has made it: requests would ask for a chain here."""


def _quieten(manager: urllib3.PoolManager) -> None:
    manager.pool_classes_by_scheme = {
        scheme: _quiet_pool(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }


@functools.cache
def _quiet_pool(pool: Any) -> Any:
    """Return a class of connection pools like one of urllib3 (or its SOCKS support) that shows no secrets."""

    class Connection(pool.ConnectionCls):  # type: ignore[misc]
        debuglevel = 0  # whatever the program has set on http.client's class: it prints the key

        def putrequest(self, method: str, url: str, *args: Any, **options: Any) -> Any:
            return super().putrequest(method, url.real if isinstance(url, _Path) else url, *args, **options)

    class Pool(pool):  # type: ignore[misc]
        ConnectionCls = Connection

        def _make_request(self, conn: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
            return super()._make_request(conn, method, _Path.of(url), *args, **options)

    return Pool
