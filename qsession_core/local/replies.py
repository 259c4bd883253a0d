"""Responses, and the exception that becomes an error response.

Service errors are JSON (``{"error": {"code", "message"}}``), storage errors XML; both carry ``x-ms-error-code``.
Source: docs/protocol.md 2.4; Azure Storage's REST reference for the XML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Refusal", "json_reply", "service_error", "storage_error", "unauthorized"]

_JSON = "application/json; charset=utf-8"


class Refusal(Exception):  # noqa: N818 - it is a response, not an error of ours
    """A request is answered with an error.

    Args:
        status: The HTTP status: 4xx, or 503 and 507 where the store cannot be used now.
        code: The error's code.
        message: The error's sentence.
        retry_seconds: When it is worth trying again; None where it is not.
    """

    def __init__(self, status: int, code: str, message: str, *, retry_seconds: int | None = None) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_seconds = retry_seconds

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer beside its content type."""
        again = {} if self.retry_seconds is None else {"retry-after": str(self.retry_seconds)}
        return {"x-ms-error-code": self.code, **again}


def json_reply(value: object, status: int = 200) -> Response:
    """Return a reply with a JSON body."""
    return Response(status, {"content-type": _JSON}, msgspec.json.encode(value))


def service_error(refusal: Refusal) -> Response:
    """Return the service's form of an error."""
    body = msgspec.json.encode({"error": {"code": refusal.code, "message": refusal.message}})
    return Response(refusal.status, {"content-type": _JSON, **refusal.headers}, body)


def storage_error(refusal: Refusal, request_id: str, now: datetime) -> Response:
    """Return the storage's form of an error."""
    from html import escape

    message = f"{refusal.message}\nRequestId:{request_id}\nTime:{now:%Y-%m-%dT%H:%M:%S.%f}0Z"
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{escape(refusal.code)}</Code>'
        f"<Message>{escape(message)}</Message></Error>"
    )
    return Response(refusal.status, {"content-type": "application/xml", **refusal.headers}, body.encode())


def unauthorized() -> Response:
    """Return the response to a wrong or missing key: 401 without a body."""
    return Response(401, {"www-authenticate": 'Bearer error="invalid_token"', "content-length": "0"})
