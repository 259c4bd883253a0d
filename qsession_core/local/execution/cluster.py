"""Simulations on a Dask cluster: ``executor="dask://host:port"``.

* Each job is read on the cluster. One that takes long is cut into shares of its shots, which all workers draw.
* Each call runs in a process of its own on its worker, so it can be killed: cancelling a job ends it there too.
* If a worker is lost, Dask runs its calls again elsewhere.
* A worker with other versions of the engines would draw other shots: it gets no work, and at the start it is an error.
"""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from qsession_core.errors import ConfigurationError
from qsession_core.extras import EXTRAS, install
from qsession_core.local.execution.items import items_of
from qsession_core.local.execution.prepare import planned, prepare, run, run_prepared
from qsession_core.local.execution.task import Outcome, Task, unread
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.logs import logger
from qsession_core.processes.pool import KillableExecutor, WorkerDiedError, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core.local.execution.plan import Plan

__all__ = ["DaskCluster", "executor_at"]

T = TypeVar("T")
_LOG = logger(__name__)
_CONNECT_SECONDS = 10.0
_ENGINES = ("qsession", "numpy", *EXTRAS["simulators"], *EXTRAS["qdk"], *EXTRAS["pulser"])


def executor_at(address: str, *, seconds: float) -> KillableExecutor:
    """Return the executor that an address names.

    Args:
        address: ``dask://host:port``, of a Dask scheduler.
        seconds: How long one call may take.

    Raises:
        ConfigurationError: It is no such address, nobody answers there, or its workers have other versions.
    """
    parts = urlsplit(address)
    if parts.scheme != "dask" or not parts.netloc:
        raise ConfigurationError(f"{address!r} is no executor; name a Dask scheduler as dask://host:port.")
    return DaskCluster(f"tcp://{parts.netloc}", seconds=seconds)


# --- on the service's side ---


class DaskCluster(KillableExecutor):
    """Runs tasks on the workers of a Dask scheduler.

    Args:
        address: The scheduler's, such as ``"tcp://10.0.0.1:8786"``.
        seconds: How long one call may take.

    Raises:
        ConfigurationError: distributed is not installed, nobody answers, or a worker has other versions.
    """

    def __init__(self, address: str, *, seconds: float) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ConfigurationError(f"A Dask cluster needs distributed: {install('dask')}.") from error
        try:
            self._client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False, name="qsession")
        except (OSError, TimeoutError) as error:
            raise ConfigurationError(f"No Dask scheduler answers at {address}: {error}.") from error
        self._seconds = seconds
        self._lock = threading.Lock()
        self._calls: dict[Future[Any], _Call] = {}
        self._versions = versions()
        self._workers: list[str] | None = None  # those with our versions, once there was another one
        try:
            self._check_versions()
        except BaseException:
            self._client.close()
            raise

    def _check_versions(self) -> None:
        found = self._client.run(versions)
        if not found:
            raise ConfigurationError("The Dask scheduler has no workers; start them first.")
        wrong = {
            f"{worker} has {name} {theirs.get(name, 'not')}, not {ours}"
            for worker, theirs in found.items()
            for name, ours in self._versions.items()
            if theirs.get(name) != ours
        }
        if wrong:
            raise ConfigurationError(
                f"The workers must have the engines of this machine, so that a seed gives the same shots: "
                f"{'; '.join(sorted(wrong))}. Install the same versions there."
            )

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run a function on a worker; a task is cut into shares if it takes long."""
        future: Future[Any] = Future()
        call = _Call(self, future)
        with self._lock:
            self._calls[future] = call
        future.set_running_or_notify_cancel()
        if fn is run and isinstance(args[0], Task):
            call.ask(begun, args[0], then=call.share)
        else:
            call.ask(fn, *args, then=call.end, **kwargs)
        return future

    def kill(self, future: Future[Any]) -> None:
        """Stop what belongs to a future, wherever it runs."""
        with self._lock:
            call = self._calls.pop(future, None)
        if call is not None:
            call.kill()

    def forget(self, future: Future[Any]) -> bool:
        """A future has its result; say whether it was still waited for."""
        with self._lock:
            return self._calls.pop(future, None) is not None

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as Executor
        """Leave the cluster; with ``cancel_futures``, stop what runs for us."""
        with self._lock:
            futures = list(self._calls)
        for future in futures:
            if cancel_futures:
                self.kill(future)
            elif wait:
                with suppress(Exception):
                    future.result()
        self._client.close()

    def send(self, name: str, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Send one call to the cluster and return Dask's future."""
        return self._client.submit(
            carried_out, name, self._versions, self._seconds, fn, args, kwargs, pure=False, workers=self._workers
        )

    def avoid_wrong_versions(self) -> None:
        """Give no more work to workers that came later and have other versions."""
        found = self._client.run(versions)
        self._workers = [worker for worker, theirs in found.items() if theirs == self._versions]
        _LOG.warning("%d workers have other versions of the engines", len(found) - len(self._workers))

    def stop(self, name: str, futures: list[Any]) -> None:
        """Stop the calls of a name on all workers."""
        with suppress(Exception):  # the cluster may be gone, and the calls with it
            self._client.cancel(futures, force=True)
            self._client.run(killed, name, on_error="ignore", wait=False)


class _Call:
    """What belongs to one future of ours: one call after another, or several at once."""

    def __init__(self, cluster: DaskCluster, future: Future[Any]) -> None:
        self._cluster, self._future = cluster, future
        self._name = uuid.uuid4().hex
        self._sent: list[Any] = []

    def ask(self, fn: Callable[..., Any], *args: Any, then: Callable[[Any], None], **kwargs: Any) -> None:
        """Send a call; ``then`` gets its result."""
        again = partial(self.ask, fn, *args, then=then, **kwargs)
        sent = self._cluster.send(self._name, fn, args, kwargs)
        self._sent.append(sent)
        sent.add_done_callback(lambda done: self._took(done, then, again))

    def _took(self, done: Any, then: Callable[[Any], None], again: Callable[[], None]) -> None:
        """Go on with a result of the cluster, or end with its error. Runs in a thread of Dask's."""
        try:
            result = done.result()
        except WrongVersionsError:
            self._cluster.avoid_wrong_versions()
            again()
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the future
            self._fail(error)
            return
        try:
            then(result)
        except Exception as error:  # noqa: BLE001 - or the future would never end
            _LOG.exception("a call to the cluster could not go on")
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        from distributed import CancelledError, KilledWorker
        from distributed.comm.core import CommClosedError

        if isinstance(error, (CancelledError, KilledWorker, CommClosedError)):
            error = WorkerDiedError(f"The cluster did not run the job: {error}")
        if self._cluster.forget(self._future):
            self._cluster.stop(self._name, self._sent)
            self._future.set_exception(error)

    def end(self, result: Any) -> None:
        """The future has its result."""
        if self._cluster.forget(self._future):
            self._future.set_result(result)

    def share(self, result: Outcome | tuple[Task, Plan]) -> None:
        """Go on with a task that was begun: it has ended, or its shares are to be drawn."""
        if isinstance(result, Outcome):
            self.end(result)
            return
        task, plan = result
        parts: list[Any] = [None] * plan.shares
        left = [plan.shares]
        lock = threading.Lock()

        def keep(place: int, drawn: Any) -> None:
            with lock:
                parts[place] = drawn
                left[0] -= 1
                is_whole = left[0] == 0
            if is_whole:
                self.ask(finished, task, plan, parts, then=self.end)

        for place in range(plan.shares):
            self.ask(drawn_share, task, plan, place, then=partial(keep, place))

    def kill(self) -> None:
        """Stop all of it; nobody waits for the future any more."""
        self._cluster.stop(self._name, self._sent)
        self._future.set_exception(WorkerDiedError("The job was cancelled."))


# --- on a worker, in the process of the worker ---


class WrongVersionsError(RuntimeError):
    """A worker has other versions of the engines than the service."""


_pools: dict[float, WorkerPool] = {}
_running: dict[str, set[Future[Any]]] = {}
_lock = threading.Lock()


def versions() -> dict[str, str]:
    """Return the versions of what draws shots, of those that are installed."""
    found = {}
    for name in _ENGINES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def carried_out(
    name: str,
    wanted: dict[str, str],
    seconds: float,
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Carry out a call in a process of its own, which can be killed by the call's name."""
    if versions() != wanted:
        raise WrongVersionsError("a worker has other versions of the engines")
    with _lock:
        pool = _pools.setdefault(seconds, WorkerPool(seconds=seconds))
        future = pool.submit(fn, *args, **kwargs)
        _running.setdefault(name, set()).add(future)
    try:
        return future.result()
    finally:
        with _lock:
            _running[name].discard(future)
            if not _running[name]:
                del _running[name]


def killed(name: str) -> int:
    """Kill the calls of a name here; return how many there were."""
    with _lock:
        futures = list(_running.get(name, ()))
        pools = list(_pools.values())
    for future in futures:
        for pool in pools:
            pool.kill(future)
    return len(futures)


# --- on a worker, in a process of its own ---


def begun(task: Task) -> Outcome | tuple[Task, Plan]:
    """Run a task, or return it with its plan if it is to be drawn in shares."""
    if len(items_of(task)) > 1:
        return run(task)
    try:
        program = prepare(task)
        plan = planned(task, program)
    except JobFailure as failure:
        return unread(failure)
    return (task, plan) if plan.shares > 1 else run_prepared(task, program, plan)


def drawn_share(task: Task, plan: Plan, place: int) -> Any:
    """Return the shots of one share of a task."""
    from qsession_core.local.execution.run import shots_of_share

    return shots_of_share(task, prepare(task), plan, place)


def finished(task: Task, plan: Plan, parts: list[Any]) -> Outcome:
    """Write the shots of all shares as the job asks for."""
    return run_prepared(task, prepare(task), plan, parts)
