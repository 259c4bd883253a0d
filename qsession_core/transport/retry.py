"""Retries: after which answers, after how long, how often.

All our requests are idempotent, so all may be retried: what we create is created by a PUT with an id of ours.
Source: docs/protocol.md 2.5.

===========================  =================================================
what happened                retried
===========================  =================================================
no answer, or a part of it   yes
408, 429, 500, 502, 503, 504  yes; after ``Retry-After`` if the answer has one
any other with Retry-After   yes, if it is 4xx or 5xx
anything else                no
===========================  =================================================
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec

from qsession_core.clock import Clock, SystemClock
from qsession_core.errors import ConfigurationError, TransportError
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from qsession_core.transport.message import Request, Response, Transport

__all__ = ["RetryPolicy", "RetryingTransport", "retry_after_seconds"]

_log = logger(__name__)

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_DIGITS = 19  # no body is longer than that; Python refuses to read numbers of thousands of digits
_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how long the service asks to wait, in seconds; None if it gives no time.

    Args:
        headers: The answer's; names in lower case.
        now: The time, for answers that name a date.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> retry_after_seconds({"retry-after": "3"}, now), retry_after_seconds({"retry-after-ms": "250"}, now)
    (3.0, 0.25)
    """
    for name in _MILLISECONDS:
        if name in headers:
            return _number(headers[name], 1000.0)
    text = headers.get("retry-after")
    if text is None:
        return None
    seconds = _number(text, 1.0)
    if seconds is not None:
        return seconds
    import email.utils

    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now.timestamp())
    except (ValueError, OverflowError):
        return None


def _cut(response: Response) -> bool:
    """Whether the body is shorter than its ``Content-Length``."""
    announced = response.headers.get("content-length")
    if announced is None or "content-encoding" in response.headers:
        return False
    return announced.isdecimal() and len(announced) < _DIGITS and int(announced) > len(response.body)


def _number(text: str, unit: float) -> float | None:
    try:
        return max(0.0, float(text) / unit)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is repeated, and after which waits.

    Attributes:
        attempts: How often it is sent, at most.
        first_seconds: The first wait; doubled each time, and up to half of it is taken off at random.
        longest_seconds: The longest wait, unless the service asks for a longer one.
        max_retry_after_seconds: If ``Retry-After`` is longer, do not wait; return the error response.

    Raises:
        ConfigurationError: One of them is no number that it can be; the error lists all of them.
    """

    attempts: int = 6
    first_seconds: float = 0.4
    longest_seconds: float = 30.0
    max_retry_after_seconds: float = 300.0

    def __post_init__(self) -> None:
        problems, attempts = [], cast("object", self.attempts)
        if not isinstance(attempts, int) or isinstance(attempts, bool) or attempts < 1:
            problems.append(f"attempts is {attempts!r}; it must be a whole number of at least 1.")
        for name in ("first_seconds", "longest_seconds", "max_retry_after_seconds"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0:
                problems.append(f"{name} is {value!r}; it must be a number of seconds, not below 0.")
        if problems:
            raise ConfigurationError(" ".join(problems))

    def wait(self, attempt: int, asked: float | None, chance: float) -> float:
        """Return how long to wait before attempt ``attempt + 1``, in seconds.

        Args:
            attempt: How often it was sent already, from 1.
            asked: Seconds that the service asked for; None if it gave no time.
            chance: A random number in [0, 1).
        """
        if asked is not None:
            return asked
        backoff = min(self.longest_seconds, self.first_seconds * float(2 ** (attempt - 1)))
        return backoff * (1.0 - 0.5 * chance)


class RetryingTransport(msgspec.Struct, frozen=True):
    """A transport that retries.

    Attributes:
        inner: The transport that sends.
        policy: How often, and after which waits.
        clock: Times the waits.
        chance: Returns random numbers in [0, 1), so that clients do not retry at the same moment.
    """

    inner: Transport
    policy: RetryPolicy = msgspec.field(default_factory=RetryPolicy)
    clock: Clock = msgspec.field(default_factory=SystemClock)
    chance: Callable[[], float] = random.random

    def send(self, request: Request) -> Response:
        """Send one request, and again after a failure; see :class:`~qsession_core.transport.message.Transport`."""
        for attempt in range(1, self.policy.attempts):
            asked = None
            try:
                response = self.inner.send(request)
            except TransportError as error:
                reason = error.message
            else:
                if response.status < 400 and not _cut(response):  # noqa: PLR2004 - HTTP's errors start here
                    return response
                asked = retry_after_seconds(response.headers, self.clock.now())
                if response.status not in RETRIED and asked is None and not _cut(response):
                    return response
                if asked is not None and asked > self.policy.max_retry_after_seconds:
                    return response
                reason = f"status {response.status}"
            wait = self.policy.wait(attempt, asked, self.chance())
            _log.info("%s: %s; trying again in %.2f s (%d of %d)", request, reason, wait, attempt, self.policy.attempts)
            self.clock.sleep(wait)
        response = self.inner.send(request)
        if _cut(response):
            raise TransportError(
                f"{request} ended after {len(response.body)} of {response.headers['content-length']} bytes, "
                f"{self.policy.attempts} times. Something between here and the service cuts it.",
                request=str(request),
            )
        return response

    def close(self) -> None:
        """Close the inner transport."""
        self.inner.close()
