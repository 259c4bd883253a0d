"""TLS before the server: connections are decrypted here and handed on, byte for byte, to the plain server on loopback.

waitress knows no TLS. One thread with an event loop carries all connections, so that a slow handshake holds nobody up.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from typing import TYPE_CHECKING

from qsession_core.errors import ConfigurationError
from qsession_core.logs import logger

if TYPE_CHECKING:
    import socket
    from pathlib import Path

__all__ = ["TlsFront", "server_context"]

_log = logger(__name__)
_HANDSHAKE_SECONDS = 10.0
_PIECE = 256 * 1024
_BACKLOG = 1024


def server_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """Return what a server needs that has a certificate.

    Args:
        certificate: A PEM file with the certificate, and those that lead to its authority.
        key: A PEM file with its key, without a password; None if the same file has it.

    Raises:
        ConfigurationError: They cannot be read, or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ssl.SSLError) as error:
        files = f"{certificate} and {key}" if key else str(certificate)
        raise ConfigurationError(
            f"No TLS with {files}: {getattr(error, 'strerror', None) or error}. Give PEM files of a certificate and of "
            "its key, without a password."
        ) from error
    return context


def _no_password() -> str:
    raise ssl.SSLError(1, "the key has a password")


class TlsFront:
    """Takes connections until it is closed.

    Args:
        listening: A bound socket; it is closed with this.
        context: As :func:`server_context` returns it.
        port: Where the plain server listens on 127.0.0.1.
    """

    def __init__(self, listening: socket.socket, context: ssl.SSLContext, port: int) -> None:
        self._listening, self._context, self._port = listening, context, port
        listening.listen(_BACKLOG)  # whoever is told the address may come before the start
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, name="qsession-tls", daemon=True)

    def start(self) -> None:
        """Begin to take connections; once."""
        if self._server is None:
            self._server = self._loop.run_until_complete(
                asyncio.start_server(
                    self._carry,
                    sock=self._listening,
                    ssl=self._context,
                    ssl_handshake_timeout=_HANDSHAKE_SECONDS,
                    limit=_PIECE,
                    backlog=_BACKLOG,
                )
            )
            self._thread.start()

    def close(self) -> None:
        """Break all connections off and take no more."""
        if self._server is not None:
            self._loop.call_soon_threadsafe(self._server.close)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._server = None
        self._listening.close()
        self._loop.close()

    def _run(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(_noted)
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to the plain server and back, until either side ends it."""
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port, limit=_PIECE)
        except OSError as error:
            _log.warning("a connection was dropped: %s", error)
            writer.close()
            return
        try:
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
        except (OSError, ssl.SSLError):
            pass  # either side has broken off
        finally:
            for each in (inner_writer, writer):
                each.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way; when there are no more, tell the other side."""
    while data := await reader.read(_PIECE):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    else:  # TLS has no half of an end
        writer.close()


def _noted(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log what goes wrong with single connections, such as a handshake that is none."""
    _log.debug("tls: %s: %s", context.get("message"), context.get("exception"))
