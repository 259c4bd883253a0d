"""Trying again: which answers, how long to wait, and when to give up.

Every create of the service is a PUT with an id of ours, so that it can be repeated; closing and cancelling can be
repeated as well. What may not be repeated after the service has seen it is nothing that we send.

===========================  =================================================
what happened                tried again
===========================  =================================================
no answer, or a part of it   yes
408, 429, 500, 502, 503, 504  yes; waits as long as the service says
any other with Retry-After   yes, if it is 4xx or 5xx
anything else                no
===========================  =================================================
"""

from __future__ import annotations

import email.utils
import logging
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qsession_core.clock import Clock, SystemClock
from qsession_core.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from qsession_core.transport.message import Request, Response, Transport

__all__ = ["RetryPolicy", "RetryingTransport", "retry_after_seconds"]

_log = logging.getLogger(__name__)

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how long the service asks to wait, in seconds; None if it does not say.

    Args:
        headers: The answer's, names in lower case.
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
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now.timestamp())
    except ValueError:
        return None


def _cut(response: Response) -> bool:
    """Whether less came than was announced."""
    announced = response.headers.get("content-length")
    if announced is None or "content-encoding" in response.headers:
        return False
    return announced.isdecimal() and int(announced) > len(response.body)


def _number(text: str, unit: float) -> float | None:
    try:
        return max(0.0, float(text) / unit)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a request is repeated.

    Attributes:
        attempts: How often it is sent at most.
        first_seconds: The first wait, doubled each time, with up to half of it taken off at random.
        longest_seconds: No wait is longer, but for one that the service asks for.
        patience_seconds: A wait that the service asks for and that is longer is not waited: the error comes at once.
    """

    attempts: int = 6
    first_seconds: float = 0.4
    longest_seconds: float = 30.0
    patience_seconds: float = 300.0

    def wait(self, attempt: int, asked: float | None, chance: float) -> float:
        """Return how long to wait before attempt ``attempt + 1``, in seconds.

        Args:
            attempt: How often it was sent already, from 1.
            asked: What the service asked for.
            chance: A number in [0, 1) from a random source.
        """
        if asked is not None:
            return asked
        backoff = min(self.longest_seconds, self.first_seconds * float(2 ** (attempt - 1)))
        return backoff * (1.0 - 0.5 * chance)


@dataclass(frozen=True, slots=True)
class RetryingTransport:
    """A transport that repeats what can be repeated.

    Attributes:
        inner: What carries the requests.
        policy: How often and how patiently.
        clock: What waits.
        chance: Random numbers in [0, 1) that keep clients from coming back all at once.
    """

    inner: Transport
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Clock = field(default_factory=SystemClock)
    chance: Callable[[], float] = random.random

    def send(self, request: Request) -> Response:
        """Carry one request, repeatedly if need be; see :class:`~qsession_core.transport.message.Transport`."""
        for attempt in range(1, self.policy.attempts):
            asked = None
            try:
                response = self.inner.send(request)
            except TransportError as error:
                reason = error.message
            else:
                if response.status < 400 and not _cut(response):  # noqa: PLR2004 - HTTP's border between yes and no
                    return response
                asked = retry_after_seconds(response.headers, self.clock.now())
                if response.status not in RETRIED and asked is None and not _cut(response):
                    return response
                if asked is not None and asked > self.policy.patience_seconds:
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
        """Close what carries the requests."""
        self.inner.close()
