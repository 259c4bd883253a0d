"""A target: what it takes, and jobs and sessions on it."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex

from qsession_core.catalog import KnownTarget
from qsession_core.client.session import Budget, Session, SessionSlot, Terms
from qsession_core.client.submitting.checks import tag_list
from qsession_core.client.submitting.cost import Quote, estimate
from qsession_core.client.submitting.encoding import Encoder, PayloadTemplate, name_of
from qsession_core.errors import ConfigurationError, ServiceError, TransportError
from qsession_core.keywords import strict_keywords
from qsession_core.providers.row import DEFAULT_SHOTS, Provider

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.client.job import Job
    from qsession_core.client.job_set import JobSet
    from qsession_core.client.service.models import TargetStatus
    from qsession_core.client.service.status import Priority, SessionJobFailurePolicy
    from qsession_core.client.workspace import Workspace
    from qsession_core.formats import Payload
    from qsession_core.program import Program

__all__ = ["PayloadTemplate", "Target"]

# A target that neither its workspace nor a row describes is taken to be as wide as the widest known
UNKNOWN_NUM_QUBITS = 100


class Target:
    """A target of a workspace: hardware, or a simulator of the provider.

    A session belongs to the object that opened it: jobs of the same object join it, and jobs that are given it by
    ``session=``.
    """

    def __init__(self, workspace: Workspace, provider: Provider, status: TargetStatus, provider_id: str) -> None:
        """Join what the workspace says with the provider's row; users get targets from ``get_targets``.

        Args:
            workspace: Where the target is.
            provider: The provider's row.
            status: What the workspace says; it wins over the row.
            provider_id: The provider's id in the workspace.
        """
        self.workspace = workspace
        self.provider = provider
        self.provider_id = provider_id
        self.details = status
        self._row = provider.target(status.id) or KnownTarget(status.id, 0)
        self._slot = SessionSlot()

    def __repr__(self) -> str:
        return f"<Target {self.name}: {self.num_qubits} qubits, {self.target_profile or 'no QIR'}>"

    @property
    def name(self) -> str:
        """The target's id, such as ``"ionq.simulator"``."""
        return self.details.id

    @property
    def num_qubits(self) -> int:
        """How many qubits a program may have; 100 where nobody says."""
        return self.known_num_qubits or UNKNOWN_NUM_QUBITS

    @property
    def known_num_qubits(self) -> int | None:
        """How many qubits a program may have; None where nobody says."""
        return self.details.num_qubits or self._row.num_qubits or None

    @property
    def target_profile(self) -> str:
        """The QIR profile: ``"Base"``, ``"Adaptive_RI"``, ``"Adaptive_RIF"``; empty where it takes no QIR."""
        return self.details.target_profile or self._row.profile

    @property
    def max_shots(self) -> int | None:
        """The most shots of one job; None for no known limit."""
        return self._row.max_shots

    @property
    def default_shots(self) -> int:
        """How many shots a job has if nobody says."""
        return DEFAULT_SHOTS

    @property
    def is_simulator(self) -> bool:
        """Whether no hardware is behind it."""
        return self._row.is_simulator or ".sim" in self.name

    @property
    def input_data_formats(self) -> tuple[str, ...]:
        """What programs are encoded in, the default first."""
        return tuple(format_.input_data_format for format_ in self.provider.formats)

    @property
    def current_availability(self) -> str | None:
        """``"Available"``, ``"Degraded"`` (takes jobs, does not run them now) or ``"Unavailable"``, as last told."""
        return self.details.current_availability

    @property
    def average_queue_time(self) -> float | None:
        """How long a job waits, in seconds, as last told."""
        return self.details.average_queue_time

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind the sessions that this process has attached."""
        return {**self.__dict__, "_slot": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._slot = SessionSlot()

    def refresh(self) -> Target:
        """Ask the workspace for the target's present state."""
        self.details = self.workspace.get_target(self.name).details
        return self

    # --- sessions ------------------------------------------------------------------------------------------------

    @property
    def latest_session(self) -> Session | None:
        """The session that the next job joins, if any."""
        return self._slot.current

    def get_latest_session_id(self) -> str | None:
        """Return the id of the session that the next job joins, if any."""
        session = self._slot.current
        return None if session is None else session.id

    @strict_keywords
    def open_session(
        self,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - the official client's keyword
        job_failure_policy: SessionJobFailurePolicy | str | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
        *,
        max_jobs: int | None = None,
        max_shots: int | None = None,
        max_time: float | None = None,
        max_cost: float | None = None,
        on_timeout: Literal["raise", "reopen"] = "raise",
    ) -> Session:
        """Open a session; jobs of this object join it until it is closed.

        Args:
            name: Its name; by default ``session-<id>``.
            id: Its id; by default a new one.
            job_failure_policy: ``"Abort"`` (a failing job ends the session; the service's default) or ``"Continue"``.
            priority: ``"Standard"`` or ``"High"``.
            tags: Its tags.
            max_jobs: How many jobs it may have.
            max_shots: How many shots they may have in all.
            max_time: How many seconds from now a job may still be sent.
            max_cost: How much its jobs may cost by estimate, in the currency or unit of the target's price.
            on_timeout: What to do when the service has ended the session after ten minutes without a job: ``"raise"``,
                or ``"reopen"``, going on in a new one.

        Returns:
            The session, open and attached; as a context manager it is closed at the end of the block.

        Raises:
            ServiceError: The service said no; nothing is attached then.
        """
        terms = Terms(
            self.provider_id,
            None if job_failure_policy is None else str(job_failure_policy),
            None if priority is None else str(priority),
            tuple(tag_list(tags) or ()),
            on_timeout,
            self._row.hold_seconds,
        )
        budget = Budget(max_jobs, max_shots, max_time, max_cost)
        session_id = id or str(uuid.uuid4())
        try:
            raw = self.workspace.send_open(
                self.name,
                self.provider_id,
                session_id=session_id,
                name=name,
                job_failure_policy=job_failure_policy,
                priority=priority,
                tags=tags,
            )
            session = Session(self.workspace, raw, slot=self._slot, budget=budget, terms=terms)
        except (TransportError, KeyboardInterrupt):
            if id is None:  # it may be open, with nobody who knows its id
                with contextlib.suppress(ServiceError, TransportError):
                    self.workspace.send_close(session_id)
            raise
        self.workspace.watch.add(session)
        return session.open()

    def attach_session(self, id: str) -> Session:  # noqa: A002 - the official client's keyword
        """Join a session that exists, from this process or another; it is never made.

        Args:
            id: The session's id.

        Raises:
            NotFoundError: There is none.
            SessionError: It is another target's, or takes no more jobs.
        """
        session = Session(self.workspace, self.workspace.fetch_session(id), slot=self._slot)
        session.check_target(self.name)
        return session.open()

    # --- encoding ------------------------------------------------------------------------------------------------

    @strict_keywords
    def encode(
        self,
        input_data: object,
        *,
        shots: SupportsIndex | None = None,
        input_data_format: str | None = None,
        input_params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, str] | None = None,
        gateset: str | None = None,
    ) -> Payload:
        """Return what would be sent, after all checks; nothing is sent.

        Args:
            input_data: A Program, a circuit of an SDK whose front end is installed, a dict, text or bytes that are
                encoded already, an object with ``_repr_qir_`` (Q# through qdk), or a Payload.
            shots: How many; by default 500.
            input_data_format: What to encode it in, or what it is encoded in; by default the target's.
            input_params: More of the job's ``inputParams``, by the service's and provider's own names.
            metadata: More metadata.
            gateset: Where the provider has several, such as ``"native"``.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
        """
        return Encoder(self, input_data_format, gateset).encode(input_data, shots, input_params, metadata)

    @strict_keywords
    def estimate_cost(
        self,
        input_data: object,
        shots: SupportsIndex | None = None,
        *,
        input_data_format: str | None = None,
        input_params: Mapping[str, Any] | None = None,
        gateset: str | None = None,
    ) -> Quote:
        """Estimate what a job costs, from ``workspace.prices``; nothing is sent. Arguments as of :meth:`encode`.

        Raises:
            ConversionError: It cannot be sent as it is.
            ConfigurationError: There is no price for this target.
        """
        payload = self.encode(
            input_data, shots=shots, input_data_format=input_data_format, input_params=input_params, gateset=gateset
        )
        return estimate(
            payload.data,
            payload.input_data_format,
            payload.input_params["shots"],
            self.name,
            self.workspace.prices,
            payload.input_params,
        )

    @strict_keywords
    def template(
        self,
        program: Program,
        *,
        shots: SupportsIndex | None = None,
        input_data_format: str | None = None,
        input_params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, str] | None = None,
        gateset: str | None = None,
    ) -> PayloadTemplate:
        """Encode a program with parameters once, for many bindings; keywords as of :meth:`encode`.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
        """
        return Encoder(self, input_data_format, gateset).template(program, shots, input_params, metadata)

    # --- jobs ----------------------------------------------------------------------------------------------------

    @strict_keywords
    def submit(
        self,
        input_data: object,
        name: str | None = None,
        shots: SupportsIndex | None = None,
        input_params: Mapping[str, Any] | None = None,
        *,
        session: Session | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        input_data_format: str | None = None,
        output_data_format: str | None = None,
        gateset: str | None = None,
        job_id: str | None = None,
    ) -> Job:
        """Encode a program, send it, and return its job, in three calls.

        Args:
            input_data: As of :meth:`encode`.
            name: The job's name; by default the program's.
            shots: How many; by default 500.
            input_params: More of the job's ``inputParams``.
            session: The session to join; by default the one that this object has opened, if any.
            priority: ``"Standard"`` or ``"High"``.
            tags: The job's tags.
            metadata: More metadata.
            input_data_format: As of :meth:`encode`.
            output_data_format: Where the input format has several, such as ``"microsoft.quantum-results.v1"``.
            gateset: As of :meth:`encode`.
            job_id: The job's id; by default a new one. Sending the same id again makes no second job.

        Returns:
            The job.

        Raises:
            ConversionError: It cannot be sent as it is.
            SessionError: The session takes no more jobs.
            BudgetExceededError: The session's budget is used up.
            ServiceError: The service said no.
        """
        payload = self.encode(
            input_data,
            shots=shots,
            input_data_format=input_data_format,
            input_params=input_params,
            metadata=metadata,
            gateset=gateset,
        )
        if output_data_format is not None:
            payload = replace(payload, output_data_format=output_data_format)
        return self.workspace.submit_payload(
            payload,
            self,
            name=name or name_of(input_data),
            session=session or self._slot.current,
            priority=priority,
            tags=tags,
            job_id=job_id,
        )

    @strict_keywords
    def submit_all(
        self,
        inputs: Sequence[object],
        *,
        names: Sequence[str] | None = None,
        shots: SupportsIndex | None = None,
        input_params: Mapping[str, Any] | None = None,
        session: Session | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        input_data_format: str | None = None,
        gateset: str | None = None,
    ) -> JobSet:
        """Send many programs with bounded parallelism; the jobs come in their order.

        Args:
            inputs: Each as of :meth:`encode`; all are encoded and checked before the first is sent.
            names: A name for each; by default the program's.
            shots: How many of each; by default 500, or what a payload says.
            input_params: More of the jobs' ``inputParams``.
            session: The session to join; by default the one that this object has opened, if any.
            priority: ``"Standard"`` or ``"High"``.
            tags: Tags of every job.
            metadata: More metadata of every job.
            input_data_format: As of :meth:`encode`.
            gateset: As of :meth:`encode`.

        Raises:
            ConversionError: One of them cannot be sent as it is; nothing was sent.
            ConfigurationError: There are more or fewer names than inputs; nothing was sent.
        """
        from qsession_core.client.job_set import submit_all

        payloads = [
            self.encode(
                input_data,
                shots=shots,
                input_data_format=input_data_format,
                input_params=input_params,
                metadata=metadata,
                gateset=gateset,
            )
            for input_data in inputs
        ]
        if names is not None and len(names) != len(payloads):
            raise ConfigurationError(f"There are {len(payloads)} inputs and {len(names)} names; give each input one.")
        if names is None:
            names = [name_of(input_data) for input_data in inputs]
        joined = session or self._slot.current

        def submit(place: int) -> Job:
            return self.workspace.submit_payload(
                payloads[place], self, name=names[place], session=joined, priority=priority, tags=tags
            )

        return submit_all(self.workspace, len(payloads), submit)
