"""A workspace: its targets, jobs and sessions as objects."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self, SupportsIndex, overload

from qsession_core.catalog import PRICES, Price
from qsession_core.client.interface import Parts
from qsession_core.client.item_lists import ItemLists
from qsession_core.client.job import Job, job_of
from qsession_core.client.service.calls import Calls
from qsession_core.client.service.rest import RestClient
from qsession_core.client.session import Session, session_of
from qsession_core.client.session_watch import SessionWatch
from qsession_core.client.submitting.quota import QuotaGuard
from qsession_core.client.submitting.submission import ResumedJobs, Submission
from qsession_core.client.target import Target
from qsession_core.clock import Clock, SystemClock
from qsession_core.display.listing import Listing, amounts_text
from qsession_core.display.text import duration
from qsession_core.errors import ConfigurationError, QSessionError, TargetNotFoundError, raise_together
from qsession_core.keywords import near, strict_keywords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qsession_core.client.job_set import JobSet
    from qsession_core.client.service.connection import Connection
    from qsession_core.client.service.models import Quota, TargetStatus
    from qsession_core.client.service.period import When
    from qsession_core.client.service.status import Priority
    from qsession_core.client.submitting.bill import CostSum, JobCost
    from qsession_core.client.submitting.cost import Counter
    from qsession_core.client.submitting.journal import Journal
    from qsession_core.transport import Transport
    from qsession_core.transport.auth import Authentication

__all__ = ["Workspace"]

# What a notebook shows of targets and of costs
_TARGET_COLUMNS: dict[str, Callable[[Target], object]] = {
    "Target": lambda target: target.name,
    "Qubits": lambda target: target.num_qubits,
    "QIR": lambda target: target.target_profile,
    "Now": lambda target: target.current_availability,
    "Queue": lambda target: None if target.average_queue_time is None else duration(target.average_queue_time),
}
_COST_COLUMNS: dict[str, Callable[[JobCost], object]] = {
    "Job": lambda cost: cost.name,
    "Target": lambda cost: cost.target,
    "Created": lambda cost: None if cost.created is None else f"{cost.created:%Y-%m-%d %H:%M}",
    "Cost": lambda cost: amounts_text(cost.amounts),
    "Tags": lambda cost: ", ".join(cost.tags),
}


class Workspace(ItemLists):
    """A workspace behind a transport; ``qsession_core.Workspace`` adds the ways to make one.

    Attributes:
        connection: Its ids and the endpoint.
        clock: Times polling, retries and budgets.
        user_agent: The application's part of the user agent.
        parts: What jobs, sessions and targets use of it; not for programs.
        prices: The price table for estimates; may be replaced.
        quotas: Compares estimates with the quotas; ``workspace.quotas.policy = "warn"`` or ``"refuse"`` lets every
            submission be compared.
    """

    def __init__(
        self,
        connection: Connection,
        transport: Transport,
        authentication: Authentication | None,
        *,
        clock: Clock | None = None,
        user_agent: str | None = None,
        parallelism: int = 16,
        journal: Journal | None = None,
        counter: Counter | None = None,
        wait_for_end: Callable[[str, float], None] | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            connection: Its ids and the endpoint.
            transport: Carries the calls.
            authentication: Adds the credential to each call; None if the service needs none.
            clock: Times polling and budgets; by default the machine's.
            user_agent: Put before our own user agent.
            parallelism: How many calls are made at the same time, at most.
            journal: Notes what is sent, for :meth:`resume`.
            counter: Counts the gates of encoded programs, for estimates of their cost.
            wait_for_end: Waits between two looks at a job: for so many seconds, or until it has ended. By default the
                clock is slept on.
        """
        self.connection = connection
        self.clock = clock or SystemClock()
        self.user_agent = user_agent
        self._transport = transport
        self.prices: Sequence[Price] = PRICES
        self.parts = Parts(
            Calls(RestClient(transport, connection, authentication, self.clock, user_agent)),
            SessionWatch(),
            parallelism,
            counter,
            Submission(self, journal),
            wait_for_end or self._sleep,
        )
        self.quotas = QuotaGuard(self.parts.calls.quotas, self.clock)

    def _sleep(self, _job_id: str, seconds: float) -> None:
        self.clock.sleep(seconds)

    def __repr__(self) -> str:
        return f"<Workspace {self.name!r} at {self.connection.endpoint}>"

    def _repr_html_(self) -> str:
        from qsession_core.display.notebook import card

        facts = [
            ("location", self.location),
            ("resource group", self.resource_group),
            ("endpoint", self.connection.endpoint),
        ]
        return card(f"Workspace {self.name}", facts)

    @property
    def subscription_id(self) -> str:
        """The subscription's GUID."""
        return self.connection.subscription_id

    @property
    def resource_group(self) -> str:
        """The resource group's name."""
        return self.connection.resource_group

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self.connection.name

    @property
    def location(self) -> str:
        """The region."""
        return self.connection.location

    def get_container_uri(
        self,
        job_id: str | None = None,
        container_name: str | None = None,
        container_name_format: str = "job-{job_id}",
    ) -> str:
        """Return the URL of a job's container with a SAS to write into it; the service creates the container.

        Args:
            job_id: The job's id; by default a new one.
            container_name: The container's name, instead of the one of a job.
            container_name_format: How the name is made of the job's id.

        Raises:
            ConfigurationError: The format has other places than ``{job_id}``.
        """
        try:
            name = container_name or container_name_format.format(job_id=job_id or str(uuid.uuid4()))
        except (LookupError, ValueError, AttributeError) as error:
            raise ConfigurationError(
                f"container_name_format={container_name_format!r} is no name with a place for {{job_id}}, such as "
                "'job-{job_id}'."
            ) from error
        return self.parts.calls.blobs.container_named(name)

    def close(self) -> None:
        """Close the sessions that this process has opened and not closed, and the transport's connections."""
        self.parts.watch.close_all()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # --- targets -------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Target:
        """Return the target of this name; ``workspace["ionq.<Tab>"]`` completes it."""
        return self.get_target(name)

    def _ipython_key_completions_(self) -> list[str]:
        return [target.name for target in self.get_targets()]

    @overload
    def get_targets(self, name: None = None, provider_id: str | None = None) -> list[Target]: ...
    @overload
    def get_targets(self, name: str, provider_id: str | None = None) -> Target: ...
    @strict_keywords
    def get_targets(self, name: str | None = None, provider_id: str | None = None) -> Any:
        """Return the workspace's targets.

        Args:
            name: Only the target of this name.
            provider_id: Only targets of this provider.

        Returns:
            A list of targets; with a name, that one target.

        Raises:
            TargetNotFoundError: There is none of this name.
        """
        if name is not None:
            return self.get_target(name)
        found = [
            self._target(provider.id, target)
            for provider in self.parts.calls.provider_status()
            if provider_id is None or provider.id.lower() == provider_id.lower()
            for target in provider.targets
        ]
        return Listing(found, _TARGET_COLUMNS)

    def get_target(self, name: str) -> Target:
        """Return the target of this name.

        Raises:
            ConfigurationError: The name is no text.
            TargetNotFoundError: There is none; the error names similar ones.
        """
        if not isinstance(name, str):
            raise ConfigurationError(f"A target is asked for by its name, such as 'ionq.simulator', not by {name!r}.")
        names: list[str] = []
        for provider in self.parts.calls.provider_status():
            for target in provider.targets:
                if target.id.lower() == name.lower():  # only its own provider's plugin is loaded: another may be broken
                    return self._target(provider.id, target)
                names.append(target.id)
        advice = near(name, names)
        raise TargetNotFoundError(
            f"Workspace {self.name!r} has no target {name!r}. {advice}",
            name=name,
            close_matches=tuple(other for other in names if repr(other) in advice),
        )

    def _target(self, provider_id: str, status: TargetStatus) -> Target:
        from qsession_core.providers.find import find_provider  # with all formats, which lists of jobs do not need

        return Target(self, find_provider(provider_id.lower()), status, provider_id)

    @strict_keywords
    def get_quotas(self) -> list[Quota]:
        """Return the quotas with what is used of them."""
        return self.parts.calls.quotas()

    # --- jobs ----------------------------------------------------------------------------------------------------

    def get_job(self, job_id: str) -> Job:
        """Return a job, sent by any client.

        Raises:
            NotFoundError: There is none of this id.
        """
        return Job(self, self.parts.calls.get_job(job_id))

    def cancel_job(self, job: Job) -> Job:
        """Ask the service to cancel a job."""
        return job_of(job).cancel()

    @strict_keywords
    def update_job(
        self,
        job: Job,
        *,
        name: str | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Job:
        """Change a job's name, priority or tags; None leaves a member unchanged."""
        return job_of(job).update(name=name, priority=priority, tags=tags)

    def delete_job(self, job: Job | str) -> None:
        """Delete a job from the service."""
        self.parts.calls.delete_job(job if isinstance(job, str) else job_of(job).id)

    @strict_keywords
    def submit_all(
        self,
        target: Target | str,
        inputs: Sequence[object],
        *,
        names: Sequence[str] | None = None,
        shots: SupportsIndex | None = None,
        input_params: Mapping[str, Any] | None = None,
        session: Session | None = None,
    ) -> JobSet:
        """Send many programs to one target with bounded parallelism; see :meth:`Target.submit_all`."""
        chosen = self.get_target(target) if isinstance(target, str) else target
        return chosen.submit_all(inputs, names=names, shots=shots, input_params=input_params, session=session)

    def resume(self, *, send: bool = True) -> ResumedJobs:
        """Find out what became of the jobs that a crash left open in the journal; see :meth:`Submission.resume`."""
        resumed: ResumedJobs = self.parts.submission.resume(send=send)
        return resumed

    @strict_keywords
    def costs(self, since: When | None = None, until: When | None = None) -> list[JobCost]:
        """Return what jobs have cost according to the service, the oldest first.

        Args:
            since: Only jobs created at this time or later, as ``created_after`` of :meth:`list_jobs`.
            until: Only jobs created before this time, as ``created_before``.
        """
        from qsession_core.client.submitting.bill import JobCost

        jobs = self.list_jobs(created_after=since, created_before=until, orderby_property="CreationTime")
        return Listing((JobCost.of(job.details, self.prices) for job in jobs), _COST_COLUMNS)

    @strict_keywords
    def costs_by(self, by: str, since: When | None = None, until: When | None = None) -> list[CostSum]:
        """Return what jobs have cost together.

        Args:
            by: ``"tag"``, ``"day"``, ``"session"`` or ``"target"``. A job with several tags counts under each of them.
            since: As for :meth:`costs`.
            until: As for :meth:`costs`.

        Raises:
            ConfigurationError: Costs cannot be summed by this.
        """
        from qsession_core.client.submitting.bill import sums

        return Listing(
            sums(self.costs(since, until), by),
            {
                by.title(): lambda row: row.key,
                "Jobs": lambda row: row.jobs,
                "Cost": lambda row: amounts_text(row.amounts),
            },
        )

    # --- sessions ------------------------------------------------------------------------------------------------

    def open_session(self, session: Session) -> None:
        """Open a session that was described: ``Session(workspace, target=...)``; the same as its ``open()``."""
        session_of(session).open()

    def close_session(self, session: Session) -> None:
        """Close a session; the same as its ``close()``."""
        session_of(session).close()

    def refresh_session(self, session: Session) -> None:
        """Fetch a session's present state; the same as its ``refresh()``."""
        session_of(session).refresh()

    def get_session(self, session_id: str) -> Session:
        """Return a session, opened by any client.

        Raises:
            NotFoundError: There is none of this id.
        """
        return Session.of(self, self.parts.calls.get_session(session_id))

    def open_sessions(self) -> list[Session]:
        """Return the workspace's sessions that still take jobs, opened by any client."""
        return [session for session in self.list_sessions() if not session.is_in_terminal_state()]

    def close_all_sessions(self) -> list[Session]:
        """Close every session of the workspace that still takes jobs, and return them.

        Jobs of targets that have joined one of them no longer join it.

        Raises:
            ServiceError: The service refused to close one of them; the others are closed.
            TransportError: No answer came.
        """
        listed = self.open_sessions()
        failures: list[QSessionError] = []
        for session in listed:
            try:
                session.close()
                for joined in self.parts.watch.joined(session.id):
                    joined.refresh().close()
            except QSessionError as failure:
                failures.append(failure)
        raise_together(failures)
        return listed
