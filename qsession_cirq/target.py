"""A target that takes Cirq circuits."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import cirq

from qsession_cirq.job import Job
from qsession_core.client.session_host import SessionHost
from qsession_core.errors import QSessionError
from qsession_core.keywords import strict_keywords

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_cirq.basis import IonQNativeGateset, TargetGateset
    from qsession_cirq.encoding import Encoding, Sendable
    from qsession_cirq.sampler import Sampler
    from qsession_core import Payload, Priority, Session, Workspace
    from qsession_core import Target as CoreTarget
    from qsession_core.client.progress import Progress
    from qsession_core.client.submitting.cost import Quote

__all__ = ["JOB_NAME", "REPETITIONS", "Target"]

JOB_NAME = "cirq-job"
REPETITIONS = 500  # the official client's default
_ENCODE_KEYWORDS = (
    "repetitions", "param_resolver", "input_params", "metadata", "input_data_format", "gateset", "allow_unknown"
)  # fmt: skip
_SUBMIT_KEYWORDS = (*_ENCODE_KEYWORDS, "name", "session", "priority", "tags", "output_data_format", "job_id")


class Target(SessionHost):
    """A target of the workspace for Cirq circuits.

    Jobs that are sent through this object join a session that it has opened: by its own ``submit`` and samplers, and by
    the service's ``run`` and ``create_job``, since the service has one such object for each name.

    >>> import cirq
    >>> from qsession_core import Workspace
    >>> from qsession_cirq import AzureQuantumService
    >>> target = AzureQuantumService(Workspace.local(seed=7)).get_target("ionq.simulator")
    >>> qubit = cirq.LineQubit(0)
    >>> circuit = cirq.Circuit(cirq.X(qubit), cirq.measure(qubit, key="m"))
    >>> with target.open_session(name="first"):
    ...     job = target.submit(circuit, repetitions=10)
    >>> job.status()
    'Succeeded'

    Attributes:
        core: The target of the core.
    """

    def __init__(self, core: CoreTarget) -> None:
        """Wrap a target of the core; users get targets from ``service.get_target``.

        Args:
            core: The core's target; both share their sessions.
        """
        self.core = core
        self.session_slot = core.session_slot

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
        """Whether it is a simulator rather than hardware."""
        return self.core.is_simulator

    @property
    def input_data_formats(self) -> tuple[str, ...]:
        """The formats that circuits are encoded in, the default first."""
        return self.core.input_data_formats

    @property
    def workspace(self) -> Workspace:
        """The workspace that it belongs to."""
        workspace: Workspace = self.core.workspace  # type: ignore[assignment]  # it is made by connect only
        return workspace

    @property
    def gateset(self) -> TargetGateset:
        """The gates that it takes, for ``cirq.optimize_for_target_gateset(circuit, gateset=target.gateset)``."""
        from qsession_cirq.basis import TargetGateset

        return TargetGateset(resets=self.target_profile.startswith("Adaptive"))

    @property
    def native_gateset(self) -> IonQNativeGateset | None:
        """IonQ's native gates; a circuit of these alone is sent as native. None if the provider has no native set."""
        from qsession_cirq.basis import IonQNativeGateset

        if "native" not in self.core.provider.gatesets:
            return None
        known = self.core.provider.target(self.name)
        return IonQNativeGateset(zz=known is not None and known.pair_gate == "zz")

    # --- jobs --------------------------------------------------------------------------------------------------

    def encode(
        self,
        program: Sendable,
        *,
        repetitions: int = REPETITIONS,
        param_resolver: cirq.ParamResolverOrSimilarType = None,
        input_params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        input_data_format: str | None = None,
        gateset: str | None = None,
        allow_unknown: bool = False,
        **options: Any,
    ) -> Payload:
        """Return the payload that ``submit`` would send; nothing is sent.

        Args:
            program: The circuit; or a program as text, bytes or the path of a file, whose registers become keys.
            repetitions: At least 1.
            param_resolver: Values of its symbols.
            input_params: Added to the job's ``inputParams``, by the service's and provider's own names.
            metadata: Added to the job's metadata.
            input_data_format: The format to encode it in; by default the target's first that can express it.
            gateset: ``"qis"`` or ``"native"`` on IonQ; by default native for a circuit of native gates alone.
            allow_unknown: Let options and values of options through that the provider's row does not know.
            **options: The provider's own parameters, as in ``input_params``.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
            TypeError: The provider has no such option.
        """
        params = self.core.provider.join_params(
            "encode", _ENCODE_KEYWORDS, input_params, options, allow_unknown=allow_unknown
        )
        encoding = self._encoding(params, metadata, input_data_format, gateset, allow_unknown=allow_unknown)
        return encoding.one(program, repetitions, cirq.ParamResolver(param_resolver))

    @strict_keywords
    def estimate_cost(
        self,
        program: Sendable | Sequence[Sendable],
        repetitions: int = REPETITIONS,
        *,
        param_resolver: cirq.ParamResolverOrSimilarType = None,
        input_params: Mapping[str, Any] | None = None,
        input_data_format: str | None = None,
        gateset: str | None = None,
        allow_unknown: bool = False,
    ) -> Quote:
        """Estimate what a circuit costs, from ``workspace.prices``; nothing is sent. Arguments as for :meth:`encode`.

        Returns:
            The estimate; of several circuits, the sum, with the estimate of each in ``parts``.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
            ConfigurationError: There is no price for this target, or gates cannot be counted.
        """
        encoding = self._encoding(input_params, None, input_data_format, gateset, allow_unknown=allow_unknown)
        resolver = cirq.ParamResolver(param_resolver)
        if isinstance(program, cirq.AbstractCircuit | str | bytes | PathLike):
            return self.core.estimate_cost(encoding.one(program, repetitions, resolver))
        return self.core.estimate_cost([encoding.one(each, repetitions, resolver) for each in program])

    def submit(
        self,
        program: Sendable,
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
        allow_unknown: bool = False,
        **options: Any,
    ) -> Job:
        """Send a circuit.

        Args:
            program: The circuit, which has to measure something; or a program as for :meth:`encode`.
            name: The job's name.
            repetitions: At least 1.
            param_resolver: Values of its symbols.
            session: The session to join; by default the one that this object has opened, if any.
            input_params: Added to the job's ``inputParams``, by the service's and provider's own names.
            metadata: Added to the job's metadata.
            input_data_format: As for :meth:`encode`.
            output_data_format: If the input format has several, such as ``"microsoft.quantum-results.v1"``.
            gateset: As for :meth:`encode`.
            priority: ``"Standard"`` or ``"High"``.
            tags: The job's tags.
            job_id: The job's id; by default a new one.
            allow_unknown: As for :meth:`encode`.
            **options: The provider's own parameters, as in ``input_params``: ``**{"error-model": False}`` or
                ``error_model=False``.

        Returns:
            The job.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
            TypeError: The provider has no such option.
            SessionError: The session takes no more jobs.
            ServiceError: The service refused.
        """
        params = self.core.provider.join_params(
            "submit", _SUBMIT_KEYWORDS, input_params, options, allow_unknown=allow_unknown
        )
        encoding = self._encoding(params, metadata, input_data_format, gateset, allow_unknown=allow_unknown)
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
        allow_unknown: bool = False,
    ) -> list[Job | QSessionError]:
        """Send a circuit once for every point of a sweep; it is converted once, and several jobs are sent at a time.

        Args:
            program: The circuit.
            params: Anything that Cirq takes for a sweep; one job for each point.
            repetitions: At each point, at least 1.
            name: The jobs' name; with more than one point, its number is appended.
            session: As for :meth:`submit`.
            input_params: As for :meth:`submit`.
            metadata: As for :meth:`submit`.
            input_data_format: As for :meth:`encode`.
            gateset: As for :meth:`encode`.
            allow_unknown: As for :meth:`encode`.

        Returns:
            The jobs in the points' order; an error takes the place of one that could not be sent.

        Raises:
            ConversionError: The circuit cannot be sent as it is; every problem is listed, and nothing is sent.
        """
        resolvers = list(cirq.to_resolvers(params))
        encoding = self._encoding(input_params, metadata, input_data_format, gateset, allow_unknown=allow_unknown)
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
            payloads: From ``Encoding.sweep``.
            resolvers: The values that each was made with.
            name: The jobs' name; with more than one, its number is appended.
            session: As for :meth:`submit`.

        Returns:
            The jobs in the payloads' order; an error takes the place of one that could not be sent.
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
        allow_unknown: bool = False,
        timeout_seconds: float | None = None,
        progress: Progress = False,
    ) -> Sampler:
        """Return a ``cirq.Sampler`` that runs on this target, in its session if it has one.

        Args:
            seed: As for ``Job.results``.
            name: The jobs' name.
            session: As for :meth:`submit`.
            input_params: As for :meth:`submit`.
            input_data_format: As for :meth:`encode`.
            gateset: As for :meth:`encode`.
            allow_unknown: As for :meth:`encode`.
            timeout_seconds: How long a run may wait for its results; None for no limit.
            progress: True for one bar of a run's jobs; or called as ``progress(terminal, total)``.
        """
        from qsession_cirq.sampler import Sampler

        encoding = self._encoding(input_params, None, input_data_format, gateset, allow_unknown=allow_unknown)
        return Sampler(
            self,
            encoding,
            seed=seed,
            name=name,
            session=session,
            timeout_seconds=timeout_seconds,
            progress=progress,
        )

    # --- inside ------------------------------------------------------------------------------------------------

    def _encoding(
        self,
        input_params: Mapping[str, Any] | None,
        metadata: Mapping[str, Any] | None,
        input_data_format: str | None,
        gateset: str | None,
        *,
        allow_unknown: bool,
    ) -> Encoding:
        from qsession_cirq.encoding import Encoding

        return Encoding(self.core, input_params, metadata or {}, input_data_format, gateset, allow_unknown)
