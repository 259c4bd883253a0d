"""Which names the service answers to, over HTTP.

A page of another origin can make a browser connect to this machine under a name of its own (DNS rebinding); its
requests then carry that name as ``Host``. So the service answers to loopback, to the address that it was told to listen
on, and to the names that it was given. An address in figures cannot be rebound, so one that other machines can reach
answers to those too.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Hosts", "is_loopback", "own_addresses"]


class Hosts:
    """The names of a server.

    Args:
        own: The host that it listens on.
        named: Further names that clients may use.

    Attributes:
        admit: Says whether a request with this ``Host`` is meant for the server.
    """

    def __init__(self, own: str, named: Iterable[str] = ()) -> None:
        self._names = {_normal(name) for name in (own, *named)}
        self._is_exposed = not is_loopback(own)
        self.admit = lru_cache(maxsize=16)(self._admit)  # a client sends the same again and again

    def _admit(self, header: str) -> bool:
        host = _without_port(header)
        if host is None:
            return False
        name = _normal(host)
        return name in self._names or is_loopback(name) or (self._is_exposed and _address(name) is not None)


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach a host."""
    name = _normal(host)
    address = _address(name)
    return name == "localhost" or name.endswith(".localhost") if address is None else address.is_loopback


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _normal(name: str) -> str:
    return name.strip().strip("[]").rstrip(".").lower()


def _without_port(header: str) -> str | None:
    """Return the host of a ``Host`` header; None if it is not one host with at most a port."""
    if header.startswith("["):
        host, bracket, port = header[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            return None
        port = port[1:]
    else:
        host, _, port = header.partition(":")
    is_port = not port or (port.isascii() and port.isdigit())
    return host if host and is_port and not set(host) & set(" ,/@\\?#") else None


def own_addresses() -> list[str]:
    """Return names under which other machines reach this one: its addresses, then its name."""
    found = []
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))  # sends nothing: the system says which of its addresses it would send from
            found.append(probe.getsockname()[0])
    with suppress(OSError):
        found += [info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)]
    addresses = [str(address) for address in dict.fromkeys(found) if not is_loopback(str(address))]
    return [*addresses, socket.gethostname()]
