"""Every error that qsession raises.

    QSessionError
      ConfigurationError            workspace, credential or option missing or wrong   (also ValueError)
      PluginError                   a plugin cannot be found or loaded
      TargetNotFoundError           no such target in this workspace                   (also LookupError)
      ConversionError               this circuit cannot become that payload            (also ValueError)
        UnsupportedOperationError   the format has no way to write this operation
        UnboundParameterError       parameters without a value
        LimitExceededError          too many qubits, shots or bytes
      TransportError                no usable answer came back
        RequestTimeoutError                                                            (also TimeoutError)
      ServiceError                  the service said no
        AuthenticationError         401
        PermissionDeniedError       403
        NotFoundError               404
        ConflictError               409
        RateLimitError              429
      SessionError
        SessionClosedError          closed on purpose
        SessionTimedOutError        ten minutes without a new job
        SessionFailedError          a job failed under the Abort policy
      BudgetExceededError           the next job would go over a limit of the session
      JobError
        JobFailedError
        JobCancelledError
      WaitTimeoutError              the job still runs                                 (also TimeoutError)
      ResultFormatError             the bytes of a result are not what they say

Leaves carry their facts as fields. All of them pickle.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AuthenticationError",
    "BudgetExceededError",
    "ConfigurationError",
    "ConflictError",
    "ConversionError",
    "JobCancelledError",
    "JobError",
    "JobFailedError",
    "LimitExceededError",
    "NotFoundError",
    "PermissionDeniedError",
    "PluginError",
    "QSessionError",
    "RateLimitError",
    "RequestTimeoutError",
    "ResultFormatError",
    "ServiceError",
    "SessionClosedError",
    "SessionError",
    "SessionFailedError",
    "SessionTimedOutError",
    "TargetNotFoundError",
    "TransportError",
    "UnboundParameterError",
    "UnsupportedOperationError",
    "WaitTimeoutError",
]


def raise_together(failures: Sequence[QSessionError]) -> None:
    """Raise the first of several failures, the others noted on it; nothing if there are none."""
    if not failures:
        return
    for other in failures[1:]:
        failures[0].add_note(f"This failed too: {other}")
    raise failures[0]


def _rebuild(cls: type[QSessionError], facts: dict[str, object]) -> QSessionError:
    """Make an unpickled error from its facts, without running its constructor."""
    error = cls.__new__(cls, facts.get("message"))
    error.__dict__.update(facts)
    return error


@dataclass(eq=False, repr=False)
class QSessionError(Exception):
    """Root of all errors of qsession.

    Attributes:
        message: One sentence that ends with the way out.
    """

    message: str

    def __post_init__(self) -> None:
        """Let ``repr`` and ``args`` show the sentence, however it was passed."""
        self.args = (self.message,)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by facts, so that keyword-only fields survive."""
        return _rebuild, (type(self), dict(self.__dict__))


@dataclass(eq=False, repr=False)
class ConfigurationError(QSessionError, ValueError):
    """A workspace, a credential or an option is missing or wrong."""


@dataclass(eq=False, repr=False)
class PluginError(QSessionError):
    """A plugin cannot be found or loaded.

    Attributes:
        group: The entry-point group, such as ``qsession.providers``.
        name: The plugin's name within the group.
        problem: What is wrong with it.
    """

    _: KW_ONLY
    group: str
    name: str
    problem: str


@dataclass(eq=False, repr=False)
class TargetNotFoundError(QSessionError, LookupError):
    """The workspace offers no target of this name.

    Attributes:
        name: The name that was asked for.
        close_matches: Names of targets that look like it.
    """

    _: KW_ONLY
    name: str
    close_matches: tuple[str, ...] = ()


@dataclass(eq=False, repr=False)
class ConversionError(QSessionError, ValueError):
    """This circuit cannot become that payload.

    Attributes:
        problems: Every problem that was found, each an error of its own. A leaf has none: it is the problem.
    """

    _: KW_ONLY
    problems: tuple[ConversionError, ...] = ()

    @classmethod
    def of(cls, problems: Sequence[ConversionError]) -> ConversionError:
        """Make one error of several problems; of one problem, that problem itself.

        Args:
            problems: At least one problem.

        Returns:
            The only problem, or a ``ConversionError`` that lists all of them.
        """
        if len(problems) == 1:
            return problems[0]
        lines = [f"{len(problems)} problems keep this program from being sent:"]
        lines += [f"  {number}. {problem.message}" for number, problem in enumerate(problems, 1)]
        return ConversionError("\n".join(lines), problems=tuple(problems))


@dataclass(eq=False, repr=False)
class UnsupportedOperationError(ConversionError):
    """The format has no way to write this operation.

    Attributes:
        operation: Name of the operation.
        index: Its place in the program, counted from 0; None where it has no place of its own.
        qubits: The qubits it acts on.
        format: The input data format asked for.
        supported: Names that the format can write, where a list helps.
    """

    _: KW_ONLY
    operation: str
    index: int | None = None
    qubits: tuple[int, ...] = ()
    format: str = ""
    supported: tuple[str, ...] = ()


@dataclass(eq=False, repr=False)
class UnboundParameterError(ConversionError):
    """The program still has parameters without a value.

    Attributes:
        parameters: Their names, in the program's order.
    """

    _: KW_ONLY
    parameters: tuple[str, ...]


@dataclass(eq=False, repr=False)
class LimitExceededError(ConversionError):
    """More was asked for than the target or the format takes.

    Attributes:
        what: What is limited, such as ``"shots"``.
        asked: How much was asked for.
        limit: How much is allowed.
    """

    _: KW_ONLY
    what: str
    asked: object
    limit: object


@dataclass(eq=False, repr=False)
class TransportError(QSessionError):
    """No usable answer came back.

    Attributes:
        request: The request's method and address, without secrets.
    """

    _: KW_ONLY
    request: str = ""


@dataclass(eq=False, repr=False)
class RequestTimeoutError(TransportError, TimeoutError):
    """The service did not answer in time."""


@dataclass(eq=False, repr=False)
class ServiceError(QSessionError):
    """The service answered, and said no.

    Attributes:
        status_code: The HTTP status.
        code: The service's own code, such as ``"InvalidJobDefinition"``; empty if it gave none.
        request_id: What the service's support asks for; empty if it gave none.
        request: The request's method and address, without secrets.
        retry_after_seconds: How long the service asked to wait; None if it did not say.
    """

    _: KW_ONLY
    status_code: int
    code: str = ""
    request_id: str = ""
    request: str = ""
    retry_after_seconds: float | None = None

    @staticmethod
    def for_status(status_code: int) -> type[ServiceError]:
        """Return the error class of an HTTP status."""
        return _BY_STATUS.get(status_code, ServiceError)


@dataclass(eq=False, repr=False)
class AuthenticationError(ServiceError):
    """401: the key or token is missing, wrong or expired."""


@dataclass(eq=False, repr=False)
class PermissionDeniedError(ServiceError):
    """403: known, but not allowed."""


@dataclass(eq=False, repr=False)
class NotFoundError(ServiceError):
    """404: no such job, session, blob or workspace."""


@dataclass(eq=False, repr=False)
class ConflictError(ServiceError):
    """409: it exists already."""


@dataclass(eq=False, repr=False)
class RateLimitError(ServiceError):
    """429: too many requests."""


_BY_STATUS: dict[int, type[ServiceError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}


@dataclass(eq=False, repr=False)
class SessionError(QSessionError):
    """Something about a session.

    Attributes:
        session_id: The session's id.
    """

    _: KW_ONLY
    session_id: str


@dataclass(eq=False, repr=False)
class SessionClosedError(SessionError):
    """The session was closed; it takes no more jobs."""


@dataclass(eq=False, repr=False)
class SessionTimedOutError(SessionError):
    """The session had no new job for ten minutes; it takes no more."""


@dataclass(eq=False, repr=False)
class SessionFailedError(SessionError):
    """A job of the session failed and its policy is Abort; it takes no more jobs."""


@dataclass(eq=False, repr=False)
class BudgetExceededError(QSessionError):
    """The next job would go over a limit that the caller set.

    Attributes:
        what: What is limited, such as ``"jobs"`` or ``"cost"``.
        asked: What the total would be with the next job.
        limit: What the caller allowed.
    """

    _: KW_ONLY
    what: str
    asked: float
    limit: float


@dataclass(eq=False, repr=False)
class JobError(QSessionError):
    """Something about a job.

    Attributes:
        job_id: The job's id.
    """

    _: KW_ONLY
    job_id: str


@dataclass(eq=False, repr=False)
class JobFailedError(JobError):
    """The job ended without a result.

    Attributes:
        code: The service's or provider's code.
        session_id: The session it ran in, if any.
    """

    _: KW_ONLY
    code: str = ""
    session_id: str | None = None


@dataclass(eq=False, repr=False)
class JobCancelledError(JobError):
    """The job was cancelled."""


@dataclass(eq=False, repr=False)
class WaitTimeoutError(QSessionError, TimeoutError):
    """The caller's time is over; the job still runs.

    Attributes:
        job_id: The job's id: wait again, or fetch it later.
        status: Its last known status.
    """

    _: KW_ONLY
    job_id: str
    status: str = ""


@dataclass(eq=False, repr=False)
class ResultFormatError(QSessionError):
    """The bytes of a result are not what their format says.

    Attributes:
        format: The output data format.
        problem: What is wrong, and where.
        job_id: The job, where it is known.
    """

    _: KW_ONLY
    format: str
    problem: str
    job_id: str | None = None
