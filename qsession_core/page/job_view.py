"""One job whole: what the service tells of it, its program and its results.

Programs and results of jobs do not change, so each is fetched and read once and kept for a while.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from qsession_core.client.service.blobs import without_sas
from qsession_core.errors import QSessionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core.client.job import Job
    from qsession_core.client.workspace import Workspace
    from qsession_core.results.result import Result

__all__ = ["JobViews"]

_KEPT = 64
_MOST_OUTCOMES = 256
_MOST_TEXT = 200_000
_MOST_RESULTS = 50
T = TypeVar("T")


class JobViews:
    """Makes views of single jobs of a workspace. Safe to use from several threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept: OrderedDict[tuple[str, str], Any] = OrderedDict()
        self._lock = threading.Lock()

    def view(self, job_id: str) -> tuple[Job, dict[str, Any]]:
        """Return a job, and what is shown of it beside its row.

        Raises:
            QSessionError: There is no such job, or the service cannot be asked.
        """
        job = self._workspace.get_job(job_id)
        details = job.details
        error = details.error_data
        return job, {
            "raw": _without_signatures(details.raw),
            "params": details.input_params or {},
            "error": None if error is None else {"code": error.code or "", "message": error.message or ""},
            "input": self._once((job.id, "input"), lambda: self._program(job)),
            "output": self._once((job.id, f"results {details.end_execution_time}"), lambda: _results(job))
            if job.has_succeeded()
            else None,
        }

    def program(self, job_id: str) -> bytes:
        """Return the bytes of a job's program; raises as :meth:`view`."""
        return self._input_of(self._workspace.get_job(job_id))

    def results(self, job_id: str) -> bytes:
        """Return the bytes of a job's results.

        Raises:
            QSessionError: There is no such job, it has none, or the service cannot be asked.
        """
        job = self._workspace.get_job(job_id)
        job.require_success()
        return job.download_results()

    def _once(self, key: tuple[str, str], make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                kept: T = self._kept[key]
                return kept
        made = make()
        with self._lock:
            self._kept[key] = made
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made

    def _input_of(self, job: Job) -> bytes:
        uri = job.details.input_data_uri
        return self._workspace.parts.calls.blobs.download(uri) if uri else job.download_attachment("inputData")

    def _program(self, job: Job) -> dict[str, Any]:
        from qsession_core.page.drawing import drawn

        name = job.details.input_data_format
        try:
            data = self._input_of(job)
        except QSessionError as error:
            return {"format": name, "size": None, "text": None, "drawing": {"problem": str(error)}}
        return {
            "format": name,
            "size": len(data),
            "text": _text(data),
            "isCut": len(data) > _MOST_TEXT,
            "drawing": drawn(data, name, job.details.input_params or {}),
        }


def _text(data: bytes) -> str | None:
    """Return bytes as text, cut if it is long; None if they are none."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    if "\x00" in text:
        return None
    return text[:_MOST_TEXT]


def _results(job: Job) -> dict[str, Any]:
    try:
        results = job.results()
    except QSessionError as error:
        return {"problem": str(error), "results": []}
    return {"problem": "", "count": len(results), "results": [_result(result) for result in results[:_MOST_RESULTS]]}


def _result(result: Result) -> dict[str, Any]:
    """Return the most frequent outcomes, in the order of their keys, and how many there are besides.

    A distribution without shots has probabilities instead of counts.
    """
    counts: dict[str, float] = dict(result.counts) if result.shots else dict(result.probabilities)
    chosen = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:_MOST_OUTCOMES]
    return {
        "shots": result.shots,
        "lost": result.lost_shots if result.shots else 0,
        "failed": len(result.errors),
        "outcomes": sorted(chosen),
        "others": len(counts) - len(chosen),
        "otherShots": sum(counts.values()) - sum(count for _, count in chosen),
    }


def _without_signatures(raw: bytes) -> Any:
    """Return what the service wrote, without the signatures in its addresses: they are keys to the blobs."""
    value: dict[str, Any] = msgspec.json.decode(raw)
    return {
        name: without_sas(member) if isinstance(member, str) and "sig=" in member else member
        for name, member in value.items()
    }
