"""One try at one job: in the queue's own thread or in a worker process, and what becomes of the job then.

A job ends with an outcome; waits again if it took long where short jobs are; or is tried again if its worker died.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from qsession_core.clock import microseconds
from qsession_core.local.execution.placing import Placed
from qsession_core.local.execution.prepare import run, run_prepared
from qsession_core.local.execution.task import Outcome, Task
from qsession_core.local.jobs.lifecycle import MAX_TRIES, exhausted
from qsession_core.local.jobs.tasks import Tasks, cost_of
from qsession_core.local.simulators.memory import worker_bytes
from qsession_core.local.storage.trouble import STORE_ERRORS
from qsession_core.logs import logger
from qsession_core.processes.pool import (
    KillableExecutor,
    Lane,
    WorkerDiedError,
    WorkerPool,
    WorkGivenBackError,
    WorkTimedOutError,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor, Future

    from qsession_core.clock import Clock
    from qsession_core.local.jobs.ends import Ends
    from qsession_core.local.jobs.lifecycle import Lifecycle
    from qsession_core.local.jobs.owed import Owed
    from qsession_core.local.jobs.short_jobs import ShortJobs
    from qsession_core.local.storage.database import Store
    from qsession_core.local.storage.items import Job
    from qsession_core.local.targets import LocalTarget

__all__ = ["INTERNAL", "Found", "Tries"]

_LOG = logger(__name__)
# How a job ends that something of ours could not run
INTERNAL = Outcome(
    b"", code="InternalError", message="The simulation stopped with an internal error. Submit the job again."
)


class Found(NamedTuple):
    """A job that may start.

    Attributes:
        task: What it is to run; None where that is still to be read.
        placed: Where it runs.
    """

    job: Job
    task: Task | Outcome | None = None
    placed: Placed = Placed()


class Tries:
    """Runs claimed jobs and stores what becomes of them.

    Args:
        changed: Guards what runs.
        wake: Tells the queue that something has changed.
        owner: This process's name in the store.
        given: Runs all simulations; None to run small ones in the thread that asks, and large ones in ``pool``.
        seconds: How long a job may take in a worker process.

    Attributes:
        pool: The worker processes; None until one is needed.
        given_back: Jobs that took long where short jobs are; the queue takes them from here.
    """

    def __init__(
        self,
        store: Store,
        lifecycle: Lifecycle,
        clock: Clock,
        targets: Mapping[str, LocalTarget],
        tasks: Tasks,
        owed: Owed,
        short_jobs: ShortJobs,
        changed: threading.Condition,
        wake: Callable[[], None],
        ends: Ends,
        *,
        owner: str,
        given: Executor | None,
        seconds: float,
    ) -> None:
        self._store = store
        self._lifecycle = lifecycle
        self._clock = clock
        self._targets = targets
        self._tasks = tasks
        self._owed = owed
        self._short_jobs = short_jobs
        self._changed = changed
        self._wake = wake
        self._ends = ends
        self._owner = owner
        self._given = given
        self._seconds = seconds
        self._stopping = False
        self._futures: dict[str, tuple[Job, Future[Outcome]]] = {}
        self.pool: WorkerPool | None = None
        self.given_back: deque[Job] = deque()

    def __len__(self) -> int:
        """Return how many jobs run in workers."""
        return len(self._futures)

    def has_room(self, is_long: bool) -> bool:  # noqa: FBT001 - what the backlog asks
        """Say whether a worker is free for a job that takes long, or one that does not."""
        return self.pool is None or self.pool.has_room(Lane.LONG if is_long else Lane.SHORT)

    def stop(self) -> None:
        """Take no more outcomes of workers, and kill our own."""
        with self._changed:
            self._stopping = True
        if self.pool is not None:
            self.pool.shutdown(wait=False, cancel_futures=True)

    def drop(self) -> None:
        """Forget what runs."""
        with self._changed:
            futures = [future for _, future in self._futures.values()]
            self._futures.clear()
        for future in futures:
            future.cancel()

    def end_cancelled(self) -> None:
        """Stop the simulations whose jobs are to be cancelled, and end those jobs."""
        if not self._futures:
            return
        for job in self._store.jobs(
            "WHERE item_type = 'Job' AND state = 'CancellationRequested' AND owner = ?", (self._owner,)
        ):
            with self._changed:
                entry = self._futures.pop(job.id, None)
            if entry is not None:
                pool = self.pool or self._given
                if isinstance(pool, KillableExecutor):
                    pool.kill(entry[1])
                else:
                    entry[1].cancel()
                self._lifecycle.finish(job, Outcome(b""), self._owner)

    def run(self, found: Found) -> None:
        """Run one claimed job, or give it to the executor."""
        try:
            self._begin(found)
        except _UnreadableInputError:  # the store is at fault and not the job, which waits again
            self._owed.add(partial(self._lifecycle.release, self._owner, found.job))
            raise
        except Exception:  # noqa: BLE001
            # Whatever goes wrong with one job must end this job, not the service. The error goes to the log, because
            # the job's owner could do nothing with it.
            _LOG.exception("job %s could not be run", found.job.id)
            self._end(found.job, INTERNAL)

    def _begin(self, found: Found) -> None:
        job, task, placed = found
        fault = self._tasks.fault_of(job)
        if fault is not None:
            self._end(job, fault)
            return
        if task is None:
            try:
                task = self._tasks.task_of(job)
            except STORE_ERRORS as error:
                raise _UnreadableInputError(*error.args) from error
        if isinstance(task, Outcome):
            self._end(job, task)
        elif placed.outcome is not None:
            self._end(job, placed.outcome)
        elif placed.program is not None and placed.plan is not None:
            self._end(job, run_prepared(task, placed.program, placed.plan))
        elif job.attempts >= MAX_TRIES:  # by processes that died; what runs in this thread is too cheap to end one
            self._end(job, exhausted("the process that ran the job ended before the job did"))
        else:
            with self._changed:
                self._short_jobs.forget(job.id)
                if self._stopping:
                    return  # the queue gives back what it has claimed
                if self._given is not None:
                    future = self._given.submit(run, task, placed.plan)
                else:
                    lane = Lane.LONG if placed.is_long else Lane.SHORT
                    future = self._pool().submit_in(lane, run, task, placed.plan)
                self._futures[job.id] = (job, future)
            future.add_done_callback(lambda done: self._ended(job, done))

    def _ended(self, job: Job, future: Future[Outcome]) -> None:
        """Store what the executor returns. Runs in one of its threads."""
        with self._changed:
            if self._stopping or self._futures.get(job.id, (None, None))[1] is not future:
                return  # cancelled, or to be given back
        error = None if future.cancelled() else future.exception()
        if isinstance(error, WorkGivenBackError):
            self.given_back.append(job)
            self._change(partial(self._lifecycle.release, self._owner, job))
        elif isinstance(error, WorkerDiedError):
            _LOG.warning("job %s: %s", job.id, error)
            self._change(partial(self._lifecycle.try_again, job, self._owner, str(error)))
        else:
            if future.cancelled() or error is not None:
                _LOG.error("job %s: the executor failed: %r", job.id, error)
            self._end(job, future.result() if not future.cancelled() and error is None else self._failed(error))
        with self._changed:
            self._futures.pop(job.id, None)
        self._wake()

    def _failed(self, error: BaseException | None) -> Outcome:
        """Return the outcome of a job that the executor could not run."""
        if isinstance(error, WorkTimedOutError):
            message = f"The job took longer than {self._seconds:g} seconds, which is all that one job gets here."
            return Outcome(b"", code="ExecutionTimedOut", message=message)
        if isinstance(error, MemoryError):
            message = "The job takes more memory than one job gets here. Use fewer qubits, or ask for fewer shots."
            return Outcome(b"", code="InvalidInputData", message=message)
        return INTERNAL

    def _end(self, job: Job, outcome: Outcome) -> None:
        target = self._targets.get(job.target.lower())
        cost = None
        if target is not None and not outcome.code and job.began is not None:
            cost = cost_of(target, outcome, (microseconds(self._clock.now()) - job.began) / 1_000_000)
        self._change(partial(self._lifecycle.finish, job, outcome, self._owner, cost))
        with self._changed:
            self._short_jobs.forget(job.id)
            self._changed.notify_all()
        self._ends.tell(job.id)

    def _change(self, change: Callable[[], object]) -> None:
        if not self._store.is_closed:
            self._owed.make(change)

    def _pool(self) -> WorkerPool:
        if self.pool is None:
            self.pool = WorkerPool(seconds=self._seconds, memory_bytes=worker_bytes(), on_room=self._wake)
        return self.pool


class _UnreadableInputError(OSError):
    """The store could not say what a job is to run."""
