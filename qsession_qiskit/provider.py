"""The provider: a workspace's targets as Qiskit backends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import qsession_core
from qsession_core.errors import ConfigurationError
from qsession_core.keywords import strict_keywords
from qsession_qiskit.backend import AzureQuantumBackend
from qsession_qiskit.errors import qiskits_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qsession_core.client.service.period import When
    from qsession_core.client.target import Target
    from qsession_core.client.workspace import Workspace
    from qsession_core.transport.auth import TokenCredential
    from qsession_qiskit.job import AzureQuantumJob

__all__ = ["AzureQuantumProvider"]


class AzureQuantumProvider:
    """The targets of a workspace as Qiskit backends.

    >>> from qsession_core import Workspace
    >>> provider = AzureQuantumProvider(Workspace.local(seed=7))
    >>> provider.get_backend("ionq.simulator").num_qubits
    29
    """

    @strict_keywords
    def __init__(
        self,
        workspace: Workspace | None = None,
        *,
        resource_id: str | None = None,
        location: str | None = None,
        credential: TokenCredential | str | None = None,
    ) -> None:
        """Use a workspace, or connect to one.

        Args:
            workspace: The workspace; by default one is made from the other arguments and the environment.
            resource_id: Its Azure resource id.
            location: Its region.
            credential: An API key, or a credential of azure-identity.

        Raises:
            ConfigurationError: A workspace is missing, or given twice.
        """
        if workspace is None:
            workspace = qsession_core.Workspace(resource_id=resource_id, location=location, credential=credential)
        elif (resource_id, location, credential) != (None, None, None):
            raise ConfigurationError("Pass a workspace, or what describes one; not both.")
        self._workspace: Workspace = workspace

    def __repr__(self) -> str:
        return f"<AzureQuantumProvider of {self._workspace!r}>"

    def get_workspace(self) -> Workspace:
        """Return the workspace."""
        return self._workspace

    def __getitem__(self, name: str) -> AzureQuantumBackend:
        """Return the backend of this name; ``provider["ionq.<Tab>"]`` completes it."""
        return self.get_backend(name)

    def _ipython_key_completions_(self) -> list[str]:
        return [backend.name for backend in self.backends()]

    @strict_keywords
    def backends(
        self,
        name: str | None = None,
        provider_id: str | None = None,
        *,
        gateset: str | None = None,
        input_data_format: str | None = None,
        simulator: bool | None = None,
        min_num_qubits: int | None = None,
    ) -> list[AzureQuantumBackend]:
        """Return the workspace's targets that run circuits.

        Args:
            name: Only the one of this name.
            provider_id: Only those of this provider, such as ``"ionq"``.
            gateset: Only those with this gate set, ``"qis"`` or ``"native"``; the backends use it.
            input_data_format: Only those with this format; the backends use it.
            simulator: True for simulators only, False for hardware only.
            min_num_qubits: Only those with at least this many qubits.
        """

        def fits(target: Target) -> bool:
            return (
                (name is None or target.name == name)
                and bool(target.input_data_formats)
                and (gateset is None or gateset in (target.provider.gatesets or {"qis"}))
                and (input_data_format is None or input_data_format in target.input_data_formats)
                and (simulator is None or target.is_simulator == simulator)
                and (min_num_qubits is None or target.num_qubits >= min_num_qubits)
            )

        targets: list[Target] = self._workspace.get_targets(provider_id=provider_id)
        return [
            AzureQuantumBackend(target, provider=self, gateset=gateset, input_data_format=input_data_format)
            for target in targets
            if fits(target)
        ]

    @strict_keywords
    def get_backend(
        self,
        name: str | None = None,
        *,
        provider_id: str | None = None,
        gateset: str | None = None,
        input_data_format: str | None = None,
        simulator: bool | None = None,
        min_num_qubits: int | None = None,
    ) -> AzureQuantumBackend:
        """Return one backend.

        Each call makes a new one; a session that it opens is joined by its own jobs only.

        Args:
            name: The target's name; None if the other arguments select one.
            provider_id: As for :meth:`backends`.
            gateset: ``"native"`` for the gates of the hardware; by default gates that the provider compiles.
            input_data_format: The format to encode circuits in; by default the target's first that can express them.
            simulator: As for :meth:`backends`.
            min_num_qubits: As for :meth:`backends`.

        Raises:
            TargetNotFoundError: There is no target of this name; the error names similar ones. It is Qiskit's
                ``QiskitBackendNotFoundError`` too.
            ConfigurationError: The target has no such gate set or format, or the arguments select none or several.
        """
        if name is not None:
            with qiskits_errors():
                target = self._workspace.get_target(name)
            return AzureQuantumBackend(target, provider=self, gateset=gateset, input_data_format=input_data_format)
        found = self.backends(
            provider_id=provider_id,
            gateset=gateset,
            input_data_format=input_data_format,
            simulator=simulator,
            min_num_qubits=min_num_qubits,
        )
        if len(found) == 1:
            return found[0]
        names = ", ".join(backend.name for backend in found) or "none"
        raise ConfigurationError(f"{len(found)} backends fit: {names}. Choose one by its name.")

    @strict_keywords
    def least_busy(
        self,
        min_num_qubits: int | None = None,
        *,
        provider_id: str | None = None,
        gateset: str | None = None,
        input_data_format: str | None = None,
        simulator: bool | None = None,
        filters: Callable[[AzureQuantumBackend], bool] | None = None,
    ) -> AzureQuantumBackend:
        """Return the backend that is available and where a job waits the shortest time according to the service.

        A queue time that the service does not tell comes after those that it tells.

        Args:
            min_num_qubits: As for :meth:`backends`, like those that follow.
            provider_id: The provider.
            gateset: The gate set.
            input_data_format: The format.
            simulator: True for simulators only, False for hardware only.
            filters: Takes a backend, returns whether it is wanted.

        Raises:
            ConfigurationError: None is available that fits.
        """
        found = [
            backend
            for backend in self.backends(
                provider_id=provider_id,
                gateset=gateset,
                input_data_format=input_data_format,
                simulator=simulator,
                min_num_qubits=min_num_qubits,
            )
            if backend.azure_target.current_availability == "Available" and (filters is None or filters(backend))
        ]
        if not found:
            raise ConfigurationError("No backend that fits is available; ask for less, or wait.")

        def waiting(backend: AzureQuantumBackend) -> float:
            seconds = backend.azure_target.average_queue_time
            return math.inf if seconds is None else seconds

        return min(found, key=waiting)

    @strict_keywords
    def jobs(
        self,
        limit: int | None = 10,
        skip: int = 0,
        backend_name: str | None = None,
        *,
        status: Sequence[str] | str | None = None,
        session_id: str | None = None,
        job_name: str | None = None,
        job_tags: Sequence[str] | None = None,
        created_after: When | None = None,
        created_before: When | None = None,
        descending: bool = True,
    ) -> list[AzureQuantumJob]:
        """Return jobs of the workspace, sent by any client, the newest first.

        Args:
            limit: At most this many; None for all.
            skip: Leave out so many at the beginning.
            backend_name: Only jobs on this target.
            status: Only jobs in these states, by the service's words, such as ``"Succeeded"``.
            session_id: Only jobs of this session.
            job_name: Only jobs whose name starts with this.
            job_tags: Only jobs that have all of these tags.
            created_after: Only jobs created at this time or later; a time as for ``Workspace.list_jobs``.
            created_before: Only jobs created before this time.
            descending: Whether the newest come first.
        """
        from qsession_qiskit.job import AzureQuantumJob

        found = self._workspace.list_jobs(
            name_match=job_name,
            target=None if backend_name is None else [backend_name],
            status=[status] if isinstance(status, str) else status,
            created_after=created_after,
            created_before=created_before,
            orderby_property="CreationTime",
            is_asc=not descending,
        )
        wanted = [
            job
            for job in found
            if (session_id is None or job.session_id == session_id)
            and set(job_tags or ()) <= set(job.details.tags or ())
        ]
        chosen = wanted[skip:] if limit is None else wanted[skip : skip + limit]
        return [AzureQuantumJob([job], workspace=self._workspace) for job in chosen]

    def get_job(self, job_id: str) -> AzureQuantumJob:
        """Return a job of the workspace, sent by any client, even if its target no longer exists.

        Args:
            job_id: Its id.

        Raises:
            NotFoundError: There is none of this id.
        """
        from qsession_qiskit.job import AzureQuantumJob

        return AzureQuantumJob.fetch(self._workspace, job_id)
