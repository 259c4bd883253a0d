"""What Qiskit 1 and the official client tell of a backend: its configuration and its status."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from qsession_core.client.service.query import matching
from qsession_core.client.service.status import JobStatus

if TYPE_CHECKING:
    from qsession_core.client.target import Target as CoreTarget
    from qsession_qiskit.backend import AzureQuantumBackend

__all__ = ["BackendConfiguration", "BackendStatus", "configuration_of", "status_of"]

_AVAILABLE = "Available"


@dataclass(frozen=True)
class BackendConfiguration:
    """Facts of a backend that do not change, by the official client's names.

    Attributes:
        backend_name: The target's name.
        backend_version: Empty: the service does not tell one.
        description: One line.
        n_qubits: Its qubits.
        basis_gates: The names of its gates, without control flow, measurements and barriers.
        simulator: Whether it is a simulator.
        max_shots: The most shots of one job; None for no known limit.
        conditional: Whether it has classical control.
        local: False: jobs are sent to a service.
        memory: True: results have memory.
        open_pulse: False: there is no pulse control.
        coupling_map: None: all qubits are connected.
        dt: None: durations are not known.
        max_experiments: None: a run takes any number of circuits.
        azure: ``provider_id`` and the formats, by the official client's names.
    """

    backend_name: str
    backend_version: str
    description: str
    n_qubits: int
    basis_gates: tuple[str, ...]
    simulator: bool
    max_shots: int | None
    conditional: bool
    local: bool = False
    memory: bool = True
    open_pulse: bool = False
    coupling_map: None = None
    dt: None = None
    max_experiments: None = None
    azure: dict[str, Any] = field(default_factory=dict)

    @property
    def num_qubits(self) -> int:
        """Its qubits."""
        return self.n_qubits

    @property
    def name(self) -> str:
        """The target's name."""
        return self.backend_name

    def get(self, key: str, default: object = None) -> object:
        """Return a member by its name; ``default`` if there is none."""
        return self.to_dict().get(key, default)

    def to_dict(self) -> dict[str, Any]:
        """Return the members by name."""
        return asdict(self) | {"basis_gates": list(self.basis_gates)}


@dataclass(frozen=True)
class BackendStatus:
    """The state of a backend, by the names of Qiskit 1.

    Attributes:
        backend_name: The target's name.
        backend_version: Empty: the service does not tell one.
        operational: Whether it takes jobs and runs them now.
        pending_jobs: Jobs of this workspace that wait for it or run there; the service does not tell those of others.
        status_msg: ``"Available"``, ``"Degraded"`` (takes jobs, does not run them now), ``"Unavailable"`` or empty.
        average_queue_time: How long a job waits, in seconds; None if unknown.
    """

    backend_name: str
    backend_version: str
    operational: bool
    pending_jobs: int
    status_msg: str
    average_queue_time: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the members by name."""
        return asdict(self)


def configuration_of(backend: AzureQuantumBackend) -> BackendConfiguration:
    """Return the configuration of a backend."""
    target: CoreTarget = backend.azure_target
    flow = {"measure", "barrier", "delay", "reset", "if_else", "switch_case", "box"}
    names = [name for name in backend.target.operation_names if name not in flow and not name.endswith("_loop")]
    first = backend.input_data_format or next(iter(target.input_data_formats), "")
    return BackendConfiguration(
        backend_name=backend.name,
        backend_version="",
        description=backend.description or "",
        n_qubits=target.num_qubits,
        basis_gates=tuple(names),
        simulator=target.is_simulator,
        max_shots=target.max_shots,
        conditional=target.target_profile.startswith("Adaptive"),
        azure={
            "provider_id": target.provider_id,
            "input_data_format": first,
            "input_data_formats": list(target.input_data_formats),
            "target_profile": target.target_profile,
        },
    )


def status_of(backend: AzureQuantumBackend) -> BackendStatus:
    """Fetch and return the state of a backend."""
    target = backend.azure_target.refresh()
    pending = matching(target=[target.name], status=[status for status in JobStatus if not status.is_terminal])
    waiting = len(list(target.workspace.parts.calls.list_jobs(pending, None, is_asc=True)))
    return BackendStatus(
        backend_name=backend.name,
        backend_version="",
        operational=target.current_availability == _AVAILABLE,
        pending_jobs=waiting,
        status_msg=target.current_availability or "",
        average_queue_time=target.average_queue_time,
    )
