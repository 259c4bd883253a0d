"""A job: what the service says about it, waiting for it, and its result."""

from __future__ import annotations

import logging
import re
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from qsession_core.client.polling import poll_pauses
from qsession_core.client.service.models import JobDetails, job_details
from qsession_core.client.service.status import JobStatus, Priority
from qsession_core.errors import JobCancelledError, JobFailedError, ResultFormatError, WaitTimeoutError
from qsession_core.formats import JobFacts, decode, official_views

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from qsession_core.client.workspace import Workspace
    from qsession_core.results.result import Result

__all__ = ["Job"]

_log = logging.getLogger(__name__)


class Job:
    """A job of a workspace. Several threads may use it; its result is fetched once and kept."""

    def __init__(self, workspace: Workspace, raw: bytes, job_id: str | None = None) -> None:
        """Hold what the service said; users get jobs from ``submit`` and ``get_job``.

        Args:
            workspace: Where it runs.
            raw: The job as the service wrote it.
            job_id: Its id, where it is known before the service says it.
        """
        self.workspace = workspace
        self._raw = raw
        self._id = job_id
        self._details: JobDetails | None = None
        self._results: list[Result] | None = None
        self._bytes: bytes | None = None
        self._is_malformed = False

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.name!r} on {self.details.target}: {self.status}>"

    # --- what the service said last -----------------------------------------------------------------------------

    @property
    def details(self) -> JobDetails:
        """What the service said last, every member of it."""
        if self._details is None:
            self._details = job_details(self._raw)
        return self._details

    @cached_property
    def id(self) -> str:
        """The job's id."""
        return self._id or self.details.id

    @property
    def name(self) -> str:
        """The job's name."""
        return self.details.name

    @property
    def status(self) -> JobStatus:
        """The status that the service said last; :meth:`refresh` asks again."""
        return JobStatus(self.details.status)

    @property
    def item_type(self) -> str:
        """``"Job"``, beside sessions in lists of both."""
        return "Job"

    @property
    def session_id(self) -> str | None:
        """The session it belongs to, if any."""
        return self.details.session_id

    @property
    def shots(self) -> int | None:
        """How many shots were asked for; None if the job does not say."""
        params = self.details.input_params or {}
        asked = params.get("shots", params.get("count"))
        return int(asked) if isinstance(asked, int | float | str) else None

    def refresh(self) -> Self:
        """Ask the service for the job's present state."""
        self._update(self.workspace.fetch_job(self.id))
        self._details = job_details(self._raw)  # now, so that an answer that was cut off is told here
        return self

    def update_from_list(self, raw: bytes) -> None:
        """Take over what a list says of it."""
        self._update(raw)

    def _update(self, raw: bytes) -> None:
        self._raw, self._details = raw, None

    def has_completed(self) -> bool:
        """Whether its last known status is terminal."""
        return self.status.is_terminal

    def has_succeeded(self) -> bool:
        """Whether its last known status says that there is a result."""
        return self.status.is_success

    # --- doing ---------------------------------------------------------------------------------------------------

    def cancel(self) -> Self:
        """Ask the service to cancel it. What was executing may still end by itself."""
        self._update(self.workspace.send_cancel(self.id))
        return self

    def delete(self) -> None:
        """Delete it from the service."""
        self.workspace.delete_job(self.id)

    def update(
        self, *, name: str | None = None, priority: Priority | str | None = None, tags: Sequence[str] | None = None
    ) -> Self:
        """Change its name, priority or tags; what is None stays."""
        self.workspace.send_update(self.id, name=name, priority=priority, tags=tags)
        return self.refresh()

    def wait_until_completed(
        self,
        max_poll_wait_secs: float | None = None,  # noqa: ARG002 - the official client's; our waiting needs no limit
        timeout_secs: float | None = None,
        *,
        print_progress: bool = False,  # noqa: ARG002 - accepted, never done
    ) -> Self:
        """Wait until its status is terminal.

        Args:
            max_poll_wait_secs: Accepted for the official client's sake; ignored.
            timeout_secs: How long, in seconds; None for as long as it takes.
            print_progress: Accepted for the official client's sake; nothing is ever printed.

        Returns:
            The job.

        Raises:
            WaitTimeoutError: It still runs; wait again, or fetch it by its id later.
        """
        try:
            if not self.status.is_terminal:
                self._poll(timeout_secs)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"Job {self.id} goes on; fetch it with workspace.get_job({self.id!r}).")
            raise
        return self

    def _poll(self, timeout_secs: float | None) -> None:
        for pause in poll_pauses(self.workspace.clock, timeout_secs):
            self.workspace.clock.sleep(pause)
            if self.refresh().status.is_terminal:
                return
        raise WaitTimeoutError(
            f"Job {self.id} is {self.status} after {timeout_secs:g} s. It goes on: wait again, or fetch it later with "
            f"workspace.get_job({self.id!r}).",
            job_id=self.id,
            status=str(self.status),
        )

    def __await__(self) -> Generator[Any, None, Self]:
        return self._terminal().__await__()

    async def _terminal(self) -> Self:
        """Wait in an event loop without holding it up."""
        import asyncio

        for pause in poll_pauses(self.workspace.clock, None):
            if self.has_completed():
                break
            await self.workspace.clock.sleep_async(pause)
            await asyncio.to_thread(self.refresh)
        return self

    # --- results -------------------------------------------------------------------------------------------------

    def result(self, timeout_secs: float | None = None) -> Result:
        """Wait, and return its result; of a job with several programs, that of the first.

        Args:
            timeout_secs: How long, in seconds; None for as long as it takes.

        Raises:
            JobFailedError: It failed.
            JobCancelledError: It was cancelled.
            WaitTimeoutError: It still runs.
            ResultFormatError: Its result cannot be read; :meth:`download_results` has the bytes.
        """
        return self.results(timeout_secs)[0]

    def results(self, timeout_secs: float | None = None) -> list[Result]:
        """Wait, and return the result of each of its programs, in order; raises as :meth:`result`."""
        if self._results is None:
            if self._is_malformed:
                self._bytes = None  # they may have been cut on their way: ask again
            data = self.download_results(timeout_secs)
            details = self.details
            facts = JobFacts(
                self.id,
                details.target,
                self.shots,
                {key: str(value) for key, value in (details.metadata or {}).items()},
                details.input_data_format,
            )
            self._is_malformed = True
            self._results = decode(details.output_data_format or "", data, facts)
            self._is_malformed = False
        return self._results

    def download_results(self, timeout_secs: float | None = None) -> bytes:
        """Wait, and return the bytes of its result; raises as :meth:`result`."""
        if self._bytes is None:
            self.wait_until_completed(timeout_secs=timeout_secs)
            self.require_success()
            uri = self.details.output_data_uri
            if not uri:
                raise ResultFormatError(
                    f"Job {self.id} succeeded, but the service gives no address of its result; refresh it, try again.",
                    format=self.details.output_data_format or "",
                    problem="no outputDataUri",
                    job_id=self.id,
                )
            self._bytes = self.workspace.blobs.download(uri)
            _log.debug("job %s: %d bytes of results", self.id, len(self._bytes))
        return self._bytes

    def require_success(self) -> None:
        """Raise what a terminal job without a result raises.

        Raises:
            JobFailedError: It failed.
            JobCancelledError: It was cancelled.
        """
        if self.status.is_success:
            return
        where = f" in session {self.session_id}" if self.session_id else ""
        if self.status is JobStatus.CANCELLED:
            raise JobCancelledError(f"Job {self.id} ({self.name!r}{where}) was cancelled.", job_id=self.id)
        error = self.details.error_data
        code = (error.code if error else None) or "no code"
        message = (error.message if error else None) or "the provider gave no reason"
        raise JobFailedError(
            f"Job {self.id} ({self.name!r} on {self.details.target}{where}) is {self.status}: {code}: {message}",
            job_id=self.id,
            code=code,
            session_id=self.session_id,
        )

    def get_results(self, timeout_secs: float | None = None) -> Any:
        """Return results as the official client does; prefer :meth:`result`.

        Returns:
            The share of shots by display text for Microsoft's formats, else the parsed JSON, or text where it is none.
        """
        data = self.download_results(timeout_secs)
        return official_views.view(self.details.output_data_format or "", data)

    def get_results_histogram(self, timeout_secs: float | None = None) -> Any:
        """Return ``{display: {"outcome": ..., "count": ...}}`` of v2 results, a list of them for a batch."""
        return official_views.histograms(self.download_results(timeout_secs))

    def get_results_shots(self, timeout_secs: float | None = None) -> Any:
        """Return one outcome a shot of v2 results, a list of such lists for a batch."""
        return official_views.shots(self.download_results(timeout_secs))

    def matches_filter(
        self,
        name_match: str | None = None,
        status: JobStatus | str | None = None,
        created_after: datetime | date | None = None,
    ) -> bool:
        """Whether its name matches a regular expression, its status is this, and it was created since then."""
        if name_match is not None and not re.search(name_match, self.name):
            return False
        if status is not None and self.status != JobStatus(status):
            return False
        created = self.details.creation_time
        if created_after is None or created is None:
            return True
        if not isinstance(created_after, datetime):
            return created.date() >= created_after
        aware = created_after if created_after.tzinfo else created_after.replace(tzinfo=UTC)
        return created >= aware

    # --- attachments ---------------------------------------------------------------------------------------------

    def upload_attachment(self, name: str, data: bytes) -> str:
        """Write bytes beside the job's input; what is there under this name is replaced.

        Returns:
            The blob's address without the right to use it.
        """
        blobs = self.workspace.blobs
        return blobs.upload(blobs.container(self.id), name, data, "application/octet-stream", overwrite=True)

    def download_attachment(self, name: str) -> bytes:
        """Return the bytes of an attachment."""
        return self.workspace.blobs.download_from(self.id, name)
