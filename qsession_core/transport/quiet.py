"""What urllib3 and http.client log and print: URLs without signatures, and no headers.

urllib3 logs each request's path with its query, at DEBUG and in warnings, and shows it in errors; ``http.client``
prints requests with all headers if its ``debuglevel`` is set. A logging filter could be bypassed by a handler added
elsewhere. So the libraries never hold the signature as text: they are given a path without it, which carries the real
one as an attribute, and only the line that goes to the socket is made from that.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from qsession_core.transport.message import without_secrets

if TYPE_CHECKING:
    import urllib3

__all__ = ["quiet"]


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


M = TypeVar("M", bound="urllib3.PoolManager")


def quiet(manager: M) -> M:
    """Let all connections of a manager of pools show no secrets."""
    manager.pool_classes_by_scheme = {
        scheme: _quiet_pool(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }
    return manager


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
