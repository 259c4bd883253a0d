"""Faults on request: what networks and services do on bad days, when a test wants it.

>>> faults = Faults(seed=7)
>>> faults.add(Fault("throttle", route="PUT jobs/*", count=2, retry_after=1))
>>> [fault.kind for fault in faults.drawn("PUT", "jobs/*")], [fault.kind for fault in faults.drawn("GET", "jobs/*")]
(['throttle'], [])
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from qsession_core.errors import TransportError
from qsession_core.local.replies import json_reply
from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core.clock import Clock
    from qsession_core.local.storage.items import Job

__all__ = ["Fault", "Faults"]

Kind = Literal[
    "delay", "drop_before", "drop_after", "throttle", "server_error", "truncate", "garble", "expired_sas",
    "unknown_status", "fail_job",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: ``delay`` (the answer comes late), ``drop_before`` and ``drop_after`` (no answer; without or with the
            request's effect), ``throttle`` (429), ``server_error``, ``truncate`` and ``garble`` (a body cut in half, a
            body that is no JSON), ``expired_sas`` (addresses in the reply have run out), ``unknown_status`` (a job or
            session in a state that no client knows), ``fail_job`` (a job that matches ends Failed).
        route: Where: ``"PUT jobs/*"``, ``"jobs/*"``, ``"PUT"``, ``"GET blob"``, or ``"*"``; not for ``fail_job``.
        count: How many times; None for always.
        after: How many matching requests or jobs pass unharmed first.
        probability: How likely each time, between 0 and 1; drawn from the seed of its :class:`Faults`.
        seconds: How long a delay is.
        status: The status of a server error.
        retry_after: Seconds in the Retry-After header; None for no header.
        code: The code of a server error or of a failing job.
        message: The sentence that goes with it.
        target: Which jobs fail: those of this target; empty for any.
        name: Which jobs fail: those of this name; empty for any.
    """

    kind: Kind
    route: str = "*"
    count: int | None = None
    after: int = 0
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 503
    retry_after: float | None = None
    code: str = "InternalError"
    message: str = "Made to fail on request."
    target: str = ""
    name: str = ""


class _Planted:
    """A fault with how often it was looked at and happened."""

    __slots__ = ("fault", "happened", "seen")

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0
        self.happened = 0


class Faults:
    """A set of faults, drawn with a seed of its own. Safe to use from several threads.

    Args:
        seed: What probabilities are drawn with.
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - for tests, repeatable on purpose
        self._planted: list[_Planted] = []
        self._lock = threading.Lock()
        self.happened: list[str] = []

    def add(self, fault: Fault) -> None:
        """Plant one more."""
        with self._lock:
            self._planted.append(_Planted(fault))

    def clear(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._planted.clear()

    def _draw(self, matches: Callable[[Fault], bool]) -> list[Fault]:
        with self._lock:
            drawn = []
            for planted in self._planted:
                fault = planted.fault
                if not matches(fault):
                    continue
                planted.seen += 1
                if planted.seen <= fault.after or (fault.count is not None and planted.happened >= fault.count):
                    continue
                if fault.probability < 1 and self._random.random() >= fault.probability:
                    continue
                planted.happened += 1
                self.happened.append(fault.kind)
                drawn.append(fault)
            return drawn

    def drawn(self, method: str, route: str) -> list[Fault]:
        """Return what goes wrong with one request."""
        if not self._planted:
            return []
        names = {"*", method, route.lower(), f"{method} {route}".lower()}
        return self._draw(lambda fault: fault.kind != "fail_job" and bool({fault.route, fault.route.lower()} & names))

    def of_job(self, job: Job) -> Fault | None:
        """Return the fault that makes a job fail, or None."""
        if not self._planted:
            return None
        drawn = self._draw(
            lambda fault: (
                fault.kind == "fail_job"
                and fault.target.lower() in {"", job.target.lower()}
                and fault.name in {"", job.name}
            )
        )
        return drawn[0] if drawn else None


def before(faults: list[Fault], clock: Clock) -> Response | None:
    """Do what happens before a request takes effect; return the answer that keeps it from doing so, if any.

    Raises:
        TransportError: The request gets lost.
    """
    for fault in faults:
        match fault.kind:
            case "delay":
                clock.sleep(fault.seconds)
            case "drop_before":
                raise TransportError("The connection broke before the request arrived; send it again.")
            case "throttle":
                return _refused(429, fault, "TooManyRequests", "Too many requests; come back later.")
            case "server_error":
                return _refused(fault.status, fault, fault.code, fault.message)
    return None


def _refused(status: int, fault: Fault, code: str, message: str) -> Response:
    reply = json_reply({"error": {"code": code, "message": message}}, status)
    if fault.retry_after is None:
        return reply
    return Response(status, {**reply.headers, "retry-after": f"{fault.retry_after:g}"}, reply.body)


def after(faults: list[Fault], response: Response) -> Response:
    """Do to an answer what happens on its way back.

    Raises:
        TransportError: The answer gets lost; its request has taken effect.
    """
    for fault in faults:
        match fault.kind:
            case "drop_after":
                raise TransportError("The connection broke before the answer arrived; what was asked for has happened.")
            case "truncate":
                announced = {**response.headers, "content-length": str(len(response.body))}  # as a broken line shows it
                response = Response(response.status, announced, response.body[: len(response.body) // 2])
            case "garble":
                response = Response(response.status, response.headers, b'{"value": [\xff\xfe' + response.body[:40])
            case "unknown_status":
                response = _with_unknown_status(response)
    return response


def _with_unknown_status(response: Response) -> Response:
    """Show every item of a reply in a state that no client knows."""
    shown: Any = msgspec.json.decode(response.body or b"null")
    items = shown.get("value", [shown]) if isinstance(shown, dict) else []
    for item in items:
        if isinstance(item, dict) and "status" in item:
            item["status"] = "Hibernating"
    return Response(response.status, response.headers, msgspec.json.encode(shown))
