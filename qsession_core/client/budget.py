"""What a session may use, what it has used, and the share that is reserved for a job before it is sent."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import msgspec

from qsession_core.errors import BudgetExceededError, ConfigurationError
from qsession_core.logs import logger

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Budget", "Reservation", "Usage", "seconds_of"]

_log = logger(__name__)

_DURATION = re.compile(r"\s*(?:(\d{1,9}) ?d)?\s*(?:(\d{1,9}) ?h)?\s*(?:(\d{1,9}) ?m)?\s*(?:(\d{1,9}) ?s)?\s*")
_UNITS = (86_400, 3_600, 60, 1)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a session may use; None for no limit.

    Attributes:
        max_jobs: Number of jobs.
        max_shots: Number of shots of all jobs together.
        max_time: Seconds after the opening in which a job may be sent.
        max_cost: Estimated cost of all jobs together, in the currency or unit of the target's price.

    Raises:
        ConfigurationError: A limit is negative or not a number, or a number of jobs or shots is not whole.
    """

    max_jobs: int | None = None
    max_shots: int | None = None
    max_time: float | None = None
    max_cost: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_jobs", "max_shots", "max_time", "max_cost"):
            limit = getattr(self, name)
            if limit is not None and not _is_limit(limit, whole=name in {"max_jobs", "max_shots"}):
                raise ConfigurationError(f"{name} is {limit!r}; give a number that is not negative, or None.")


def _is_limit(value: Any, *, whole: bool) -> bool:
    """Whether a value is a number of at least 0; NaN would limit nothing."""
    number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    return number >= 0 and (not whole or math.isinf(number) or number.is_integer())


def seconds_of(duration: float | str | None) -> float | None:
    """Return a duration in seconds; text has days, hours, minutes and seconds, each with its letter.

    >>> seconds_of("2h 30m"), seconds_of("90s"), seconds_of(5)
    (9000.0, 90.0, 5)

    Raises:
        ConfigurationError: The text is no duration.
    """
    if not isinstance(duration, str):
        return duration
    found = _DURATION.fullmatch(duration)
    if found is None or not any(found.groups()):
        raise ConfigurationError(f"max_time is {duration!r}; give seconds as a number, or text such as '2h 30m'.")
    return float(sum(int(number) * unit for number, unit in zip(found.groups(), _UNITS, strict=True) if number))


class Usage:
    """What a session has used; safe to use from several threads.

    Attributes:
        budget: The limits.
        started: When the session was opened, by the monotonic clock.
        jobs: Number of jobs that were sent, or are being sent.
        last_job_at: When the last of them was reserved, by the monotonic clock; else ``started``.
    """

    def __init__(self, budget: Budget, started: float) -> None:
        self.budget = budget
        self.started = self.last_job_at = started
        self.jobs = 0
        self._shots = 0
        self._cost = 0.0
        self._lock = threading.RLock()  # reentrant: a signal handler may run in the thread that holds it

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()

    def reserve(self, session_id: str, job_id: str, shots: int, cost: float, now: float) -> Reservation:
        """Count one more job.

        Args:
            session_id: For the error.
            job_id: The job's id.
            shots: The job's shots.
            cost: Its estimated cost.
            now: The time, by the monotonic clock.

        Raises:
            BudgetExceededError: The job would exceed a limit; nothing is counted.
        """
        with self._lock:
            for what, asked, limit in (
                ("jobs", self.jobs + 1, self.budget.max_jobs),
                ("shots", self._shots + shots, self.budget.max_shots),
                ("seconds", now - self.started, self.budget.max_time),
                ("cost", self._cost + cost, self.budget.max_cost),
            ):
                # sums of costs have rounding errors: three jobs of 0.1 may cost 0.3
                if limit is not None and asked > limit and not math.isclose(asked, limit, rel_tol=1e-12):
                    raise BudgetExceededError(
                        f"Session {session_id} may use {limit:g} ({what}); the next job would make it {asked:g}. "
                        "It was not sent. Open a session with a larger budget.",
                        what=what,
                        asked=asked,
                        limit=limit,
                    )
            self._add(1, shots, cost)
            self.last_job_at = now
        return Reservation(self, job_id, shots, cost)

    def give_back(self, reservation: Reservation) -> None:
        """Count a job no longer."""
        with self._lock:
            self._add(-1, -reservation.shots, -reservation.cost)

    def _add(self, jobs: int, shots: int, cost: float) -> None:
        self.jobs += jobs
        self._shots += shots
        self._cost += cost


class Reservation(msgspec.Struct):
    """The share of one job while it is sent; a context manager that gives it back if sending fails.

    Attributes:
        usage: What it is a share of.
        job_id: The job's id.
        shots: The job's shots.
        cost: Its estimated cost.
        may_exist: Whether the service may have the job although sending it failed, because the answer to its creation
            was lost or was an error of the service itself. Then the share is kept.
    """

    usage: Usage = msgspec.field(default_factory=lambda: Usage(Budget(), 0.0))
    job_id: str = ""
    shots: int = 0
    cost: float = 0.0
    may_exist: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self.may_exist:
            _log.warning("job %s may exist although sending it failed; its session's budget counts it", self.job_id)
        elif error is not None:
            self.usage.give_back(self)
