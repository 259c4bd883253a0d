"""A whole Azure Quantum workspace in this process."""

from __future__ import annotations

import secrets
import sqlite3
import uuid
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from qsession_core.clock import ManualClock, SystemClock, clock_of
from qsession_core.decoding import read_json
from qsession_core.errors import ConfigurationError
from qsession_core.local.archive import Archive
from qsession_core.local.faults import Faults
from qsession_core.local.jobs.idle import IdleQueue
from qsession_core.local.jobs.lifecycle import Lifecycle
from qsession_core.local.jobs.removal import remove_job
from qsession_core.local.people import People, people_file, read_people
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.service.addresses import API_HOST, LocalConnection, LocalNames
from qsession_core.local.service.app import App
from qsession_core.local.service.requests import Service
from qsession_core.local.storage.blobs import Blobs
from qsession_core.local.storage.directory import DATABASE, told
from qsession_core.local.storage.endpoint import Storage
from qsession_core.local.storage.opening import open_store
from qsession_core.local.storage.sas import Signer
from qsession_core.local.storage.trouble import STORE_ERRORS
from qsession_core.local.targets import TARGETS, read_targets, with_changes
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Executor
    from types import TracebackType
    from typing import Self

    from qsession_core.clock import Clock
    from qsession_core.local.jobs.queue import Dispatcher
    from qsession_core.local.storage.database import Presence, Store
    from qsession_core.local.targets import LocalTarget
    from qsession_core.transport.message import Request, Response

__all__ = ["LocalWorkspace"]

_LOG = logger(__name__)

# Of workspaces that are given a key: their connection string is known before they run
KEYED_SUBSCRIPTION = "00000000-0000-4000-8000-000000000000"
_SHORTEST_KEY = 16


class LocalWorkspace:
    """Azure Quantum's service in this process: routes, sessions, queue, storage and simulators.

    Args:
        path: A directory that keeps jobs, sessions and blobs; several processes may use it. None for in memory.
        seed: Makes shots repeatable: they depend on it and on the order of submission. None for fresh shots.
        clock: Gives the time for everything here; None for the machine's clock.
        executor: Runs all simulations: an executor, or ``"dask://host:port"`` for a Dask cluster; None to run small
            ones here and large ones in worker processes of its own.
        targets: Targets that are added, or replace those of the same id; or the path of a TOML file of them.
        faults: Failures on request; None for none.
        simulator: The simulator for all jobs, by its entry point's name; empty to choose for each job.
        job_seconds: How long a job may take in a worker process; the job fails then. None for ten minutes.
        runs_jobs: False to look and change only: no job runs here, and none of a process that died is taken over. Jobs
            that are submitted wait until another process opens the directory.

        names: What it is called, in the place of a workspace that a program names; None for names of its own, or for
            those that its directory has already.
        key: The key that requests need, at least 16 characters of ASCII; None for one of its own. The subscription of a
            new workspace that is given a key is :data:`KEYED_SUBSCRIPTION`, so that clients can know its connection
            string beforehand.

        users: The path of a file of people with keys of their own (:mod:`qsession_core.local.people`); None for that of
            its directory, if it has one.

        store: The address of a PostgreSQL database (``postgresql://...``) that several services share as one workspace,
            instead of one in ``path``; ``path`` is then a directory that all of them reach, for large blobs.
        blobs: ``s3://bucket/prefix`` for the large blobs of such a store; None for those of ``path``, or for all in the
            database.

    Attributes:
        connection: Its ids, endpoint and key, as a client needs them.
        targets: The targets by id in lower case; a row may be exchanged while the workspace works.
        faults: More can be added at any time.
        archive: Old jobs: list, export, prune.
        clock: The clock that it uses.

    Raises:
        ConfigurationError: A target has a member or value that targets cannot have, there is no such simulator, or the
            directory cannot be used or holds a workspace of other names.
    """

    def __init__(
        self,
        path: str | PathLike[str] | None = None,
        *,
        seed: int | None = None,
        clock: Clock | None = None,
        executor: Executor | str | None = None,
        targets: Iterable[LocalTarget] | str | PathLike[str] | None = None,
        faults: Faults | None = None,
        simulator: str = "",
        job_seconds: float | None = None,
        names: LocalNames | None = None,
        runs_jobs: bool = True,
        key: str | None = None,
        users: str | PathLike[str] | None = None,
        store: str | None = None,
        blobs: str | None = None,
    ) -> None:
        directory = None if path is None else Path(path)
        self.clock: Clock = clock_of(clock)
        self.faults = faults if faults is not None else Faults()
        _check_simulator(simulator)
        changes = read_targets(Path(targets)) if isinstance(targets, (str, PathLike)) else targets or ()
        self.targets: dict[str, LocalTarget] = with_changes(TARGETS, changes)
        self._first_targets = dict(self.targets)
        users_file = _users_path(users, directory)
        if users_file is not None:
            read_people(users_file)  # what is wrong is told before anything is opened
        self.store = open_store(directory, store, blobs)
        self._owner = uuid.uuid4().hex
        self._cluster: Executor | None = None
        self._presence: Presence | None = None
        try:
            signer = self._open(names, runs_jobs=runs_jobs, key=key)
        except BaseException as error:
            self.store.close()
            if directory is not None and isinstance(error, sqlite3.Error):
                raise told(directory / DATABASE, error) from error
            raise
        self.dispatcher: Dispatcher | IdleQueue = IdleQueue()
        if runs_jobs:
            self.dispatcher = self._queue(executor, simulator, job_seconds)
        service = Service(
            store=self.store,
            blobs=self._blobs,
            lifecycle=self._lifecycle,
            dispatcher=self.dispatcher,
            storage=Storage(self._blobs, signer, self.clock),
            signer=signer,
            clock=self.clock,
            targets=self.targets,
            connection=self.connection,
            seed=seed,
        )
        people = People(self.connection.api_key, users_file)
        self._app = App(service, self.faults, people)
        self._calm_app = App(service, Faults(), people)
        self._is_closed = False
        self.dispatcher.start()
        if runs_jobs:
            self.store.listen(self.dispatcher.wake)
        if isinstance(self.clock, ManualClock):
            self.clock.add_worker(self.dispatcher.settle)

    def _queue(self, executor: Executor | str | None, simulator: str, job_seconds: float | None) -> Dispatcher:
        from qsession_core.local.jobs.queue import JOB_SECONDS, Dispatcher  # with all readers

        if isinstance(executor, str):
            from qsession_core.local.execution.cluster import executor_at

            executor = self._cluster = executor_at(
                executor, seconds=JOB_SECONDS if job_seconds is None else job_seconds
            )
        return Dispatcher(
            self.store,
            self._blobs,
            self._lifecycle,
            self.clock,
            self.targets,
            owner=self._owner,
            executor=executor,
            simulator=simulator,
            job_seconds=JOB_SECONDS if job_seconds is None else job_seconds,
            faults=self.faults,
            recover=self._recover if self.store.is_shared else None,
        )

    def _open(self, names: LocalNames | None, *, runs_jobs: bool, key: str | None) -> Signer:
        """Read what the store knows, take part in it, and return what signs addresses."""
        own = _connection(self.store, names, KEYED_SUBSCRIPTION if key is not None else str(uuid.uuid4()))
        self.connection = own if key is None else replace(own, api_key=_checked(key))
        self._blobs = Blobs(self.store)
        self.archive = Archive(self.store, self._blobs)
        self._lifecycle = Lifecycle(self.store, self._blobs, self.clock)
        if self.store.is_shared and runs_jobs:
            self._presence = self.store.presence(self._owner)
            self._recover()
            if self._presence is not None:
                self._presence.remove_stale()
            self._blobs.sweep()
        return Signer(self.store.fact("signing key", secrets.token_bytes(32)))

    def _recover(self) -> None:
        """Release the jobs whose process died: they run again, in any process on this directory."""
        for owner in self._lifecycle.owners():
            if self._presence is not None and not self._presence.is_alive(owner):
                _LOG.info("%d jobs of a process that died wait again", self._lifecycle.release(owner, has_died=True))

    def __repr__(self) -> str:
        where = f"in {self.store.directory}" if self.store.directory is not None else "in memory"
        where = "in a database" if self.store.is_shared and self.store.directory is None else where
        return f"<LocalWorkspace {self.connection.name} {where}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and close the store. Jobs that have not ended run when the directory is opened again."""
        if not self._is_closed:
            self._is_closed = True
            self.dispatcher.stop()
            if self._cluster is not None:
                self._cluster.shutdown(cancel_futures=True)
            if self._presence is not None:
                self._presence.close()
            self.store.close()

    def settle(self, timeout_seconds: float = 60.0) -> None:
        """Wait until no job runs and none can start before the clock advances or a request comes.

        Raises:
            TimeoutError: It still works after this many seconds of real time.
        """
        if not self.dispatcher.settle(timeout_seconds):
            raise TimeoutError(f"The local workspace was still at work after {timeout_seconds} seconds.")

    def handle(self, request: Request) -> Response:
        """Answer one request. Safe to call from several threads.

        Args:
            request: To the service or to its storage, with an absolute address.

        Returns:
            The response; a bad request gets a 4xx.

        Raises:
            ConfigurationError: The workspace was closed.
            TransportError: A fault on request: the connection breaks.
        """
        if self._is_closed:
            raise ConfigurationError("This local workspace was closed; make a new one.")
        return self._app.handle(request)

    def handle_calmly(self, request: Request) -> Response:
        """Answer one request as :meth:`handle` does, without faults: for those who look on and must not use them up."""
        if self._is_closed:
            raise ConfigurationError("This local workspace was closed; make a new one.")
        return self._calm_app.handle(request)

    def wait_for_end(self, job_id: str, seconds: float) -> None:
        """Wait some time on the workspace's clock; on the machine's, a job that ends in this process ends the wait.

        Args:
            job_id: The job.
            seconds: How long at most.
        """
        if type(self.clock) is not SystemClock or self._is_closed:
            self.clock.sleep(seconds)
            return
        self.dispatcher.hurry()
        self.dispatcher.ends.wait(job_id, seconds, partial(self._has_ended, job_id))

    def _has_ended(self, job_id: str) -> bool:
        ended = "SELECT 1 FROM items WHERE item_type = 'Job' AND id = ? AND ended IS NOT NULL"
        try:
            return bool(self.store.read(ended, (job_id,)))
        except STORE_ERRORS:  # whoever asks for the job is told
            return False

    def reset(self) -> None:
        """Remove all jobs, sessions and faults, and put the targets back to what they were. What runs is stopped."""
        self.faults.clear()
        self.targets.update(self._first_targets)
        for job in self.store.jobs("WHERE item_type = 'Job'"):
            self._lifecycle.cancel(job)
            remove_job(self.store, self._blobs, job)
        for session in self.store.sessions("WHERE item_type = 'Session'"):
            self.store.remove(session)
        self.dispatcher.wake()

    def turned_away(self, request: Request, length: int) -> Response | None:
        """Return the answer to a request that is refused whatever its body is; None if its body is wanted.

        Args:
            request: The request without its body.
            length: The bytes of its body, or those that have come so far.
        """
        return self._app.turned_away(request, length)

    def is_quick(self, request: Request, length: int) -> bool:
        """Say whether a request, whose body has this length, is answered in no time.

        Args:
            request: The request without its body.
            length: The bytes of its body.
        """
        return self._app.is_quick(request, length)


def _users_path(users: str | PathLike[str] | None, directory: Path | None) -> Path | None:
    if users is not None:
        return Path(users)
    own = None if directory is None else people_file(directory)
    return own if own is not None and own.exists() else None


def _check_simulator(name: str) -> None:
    """Refuse a simulator that cannot run anything.

    Raises:
        ConfigurationError: There is none of this name, or it cannot be loaded.
    """
    if not name:
        return
    from qsession_core.local.simulators.choice import simulator as find_simulator

    try:
        find_simulator(name)
    except JobFailure as failure:
        raise ConfigurationError(failure.message) from failure


def _checked(key: str) -> str:
    """Return a key that can stand in a header and cannot be guessed.

    Raises:
        ConfigurationError: It is another one; the key is not in the error.
    """
    if len(key) < _SHORTEST_KEY or not key.isascii() or not key.isprintable() or set(key) & set("; "):
        raise ConfigurationError(
            f"The key cannot be used: it needs {_SHORTEST_KEY} characters of ASCII or more, no blanks and semicolons."
        )
    return key


def _connection(store: Store, names: LocalNames | None, subscription: str) -> LocalConnection:
    """Return the workspace's identity, made once and kept with the store.

    Args:
        store: The store.
        names: What it is called; None for names of its own.
        subscription: The subscription of a new workspace without names.

    Raises:
        ConfigurationError: The store belongs to a workspace of other names.
    """
    key = store.fact("api key", secrets.token_urlsafe(32).encode()).decode()
    kept = store.fact("names", b"" if names is None else msgspec.json.encode(names))
    if kept:
        stored = read_json(kept, LocalNames)
        if names is not None and stored != names:
            raise ConfigurationError(
                f"{store.directory} holds the workspace {stored.name} of group {stored.resource_group}, not"
                f" {names.name} of group {names.resource_group}. Choose another directory."
            )
        return stored.connection(key)
    if names is not None:
        raise ConfigurationError(
            f"{store.directory} holds a local workspace that has no names of Azure. Choose another directory."
        )
    subscription = store.fact("subscription", subscription.encode()).decode()
    return LocalConnection(subscription, "local", "local-workspace", "eastus", f"https://{API_HOST}/", key)
