"""Azure Quantum sessions for Cirq: service, targets, jobs, a sampler, and IonQ's native gates.

>>> from qsession_cirq import AzureQuantumService
>>> from qsession_core import Workspace
>>> service = AzureQuantumService(Workspace.local(seed=7))
>>> service.get_target("ionq.simulator")
<qsession_cirq.Target ionq.simulator: 29 qubits, Base>
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.lazy import exports

if TYPE_CHECKING:
    from qsession_cirq.basis import IonQNativeGateset, TargetGateset
    from qsession_cirq.job import Job
    from qsession_cirq.json_form import json_resolvers
    from qsession_cirq.native import GPI, GPI2, MS, ZZ
    from qsession_cirq.result import ResultDict
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
    "ResultDict",
    "Sampler",
    "Target",
    "TargetGateset",
    "json_resolvers",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "AzureQuantumService": "service",
        "GPI": "native",
        "GPI2": "native",
        "IonQNativeGateset": "basis",
        "Job": "job",
        "ResultDict": "result",
        "json_resolvers": "json_form",
        "MS": "native",
        "Sampler": "sampler",
        "Target": "target",
        "TargetGateset": "basis",
        "ZZ": "native",
    },
    needs="cirq",
    extra="cirq",
)
