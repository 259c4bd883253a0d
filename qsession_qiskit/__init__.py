"""Qiskit on Azure Quantum: a provider, backends, jobs, primitives, and IonQ's native gates.

>>> from qsession_core import Workspace
>>> from qsession_qiskit import AzureQuantumProvider
>>> AzureQuantumProvider(Workspace.local()).get_backend("ionq.simulator")
<AzureQuantumBackend ionq.simulator: 29 qubits>
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.lazy import exports

if TYPE_CHECKING:
    from qsession_qiskit.backend import AzureQuantumBackend
    from qsession_qiskit.conversion.convert import to_program
    from qsession_qiskit.ionq.gates import GPI2Gate, GPIGate, MSGate, ZZGate
    from qsession_qiskit.job import AzureQuantumJob
    from qsession_qiskit.primitives.estimator import EstimatorV2
    from qsession_qiskit.primitives.options import EstimatorOptions, SamplerOptions
    from qsession_qiskit.primitives.sampler import SamplerV2
    from qsession_qiskit.provider import AzureQuantumProvider
    from qsession_qiskit.session import Batch, Session

__all__ = [
    "AzureQuantumBackend",
    "AzureQuantumJob",
    "AzureQuantumProvider",
    "Batch",
    "EstimatorOptions",
    "EstimatorV2",
    "GPI2Gate",
    "GPIGate",
    "MSGate",
    "SamplerOptions",
    "SamplerV2",
    "Session",
    "ZZGate",
    "to_program",
]

# Loaded on first use, so that a program that only samples does not load the estimator
__getattr__, __dir__ = exports(
    __name__,
    {
        "AzureQuantumBackend": "backend",
        "AzureQuantumJob": "job",
        "AzureQuantumProvider": "provider",
        "Batch": "session",
        "EstimatorOptions": "primitives.options",
        "EstimatorV2": "primitives.estimator",
        "GPI2Gate": "ionq.gates",
        "GPIGate": "ionq.gates",
        "MSGate": "ionq.gates",
        "SamplerOptions": "primitives.options",
        "SamplerV2": "primitives.sampler",
        "Session": "session",
        "ZZGate": "ionq.gates",
        "to_program": "conversion.convert",
    },
    needs="qiskit",
    extra="qiskit",
)
