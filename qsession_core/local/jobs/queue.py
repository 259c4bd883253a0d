"""The queue: which job runs next, where it runs, and what happens when it ends.

A waiting job is a row in state Waiting. One thread takes jobs in order (High before Standard, then by submission) from
the targets that can take one; it runs small jobs itself and gives large ones to worker processes, as long as these have
room; small jobs go before large ones that wait for room. Several processes on one directory each have such a thread; a
job belongs to the one that claimed it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from qsession_core.clock import microseconds, moment
from qsession_core.local.execution.placing import Placed, place
from qsession_core.local.execution.prepare import run, run_prepared
from qsession_core.local.execution.process_pool import (
    Lane,
    WorkerDiedError,
    WorkerPool,
    WorkGivenBackError,
    WorkTimedOutError,
)
from qsession_core.local.execution.task import Outcome, Task
from qsession_core.local.jobs.admission import Admission
from qsession_core.local.jobs.backlog import Backlog
from qsession_core.local.jobs.tasks import Tasks, cost_of
from qsession_core.local.simulators.memory import worker_bytes
from qsession_core.local.storage.trouble import STORE_ERRORS, trouble_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor, Future
    from datetime import datetime

    from qsession_core.clock import Clock
    from qsession_core.local.faults import Faults
    from qsession_core.local.jobs.lifecycle import Lifecycle
    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.database import Store
    from qsession_core.local.storage.items import Job
    from qsession_core.local.targets import LocalTarget

__all__ = ["JOB_SECONDS", "Dispatcher"]

_LOG = logging.getLogger("qsession.local.dispatcher")
# How often a process on a shared directory looks for jobs of processes that died
_LOOK_SECONDS = 1.0
# How long, in real time, the thread waits after an error of the store; twice as long after each further one
_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 0.2, 5.0
# How long, in real time, stopping waits for a job that the thread itself runs
_STOP_SECONDS = 3.0
# How long a job may take in a worker process, unless the workspace says otherwise
JOB_SECONDS = 600.0
# For at most this many short jobs, a GET waits a moment for the end
_MAX_SHORT_JOBS = 256
# At most this many GETs wait at a time: each holds one of the server's threads
_MAX_LINGERING = 2


class Dispatcher:
    """Takes jobs from the queue, runs them, and stores how they ended.

    Args:
        targets: By id in lower case.
        owner: This process's name in the store.
        executor: Runs all simulations; None to run small ones here and large ones in worker processes of our own.
        simulator: The simulator for all jobs; empty to choose for each.
        faults: Makes jobs fail on request.
        recover: Called about once a second to release the jobs of processes that died; None in memory.
        job_seconds: How long a job may take in a worker process of our own.

    Attributes:
        paused: While true, no job starts; tests set it to make jobs wait.
        problem: Why no job can start or end at present, in a sentence; empty if nothing is wrong.
    """

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        lifecycle: Lifecycle,
        clock: Clock,
        targets: Mapping[str, LocalTarget],
        *,
        owner: str,
        executor: Executor | None = None,
        simulator: str = "",
        faults: Faults | None = None,
        recover: Callable[[], None] | None = None,
        job_seconds: float = JOB_SECONDS,
    ) -> None:
        self._store = store
        self._backlog = Backlog(store, self._has_room)
        self._admission = Admission(store, lifecycle, targets)
        self._tasks = Tasks(blobs, targets, simulator, faults)
        self._lifecycle = lifecycle
        self._clock = clock
        self._targets = targets
        self._owner = owner
        self._given = executor
        self._own: WorkerPool | None = None
        self._job_seconds = job_seconds
        self._given_back: deque[Job] = deque()  # those that took long where short jobs are
        self._recover = recover
        self._changed = threading.Condition()
        self._stopping = False
        # changes so far, and those that the thread had seen when it last found nothing to do
        self._changes = 1
        self._seen = 0
        self._short_jobs: dict[str, threading.Event] = {}  # by job id; set when the job has ended
        self._lingering = threading.BoundedSemaphore(_MAX_LINGERING)
        self._futures: dict[str, tuple[Job, Future[Outcome]]] = {}
        # Changes that the store could not take, oldest first. No job starts before they are made.
        self._owed: deque[Callable[[], object]] = deque()
        self._thread: threading.Thread | None = None
        self.paused = False
        self.problem = ""

    # --- from outside ---

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread = threading.Thread(target=self._loop, name="qsession-local", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more jobs and release those that have not ended."""
        with self._changed:
            self._stopping = True
            self._changes += 1
            self._changed.notify_all()
        if self._own is not None:
            self._own.shutdown(wait=False, cancel_futures=True)
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
            if self._thread.is_alive():
                _LOG.warning("a job in the queue's own thread does not end; it is left behind")
        with self._changed:
            futures = [future for _, future in self._futures.values()]
            self._futures.clear()
        for future in futures:
            future.cancel()
        try:
            self._pay()
            self._lifecycle.release(self._owner)
        except STORE_ERRORS as error:  # the next process on this directory releases them
            _LOG.error("jobs could not be given back to the store: %r", error)

    def wake(self, job_id: str = "") -> None:
        """Tell the thread that the queue has changed.

        Args:
            job_id: A new job, which may end within milliseconds; empty if there is none.
        """
        with self._changed:
            self._changes += 1
            if job_id and len(self._short_jobs) < _MAX_SHORT_JOBS:
                self._short_jobs[job_id] = threading.Event()
            self._changed.notify_all()

    def linger(self, job_id: str, seconds: float = 0.03) -> None:
        """Wait a moment for a job that is about to end, so that the first GET of a short job finds it ended.

        It also throttles clients that poll in a tight loop.
        """
        ended = self._short_jobs.get(job_id)
        if ended is not None and self._lingering.acquire(blocking=False):
            try:
                ended.wait(seconds)
            finally:
                self._lingering.release()

    def _forget_short_job(self, job_id: str) -> None:
        ended = self._short_jobs.pop(job_id, None)
        if ended is not None:
            ended.set()

    def settle(self, timeout_seconds: float | None = None) -> bool:
        """Wait until nothing runs and nothing can start at this time of the clock.

        Args:
            timeout_seconds: How long to wait, in real time; None for as long as it takes.

        Returns:
            Whether it came to rest; a queue that was stopped is at rest.
        """
        self.wake()
        with self._changed:
            return self._changed.wait_for(
                lambda: self._stopping or (self._seen == self._changes and not self._futures and not self._owed),
                timeout_seconds,
            )

    # --- the thread ---

    def _loop(self) -> None:
        pause = _RETRY_SECONDS
        while not self._stopping:
            try:
                self._pay()
                self._turn()
            except STORE_ERRORS as error:  # a full disk, or a lock held too long, must not end the queue
                self._report(error)
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, pause)
                pause = min(2 * pause, _LONGEST_RETRY_SECONDS)
            else:
                pause = _RETRY_SECONDS

    def _report(self, error: BaseException) -> None:
        """Say once what keeps the queue from working."""
        trouble = trouble_of(error)
        problem = f"The queue waits: {error!r}" if trouble is None else f"The queue waits. {trouble.sentence}"
        if problem != self.problem:
            _LOG.error("%s It tries again. (%r)", problem, error, exc_info=error if trouble is None else None)
        self.problem = problem

    def _pay(self) -> None:
        """Make the changes that the store could not take when they were due."""
        while self._owed:
            self._owed[0]()
            self._owed.popleft()
            with self._changed:
                self._changes += 1

    def _turn(self) -> None:
        """Run the next job; if none can start, wait until one may."""
        with self._changed:
            changes = self._changes
            looked = self._clock.now()
        found = self._next()
        if self.problem:
            self.problem = ""
            _LOG.warning("the queue works again")
        if isinstance(found, _Found):
            self._run(found)
            return
        wake_at = found
        with self._changed:
            if self._changes != changes or self._stopping:
                return
            for left in list(self._short_jobs):  # what is left cannot start now
                self._forget_short_job(left)
            self._seen = changes
            self._changed.notify_all()
            if self._recover is not None:
                look_at = looked + timedelta(seconds=_LOOK_SECONDS)
                wake_at = look_at if wake_at is None else min(wake_at, look_at)
            self._clock.wait(self._changed, wake_at)
        if self._recover is not None and not self._stopping:
            self._recover()

    def _next(self) -> _Found | datetime | None:
        """Return the next job, claimed; else when one may start, or None if only a change can let one."""
        self._end_cancelled()
        while self._given_back:
            self._backlog.put_off(self._given_back.popleft(), is_long=True)
        if self.paused:
            return None
        scan = self._admission.scan(microseconds(self._clock.now()))
        for job in self._backlog.waiting():
            if not scan.admits(job):
                continue
            found = self._look(job)
            if found is not None and self._lifecycle.start(job, self._owner):
                self._backlog.forget(job)
                return found
        return None if scan.look_again is None else moment(scan.look_again)

    def _look(self, job: Job) -> _Found | None:
        """Return where a waiting job is to run; None if it needs a worker and there is no room for it."""
        if self._given is not None:
            return _Found(job)
        is_long = self._backlog.needs_worker(job)
        if is_long is not None:
            return _Found(job, placed=Placed(is_long=is_long))
        task = self._tasks.task_of(job)
        try:
            placed = Placed(task) if isinstance(task, Outcome) else place(task)
        except Exception:  # noqa: BLE001 - as in _run
            _LOG.exception("job %s could not be read", job.id)
            placed = Placed(Outcome(b"", code="InternalError", message=_INTERNAL))
        if placed.needs_worker and not self._has_room(placed.is_long):
            self._backlog.put_off(job, is_long=placed.is_long)
            return None
        return _Found(job, task, placed)

    def _has_room(self, is_long: bool) -> bool:  # noqa: FBT001 - what the backlog asks
        return self._own is None or self._own.has_room(Lane.LONG if is_long else Lane.SHORT)

    def _end_cancelled(self) -> None:
        """Stop the simulations whose jobs are to be cancelled, and end those jobs."""
        if not self._futures:
            return
        for job in self._store.jobs(
            "WHERE item_type = 'Job' AND state = 'CancellationRequested' AND owner = ?", (self._owner,)
        ):
            with self._changed:
                entry = self._futures.pop(job.id, None)
            if entry is not None:
                pool = self._own or self._given
                if isinstance(pool, WorkerPool):
                    pool.kill(entry[1])
                else:
                    entry[1].cancel()
                self._lifecycle.finish(job, Outcome(b""), self._owner)

    # --- one job ---

    def _run(self, found: _Found) -> None:
        """Run one claimed job, or give it to the executor."""
        try:
            self._begin(found)
        except _UnreadableInputError:  # the store is at fault and not the job, which waits again
            self._owed.append(partial(self._lifecycle.release, self._owner, found.job))
            raise
        except Exception:  # noqa: BLE001
            # Whatever goes wrong with one job must end this job, not the service. The error goes to the log, because
            # the job's owner could do nothing with it.
            _LOG.exception("job %s could not be run", found.job.id)
            self._end(found.job, Outcome(b"", code="InternalError", message=_INTERNAL))

    def _begin(self, found: _Found) -> None:
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
        else:
            with self._changed:
                self._forget_short_job(job.id)
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
            self._given_back.append(job)
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
            self._changes += 1
            self._changed.notify_all()

    def _failed(self, error: BaseException | None) -> Outcome:
        """Return the outcome of a job that the executor could not run."""
        if isinstance(error, WorkTimedOutError):
            message = f"The job took longer than {self._job_seconds:g} seconds, which is all that one job gets here."
            return Outcome(b"", code="ExecutionTimedOut", message=message)
        if isinstance(error, MemoryError):
            message = "The job takes more memory than one job gets here. Use fewer qubits, or ask for fewer shots."
            return Outcome(b"", code="InvalidInputData", message=message)
        return Outcome(b"", code="InternalError", message=_INTERNAL)

    def _end(self, job: Job, outcome: Outcome) -> None:
        target = self._targets.get(job.target.lower())
        cost = None
        if target is not None and not outcome.code and job.began is not None:
            cost = cost_of(target, outcome, (microseconds(self._clock.now()) - job.began) / 1_000_000)
        self._change(partial(self._lifecycle.finish, job, outcome, self._owner, cost))
        with self._changed:
            self._forget_short_job(job.id)
            self._changed.notify_all()

    def _change(self, change: Callable[[], object]) -> None:
        """Make a change of the store, or owe it."""
        if not self._store.is_closed:
            try:
                change()
            except STORE_ERRORS as error:
                self._report(error)
                self._owed.append(change)

    def _pool(self) -> WorkerPool:
        if self._own is None:
            self._own = WorkerPool(seconds=self._job_seconds, memory_bytes=worker_bytes(), on_room=self.wake)
        return self._own


class _Found(NamedTuple):
    """A job that may start.

    Attributes:
        task: What it is to run; None where that is still to be read.
        placed: Where it runs.
    """

    job: Job
    task: Task | Outcome | None = None
    placed: Placed = Placed()


class _UnreadableInputError(OSError):
    """The store could not say what a job is to run."""


_INTERNAL = "The simulation stopped with an internal error. Submit the job again."
