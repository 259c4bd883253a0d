"""A job and its result in Cirq's shapes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import cirq

from qsession_cirq.conversion.readout import KEY, Readout
from qsession_core.errors import ResultFormatError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from qsession_core import Job as CoreJob
    from qsession_core.results.result import Result

__all__ = ["Job"]

_log = logging.getLogger(__name__)


class Job:
    """A job of the workspace, whoever sent it; its results come in Cirq's shapes."""

    def __init__(self, azure_job: CoreJob, *, params: cirq.ParamResolver | None = None) -> None:
        """Wrap a job of the core; users get jobs from ``submit``, ``create_job`` and ``get_job``.

        Args:
            azure_job: The core's job.
            params: The values that it was sent with; by default what its metadata says.
        """
        self.azure_job = azure_job
        self._params = params

    def __repr__(self) -> str:
        return f"<qsession_cirq.Job {self.job_id()} {self.name()!r} on {self.target()}: {self.azure_job.status}>"

    def job_id(self) -> str:
        """Return the job's id."""
        return self.azure_job.id

    def status(self) -> str:
        """Return the job's state now: ``"Waiting"``, ``"Executing"``, ``"Succeeded"``..., ``"Failed: <why>"``."""
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
        """Return how many repetitions were asked for; 0 if the job does not say."""
        return self.azure_job.shots or int(self._metadata.get("repetitions", 0))

    def num_qubits(self) -> int:
        """Return how many qubits the circuit has; 0 if the job does not say."""
        return int(self._metadata.get("qubits") or self._metadata.get("num_qubits") or 0)

    def measurement_dict(self) -> dict[str, list[int]]:
        """Return which qubits each key measures, by their index; those of a repeated key one after the other."""
        from qsession_core.formats.reading.job_metadata import keys_of

        return keys_of(self._metadata) or {}

    def qubits(self) -> tuple[str, ...]:
        """Return the circuit's qubits by index, as Cirq writes them; empty if the job does not say."""
        return self._stored().qubits if KEY in self._metadata else ()

    def cancel(self) -> None:
        """Ask the service to cancel it. What was executing may still end by itself."""
        self.azure_job.cancel()

    def delete(self) -> None:
        """Delete it from the service."""
        self.azure_job.delete()

    # --- results -----------------------------------------------------------------------------------------------

    def result(self, timeout_seconds: float | None = None) -> Result:
        """Wait, and return the core's result: counts, probabilities, and the shots that lost a qubit.

        Args:
            timeout_seconds: How long; None for as long as it takes.

        Raises:
            JobFailedError: The job failed.
            JobCancelledError: It was cancelled.
            WaitTimeoutError: It still runs.
        """
        return self.azure_job.result(timeout_seconds)

    def results(
        self,
        timeout_seconds: float | None = None,
        *,
        param_resolver: cirq.ParamResolverOrSimilarType = None,
        seed: int | None = None,
    ) -> cirq.ResultDict:
        """Wait, and return the result; it is the same at every call.

        Args:
            timeout_seconds: How long; None for as long as it takes.
            param_resolver: The result's ``params``; by default the values that the job was sent with.
            seed: Seeds what the provider leaves open (the order of repetitions where it gives a histogram) and
                confusion maps; by default the job's id.

        Returns:
            Records of shape (repetitions, instances, qubits) by key, as from ``cirq.Simulator``. Repetitions that lost
            a qubit are not in it; see :meth:`raw_records`.

        Raises:
            JobFailedError: The job failed.
            JobCancelledError: It was cancelled.
            WaitTimeoutError: It still runs.
            ResultFormatError: The result cannot be read.
        """
        result = self.result(timeout_seconds)
        readout = self._readout(result)
        if result.lost_shots:
            _log.warning(
                "job %s: %d repetitions lost a qubit; job.raw_records() has them", self.job_id(), result.lost_shots
            )
        records = readout.records(result, seed=seed, seed_text=self.job_id())
        if param_resolver is None:
            param_resolver = dict(readout.params) if self._params is None else self._params
        params = cirq.ParamResolver(param_resolver)
        return cirq.ResultDict(params=params, records=records)

    def raw_records(self, timeout_seconds: float | None = None) -> dict[str, NDArray[np.str_]]:
        """Wait, and return all repetitions, also those that lost a qubit.

        Args:
            timeout_seconds: How long; None for as long as it takes.

        Returns:
            By key: the characters ``0``, ``1`` and, where a qubit was lost, ``-``; shape (repetitions, instances,
            qubits). Masks are applied, confusion maps are not.
        """
        result = self.result(timeout_seconds)
        return self._readout(result).raw_records(result)

    def probabilities(self, key: str | None = None, timeout_seconds: float | None = None) -> dict[int, float]:
        """Wait, and return how probable each outcome is: as the provider says where it gives probabilities.

        Args:
            key: Only this key's bits; by default those of all keys, in their order.
            timeout_seconds: How long; None for as long as it takes.

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
        """Return how to read the result: as we wrote down, or by the registers of a job that others sent."""
        if KEY in self._metadata:
            return self._stored()
        if not result.registers:
            problem = "its outcomes are not bits"
            raise ResultFormatError(
                f"Job {self.job_id()} has no result in Cirq's shapes: {problem}. They are in job.result().",
                format="cirq",
                problem=problem,
                job_id=self.job_id(),
            )
        return Readout.of_registers(result.registers)
