"""The service as one function: a request in, a response out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from qsession_core.local.faults import after, before
from qsession_core.local.people import OWNER, People, Person
from qsession_core.local.replies import Refusal, service_error, unauthorized
from qsession_core.local.service.addresses import addresses_for, blob_path, decoded_query, is_blob_host
from qsession_core.local.service.health import HEALTH_PATH, Health
from qsession_core.local.service.metrics import METRICS_PATH, Metrics
from qsession_core.local.service.personal import require_change
from qsession_core.local.service.requests import MAX_BODY, Call
from qsession_core.local.service.routes import MANAGEMENT, ROUTES, find
from qsession_core.local.storage.endpoint import MAX_BODY as MAX_PASSED_ON
from qsession_core.local.storage.trouble import STORE_ERRORS, refusal_of
from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.local.faults import Faults
    from qsession_core.local.service.addresses import Addresses
    from qsession_core.local.service.requests import Service
    from qsession_core.local.service.routes import Handler, Route
    from qsession_core.transport.message import Request

__all__ = ["HEAD", "App", "Head"]

# In a WSGI environment: a request whose head was looked at before its body came, without the body
HEAD = "qsession.head"

_EXPIRY_CHECK_MICROSECONDS = 600_000_000
# What is answered in no time, where no disk is waited for: these, and blobs up to so many bytes
_QUICK_ROUTES = frozenset({("POST", "storage/sasuri"), ("PUT", "jobs/*")})
_QUICK_BODY = 64 * 1024


class _Asked(NamedTuple):
    """A request taken apart.

    Attributes:
        method: In upper case.
        headers: Names in lower case.
        query: Decoded.
        route: Where it leads in the service; None for the storage.
        container: The container in its path, of a request to the storage.
        blob: The blob in its path; empty for none.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    addresses: Addresses
    route: Route | None
    container: str
    blob: str

    @property
    def is_for_health(self) -> bool:
        return self.path == HEALTH_PATH and self.method in {"GET", "HEAD"}

    @property
    def is_for_metrics(self) -> bool:
        return self.path == METRICS_PATH and self.method in {"GET", "HEAD"}

    def call(self, route: Route, body: bytes, person: Person, *, is_expired: bool) -> Call:
        """Return the form in which routes take it."""
        query = {name.lower(): value for name, value in self.query.items()}
        return Call(self.method, self.path, route.id, query, self.headers, body, self.addresses, is_expired, person)


class Head(dict[str, str]):
    """The headers of a request that is looked at before its body comes, with names in lower case.

    Attributes:
        asked: What the request asks for, once it was looked at.
    """

    __slots__ = ("asked",)

    def __init__(self, *headers: Any) -> None:
        super().__init__(*headers)
        self.asked: _Asked | Refusal | None = None


class App:
    """Answers requests to the service and to its storage.

    Args:
        service: What the routes work with.
        faults: Failures on request.
        people: Who may ask; None for the owner of the workspace's key alone.
    """

    def __init__(self, service: Service, faults: Faults, people: People | None = None) -> None:
        self._service = service
        self._people = people or People(service.connection.api_key)
        self._faults = faults
        self._expire_at = 0
        self._health = Health(service)
        self._metrics = Metrics(service)

    def handle(self, request: Request) -> Response:
        """Answer one request with an absolute address. Safe to call from several threads.

        Raises:
            TransportError: A fault on request: the connection breaks.
        """
        began = time.perf_counter()
        asked = self._asked(request)
        if isinstance(asked, Refusal):
            return service_error(asked)
        if asked.is_for_health:
            return self._health.reply()
        if asked.is_for_metrics:
            return self._measured(asked)
        response = self._carried_out(asked, request)
        shape = "storage" if asked.route is None else asked.route.shape if asked.route.shape in ROUTES else "none"
        self._metrics.observe(asked.method, shape, response.status, time.perf_counter() - began)
        return response

    def _measured(self, asked: _Asked) -> Response:
        """Answer with the metrics."""
        person = self._people.of_key(_key_in(asked.headers))
        if person is None or not person.sees_all:
            return unauthorized()
        try:
            return self._metrics.reply(self._health.problems())
        except STORE_ERRORS as error:
            return service_error(refusal_of(error))

    def _carried_out(self, asked: _Asked, request: Request) -> Response:
        """Answer a request to the service or its storage."""
        clock = self._service.clock
        if asked.route is None:
            faults = self._faults.drawn(asked.method, "blob" if asked.blob else "container")
            storage = self._service.storage
            return before(faults, clock) or after(
                faults,
                storage.handle(asked.method, asked.container, asked.blob, asked.query, asked.headers, request.body),
            )
        faults = self._faults.drawn(asked.method, asked.route.shape)
        early = before(faults, clock)
        if early is not None:
            return early
        is_expired = any(fault.kind == "expired_sas" for fault in faults)
        return after(faults, self._answer(asked, asked.route, request.body, is_expired=is_expired))

    def turned_away(self, request: Request, length: int) -> Response | None:
        """Return the answer to a request that is refused whatever its body is; None if its body is wanted.

        This asks no store, so that a server may call it before it reads the body.

        Args:
            request: The request without its body.
            length: The bytes of its body.
        """
        asked = self._asked(request)
        if isinstance(asked, Refusal):
            return service_error(asked)
        if asked.is_for_health or asked.is_for_metrics:
            return service_error(Refusal(413, "RequestBodyTooLarge", "No body is wanted here.")) if length else None
        if asked.route is None:
            storage = self._service.storage
            try:
                storage.admit(asked.method, asked.container, asked.blob, asked.query, asked.headers, length)
            except Refusal as refusal:
                return storage.refusal(refusal, asked.headers)
            return None
        person = self._person(asked.route, asked.headers)
        denied = person if isinstance(person, Response) else None
        if denied is None and length > (MAX_PASSED_ON if asked.route.shape == "storage/proxy" else MAX_BODY):
            return service_error(Refusal(413, "RequestBodyTooLarge", "The request body is too large."))
        return denied

    def is_quick(self, request: Request, length: int) -> bool:
        """Say whether a request is answered in no time: it waits for no job, disk, fault or other process.

        A server answers such a request in the thread that has read it, which saves waking another one.

        Args:
            request: The request without its body.
            length: The bytes of its body.
        """
        if self._service.store.is_shared or not self._faults.are_none or length > _QUICK_BODY:
            return False
        asked = self._asked(request)
        if isinstance(asked, Refusal):
            return False
        if asked.route is not None:
            return (asked.method, asked.route.shape) in _QUICK_ROUTES
        if "comp" in asked.query:
            return False
        if asked.method == "GET":
            try:
                return self._service.storage.is_short(asked.container, asked.blob, _QUICK_BODY)
            except STORE_ERRORS:  # whoever answers it says so
                return False
        return asked.method == "PUT"

    def _asked(self, request: Request) -> _Asked | Refusal:
        """Return what a request asks for, or why its address cannot be read."""
        head = request.headers
        if not isinstance(head, Head):
            return self._read({name.lower(): value for name, value in head.items()}, request)
        if head.asked is None:
            head.asked = self._read(head, request)
        return head.asked

    def _read(self, headers: Mapping[str, str], request: Request) -> _Asked | Refusal:
        try:
            parts = urlsplit(request.url)
            host = parts.netloc.rpartition("@")[2]
        except ValueError as error:
            return Refusal(400, "InvalidUri", f"The address cannot be read: {error}.")
        addresses = addresses_for(parts.scheme or "https", host, self._service.connection.blob_host)
        container, blob, route = "", "", None
        if _is_storage(host, parts.path):
            container, blob = blob_path(parts.path, is_served=addresses.is_served)
        else:
            route = find(parts.path, self._service.connection)
        return _Asked(
            request.method.upper(),
            parts.path,
            headers,
            decoded_query(parts.query),
            addresses,
            route,
            container,
            blob,
        )

    def _answer(self, asked: _Asked, route: Route, body: bytes, *, is_expired: bool) -> Response:
        """Answer a request to the service, or to the resource manager beside it."""
        person = self._person(route, asked.headers)
        if isinstance(person, Response):
            return person
        try:
            handler = _handler(route, asked.method)
            require_change(person, asked.method, route.shape)
            self._expire()
            return handler(self._service, asked.call(route, body, person, is_expired=is_expired))
        except Refusal as refusal:
            return service_error(refusal)
        except STORE_ERRORS as error:
            return service_error(refusal_of(error))

    def _person(self, route: Route, headers: Mapping[str, str]) -> Person | Response:
        """Return who asks, or the answer to a request that has no right to this route."""
        if route.shape == "subscription" and not headers.get("authorization"):
            return _sign_in_first()
        key = _key_in(headers)
        person = self._people.of_key(key)
        if person is not None:
            return person
        # management routes reveal no secret, and accept any bearer token
        is_token = "x-ms-quantum-api-key" not in headers and key
        return OWNER if is_token and route.shape in MANAGEMENT else unauthorized()

    def _expire(self) -> None:
        """Time out the idle sessions that are due, so that no request sees one that should be over."""
        now = self._service.now()
        if now >= self._expire_at:
            due = self._service.lifecycle.expire()
            # a session opened in the meantime is due no earlier than ten minutes from now
            later = now + _EXPIRY_CHECK_MICROSECONDS
            self._expire_at = later if due is None else min(due, later)


def _key_in(headers: Mapping[str, str]) -> str:
    """Return the API key or the bearer token of a request; empty if it has none."""
    given = headers.get("x-ms-quantum-api-key")
    if given is not None:
        return given
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _handler(route: Route, method: str) -> Handler:
    """Return the function that answers a route.

    Raises:
        Refusal: 404 or 405; no function does, or the path names another workspace.
    """
    methods = ROUTES.get(route.shape)
    if methods is None:
        raise Refusal(404, "ResourceNotFound", "There is no such route.")
    if method not in methods:
        raise Refusal(405, "MethodNotAllowed", f"This route answers {', '.join(methods)}.")
    if not route.is_own:
        raise Refusal(404, *_not_here(route))
    return methods[method]


def _not_here(route: Route) -> tuple[str, str]:
    """Return the code and the sentence for a path that names another workspace."""
    if route.shape in MANAGEMENT:
        return "SubscriptionNotFound", "The subscription or workspace could not be found."
    return "ResourceNotFound", "There is no such workspace here."


def _sign_in_first() -> Response:
    """Return the answer to a request for a subscription without a token: clients read the tenant from it."""
    tenant = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000"
    return Response(401, {"www-authenticate": f'Bearer authorization_uri="{tenant}", error="invalid_token"'})


def _is_storage(host: str, path: str) -> bool:
    """Say whether a request is for the storage: by its host or, where one host serves both, by its path."""
    name = host.partition(":")[0].lower()
    if is_blob_host(name):
        return True
    if name.endswith(".azure.com"):
        return False
    # a connection string's endpoint ends with a slash, and some clients put another behind it
    return not path.lower().lstrip("/").startswith(("subscriptions/", "providers/"))
