"""The queue and the worker: which job runs next, where it runs, and what happens when it ends.

The queue is the store: a job waits as a row in state Waiting. One thread takes jobs in order (High before Standard,
then by submission) from the targets that can take one; it runs small jobs itself and gives large ones to an executor.
Several processes on one directory each have such a thread; a job belongs to the one that claimed it.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from qsession_core.clock import microseconds, moment
from qsession_core.local.execution.prepare import INLINE_BYTES, planned, prepare, run, run_prepared
from qsession_core.local.execution.task import Outcome, unread
from qsession_core.local.jobs.admission import Admission
from qsession_core.local.jobs.tasks import Tasks, cost_of
from qsession_core.local.readers.circuit import JobFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor, Future

    from qsession_core.clock import Clock
    from qsession_core.local.faults import Faults
    from qsession_core.local.jobs.lifecycle import Lifecycle
    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.database import Item, Store
    from qsession_core.local.targets import LocalTarget

__all__ = ["Dispatcher"]

_LOG = logging.getLogger("qsession.local.dispatcher")
_PAGE = 64
# How often a process on a shared directory looks what the others left: real time, because it is about processes
_LOOK_SECONDS = 1.0
# Questions about this many small jobs are worth a moment's patience
_MAX_PROMPT = 256


class Dispatcher:
    """Takes jobs from the queue and sees them through.

    Args:
        store: Where the jobs are.
        blobs: Where their inputs are.
        lifecycle: Moves them.
        clock: Tells when waiting jobs may start.
        targets: By id in lower case.
        owner: This process's name in the store.
        executor: Runs large simulations; None for worker processes of our own, started with the first large job.
        simulator: The simulator for all jobs; empty to choose for each.
        faults: Makes jobs fail on request.
        recover: Gives back the jobs of dead processes; called now and then, None in memory.

    Attributes:
        paused: While true, no job starts; a test that wants jobs to wait sets it.
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
        self._prompt: dict[str, threading.Event] = {}  # jobs that should end within milliseconds, set when they have
        self._futures: dict[str, tuple[Item, Future[Outcome]]] = {}
        self._thread: threading.Thread | None = None
        self.paused = False

    # --- from outside ---

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread = threading.Thread(target=self._loop, name="qsession-local", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more jobs and give back those that have not ended."""
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
        self._lifecycle.release(self._owner)

    def wake(self, job_id: str = "") -> None:
        """Say that the queue has changed.

        Args:
            job_id: A new job that is small, so that a question about it is worth a moment's patience.
        """
        with self._changed:
            self._changes += 1
            if job_id and len(self._prompt) < _MAX_PROMPT:
                self._prompt[job_id] = threading.Event()
            self._changed.notify_all()

    def linger(self, job_id: str, seconds: float = 0.03) -> None:
        """Wait a moment for a job that is about to end, so that the first look at a small job finds it ended.

        It also takes clients that ask without pause out of the worker's way.
        """
        ended = self._prompt.get(job_id)
        if ended is not None:
            ended.wait(seconds)

    def _is_prompt_no_more(self, job_id: str) -> None:
        ended = self._prompt.pop(job_id, None)
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
                lambda: self._stopping or (self._seen == self._changes and not self._futures), timeout_seconds
            )

    # --- the thread ---

    def _loop(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                changes = self._changes
                looked = self._clock.now()
            job, wake_at = self._next()
            if job is not None:
                self._run(job)
                continue
            with self._changed:
                if self._changes != changes:
                    continue
                for left in list(self._prompt):  # whatever is left cannot start now
                    self._is_prompt_no_more(left)
                self._seen = changes
                self._changed.notify_all()
                if self._recover is not None:
                    look_at = looked + timedelta(seconds=_LOOK_SECONDS)
                    wake_at = look_at if wake_at is None else min(wake_at, look_at)
                self._clock.wait(self._changed, wake_at)
            if self._recover is not None and not self._stopping:
                self._recover()

    def _next(self) -> tuple[Item | None, Any]:
        """Return the next job that may start, claimed; else None, and when one may."""
        self._acknowledge()
        if self.paused:
            return None, None
        now = microseconds(self._clock.now())
        wake_at: int | None = None
        after = 0
        closed: dict[str, int | None] = {}  # targets that take nothing more at this look
        while True:
            page = self._store.items(
                "WHERE item_type = 'Job' AND state = 'Waiting' ORDER BY rank, number LIMIT ? OFFSET ?",
                (4 if after == 0 else _PAGE, after),
            )
            for job in page:
                until = self._admission.held_until(job, now, closed)
                if until == 0:
                    if self._lifecycle.start(job, self._owner):
                        return job, None
                elif until is not None:
                    wake_at = until if wake_at is None else min(wake_at, until)
            if len(page) < (4 if after == 0 else _PAGE):
                return None, None if wake_at is None else moment(wake_at)
            after += len(page)

    def _acknowledge(self) -> None:
        """Stop the simulations whose jobs are to be cancelled, and end those jobs."""
        if not self._futures:
            return
        for job in self._store.items(
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

    def _run(self, job: Item) -> None:
        """See one claimed job through, or on its way."""
        try:
            self._begin(job)
        except Exception:  # noqa: BLE001
            # The worker's edge: whatever goes wrong with one job must end this job, not the service. What it was is
            # in the log, because a job's owner could do nothing with it.
            _LOG.exception("job %s could not be run", job.id)
            self._end(job, Outcome(b"", code="InternalError", message=_INTERNAL))

    def _begin(self, job: Item) -> None:
        task = self._tasks.task_of(job)
        if isinstance(task, Outcome):
            self._end(job, task)
            return
        plan = None
        if len(task.payload) <= INLINE_BYTES and self._given is None:
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
            self._is_prompt_no_more(job.id)
            future = self._executor().submit(run, task, plan)
            self._futures[job.id] = (job, future)
        future.add_done_callback(lambda done: self._ended(job, done))

    def _ended(self, job: Item, future: Future[Outcome]) -> None:
        """Take what the executor brings, in one of its threads."""
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

    def _end(self, job: Item, outcome: Outcome) -> None:
        target = self._targets.get(job.target.lower())
        cost = None if target is None or outcome.code else cost_of(target, outcome)
        if not self._store.is_closed:
            self._lifecycle.finish(job, outcome, self._owner, cost)
        with self._changed:
            self._is_prompt_no_more(job.id)
            self._changed.notify_all()

    def _executor(self) -> Executor:
        if self._given is not None:
            return self._given
        if self._own is None:
            from qsession_core.local.execution.process_pool import WorkerPool

            self._own = WorkerPool()
        return self._own


_INTERNAL = "The simulation broke off for reasons of its own. Submit the job again."
