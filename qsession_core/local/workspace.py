"""The whole service on one machine, behind one function."""

from __future__ import annotations

import hmac
import logging
import secrets
import uuid
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus, urlsplit

from qsession_core.errors import ConfigurationError
from qsession_core.local.archive import Archive
from qsession_core.local.clock import SystemClock, microseconds
from qsession_core.local.faults import Faults, after, before
from qsession_core.local.jobs.lifecycle import Lifecycle
from qsession_core.local.jobs.owners import Presence, make_private
from qsession_core.local.jobs.queue import Dispatcher
from qsession_core.local.replies import Refusal, json_reply, service_error, unauthorized
from qsession_core.local.service.addresses import API_HOST, BLOB_HOST, LocalConnection, addresses_for, blob_path
from qsession_core.local.service.endpoints import Api
from qsession_core.local.service.management import Discovery
from qsession_core.local.service.requests import Call
from qsession_core.local.service.routes import MANAGEMENT, ROUTES, Route, find
from qsession_core.local.storage.blobs import Blobs
from qsession_core.local.storage.database import Store
from qsession_core.local.storage.endpoint import Storage
from qsession_core.local.storage.sas import Signer
from qsession_core.local.targets import TARGETS, read_targets, with_changes
from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Executor
    from types import TracebackType
    from typing import Self

    from qsession_core.local.clock import Clock
    from qsession_core.local.targets import LocalTarget
    from qsession_core.transport.message import Request

__all__ = ["LocalWorkspace"]

_LOG = logging.getLogger("qsession.local")


class LocalWorkspace:
    """Azure Quantum's service: routes, sessions, queue, storage and simulators, in this process.

    Args:
        path: A directory that keeps everything and survives restarts; None for in memory.
        seed: Makes all sampling repeatable: shots depend on it and on the order of submission; None for fresh shots.
        clock: Tells the time; None for the machine's clock.
        executor: Runs large simulations; None for worker processes of its own, started with the first large job.
        targets: Targets to add, or to put in place of those of the same id; or the path of a TOML file of them.
        faults: What goes wrong on request; None for nothing.
        simulator: The simulator for all jobs, by its plugin name; empty to choose for each job.

    Attributes:
        connection: What a client needs to know to reach it.
        targets: The targets by id in lower case; a row may be exchanged while the workspace works.
        faults: What goes wrong; more can be planted at any time.
        archive: Old jobs: list, export, prune.
        clock: The clock it goes by.

    Raises:
        ConfigurationError: A target's row says something that targets do not have.
    """

    def __init__(
        self,
        path: str | PathLike[str] | None = None,
        *,
        seed: int | None = None,
        clock: Clock | None = None,
        executor: Executor | None = None,
        targets: Iterable[LocalTarget] | str | PathLike[str] | None = None,
        faults: Faults | None = None,
        simulator: str = "",
    ) -> None:
        directory = None if path is None else Path(path)
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.faults = faults if faults is not None else Faults()
        changes = read_targets(Path(targets)) if isinstance(targets, (str, PathLike)) else targets or ()
        self.targets: dict[str, LocalTarget] = with_changes(TARGETS, changes)
        self.store = Store(directory)
        self.connection = _connection(self.store)
        self._blobs = Blobs(self.store)
        self.archive = Archive(self.store, self._blobs)
        self._signer = Signer(self.store.fact("signing key", secrets.token_bytes(32)))
        self._lifecycle = Lifecycle(self.store, self._blobs, self.clock)
        self._owner = uuid.uuid4().hex
        self._presence: Presence | None = None
        if directory is not None:
            make_private(directory / "workspace.db")
            self._presence = Presence(directory, self._owner)
            self._recover()
            self._presence.bury()
            self._blobs.sweep()
        self.dispatcher = Dispatcher(
            self.store,
            self._blobs,
            self._lifecycle,
            self.clock,
            self.targets,
            owner=self._owner,
            executor=executor,
            simulator=simulator,
            faults=self.faults,
            recover=None if directory is None else self._recover,
        )
        self._api = Api(
            self.store,
            self._blobs,
            self._lifecycle,
            self.dispatcher,
            self._signer,
            self.clock,
            self.targets,
            self.connection,
            seed,
        )
        self._discovery = Discovery(self.store, self.targets, self.connection)
        self._storage = Storage(self._blobs, self._signer, self.clock)
        self._expire_at = 0
        self._is_closed = False
        self.dispatcher.start()

    def _recover(self) -> None:
        """Give back the jobs whose process died: they run again, here or elsewhere."""
        for owner in self._lifecycle.owners():
            if self._presence is not None and not self._presence.is_alive(owner):
                _LOG.info("%d jobs of a process that died wait again", self._lifecycle.release(owner))

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
            if self._presence is not None:
                self._presence.close()
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
        method = request.method.upper()
        if _is_storage(host, parts.path):
            container, blob = blob_path(parts.path, is_served=addresses.is_served)
            faults = self.faults.drawn(method, "blob" if blob else "container")
            early = before(faults, self.clock)
            return early or after(
                faults, self._storage.handle(method, container, blob, _query(parts.query), headers, request.body)
            )
        route = find(parts.path, self.connection)
        faults = self.faults.drawn(method, route.shape)
        early = before(faults, self.clock)
        if early is not None:
            return early
        is_expired = any(fault.kind == "expired_sas" for fault in faults)
        names = {name.lower(): value for name, value in _query(parts.query).items()}
        call = Call(names, request.body, addresses, parts.path, is_expired)
        return after(faults, self._on_service(method, route, call, headers))

    def _on_service(self, method: str, route: Route, call: Call, headers: Mapping[str, str]) -> Response:
        """Answer a request to the service, or to the resource manager beside it."""
        if route.shape == "subscription" and not headers.get("authorization"):
            return _who_are_you()
        if not self._is_authorized(headers, is_management=route.shape in MANAGEMENT):
            return unauthorized()
        try:
            return self._answer(method, route, call, headers)
        except Refusal as refusal:
            return service_error(refusal)

    def _answer(self, method: str, route: Route, call: Call, headers: Mapping[str, str]) -> Response:
        """Look up who answers a request, and let them."""
        methods = ROUTES.get(route.shape)
        if methods is None:
            raise Refusal(404, "ResourceNotFound", "There is no such route.")
        handler = methods.get(method)
        if handler is None:
            raise Refusal(405, "MethodNotAllowed", f"This route answers {', '.join(methods)}.")
        if not route.is_own:
            raise Refusal(404, *_not_here(route))
        self._expire()
        if handler == "subscription":
            return json_reply({"subscriptionId": self.connection.subscription_id, "state": "Enabled"})
        if handler == "proxy":
            return self._proxied(method, headers, call.body)
        part = self._api if hasattr(self._api, handler) else self._discovery
        response: Response = getattr(part, handler)(call, *route.arguments)
        return response

    def _proxied(self, method: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Pass a storage request on, as the VS Code extension sends them through the service."""
        try:
            target = urlsplit(headers.get("x-proxy-to", ""))
        except ValueError as error:
            raise Refusal(400, "InvalidHeaderValue", "x-proxy-to is no address.") from error
        container, blob = blob_path(target.path, is_served=addresses_for("https", target.netloc).is_served)
        return self._storage.handle(method, container, blob, _query(target.query), headers, body)

    def _is_authorized(self, headers: Mapping[str, str], *, is_management: bool) -> bool:
        """Check the key. The resource manager, which gives away no secret, is content with any bearer token."""
        given = headers.get("x-ms-quantum-api-key")
        if given is None:
            scheme, _, token = headers.get("authorization", "").partition(" ")
            given = token if scheme.lower() == "bearer" else ""
            if is_management and given:
                return True
        return hmac.compare_digest(given.encode(), self.connection.api_key.encode())

    def _expire(self) -> None:
        """Time out idle sessions when one is due, so that no request sees a session that should be over."""
        now = microseconds(self.clock.now())
        if now >= self._expire_at:
            due = self._lifecycle.expire()
            # a session opened in the meantime is due no earlier than ten minutes from now
            later = now + 600_000_000
            self._expire_at = later if due is None else min(due, later)


def _not_here(route: Route) -> tuple[str, str]:
    """Return the code and the sentence for a path that names another workspace."""
    if route.shape in MANAGEMENT:
        return "SubscriptionNotFound", "The subscription or workspace could not be found."
    return "ResourceNotFound", "There is no such workspace here."


def _who_are_you() -> Response:
    """Return what a question without a token gets: it is how clients find a subscription's tenant."""
    tenant = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000"
    return Response(401, {"www-authenticate": f'Bearer authorization_uri="{tenant}", error="invalid_token"'})


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
