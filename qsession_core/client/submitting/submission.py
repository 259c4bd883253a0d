"""Sending jobs: each once, into its session, and noted in the journal if there is one. Source: docs/protocol.md 3.1."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.client.budget import Reservation
from qsession_core.client.job import Job
from qsession_core.client.service.blobs import INPUT
from qsession_core.client.service.calls import may_have_worked
from qsession_core.client.service.rest import without_nones
from qsession_core.client.service.spelling import PRIORITIES, check, odd_id, odd_name, odd_tags, odd_word, spelled
from qsession_core.client.service.status import SessionStatus
from qsession_core.client.submitting.ahead import Ahead
from qsession_core.client.submitting.journal import Intent
from qsession_core.errors import ConfigurationError, NotFoundError, ServiceError
from qsession_core.logs import logger
from qsession_core.providers.options import programs_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.client.interface import WorkspaceParts
    from qsession_core.client.service.status import Priority
    from qsession_core.client.session import Session
    from qsession_core.client.submitting.journal import Journal
    from qsession_core.formats import Payload

__all__ = ["NewJob", "ResumedJobs", "Submission"]

_log = logger(__name__)
_WORTH_REPEATING = frozenset({401, 408, 429})  # unlike any other 4xx: token expired, too slow, too many requests
_SESSION_REFUSED = "InvalidJobDefinition"  # the code of the answer to a job whose session takes no more


def _is_final(error: ServiceError) -> bool:
    """Whether the service would refuse the same job again."""
    return 400 <= error.status_code < 500 and error.status_code not in _WORTH_REPEATING  # noqa: PLR2004 - HTTP's


class NewJob(msgspec.Struct, frozen=True):
    """A job to be sent.

    Attributes:
        body: The members of its creation, without its blob URLs.
        content_type: The content type of its input.
        data: Its input.
        id: Its id.
        has_own_id: Its id is the caller's.
    """

    body: Mapping[str, Any]
    content_type: str
    data: bytes
    id: str
    has_own_id: bool = True

    @classmethod
    def of(
        cls,
        payload: Payload,
        target: str,
        provider_id: str,
        *,
        name: str,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
        job_id: str | None = None,
    ) -> NewJob:
        """Make a job of a payload; arguments as for ``Target.submit``.

        Raises:
            ConfigurationError: The name, priority, tags or id cannot be sent; the error lists all of them.
        """
        check(
            odd_name("name", name),
            odd_word("priority", priority, PRIORITIES),
            odd_tags(tags),
            odd_id("job_id", job_id),
        )
        body = {
            "itemType": "Job",
            "name": name,
            "providerId": provider_id,
            "target": target,
            "inputDataFormat": payload.input_data_format,
            "outputDataFormat": payload.output_data_format,
            "inputParams": dict(payload.input_params),
            "metadata": dict(payload.metadata) or None,
            "priority": spelled(priority, PRIORITIES),
            "tags": None if tags is None else list(tags),
        }
        own_id = job_id or str(uuid.uuid4())
        return cls(without_nones(body), payload.content_type, payload.data, own_id, has_own_id=job_id is not None)

    def into(self, session_id: str) -> NewJob:
        """Return the same job in a session."""
        return msgspec.structs.replace(self, body={**self.body, "sessionId": session_id})


@dataclass(frozen=True, slots=True)
class ResumedJobs:
    """What became of the jobs that a crash left open.

    Attributes:
        found: The service had them.
        sent: The service did not have them; they were sent now.
        unsent: The service does not have them, and they were not sent: not asked to, or the service refused.
        elsewhere: They were meant for other workspaces, or the journal does not tell for which. Nothing was done
            about them; resume them from their own workspace.
    """

    found: tuple[Job, ...]
    sent: tuple[Job, ...]
    unsent: tuple[Intent, ...]
    elsewhere: tuple[Intent, ...] = ()


class Submission:
    """Sends the jobs of one workspace."""

    def __init__(self, workspace: WorkspaceParts, journal: Journal | None) -> None:
        """Send for a workspace.

        Args:
            workspace: The workspace.
            journal: Notes what is sent; None for none.
        """
        self._workspace = workspace
        self._journal = journal
        self._ahead = Ahead(workspace)

    def submit(self, new: NewJob, session: Session | None, cost: float = 0.0) -> Job:
        """Send a job in three calls: request a container, upload, create the job. The first may have been made ahead.

        Args:
            new: The job.
            session: The session to join; None for none.
            cost: The job's estimated cost, for the session's budget.

        Raises:
            SessionError: The session takes no more jobs.
            BudgetExceededError: Its budget is used up.
            ServiceError: The service refused.
        """
        joined = session.id if session is not None else None
        with self._ahead.sending(joined, takes_id=not new.has_own_id) as spare:
            return self._submit(msgspec.structs.replace(new, id=spare) if spare else new, session, cost)

    def _submit(self, new: NewJob, session: Session | None, cost: float) -> Job:
        if session is None:
            return self._send(new, Reservation())
        params = new.body["inputParams"]
        shots = int(params.get("shots", 0)) * programs_in(params)
        with session.parts.reserve(new.body["target"], new.id, shots, cost) as reservation:
            return self._send_into(session, new, reservation)

    def _send_into(self, session: Session, new: NewJob, reservation: Reservation) -> Job:
        """Send a job into a session; if that timed out unnoticed and may be reopened, send it into the new one."""
        joined = session.id
        try:
            return self._send(new.into(joined), reservation)
        except ServiceError as error:
            if session.is_closed and _is_final(error):
                raise session.parts.terminal_error() from error  # another thread has closed it meanwhile
            if error.code != _SESSION_REFUSED:
                raise
            if session.id == joined:  # else another thread has reopened it meanwhile
                if not session.refresh().is_in_terminal_state():
                    raise
                if session.status is not SessionStatus.TIMED_OUT:
                    raise session.parts.terminal_error() from error
                session.parts.reopen(joined)
        return self._send(new.into(session.id), reservation)

    def _send(self, new: NewJob, reservation: Reservation) -> Job:
        """Request a container, upload, create the job; note the start and the end if there is a journal."""
        calls, journal = self._workspace.parts.calls, self._journal
        intent = Intent(new.id, new.body, new.content_type, new.data, self._now(), self._workspace.connection.url)
        if journal is not None:
            journal.intend(intent)
        try:
            container = self._ahead.container(new.id)
            uploaded = calls.blobs.upload(container, INPUT, new.data, new.content_type)
            reservation.may_exist = True
            raw = calls.create_job(new.id, {**new.body, "containerUri": container, "inputDataUri": uploaded})
        except ServiceError as error:
            reservation.may_exist &= may_have_worked(error)
            if journal is not None and _is_final(error):
                journal.refused(intent, self._now(), f"{error.status_code} {error.code}")
            raise
        if journal is not None:
            journal.sent(intent, self._now())
        _log.info("job %s sent to %s in session %s", new.id, new.body["target"], new.body.get("sessionId", "none"))
        return Job(self._workspace, raw, new.id)  # the job exists even if the answer cannot be read

    def _now(self) -> float:
        """Return seconds since 1970, as the journal notes them."""
        return self._workspace.clock.now().timestamp()

    def resume(self, *, send: bool = True) -> ResumedJobs:
        """Find out what became of the jobs that a crash left open in the journal.

        Args:
            send: Whether to send those that the service does not have, with the ids that the journal has for them.

        Returns:
            The jobs that the service had, those that were sent now, and those that were not sent.

        Raises:
            ConfigurationError: The workspace has no journal.
        """
        if self._journal is None:
            raise ConfigurationError("This workspace keeps no journal. Make it with journal=<path>.")
        found: list[Job] = []
        sent: list[Job] = []
        unsent: list[Intent] = []
        elsewhere: list[Intent] = []
        for intent in self._journal.open_intents():
            if intent.workspace != self._workspace.connection.url:
                _log.warning(
                    "job %s was meant for %s; it is left in the journal: resume it from that workspace",
                    intent.job_id,
                    intent.workspace or "a workspace that the journal does not name",
                )
                elsewhere.append(intent)
                continue
            try:
                raw = self._found(intent.job_id)
                if raw is not None:
                    found.append(Job(self._workspace, raw, intent.job_id))
                    self._journal.sent(intent, self._now())
                elif send:
                    new = NewJob(intent.body, intent.content_type, intent.data, intent.job_id)
                    sent.append(self._send(new, Reservation()))
                else:
                    unsent.append(intent)
            except ServiceError as error:
                _log.warning("job %s could not be sent: %s", intent.job_id, error)
                unsent.append(intent)
        return ResumedJobs(tuple(found), tuple(sent), tuple(unsent), tuple(elsewhere))

    def _found(self, job_id: str) -> bytes | None:
        """Return a job as the service has it; None if it does not have it."""
        try:
            return self._workspace.parts.calls.get_job(job_id)
        except NotFoundError:
            return None
