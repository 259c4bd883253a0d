"""HTTP calls of the service: URL, headers, JSON, errors, pages. Source: docs/protocol.md 1.8, 2.1, 2.4."""

from __future__ import annotations

import platform
import re
import uuid
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from qsession_core.client.service.models import UNREADABLE, Page
from qsession_core.client.service.nesting import DEPTH, shallow
from qsession_core.decoding import read_json
from qsession_core.errors import ConfigurationError, ServiceError, TransportError
from qsession_core.logs import logger
from qsession_core.transport import Request, Response, without_secrets
from qsession_core.transport.auth import AuthenticatedTransport
from qsession_core.transport.retry import retry_after_seconds
from qsession_core.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from qsession_core.client.service.connection import Connection
    from qsession_core.clock import Clock
    from qsession_core.transport import Transport
    from qsession_core.transport.auth import Authentication

__all__ = ["RestClient", "segment", "service_error", "to_json", "without_nones"]

JSON = "application/json"
_log = logger(__name__)
_MOST_PAGES = 10_000  # of a list; a hundred items each
T = TypeVar("T")


class _ErrorBody(msgspec.Struct):
    code: str | None = None
    message: str | None = None


class _Error(msgspec.Struct):
    error: _ErrorBody | None = None


def user_agent(application: str | None) -> str:
    """Return the user agent: the application's own, then ours."""
    words = [application] if application else []
    return " ".join(
        [*words, f"qsession/{__version__}", f"Python/{platform.python_version()}", f"({platform.system()})"]
    )


def service_error(request: Request, response: Response, now: datetime) -> ServiceError:
    """Return the error for an error response of the service or the blob storage.

    Args:
        request: What was sent.
        response: What came back.
        now: The time, for answers that name a date.
    """
    code = response.headers.get("x-ms-error-code", "")
    message = ""
    if response.body.lstrip().startswith(b"<"):
        text = response.body.decode("utf-8", "replace")
        code = code or _tag(text, "Code")
        message = _tag(text, "Message").split("\n")[0]
    elif response.body:
        try:
            body = read_json(response.body, _Error).error
        except UNREADABLE:
            body = None
        if body is not None:
            code, message = code or body.code or "", body.message or ""
    request_id = response.headers.get("x-ms-request-id") or request.headers.get("x-ms-client-request-id", "")
    advice = {
        401: "Check the API key or the credential.",
        403: "Ask the workspace's owner for the rights, or check that the address has not expired.",
        429: "Wait and try again.",
    }.get(response.status, "")
    code, message = without_secrets(code), without_secrets(message)
    sentence = f"The service answered {response.status}{f' {code}' if code else ''} to {request}"
    sentence += f": {message}" if message else "."
    return ServiceError.for_status(response.status)(
        " ".join(filter(None, [sentence, advice, f"(request {request_id})" if request_id else ""])),
        status_code=response.status,
        code=code,
        request_id=request_id,
        request=str(request),
        retry_after_seconds=retry_after_seconds(response.headers, now),
    )


def _tag(xml: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", xml, re.DOTALL)
    return found[1] if found else ""


def segment(text: object) -> str:
    """Return an id as one path segment of a URL, quoted so that it cannot change the path.

    >>> segment("a/b?c")
    'a%2Fb%3Fc'

    Raises:
        ConfigurationError: It is no text, is empty, ``.`` or ``..``, or has half a character (a lone surrogate).
    """
    wrong = f"{text!r} is not an id. Pass the id of a job or session, such as job.id."
    if not isinstance(text, str) or text in {"", ".", ".."}:
        raise ConfigurationError(wrong)
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise ConfigurationError(wrong) from error


def to_json(value: object) -> bytes:
    """Write a value as JSON.

    Raises:
        ConfigurationError: It holds what JSON cannot: other objects, lone surrogates, numbers or nesting without end.
    """
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ConfigurationError(
            f"This cannot be sent, since JSON cannot hold it: {error}. Check names, tags, metadata and input_params."
        ) from error


def _host(url: str) -> tuple[str, str] | None:
    """Return the scheme and host of a URL; None if it is not a URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme, parts.netloc


def without_nones(body: Mapping[str, object]) -> dict[str, object]:
    """Drop members that are None; the service rejects nulls."""
    return {name: value for name, value in body.items() if value is not None}


class RestClient:
    """Makes HTTP calls to one workspace."""

    def __init__(
        self,
        transport: Transport,
        connection: Connection,
        authentication: Authentication | None,
        clock: Clock,
        application: str | None = None,
    ) -> None:
        """Bind the calls to a workspace.

        Args:
            transport: Sends them.
            connection: The workspace.
            authentication: Adds the credential; None if the service needs none.
            clock: For answers that name a date.
            application: Put before our own user agent.
        """
        self.transport = transport
        self.connection = connection
        self.clock = clock
        self._authenticated = transport if authentication is None else AuthenticatedTransport(transport, authentication)
        self._user_agent = user_agent(application)
        self._version = urlencode({"api-version": connection.api_version})

    def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        content_type: str = JSON,
        query: Mapping[str, str | None] | None = None,
    ) -> bytes:
        """Make one call below the workspace's URL and return the body of the answer.

        Args:
            method: Such as ``"GET"``.
            path: Relative to the workspace, such as ``"/jobs/<id>"``.
            body: Written as JSON; None for no body.
            content_type: The body's.
            query: Members that are None are left out.

        Raises:
            ServiceError: The service refused.
            TransportError: No answer came.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            tail = "&" + urlencode(given, quote_via=quote) if given else ""
        except UnicodeEncodeError as error:
            raise ConfigurationError(f"A filter holds half a character: {error}. Check its texts.") from error
        return self._send(method, f"{self.connection.url}{path}?{self._version}{tail}", body, content_type)

    def _send(self, method: str, url: str, body: object = None, content_type: str = JSON) -> bytes:
        request = self._request(method, url, body, content_type)
        response = self._authenticated.send(request)
        if response.status >= 300:  # noqa: PLR2004 - the service never redirects
            raise service_error(request, response, self.clock.now())
        return response.body

    def _request(self, method: str, url: str, body: object, content_type: str) -> Request:
        headers = {
            "Accept": JSON,
            "User-Agent": self._user_agent,
            "x-ms-client-request-id": str(uuid.uuid4()),
        }
        data = b""
        if body is not None:
            data = to_json(body)
            headers["Content-Type"] = content_type
        elif method == "POST":
            headers["Content-Length"] = "0"
        return Request(method, url, headers, data)

    def read(self, request: str, body: bytes | msgspec.Raw, type_: type[T]) -> T:
        """Parse the body of an answer.

        Raises:
            TransportError: It does not have the type: cut off, or not from the service.
        """
        try:
            return read_json(body, type_)
        except UNREADABLE as error:
            raise TransportError(
                f"The answer to {request} cannot be read: {error}. Something between here and the service may have "
                "cut or replaced it; try again.",
                request=request,
            ) from error

    def pages(self, path: str, query: Mapping[str, str | None]) -> Iterator[list[msgspec.Raw]]:
        """Yield the pages of a list; each is fetched when it is needed."""
        body = self.call("GET", path, query=query)
        followed: set[str] = set()
        while True:
            page = self._page(f"GET {path}", body)
            yield page.value
            if not page.next_link:
                return
            if _host(page.next_link) != _host(self.connection.url):
                raise TransportError(
                    f"The list at {path} continues at another host; its link was not followed, since the call carries "
                    "our credential. Something between here and the service may have changed it.",
                    request=f"GET {path}",
                )
            if page.next_link in followed:
                raise TransportError(f"The list at {path} goes round in circles; try again.", request=f"GET {path}")
            if len(followed) >= _MOST_PAGES:
                raise TransportError(
                    f"The list at {path} has more than {_MOST_PAGES} pages. Choose fewer items by a filter, such as "
                    "created_after.",
                    request=f"GET {path}",
                )
            followed.add(page.next_link)
            body = self._send("GET", self._in_our_version(page.next_link))

    def _page(self, request: str, body: bytes) -> Page:
        """Read one page of a list; a record that is nested too deep loses what is too deep, and no other record."""
        try:
            return read_json(body, Page)
        except RecursionError:
            _log.warning(
                "the answer to %s is nested too deep; it is read without what is deeper than %d", request, DEPTH
            )
            return self.read(request, shallow(body), Page)
        except ValueError:
            return self.read(request, body, Page)

    def _in_our_version(self, link: str) -> str:
        """Return a link of the service with our api-version, so that all pages of a list have one version."""
        head, _, query = link.partition("?")
        others = [part for part in query.split("&") if part and not part.lower().startswith("api-version=")]
        return head + "?" + "&".join([*others, self._version])
