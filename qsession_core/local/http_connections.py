"""Connections over HTTP, bounded: waitress's listener, channel and parser with limits of our own.

What must hold:

1. A request that is refused whatever its body is (a wrong host, no key, too long) is answered before its body is read.
2. All bodies that are under way have at most a fixed number of bytes together, so clients cannot fill the memory.
3. What may take time (:meth:`Listener.add_task`) is answered by a thread of its own: the loop never waits.
4. A connection that waits, or sends its request slowly, keeps nobody out: at the limit the one that has waited longest
   without a whole request makes room for a new one.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask

from qsession_core.local.replies import Refusal, service_error
from qsession_core.local.service.app import HEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qsession_core.transport.message import Request, Response

    # What answers a request from its head and the length of its body so far; None where the body is wanted
    Admit = Callable[["Parser", int], Response | None]

__all__ = ["Listener", "Parser", "reason"]

# Bodies of this size are not counted: there cannot be enough of them at once to matter
_SMALL_BODY = 64 * 1024
_PIECE = 1024 * 1024  # that is read of a longer body at a time
_ALL_BODIES = 768 * 1024 * 1024
# How long a request may take to arrive, and what a slow line sends in a second
_HEAD_SECONDS, _BYTES_A_SECOND = 30.0, 50_000
# What is read, and for how long, of a body that nobody wants, so that the client can read the answer
_DISCARDED, _LINGER_SECONDS = 16 * 1024 * 1024, 2.0
# What may come before a chunk, and after the last one: waitress searches it again with every piece that comes
_CHUNK_HEAD = 16 * 1024
_ACCEPTS_AT_ONCE = 64
_REASONS = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
    302: "Found", 304: "Not Modified", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
    413: "Content Too Large", 416: "Range Not Satisfiable", 421: "Misdirected Request", 429: "Too Many Requests",
    500: "Internal Server Error", 503: "Service Unavailable", 507: "Insufficient Storage",
}  # fmt: skip


def reason(status: int) -> str:
    """Return the words that stand beside a status."""
    return _REASONS.get(status, "Status")


class _Answer:
    """An answer of ours in the form that waitress has for its own errors."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def to_response(self, ident: object = None) -> tuple[str, list[tuple[str, str]], bytes]:  # noqa: ARG002 - waitress's
        shown = self._response
        headers = [(name.title(), value) for name, value in shown.headers.items() if name != "content-length"]
        return f"{shown.status} {reason(shown.status)}", headers, shown.body


class Parser(HTTPRequestParser):  # type: ignore[misc] # waitress has no types
    """One request as it arrives.

    Attributes:
        announced: The bytes of its body: those that it announced, or those that have come in chunks and the rest of the
            last chunk.
        started: When its first byte came, as ``time.time()`` has it.
        is_turned_away: It was answered without its body.
        head: The request without its body, if it was looked at before that came.
    """

    def __init__(self, adj: Any, admit: Admit) -> None:
        super().__init__(adj)
        self._admit = admit
        self._look_at = _SMALL_BODY
        self.error: object = None
        self.completed = self.chunked = self.expect_continue = False
        self.announced = 0
        self.started = time.time()
        self.is_turned_away = False
        self.head: Request | None = None

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head, and turn the request away if its body is not wanted."""
        super().parse_header(header_plus)
        if not self.content_length and not self.chunked:
            self.expect_continue = False  # there is nothing to go on with
        self._ask(self.content_length)

    def received(self, data: bytes) -> int:
        """Take what has come; a body in chunks is asked about again as it grows, a chunk that has begun as a whole."""
        consumed: int = super().received(data)
        body: Any = self.body_rcv
        if not self.chunked or self.error or body is None:
            return consumed
        coming = self.body_bytes_received + body.chunk_remainder
        if coming > self._look_at:
            self._look_at = 2 * coming
            self._ask(coming)
        elif len(body.control_line) + len(body.trailer) > _CHUNK_HEAD:
            self._turn_away(
                service_error(
                    Refusal(400, "BadRequest", "The head of a chunk, or what follows the last one, is too long.")
                )
            )
        self.completed = self.completed or self.is_turned_away
        return consumed

    def _ask(self, length: int) -> None:
        answer = self._admit(self, length)
        self.announced = length
        if answer is not None:
            self._turn_away(answer)

    def _turn_away(self, answer: Response) -> None:
        self.error = _Answer(answer)
        self.is_turned_away = True
        # nothing of the body is kept or waited for
        self.body_rcv, self.content_length, self.announced = None, 0, 0
        self.chunked = self.expect_continue = False

    @property
    def deadline(self) -> float:
        """When the request must have come."""
        return self.started + _HEAD_SECONDS + self.announced / _BYTES_A_SECOND


class _Task(WSGITask):  # type: ignore[misc] # waitress has no types
    """One request that has come."""

    wrote_header: bool = False

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environment, with the head of the request as it was looked at."""
        environ: dict[str, Any] = super().get_environment()
        environ[HEAD] = self.request.head
        return environ

    def write(self, data: bytes) -> None:
        """Send the head of an answer, with a short body in the same piece: the client wakes up once."""
        if self.wrote_header or not self.complete or len(data) != self.content_length or len(data) > _SMALL_BODY:
            super().write(data)
            return
        self.channel.write_soon(self.build_response_header() + (data if self.has_body else b""))
        self.wrote_header = True
        self.content_bytes_written = len(data)


class _Channel(HTTPChannel):  # type: ignore[misc] # waitress has no types
    """One connection.

    Attributes:
        is_receiving: The loop's thread takes what has come.
        is_due: That thread is to answer it, too.
    """

    task_class = _Task
    is_receiving = is_due = False
    _is_refused = False
    _lingers_until = 0.0
    _discarded = 0

    def parser_class(self, adj: Any) -> Parser:
        """Return what reads the next request."""
        return Parser(adj, self.server.admit)

    @property
    def waits_since(self) -> float | None:
        """Since when it has had no whole request; None while one is answered."""
        if self.requests:
            return None
        request = self.request
        return float(self.last_activity if request is None else request.started)

    @property
    def is_overdue(self) -> bool:
        """Whether its request should have come, or its end."""
        now = time.time()
        if self._lingers_until:
            return now > self._lingers_until
        request = self.request
        return request is not None and not self.requests and now > request.deadline

    def received(self, data: bytes) -> bool:
        """Take what has come."""
        self.is_receiving = True
        try:
            taken: bool = super().received(data)
        finally:
            self.is_receiving = False
        with self.requests_lock:
            self._is_refused = self._is_refused or any(request.is_turned_away for request in self.requests)
        if self.is_due:
            self.is_due = False
            self.service()
        return taken

    # A socket that is closed while its client still sends is reset, and the client may never see the answer. So the
    # connection ends in two steps: no more is sent, then what still comes is read for a moment and thrown away.

    def handle_close(self) -> None:
        """Close, after a moment of reading if the last request was turned away."""
        if self._is_refused and not self._lingers_until and self.connected:
            self._lingers_until = time.time() + _LINGER_SECONDS
            self.will_close = False
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
            return
        super().handle_close()

    def readable(self) -> bool:
        return bool(self._lingers_until) or bool(super().readable())

    def recv(self, buffer_size: int) -> bytes:
        """Read what has come: of a long body as much as there is, since other connections are answered in between."""
        request = self.request
        is_long = not self._lingers_until and request is not None and request.announced > _SMALL_BODY
        data: bytes = super().recv(_PIECE if is_long else buffer_size)
        return data

    def handle_read(self) -> None:
        if not self._lingers_until:
            super().handle_read()
            return
        try:
            data = self.recv(_SMALL_BODY)  # at the end it closes the connection itself
        except OSError:
            self.handle_close()
            return
        self._discarded += len(data)
        if self._discarded > _DISCARDED:
            self.handle_close()


class Listener(TcpWSGIServer):  # type: ignore[misc] # waitress has no types
    """The listening socket with its connections.

    Args:
        application: Answers requests.
        listening: A bound socket.
        admit: Turns requests away by their heads.
        is_quick: Says whether a request is answered in no time, and so by the thread that has read it.
        connections: The most at a time.
        options: waitress's adjustments.
    """

    channel_class = _Channel

    def __init__(
        self,
        application: Callable[..., object],
        listening: socket.socket,
        admit: Admit,
        is_quick: Callable[[Parser], bool],
        connections: int,
        options: dict[str, Any],
    ) -> None:
        self._admit = admit
        self._is_quick = is_quick
        self._connections = connections
        info = (listening.family, listening.type, listening.proto, listening.getsockname())
        super().__init__(
            application,
            _sock=listening,
            sockinfo=info,
            bind_socket=False,
            connection_limit=2 * connections,
            # closes connections without a request after a while; poll, unlike select, takes any number of them
            channel_timeout=120,
            cleanup_interval=5,
            asyncore_use_poll=True,
            **options,
        )

    def admit(self, parser: Parser, length: int) -> Response | None:
        """Return the answer to a request whose body is not wanted, else None."""
        answer = self._admit(parser, length)
        if answer is not None or length <= _SMALL_BODY:
            return answer
        under_way = sum(request.announced for request in self._requests() if request is not parser)
        if under_way + length > _ALL_BODIES:
            return service_error(
                Refusal(503, "ServerBusy", "Too many large bodies are under way. Try again later.", retry_seconds=1)
            )
        return None

    def add_task(self, channel: _Channel) -> None:
        """Have the next request of a connection answered, by a thread of its own if it may take time."""
        request = channel.requests[0]
        if channel.is_receiving and not request.error and self._is_quick(request):
            channel.is_due = True
        else:
            super().add_task(channel)

    def close(self) -> None:
        """Stop listening. The trigger stays open: see :meth:`close_sockets`."""
        wasyncore.dispatcher.close(self)

    def close_sockets(self) -> None:
        """Close all sockets, in the loop's thread or after its end; the loop ends without any.

        The loop's trigger is only taken from it: requests that are being answered pull it at their end, when the number
        of a closed file may be another file's.
        """
        self.trigger.del_channel()
        wasyncore.close_all(self._map, ignore_all=True)

    def finish(self) -> None:
        """Wait for the requests that are being answered, a few seconds at most, then close the trigger."""
        self.task_dispatcher.shutdown()
        if not self.task_dispatcher.threads:
            self.trigger.close()

    def _requests(self) -> Iterator[Parser]:
        """Yield the requests that arrive or are answered."""
        for channel in list(self.active_channels.values()):
            if channel.request is not None:
                yield channel.request
            yield from list(channel.requests)

    def handle_accept(self) -> None:
        """Take new connections; at the limit, those that have waited longest make room."""
        for _ in range(_ACCEPTS_AT_ONCE):
            before = len(self.active_channels)
            super().handle_accept()
            if len(self.active_channels) == before:
                break
        excess = len(self.active_channels) - self._connections
        if excess > 0:
            waiting = [
                (channel.waits_since, number, channel)
                for number, channel in enumerate(self.active_channels.values())
                if channel.waits_since is not None and not channel.will_close
            ]
            for _, _, channel in sorted(waiting)[:excess]:
                channel.will_close = True

    def maintenance(self, now: float) -> None:
        """Close the connections that have been idle, or have been sending a request, for too long."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            if channel.is_overdue:
                channel.will_close = True
