"""Azure Quantum sessions: workspace, targets, sessions, jobs.

>>> from qsession_core import Workspace
>>> target = Workspace.local(seed=7).get_target("ionq.simulator")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.lazy import exports

if TYPE_CHECKING:
    from qsession_core import errors
    from qsession_core.client.job import Job
    from qsession_core.client.job_set import JobSet
    from qsession_core.client.service.models import JobDetails, SessionDetails
    from qsession_core.client.service.status import JobStatus, Priority, SessionJobFailurePolicy, SessionStatus
    from qsession_core.client.session import Session
    from qsession_core.client.target import Target
    from qsession_core.connect import Workspace
    from qsession_core.formats.interface import Payload
    from qsession_core.official import (
        InputParams,
        IonQ,
        Pasqal,
        PasqalTarget,
        Quantinuum,
        Rigetti,
        RigettiTarget,
    )
    from qsession_core.program import Program
    from qsession_core.results.result import Result
    from qsession_core.transport.message import Request, Response
    from qsession_core.version import __version__

__all__ = [
    "InputParams",
    "IonQ",
    "Job",
    "JobDetails",
    "JobSet",
    "JobStatus",
    "Pasqal",
    "PasqalTarget",
    "Payload",
    "Priority",
    "Program",
    "Quantinuum",
    "Request",
    "Response",
    "Result",
    "Rigetti",
    "RigettiTarget",
    "Session",
    "SessionDetails",
    "SessionJobFailurePolicy",
    "SessionStatus",
    "Target",
    "Workspace",
    "__version__",
    "errors",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "RigettiTarget": "official",
        "Rigetti": "official",
        "Quantinuum": "official",
        "PasqalTarget": "official",
        "Pasqal": "official",
        "IonQ": "official",
        "InputParams": "official",
        "SessionDetails": "client.service.models",
        "JobDetails": "client.service.models",
        "Job": "client.job",
        "JobSet": "client.job_set",
        "JobStatus": "client.service.status",
        "Payload": "formats.interface",
        "Priority": "client.service.status",
        "Program": "program",
        "Request": "transport.message",
        "Response": "transport.message",
        "Result": "results.result",
        "Session": "client.session",
        "SessionJobFailurePolicy": "client.service.status",
        "SessionStatus": "client.service.status",
        "Target": "client.target",
        "Workspace": "connect",
        "__version__": "version",
        "errors": "errors",
    },
)
