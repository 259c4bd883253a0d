"""A job as Qiskit knows it: one circuit, or a list of them that was run together."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any, Self

from qiskit.providers import JobStatus, JobV1

from qsession_core.client.job_set import JobSet
from qsession_core.client.service.status import JobStatus as CoreStatus
from qsession_core.errors import QSessionError, WaitTimeoutError
from qsession_qiskit.result import AzureQuantumResult, experiment, failed_experiment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from qiskit.result.models import ExperimentResult

    from qsession_core.client.job import Job
    from qsession_core.client.service.models import JobDetails
    from qsession_core.client.workspace import Workspace
    from qsession_core.results.result import Result
    from qsession_qiskit.backend import AzureQuantumBackend

__all__ = ["AzureQuantumJob"]

_log = logging.getLogger(__name__)

_STATUS = {
    CoreStatus.QUEUED: JobStatus.QUEUED,
    CoreStatus.WAITING: JobStatus.QUEUED,
    CoreStatus.EXECUTING: JobStatus.RUNNING,
    CoreStatus.CANCELLATION_REQUESTED: JobStatus.RUNNING,
    CoreStatus.CANCELLING: JobStatus.RUNNING,
    CoreStatus.FINISHING: JobStatus.RUNNING,
    CoreStatus.COMPLETED: JobStatus.DONE,
    CoreStatus.SUCCEEDED: JobStatus.DONE,
    CoreStatus.FAILED: JobStatus.ERROR,
    CoreStatus.CANCELLED: JobStatus.CANCELLED,
}
# What several jobs are together: the first of these that one of them is
_TOGETHER = (JobStatus.RUNNING, JobStatus.QUEUED, JobStatus.ERROR, JobStatus.CANCELLED, JobStatus.DONE)
_SEPARATOR = ","


class AzureQuantumJob(JobV1):  # type: ignore[misc]
    """A job; of a list of circuits, all of their jobs as one, whose id is theirs joined by commas."""

    def __init__(
        self,
        jobs: Sequence[Job | QSessionError],
        *,
        workspace: Workspace,
        backend: AzureQuantumBackend | None = None,
        seed: int | None = None,
    ) -> None:
        """Hold jobs that were sent.

        Args:
            jobs: One for each circuit, in order; in the place of one that could not be sent, its error.
            workspace: Where they are.
            backend: Where they were sent from; None where that is found when asked for.
            seed: Where the provider gives no single shots: in what order memory has them.
        """
        self._set = jobs if isinstance(jobs, JobSet) else JobSet(workspace, jobs)
        self._workspace = workspace
        self._seed = seed
        self._home = backend
        super().__init__(backend, _SEPARATOR.join(job.id for job in self._set.jobs))

    @classmethod
    def fetch(cls, workspace: Workspace, job_id: str, *, backend: AzureQuantumBackend | None = None) -> Self:
        """Return a job that was sent before, by any client.

        Args:
            workspace: Where it is.
            job_id: Its id; ids joined by commas are one job of several circuits.
            backend: Where it was sent to.

        Raises:
            NotFoundError: There is none of this id.
        """
        jobs = [workspace.get_job(each.strip()) for each in job_id.split(_SEPARATOR)]
        return cls(jobs, workspace=workspace, backend=backend)

    def __repr__(self) -> str:
        return f"<AzureQuantumJob {self.job_id()}: {self._known_status().name}>"

    # --- what is known of it -------------------------------------------------------------------------------------

    @property
    def azure_jobs(self) -> list[Job]:
        """The core's jobs, those that were sent."""
        return self._set.jobs

    @property
    def details(self) -> JobDetails:
        """What the service said last; of several circuits, about the first."""
        return self._set.jobs[0].details

    @property
    def session_id(self) -> str | None:
        """The session it belongs to, if any."""
        return self._set.jobs[0].session_id

    def id(self) -> str:
        """Return the job's id, as the official client calls it."""
        return str(self.job_id())

    def name(self) -> str:
        """Return the job's name."""
        return self._set.jobs[0].name

    def creation_date(self) -> datetime | None:
        """Return when the service got it."""
        return self.details.creation_time

    def time_per_step(self) -> dict[str, datetime]:
        """Return when it was created, when it began to run and when it ended, as far as it has."""
        details = self.details
        times = {
            "CREATED": details.creation_time,
            "RUNNING": details.begin_execution_time,
            "COMPLETED": details.end_execution_time,
        }
        return {step: time for step, time in times.items() if time is not None}

    def queue_position(self) -> None:
        """Return None: the service does not tell."""

    def backend(self) -> AzureQuantumBackend:
        """Return the backend it was sent to.

        Raises:
            TargetNotFoundError: The workspace has that target no more; its results can still be read.
        """
        if self._home is None:
            from qsession_qiskit.backend import AzureQuantumBackend

            self._home = AzureQuantumBackend(self._workspace.get_target(self.details.target))
        return self._home

    # --- its life ------------------------------------------------------------------------------------------------

    def submit(self) -> None:
        """Do nothing: it is sent when it is made."""

    def refresh(self) -> Self:
        """Ask the service for its present state."""
        with contextlib.suppress(WaitTimeoutError):
            self._set.wait(timeout_secs=0)  # polls once
        return self

    def status(self) -> JobStatus:
        """Ask the service for its present state, unless that is known to be final.

        Returns:
            Qiskit's word for it; a state that this package does not know counts as running.
        """
        self.refresh()
        return self._known_status()

    def _known_status(self) -> JobStatus:
        found = {_qiskit_status(job.status) for job in self._set.jobs}
        if len(self._set.jobs) < len(self._set):
            found.add(JobStatus.ERROR)
        return next((status for status in _TOGETHER if status in found), JobStatus.DONE)

    def error_message(self) -> str | None:
        """Return why it failed, if it did."""
        problems = [member for member in self._set if isinstance(member, QSessionError)]
        for job in self._set.jobs:
            if job.has_completed():
                try:
                    job.require_success()
                except QSessionError as error:
                    problems.append(error)
        return "\n".join(map(str, problems)) or None

    def cancel(self) -> bool:
        """Ask the service to cancel it.

        Returns:
            Whether there was something left to cancel.
        """
        pending = [job for job in self._set.jobs if not job.has_completed()]
        for job in pending:
            job.cancel()
        return bool(pending)

    def delete(self) -> None:
        """Delete it from the service."""
        for job in self._set.jobs:
            job.delete()

    def wait_for_final_state(
        self,
        timeout: float | None = None,
        wait: float | None = None,  # noqa: ARG002 - Qiskit's signature; we look as often as is good
        callback: Callable[[str, JobStatus, Self], object] | None = None,
    ) -> None:
        """Wait until it will not change any more.

        Args:
            timeout: How long, in seconds; None for as long as it takes.
            wait: Accepted for Qiskit's sake.
            callback: Called with the id, the status and the job whenever one of its circuits is done.

        Raises:
            WaitTimeoutError: It still runs.
        """
        for _ in self._set.as_completed(timeout):
            if callback is not None:
                callback(self.id(), self._known_status(), self)

    # --- its result ----------------------------------------------------------------------------------------------

    def result(self, timeout: float | None = None, sampler_seed: int | None = None) -> AzureQuantumResult:
        """Wait, and return the result.

        Args:
            timeout: How long, in seconds; None for as long as it takes.
            sampler_seed: Where the provider gives no single shots: in what order memory has them; by default the
                ``seed`` of the run, else the job's id. Counts do not depend on it.

        Returns:
            The result of every circuit, in order. Where some of several circuits failed, ``success`` is false, and
            asking for the counts of those raises.

        Raises:
            JobFailedError: The only circuit failed, or all of them did.
            JobCancelledError: It was cancelled.
            WaitTimeoutError: It still runs.
            ResultFormatError: The result cannot be read.
        """
        seed = self._seed if sampler_seed is None else sampler_seed
        if len(self._set) == 1:
            outcomes: list[Result | QSessionError] = list(self._set.jobs[0].results(timeout))
            members: list[Job | QSessionError] = [self._set.jobs[0]] * len(outcomes)
        else:
            outcomes, members = self._set.results(timeout), list(self._set)
        failures = [outcome for outcome in outcomes if isinstance(outcome, QSessionError)]
        if len(failures) == len(outcomes):
            raise failures[0]
        ended = [job.details.end_execution_time for job in self._set.jobs]
        return AzureQuantumResult(
            backend_name=self.details.target,
            backend_version=None,
            qobj_id=None,
            job_id=self.job_id(),
            success=not failures,
            results=[_experiment(outcome, member, seed) for outcome, member in zip(outcomes, members, strict=True)],
            date=max((time for time in ended if time is not None), default=None),
            status="; ".join(map(str, failures)) or "COMPLETED",
            header=None,
        )


def _experiment(outcome: Result | QSessionError, member: Job | QSessionError, seed: int | None) -> ExperimentResult:
    metadata: dict[str, str] = {}
    if not isinstance(member, QSessionError):
        said: dict[str, Any] = member.details.metadata or {}
        metadata = {"name": member.name} | {key: str(value) for key, value in said.items()}
    if isinstance(outcome, QSessionError):
        return failed_experiment(outcome, metadata)
    return experiment(outcome, metadata, seed=seed)


def _qiskit_status(status: CoreStatus) -> JobStatus:
    if status not in _STATUS:
        _log.warning("the service says a job is %s, which this version does not know; it counts as running", status)
    return _STATUS.get(status, JobStatus.RUNNING)
