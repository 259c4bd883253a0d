"""Azure Quantum sessions for Cirq: service, targets, jobs, a sampler, and IonQ's native gates.

>>> from qsession_cirq import AzureQuantumService
>>> from qsession_core import Workspace
>>> service = AzureQuantumService(Workspace.local(seed=7))
>>> service.get_target("ionq.simulator")
<qsession_cirq.Target ionq.simulator: 29 qubits, Base>
"""

from qsession_cirq.basis import IonQNativeGateset, TargetGateset
from qsession_cirq.job import Job
from qsession_cirq.native import GPI, GPI2, MS, ZZ
from qsession_cirq.sampler import Sampler
from qsession_cirq.service import AzureQuantumService
from qsession_cirq.target import Target

__all__ = [
    "GPI",
    "GPI2",
    "MS",
    "ZZ",
    "AzureQuantumService",
    "IonQNativeGateset",
    "Job",
    "Sampler",
    "Target",
    "TargetGateset",
]
