"""Errors that are Qiskit's too, so that ``except`` clauses written for Qiskit's providers catch them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from qiskit.providers import JobError as QiskitJobError
from qiskit.providers import JobTimeoutError, QiskitBackendNotFoundError

from qsession_core.errors import (
    JobCancelledError,
    JobFailedError,
    QSessionError,
    ResultMissingError,
    TargetNotFoundError,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "AzureJobCancelledError",
    "AzureJobFailedError",
    "AzureResultMissingError",
    "AzureWaitTimeoutError",
    "BackendNotFoundError",
    "as_qiskits",
    "qiskits_errors",
]


class BackendNotFoundError(TargetNotFoundError, QiskitBackendNotFoundError):  # type: ignore[misc]
    """The workspace offers no backend of this name; also Qiskit's ``QiskitBackendNotFoundError``."""


class AzureJobFailedError(JobFailedError, QiskitJobError):  # type: ignore[misc]
    """The job ended without a result; also Qiskit's ``JobError``."""


class AzureJobCancelledError(JobCancelledError, QiskitJobError):  # type: ignore[misc]
    """The job was cancelled; also Qiskit's ``JobError``."""


class AzureResultMissingError(ResultMissingError, QiskitJobError):  # type: ignore[misc]
    """The job succeeded, and its result is not in the storage; also Qiskit's ``JobError``."""


class AzureWaitTimeoutError(WaitTimeoutError, JobTimeoutError):  # type: ignore[misc]
    """The job is not terminal; also Qiskit's ``JobTimeoutError``."""


_QISKITS: dict[type[QSessionError], type[QSessionError]] = {
    TargetNotFoundError: BackendNotFoundError,
    JobFailedError: AzureJobFailedError,
    JobCancelledError: AzureJobCancelledError,
    ResultMissingError: AzureResultMissingError,
    WaitTimeoutError: AzureWaitTimeoutError,
}


def as_qiskits(error: QSessionError) -> QSessionError:
    """Return an error as the class that is Qiskit's too, with facts, notes and cause; unchanged if there is none."""
    kind = _QISKITS.get(type(error))
    if kind is None:
        return error
    found = kind.__new__(kind, error.message)
    found.__dict__.update(error.__dict__)
    found.args = error.args
    found.__cause__, found.__traceback__ = error.__cause__, error.__traceback__
    return found


@contextmanager
def qiskits_errors() -> Iterator[None]:
    """Raise the errors of a block as the classes that are Qiskit's too."""
    try:
        yield
    except QSessionError as error:
        found = as_qiskits(error)
        if found is error:
            raise
        raise found from error.__cause__
