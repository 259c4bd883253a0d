"""Connections that pass through the proxy untouched, by this machine's own proxy where it has one.

Source: RFC 9110, 9.3.6 (CONNECT).
"""

from __future__ import annotations

import base64
import selectors
import socket
import ssl
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["connected", "proxies_of_machine", "relay"]

_CONNECT_SECONDS, _IDLE_SECONDS = 15.0, 600.0
_CHUNK = 64 * 1024
_MOST_OF_HEAD = 64 * 1024
_PORTS = {"http": 80, "https": 443}


def proxies_of_machine() -> dict[str, str]:
    """Return the proxies that this process's environment names, by scheme, and ``no``."""
    return urllib.request.getproxies_environment()


def connected(host: str, port: int, proxies: Mapping[str, str]) -> socket.socket:
    """Return a connection to a host, through a proxy for ``https`` unless the host is under ``no``.

    Raises:
        OSError: The host or the proxy cannot be reached, or the proxy refuses.
    """
    proxy = proxies.get("https") or proxies.get("all") or ""
    if not proxy or urllib.request.proxy_bypass_environment(f"{host}:{port}", dict(proxies)):  # type: ignore[attr-defined]
        far = socket.create_connection((host, port), _CONNECT_SECONDS)
    else:
        far = _by(proxy if "://" in proxy else f"http://{proxy}", host, port)
    far.settimeout(None)
    return far


def _by(proxy: str, host: str, port: int) -> socket.socket:
    """Return a connection through a proxy."""
    parts = urlsplit(proxy)
    if parts.scheme not in _PORTS:
        raise OSError(f"this machine's proxy is of the kind {parts.scheme}, which is not supported here")
    far = socket.create_connection((parts.hostname or "", parts.port or _PORTS[parts.scheme]), _CONNECT_SECONDS)
    try:
        if parts.scheme == "https":
            far = ssl.create_default_context().wrap_socket(far, server_hostname=parts.hostname)
        credential = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username is not None else ""
        _ask(far, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", credential)
    except BaseException:
        far.close()
        raise
    return far


def _ask(far: socket.socket, at: str, credential: str) -> None:
    """Ask a proxy for a connection to ``host:port``.

    Raises:
        OSError: It does not make one.
    """
    lines = [f"CONNECT {at} HTTP/1.1", f"Host: {at}"]
    if credential:
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(credential.encode()).decode()}")
    far.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = far.recv(1)  # what comes after the head is the host's
        head += piece
        if not piece or len(head) > _MOST_OF_HEAD:
            raise OSError("this machine's proxy gave no answer")
    status = head.split(b"\r\n", 1)[0].split(b" ")[1:2]
    if status != [b"200"]:
        raise OSError(f"this machine's proxy refuses with {b''.join(status).decode('latin-1') or 'no status'}")


def relay(near: socket.socket, far: socket.socket) -> None:
    """Pass bytes both ways until one side ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(near, selectors.EVENT_READ, (near, far))
        selector.register(far, selectors.EVENT_READ, (far, near))
        while ready := selector.select(_IDLE_SECONDS):
            for key, _ in ready:
                source, sink = key.data
                try:
                    data = source.recv(_CHUNK)
                    sink.sendall(data)
                except OSError:
                    return
                if not data:
                    return
