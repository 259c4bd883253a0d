"""A job, with its results in Cirq's form."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

import cirq

from qsession_cirq.conversion.readout import KEY, Readout
from qsession_cirq.result import ResultDict
from qsession_core.errors import ResultFormatError
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    from numpy.typing import NDArray

    from qsession_core import Job as CoreJob
    from qsession_core.client.progress import Progress
    from qsession_core.results.result import Result

__all__ = ["Job"]

_log = logger(__name__)


class Job:
    """A job of the workspace, sent by any client; its results have Cirq's form.

    >>> import cirq
    >>> from qsession_core import Workspace
    >>> from qsession_cirq import AzureQuantumService
    >>> target = AzureQuantumService(Workspace.local(seed=7)).get_target("ionq.simulator")
    >>> qubit = cirq.LineQubit(0)
    >>> circuit = cirq.Circuit(cirq.X(qubit), cirq.measure(qubit, key="m"))
    >>> job = target.submit(circuit, repetitions=10)
    >>> job.results().histogram(key="m")
    Counter({1: 10})

    Attributes:
        azure_job: The job of the core.
    """

    def __init__(self, azure_job: CoreJob, *, params: cirq.ParamResolver | None = None) -> None:
        """Wrap a job of the core; users get jobs from ``submit``, ``create_job`` and ``get_job``.

        Args:
            azure_job: The core's job.
            params: The values that it was sent with; by default those in its metadata.
        """
        self.azure_job = azure_job
        self._params = params

    def __repr__(self) -> str:
        return f"<qsession_cirq.Job {self.job_id()} {self.name()!r} on {self.target()}: {self.azure_job.status}>"

    def _repr_html_(self) -> str:
        return self.azure_job._repr_html_()

    def job_id(self) -> str:
        """Return the job's id."""
        return self.azure_job.id

    def status(self) -> str:
        """Fetch and return the job's state: ``"Waiting"``, ``"Executing"``, ``"Succeeded"``..., ``"Failed: <why>"``."""
        job = self.azure_job
        if not job.has_completed():
            job.refresh()
        error = job.details.error_data
        return f"{job.status}: {error.message}" if str(job.status) == "Failed" and error else str(job.status)

    def target(self) -> str:
        """Return the name of the target it runs on."""
        return self.azure_job.details.target

    def name(self) -> str:
        """Return the job's name."""
        return self.azure_job.name

    def session_id(self) -> str | None:
        """Return the id of the session it belongs to; None if it is in none."""
        return self.azure_job.session_id

    def repetitions(self) -> int:
        """Return how many repetitions were requested; 0 if unknown."""
        return self.azure_job.shots or int(self._metadata.get("repetitions", 0))

    def num_qubits(self) -> int:
        """Return how many qubits the circuit has; 0 if unknown."""
        return int(self._metadata.get("qubits") or self._metadata.get("num_qubits") or 0)

    def measurement_dict(self) -> dict[str, list[int]]:
        """Return the indices of the qubits that each key measures; those of a repeated key one after the other."""
        from qsession_core.formats.reading.job_metadata import keys_of

        return keys_of(self._metadata) or {}

    def qubits(self) -> tuple[str, ...]:
        """Return the circuit's qubits by index, as Cirq writes them; empty if unknown."""
        return self._stored().qubits if KEY in self._metadata else ()

    def cancel(self) -> None:
        """Ask the service to cancel it. If it is executing it may still end with a result."""
        self.azure_job.cancel()

    def delete(self) -> None:
        """Delete it from the service."""
        self.azure_job.delete()

    # --- results -----------------------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, Self]:
        """Wait until it is terminal without blocking the event loop."""
        return self._terminal().__await__()

    async def _terminal(self) -> Self:
        await self.azure_job
        return self

    def result(self, timeout_seconds: float | None = None, *, progress: Progress = False) -> Result:
        """Wait, and return the core's result: counts, probabilities, and the shots that lost a qubit.

        Args:
            timeout_seconds: At most how long; None for no limit.
            progress: True for a bar; or called as ``progress(done, 1)``.

        Raises:
            JobFailedError: The job failed.
            JobCancelledError: It was cancelled.
            WaitTimeoutError: It is not terminal.
        """
        return self.azure_job.result(timeout_seconds, progress=progress)

    def results(
        self,
        timeout_seconds: float | None = None,
        *,
        param_resolver: cirq.ParamResolverOrSimilarType = None,
        seed: int | None = None,
        progress: Progress = False,
    ) -> ResultDict:
        """Wait, and return the result; it is the same at every call.

        Args:
            timeout_seconds: At most how long; None for no limit.
            param_resolver: The result's ``params``; by default the values that the job was sent with.
            seed: Seeds confusion maps, and the order of repetitions if the provider gives a histogram; by default the
                job's id.
            progress: As for :meth:`result`.

        Returns:
            Records of shape (repetitions, instances, qubits) by key, as from ``cirq.Simulator``. Repetitions that lost
            a qubit are left out; see :meth:`raw_records`.

        Raises:
            JobFailedError: The job failed.
            JobCancelledError: It was cancelled.
            WaitTimeoutError: It is not terminal.
            ResultFormatError: The result cannot be read.
        """
        result = self.result(timeout_seconds, progress=progress)
        readout = self._readout(result)
        if result.lost_shots:
            _log.warning(
                "job %s: %d repetitions lost a qubit; job.raw_records() has them", self.job_id(), result.lost_shots
            )
        records = readout.records(result, seed=seed, seed_text=self.job_id())
        if param_resolver is None:
            param_resolver = dict(readout.params) if self._params is None else self._params
        params = cirq.ParamResolver(param_resolver)
        return ResultDict(
            params=params,
            records=records,
            probabilities=partial(readout.probabilities, result),
            measurement_dict=self.measurement_dict(),
            num_qubits=self.num_qubits(),
        )

    def raw_records(self, timeout_seconds: float | None = None) -> dict[str, NDArray[np.str_]]:
        """Wait, and return all repetitions, including those that lost a qubit.

        Args:
            timeout_seconds: At most how long; None for no limit.

        Returns:
            By key: the characters ``0``, ``1``, or ``-`` for a lost qubit; shape (repetitions, instances,
            qubits). Masks are applied, confusion maps are not.
        """
        result = self.result(timeout_seconds)
        return self._readout(result).raw_records(result)

    def probabilities(self, key: str | None = None, timeout_seconds: float | None = None) -> dict[int, float]:
        """Wait, and return each outcome's probability: the provider's if it gives any, else the share of repetitions.

        Args:
            key: Only this key's bits; by default those of all keys, in their order.
            timeout_seconds: At most how long; None for no limit.

        Returns:
            By outcome, an integer with the first qubit as its most significant bit, as in Cirq's histograms. Masks are
            applied, confusion maps are not.
        """
        result = self.result(timeout_seconds)
        return self._readout(result).probabilities(result, key)

    # --- inside ------------------------------------------------------------------------------------------------

    @property
    def _metadata(self) -> dict[str, str]:
        return {key: str(value) for key, value in (self.azure_job.details.metadata or {}).items()}

    def _stored(self) -> Readout:
        try:
            return Readout.from_text(self._metadata[KEY])
        except ValueError as error:
            raise ResultFormatError(
                f"Job {self.job_id()}: {error}. The core's result is in job.result().",
                format="cirq",
                problem=str(error),
                job_id=self.job_id(),
            ) from error

    def _readout(self, result: Result) -> Readout:
        """Return how to read the result: from our metadata, or by the registers of another client's job."""
        if KEY in self._metadata:
            return self._stored()
        if not result.registers:
            problem = "its outcomes are not bits"
            raise ResultFormatError(
                f"Job {self.job_id()} has no result in Cirq's form: {problem}. They are in job.result().",
                format="cirq",
                problem=problem,
                job_id=self.job_id(),
            )
        return Readout.of_registers(result.registers)
