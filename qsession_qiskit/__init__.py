"""Qiskit on Azure Quantum: a provider, backends, jobs, primitives, and IonQ's native gates.

>>> from qsession_core import Workspace
>>> from qsession_qiskit import AzureQuantumProvider
>>> AzureQuantumProvider(Workspace.local()).get_backend("ionq.simulator")
<AzureQuantumBackend ionq.simulator: 29 qubits>
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qsession_qiskit.backend import AzureQuantumBackend
    from qsession_qiskit.convert import to_program
    from qsession_qiskit.estimator import EstimatorOptions, EstimatorV2
    from qsession_qiskit.job import AzureQuantumJob
    from qsession_qiskit.native import GPI2Gate, GPIGate, MSGate, ZZGate
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

# Loaded when first asked for: who samples needs no estimator
_HOMES = {
    "AzureQuantumBackend": "backend",
    "AzureQuantumJob": "job",
    "AzureQuantumProvider": "provider",
    "EstimatorOptions": "estimator",
    "EstimatorV2": "estimator",
    "GPI2Gate": "native",
    "GPIGate": "native",
    "MSGate": "native",
    "SamplerOptions": "sampler",
    "SamplerV2": "sampler",
    "ZZGate": "native",
    "to_program": "convert",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
