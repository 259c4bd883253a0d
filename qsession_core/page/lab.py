"""What only a local workspace to try things on allows: faults, time, availability of targets, a fresh start."""

from __future__ import annotations

import math
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import msgspec

from qsession_core.clock import LabClock, ManualClock
from qsession_core.decoding import read_json
from qsession_core.local.faults import Fault, Kind
from qsession_core.local.replies import Refusal
from qsession_core.page.views import milliseconds

if TYPE_CHECKING:
    from qsession_core.local.workspace import LocalWorkspace

__all__ = ["Lab"]

T = TypeVar("T")
_LONGEST_SECONDS = 366 * 86400.0
_MEMBERS = tuple(member.name for member in fields(Fault))
_MEANINGS = {
    "delay": "the answer comes late",
    "drop_before": "the request is lost before it has an effect",
    "drop_after": "the answer is lost after the request had its effect",
    "throttle": "the service has too many requests (429)",
    "server_error": "the service answers with an error of its own",
    "truncate": "the answer is cut in half",
    "garble": "the answer is not JSON",
    "expired_sas": "the signed addresses in an answer have expired",
    "unknown_status": "jobs and sessions are in a state that no client knows",
    "fail_job": "a job ends Failed",
}
_Availability = Literal["Available", "Degraded", "Unavailable"]


class _Advance(msgspec.Struct, forbid_unknown_fields=True):
    seconds: float


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    target: str
    availability: _Availability


class Lab:
    """Changes a local workspace.

    Args:
        service: The workspace.
    """

    def __init__(self, service: LocalWorkspace) -> None:
        self._service = service

    def view(self) -> dict[str, Any]:
        """Return the clock and the faults."""
        service = self._service
        return {
            "canAdvance": isinstance(service.clock, (LabClock, ManualClock)),
            "stands": isinstance(service.clock, ManualClock),
            "since": milliseconds(service.clock.now()) if isinstance(service.clock, ManualClock) else None,
            "faults": [{**asdict(fault), "happened": happened} for fault, happened in service.faults.planted()],
            "kinds": {kind: _MEANINGS[kind] for kind in get_args(Kind)},
        }

    def advance(self, body: bytes) -> None:
        """Put the clock forward by ``{"seconds"}``.

        Raises:
            Refusal: It cannot be.
        """
        seconds = _decoded(body, _Advance).seconds
        clock = self._service.clock
        if not isinstance(clock, (LabClock, ManualClock)):
            raise Refusal(409, "ClockOfTheMachine", "This workspace has the machine's clock. Start it with --lab.")
        if not math.isfinite(seconds) or not 0 <= seconds <= _LONGEST_SECONDS:
            raise Refusal(400, "InvalidTime", "seconds is a number from 0 to those of a year.")
        clock.advance(seconds)

    def add_fault(self, body: bytes) -> None:
        """Add a fault, with the members of :class:`~qsession_core.local.Fault`.

        Raises:
            Refusal: It has a member or value that faults do not have.
        """
        unknown = sorted(set(_decoded(body, dict[str, Any])) - set(_MEMBERS))
        if unknown:
            raise Refusal(400, "InvalidFault", f"Faults have no {', '.join(unknown)}; they have {', '.join(_MEMBERS)}.")
        fault = _decoded(body, Fault)
        if not 0 <= fault.probability <= 1 or fault.seconds < 0 or fault.after < 0 or (fault.count or 0) < 0:
            raise Refusal(400, "InvalidFault", "probability is from 0 to 1; seconds, after and count are not negative.")
        self._service.faults.add(fault)

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._service.faults.clear()

    def change_target(self, body: bytes) -> None:
        """Give a target another availability.

        Raises:
            Refusal: There is no such target or availability.
        """
        wanted = _decoded(body, _Change)
        row = self._service.targets.get(wanted.target.lower())
        if row is None:
            raise Refusal(404, "TargetNotFound", f"There is no target {wanted.target[:100]}.")
        self._service.targets[wanted.target.lower()] = replace(row, availability=wanted.availability)
        self._service.dispatcher.wake()

    def reset(self) -> None:
        """Remove all jobs, sessions and faults."""
        self._service.reset()


def _decoded(body: bytes, form: type[T]) -> T:
    try:
        return read_json(body, form)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refusal(400, "InvalidRequestBody", f"The body cannot be taken: {error}.") from error
