"""Sessions with IBM Runtime's words: ``Session(backend=...)`` and ``Batch(backend=...)``.

They are sessions of Azure Quantum, opened by the backend; ``azure_session`` is the one behind. Inside their block, a
primitive needs no mode.

>>> from qsession_core import Workspace
>>> from qsession_qiskit import AzureQuantumProvider, SamplerV2
>>> backend = AzureQuantumProvider(Workspace.local(seed=7)).get_backend("ionq.simulator")
>>> with Session(backend=backend, max_time="2h 30m") as session:
...     sampler = SamplerV2()
>>> session.status()
'Closed'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from qsession_core.client.service.status import SessionJobFailurePolicy, SessionStatus
from qsession_core.errors import ConfigurationError
from qsession_core.keywords import strict_keywords
from qsession_qiskit.backend import AzureQuantumBackend
from qsession_qiskit.primitives.mode import current_session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from qsession_core.client.service.status import Priority
    from qsession_core.client.session import Session as AzureSession
    from qsession_qiskit.provider import AzureQuantumProvider

__all__ = ["Batch", "Session"]


class Session:
    """A session of a backend, with IBM Runtime's words; as a context manager it is closed at the end of the block.

    >>> from qsession_core import Workspace
    >>> from qsession_qiskit import AzureQuantumProvider, SamplerV2
    >>> backend = AzureQuantumProvider(Workspace.local(seed=7)).get_backend("ionq.simulator")
    >>> with Session(backend=backend, max_time="2h 30m") as session:
    ...     sampler = SamplerV2()
    >>> session.status()
    'Closed'
    """

    _POLICY: SessionJobFailurePolicy | None = None  # the service's default

    @strict_keywords
    def __init__(
        self,
        backend: AzureQuantumBackend,
        max_time: float | str | None = None,
        *,
        name: str | None = None,
        job_failure_policy: SessionJobFailurePolicy | str | None = None,
        priority: Priority | str | None = None,
        tags: Sequence[str] | None = None,
        max_jobs: int | None = None,
        max_shots: int | None = None,
        max_cost: float | None = None,
    ) -> None:
        """Open a session.

        Args:
            backend: The backend of its jobs.
            max_time: For how many seconds from now jobs may be sent, or text such as ``"2h 30m"``.
            name: Its name.
            job_failure_policy: ``"Abort"`` or ``"Continue"``.
            priority: ``"Standard"`` or ``"High"``.
            tags: Its tags.
            max_jobs: At most this many jobs.
            max_shots: At most this many shots in all jobs together.
            max_cost: The most that all jobs together may cost by estimate.

        Raises:
            ConfigurationError: An argument has a value that it cannot have; nothing was sent.
            ServiceError: The service refused.
        """
        if not isinstance(backend, AzureQuantumBackend):
            raise ConfigurationError(
                f"A {type(backend).__name__} is not a backend of AzureQuantumProvider; pass provider.get_backend(name)."
            )
        opened = backend.open_session(
            name,
            job_failure_policy=job_failure_policy or self._POLICY,
            priority=priority,
            tags=tags,
            max_jobs=max_jobs,
            max_shots=max_shots,
            max_time=max_time,
            max_cost=max_cost,
        )
        self._adopt(backend, opened)

    def _adopt(self, backend: AzureQuantumBackend, session: AzureSession) -> None:
        self._backend = backend
        self._session = session
        self._outer: list[Session | None] = []

    @classmethod
    def from_id(cls, session_id: str, service: AzureQuantumProvider) -> Self:
        """Join a session that is open, from this process or another.

        Args:
            session_id: Its id.
            service: The provider of its workspace.

        Raises:
            NotFoundError: There is none.
            SessionError: It takes no more jobs.
        """
        workspace = service.get_workspace()
        target = workspace.get_target(workspace.get_session(session_id).target)
        backend, session = AzureQuantumBackend(target, provider=service), cls.__new__(cls)
        session._adopt(backend, backend.attach_session(session_id))  # noqa: SLF001 - its own
        return session

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.session_id} on {self._backend.name}: {self._session.status}>"

    @property
    def azure_session(self) -> AzureSession:
        """The session of Azure Quantum."""
        return self._session

    @property
    def session_id(self) -> str:
        """Its id."""
        return self._session.id

    @property
    def service(self) -> AzureQuantumProvider | None:
        """The provider that made its backend."""
        return self._backend.provider  # type: ignore[no-any-return]

    def backend(self) -> AzureQuantumBackend:
        """Return the backend of its jobs."""
        return self._backend

    def status(self) -> str:
        """Fetch its state and return it in IBM Runtime's words.

        ``"Pending"``, ``"In progress, accepting new jobs"``, ``"In progress, not accepting new jobs"`` or ``"Closed"``.
        """
        session = self._session.refresh()
        if session.is_in_terminal_state():
            return "Closed"
        if session.is_closed:
            return "In progress, not accepting new jobs"
        return "Pending" if session.status is SessionStatus.WAITING else "In progress, accepting new jobs"

    def usage(self) -> float:
        """Return for how many seconds its jobs have executed, all together, as far as the service says."""
        times = [
            (job.details.begin_execution_time, job.details.end_execution_time) for job in self._session.list_jobs()
        ]
        return sum((end - begin).total_seconds() for begin, end in times if begin is not None and end is not None)

    def details(self) -> dict[str, Any]:
        """Fetch and return its members by IBM Runtime's names, None for what the service does not say."""
        status, session = self.status(), self._session
        return {
            "id": session.id,
            "backend_name": session.target,
            "interactive_timeout": session.hold_seconds,
            "max_time": session.max_time,
            "active_timeout": None if session.is_in_terminal_state() else session.seconds_left,
            "state": status,
            "accepting_jobs": not session.is_closed and not session.is_in_terminal_state(),
            "last_job_started": None,
            "last_job_completed": None,
            "started_at": session.details.creation_time,
            "closed_at": session.details.end_execution_time,
            "activated_at": session.details.begin_execution_time,
            "mode": "batch" if isinstance(self, Batch) else "dedicated",
            "usage_time": self.usage(),
        }

    def close(self) -> None:
        """Close it: it takes no more jobs; those that it has continue to run."""
        self._session.close()

    def cancel(self) -> None:
        """Close it and cancel its jobs that are not terminal."""
        self._session.cancel()

    def __enter__(self) -> Self:
        self._outer.append(current_session.get())
        current_session.set(self)
        self._session.__enter__()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        current_session.set(self._outer.pop())
        self._session.__exit__(exc_type, error, traceback)


class Batch(Session):
    """A session whose jobs do not depend on each other: a job that fails does not end it.

    >>> from qsession_core import Workspace
    >>> from qsession_qiskit import AzureQuantumProvider
    >>> backend = AzureQuantumProvider(Workspace.local(seed=7)).get_backend("ionq.simulator")
    >>> with Batch(backend=backend) as batch:
    ...     batch.azure_session.details.job_failure_policy
    'Continue'
    """

    _POLICY = SessionJobFailurePolicy.CONTINUE
