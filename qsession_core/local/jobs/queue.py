"""The queue: which job runs next, and where.

A waiting job is a row in state Waiting. One thread takes jobs in order (High before Standard, then by turn) from
the targets that can take one; it runs small jobs itself and gives large ones to worker processes, as long as these have
room; small jobs go before large ones that wait for room. Several processes on one directory each have such a thread; a
job belongs to the one that claimed it.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from qsession_core.clock import microseconds, moment
from qsession_core.local.execution.placing import Placed, place
from qsession_core.local.execution.task import Outcome
from qsession_core.local.jobs.admission import Admission
from qsession_core.local.jobs.backlog import Backlog
from qsession_core.local.jobs.ends import Ends
from qsession_core.local.jobs.owed import Owed
from qsession_core.local.jobs.short_jobs import ShortJobs
from qsession_core.local.jobs.tasks import Tasks
from qsession_core.local.jobs.tries import INTERNAL, Found, Tries
from qsession_core.local.storage.trouble import STORE_ERRORS
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor
    from datetime import datetime

    from qsession_core.clock import Clock
    from qsession_core.local.faults import Faults
    from qsession_core.local.jobs.lifecycle import Lifecycle
    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.database import Store
    from qsession_core.local.storage.items import Job
    from qsession_core.local.targets import LocalTarget

__all__ = ["JOB_SECONDS", "Dispatcher"]

_LOG = logger(__name__)
# How often a process on a shared directory looks for jobs of processes that died
_LOOK_SECONDS = 1.0
# How long, in real time, the thread waits after an error of the store; twice as long after each further one
_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 0.2, 5.0
# How long, in real time, stopping waits for a job that the thread itself runs
_STOP_SECONDS = 3.0
# How long a job may take in a worker process, unless the workspace says otherwise
JOB_SECONDS = 600.0


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
        ends: Tells who waits for a job that it has ended.
        grace_seconds: How long, in real time, an idle queue leaves the processor to whoever has just sent a job, and
            may send more or ask for it: two threads of a process that both compute hinder each other. 0 where those who
            send are other processes.
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
        self._changed = threading.Condition()
        self._stopping = False
        # changes so far, and those that the thread had seen when it last found nothing to do
        self._changes = 1
        self._seen = 0
        self._is_urgent = False  # somebody waits for what the thread does next
        self.grace_seconds = 0.0
        self._is_holding = False  # the thread knows of jobs, and lets others go first
        self._lifecycle = lifecycle
        self._clock = clock
        self._owner = owner
        self._recover = recover
        self._runs_elsewhere = executor is not None
        self._owed = Owed()
        self._short_jobs = ShortJobs()
        self._tasks = Tasks(blobs, targets, simulator, faults)
        self.ends = Ends()
        self._tries = Tries(
            store,
            lifecycle,
            clock,
            targets,
            self._tasks,
            self._owed,
            self._short_jobs,
            self._changed,
            self.wake,
            self.ends,
            owner=owner,
            given=executor,
            seconds=job_seconds,
        )
        self._backlog = Backlog(store, self._tries.has_room)
        self._admission = Admission(store, lifecycle, targets)
        self._thread: threading.Thread | None = None
        self._paused = False
        self._choosing = threading.RLock()  # held while a job is looked for and claimed

    @property
    def problem(self) -> str:
        """Why no job can start or end at present, in a sentence; empty if nothing is wrong."""
        return self._owed.problem

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
        self._tries.stop()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
            if self._thread.is_alive():
                _LOG.warning("a job in the queue's own thread does not end; it is left behind")
        self._tries.drop()
        try:
            self._owed.pay()
            self._lifecycle.release(self._owner)
        except STORE_ERRORS as error:  # the next process on this directory releases them
            _LOG.error("jobs could not be given back to the store: %r", error)

    @property
    def paused(self) -> bool:
        """While true, no job starts; tests set it to make jobs wait."""
        return self._paused

    @paused.setter
    def paused(self, is_paused: bool) -> None:
        with self._choosing:  # else a job could start that is being looked for now
            self._paused = is_paused

    def wake(self, job_id: str = "") -> None:
        """Tell the thread that the queue has changed.

        Args:
            job_id: A new job, which may end within milliseconds; empty if there is none.
        """
        with self._changed:
            self._changes += 1
            if job_id:
                self._short_jobs.add(job_id)
            else:
                self._is_urgent = True
            self._changed.notify_all()

    def hurry(self) -> None:
        """Tell the thread that somebody waits for a job: it begins now, if it was about to."""
        self._is_urgent = True
        if self._is_holding:
            with self._changed:
                self._changed.notify_all()

    def linger(self, job_id: str, seconds: float = 0.03) -> None:
        """Wait a moment for a job that is about to end, so that the first GET of a short job finds it ended."""
        self.hurry()
        self._short_jobs.linger(job_id, seconds)

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
                lambda: self._stopping or (self._seen == self._changes and not self._tries and not self._owed),
                timeout_seconds,
            )

    # --- the thread ---

    def _loop(self) -> None:
        pause = _RETRY_SECONDS
        while not self._stopping:
            try:
                if self._owed.pay():
                    self.wake()
                self._turn()
            except STORE_ERRORS as error:  # a full disk, or a lock held too long, must not end the queue
                self._owed.report(error)
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, pause)
                pause = min(2 * pause, _LONGEST_RETRY_SECONDS)
            else:
                pause = _RETRY_SECONDS

    def _turn(self) -> None:
        """Run the next job; if none can start, wait until one may."""
        with self._changed:
            changes = self._changes
            looked = self._clock.now()
        found = self._next()
        self._owed.is_well()
        if isinstance(found, Found):
            self._tries.run(found)
            return
        wake_at = found
        with self._changed:
            if self._changes != changes or self._stopping:
                return
            self._short_jobs.forget_all()  # what is left cannot start now
            self._seen = changes
            self._changed.notify_all()
            if self._recover is not None:
                look_at = looked + timedelta(seconds=_LOOK_SECONDS)
                wake_at = look_at if wake_at is None else min(wake_at, look_at)
            self._is_urgent = False
            self._clock.wait(self._changed, wake_at)
            if self._changes != changes and self.grace_seconds:
                self._is_holding = True
                self._changed.wait_for(lambda: self._is_urgent or self._stopping, self.grace_seconds)
                self._is_holding = False
        if self._recover is not None and not self._stopping:
            self._recover()

    def _next(self) -> Found | datetime | None:
        """Return the next job, claimed; else when one may start, or None if only a change can let one."""
        self._tries.end_cancelled()
        while self._tries.given_back:
            self._backlog.put_off(self._tries.given_back.popleft(), is_long=True)
        with self._choosing:
            return self._chosen()

    def _chosen(self) -> Found | datetime | None:
        if self._paused:
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

    def _look(self, job: Job) -> Found | None:
        """Return where a waiting job is to run; None if it needs a worker and there is no room for it."""
        if self._runs_elsewhere:
            return Found(job)
        is_long = self._backlog.needs_worker(job)
        if is_long is not None:
            return Found(job, placed=Placed(is_long=is_long))
        task = self._tasks.task_of(job)
        try:
            placed = Placed(task) if isinstance(task, Outcome) else place(task)
        except Exception:  # noqa: BLE001 - as in Tries.run
            _LOG.exception("job %s could not be read", job.id)
            placed = Placed(INTERNAL)
        if placed.needs_worker and not self._tries.has_room(placed.is_long):
            self._backlog.put_off(job, is_long=placed.is_long)
            return None
        return Found(job, task, placed)
