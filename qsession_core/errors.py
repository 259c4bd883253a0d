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
      ReplayError                   a bundle has no answer to this request
      ServiceError                  the service refused
        AuthenticationError         401
        PermissionDeniedError       403
        NotFoundError               404
        ConflictError               409
        RateLimitError              429
      SessionError
        SessionClosedError          closed on purpose
        SessionTimedOutError        ten minutes without a new job
        SessionFailedError          a job failed under the Abort policy
      BudgetExceededError           the next job would exceed a limit of the session
      JobError
        JobFailedError                                                                 (also RuntimeError)
        JobCancelledError
        ResultMissingError          the job succeeded, and its result is not there
      WaitTimeoutError              the job still runs                                 (also TimeoutError)
      ResultFormatError             the bytes of a result do not have their format

Leaves carry their facts as fields. All of them pickle.

>>> from qsession_core import Workspace
>>> try:
...     Workspace.local().get_target("ionq.simulater")
... except TargetNotFoundError as error:
...     print(error.close_matches[0])
ionq.simulator
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

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
    "ProgramTextError",
    "QSessionError",
    "RateLimitError",
    "ReplayError",
    "RequestTimeoutError",
    "ResultFormatError",
    "ResultMissingError",
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


E = TypeVar("E", bound="QSessionError")


def raise_together(failures: Sequence[QSessionError]) -> None:
    """Raise the first of several failures with the others as notes; return if there are none."""
    if not failures:
        return
    for other in failures[1:]:
        failures[0].add_note(f"This failed too: {other}")
    raise failures[0]


def _rebuild(cls: type[E], facts: dict[str, object]) -> E:
    """Make an unpickled error from its facts, without running its constructor."""
    error = cls.__new__(cls, facts.get("message"))
    error.__dict__.update(facts)
    error.args = (error.message,)  # which an OSError's own constructor forgets
    return error


@dataclass_transform(kw_only_default=True)
@dataclass(eq=False, repr=False, init=False)
class QSessionError(Exception):
    """Root of all errors of qsession.

    Attributes:
        message: What happened, and what to do about it.
    """

    message: str

    # Of the fields beside the message; MISSING for none. Making each class a dataclass would cost every process 5 ms.
    _defaults: ClassVar[Mapping[str, object]] = {}

    def __init_subclass__(cls) -> None:
        """Find the fields of a subclass, which its constructor takes by keyword."""
        super().__init_subclass__()
        own = {
            name: vars(cls).get(name, MISSING)
            for name, kind in cls.__annotations__.items()
            if "ClassVar" not in str(kind)
        }
        cls._defaults = {**cls._defaults, **own}

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        defaults = self._defaults
        missing = [name for name, default in defaults.items() if default is MISSING and name not in facts]
        unknown = [name for name in facts if name not in defaults]
        if missing or unknown:
            raise TypeError(f"{type(self).__name__}: fields missing: {missing}; fields that it has not: {unknown}.")
        self.__dict__.update(defaults, **facts)

    def with_message(self, message: str) -> Self:
        """Return the same error with another message."""
        return _rebuild(type(self), {**self.__dict__, "message": message})

    def __str__(self) -> str:
        return self.message

    @property
    def help_url(self) -> str:
        """Where the documentation explains errors of this class: a page of docs/, and the place on it."""
        return f"docs/errors.md#{type(self).__name__.lower()}"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by facts, so that keyword-only fields survive."""
        return _rebuild, (type(self), dict(self.__dict__))


class ConfigurationError(QSessionError, ValueError):
    """A workspace, a credential or an option is missing or wrong."""


class PluginError(QSessionError):
    """A plugin cannot be found or loaded.

    Attributes:
        group: The entry-point group, such as ``qsession.providers``.
        name: The plugin's name within the group.
        problem: What is wrong with it.
    """

    group: str
    name: str
    problem: str


class TargetNotFoundError(QSessionError, LookupError):
    """The workspace offers no target of this name.

    Attributes:
        name: The name that was asked for.
        close_matches: Similar names of targets.
    """

    name: str
    close_matches: tuple[str, ...] = ()


class ConversionError(QSessionError, ValueError):
    """This circuit cannot become that payload.

    Attributes:
        problems: Every problem that was found, each an error of its own; empty for a single problem.
    """

    problems: tuple[ConversionError, ...] = ()

    @classmethod
    def of(cls, problems: Sequence[ConversionError]) -> ConversionError:
        """Return the only problem, or one error that lists all of them.

        Args:
            problems: At least one.
        """
        if len(problems) == 1:
            return problems[0]
        lines = [f"{len(problems)} problems keep this program from being sent:"]
        lines += [f"  {number}. {problem.message}" for number, problem in enumerate(problems, 1)]
        return ConversionError("\n".join(lines), problems=tuple(problems))


class UnsupportedOperationError(ConversionError):
    """The format has no way to write this operation.

    Attributes:
        operation: Name of the operation.
        index: Its index in the program, from 0; None if it has none of its own.
        qubits: The qubits it acts on.
        format: The input data format asked for.
        supported: Names of operations that the format can write, if listing them helps.
    """

    operation: str
    index: int | None = None
    qubits: tuple[int, ...] = ()
    format: str = ""
    supported: tuple[str, ...] = ()


class ProgramTextError(ConversionError):
    """A text or a file is no program that can be sent.

    Attributes:
        line: Where in it, from 1; None if it is not about one line.
        column: Where in the line, from 1; None if unknown.
        language: The language it was read as; empty if it is in none that is known.
    """

    line: int | None = None
    column: int | None = None
    language: str = ""


class UnboundParameterError(ConversionError):
    """The program still has parameters without a value.

    Attributes:
        parameters: Their names, in the program's order.
    """

    parameters: tuple[str, ...]


class LimitExceededError(ConversionError):
    """The program exceeds a limit of the target or the format.

    Attributes:
        what: What is limited, such as ``"shots"``.
        asked: The program's number.
        limit: The number that is allowed.
    """

    what: str
    asked: object
    limit: object


class TransportError(QSessionError):
    """No usable answer came back.

    Attributes:
        request: The request's method and address, without secrets.
    """

    request: str = ""


class RequestTimeoutError(TransportError, TimeoutError):
    """The service did not answer in time."""


class ReplayError(QSessionError):
    """A request that is replayed from a bundle was not recorded.

    Attributes:
        request: Method and URL, without signatures.
        nearest: Method and path of the recorded request that is nearest to it; empty for none.
    """

    request: str
    nearest: str = ""


class ServiceError(QSessionError):
    """The service refused a request.

    Attributes:
        status_code: The HTTP status.
        code: The service's own code, such as ``"InvalidJobDefinition"``; empty if it gave none.
        request_id: The id to give to the service's support; empty if it gave none.
        request: The request's method and address, without secrets.
        retry_after_seconds: How long to wait according to the service; None if it gave no time.
    """

    status_code: int
    code: str = ""
    request_id: str = ""
    request: str = ""
    retry_after_seconds: float | None = None

    @staticmethod
    def for_status(status_code: int) -> type[ServiceError]:
        """Return the error class of an HTTP status."""
        return _BY_STATUS.get(status_code, ServiceError)


class AuthenticationError(ServiceError):
    """401: the key or token is missing, wrong or expired."""


class PermissionDeniedError(ServiceError):
    """403: known, but not allowed."""


class NotFoundError(ServiceError):
    """404: no such job, session, blob or workspace."""


class ConflictError(ServiceError):
    """409: it exists already."""


class RateLimitError(ServiceError):
    """429: too many requests."""


_BY_STATUS: dict[int, type[ServiceError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}


class SessionError(QSessionError):
    """A session cannot be used as asked.

    Attributes:
        session_id: The session's id.
    """

    session_id: str


class SessionClosedError(SessionError):
    """The session was closed; it takes no more jobs."""


class SessionTimedOutError(SessionError):
    """The session had no new job for ten minutes; it takes no more."""


class SessionFailedError(SessionError):
    """A job of the session failed and its policy is Abort; it takes no more jobs."""


class BudgetExceededError(QSessionError):
    """The next job would exceed a limit that the caller set, or a quota that is to be kept.

    Attributes:
        what: What is limited, such as ``"jobs"`` or ``"cost"``.
        asked: The total with the next job.
        limit: The limit.
    """

    what: str
    asked: float
    limit: float


class JobError(QSessionError):
    """A job has no result.

    Attributes:
        job_id: The job's id.
    """

    job_id: str


class JobFailedError(JobError, RuntimeError):
    """The job ended without a result.

    Attributes:
        code: The service's or provider's code.
        session_id: The session it ran in, if any.
    """

    code: str = ""
    session_id: str | None = None


class JobCancelledError(JobError):
    """The job was cancelled."""


class ResultMissingError(JobError):
    """The job succeeded, and its result is not in the storage."""


class WaitTimeoutError(QSessionError, TimeoutError):
    """The time to wait is over, and the job is not terminal.

    Attributes:
        job_id: The job's id: wait again, or fetch it later.
        status: Its last known status.
    """

    job_id: str
    status: str = ""


class ResultFormatError(QSessionError):
    """The bytes of a result do not have their format.

    Attributes:
        format: The output data format.
        problem: What is wrong, and where.
        job_id: The job's id, if known.
    """

    format: str
    problem: str
    job_id: str | None = None
