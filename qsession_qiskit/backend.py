"""A target as a Qiskit backend."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from qiskit.providers import BackendV2, Options

from qsession_core.errors import ConfigurationError, ConversionError
from qsession_core.keywords import strict_keywords, unknown_keywords
from qsession_qiskit.basis import NATIVE, NATIVE_TRANSLATION, transpiler_target
from qsession_qiskit.encoding import Encoding, Order, name_of
from qsession_qiskit.metadata import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import SupportsIndex

    from qiskit.transpiler import Target

    from qsession_core.client.service.status import Priority, SessionJobFailurePolicy
    from qsession_core.client.session import Session
    from qsession_core.client.target import Target as CoreTarget
    from qsession_core.formats import Payload
    from qsession_qiskit.job import AzureQuantumJob
    from qsession_qiskit.provider import AzureQuantumProvider

__all__ = ["AzureQuantumBackend"]

_CLASSIFIED = 2
_PROFILES = ("Base", "Adaptive_RI", "Adaptive_RIF")  # each can do what the ones before it can
# Options of a run that the backend keeps for all its runs
_KEPT = ("shots", "memory", "seed", "job_name", "input_data_format", "input_params")


class AzureQuantumBackend(BackendV2):  # type: ignore[misc]
    """A target as a Qiskit backend; made by ``provider.get_backend``.

    A session that it opens is joined by its own jobs, until the session is closed.
    """

    def __init__(
        self,
        target: CoreTarget,
        *,
        provider: AzureQuantumProvider | None = None,
        gateset: str | None = None,
        input_data_format: str | None = None,
    ) -> None:
        """Wrap a target.

        Args:
            target: The target; sessions and jobs are its.
            provider: Where it comes from.
            gateset: ``"native"`` for the gates of the hardware.
            input_data_format: What circuits are encoded in; by default what the target likes best, or another one
                where that cannot hold the circuit.

        Raises:
            ConfigurationError: The target has no such gate set or format.
        """
        super().__init__(provider=provider, name=target.name, description=f"{target.name} of {target.provider_id}")
        self.azure_target = target
        self.input_data_format = input_data_format
        self.encoding = Encoding(target, gateset)
        self.encoding.check(input_data_format)
        if gateset == NATIVE:
            from qsession_qiskit.ionq.translation import native_equivalences

            native_equivalences()
        self._target = transpiler_target(target, gateset=gateset)
        self._options = Options(
            shots=target.default_shots,
            **dict.fromkeys(_KEPT[1:]),
            **dict.fromkeys(target.provider.input_params),
        )

    def __repr__(self) -> str:
        gates = f", {self.encoding.gateset} gates" if self.encoding.gateset else ""
        return f"<AzureQuantumBackend {self.name}: {self.num_qubits} qubits{gates}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> AzureQuantumBackend:
        """Return a backend of the same target with options of its own: a workspace is no value to be copied."""
        twin = copy.copy(self)
        memo[id(self)] = twin
        twin._options = copy.deepcopy(self._options, memo)  # noqa: SLF001 - its own
        return twin

    @classmethod
    def _default_options(cls) -> Options:
        return Options(**dict.fromkeys(_KEPT))

    @property
    def target(self) -> Target:
        """What the transpiler may use."""
        return self._target

    @property
    def max_circuits(self) -> None:
        """How many circuits a run takes: any number."""
        return None

    def get_translation_stage_plugin(self) -> str:
        """Return the name of the transpiler's translation stage for this backend."""
        return NATIVE_TRANSLATION if self.encoding.gateset == NATIVE else "translator"

    # --- sessions ------------------------------------------------------------------------------------------------

    @property
    def latest_session(self) -> Session | None:
        """The session that the next job joins, if any."""
        return self.azure_target.latest_session

    def get_latest_session_id(self) -> str | None:
        """Return the id of the session that the next job joins, if any."""
        return self.azure_target.get_latest_session_id()

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
        """Open a session; jobs of this backend join it until it is closed.

        Args:
            name: Its name.
            id: Its id; by default a new one.
            job_failure_policy: ``"Abort"`` (a failing job ends the session; the service's default) or ``"Continue"``.
            priority: ``"Standard"`` or ``"High"``.
            tags: Its tags.
            max_jobs: How many jobs it may have.
            max_shots: How many shots they may have in all.
            max_time: How many seconds from now a job may still be sent.
            max_cost: How much its jobs may cost by estimate, in the currency or unit of the target's price.
            on_timeout: What to do when the service has ended it after ten minutes without a job: ``"raise"``, or
                ``"reopen"``, going on in a new one.

        Returns:
            The session; as a context manager it is closed at the end of the block.
        """
        return self.azure_target.open_session(
            name=name,
            id=id,
            job_failure_policy=job_failure_policy,
            priority=priority,
            tags=tags,
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
        return self.azure_target.attach_session(id)

    # --- jobs ----------------------------------------------------------------------------------------------------

    def retrieve_job(self, job_id: str) -> AzureQuantumJob:
        """Return a job that was sent before, by any client."""
        from qsession_qiskit.job import AzureQuantumJob

        return AzureQuantumJob.fetch(self.azure_target.workspace, job_id, backend=self)

    def run(
        self,
        run_input: object = None,
        shots: SupportsIndex | None = None,
        *,
        circuit: object = None,
        memory: bool | None = None,
        job_name: str | None = None,
        seed: int | None = None,
        session: Session | None = None,
        input_data_format: str | None = None,
        output_data_format: str | None = None,
        target_profile: object = None,
        input_params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
        seed_simulator: int | None = None,
        meas_level: int | None = None,
        **options: Any,
    ) -> AzureQuantumJob:
        """Run circuits.

        Everything is encoded and checked before the first circuit is sent.

        Args:
            run_input: A circuit, or a list of circuits; what ``target.submit`` takes beside circuits as well.
            shots: How many for each circuit; by default what ``backend.options`` says (500).
            circuit: Another name of ``run_input``, which the official client's documentation uses.
            memory: Accepted for Qiskit's sake: memory is always there.
            job_name: The job's name; by default the circuit's.
            seed: Where the provider gives no single shots: in what order memory has them.
            session: The session to join; by default the one that this backend has opened, if any.
            input_data_format: What to encode circuits in, such as ``"qir.v1"``.
            output_data_format: Where that has several, such as ``"microsoft.quantum-results.v1"``.
            target_profile: The QIR profile that the circuits need: refused where the target's is smaller.
            input_params: More of the job's ``inputParams``, by the service's and provider's own names.
            metadata: More metadata of the job; what is no text is written as JSON.
            priority: ``"Standard"`` or ``"High"``.
            tags: The job's tags.
            seed_simulator: Another name of ``seed``, which Qiskit's own primitives use.
            meas_level: Accepted for Qiskit's sake: 2, the only one there is.
            options: The provider's own options by name, such as ``noise`` or ``**{"error-model": False}``.

        Returns:
            The job; of a list, one job for all of it.

        Raises:
            TypeError: There is no such keyword; the sentence names the near one.
            ConversionError: Something cannot be sent as it is; every problem of every circuit is listed.
            SessionError: The session takes no more jobs.
            ServiceError: The service said no.
        """
        from qsession_qiskit.job import AzureQuantumJob  # the client loads when it is needed

        del memory
        given = self._given(run_input, circuit)
        if meas_level not in {None, _CLASSIFIED}:
            raise ConfigurationError(f"meas_level is {meas_level}; results are bits, so it can only be 2.")
        self._check_profile(target_profile)
        several = isinstance(given, list | tuple)
        circuits = list(given) if isinstance(given, list | tuple) else [given]
        if not circuits:
            raise ConversionError("There is no circuit to run; pass at least one.")
        order = self._order(shots, input_data_format, self.joined_params(input_params, options), metadata)
        payloads = self.encoding.payloads(circuits, order) if several else [self.encoding.payload(circuits[0], order)]
        if output_data_format is not None:
            payloads = [replace(payload, output_data_format=output_data_format) for payload in payloads]
        name = job_name or self._options.get("job_name")
        names = [name or name_of(each) for each in circuits]
        seed = next((each for each in (seed, seed_simulator) if each is not None), self._options.get("seed"))
        jobs = self.azure_target.submit_all(payloads, names=names, session=session, priority=priority, tags=tags)
        if not jobs.jobs:
            raise jobs[0]  # type: ignore[misc]
        return AzureQuantumJob(jobs, workspace=self.azure_target.workspace, backend=self, seed=seed)

    @strict_keywords
    def encode(
        self,
        circuit: object,
        *,
        shots: SupportsIndex | None = None,
        input_data_format: str | None = None,
        input_params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Payload:
        """Return what would be sent, after all checks; nothing is sent.

        Args:
            circuit: A circuit.
            shots: As of :meth:`run`.
            input_data_format: As of :meth:`run`.
            input_params: As of :meth:`run`.
            metadata: As of :meth:`run`.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
        """
        order = self._order(shots, input_data_format, self.joined_params(input_params), metadata)
        return self.encoding.payload(circuit, order)

    # --- inside --------------------------------------------------------------------------------------------------

    def _given(self, run_input: object, circuit: object) -> object:
        if (run_input is None) == (circuit is None):
            raise TypeError("run() takes one circuit or list of circuits: as run_input, or as circuit.")
        return circuit if run_input is None else run_input

    def _check_profile(self, asked: object) -> None:
        """Refuse a QIR profile (a name, or qdk's ``TargetProfile``) that the target has not."""
        wanted, there = str(asked).rpartition(".")[2], self.azure_target.target_profile
        ranks = {name: rank for rank, name in enumerate(_PROFILES)}
        if asked is not None and ranks.get(wanted, len(ranks)) > ranks.get(there, 0):
            raise ConfigurationError(f"{self.name} has the profile {there or 'Base'}, not {wanted}.")

    def joined_params(
        self, given: Mapping[str, Any] | None, options: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Join the provider's options: those of the backend, of ``input_params`` and of keywords; the last one wins.

        Args:
            given: What a run was given as ``input_params``.
            options: What it was given as other keywords.

        Raises:
            TypeError: The target has no such option; the sentence names the near one.
        """
        options = options or {}
        known = self.azure_target.provider.input_params
        by_keyword = {name.replace("-", "_"): name for name in known}
        unknown = [name for name in options if name not in known and name not in by_keyword]
        unknown += [name for name in self._options if name not in known and name not in _KEPT]
        if unknown:
            raise unknown_keywords("run", unknown, [*_RUN_KEYWORDS, *known])
        params = {name: self._options.get(name) for name in known if self._options.get(name) is not None}
        params |= self._options.get("input_params") or {}
        params |= given or {}
        return params | {by_keyword.get(name, name): value for name, value in options.items()}

    def wanted_format(self, given: str | None = None) -> str | None:
        """Return what to encode circuits in: what a run was given, else the backend's; None for the target's choice."""
        return given or self._options.get("input_data_format") or self.input_data_format

    def _order(
        self,
        shots: SupportsIndex | None,
        input_data_format: str | None,
        input_params: Mapping[str, Any],
        metadata: Mapping[str, Any] | None,
    ) -> Order:
        if shots is None and "shots" not in input_params:
            shots = self._options.get("shots")
        texts = {key: value if isinstance(value, str) else to_text(value) for key, value in (metadata or {}).items()}
        return Order(shots, self.wanted_format(input_data_format), input_params, texts)


_RUN_KEYWORDS = (
    "run_input",
    "shots",
    "circuit",
    "memory",
    "job_name",
    "seed",
    "session",
    "input_data_format",
    "output_data_format",
    "target_profile",
    "input_params",
    "metadata",
    "priority",
    "tags",
)
