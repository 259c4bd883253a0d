"""A job: its state, waiting for it, and its result."""

from __future__ import annotations

import re
import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from qsession_core.client.polling import poll_pauses
from qsession_core.client.progress import Progress, bytes_told, told
from qsession_core.client.service.blobs import without_sas
from qsession_core.client.service.models import JobDetails, job_details
from qsession_core.client.service.period import Period
from qsession_core.client.service.status import JobStatus, Priority
from qsession_core.errors import (
    ConfigurationError,
    JobCancelledError,
    JobFailedError,
    NotFoundError,
    QSessionError,
    ResultFormatError,
    ResultMissingError,
    TransportError,
    WaitTimeoutError,
)
from qsession_core.logs import logger
from qsession_core.providers.options import shots_in
from qsession_core.results.layout import MOST_SHOTS

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from qsession_core.client.interface import WorkspaceParts
    from qsession_core.client.service.models import Attachment
    from qsession_core.client.service.period import When
    from qsession_core.display.rows import JobRow
    from qsession_core.formats import JobFacts
    from qsession_core.results.result import Result

__all__ = ["Job", "job_of"]

_log = logger(__name__)
_IONQ_JSON = "ionq.circuit.v1"
# Any of these in a job's metadata tells how wide its keys are
_WIDTHS = {"qsession", "meas_map", "num_qubits", "qubits", "measurement_dict", "measurement0"}


class Job:
    """A job of a workspace. Safe to use from several threads; its result is fetched once and kept.

    >>> from qsession_core import Program, Workspace
    >>> flip = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))], name="flip")
    >>> target = Workspace.local(seed=7).get_target("ionq.simulator")
    >>> job = target.submit(flip, shots=100)
    >>> job.result().counts, job.status
    ({'1': 100}, <JobStatus.SUCCEEDED: 'Succeeded'>)
    >>> job.workspace.get_job(job.id).name
    'flip'

    Attributes:
        workspace: The workspace that it belongs to.
    """

    def __init__(self, workspace: WorkspaceParts, raw: bytes, job_id: str | None = None) -> None:
        """Wrap a job that exists; users get jobs from ``submit`` and ``get_job``.

        Args:
            workspace: The workspace that it belongs to.
            raw: The job as the service wrote it; read when a member is first used.
            job_id: Its id, if the caller knows it.
        """
        self.workspace = workspace
        self._raw = raw
        self._id = job_id
        self._details: JobDetails | None = None
        self._results: list[Result] | None = None
        self._bytes: bytes | None = None

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.name!r} on {self.details.target}: {self.status}>"

    def _repr_html_(self) -> str:
        """Return what is known without asking the service."""
        from qsession_core.display.notebook import card
        from qsession_core.display.text import duration

        row = self.row()
        facts = [
            ("on", row.target),
            ("state", row.state),
            ("shots", row.shots),
            ("waited", duration(row.waited)),
            ("ran", duration(row.ran)),
            ("session", row.session),
            ("id", row.id),
            ("", row.note),
        ]
        results = "" if self._results is None else self._results[0].histogram_html()
        return card(f"Job {row.name}", facts, results)

    def row(self) -> JobRow:
        """Return what lists say of it, as far as is known."""
        from qsession_core.display.rows import job_row

        return job_row(self.details, shots=self.shots, is_terminal=self.has_completed(), now=self.workspace.clock.now())

    # --- its state ----------------------------------------------------------------------------------------------

    @property
    def details(self) -> JobDetails:
        """The members of the last answer about it."""
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
        """Its last known status; :meth:`refresh` fetches it again."""
        return JobStatus(self.details.status)

    @property
    def item_type(self) -> str:
        """``"Job"``, in lists that hold sessions as well."""
        return "Job"

    @property
    def session_id(self) -> str | None:
        """The session it belongs to, if any."""
        return self.details.session_id

    @property
    def shots(self) -> int | None:
        """How many shots were asked for; None if the job does not say."""
        stated = self._stated_shots()
        return _shot_count(stated[0]) if stated else None

    def _stated_shots(self) -> list[object]:
        """Return what the job says of its shots, whatever it is."""
        if self.details.shots is not None:
            return [self.details.shots]
        return shots_in(self.details.input_params or {})

    def refresh(self) -> Self:
        """Fetch its present state.

        Raises:
            TransportError: The answer is not a job, or has no status, so that waiting for it would never end.
        """
        self.update_state(self.workspace.parts.calls.get_job(self.id))
        self._details = job_details(self._raw)  # read now, so that a malformed answer raises here
        if not self._details.status:
            raise TransportError(f"The service gives no status of job {self.id}; try again later.")
        return self

    def update_state(self, raw: bytes) -> None:
        """Replace its state by a newer one, such as from a list."""
        self._raw, self._details = raw, None

    def has_completed(self) -> bool:
        """Whether its last known status is terminal."""
        return self.status.is_terminal

    def has_succeeded(self) -> bool:
        """Whether its last known status says that there is a result."""
        return self.status.is_success

    # --- changing and waiting ------------------------------------------------------------------------------------

    def cancel(self) -> Self:
        """Ask the service to cancel it. If it is executing it may still end with a result."""
        self.update_state(self.workspace.parts.calls.cancel_job(self.id))
        return self

    def queue_position(self) -> int | None:
        """Return its place among the jobs that wait for its target, 1 for the next to run; None if it does not wait.

        Raises:
            ConfigurationError: The workspace's api-version is older than 2026-08-01-preview.
        """
        return self.workspace.parts.calls.queue_position(self.id)

    def resume(self) -> Self:
        """Let it run the shots that are left, after it has failed or was cancelled.

        Raises:
            ConfigurationError: The workspace's api-version is older than 2026-08-01-preview.
            ConflictError: It has not failed and was not cancelled.
        """
        self.workspace.parts.calls.resume_job(self.id)
        self._results = self._bytes = None
        return self.refresh()

    def delete(self) -> None:
        """Delete it from the service."""
        self.workspace.parts.calls.delete_job(self.id)

    def update(
        self, *, name: str | None = None, priority: Priority | str | None = None, tags: Sequence[str] | None = None
    ) -> Self:
        """Change its name, priority or tags; None leaves a member unchanged."""
        self.workspace.parts.calls.update_job(self.id, name=name, priority=priority, tags=tags)
        return self.refresh()

    def wait_until_completed(
        self,
        max_poll_wait_secs: float | None = None,  # noqa: ARG002 - the official client's keyword
        timeout_secs: float | None = None,
        *,
        print_progress: bool = False,  # noqa: ARG002 - the official client's keyword
        progress: Progress = False,
    ) -> Self:
        """Wait until its status is terminal.

        Args:
            max_poll_wait_secs: Ignored; the official client has it.
            timeout_secs: At most how many seconds; None for no limit.
            print_progress: Ignored; nothing is printed.
            progress: True for a bar; or called as ``progress(done, 1)``, at the beginning with 0 and at the end with 1.

        Returns:
            The job.

        Raises:
            WaitTimeoutError: It is not terminal; wait again, or fetch it by its id later.
        """
        try:
            with told(progress, 1) as step:
                if not self.status.is_terminal:
                    self._poll(timeout_secs)
                step(1)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"Job {self.id} continues; fetch it with workspace.get_job({self.id!r}).")
            raise
        return self

    def _poll(self, timeout_secs: float | None) -> None:
        for pause in poll_pauses(self.workspace.clock, timeout_secs):
            self.workspace.parts.wait_for_end(self.id, pause)
            if self.refresh().status.is_terminal:
                return
        raise WaitTimeoutError(
            f"Job {self.id} is {self.status} after {timeout_secs:g} s. It continues: wait again, or fetch it later "
            f"with workspace.get_job({self.id!r}).",
            job_id=self.id,
            status=str(self.status),
        )

    def __await__(self) -> Generator[Any, None, Self]:
        return self._terminal().__await__()

    async def _terminal(self) -> Self:
        """Wait without blocking the event loop."""
        import asyncio

        for pause in poll_pauses(self.workspace.clock, None):
            if self.has_completed():
                break
            await self.workspace.clock.sleep_async(pause)
            await asyncio.to_thread(self.refresh)
        return self

    # --- results -------------------------------------------------------------------------------------------------

    def result(self, timeout_secs: float | None = None, *, progress: Progress = False) -> Result:
        """Wait, and return its result; of a job with several programs, that of the first.

        Args:
            timeout_secs: At most how many seconds; None for no limit.
            progress: As for :meth:`wait_until_completed`.

        Raises:
            JobFailedError: It failed.
            JobCancelledError: It was cancelled.
            WaitTimeoutError: It is not terminal.
            ResultMissingError: It succeeded, and its result is not there.
            ResultFormatError: Its result cannot be read; :meth:`download_results` returns the bytes.
        """
        return self.results(timeout_secs, progress=progress)[0]

    def results(self, timeout_secs: float | None = None, *, progress: Progress = False) -> list[Result]:
        """Wait, and return the result of each of its programs, in order; raises as :meth:`result`."""
        if self._results is None:
            self.wait_until_completed(timeout_secs=timeout_secs, progress=progress)
            from qsession_core.formats import decode  # with numpy, which takes longer to load than all of the client

            data = self.download_results(timeout_secs, progress=progress is True)  # a function is told of jobs
            try:
                self._results = decode(self.details.output_data_format or "", data, self._facts())
            except ResultFormatError:
                self._bytes = None  # the download may have been cut: fetch the bytes again next time
                raise
            if any(result.shots_are_assumed for result in self._results):
                _log.warning(
                    "job %s does not say its shots; its counts are of the %d that its provider runs by default",
                    self.id,
                    self._results[0].shots,
                )
        return self._results

    def _facts(self) -> JobFacts:
        """Return what decoding its result needs to know of it."""
        from qsession_core.formats.interface import JobFacts

        details = self.details
        metadata = {key: str(value) for key, value in (details.metadata or {}).items()}
        if not metadata.keys() & _WIDTHS and details.input_data_format == _IONQ_JSON:
            metadata |= self._width_of_input()
        assumed = None
        if not self._stated_shots():
            from qsession_core.providers.find import find_provider

            provider = (details.provider_id or details.target.partition(".")[0]).lower()
            assumed = find_provider(provider).shots_of_silent(details.input_params or {})
        return JobFacts(self.id, details.target, self.shots, metadata, details.input_data_format, assumed)

    def _width_of_input(self) -> dict[str, str]:
        """Return the metadata that a circuit in IonQ JSON should have: its result names no qubit that came out 0."""
        from qsession_core.formats.registry import input_format, width_in

        try:
            data = self.workspace.parts.calls.blobs.download(self.details.input_data_uri or "")
        except QSessionError as error:
            _log.warning("job %s: its program cannot be read, so its keys may be too short: %s", self.id, error)
            return {}
        width = width_in(data, input_format(_IONQ_JSON))
        return {"num_qubits": str(width)} if width else {}

    def download_results(self, timeout_secs: float | None = None, *, progress: Progress = False) -> bytes:
        """Wait, and return the bytes of its result; raises as :meth:`result`.

        Args:
            timeout_secs: At most how many seconds; None for no limit.
            progress: True shows a bar while more than 10 MB are fetched; a function is called with the bytes that
                there are, and of how many.
        """
        if self._bytes is None:
            self.wait_until_completed(timeout_secs=timeout_secs)
            self.require_success()
            try:
                self._bytes = self._download(progress)
            except (NotFoundError, ResultMissingError):  # the blob may be written after the status: ask once more
                self.refresh()
                try:
                    self._bytes = self._download(progress)
                except NotFoundError as error:
                    raise ResultMissingError(
                        f"Job {self.id} is {self.status}, and the blob of its result is not in the storage: "
                        f"{without_sas(self.details.output_data_uri or '')}. It may have been deleted.",
                        job_id=self.id,
                    ) from error
            _log.debug("job %s: %d bytes of results", self.id, len(self._bytes))
        return self._bytes

    def _download(self, progress: Progress) -> bytes:
        uri = self.details.output_data_uri
        if not uri:
            raise ResultMissingError(
                f"Job {self.id} is {self.status}, and the service gives no URL of its result (outputDataUri). Try "
                "again later.",
                job_id=self.id,
            )
        with bytes_told(progress) as told_bytes:
            return self.workspace.parts.calls.blobs.download(uri, told=told_bytes)

    def require_success(self) -> None:
        """Check that it has a result.

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
            The share of shots by display text for Microsoft's formats, else the parsed JSON, or the text if it is none.
        """
        from qsession_core.formats import official_views

        data = self.download_results(timeout_secs)
        return official_views.view(self.details.output_data_format or "", data)

    def get_results_histogram(self, timeout_secs: float | None = None) -> Any:
        """Return ``{display: {"outcome": ..., "count": ...}}`` of v2 results, a list of them for a batch."""
        from qsession_core.formats import official_views

        return official_views.histograms(self.download_results(timeout_secs))

    def get_results_shots(self, timeout_secs: float | None = None) -> Any:
        """Return one outcome a shot of v2 results, a list of such lists for a batch."""
        from qsession_core.formats import official_views

        return official_views.shots(self.download_results(timeout_secs))

    def matches_filter(
        self,
        name_match: str | None = None,
        status: JobStatus | str | None = None,
        created_after: When | None = None,
    ) -> bool:
        """Whether its name matches a regular expression, it has this status, and was created at this time or later.

        Times are read as in ``Workspace.list_jobs``.
        """
        if name_match is not None and not re.search(name_match, self.name):
            return False
        if status is not None and self.status != JobStatus(status):
            return False
        return Period.of(created_after).holds(self.details.creation_time)

    def download_data(self, blob_uri: str) -> bytes:
        """Return the bytes of a blob of the workspace, such as ``job.details.output_data_uri``."""
        return self.workspace.parts.calls.blobs.download(blob_uri)

    @property
    def container_name(self) -> str:
        """The name of the container with its input and result."""
        path = urlsplit(self.details.container_uri or "").path
        return path.strip("/").split("/")[-1] or f"job-{self.id}"

    # --- attachments ---------------------------------------------------------------------------------------------

    def upload_attachment(
        self, name: str, data: bytes, container_uri: str | None = None, *, progress: Progress = False
    ) -> str:
        """Write bytes beside the job's input, replacing a blob of the same name.

        Args:
            name: The blob's name.
            data: Its content.
            container_uri: The URL of another container, with a SAS.
            progress: As for :meth:`download_results`.

        Returns:
            The blob's URL without SAS.
        """
        blobs = self.workspace.parts.calls.blobs
        container = container_uri or blobs.container(self.id)
        with bytes_told(progress) as told_bytes:
            return blobs.upload(container, name, data, "application/octet-stream", overwrite=True, told=told_bytes)

    def list_attachments(self) -> list[Attachment]:
        """Return the blobs of its container, its input and result among them."""
        return self.workspace.parts.calls.blobs.listed(self.id)

    def download_attachment(self, name: str, container_uri: str | None = None, *, progress: Progress = False) -> bytes:
        """Return the bytes of an attachment.

        Args:
            name: The blob's name.
            container_uri: The URL of another container, with a SAS.
            progress: As for :meth:`download_results`.
        """
        with bytes_told(progress) as told_bytes:
            return self.workspace.parts.calls.blobs.download_from(self.id, name, container_uri, told=told_bytes)

    @staticmethod
    def create_job_id() -> str:
        """Return a new id, for ``submit(job_id=)``."""
        return str(uuid.uuid4())


def job_of(given: object) -> Job:
    """Return what is given if it is a job.

    Raises:
        ConfigurationError: It is something else, such as an id.
    """
    if isinstance(given, Job):
        return given
    raise ConfigurationError(f"Pass a job, not {given!r}: workspace.get_job(id) returns the one of an id.")


def _shot_count(value: object) -> int | None:
    """Return a number of shots that any client may have written, as a number or as text; None if it is not one."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_SHOTS else None
