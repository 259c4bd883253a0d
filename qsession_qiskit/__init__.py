"""Qiskit on Azure Quantum: a provider, backends, jobs, primitives, and IonQ's native gates."""

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
