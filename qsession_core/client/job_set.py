"""Many jobs at once: sent with bounded parallelism, watched by list calls, their results in order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, overload

import msgspec

from qsession_core.client.polling import poll_pauses
from qsession_core.errors import ConfigurationError, QSessionError, WaitTimeoutError

if TYPE_CHECKING:
    from qsession_core.client.job import Job
    from qsession_core.client.workspace import Workspace
    from qsession_core.results.result import Result

__all__ = ["JobSet", "submit_all"]

_FEW = 2  # so many jobs are asked for one by one
_PAGES = 20  # so many pages of a list are read at most before jobs are asked for one by one


class _Status(msgspec.Struct):
    id: str
    status: str = ""


def _bar(total: int) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ConfigurationError("A progress bar needs tqdm: pip install tqdm, or pass a function.") from error
    return tqdm(total=total, unit="job")


def submit_all(workspace: Workspace, count: int, submit: Callable[[int], Job]) -> JobSet:
    """Send jobs 0 to count - 1, several at a time; what one of them raises is kept in its place.

    Args:
        workspace: Where to; it says how many at a time.
        count: How many.
        submit: Sends one.
    """

    def attempt(place: int) -> Job | QSessionError:
        try:
            return submit(place)
        except QSessionError as error:
            return error

    if workspace.parallelism <= 1 or count <= 1:
        return JobSet(workspace, [attempt(place) for place in range(count)])
    with ThreadPoolExecutor(min(workspace.parallelism, count), thread_name_prefix="qsession-submit") as pool:
        return JobSet(workspace, list(pool.map(attempt, range(count))))


class JobSet(Sequence["Job | QSessionError"]):
    """Jobs that were sent together, in order. In the place of one that could not be sent stands its error."""

    def __init__(self, workspace: Workspace, members: Sequence[Job | QSessionError]) -> None:
        """Hold jobs.

        Args:
            workspace: Where they all are.
            members: The jobs, and the errors of those that could not be sent.
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

    @property
    def jobs(self) -> list[Job]:
        """The jobs that were sent."""
        return [member for member in self._members if not isinstance(member, QSessionError)]

    def wait(
        self, timeout_secs: float | None = None, *, progress: Callable[[int, int], object] | bool = False
    ) -> JobSet:
        """Wait until all jobs are terminal.

        Args:
            timeout_secs: How long, in seconds; None for as long as it takes.
            progress: Called with how many are terminal, and how many there are, whenever one more is; True shows a
                bar by ``tqdm``.

        Raises:
            WaitTimeoutError: One still runs.
            ConfigurationError: A bar was asked for, and tqdm is not installed.
        """
        total = len(self.jobs)
        if progress is True:
            with _bar(total) as bar:
                for _ in self.as_completed(timeout_secs):
                    bar.update()
            return self
        for done, _ in enumerate(self.as_completed(timeout_secs), 1):
            if callable(progress):
                progress(done, total)
        return self

    def __await__(self) -> Generator[Any, None, JobSet]:
        """Wait in an event loop without holding it up."""
        import asyncio

        return asyncio.to_thread(self.wait).__await__()

    def as_completed(self, timeout_secs: float | None = None) -> Iterator[Job]:
        """Yield the jobs as they become terminal; one list call a look, however many they are.

        Args:
            timeout_secs: How long, in seconds; None for as long as it takes.

        Raises:
            WaitTimeoutError: One still runs.
        """
        waiting = {job.id: job for job in self.jobs}
        for job_id, job in list(waiting.items()):
            if job.has_completed():
                yield waiting.pop(job_id)
        if not waiting:
            return
        for pause in poll_pauses(self.workspace.clock, timeout_secs):
            self.workspace.clock.sleep(pause)
            self._look(waiting)
            for job_id, job in list(waiting.items()):
                if job.has_completed():
                    yield waiting.pop(job_id)
            if not waiting:
                return
        job = next(iter(waiting.values()))
        raise WaitTimeoutError(
            f"{len(waiting)} of {len(self.jobs)} jobs still run after {timeout_secs:g} s, the first of them {job.id}. "
            "They go on: wait again.",
            job_id=job.id,
            status=str(job.status),
        )

    def _look(self, waiting: dict[str, Job]) -> None:
        """Ask for the state of the jobs that were not terminal at the last look."""
        unseen = dict(waiting)
        if len(unseen) > _FEW:
            for pages, page in enumerate(self.workspace.job_pages(list(unseen.values())), 1):
                for raw in page:
                    job = unseen.pop(msgspec.json.decode(raw, type=_Status).id, None)
                    if job is not None:
                        job.update_from_list(bytes(raw))
                if not unseen or pages == _PAGES:
                    break
        for job in unseen.values():
            job.refresh()

    def results(self, timeout_secs: float | None = None) -> list[Result | QSessionError]:
        """Wait, and return the first result of each job, in order; in the place of one without, its error.

        Args:
            timeout_secs: How long, in seconds; None for as long as it takes.

        Raises:
            WaitTimeoutError: One still runs.
        """
        self.wait(timeout_secs)

        def fetch(member: Any) -> Result | QSessionError:
            if isinstance(member, QSessionError):
                return member
            try:
                result: Result = member.result()
            except QSessionError as error:
                return error
            return result

        if self.workspace.parallelism <= 1 or len(self) <= 1:
            return [fetch(member) for member in self._members]
        with ThreadPoolExecutor(
            min(self.workspace.parallelism, len(self)), thread_name_prefix="qsession-fetch"
        ) as pool:
            return list(pool.map(fetch, self._members))
