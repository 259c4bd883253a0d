"""The queue: which job runs next, where it runs, and what happens when it ends.

A waiting job is a row in state Waiting. One thread takes jobs in order (High before Standard, then by submission) from
the targets that can take one; it runs small jobs itself and gives large ones to an executor. Several processes on one
directory each have such a thread; a job belongs to the one that claimed it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from qsession_core.clock import microseconds, moment
from qsession_core.local.execution.prepare import may_read_here, planned, prepare, run, run_prepared
from qsession_core.local.execution.task import Outcome, unread
from qsession_core.local.jobs.admission import Admission
from qsession_core.local.jobs.tasks import Tasks, cost_of
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.storage.items import Job
from qsession_core.local.storage.trouble import STORE_ERRORS, trouble_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor, Future
    from datetime import datetime

    from qsession_core.clock import Clock
    from qsession_core.local.faults import Faults
    from qsession_core.local.jobs.lifecycle import Lifecycle
    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.database import Store
    from qsession_core.local.targets import LocalTarget

__all__ = ["Dispatcher"]

_LOG = logging.getLogger("qsession.local.dispatcher")
_FIRST_PAGE, _PAGE = 4, 64
# How often a process on a shared directory looks for jobs of processes that died
_LOOK_SECONDS = 1.0
# How long, in real time, the thread waits after an error of the store; twice as long after each further one
_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 0.2, 5.0
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
    ) -> None:
        self._store = store
        self._admission = Admission(store, lifecycle, targets)
        self._tasks = Tasks(blobs, targets, simulator, faults)
        self._lifecycle = lifecycle
        self._clock = clock
        self._targets = targets
        self._owner = owner
        self._given = executor
        self._own: Executor | None = None
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
            self._thread.join()
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
        if isinstance(found, Job):
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

    def _next(self) -> Job | datetime | None:
        """Return the next job, claimed; else when one may start, or None if only a change can let one."""
        self._end_cancelled()
        if self.paused:
            return None
        scan = self._admission.scan(microseconds(self._clock.now()))
        for job in self._waiting():
            if scan.admits(job) and self._lifecycle.start(job, self._owner):
                return job
        return None if scan.look_again is None else moment(scan.look_again)

    def _waiting(self) -> Iterator[Job]:
        """Yield the waiting jobs in their order: High first, then by submission. Mostly the first one starts."""
        limit, offset = _FIRST_PAGE, 0
        while True:
            page = self._store.jobs(
                "WHERE item_type = 'Job' AND state = 'Waiting' ORDER BY rank, number LIMIT ? OFFSET ?", (limit, offset)
            )
            yield from page
            if len(page) < limit:
                return
            limit, offset = _PAGE, offset + limit

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
                kill = getattr(self._executor(), "kill", None)
                if kill is not None:
                    kill(entry[1])
                else:
                    entry[1].cancel()
                self._lifecycle.finish(job, Outcome(b""), self._owner)

    # --- one job ---

    def _run(self, job: Job) -> None:
        """Run one claimed job, or give it to the executor."""
        try:
            self._begin(job)
        except _UnreadableInputError:  # the store is at fault and not the job, which waits again
            self._owed.append(partial(self._lifecycle.release, self._owner, job))
            raise
        except Exception:  # noqa: BLE001
            # Whatever goes wrong with one job must end this job, not the service. The error goes to the log, because
            # the job's owner could do nothing with it.
            _LOG.exception("job %s could not be run", job.id)
            self._end(job, Outcome(b"", code="InternalError", message=_INTERNAL))

    def _begin(self, job: Job) -> None:
        try:
            task = self._tasks.task_of(job)
        except STORE_ERRORS as error:
            raise _UnreadableInputError(*error.args) from error
        if isinstance(task, Outcome):
            self._end(job, task)
            return
        plan = None
        if self._given is None and may_read_here(task):
            try:
                program = prepare(task)
                plan = planned(task, program)
            except JobFailure as failure:
                self._end(job, unread(failure))
                return
            if plan.is_inline:
                self._end(job, run_prepared(task, program, plan))
                return
        with self._changed:
            self._forget_short_job(job.id)
            future = self._executor().submit(run, task, plan)
            self._futures[job.id] = (job, future)
        future.add_done_callback(lambda done: self._ended(job, done))

    def _ended(self, job: Job, future: Future[Outcome]) -> None:
        """Store what the executor returns. Runs in one of its threads."""
        with self._changed:
            if self._stopping or self._futures.get(job.id, (None, None))[1] is not future:
                return  # cancelled, or to be given back
        error = None if future.cancelled() else future.exception()
        if future.cancelled() or error is not None:
            _LOG.error("job %s: the executor failed: %r", job.id, error)
            outcome = Outcome(b"", code="InternalError", message=_INTERNAL)
        else:
            outcome = future.result()
        self._end(job, outcome)
        with self._changed:
            self._futures.pop(job.id, None)
            self._changes += 1
            self._changed.notify_all()

    def _end(self, job: Job, outcome: Outcome) -> None:
        target = self._targets.get(job.target.lower())
        cost = None
        if target is not None and not outcome.code and job.began is not None:
            cost = cost_of(target, outcome, (microseconds(self._clock.now()) - job.began) / 1_000_000)
        finish = partial(self._lifecycle.finish, job, outcome, self._owner, cost)
        if not self._store.is_closed:
            try:
                finish()
            except STORE_ERRORS as error:
                self._report(error)
                self._owed.append(finish)
        with self._changed:
            self._forget_short_job(job.id)
            self._changed.notify_all()

    def _executor(self) -> Executor:
        if self._given is not None:
            return self._given
        if self._own is None:
            from qsession_core.local.execution.process_pool import WorkerPool

            self._own = WorkerPool()
        return self._own


class _UnreadableInputError(OSError):
    """The store could not say what a job is to run."""


_INTERNAL = "The simulation stopped with an internal error. Submit the job again."
