"""A target as a Qiskit backend."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qiskit.providers import BackendV2, Options

from qsession_core.client.session_host import SessionHost
from qsession_core.errors import ConfigurationError, ConversionError
from qsession_core.keywords import strict_keywords
from qsession_core.providers.options import plain_params, shots_in
from qsession_qiskit.basis import NATIVE, NATIVE_TRANSLATION, transpiler_target
from qsession_qiskit.encoding import Encoding, Order, name_of
from qsession_qiskit.metadata import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import SupportsIndex

    from qiskit.transpiler import Target

    from qsession_core.client.service.status import Priority
    from qsession_core.client.session import Session
    from qsession_core.client.submitting.cost import Quote
    from qsession_core.client.target import Target as CoreTarget
    from qsession_core.formats import Payload
    from qsession_qiskit.facts import BackendConfiguration, BackendStatus
    from qsession_qiskit.job import AzureQuantumJob
    from qsession_qiskit.provider import AzureQuantumProvider

__all__ = ["AzureQuantumBackend"]

_CLASSIFIED = 2
_PROFILES = ("Base", "Adaptive_RI", "Adaptive_RIF")  # each includes the ones before it
# Options of a run that may be set for all runs of the backend
_KEPT = ("shots", "memory", "seed", "job_name", "input_data_format", "input_params")


class AzureQuantumBackend(SessionHost, BackendV2):  # type: ignore[misc]
    """A target as a Qiskit backend; made by ``provider.get_backend``.

    Its jobs join a session that it has opened, until that is closed.

    >>> from qiskit import QuantumCircuit
    >>> from qsession_core import Workspace
    >>> from qsession_qiskit import AzureQuantumProvider
    >>> backend = AzureQuantumProvider(Workspace.local(seed=7)).get_backend("ionq.simulator")
    >>> circuit = QuantumCircuit(1, 1)
    >>> _ = circuit.x(0), circuit.measure(0, 0)
    >>> backend.run(circuit, shots=10).result().get_counts()
    {'1': 10}
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
            target: The target of its sessions and jobs.
            provider: The provider that made it.
            gateset: ``"native"`` for the gates of the hardware.
            input_data_format: The format to encode circuits in; by default the target's first that can express them.

        Raises:
            ConfigurationError: The target has no such gate set or format.
        """
        super().__init__(provider=provider, name=target.name, description=f"{target.name} of {target.provider_id}")
        self.azure_target = target
        self.session_slot = target.session_slot
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
        """Return a backend of the same target and workspace with a copy of the options."""
        twin = copy.copy(self)
        memo[id(self)] = twin
        twin._options = copy.deepcopy(self._options, memo)  # noqa: SLF001 - its own
        return twin

    @classmethod
    def _default_options(cls) -> Options:
        return Options(**dict.fromkeys(_KEPT))

    @property
    def target(self) -> Target:
        """The gates and qubits that the transpiler may use."""
        return self._target

    @property
    def max_circuits(self) -> None:
        """None: a run takes any number of circuits."""
        return None

    def configuration(self) -> BackendConfiguration:
        """Return facts that do not change, by the official client's names; :attr:`target` has the gates."""
        from qsession_qiskit.facts import configuration_of

        return configuration_of(self)

    def status(self) -> BackendStatus:
        """Fetch and return whether it takes jobs, and how many of this workspace wait there."""
        from qsession_qiskit.facts import status_of

        return status_of(self)

    def get_translation_stage_plugin(self) -> str:
        """Return the name of the transpiler's translation stage for this backend."""
        return NATIVE_TRANSLATION if self.encoding.gateset == NATIVE else "translator"

    # --- jobs ----------------------------------------------------------------------------------------------------

    def retrieve_job(self, job_id: str) -> AzureQuantumJob:
        """Return a job, sent by any client."""
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
        allow_unknown: bool = False,
        **options: Any,
    ) -> AzureQuantumJob:
        """Run circuits.

        Everything is encoded and checked before the first circuit is sent.

        Args:
            run_input: A circuit or a list of circuits, or anything else that ``Target.encode`` accepts.
            shots: For each circuit, at least 1; by default ``backend.options.shots`` (500).
            circuit: Another name of ``run_input``, used in the official client's documentation.
            memory: Results always have memory; True, which Qiskit's own primitives ask for, gives ``data.counts`` and
                ``data.memory`` hexadecimal keys, as in Qiskit's schema.
            job_name: The job's name; by default the circuit's.
            seed: Seeds the order of memory if the provider gives no single shots.
            session: The session to join; by default the one that this backend has opened, if any.
            input_data_format: The format to encode circuits in, such as ``"qir.v1"``.
            output_data_format: If that has several, such as ``"microsoft.quantum-results.v1"``.
            target_profile: The QIR profile that the circuits need; an error if the target's is smaller.
            input_params: Added to the job's ``inputParams``, by the service's and provider's own names.
            metadata: Added to the job's metadata; values that are not text are written as JSON.
            priority: ``"Standard"`` or ``"High"``.
            tags: The job's tags.
            seed_simulator: Another name of ``seed``, used by Qiskit's own primitives.
            meas_level: Only 2 is possible.
            allow_unknown: Let options and values of options through that the provider's row does not know.
            options: The provider's own options by name, such as ``noise`` or ``**{"error-model": False}``.

        Returns:
            The job; of a list, one job for all of it.

        Raises:
            TypeError: There is no such keyword; the sentence names a similar one.
            ConversionError: Something cannot be sent as it is; every problem of every circuit is listed.
            SessionError: The session takes no more jobs.
            ServiceError: The service refused.
        """
        from qsession_qiskit.job import AzureQuantumJob  # imported late: it loads the client

        in_schema = bool(self._options.get("memory") if memory is None else memory)
        given = self._given(run_input, circuit)
        if meas_level not in {None, _CLASSIFIED}:
            raise ConfigurationError(f"meas_level is {meas_level}; results are bits, so it can only be 2.")
        self._check_profile(target_profile)
        several = isinstance(given, list | tuple)
        circuits = list(given) if isinstance(given, list | tuple) else [given]
        if not circuits:
            raise ConversionError("There is no circuit to run; pass at least one.")
        params = self.joined_params(input_params, options, allow_unknown=allow_unknown)
        order = self._order(shots, input_data_format, params, metadata, allow_unknown=allow_unknown)
        payloads = self.encoding.payloads(circuits, order) if several else [self.encoding.payload(circuits[0], order)]
        if output_data_format is not None:
            payloads = [replace(payload, output_data_format=output_data_format) for payload in payloads]
        name = job_name or self._options.get("job_name")
        names = [name or name_of(each) for each in circuits]
        seed = next((each for each in (seed, seed_simulator) if each is not None), self._options.get("seed"))
        jobs = self.azure_target.submit_all(payloads, names=names, session=session, priority=priority, tags=tags)
        if not jobs.jobs:
            raise jobs[0]  # type: ignore[misc]
        return AzureQuantumJob(
            jobs, workspace=self.azure_target.workspace, backend=self, seed=seed, in_schema=in_schema
        )

    @strict_keywords
    def encode(
        self,
        circuit: object,
        *,
        shots: SupportsIndex | None = None,
        input_data_format: str | None = None,
        input_params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        allow_unknown: bool = False,
    ) -> Payload:
        """Return the payload that ``run`` would send, after all checks; nothing is sent.

        Args:
            circuit: A circuit.
            shots: As for :meth:`run`, like those that follow.
            input_data_format: The format.
            input_params: Added to ``inputParams``.
            metadata: Added to the metadata.
            allow_unknown: As for :meth:`run`.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
        """
        params = self.joined_params(input_params, allow_unknown=allow_unknown)
        order = self._order(shots, input_data_format, params, metadata, allow_unknown=allow_unknown)
        return self.encoding.payload(circuit, order)

    @strict_keywords
    def estimate_cost(
        self,
        run_input: object,
        shots: SupportsIndex | None = None,
        *,
        input_data_format: str | None = None,
        input_params: Mapping[str, Any] | None = None,
        allow_unknown: bool = False,
    ) -> Quote:
        """Estimate what a run costs, from ``workspace.prices``; nothing is sent. Arguments as for :meth:`run`.

        Returns:
            The estimate; of a list of circuits, the sum, with the estimate of each in ``parts``.

        Raises:
            ConversionError: Something cannot be sent as it is; every problem is listed.
            ConfigurationError: There is no price for this target, or gates cannot be counted.
        """
        params = self.joined_params(input_params, allow_unknown=allow_unknown)
        order = self._order(shots, input_data_format, params, None, allow_unknown=allow_unknown)
        if isinstance(run_input, list | tuple):
            return self.azure_target.estimate_cost(self.encoding.payloads(run_input, order))
        return self.azure_target.estimate_cost(self.encoding.payload(run_input, order))

    # --- inside --------------------------------------------------------------------------------------------------

    def _given(self, run_input: object, circuit: object) -> object:
        if (run_input is None) == (circuit is None):
            raise TypeError("run() takes one circuit or list of circuits: as run_input, or as circuit.")
        return circuit if run_input is None else run_input

    def _check_profile(self, asked: object) -> None:
        """Check that the target has a QIR profile: a name, or qdk's ``TargetProfile``."""
        wanted, there = str(asked).rpartition(".")[2], self.azure_target.target_profile
        ranks = {name: rank for rank, name in enumerate(_PROFILES)}
        if asked is not None and ranks.get(wanted, len(ranks)) > ranks.get(there, 0):
            raise ConfigurationError(f"{self.name} has the profile {there or 'Base'}, not {wanted}.")

    def joined_params(
        self,
        given: Mapping[str, Any] | None,
        options: Mapping[str, Any] | None = None,
        *,
        allow_unknown: bool = False,
    ) -> dict[str, Any]:
        """Return a run's ``inputParams``: those of the backend's options, of ``input_params``, of keywords; later win.

        Args:
            given: The run's ``input_params``.
            options: Its other keyword arguments.
            allow_unknown: Let options through that the provider's row does not know.

        Raises:
            TypeError: The target has no such option; the sentence names a similar one.
        """
        provider = self.azure_target.provider
        own = {name: self._options.get(name) for name in self._options if name not in _KEPT}
        own = {name: value for name, value in own.items() if value is not None}
        params = provider.join_params("run", _RUN_KEYWORDS, None, own)
        params |= self._options.get("input_params") or {}
        params |= plain_params(given)
        return provider.join_params("run", _RUN_KEYWORDS, params, options or {}, allow_unknown=allow_unknown)

    def wanted_format(self, given: str | None = None) -> str | None:
        """Return the format of a run: its own, else the backend's; None for the target's choice."""
        return given or self._options.get("input_data_format") or self.input_data_format

    def _order(
        self,
        shots: SupportsIndex | None,
        input_data_format: str | None,
        input_params: Mapping[str, Any],
        metadata: Mapping[str, Any] | None,
        *,
        allow_unknown: bool = False,
    ) -> Order:
        if shots is None and not shots_in(input_params):
            shots = self._options.get("shots")
        texts = {key: value if isinstance(value, str) else to_text(value) for key, value in (metadata or {}).items()}
        return Order(shots, self.wanted_format(input_data_format), input_params, texts, allow_unknown)


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
    "allow_unknown",
)
