"""The job of a primitive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from qiskit.primitives import BasePrimitiveJob, PrimitiveResult
from qiskit.providers import JobStatus

from qsession_core.errors import QSessionError
from qsession_qiskit.errors import qiskits_errors
from qsession_qiskit.job import AzureQuantumJob

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from datetime import datetime

    from qsession_core.client.progress import Progress
    from qsession_core.formats import Payload
    from qsession_core.results.result import Result
    from qsession_qiskit.backend import AzureQuantumBackend
    from qsession_qiskit.primitives.mode import Mode

__all__ = ["AzurePrimitiveJob"]


class AzurePrimitiveJob(BasePrimitiveJob[PrimitiveResult, JobStatus]):  # type: ignore[misc]
    """The jobs of one run of a primitive."""

    def __init__(
        self,
        payloads: Sequence[Payload],
        names: Sequence[str],
        mode: Mode,
        evaluate: Callable[[list[Result]], PrimitiveResult],
        *,
        inputs: Mapping[str, Any],
        tags: Sequence[str] | None = None,
    ) -> None:
        """Send payloads.

        Args:
            payloads: One for each job.
            names: The jobs' names.
            mode: Where they run.
            evaluate: Makes the primitive's result from the jobs' results, which are in the payloads' order.
            inputs: What was run, for :attr:`inputs`.
            tags: The jobs' tags.

        Raises:
            QSessionError: None of them could be sent.
        """
        target = mode.backend.azure_target
        self._sent = target.submit_all(payloads, names=names, session=mode.session, tags=tags)
        if payloads and not self._sent.jobs:
            raise self._sent[0]  # type: ignore[misc]
        self._job = AzureQuantumJob(self._sent, workspace=target.workspace, backend=mode.backend)
        self._evaluate = evaluate
        self._inputs = dict(inputs)
        self._tags = tuple(tags or ())
        self._result: PrimitiveResult | None = None
        super().__init__(self._job.job_id())

    def __repr__(self) -> str:
        done = sum(job.has_completed() for job in self._sent.jobs)
        return f"<AzurePrimitiveJob {self.job_id()}: {len(self._sent)} jobs, {done} terminal>"

    def _repr_html_(self) -> str:
        return self._sent._repr_html_()

    @property
    def azure_job(self) -> AzureQuantumJob:
        """The jobs as one job of the backend."""
        return self._job

    @property
    def inputs(self) -> dict[str, Any]:
        """What was run: ``pubs`` and ``options``."""
        return dict(self._inputs)

    @property
    def session_id(self) -> str | None:
        """The session that its jobs belong to, if any."""
        return self._sent.jobs[0].session_id if self._sent.jobs else None

    @property
    def tags(self) -> list[str]:
        """The tags of its jobs."""
        return list(self._tags)

    @property
    def creation_date(self) -> datetime | None:
        """When the first of its jobs was created."""
        return self._job.creation_date() if self._sent.jobs else None

    def backend(self) -> AzureQuantumBackend:
        """Return the backend that it runs on."""
        return self._job.backend()

    def usage(self) -> float:
        """Return for how many seconds its jobs have executed, all together, as far as the service says."""
        return self._job.usage()

    def metrics(self) -> dict[str, Any]:
        """Return its times as ISO text under ``timestamps``, and what it used under ``usage``.

        ``timestamps`` has ``created``, ``running`` and ``finished``, None for what is not known yet; ``usage`` has the
        seconds of :meth:`usage` and the number of jobs.
        """
        steps = self._job.time_per_step() if self._sent.jobs else {}
        names = {"created": "CREATED", "running": "RUNNING", "finished": "COMPLETED"}
        times = {name: steps[step].isoformat() if step in steps else None for name, step in names.items()}
        return {"timestamps": times, "usage": {"seconds": self.usage(), "jobs": len(self._sent)}}

    @qiskits_errors()
    def result(self, timeout: float | None = None, *, progress: Progress = False) -> PrimitiveResult:
        """Wait, and return the result.

        Args:
            timeout: At most how many seconds; None for no limit.
            progress: As for :meth:`wait_for_final_state`.

        Raises:
            JobFailedError: One of the jobs failed.
            JobCancelledError: One was cancelled.
            WaitTimeoutError: One is not terminal.
        """
        if self._result is None:
            outcomes: list[Result] = []
            for outcome in self._sent.results(timeout, progress=progress):
                if isinstance(outcome, QSessionError):
                    raise outcome
                outcomes.append(outcome)
            self._result = self._evaluate(outcomes)
        return self._result

    def status(self) -> JobStatus:
        """Fetch and return its state."""
        return self._job.status()

    def done(self) -> bool:
        """Whether there is a result."""
        return self.status() is JobStatus.DONE

    def running(self) -> bool:
        """Whether it runs."""
        return self.status() is JobStatus.RUNNING

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.status() is JobStatus.CANCELLED

    def errored(self) -> bool:
        """Whether one of its jobs failed, and none runs any more."""
        return self.status() is JobStatus.ERROR

    def error_message(self) -> str | None:
        """Return why it failed, if it did."""
        return self._job.error_message()

    def wait_for_final_state(self, timeout: float | None = None, *, progress: Progress = False) -> None:
        """Wait until its state is terminal.

        Args:
            timeout: At most how many seconds; None for no limit.
            progress: True for a bar of the jobs that are terminal; or called as ``progress(terminal, total)``.

        Raises:
            WaitTimeoutError: It is not terminal.
        """
        self._job.wait_for_final_state(timeout, progress=progress)

    def __await__(self) -> Generator[Any, None, Self]:
        """Wait until its state is terminal without blocking the event loop."""
        return self._terminal().__await__()

    async def _terminal(self) -> Self:
        await self._sent
        return self

    def in_final_state(self) -> bool:
        """Whether its state is terminal."""
        return self.status() in {JobStatus.DONE, JobStatus.ERROR, JobStatus.CANCELLED}

    def cancel(self) -> bool:
        """Ask the service to cancel its jobs; return whether any was not terminal."""
        return self._job.cancel()
