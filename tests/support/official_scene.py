"""What a program of the official client has at hand, over a local workspace."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import cirq
from qiskit import QuantumCircuit

import qsession_cirq
import qsession_core
import qsession_qiskit

if TYPE_CHECKING:
    import datetime as dt

    from qsession_core import Job, Session, Workspace

IONQ = "ionq.simulator"
X = {"qubits": 1, "circuit": [{"gate": "x", "target": 0}]}


class Scene:
    """A local workspace with what a program has at hand: each thing is made when a call first uses it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.target = workspace.get_targets(IONQ)

    @cached_property
    def job(self) -> Job:
        return self.target.submit(input_data=X, name="one", shots=10)

    @property
    def done(self) -> Job:
        self.job.wait_until_completed()
        return self.job

    @cached_property
    def shots_job(self) -> Job:
        """A job whose result has each shot."""
        job = self.provider.get_backend("quantinuum.sim.h2-1e").run(self.qiskit_circuit, shots=10, error_model=False)
        return self.workspace.get_job(job.id())

    @cached_property
    def waiting(self) -> Job:
        """A job that does not run by itself."""
        service = self.workspace.service
        assert service is not None
        service.dispatcher.paused = True
        return self.target.submit(X, "waiting", shots=10)

    @cached_property
    def session(self) -> Session:
        session = self.target.open_session(name="s")
        self.target.submit(X, "inside", shots=1).wait_until_completed()
        return session

    @cached_property
    def described(self) -> Session:
        return qsession_core.Session(workspace=self.workspace, name="by hand", target=IONQ)

    @cached_property
    def provider(self) -> qsession_qiskit.AzureQuantumProvider:
        return qsession_qiskit.AzureQuantumProvider(workspace=self.workspace)

    @cached_property
    def backend(self) -> qsession_qiskit.AzureQuantumBackend:
        return self.provider.get_backend(IONQ)

    @cached_property
    def qiskit_job(self) -> qsession_qiskit.AzureQuantumJob:
        return self.backend.run(self.qiskit_circuit, shots=10)

    @cached_property
    def qiskit_circuit(self) -> QuantumCircuit:
        circuit = QuantumCircuit(1, 1)
        circuit.x(0)
        circuit.measure(0, 0)
        return circuit

    @cached_property
    def service(self) -> qsession_cirq.AzureQuantumService:
        return qsession_cirq.AzureQuantumService(workspace=self.workspace, default_target=IONQ)

    @cached_property
    def cirq_target(self) -> qsession_cirq.Target:
        return self.service.get_target(name=IONQ)

    @cached_property
    def cirq_circuit(self) -> cirq.Circuit:
        qubit = cirq.LineQubit(0)
        return cirq.Circuit(cirq.X(qubit), cirq.measure(qubit, key="m"))

    @cached_property
    def cirq_job(self) -> qsession_cirq.Job:
        return self.service.create_job(self.cirq_circuit, 10, "named", IONQ)

    def now(self) -> dt.datetime:
        return self.job.details.creation_time
