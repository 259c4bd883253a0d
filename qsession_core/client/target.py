"""A target: what it accepts, and jobs and sessions on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex

from qsession_core.catalog import KnownTarget
from qsession_core.client.interface import WorkspaceParts
from qsession_core.client.session_host import SessionHost
from qsession_core.client.session_slot import SessionSlot
from qsession_core.client.submitting.submission import NewJob
from qsession_core.errors import ConfigurationError, ConversionError
from qsession_core.keywords import strict_keywords
from qsession_core.logs import logger
from qsession_core.providers.row import DEFAULT_SHOTS, Provider

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.client.job import Job
    from qsession_core.client.job_set import JobSet
    from qsession_core.client.service.models import TargetStatus
    from qsession_core.client.service.status import Priority
    from qsession_core.client.session import Session
    from qsession_core.client.submitting.cost import Quote
    from qsession_core.client.submitting.encoding import Encoder, PayloadTemplate
    from qsession_core.client.submitting.quota import QuotaGuard, QuotaLeft
    from qsession_core.formats import Payload
    from qsession_core.program import Program

__all__ = ["Target", "TargetWorkspace"]

_log = logger(__name__)
UNKNOWN_NUM_QUBITS = 100  # assumed for a target that neither the workspace nor our table knows


class TargetWorkspace(WorkspaceParts, Protocol):
    """A workspace as its targets see it; ``workspace.py`` imports this module.

    Attributes:
        quotas: Compares estimates with the quotas.
    """

    quotas: QuotaGuard

    def get_target(self, name: str) -> Target:
        """Return the target of this name."""
        ...

    def get_job(self, job_id: str) -> Job:
        """Return a job."""
        ...


class Target(SessionHost):
    """A target of a workspace: hardware, or a simulator of the provider.

    A session belongs to the object that opened it: jobs of the same object join it, and jobs that get it by
    ``session=``.

    >>> from qsession_core import Program, Workspace
    >>> flip = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))], name="flip")
    >>> target = Workspace.local(seed=7).get_target("ionq.simulator")
    >>> target.num_qubits, target.current_availability
    (29, 'Available')
    >>> target.submit(flip, shots=10).result().counts
    {'1': 10}

    Attributes:
        workspace: The workspace that it belongs to.
        provider: What is known of its provider.
        provider_id: The provider's id in the workspace.
        details: The members of the last answer about it.
    """

    def __init__(self, workspace: TargetWorkspace, provider: Provider, status: TargetStatus, provider_id: str) -> None:
        """Combine the workspace's answer with the provider's table; users get targets from ``get_targets``.

        Args:
            workspace: The workspace that it belongs to.
            provider: What is known of its provider.
            status: The workspace's answer; it wins over the provider's table.
            provider_id: The provider's id in the workspace.
        """
        self.workspace = workspace
        self.provider = provider
        self.provider_id = provider_id
        self.details = status
        self._warned: set[str] = set()  # what the encoder has warned of already
        self.session_slot: SessionSlot[Session] = SessionSlot(workspace, status.id, provider_id, self.row.hold_seconds)

    def __repr__(self) -> str:
        return f"<Target {self.name}: {self.num_qubits} qubits, {self.target_profile or 'no QIR'}>"

    def _repr_html_(self) -> str:
        from qsession_core.display.notebook import card
        from qsession_core.display.text import duration

        queue = self.average_queue_time
        facts = [
            ("qubits", self.num_qubits),
            ("profile", self.target_profile),
            ("now", self.current_availability),
            ("queue", None if queue is None else duration(queue)),
            ("session", self.latest_session and self.latest_session.name),
        ]
        return card(f"Target {self.name}", facts)

    @property
    def name(self) -> str:
        """The target's id, such as ``"ionq.simulator"``."""
        return self.details.id

    @property
    def num_qubits(self) -> int:
        """How many qubits a program may have; 100 if unknown."""
        return self.known_num_qubits or UNKNOWN_NUM_QUBITS

    @property
    def known_num_qubits(self) -> int | None:
        """How many qubits a program may have; None if unknown."""
        return self.row.num_qubits or None

    @property
    def target_profile(self) -> str:
        """The QIR profile: ``"Base"``, ``"Adaptive_RI"``, ``"Adaptive_RIF"``; empty if it takes no QIR."""
        return self.row.profile

    @property
    def max_shots(self) -> int | None:
        """The most shots of one job; None for no known limit."""
        return self.row.max_shots

    @property
    def default_shots(self) -> int:
        """How many shots a job has by default."""
        return DEFAULT_SHOTS

    @property
    def is_simulator(self) -> bool:
        """Whether it is a simulator rather than hardware."""
        return self.row.is_simulator or ".sim" in self.name

    @property
    def input_data_formats(self) -> tuple[str, ...]:
        """The formats that programs are encoded in, the default first."""
        return tuple(format_.input_data_format for format_ in self.provider.formats)

    @property
    def current_availability(self) -> str | None:
        """``"Available"``, ``"Degraded"`` (takes jobs, does not run them now) or ``"Unavailable"``; None if unknown."""
        return self.details.current_availability

    @property
    def average_queue_time(self) -> float | None:
        """How long a job waits, in seconds; None if unknown."""
        return self.details.average_queue_time

    @property
    def row(self) -> KnownTarget:
        """What is known of it: the workspace's answer, completed by the provider's table; 0 qubits if unknown."""
        known = self.provider.target(self.name) or KnownTarget(self.name, 0)
        return replace(
            known,
            num_qubits=self.details.num_qubits or known.num_qubits,
            profile=self.details.target_profile or known.profile,
        )

    def refresh(self) -> Target:
        """Fetch its present state."""
        self.details = self.workspace.get_target(self.name).details
        return self

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
        allow_unknown: bool = False,
    ) -> Payload:
        """Return the payload that ``submit`` would send, after all checks; nothing is sent.

        Args:
            input_data: A Program, a circuit of an SDK whose front end is installed, an object with ``_repr_qir_`` (Q#
                through qdk), a Payload, a dict of the provider's JSON; or a text, bytes or the path of a file in
                OpenQASM 2, OpenQASM 3 (compiled by qdk), QIR, Quil or the provider's JSON. Any other text needs
                ``input_data_format``.
            shots: At least 1; by default 500.
            input_data_format: The format to encode it in, or in which it is encoded already; by default the first of
                the target's that can express it.
            input_params: More of the job's ``inputParams``, by the service's and provider's own names.
            metadata: More metadata.
            gateset: ``"qis"`` or ``"native"``, if the provider has gate sets.
            allow_unknown: Let names and values in ``input_params`` through that the provider's row does not know.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
        """
        return self._encoder(input_data_format, gateset, allow_unknown=allow_unknown).encode(
            input_data, shots, input_params, metadata
        )

    def _encoder(self, input_data_format: str | None, gateset: str | None, *, allow_unknown: bool) -> Encoder:
        from qsession_core.client.submitting.encoding import Encoder  # with all formats, which lists do not need

        return Encoder(
            self.provider,
            self.row,
            input_data_format,
            gateset,
            self.details.num_qubits,
            self._warned,
            allow_unknown=allow_unknown,
        )

    @strict_keywords
    def estimate_cost(
        self,
        input_data: object,
        shots: SupportsIndex | None = None,
        *,
        input_data_format: str | None = None,
        input_params: Mapping[str, Any] | None = None,
        gateset: str | None = None,
        allow_unknown: bool = False,
    ) -> Quote:
        """Estimate what a job costs, from ``workspace.prices``; nothing is sent. Arguments as for :meth:`encode`.

        The estimate is compared with what the workspace's quotas leave; what exceeds them is logged, and listed in
        ``exceeds``.

        Returns:
            The estimate; of a list or tuple of programs, the sum, with the estimate of each in ``parts``.

        Raises:
            ConversionError: It cannot be sent as it is.
            ConfigurationError: There is no price for this target, or its gates cannot be counted.
        """
        from qsession_core.client.submitting.cost import Quote

        several = isinstance(input_data, list | tuple)
        programs: Sequence[object] = input_data if several else [input_data]  # type: ignore[assignment]
        if not programs:
            raise ConversionError("There is no program to estimate; pass at least one.")
        quotes = [
            self._quote(
                self.encode(
                    program,
                    shots=shots,
                    input_data_format=input_data_format,
                    input_params=input_params,
                    gateset=gateset,
                    allow_unknown=allow_unknown,
                )
            )
            for program in programs
        ]
        quote = Quote.sum_of(quotes) if several else quotes[0]
        exceeds = self.workspace.quotas.warnings(quote, self.provider_id)
        for sentence in exceeds:
            _log.warning("%s: %s", self.name, sentence)
        return replace(quote, exceeds=exceeds)

    def quota_left(self) -> list[QuotaLeft]:
        """Return what is left of each quota that the workspace has of this target's provider."""
        return self.workspace.quotas.left(self.provider_id)

    def _quote(self, payload: Payload) -> Quote:
        """Return the estimate of a payload's cost."""
        from qsession_core.client.submitting.cost import estimate

        return estimate(
            payload.data,
            payload.input_data_format,
            payload.input_params["shots"],
            self.name,
            self.workspace.prices,
            payload.input_params,
            counter=self.workspace.parts.counter,
        )

    def _admit(self, payloads: Sequence[Payload]) -> None:
        """Compare payloads with the quotas before they are submitted, if the workspace wants that.

        Raises:
            BudgetExceededError: The workspace's policy is to refuse, and they exceed a quota.
        """
        if self.workspace.quotas.policy == "ignore" or not payloads:
            return
        try:
            quotes = [self._quote(payload) for payload in payloads]
        except ConfigurationError as error:
            _log.warning("%s: the quotas are not checked: %s", self.name, error)
            return
        if any(quote.amount for quote in quotes):
            self.workspace.quotas.admit(quotes, self.provider_id, self.name)

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
        allow_unknown: bool = False,
    ) -> PayloadTemplate:
        """Encode a program with parameters once, for many bindings; keywords as for :meth:`encode`.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
        """
        return self._encoder(input_data_format, gateset, allow_unknown=allow_unknown).template(
            program, shots, input_params, metadata
        )

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
        allow_unknown: bool = False,
    ) -> Job:
        """Encode a program, send it, and return its job, in three calls.

        Args:
            input_data: As for :meth:`encode`.
            name: The job's name; by default the program's.
            shots: At least 1; by default 500.
            input_params: More of the job's ``inputParams``.
            session: The session to join; by default the one that this object has opened, if any.
            priority: ``"Standard"`` or ``"High"``.
            tags: The job's tags.
            metadata: More metadata.
            input_data_format: As for :meth:`encode`.
            output_data_format: If the input format has several, such as ``"microsoft.quantum-results.v1"``.
            gateset: As for :meth:`encode`.
            job_id: The job's id; by default a new one. Sending the same id again makes no second job.
            allow_unknown: As for :meth:`encode`.

        Returns:
            The job.

        Raises:
            ConversionError: It cannot be sent as it is.
            SessionError: The session takes no more jobs.
            BudgetExceededError: The session's budget is used up.
            ServiceError: The service refused.
        """
        from qsession_core.client.submitting.encoding import name_of

        payload = self.encode(
            input_data,
            shots=shots,
            input_data_format=input_data_format,
            input_params=input_params,
            metadata=metadata,
            gateset=gateset,
            allow_unknown=allow_unknown,
        )
        if output_data_format is not None:
            payload = replace(payload, output_data_format=output_data_format)
        self._admit([payload])
        return self._send(payload, name or name_of(input_data), self._joined(session), priority, tags, job_id)

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
        allow_unknown: bool = False,
    ) -> JobSet:
        """Send many programs with bounded parallelism; the jobs come in their order.

        Args:
            inputs: Each as for :meth:`encode`; all are encoded and checked before the first is sent.
            names: A name for each; by default the program's.
            shots: At least 1, for each; by default a payload's own, or 500.
            input_params: More of the jobs' ``inputParams``.
            session: The session to join; by default the one that this object has opened, if any.
            priority: ``"Standard"`` or ``"High"``.
            tags: Tags of every job.
            metadata: More metadata of every job.
            input_data_format: As for :meth:`encode`.
            gateset: As for :meth:`encode`.
            allow_unknown: As for :meth:`encode`.

        Raises:
            ConversionError: One of them cannot be sent as it is; nothing was sent.
            ConfigurationError: The number of names is not that of the inputs; nothing was sent.
        """
        from qsession_core.client.job_set import submit_all
        from qsession_core.client.submitting.encoding import name_of

        payloads = [
            self.encode(
                input_data,
                shots=shots,
                input_data_format=input_data_format,
                input_params=input_params,
                metadata=metadata,
                gateset=gateset,
                allow_unknown=allow_unknown,
            )
            for input_data in inputs
        ]
        if names is not None and len(names) != len(payloads):
            raise ConfigurationError(f"There are {len(payloads)} inputs and {len(names)} names; give each input one.")
        if names is None:
            names = [name_of(input_data) for input_data in inputs]
        joined = self._joined(session)
        self._admit(payloads)

        def submit(place: int) -> Job:
            return self._send(payloads[place], names[place], joined, priority, tags)

        return submit_all(self.workspace, len(payloads), submit)

    def _joined(self, session: object) -> Session | None:
        """Return the session that is given; without one, the latest of this object."""
        if session is None:
            return self.latest_session
        from qsession_core.client.session import session_of

        return session_of(session)

    def _send(
        self,
        payload: Payload,
        name: str,
        session: Session | None,
        priority: Priority | str | None,
        tags: Sequence[str] | None,
        job_id: str | None = None,
    ) -> Job:
        """Send a payload into the session; arguments as for :meth:`submit`."""
        new = NewJob.of(payload, self.name, self.provider_id, name=name, priority=priority, tags=tags, job_id=job_id)
        cost = self._quote(payload).amount if session is not None and session.limits_cost else 0.0
        sent: Job = self.workspace.parts.submission.submit(new, session, cost)
        return sent
