"""The service: a workspace for Cirq circuits."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, overload

from qsession_cirq.job import Job
from qsession_cirq.target import JOB_NAME, Target
from qsession_core.errors import ConfigurationError
from qsession_core.keywords import strict_keywords

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import cirq

    from qsession_cirq.encoding import Sendable
    from qsession_cirq.sampler import Sampler
    from qsession_core import Session, Workspace
    from qsession_core import Target as CoreTarget
    from qsession_core.client.progress import Progress

__all__ = ["AzureQuantumService"]


class AzureQuantumService:
    """Runs Cirq circuits on the targets of a workspace.

    >>> import cirq
    >>> from qsession_core import Workspace
    >>> service = AzureQuantumService(Workspace.local(seed=7))
    >>> a, b = cirq.LineQubit.range(2)
    >>> bell = cirq.Circuit(cirq.H(a), cirq.CNOT(a, b), cirq.measure(a, b, key="m"))
    >>> with service.get_target("ionq.simulator").open_session(name="bell") as session:
    ...     result = service.run(bell, repetitions=100, target="ionq.simulator")
    >>> sorted(result.histogram(key="m").items())
    [(0, 50), (3, 50)]
    >>> len(session.list_jobs())
    1
    """

    @strict_keywords
    def __init__(
        self,
        workspace: Workspace | None = None,
        default_target: str | None = None,
        *,
        resource_id: str | None = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        name: str | None = None,
        location: str | None = None,
        credential: Any = None,
        user_agent: str | None = None,
    ) -> None:
        """Use a workspace, or connect to one.

        Args:
            workspace: The workspace; by default one is made from the other arguments and the environment.
            default_target: The name of the target for calls that name none.
            resource_id: As for ``Workspace``, like all that follow.
            subscription_id: The subscription's GUID.
            resource_group: The resource group's name.
            name: The workspace's name.
            location: The region.
            credential: A credential of azure-identity, or an API key as text.
            user_agent: Put before our own user agent.

        Raises:
            ConfigurationError: A workspace is missing, or given twice.
        """
        described = (resource_id, subscription_id, resource_group, name, location, credential, user_agent)
        if workspace is None:
            from qsession_core import Workspace  # imported late: it loads the client

            workspace = Workspace(
                subscription_id,
                resource_group,
                name,
                resource_id=resource_id,
                location=location,
                credential=credential,
                user_agent=user_agent,
            )
        elif any(value is not None for value in described):
            raise ConfigurationError("Pass a workspace, or the arguments to connect to one; not both.")
        self.workspace = workspace
        self.default_target = default_target
        self._targets: dict[str, Target] = {}
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the lock and the targets: another process makes its own."""
        return {"workspace": self.workspace, "default_target": self.default_target}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def __repr__(self) -> str:
        return f"<qsession_cirq.AzureQuantumService of {self.workspace!r}>"

    # --- targets -----------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Target:
        """Return the target of this name; ``service["ionq.<Tab>"]`` completes it."""
        return self.get_target(name)

    def _ipython_key_completions_(self) -> list[str]:
        return [target.name for target in self.targets()]

    @overload
    def targets(self, name: None = None, provider_id: str | None = None) -> list[Target]: ...
    @overload
    def targets(self, name: str, provider_id: str | None = None) -> Target: ...
    @strict_keywords
    def targets(self, name: str | None = None, provider_id: str | None = None) -> Any:
        """Return the workspace's targets that take circuits.

        Args:
            name: Only the target of this name.
            provider_id: Only targets of this provider.

        Returns:
            A list of targets; with a name, that one target. The same name gives the same object.

        Raises:
            TargetNotFoundError: There is none of this name; the error names similar ones.
        """
        if name is not None:
            return self.get_target(name)
        cores: list[CoreTarget] = self.workspace.get_targets(provider_id=provider_id)
        return [self._target(core) for core in cores if core.input_data_formats]

    def get_target(self, name: str | None = None) -> Target:
        """Return a target.

        Args:
            name: Its name; by default the service's default target.

        Returns:
            The same object for the same name, so that the service's own methods join a session that it has opened.

        Raises:
            ConfigurationError: No name is given, and there is no default target.
            TargetNotFoundError: There is none of this name; the error names similar ones.
        """
        name = name or self.default_target
        if name is None:
            raise ConfigurationError(
                "No target is named. Pass target='ionq.simulator', or make the service with default_target=."
            )
        known = self._targets.get(name)
        return known if known is not None else self._target(self.workspace.get_target(name))

    def _target(self, core: CoreTarget) -> Target:
        """Return the one object of this name, with the newest details."""
        with self._lock:
            target = self._targets.setdefault(core.name, Target(core))
        target.core.details = core.details
        return target

    # --- jobs --------------------------------------------------------------------------------------------------

    def get_job(self, job_id: str) -> Job:
        """Return a job, sent by any client.

        Args:
            job_id: The job's id.

        Raises:
            NotFoundError: There is none of this id.
        """
        return Job(self.workspace.get_job(job_id))

    @strict_keywords
    def create_job(
        self,
        program: Sendable,
        repetitions: int,
        name: str = JOB_NAME,
        target: str | Target | None = None,
        param_resolver: cirq.ParamResolverOrSimilarType = None,
        *,
        session: Session | None = None,
        input_params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        input_data_format: str | None = None,
        gateset: str | None = None,
        allow_unknown: bool = False,
    ) -> Job:
        """Send a circuit; it joins the session that is open on the target, if any.

        Args:
            program: The circuit; or a program as text, bytes or the path of a file, whose registers become keys.
            repetitions: At least 1.
            name: The job's name.
            target: The target or its name; by default the service's default target.
            param_resolver: Values of the circuit's symbols.
            session: As for ``Target.submit``, like all that follow.
            input_params: Added to the job's ``inputParams``.
            metadata: Added to the job's metadata.
            input_data_format: The format to encode it in.
            gateset: ``"qis"`` or ``"native"`` on IonQ.
            allow_unknown: Let options in ``input_params`` through that the provider's row does not know.

        Returns:
            The job.
        """
        return self._target_of(target).submit(
            program,
            name,
            repetitions,
            param_resolver=param_resolver,
            session=session,
            input_params=input_params,
            metadata=metadata,
            input_data_format=input_data_format,
            gateset=gateset,
            allow_unknown=allow_unknown,
        )

    @strict_keywords
    def run(
        self,
        program: Sendable,
        repetitions: int,
        target: str | Target | None = None,
        name: str = JOB_NAME,
        param_resolver: cirq.ParamResolverOrSimilarType = None,
        seed: int | None = None,
        timeout_seconds: float | None = None,
        *,
        session: Session | None = None,
        input_params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        input_data_format: str | None = None,
        gateset: str | None = None,
        allow_unknown: bool = False,
        progress: Progress = False,
    ) -> cirq.ResultDict:
        """Send a circuit, wait, and return its result; keywords as for :meth:`create_job` and ``Job.results``.

        Raises:
            JobFailedError: The job failed.
            WaitTimeoutError: It is not terminal; the error has its id, and ``get_job`` fetches it later.
        """
        job = self.create_job(
            program,
            repetitions,
            name,
            target,
            param_resolver,
            session=session,
            input_params=input_params,
            metadata=metadata,
            input_data_format=input_data_format,
            gateset=gateset,
            allow_unknown=allow_unknown,
        )
        return job.results(timeout_seconds, seed=seed, progress=progress)

    @strict_keywords
    def run_sweep(
        self,
        program: cirq.AbstractCircuit,
        params: cirq.Sweepable,
        repetitions: int,
        target: str | Target | None = None,
        name: str = JOB_NAME,
        seed: int | None = None,
        timeout_seconds: float | None = None,
        *,
        session: Session | None = None,
        input_params: Mapping[str, Any] | None = None,
        input_data_format: str | None = None,
        gateset: str | None = None,
        allow_unknown: bool = False,
    ) -> list[cirq.Result]:
        """Run a circuit at every point of a sweep; keywords as for :meth:`run`.

        Returns:
            One result for each point, in the sweep's order.
        """
        sampler = self.sampler(
            target,
            seed=seed,
            name=name,
            session=session,
            input_params=input_params,
            input_data_format=input_data_format,
            gateset=gateset,
            allow_unknown=allow_unknown,
            timeout_seconds=timeout_seconds,
        )
        return sampler.run_sweep(program, params, repetitions)

    @strict_keywords
    def run_batch(
        self,
        programs: Sequence[cirq.AbstractCircuit],
        params_list: Sequence[cirq.Sweepable] | None = None,
        repetitions: int | Sequence[int] = 1,
        target: str | Target | None = None,
        name: str = JOB_NAME,
        seed: int | None = None,
        timeout_seconds: float | None = None,
        *,
        session: Session | None = None,
        input_params: Mapping[str, Any] | None = None,
        input_data_format: str | None = None,
        gateset: str | None = None,
        allow_unknown: bool = False,
    ) -> list[list[cirq.Result]]:
        """Run several circuits, each at every point of its own sweep; keywords as for :meth:`run`.

        Returns:
            For each circuit, one result for each point.
        """
        sampler = self.sampler(
            target,
            seed=seed,
            name=name,
            session=session,
            input_params=input_params,
            input_data_format=input_data_format,
            gateset=gateset,
            allow_unknown=allow_unknown,
            timeout_seconds=timeout_seconds,
        )
        return sampler.run_batch(programs, params_list, repetitions)

    @strict_keywords
    def sampler(
        self,
        target: str | Target | None = None,
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
        """Return a ``cirq.Sampler`` on a target; keywords as for ``Target.sampler``."""
        return self._target_of(target).sampler(
            seed=seed,
            name=name,
            session=session,
            input_params=input_params,
            input_data_format=input_data_format,
            gateset=gateset,
            allow_unknown=allow_unknown,
            timeout_seconds=timeout_seconds,
            progress=progress,
        )

    def _target_of(self, target: str | Target | None) -> Target:
        return target if isinstance(target, Target) else self.get_target(target)
