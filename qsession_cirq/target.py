"""A target that takes Cirq circuits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import cirq

from qsession_cirq.job import Job
from qsession_core.errors import QSessionError
from qsession_core.keywords import strict_keywords, unknown_keywords

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_cirq.basis import IonQNativeGateset, TargetGateset
    from qsession_cirq.encoding import Encoding
    from qsession_cirq.sampler import Sampler
    from qsession_core import Payload, Priority, Session, SessionJobFailurePolicy, Workspace
    from qsession_core import Target as CoreTarget

__all__ = ["JOB_NAME", "REPETITIONS", "Target"]

JOB_NAME = "cirq-job"
REPETITIONS = 500  # the official client's default


class Target:
    """A target of the workspace for Cirq circuits.

    A session that this object has opened is joined by everything that is sent through it: its own ``submit`` and
    samplers, and the service's ``run`` and ``create_job``, since the service has one such object a name.
    """

    def __init__(self, core: CoreTarget) -> None:
        """Wrap a target of the core; users get targets from ``service.get_target``.

        Args:
            core: The core's target; its session is this object's session.
        """
        self.core = core

    def __repr__(self) -> str:
        return f"<qsession_cirq.Target {self.name}: {self.num_qubits} qubits, {self.target_profile or 'no QIR'}>"

    # --- facts -------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The target's id, such as ``"ionq.simulator"``."""
        return self.core.name

    @property
    def provider_id(self) -> str:
        """The provider's id in the workspace."""
        return self.core.provider_id

    @property
    def num_qubits(self) -> int:
        """How many qubits a circuit may have."""
        return self.core.num_qubits

    @property
    def target_profile(self) -> str:
        """The QIR profile: ``"Base"``, ``"Adaptive_RI"`` (takes classical control), ``"Adaptive_RIF"``."""
        return self.core.target_profile

    @property
    def max_repetitions(self) -> int | None:
        """The most repetitions of one job; None for no known limit."""
        return self.core.max_shots

    @property
    def is_simulator(self) -> bool:
        """Whether no hardware is behind it."""
        return self.core.is_simulator

    @property
    def input_data_formats(self) -> tuple[str, ...]:
        """What circuits are encoded in, the default first."""
        return self.core.input_data_formats

    @property
    def workspace(self) -> Workspace:
        """The workspace that it is in."""
        workspace: Workspace = self.core.workspace  # type: ignore[assignment]  # it is made by connect only
        return workspace

    @property
    def gateset(self) -> TargetGateset:
        """What it takes as it is, for ``cirq.optimize_for_target_gateset(circuit, gateset=target.gateset)``."""
        from qsession_cirq.basis import TargetGateset

        return TargetGateset(resets=self.target_profile.startswith("Adaptive"))

    @property
    def native_gateset(self) -> IonQNativeGateset | None:
        """IonQ's native gates; a circuit of nothing else is sent as such. None where the provider has no such set."""
        from qsession_cirq.basis import IonQNativeGateset

        if "native" not in self.core.provider.gatesets:
            return None
        known = self.core.provider.target(self.name)
        return IonQNativeGateset(zz=known is not None and known.pair_gate == "zz")

    # --- sessions ----------------------------------------------------------------------------------------------

    @property
    def latest_session(self) -> Session | None:
        """The session that the next job joins, if any."""
        return self.core.latest_session

    def get_latest_session_id(self) -> str | None:
        """Return the id of the session that the next job joins, if any."""
        return self.core.get_latest_session_id()

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
        """Open a session; jobs that are sent through this object join it until it is closed.

        Args:
            name: Its name; by default ``session-<id>``.
            id: Its id; by default a new one.
            job_failure_policy: ``"Abort"`` (a failing job ends the session; the service's default) or ``"Continue"``.
            priority: ``"Standard"`` or ``"High"``.
            tags: Its tags.
            max_jobs: How many jobs it may have.
            max_shots: How many repetitions they may have in all.
            max_time: How many seconds from now a job may still be sent.
            max_cost: What its jobs may cost in all, by estimate.
            on_timeout: ``"reopen"`` to go on in a new session where the service has ended an idle one.

        Returns:
            The session, open and joined; as a context manager it is closed at the end of the block.
        """
        return self.core.open_session(
            name,
            id,
            job_failure_policy,
            priority,
            tags,
            max_jobs=max_jobs,
            max_shots=max_shots,
            max_time=max_time,
            max_cost=max_cost,
            on_timeout=on_timeout,
        )

    def attach_session(self, id: str) -> Session:  # noqa: A002 - the official client's keyword
        """Join a session that exists, from this process or another.

        Args:
            id: The session's id.
        """
        return self.core.attach_session(id)

    # --- jobs --------------------------------------------------------------------------------------------------

    def encode(
        self,
        program: cirq.AbstractCircuit,
        *,
        repetitions: int = REPETITIONS,
        param_resolver: cirq.ParamResolverOrSimilarType = None,
        input_params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        input_data_format: str | None = None,
        gateset: str | None = None,
        **options: Any,
    ) -> Payload:
        """Return what would be sent; nothing is.

        Args:
            program: The circuit.
            repetitions: How many.
            param_resolver: Values of its symbols.
            input_params: More of the job's ``inputParams``, by the service's and provider's own names.
            metadata: More metadata.
            input_data_format: What to encode it in; by default the first of the target's that can hold it.
            gateset: ``"qis"`` or ``"native"`` on IonQ; by default native for a circuit of native gates alone.
            **options: The provider's own parameters, as in ``input_params``.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
            TypeError: An option is none of the provider's.
        """
        params = self._input_params("encode", input_params, options)
        encoding = self._encoding(params, metadata, input_data_format, gateset)
        return encoding.one(program, repetitions, cirq.ParamResolver(param_resolver))

    def submit(
        self,
        program: cirq.AbstractCircuit,
        name: str = JOB_NAME,
        repetitions: int = REPETITIONS,
        *,
        param_resolver: cirq.ParamResolverOrSimilarType = None,
        session: Session | None = None,
        input_params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        input_data_format: str | None = None,
        output_data_format: str | None = None,
        gateset: str | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
        job_id: str | None = None,
        **options: Any,
    ) -> Job:
        """Send a circuit.

        Args:
            program: The circuit; it has to measure something.
            name: The job's name.
            repetitions: How many.
            param_resolver: Values of its symbols.
            session: The session to join; by default the one that this object has opened, if any.
            input_params: More of the job's ``inputParams``, by the service's and provider's own names.
            metadata: More metadata.
            input_data_format: As of :meth:`encode`.
            output_data_format: Where the input format has several, such as ``"microsoft.quantum-results.v1"``.
            gateset: As of :meth:`encode`.
            priority: ``"Standard"`` or ``"High"``.
            tags: The job's tags.
            job_id: The job's id; by default a new one.
            **options: The provider's own parameters, as in ``input_params``: ``**{"error-model": False}`` or
                ``error_model=False``.

        Returns:
            The job.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
            TypeError: An option is none of the provider's.
            SessionError: The session takes no more jobs.
            ServiceError: The service said no.
        """
        params = self._input_params("submit", input_params, options)
        encoding = self._encoding(params, metadata, input_data_format, gateset)
        resolver = cirq.ParamResolver(param_resolver)
        payload = encoding.one(program, repetitions, resolver)
        job = self.core.submit(
            payload,
            name,
            payload.input_params["shots"],
            session=session,
            priority=priority,
            tags=tags,
            output_data_format=output_data_format,
            job_id=job_id,
        )
        return Job(job, params=resolver)

    def submit_sweep(
        self,
        program: cirq.AbstractCircuit,
        params: cirq.Sweepable,
        repetitions: int = REPETITIONS,
        *,
        name: str = JOB_NAME,
        session: Session | None = None,
        input_params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        input_data_format: str | None = None,
        gateset: str | None = None,
    ) -> list[Job | QSessionError]:
        """Send a circuit once for every point of a sweep; it is converted once, and several jobs are sent at a time.

        Args:
            program: The circuit.
            params: Anything that Cirq takes for a sweep; one job a point.
            repetitions: How many at each point.
            name: The jobs' name; with more than one point, its number is put behind it.
            session: As of :meth:`submit`.
            input_params: As of :meth:`submit`.
            metadata: As of :meth:`submit`.
            input_data_format: As of :meth:`encode`.
            gateset: As of :meth:`encode`.

        Returns:
            The jobs in the points' order. In the place of one that could not be sent stands its error.

        Raises:
            ConversionError: The circuit cannot be sent as it is; every problem is listed, and nothing is sent.
        """
        resolvers = list(cirq.to_resolvers(params))
        encoding = self._encoding(input_params, metadata, input_data_format, gateset)
        payloads = encoding.sweep(program, repetitions, resolvers)
        return self.submit_payloads(payloads, resolvers, name=name, session=session)

    # --- for the sampler ---------------------------------------------------------------------------------------

    def submit_payloads(
        self,
        payloads: Sequence[Payload],
        resolvers: Sequence[cirq.ParamResolver],
        *,
        name: str = JOB_NAME,
        session: Session | None = None,
    ) -> list[Job | QSessionError]:
        """Send payloads, several at a time.

        Args:
            payloads: As ``Encoding.sweep`` makes them.
            resolvers: The values that each was made with.
            name: The jobs' name; with more than one, its number is put behind it.
            session: As of :meth:`submit`.

        Returns:
            The jobs in the payloads' order. In the place of one that could not be sent stands its error.
        """
        count = len(payloads)
        names = [name] if count == 1 else [f"{name} {number}/{count}" for number in range(1, count + 1)]
        sent = self.core.submit_all(payloads, names=names, session=session)
        return [
            member if isinstance(member, QSessionError) else Job(member, params=resolver)
            for member, resolver in zip(sent, resolvers, strict=True)
        ]

    @strict_keywords
    def sampler(
        self,
        *,
        seed: int | None = None,
        name: str = JOB_NAME,
        session: Session | None = None,
        input_params: Mapping[str, Any] | None = None,
        input_data_format: str | None = None,
        gateset: str | None = None,
        timeout_seconds: float | None = None,
    ) -> Sampler:
        """Return a ``cirq.Sampler`` that runs on this target, in its session if it has one.

        Args:
            seed: As of ``Job.results``.
            name: The jobs' name.
            session: As of :meth:`submit`.
            input_params: As of :meth:`submit`.
            input_data_format: As of :meth:`encode`.
            gateset: As of :meth:`encode`.
            timeout_seconds: How long a run may wait for its results; None for as long as it takes.
        """
        from qsession_cirq.sampler import Sampler

        encoding = self._encoding(input_params, None, input_data_format, gateset)
        return Sampler(self, encoding, seed=seed, name=name, session=session, timeout_seconds=timeout_seconds)

    # --- inside ------------------------------------------------------------------------------------------------

    def _encoding(
        self,
        input_params: Mapping[str, Any] | None,
        metadata: Mapping[str, Any] | None,
        input_data_format: str | None,
        gateset: str | None,
    ) -> Encoding:
        from qsession_cirq.encoding import Encoding

        return Encoding(self.core, input_params, metadata or {}, input_data_format, gateset)

    def _input_params(
        self, function: str, given: Mapping[str, Any] | None, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Join options under the provider's own names with the params that are given whole."""
        params = dict(given or {})
        known = self.core.provider.input_params
        unknown: list[str] = []
        for option, value in options.items():
            spelled = option if option in known else option.replace("_", "-")
            if spelled in known:
                params[spelled] = value
            else:
                unknown.append(option)
        if unknown:
            keywords = ["repetitions", "param_resolver", "input_params", "metadata", "input_data_format", "gateset"]
            if function == "submit":
                keywords += ["name", "session", "priority", "tags", "output_data_format", "job_id"]
            raise unknown_keywords(function, unknown, [*keywords, *known])
        return params
