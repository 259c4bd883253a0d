"""A ``cirq.Sampler`` that runs on a target: sweeps and batches are sent together, each circuit converted once."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, SupportsIndex

import cirq

from qsession_core.errors import QSessionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_cirq.encoding import Encoding
    from qsession_cirq.job import Job
    from qsession_cirq.target import Target
    from qsession_core import Payload, Session
    from qsession_core.client.progress import Progress

__all__ = ["Sampler"]


class Sampler(cirq.Sampler):  # type: ignore[misc]  # cirq ships no types
    """Runs circuits on a target, in its session if it has one.

    >>> import cirq
    >>> from qsession_core import Workspace
    >>> from qsession_cirq import AzureQuantumService
    >>> target = AzureQuantumService(Workspace.local(seed=7)).get_target("ionq.simulator")
    >>> qubit = cirq.LineQubit(0)
    >>> circuit = cirq.Circuit(cirq.X(qubit), cirq.measure(qubit, key="m"))
    >>> target.sampler().run(circuit, repetitions=10).histogram(key="m")
    Counter({1: 10})

    Attributes:
        target: The target.
    """

    def __init__(
        self,
        target: Target,
        encoding: Encoding,
        *,
        seed: int | None,
        name: str,
        session: Session | None,
        timeout_seconds: float | None,
        progress: Progress = False,
    ) -> None:
        """Keep the settings of all runs; users get samplers from ``target.sampler`` and ``service.sampler``.

        Args:
            target: The target.
            encoding: How circuits are encoded.
            seed: As for ``Job.results``.
            name: The jobs' name.
            session: The session to join; by default the target's, if it has one when a run starts.
            timeout_seconds: How long a run may wait; None for no limit.
            progress: True for one bar of a run's jobs; or called as ``progress(terminal, total)``.
        """
        self.target = target
        self._encoding = encoding
        self._seed = seed
        self._name = name
        self._session = session
        self._timeout_seconds = timeout_seconds
        self._progress = progress

    def __repr__(self) -> str:
        return f"<qsession_cirq.Sampler on {self.target.name}>"

    def run_sweep(
        self, program: cirq.AbstractCircuit, params: cirq.Sweepable, repetitions: int = 1
    ) -> list[cirq.Result]:
        """Run a circuit at every point of a sweep, as one job for each point.

        Args:
            program: The circuit.
            params: Anything that Cirq takes for a sweep.
            repetitions: At each point, at least 1.

        Returns:
            One result for each point, in the sweep's order.

        Raises:
            ConversionError: The circuit cannot be sent as it is; nothing was sent.
            QSessionError: A job failed; a note lists those that did not.
        """
        return self.run_batch([program], [params], repetitions)[0]

    def run_batch(
        self,
        programs: Sequence[cirq.AbstractCircuit],
        params_list: Sequence[cirq.Sweepable] | None = None,
        repetitions: int | Sequence[int] = 1,
    ) -> list[list[cirq.Result]]:
        """Run several circuits, each at every point of its own sweep; everything is sent before anything is awaited.

        Args:
            programs: The circuits.
            params_list: A sweep for each.
            repetitions: For all circuits, or one number for each.

        Returns:
            For each circuit, one result for each point.

        Raises:
            ValueError: The number of sweeps or repetitions is not that of the circuits.
            ConversionError: A circuit cannot be sent as it is; nothing was sent.
            QSessionError: A job failed; a note lists those that did not.
        """
        if isinstance(repetitions, SupportsIndex):  # Cirq takes numpy's integers for a list
            repetitions = operator.index(repetitions)
        sweeps, counts = self._normalize_batch_args(programs, params_list, repetitions)
        points = [list(cirq.to_resolvers(sweep)) for sweep in sweeps]
        payloads: list[Payload] = []
        for program, resolvers, count in zip(programs, points, counts, strict=True):
            payloads += self._encoding.sweep(program, count, resolvers)
        flat = [resolver for resolvers in points for resolver in resolvers]
        results = iter(
            self._results(self.target.submit_payloads(payloads, flat, name=self._name, session=self._session))
        )
        return [[next(results) for _ in resolvers] for resolvers in points]

    async def run_batch_async(
        self,
        programs: Sequence[cirq.AbstractCircuit],
        params_list: Sequence[cirq.Sweepable] | None = None,
        repetitions: int | Sequence[int] = 1,
    ) -> list[list[cirq.Result]]:
        """Run several circuits as :meth:`run_batch`, which sends all of them at once."""
        return self.run_batch(programs, params_list, repetitions)

    def _results(self, jobs: Sequence[Job | QSessionError]) -> list[cirq.Result]:
        """Wait for all jobs and return their results, or raise the first error."""
        from qsession_core import JobSet

        members = [job if isinstance(job, QSessionError) else job.azure_job for job in jobs]
        outcomes = JobSet(self.target.core.workspace, members).results(self._timeout_seconds, progress=self._progress)
        failures = [outcome for outcome in outcomes if isinstance(outcome, QSessionError)]
        if failures:
            if len(jobs) > 1:
                good = [
                    job.job_id()
                    for job, outcome in zip(jobs, outcomes, strict=True)
                    if not isinstance(job, QSessionError) and not isinstance(outcome, QSessionError)
                ]
                there = f"fetch them by service.get_job: {', '.join(good)}" if good else "there is nothing to fetch"
                failures[0].add_note(f"{len(failures)} of {len(jobs)} jobs have no result; {len(good)} have; {there}.")
            raise failures[0]
        return [job.results(seed=self._seed) for job in jobs if not isinstance(job, QSessionError)]
