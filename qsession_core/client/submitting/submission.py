"""Sending jobs: each once, into its session, and noted in the journal if there is one."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qsession_core.client.job import Job
from qsession_core.client.service.blobs import INPUT
from qsession_core.client.service.rest import said
from qsession_core.client.service.status import SessionStatus
from qsession_core.client.submitting.checks import tag_list
from qsession_core.errors import ConfigurationError, NotFoundError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.client.service.status import Priority
    from qsession_core.client.session import Session
    from qsession_core.client.submitting.journal import Intent, Journal
    from qsession_core.client.target import Target
    from qsession_core.client.workspace import Workspace
    from qsession_core.formats import Payload

__all__ = ["ResumedJobs", "Submission"]

_log = logging.getLogger(__name__)
_PASSING = frozenset({401, 408, 429})


@dataclass(frozen=True, slots=True)
class ResumedJobs:
    """What became of the jobs that a crash left open.

    Attributes:
        found: The service had them.
        sent: The service did not have them; they were sent now.
        unsent: The service does not have them, and they were not sent: so asked, or it said no.
    """

    found: tuple[Job, ...]
    sent: tuple[Job, ...]
    unsent: tuple[Intent, ...]


class _Attempt:
    """One attempt to send a job.

    Attributes:
        may_be_there: Whether the service may have the job although sending it failed: the answer to its creation did
            not come, or was an error of the service itself.
    """

    may_be_there = False


class Submission:
    """Sends the jobs of one workspace."""

    def __init__(self, workspace: Workspace, journal: Journal | None) -> None:
        """Send for a workspace.

        Args:
            workspace: Where to.
            journal: Notes what is sent; None for none.
        """
        self._workspace = workspace
        self._journal = journal

    def submit(
        self,
        payload: Payload,
        target: Target,
        *,
        name: str,
        session: Session | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
        job_id: str | None = None,
    ) -> Job:
        """Send a payload in three calls: ask for a container, upload, create the job.

        Args:
            payload: What to send.
            target: Where to run it.
            name: The job's name.
            session: The session to join.
            priority: ``"Standard"`` or ``"High"``.
            tags: The job's tags.
            job_id: The job's id; by default a new one.

        Raises:
            SessionError: The session takes no more jobs.
            BudgetExceededError: Its budget is used up.
            ConfigurationError: The tags are none.
            ServiceError: The service said no.
        """
        shots = int(payload.input_params.get("shots", 0))
        body = said(
            {
                "itemType": "Job",
                "name": name,
                "providerId": target.provider_id,
                "target": target.name,
                "inputDataFormat": payload.input_data_format,
                "outputDataFormat": payload.output_data_format,
                "inputParams": dict(payload.input_params),
                "metadata": dict(payload.metadata) or None,
                "priority": str(priority) if priority is not None else None,
                "tags": tag_list(tags),
            }
        )
        job_id = job_id or str(uuid.uuid4())
        if session is None:
            return self._send(job_id, body, payload.content_type, payload.data)
        cost = 0.0
        if session.limits_cost:
            cost = target.estimate_cost(payload).amount
        session.admit(target.name, shots, cost)
        sent, attempt = False, _Attempt()
        try:
            joined = session.id
            try:
                job = self._send(job_id, {**body, "sessionId": joined}, payload.content_type, payload.data, attempt)
            except ServiceError as error:
                # the service turns the session down: it ended without this process knowing
                if error.code != "InvalidJobDefinition":
                    raise
                if session.id == joined:  # else another thread has reopened it meanwhile
                    if not session.refresh().is_in_terminal_state():
                        raise
                    if session.status is not SessionStatus.TIMED_OUT:
                        raise session.terminal_error() from error
                    session.reopen(joined)
                job = self._send(job_id, {**body, "sessionId": session.id}, payload.content_type, payload.data, attempt)
            sent = True
        finally:
            if attempt.may_be_there and not sent:
                _log.warning("job %s may be there all the same; the session's budget counts it", job_id)
            elif not sent:
                session.withdraw(shots, cost)
        return job

    def _send(
        self, job_id: str, body: Mapping[str, Any], content_type: str, data: bytes, attempt: _Attempt | None = None
    ) -> Job:
        """Ask for a container, upload, create the job; note each step if there is a journal."""
        attempt = attempt or _Attempt()
        workspace, journal, now = self._workspace, self._journal, self._now
        if journal is not None:
            journal.intend(job_id, body, content_type, data, now())
        try:
            container = workspace.blobs.container(job_id)
            uploaded = workspace.blobs.upload(container, INPUT, data, content_type)
            addresses = {"containerUri": container, "inputDataUri": uploaded}
            attempt.may_be_there = True
            raw = workspace.create_job(job_id, {**body, **addresses})
        except ServiceError as error:
            attempt.may_be_there &= error.status_code >= 500 or error.status_code == 408  # noqa: PLR2004
            # 4xx: it will say no again, but for who asks too often, too slowly, or with a token that has expired
            if journal is not None and 400 <= error.status_code < 500 and error.status_code not in _PASSING:  # noqa: PLR2004
                journal.refused(job_id, now(), f"{error.status_code} {error.code}")
            raise
        if journal is not None:
            journal.sent(job_id, now())
        _log.info("job %s sent to %s%s", job_id, body["target"], f" in session {body.get('sessionId', 'none')}")
        return Job(workspace, raw, job_id)  # whatever the answer says, or does not: the job is there

    def _now(self) -> float:
        """Return seconds since 1970, as the journal notes them."""
        return self._workspace.clock.now().timestamp()

    def resume(self, *, send: bool = True) -> ResumedJobs:
        """Find out what became of the jobs that a crash left open in the journal.

        Args:
            send: Whether to send those that the service does not have, each with the id it was to have.

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
        for intent in self._journal.open_intents():
            try:
                found.append(self._workspace.get_job(intent.job_id))
                self._journal.sent(intent.job_id, self._now())
            except NotFoundError:
                if not send:
                    unsent.append(intent)
                    continue
                try:
                    sent.append(self._send(intent.job_id, intent.body, intent.content_type, intent.data))
                except ServiceError as error:
                    _log.warning("job %s could not be sent: %s", intent.job_id, error)
                    unsent.append(intent)
        return ResumedJobs(tuple(found), tuple(sent), tuple(unsent))
