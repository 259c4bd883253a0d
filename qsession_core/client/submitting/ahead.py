"""The container of the next job, asked for while the last one runs.

A loop that waits for each job before it sends the next makes five calls a job, one after the other. The first, for a
container, needs nothing of the job but its id, which is ours to choose. So it can be made before the job is known.

* A workspace has one such spare at a time. Its next job that comes without an id takes it, in whatever session; so at
  most one empty container is left over when a program ends.
* It is asked for in sessions, from the second job on, when nothing else is being sent, and only where each request for
  a container so far has taken long enough to be worth a thread. In a local workspace of the same process none has.
* Nothing depends on it: a spare that did not come, or whose address ends soon, is forgotten.
"""

from __future__ import annotations

import os
import threading
import uuid
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qsession_core.client.interface import WorkspaceParts

__all__ = ["Ahead"]

_log = logger(__name__)
_WORTH_SECONDS = 0.05  # a request that takes less is not made ahead


class _Spare(msgspec.Struct, frozen=True):
    """A container that no job has yet: the id of its job to be, and its address once it is there."""

    job_id: str
    address: Future[str]
    process: int


class Ahead:
    """The spare container of a workspace. Safe to use from several threads.

    Args:
        workspace: The workspace.
    """

    def __init__(self, workspace: WorkspaceParts) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._spare: _Spare | None = None
        self._taken: dict[str, _Spare] = {}  # by the id of the job that is being sent
        self._sending = 0
        self._session = ""  # of the last job
        self._fastest = float("inf")  # seconds, of all requests for a container

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the lock and the spare: another process has its own."""
        return {"_workspace": self._workspace}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_workspace"])  # type: ignore[misc]

    @contextmanager
    def sending(self, session_id: str | None, *, takes_id: bool) -> Iterator[str]:
        """Give a job the spare's id while it is sent; when it has been sent, ask for the next spare.

        Args:
            session_id: The session that it joins; None for none.
            takes_id: It has no id of its own.

        Yields:
            The id; empty if there is no spare, or the job cannot take it.
        """
        job_id = ""
        with self._lock:
            self._sending += 1
            spare = self._spare
            if spare is not None and takes_id and spare.process == os.getpid():
                self._spare, job_id = None, spare.job_id
                self._taken[job_id] = spare
        try:
            yield job_id
        finally:
            with self._lock:
                self._sending -= 1
                unused = self._taken.pop(job_id, None)
                if unused is not None and self._spare is None:
                    self._spare = unused
        self._ask_ahead(session_id)

    def container(self, job_id: str) -> str:
        """Return the address of a job's container: the spare's, or a new one.

        Raises:
            ServiceError: The service refused.
        """
        with self._lock:
            spare = self._taken.pop(job_id, None)
        if spare is not None:
            try:
                address = spare.address.result()
            except Exception as error:  # noqa: BLE001 - whatever it was: the request is made again, and tells
                _log.debug("no container came ahead: %s", error)
            else:
                if self._workspace.parts.calls.blobs.lasts(address):
                    return address
        return self._ask(job_id)

    def _ask(self, job_id: str) -> str:
        began = self._workspace.clock.monotonic()
        address: str = self._workspace.parts.calls.blobs.container(job_id)
        self._fastest = min(self._fastest, self._workspace.clock.monotonic() - began)
        return address

    def _ask_ahead(self, session_id: str | None) -> None:
        with self._lock:
            is_second, self._session = session_id == self._session, session_id or ""
            is_worth_it = _WORTH_SECONDS <= self._fastest < float("inf")
            if not (session_id and is_second and is_worth_it) or self._sending or self._spare is not None:
                return
            spare = self._spare = _Spare(str(uuid.uuid4()), Future(), os.getpid())
        threading.Thread(target=self._fetch, args=(spare,), name="qsession-ahead", daemon=True).start()

    def _fetch(self, spare: _Spare) -> None:
        try:
            spare.address.set_result(self._ask(spare.job_id))
        except BaseException as error:  # noqa: BLE001 - it is told where the container is needed
            with self._lock:
                if self._spare is spare:
                    self._spare = None
            spare.address.set_exception(error)
