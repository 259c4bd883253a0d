"""The whole service on one machine, behind one function."""

from __future__ import annotations

import hmac
import logging
import secrets
import uuid
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus, urlsplit

from qsession_core.errors import ConfigurationError
from qsession_core.local.addresses import API_HOST, BLOB_HOST, LocalConnection, addresses_for, blob_path
from qsession_core.local.api import Api, Call
from qsession_core.local.clock import SystemClock, microseconds
from qsession_core.local.dispatcher import Dispatcher
from qsession_core.local.lifecycle import Lifecycle
from qsession_core.local.replies import Refusal, service_error, unauthorized
from qsession_core.local.routes import find
from qsession_core.local.sas import Signer
from qsession_core.local.storage import Storage
from qsession_core.local.store import Store
from qsession_core.local.targets import TARGETS, with_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Executor
    from os import PathLike
    from types import TracebackType
    from typing import Self

    from qsession_core.local.clock import Clock
    from qsession_core.local.targets import LocalTarget
    from qsession_core.transport.message import Request, Response

__all__ = ["LocalWorkspace"]

_LOG = logging.getLogger("qsession.local")


class LocalWorkspace:
    """Azure Quantum's service: routes, sessions, queue, storage and simulators, in this process.

    Args:
        path: A directory that keeps everything and survives restarts; None for in memory.
        seed: Makes all sampling repeatable: shots depend on it and on the order of submission; None for fresh shots.
        clock: Tells the time; None for the machine's clock.
        executor: Runs large simulations; None for worker processes of its own, started with the first large job.
        targets: Targets to add, or to put in place of those of the same id.
        simulator: The simulator for all jobs, by its plugin name; empty to choose for each job.

    Attributes:
        connection: What a client needs to know to reach it.
        targets: The targets by id in lower case.
        dispatcher: The queue.
    """

    def __init__(
        self,
        path: str | PathLike[str] | None = None,
        *,
        seed: int | None = None,
        clock: Clock | None = None,
        executor: Executor | None = None,
        targets: Iterable[LocalTarget] | None = None,
        simulator: str = "",
    ) -> None:
        directory = None
        if path is not None:
            from pathlib import Path

            directory = Path(path)
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.store = Store(directory)
        self.targets: dict[str, LocalTarget] = with_changes(TARGETS, targets or ())
        self.connection = _connection(self.store)
        signer = Signer(self.store.fact("signing key", secrets.token_bytes(32)))
        lifecycle = Lifecycle(self.store, self.clock)
        owner = uuid.uuid4().hex
        self.dispatcher = Dispatcher(
            self.store, lifecycle, self.clock, self.targets, owner=owner, executor=executor, simulator=simulator
        )
        self._lifecycle = lifecycle
        self._api = Api(
            self.store, lifecycle, self.dispatcher, signer, self.clock, self.targets, self.connection, seed
        )  # fmt: skip
        self._storage = Storage(self.store, signer, self.clock)
        self._expire_at = 0
        self._is_closed = False
        self.dispatcher.start()

    def __repr__(self) -> str:
        where = "in memory" if self.store.directory is None else f"in {self.store.directory}"
        return f"<LocalWorkspace {self.connection.name} {where}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop working and give back the store. Jobs that have not ended wait for the directory's next opening."""
        if not self._is_closed:
            self._is_closed = True
            self.dispatcher.stop()
            self.store.close()

    def settle(self, timeout_seconds: float = 60.0) -> None:
        """Wait until nothing runs and nothing can start unless the clock advances or a request comes.

        Raises:
            TimeoutError: It did not come to rest in time (real time, not the clock's).
        """
        if not self.dispatcher.settle(timeout_seconds):
            raise TimeoutError(f"The local workspace was still at work after {timeout_seconds} seconds.")

    def handle(self, request: Request) -> Response:
        """Answer one request. Safe to call from several threads.

        Args:
            request: To the service or to its storage, with an absolute address.

        Returns:
            The answer; bad requests get a 4xx.

        Raises:
            ConfigurationError: The workspace was closed.
        """
        if self._is_closed:
            raise ConfigurationError("This local workspace was closed; make a new one.")
        try:
            parts = urlsplit(request.url)
            host = parts.netloc.rpartition("@")[2]
        except ValueError as error:
            return service_error(Refusal(400, "InvalidUri", f"The address cannot be read: {error}."))
        addresses = addresses_for(parts.scheme or "https", host)
        headers = {name.lower(): value for name, value in request.headers.items()}
        if _is_storage(host, parts.path):
            container, blob = blob_path(parts.path, is_served=addresses.is_served)
            query = _query(parts.query)
            return self._storage.handle(request.method.upper(), container, blob, query, headers, request.body)
        try:
            handler, arguments, is_own = find(request.method.upper(), parts.path, self.connection)
            if not self._is_authorized(headers):
                return unauthorized()
            if not is_own:
                raise Refusal(404, "ResourceNotFound", "There is no such workspace here.")
            self._expire()
            call = Call(
                {name.lower(): value for name, value in _query(parts.query).items()},
                request.body,
                addresses,
                parts.path,
            )
            response: Response = getattr(self._api, handler)(call, *arguments)
        except Refusal as refusal:
            return service_error(refusal) if self._is_authorized(headers) else unauthorized()
        return response

    def _is_authorized(self, headers: Mapping[str, str]) -> bool:
        given = headers.get("x-ms-quantum-api-key")
        if given is None:
            scheme, _, token = headers.get("authorization", "").partition(" ")
            given = token if scheme.lower() == "bearer" else ""
        return hmac.compare_digest(given.encode(), self.connection.api_key.encode())

    def _expire(self) -> None:
        """Time out idle sessions when one is due, so that no request sees a session that should be over."""
        now = microseconds(self.clock.now())
        if now >= self._expire_at:
            due = self._lifecycle.expire()
            # a session opened in the meantime is due no earlier than ten minutes from now
            later = now + 600_000_000
            self._expire_at = later if due is None else min(due, later)


def _connection(store: Store) -> LocalConnection:
    """Return the workspace's identity, made once and kept with the store."""
    subscription = store.fact("subscription", str(uuid.uuid4()).encode()).decode()
    key = store.fact("api key", secrets.token_urlsafe(32).encode()).decode()
    return LocalConnection(subscription, "local", "local-workspace", "eastus", f"https://{API_HOST}/", key)


def _is_storage(host: str, path: str) -> bool:
    """Say whether a request is for the storage: by its host, or, where one host serves both, by its path."""
    name = host.partition(":")[0].lower()
    if name == BLOB_HOST:
        return True
    if name.endswith(".azure.com"):
        return False
    return not path.lower().startswith(("/subscriptions/", "/providers/"))


def _query(text: str) -> dict[str, str]:
    """Return a query's names and values, decoded; a plus in a signature is a plus that was sent as it is."""
    query: dict[str, str] = {}
    for part in text.split("&") if text else ():
        name, _, value = part.partition("=")
        query[unquote_plus(name)] = unquote(value) if name == "sig" else unquote_plus(value)
    return query
