"""Where a server of the command line listens, how others reach it, and how its connections are protected."""

from __future__ import annotations

import functools
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

    from qsession_core.local.http_server import Server

__all__ = ["Listening", "ListeningOptions", "listening", "listening_options"]

R = TypeVar("R")
LOOPBACK, ALL = "127.0.0.1", "0.0.0.0"  # noqa: S104 - only with --expose
CERTIFICATE = "tls.pem"


class ListeningOptions(msgspec.Struct, frozen=True):
    """What the options say."""

    port: int
    host: str | None
    expose: bool
    hosts: tuple[str, ...]
    tls: str | None
    tls_cert: str | None
    tls_key: str | None
    allow_http: bool


class Listening(msgspec.Struct, frozen=True):
    """What follows from the options.

    Attributes:
        port: 0 for any free one.
        host: The address to listen on.
        names: The names under which clients reach it, the best first.
        expose: Whether other machines may reach it.
        tls: What a server with TLS needs; None for plain HTTP.
        fingerprint: The SHA-256 of a certificate that the server has made for itself; empty for none.
        is_plain: Whether keys go over a network unencrypted.
    """

    port: int
    host: str
    names: tuple[str, ...]
    expose: bool
    tls: ssl.SSLContext | None
    fingerprint: str
    is_plain: bool

    def endpoints(self, server: Server) -> list[str]:
        """Return the addresses that work, from elsewhere too, the best first."""
        return [server.endpoint_at(name) for name in self.names]

    def of_connection_string(self) -> str:
        """Return what a connection string says besides the endpoint: what the client is to accept."""
        if self.fingerprint:
            return f"TlsFingerprint={self.fingerprint};"
        return f"AllowHttp={self.names[0]};" if self.is_plain else ""


_OPTIONS = (
    click.option("--port", type=int, default=0, help="Where to listen; by default any free port."),
    click.option("--host", help="On which address; by default 127.0.0.1, with --expose all addresses."),
    click.option("--expose", is_flag=True, help="Allow an address that other machines can reach."),
    click.option(
        "--allow-host", "hosts", metavar="NAME", multiple=True, help="A further name under which clients reach it."
    ),
    click.option(
        "--tls", type=click.Choice(["self"]), help="HTTPS with a certificate that the server makes for itself."
    ),
    click.option("--tls-cert", metavar="FILE", type=click.Path(), help="HTTPS with this certificate, in PEM."),
    click.option("--tls-key", metavar="FILE", type=click.Path(), help="Its key, in PEM; by default in the same file."),
    click.option("--allow-http", is_flag=True, help="Let keys and programs go over a network unencrypted."),
)


def listening_options(function: Callable[..., R]) -> Callable[..., R]:
    """Add the options of :class:`ListeningOptions` to a command, which gets them as ``where=``."""
    names = [field.name for field in msgspec.structs.fields(ListeningOptions)]

    @functools.wraps(function)
    def called(*args: Any, **given: Any) -> R:
        where = ListeningOptions(**{name: given.pop(name) for name in names})
        return function(*args, where=where, **given)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called


@contextmanager
def listening(options: ListeningOptions, directory: Path | None) -> Iterator[Listening]:
    """Yield how to listen.

    Args:
        options: What the user has said.
        directory: Keeps the certificate that the server makes for itself; None for a new one each time.

    Raises:
        click.UsageError: Options contradict each other, or keys would go over a network unencrypted without being told.
        ConfigurationError: A certificate cannot be used.
    """
    from qsession_core.local.hosts import is_loopback, own_addresses

    host = options.host if options.host is not None else ALL if options.expose else LOOPBACK
    is_near = is_loopback(host)
    _check(options, is_near=is_near)
    own = [host] if host not in {ALL, "::"} else own_addresses()
    names = tuple(dict.fromkeys([*options.hosts, *own])) if not is_near else (host,)
    with tempfile.TemporaryDirectory(prefix="qsession-") as folder:
        context, fingerprint = _tls(options, directory or Path(folder), [*names, *options.hosts, "localhost", LOOPBACK])
    is_plain = context is None and not is_near
    yield Listening(options.port, host, names, options.expose, context, fingerprint, is_plain)


def _check(options: ListeningOptions, *, is_near: bool) -> None:
    has_tls = options.tls is not None or options.tls_cert is not None
    problems = []
    if options.tls is not None and options.tls_cert is not None:
        problems.append("--tls self and --tls-cert are two certificates; give one of them.")
    if options.tls_key is not None and options.tls_cert is None:
        problems.append("--tls-key is the key of a --tls-cert; give that too.")
    if options.allow_http and has_tls:
        problems.append("--allow-http and TLS exclude each other; leave out one of them.")
    if not is_near and options.expose and not has_tls and not options.allow_http:
        problems.append(
            "Keys, programs and results would go over the network unencrypted. Add --tls self, or --tls-cert and "
            "--tls-key; or --allow-http, if the network is yours alone."
        )
    if problems:
        raise click.UsageError(" ".join(problems))


def _tls(options: ListeningOptions, folder: Path, names: Sequence[str]) -> tuple[ssl.SSLContext | None, str]:
    """Return what a server with TLS needs, and the fingerprint of its own certificate."""
    if options.tls is None and options.tls_cert is None:
        return None, ""
    from qsession_core.local.certificates import fingerprint_of, own_certificate
    from qsession_core.local.tls import server_context

    if options.tls_cert is not None:
        key = Path(options.tls_key) if options.tls_key is not None else None
        return server_context(Path(options.tls_cert), key), ""
    path = folder / CERTIFICATE
    own_certificate(path, names)
    return server_context(path), fingerprint_of(path)
