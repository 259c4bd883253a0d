"""Qiskit's job: one circuit, or a list of circuits that were run together."""

from __future__ import annotations

import contextlib
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from qiskit.providers import JobStatus, JobV1

from qsession_core.client.job_set import JobSet
from qsession_core.client.progress import told
from qsession_core.client.service.status import JobStatus as CoreStatus
from qsession_core.errors import QSessionError, WaitTimeoutError
from qsession_core.logs import logger
from qsession_qiskit.errors import qiskits_errors
from qsession_qiskit.result import AzureQuantumResult, experiment, failed_experiment

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from datetime import datetime

    from qiskit.result.models import ExperimentResult

    from qsession_core.client.job import Job
    from qsession_core.client.progress import Progress
    from qsession_core.client.service.models import JobDetails
    from qsession_core.client.target import TargetWorkspace
    from qsession_core.results.result import Result
    from qsession_qiskit.backend import AzureQuantumBackend

__all__ = ["AzureQuantumJob"]

_log = logger(__name__)

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
# Status of a group, by precedence: the first of these that any member has
_TOGETHER = (JobStatus.RUNNING, JobStatus.QUEUED, JobStatus.ERROR, JobStatus.CANCELLED, JobStatus.DONE)
_SEPARATOR = ","


class AzureQuantumJob(JobV1):  # type: ignore[misc]
    """A job. For a list of circuits, all of their jobs as one; its id is their ids joined by commas.

    >>> from qiskit import QuantumCircuit
    >>> from qsession_core import Workspace
    >>> from qsession_qiskit import AzureQuantumProvider
    >>> backend = AzureQuantumProvider(Workspace.local(seed=7)).get_backend("ionq.simulator")
    >>> circuit = QuantumCircuit(1, 1)
    >>> _ = circuit.x(0), circuit.measure(0, 0)
    >>> job = backend.run([circuit, circuit], shots=10)
    >>> job.result().get_counts()
    [{'1': 10}, {'1': 10}]
    >>> job.status().name
    'DONE'
    """

    def __init__(
        self,
        jobs: Sequence[Job | QSessionError],
        *,
        workspace: TargetWorkspace,
        backend: AzureQuantumBackend | None = None,
        seed: int | None = None,
        in_schema: bool = False,
    ) -> None:
        """Wrap jobs that were sent.

        Args:
            jobs: One for each circuit, in order; an error takes the place of one that could not be sent.
            workspace: The workspace of the jobs.
            backend: The backend that sent them; None to find it when it is needed.
            seed: Seeds the order of memory if the provider gives no single shots.
            in_schema: Whether ``data.counts`` and ``data.memory`` of its result have hexadecimal keys.
        """
        self._set = jobs if isinstance(jobs, JobSet) else JobSet(workspace, jobs)
        self._workspace = workspace
        self._seed = seed
        self._in_schema = in_schema
        self._home = backend
        super().__init__(backend, _SEPARATOR.join(job.id for job in self._set.jobs))

    @classmethod
    def fetch(cls, workspace: TargetWorkspace, job_id: str, *, backend: AzureQuantumBackend | None = None) -> Self:
        """Return a job that was sent before, by any client.

        Args:
            workspace: The workspace of the job.
            job_id: Its id; several joined by commas for a job of several circuits.
            backend: The backend it was sent to; None to find it when it is needed.

        Raises:
            NotFoundError: There is none of this id.
        """
        jobs = [workspace.get_job(each.strip()) for each in job_id.split(_SEPARATOR)]
        return cls(jobs, workspace=workspace, backend=backend)

    def __repr__(self) -> str:
        return f"<AzureQuantumJob {self.job_id()}: {self._known_status().name}>"

    def _repr_html_(self) -> str:
        shown = self._set.jobs[0] if len(self._set) == 1 and self._set.jobs else self._set
        return shown._repr_html_()

    # --- its state -----------------------------------------------------------------------------------------------

    @property
    def azure_jobs(self) -> list[Job]:
        """The core's jobs that were sent."""
        return self._set.jobs

    @property
    def details(self) -> JobDetails:
        """The members of the last answer about it; for several circuits, about the first."""
        return self._set.jobs[0].details

    @property
    def session_id(self) -> str | None:
        """The session it belongs to, if any."""
        return self._set.jobs[0].session_id

    def id(self) -> str:
        """Return the job's id; the official client's name for ``job_id``."""
        return str(self.job_id())

    def name(self) -> str:
        """Return the job's name."""
        return self._set.jobs[0].name

    def creation_date(self) -> datetime | None:
        """Return when it was created."""
        return self.details.creation_time

    def time_per_step(self) -> dict[str, datetime]:
        """Return the times at which it was created, began to run and ended, as far as these are known."""
        details = self.details
        times = {
            "CREATED": details.creation_time,
            "RUNNING": details.begin_execution_time,
            "COMPLETED": details.end_execution_time,
        }
        return {step: time for step, time in times.items() if time is not None}

    def usage(self) -> float:
        """Return for how many seconds its jobs have executed, all together, as far as the service says."""
        times = [(job.details.begin_execution_time, job.details.end_execution_time) for job in self._set.jobs]
        return sum((end - begin).total_seconds() for begin, end in times if begin is not None and end is not None)

    def queue_position(self) -> int | None:
        """Return its place in the target's queue, of several jobs the last one's.

        None if none of them waits, and where the workspace's api-version does not tell.
        """
        if not self._workspace.parts.calls.has_draft:
            return None
        places = [job.queue_position() for job in self._set.jobs]
        return max((place for place in places if place is not None), default=None)

    def backend(self) -> AzureQuantumBackend:
        """Return the backend it was sent to.

        Raises:
            TargetNotFoundError: The target no longer exists; results can still be read.
        """
        if self._home is None:
            from qsession_qiskit.backend import AzureQuantumBackend

            self._home = AzureQuantumBackend(self._workspace.get_target(self.details.target))
        return self._home

    # --- its life ------------------------------------------------------------------------------------------------

    def submit(self) -> None:
        """Do nothing: a job has been sent when it is made."""

    def refresh(self) -> Self:
        """Fetch its present state."""
        with contextlib.suppress(WaitTimeoutError):
            self._set.wait(timeout_secs=0)  # polls once
        return self

    def status(self) -> JobStatus:
        """Fetch its present state, unless it is known to be terminal.

        Returns:
            Qiskit's status; an unknown state of the service counts as running.
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
            Whether any of its jobs was not terminal.
        """
        pending = [job for job in self._set.jobs if not job.has_completed()]
        for job in pending:
            job.cancel()
        return bool(pending)

    def delete(self) -> None:
        """Delete it from the service."""
        for job in self._set.jobs:
            job.delete()

    @qiskits_errors()
    def wait_for_final_state(
        self,
        timeout: float | None = None,
        wait: float | None = None,  # noqa: ARG002 - Qiskit's signature
        callback: Callable[[str, JobStatus, Self], object] | None = None,
        *,
        progress: Progress = False,
    ) -> None:
        """Wait until it is terminal.

        Args:
            timeout: At most how many seconds; None for no limit.
            wait: Ignored; in Qiskit the seconds between polls.
            callback: Called with the id, the status and the job whenever one of its circuits is terminal.
            progress: True for a bar of the circuits that are terminal; or called as ``progress(terminal, total)``.

        Raises:
            WaitTimeoutError: It is not terminal.
        """
        with told(progress, len(self._set.jobs)) as step:
            for done, _ in enumerate(self._set.as_completed(timeout), 1):
                step(done)
                if callback is not None:
                    callback(self.id(), self._known_status(), self)

    def __await__(self) -> Generator[Any, None, Self]:
        """Wait until it is terminal without blocking the event loop."""
        return self._terminal().__await__()

    async def _terminal(self) -> Self:
        await self._set
        return self

    # --- its result ----------------------------------------------------------------------------------------------

    @qiskits_errors()
    def result(
        self, timeout: float | None = None, sampler_seed: int | None = None, *, progress: Progress = False
    ) -> AzureQuantumResult:
        """Wait, and return the result.

        Args:
            timeout: At most how many seconds; None for no limit.
            sampler_seed: Seeds the order of memory if the provider gives no single shots; by default the ``seed`` of
                the run, else the job's id. Counts do not depend on it.
            progress: As for :meth:`wait_for_final_state`.

        Returns:
            The result of every circuit, in order. If some of several circuits failed, ``success`` is false, and
            ``get_counts`` raises for those.

        Raises:
            JobFailedError: The only circuit failed, or all of them did.
            JobCancelledError: It was cancelled.
            WaitTimeoutError: It is not terminal.
            ResultFormatError: The result cannot be read.
        """
        seed = self._seed if sampler_seed is None else sampler_seed
        if len(self._set) == 1:
            outcomes: list[Result | QSessionError] = list(self._set.jobs[0].results(timeout, progress=progress))
            members: list[Job | QSessionError] = [self._set.jobs[0]] * len(outcomes)
        else:
            outcomes, members = self._set.results(timeout, progress=progress), list(self._set)
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
            results=[
                _experiment(outcome, member, seed, in_schema=self._in_schema)
                for outcome, member in zip(outcomes, members, strict=True)
            ],
            date=max((time for time in ended if time is not None), default=None),
            status="; ".join(map(str, failures)) or "COMPLETED",
            header=None,
        )


def _experiment(
    outcome: Result | QSessionError, member: Job | QSessionError, seed: int | None, *, in_schema: bool
) -> ExperimentResult:
    metadata: dict[str, str] = {}
    if not isinstance(member, QSessionError):
        own: dict[str, Any] = member.details.metadata or {}
        metadata = {"name": member.name} | {key: str(value) for key, value in own.items()}
    if isinstance(outcome, QSessionError):
        return failed_experiment(outcome, metadata)
    return experiment(outcome, metadata, seed=seed, in_schema=in_schema)


def _qiskit_status(status: CoreStatus) -> JobStatus:
    if status not in _STATUS:
        _tell_of_status(status)
    return _STATUS.get(status, JobStatus.RUNNING)


@cache
def _tell_of_status(status: CoreStatus) -> None:
    """Warn of a status once, not at each poll."""
    _log.warning("a job has the status %s, which this version does not know; it counts as running", status)
