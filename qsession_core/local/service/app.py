"""The service as one function: a request in, a response out."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qsession_core.local.faults import after, before
from qsession_core.local.replies import Refusal, service_error, unauthorized
from qsession_core.local.service.addresses import addresses_for, blob_path, decoded_query, is_blob_host
from qsession_core.local.service.health import HEALTH_PATH, Health
from qsession_core.local.service.requests import Call
from qsession_core.local.service.routes import MANAGEMENT, ROUTES, find
from qsession_core.local.storage.trouble import STORE_ERRORS, refusal_of
from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from qsession_core.local.faults import Faults
    from qsession_core.local.service.requests import Service
    from qsession_core.local.service.routes import Handler, Route
    from qsession_core.transport.message import Request

__all__ = ["App"]

_EXPIRY_CHECK_MICROSECONDS = 600_000_000


class App:
    """Answers requests to the service and to its storage.

    Args:
        service: What the routes work with.
        faults: Failures on request.
    """

    def __init__(self, service: Service, faults: Faults) -> None:
        self._service = service
        self._faults = faults
        self._expire_at = 0
        self._health = Health(service)

    def handle(self, request: Request) -> Response:
        """Answer one request with an absolute address. Safe to call from several threads.

        Raises:
            TransportError: A fault on request: the connection breaks.
        """
        try:
            parts = urlsplit(request.url)
            host = parts.netloc.rpartition("@")[2]
        except ValueError as error:
            return service_error(Refusal(400, "InvalidUri", f"The address cannot be read: {error}."))
        if parts.path == HEALTH_PATH and request.method.upper() in {"GET", "HEAD"}:
            return self._health.reply()
        addresses = addresses_for(parts.scheme or "https", host, self._service.connection.blob_host)
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = decoded_query(parts.query)
        method = request.method.upper()
        clock = self._service.clock
        if _is_storage(host, parts.path):
            container, blob = blob_path(parts.path, is_served=addresses.is_served)
            faults = self._faults.drawn(method, "blob" if blob else "container")
            storage = self._service.storage
            return before(faults, clock) or after(
                faults, storage.handle(method, container, blob, query, headers, request.body)
            )
        route = find(parts.path, self._service.connection)
        faults = self._faults.drawn(method, route.shape)
        early = before(faults, clock)
        if early is not None:
            return early
        is_expired = any(fault.kind == "expired_sas" for fault in faults)
        names = {name.lower(): value for name, value in query.items()}
        call = Call(method, parts.path, route.id, names, headers, request.body, addresses, is_expired)
        return after(faults, self._answer(route, call))

    def _answer(self, route: Route, call: Call) -> Response:
        """Answer a request to the service, or to the resource manager beside it."""
        if route.shape == "subscription" and not call.headers.get("authorization"):
            return _sign_in_first()
        if not self._is_authorized(call, is_management=route.shape in MANAGEMENT):
            return unauthorized()
        try:
            handler = _handler(route, call.method)
            self._expire()
            return handler(self._service, call)
        except Refusal as refusal:
            return service_error(refusal)
        except STORE_ERRORS as error:
            return service_error(refusal_of(error))

    def _is_authorized(self, call: Call, *, is_management: bool) -> bool:
        """Check the API key; management routes, which reveal no secret, accept any bearer token."""
        given = call.headers.get("x-ms-quantum-api-key")
        if given is None:
            scheme, _, token = call.headers.get("authorization", "").partition(" ")
            given = token if scheme.lower() == "bearer" else ""
            if is_management and given:
                return True
        return hmac.compare_digest(given.encode(), self._service.connection.api_key.encode())

    def _expire(self) -> None:
        """Time out the idle sessions that are due, so that no request sees one that should be over."""
        now = self._service.now()
        if now >= self._expire_at:
            due = self._service.lifecycle.expire()
            # a session opened in the meantime is due no earlier than ten minutes from now
            later = now + _EXPIRY_CHECK_MICROSECONDS
            self._expire_at = later if due is None else min(due, later)


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
    return not path.lower().startswith(("/subscriptions/", "/providers/"))
