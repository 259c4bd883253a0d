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
    from qsession_qiskit.estimator import EstimatorOptions, EstimatorV2
    from qsession_qiskit.ionq.gates import GPI2Gate, GPIGate, MSGate, ZZGate
    from qsession_qiskit.job import AzureQuantumJob
    from qsession_qiskit.provider import AzureQuantumProvider
    from qsession_qiskit.sampler import SamplerOptions, SamplerV2

__all__ = [
    "AzureQuantumBackend",
    "AzureQuantumJob",
    "AzureQuantumProvider",
    "EstimatorOptions",
    "EstimatorV2",
    "GPI2Gate",
    "GPIGate",
    "MSGate",
    "SamplerOptions",
    "SamplerV2",
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
        "EstimatorOptions": "estimator",
        "EstimatorV2": "estimator",
        "GPI2Gate": "ionq.gates",
        "GPIGate": "ionq.gates",
        "MSGate": "ionq.gates",
        "SamplerOptions": "sampler",
        "SamplerV2": "sampler",
        "ZZGate": "ionq.gates",
        "to_program": "conversion.convert",
    },
)
