"""Faults on request: failures of network and service, for tests.

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

from qsession_core.decoding import typed
from qsession_core.errors import ConfigurationError, TransportError
from qsession_core.local.replies import json_reply
from qsession_core.transport.message import Response

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qsession_core.clock import Clock
    from qsession_core.local.storage.items import Job

__all__ = ["Fault", "Faults", "read_faults"]

Kind = Literal[
    "delay", "drop_before", "drop_after", "throttle", "server_error", "truncate", "garble", "expired_sas",
    "unknown_status", "fail_job",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of failure, and when it happens.

    Attributes:
        kind: ``delay`` (the response comes late), ``drop_before`` and ``drop_after`` (no response; the request has no
            effect, or has it), ``throttle`` (429), ``server_error``, ``truncate`` (the body is cut in half), ``garble``
            (the body is not JSON), ``expired_sas`` (signatures in the reply have expired), ``unknown_status`` (jobs and
            sessions are shown in a state that no client knows), ``fail_job`` (a job ends Failed).
        route: The requests that fail: ``"PUT jobs/*"``, ``"jobs/*"``, ``"PUT"``, ``"GET blob"``, or ``"*"`` for all;
            without meaning for ``fail_job``.
        count: How many times; None for every time.
        after: The number of matching requests or jobs that succeed first.
        probability: Between 0 and 1; drawn with the seed of :class:`Faults`.
        seconds: Length of a delay.
        status: The HTTP status of a server error.
        retry_after: Seconds in the Retry-After header; None for no header.
        code: The code of a server error, or in a failed job's errorData.
        message: The sentence beside the code.
        target: Only jobs on this target fail; empty for any.
        name: Only jobs of this name fail; empty for any.
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


_FORM = 'Each is a table [[fault]] with a kind, such as "throttle", and other members of qsession_core.local.Fault.'


class _File(msgspec.Struct, forbid_unknown_fields=True):
    fault: list[Fault]
    seed: int = 0


def read_faults(path: Path) -> Faults:
    """Return the faults of a TOML file: a table ``[[fault]]`` for each, and a ``seed`` if there are probabilities.

    Raises:
        ConfigurationError: The file is not TOML, or a table is not a fault.
    """
    import tomllib

    try:
        shown = tomllib.loads(path.read_text(encoding="utf-8"))
        faults = typed(shown, _File)
    except (msgspec.ValidationError, ValueError, OSError) as error:
        raise ConfigurationError(f"The faults in {path.name} cannot be read: {error}. {_FORM}") from error
    unknown = {name for table in shown["fault"] for name in table} - set(Fault.__dataclass_fields__)
    if unknown:
        raise ConfigurationError(f"In {path.name}, no fault has a member {', '.join(sorted(unknown))}. {_FORM}")
    planted = Faults(faults.seed)
    for fault in faults.fault:
        planted.add(fault)
    return planted


class _Planted:
    """A fault, how many requests or jobs it matched, and how often it happened."""

    __slots__ = ("fault", "happened", "seen")

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0
        self.happened = 0


class Faults:
    """A set of faults. Safe to use from several threads.

    Args:
        seed: Seed of the probabilities.

    Attributes:
        happened: The kinds of the faults that happened, in order.
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - for tests, repeatable on purpose
        self._planted: list[_Planted] = []
        self._lock = threading.Lock()
        self.happened: list[str] = []

    def add(self, fault: Fault) -> None:
        """Add one."""
        with self._lock:
            self._planted.append(_Planted(fault))

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._planted.clear()

    @property
    def are_none(self) -> bool:
        """Whether no fault was added."""
        return not self._planted

    def planted(self) -> list[tuple[Fault, int]]:
        """Return the faults that were added, each with how often it has happened."""
        with self._lock:
            return [(planted.fault, planted.happened) for planted in self._planted]

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
        """Return the faults of one request; each counts as having happened."""
        if not self._planted:
            return []
        names = {"*", method, route.lower(), f"{method} {route}".lower()}
        return self._draw(lambda fault: fault.kind != "fail_job" and bool({fault.route, fault.route.lower()} & names))

    def of_job(self, job: Job) -> Fault | None:
        """Return the fault that makes a job fail, or None; it counts as having happened."""
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
    """Apply the faults that happen before a request takes effect; return the error response if one makes one.

    Raises:
        TransportError: The request is lost.
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
    """Apply the faults that happen to a response on its way back.

    Raises:
        TransportError: The response is lost; the request has taken effect.
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
    """Return a reply with every job and session in a state that no client knows."""
    shown: Any = msgspec.json.decode(response.body or b"null")
    items = shown.get("value", [shown]) if isinstance(shown, dict) else []
    for item in items:
        if isinstance(item, dict) and "status" in item:
            item["status"] = "Hibernating"
    return Response(response.status, response.headers, msgspec.json.encode(shown))
