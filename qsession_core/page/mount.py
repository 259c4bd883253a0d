"""The page and the service behind one address: below ``/_/`` the page, elsewhere the service."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qsession_core.client.service.connection import API_VERSION, Connection
from qsession_core.client.workspace import Workspace
from qsession_core.local.service.health import HEALTH_PATH
from qsession_core.local.service.metrics import METRICS_PATH
from qsession_core.page.page import PREFIX
from qsession_core.transport.auth import ApiKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core.local.workspace import LocalWorkspace
    from qsession_core.page.page import Page
    from qsession_core.transport.message import Request, Response

__all__ = ["Mounted", "holds_of", "reader_of"]


class Mounted:
    """A local workspace with a page, as one thing to serve.

    Args:
        service: The workspace.
        page: Its page.
    """

    def __init__(self, service: LocalWorkspace, page: Page) -> None:
        self._service = service
        self._page = page

    def handle(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            TransportError: A fault on request: the connection breaks.
        """
        return (self._page if _is_for_page(request) else self._service).handle(request)

    def turned_away(self, request: Request, length: int) -> Response | None:
        """Return the answer to a request whose body, of this length, is not wanted; None if it is."""
        return (self._page if _is_for_page(request) else self._service).turned_away(request, length)

    def is_quick(self, request: Request, length: int) -> bool:
        """Say whether a request, whose body has this length, is answered in no time: none of the page is."""
        return not _is_for_page(request) and self._service.is_quick(request, length)


def _is_for_page(request: Request) -> bool:
    """Whether a request is for the page: by its path, or a browser's for the root."""
    try:
        path = urlsplit(request.url).path
    except ValueError:
        return False
    if path in {"/", "/_"}:
        accepted = next((value for name, value in request.headers.items() if name.lower() == "accept"), "")
        return request.method in {"GET", "HEAD"} and "text/html" in accepted
    return path.startswith(PREFIX) and path not in {HEALTH_PATH, METRICS_PATH}


def reader_of(service: LocalWorkspace) -> Workspace:
    """Return a client of a local workspace that meets none of its faults. Closing it closes nothing."""
    at = service.connection
    endpoint = at.endpoint.rstrip("/")
    connection = Connection(at.subscription_id, at.resource_group, at.name, at.location, endpoint, API_VERSION)
    return Workspace(connection, _Calm(service), ApiKey(at.api_key), clock=service.clock, parallelism=1)


def holds_of(service: LocalWorkspace) -> Callable[[str], float]:
    """Return a function that says for how many seconds a target of a local workspace is held for a session."""

    def seconds(target: str) -> float:
        row = service.targets.get(target.lower())
        return 0.0 if row is None else row.hold_seconds

    return seconds


class _Calm:
    """Carries requests to a local workspace past its faults."""

    def __init__(self, service: LocalWorkspace) -> None:
        self._service = service

    def send(self, request: Request) -> Response:
        """Return the answer."""
        return self._service.handle_calmly(request)

    def close(self) -> None:
        """Do nothing: the workspace belongs to others."""
