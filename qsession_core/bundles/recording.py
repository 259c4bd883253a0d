"""Recording: what goes through is kept in memory, and written without secrets at the end."""

from __future__ import annotations

import threading
import time
import weakref
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qsession_core.bundles.bundle import Bundle, Exchange, check_place, write_bundle
from qsession_core.bundles.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from qsession_core.transport.message import Request, Response, Transport

__all__ = ["Recorder", "RecordingTransport", "bundle_of"]

# The sign-in is all secrets, and a replay has a login of its own
_NOT_RECORDED = ("login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net")


def bundle_of(
    recorded: datetime, exchanges: Iterable[Exchange], texts: Iterable[str] = (), *, has_shared_ids: bool = False
) -> Bundle:
    """Return a bundle of exchanges without their secrets.

    Args:
        recorded: When the recording began.
        exchanges: As they were on the wire, or of an older bundle.
        texts: Texts that are secret too, wherever they stand.
        has_shared_ids: See :class:`~qsession_core.bundles.bundle.Bundle`.
    """
    redactor = Redactor(texts)
    kept = [one for one in exchanges if (urlsplit(one.request.url).hostname or "") not in _NOT_RECORDED]
    for one in kept:
        redactor.learn(one)
    return Bundle(recorded, tuple(map(redactor.cleaned, kept)), has_shared_ids)


class Recorder:
    """Keeps exchanges until they are written. Safe to use from several threads.

    Args:
        path: Where the bundle will be.
        texts: Texts that are secret too, wherever they stand.

    Raises:
        ConfigurationError: No new file can be written there.
    """

    def __init__(self, path: Path, texts: Iterable[str] = ()) -> None:
        check_place(path)
        self.path = path
        self._texts = tuple(texts)
        self._began = datetime.now(UTC)
        self._start = time.monotonic()
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []

    def __repr__(self) -> str:
        return f"<Recorder of {len(self._exchanges)} exchanges, {self.path}>"

    def sent(self, inner: Transport, request: Request) -> Response:
        """Send a request and keep it with its answer; a request without an answer is not kept."""
        began = time.monotonic()
        response = inner.send(request)
        exchange = Exchange(began - self._start, time.monotonic() - began, request, response)
        with self._lock:
            self._exchanges.append(exchange)
        return response

    def write(self) -> int:
        """Write the bundle; return how many exchanges it has.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        with self._lock:
            kept = sorted(self._exchanges, key=lambda one: one.at)
        bundle = bundle_of(self._began, kept, self._texts)
        write_bundle(self.path, bundle)
        return len(bundle.exchanges)


class RecordingTransport:
    """A transport whose traffic is written as a bundle when it is closed, or when the program ends without that.

    Attributes:
        inner: The transport that sends.
    """

    def __init__(self, inner: Transport, path: Path) -> None:
        self.inner = inner
        self._recorder = Recorder(path)
        self._written = weakref.finalize(self, self._recorder.write)

    def __reduce__(self) -> tuple[object, ...]:
        """Refuse to be pickled: a bundle has one writer."""
        raise TypeError("A workspace that records stays in its process; make one without record= for others.")

    def send(self, request: Request) -> Response:
        """Send one request; see :class:`~qsession_core.transport.message.Transport`."""
        return self._recorder.sent(self.inner, request)

    def close(self) -> None:
        """Write the bundle, and close the inner transport."""
        try:
            self._written()
        finally:
            self.inner.close()
