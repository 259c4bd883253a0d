"""Many jobs at once: sent with bounded parallelism, polled by list calls, their results in order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from qsession_core.client.polling import poll_pauses
from qsession_core.client.progress import Progress, told
from qsession_core.client.service.models import item_id
from qsession_core.client.spreading import spread
from qsession_core.errors import ConfigurationError, QSessionError, WaitTimeoutError

if TYPE_CHECKING:
    from qsession_core.client.interface import WorkspaceParts
    from qsession_core.client.job import Job
    from qsession_core.results.result import Result

__all__ = ["JobSet", "submit_all"]

_FEW = 2  # at most this many jobs are fetched one by one instead of by a list
_PAGES = 20  # at most this many pages of a list are read; jobs not in them are fetched one by one


def _zeros(result: Result) -> float:
    return result.probabilities.get("0" * result.num_clbits, 0.0)


def submit_all(workspace: WorkspaceParts, count: int, submit: Callable[[int], Job]) -> JobSet:
    """Send jobs 0 to count - 1, several at a time; an error takes the place of its job.

    Args:
        workspace: The workspace; its ``parallelism`` bounds how many are sent at a time.
        count: Number of jobs.
        submit: Sends job i.
    """

    def attempt(place: int) -> Job | QSessionError:
        try:
            return submit(place)
        except QSessionError as error:
            return error

    return JobSet(workspace, spread(attempt, range(count), workspace.parts.parallelism, "qsession-submit"))


class JobSet(Sequence["Job | QSessionError"]):
    """Jobs that were sent together, in order; an error takes the place of a job that could not be sent.

    >>> from qsession_core import Program, Workspace
    >>> flip = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))], name="flip")
    >>> target = Workspace.local(seed=7).get_target("ionq.simulator")
    >>> jobs = target.submit_all([flip, flip], shots=10)
    >>> [result.counts for result in jobs.results()]
    [{'1': 10}, {'1': 10}]
    """

    def __init__(self, workspace: WorkspaceParts, members: Sequence[Job | QSessionError]) -> None:
        """Keep jobs together.

        Args:
            workspace: The workspace of all of them.
            members: The jobs, and the errors of those that could not be sent, in order.
        """
        self.workspace = workspace
        self._members = tuple(members)

    @overload
    def __getitem__(self, place: int) -> Job | QSessionError: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Job | QSessionError]: ...
    def __getitem__(self, place: int | slice) -> Job | QSessionError | Sequence[Job | QSessionError]:
        return self._members[place]

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        done = sum(job.has_completed() for job in self.jobs)
        return f"<JobSet of {len(self)} jobs, {done} terminal, {len(self) - len(self.jobs)} not sent>"

    def _repr_html_(self) -> str:
        from qsession_core.display.notebook import card, job_list

        states = Counter(str(job.status) for job in self.jobs)
        facts = [*states.items(), ("not sent", len(self) - len(self.jobs) or None)]
        return card(f"{len(self)} jobs", facts, job_list([job.row() for job in self.jobs]))

    @property
    def jobs(self) -> list[Job]:
        """The jobs that were sent."""
        return [member for member in self._members if not isinstance(member, QSessionError)]

    def wait(self, timeout_secs: float | None = None, *, progress: Progress = False) -> JobSet:
        """Wait until all jobs are terminal.

        Args:
            timeout_secs: At most how many seconds; None for no limit.
            progress: True for a bar of the jobs that are terminal; or called as ``progress(terminal, total)``, at the
                beginning and whenever one more is.

        Raises:
            WaitTimeoutError: A job is not terminal.
            ConfigurationError: ``progress`` is True, and tqdm is not installed.
        """
        with told(progress, len(self.jobs)) as step:
            for done, _ in enumerate(self.as_completed(timeout_secs), 1):
                step(done)
        return self

    def plot(
        self,
        places: Sequence[float] | None = None,
        value: Callable[[Result], float] | None = None,
        *,
        x: str = "job",
        y: str = "value",
        axes: Any = None,
    ) -> Any:
        """Wait, and draw one value of each job over a sweep.

        Args:
            places: Where each job is in the sweep; by default 0, 1, 2, ...
            value: Makes the value of a result; by default the share of its outcome of zeros.
            x: What the places are, with their unit, such as ``"bond length (pm)"``.
            y: What the values are, with their unit.
            axes: matplotlib's axes to draw on; None for a new figure.

        Returns:
            The axes. A job without a result leaves a gap.

        Raises:
            ConfigurationError: matplotlib is not installed, or there are not as many places as jobs.
        """
        from qsession_core.display.plots import sweep_plot

        where = list(range(len(self)) if places is None else places)
        if len(where) != len(self):
            raise ConfigurationError(f"There are {len(where)} places and {len(self)} jobs; give a place for each job.")
        if value is None:
            value, y = _zeros, "share of outcome 0...0" if y == "value" else y
        values = [
            math.nan if isinstance(outcome, QSessionError) else float(value(outcome)) for outcome in self.results()
        ]
        return sweep_plot(where, values, x, y, axes)

    def __await__(self) -> Generator[Any, None, JobSet]:
        """Wait without blocking the event loop."""
        import asyncio

        return asyncio.to_thread(self.wait).__await__()

    def as_completed(self, timeout_secs: float | None = None) -> Iterator[Job]:
        """Yield the jobs as they become terminal; a poll is one list call, however many jobs there are.

        Args:
            timeout_secs: At most how many seconds; None for no limit.

        Raises:
            WaitTimeoutError: A job is not terminal.
        """
        waiting = {job.id: job for job in self.jobs}
        for job_id, job in list(waiting.items()):
            if job.has_completed():
                yield waiting.pop(job_id)
        if not waiting:
            return
        for pause in poll_pauses(self.workspace.clock, timeout_secs):
            self.workspace.clock.sleep(pause)
            self._poll(waiting)
            for job_id, job in list(waiting.items()):
                if job.has_completed():
                    yield waiting.pop(job_id)
            if not waiting:
                return
        job = next(iter(waiting.values()))
        raise WaitTimeoutError(
            f"{len(waiting)} of {len(self.jobs)} jobs still run after {timeout_secs:g} s, the first of them "
            f"{job.id}. They continue: wait again.",
            job_id=job.id,
            status=str(job.status),
        )

    def _poll(self, waiting: dict[str, Job]) -> None:
        """Fetch the state of jobs, by their ids."""
        unseen = dict(waiting)
        if len(unseen) > _FEW:
            listed = self.workspace.parts.calls.pages_with_jobs(
                {job.details.target for job in unseen.values()}, {job.session_id for job in unseen.values()}
            )
            for pages, page in enumerate(listed, 1):
                for raw in page:
                    job = unseen.get(item_id(raw))
                    if job is None:
                        continue
                    job.update_state(bytes(raw))
                    if job.status:  # else its record is odd, and it is fetched by itself
                        del unseen[job.id]
                if not unseen or pages == _PAGES:
                    break
        for job in unseen.values():
            job.refresh()

    def results(self, timeout_secs: float | None = None, *, progress: Progress = False) -> list[Result | QSessionError]:
        """Wait, and return the first result of each job, in order; an error takes the place of a missing result.

        Args:
            timeout_secs: At most how many seconds; None for no limit.
            progress: As for :meth:`wait`.

        Raises:
            WaitTimeoutError: A job is not terminal.
        """
        self.wait(timeout_secs, progress=progress)

        def fetch(member: Any) -> Result | QSessionError:
            if isinstance(member, QSessionError):
                return member
            try:
                result: Result = member.result()
            except QSessionError as error:
                return error
            return result

        return spread(fetch, self._members, self.workspace.parts.parallelism, "qsession-fetch")
