"""One call, as the official client documents it, of each name that is the same here; each returns whether it holds."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

import cirq
from azure.core.credentials import AzureKeyCredential

import qsession_cirq
import qsession_core
import qsession_qiskit
from qsession_core import SessionDetails, SessionJobFailurePolicy, Workspace, official
from tests.support.official_scene import IONQ, X

if TYPE_CHECKING:
    from collections.abc import Callable

    from qsession_core import Session
    from tests.support.official_scene import Scene

QVM = "rigetti.sim.qvm"
QUIL = "DECLARE ro BIT[1]\nX 0\nMEASURE 0 ro[0]\n"
CONNECTION = (
    "SubscriptionId=11111111-2222-3333-4444-555555555555;ResourceGroupName=g;WorkspaceName=w;ApiKey=k;"
    "QuantumEndpoint=https://eastus.quantum.azure.com/;"
)
YEAR = dt.timedelta(days=365)


def _ids(items: object) -> list[str]:
    return [item.id for item in items]  # type: ignore[attr-defined]


def _joined(host: object, session: Session) -> bool:
    """Assign a session, read it back, and detach it."""
    host.latest_session = session  # type: ignore[attr-defined]
    held = host.latest_session is session  # type: ignore[attr-defined]
    host.latest_session = None  # type: ignore[attr-defined]
    return held


def _opened(host: object) -> bool:
    """Open sessions by single members and by details, the official client's first argument."""
    details = SessionDetails(id=str(uuid.uuid4()), name="given", provider_id="ionq", target=IONQ)
    abort = SessionJobFailurePolicy.ABORT
    by_name = host.open_session(name="n", id=str(uuid.uuid4()), job_failure_policy=abort, tags=["a"])  # type: ignore[attr-defined]
    by_details = [host.open_session(details)]  # type: ignore[attr-defined]
    for session in (*by_details, by_name):
        session.close()
    return (by_name.name, by_name.details.tags, by_details[0].id) == ("n", ["a"], details.id)


def _deleted(scene: Scene, job_id: str) -> bool:
    return job_id not in _ids(scene.workspace.list_jobs())


def _between(scene: Scene) -> dict[str, object]:
    """Every filter of the official client that lists of jobs and sessions share."""
    return {
        "provider": ["ionq"],
        "target": [IONQ],
        "created_after": scene.now() - YEAR,
        "created_before": scene.now() + YEAR,
        "orderby_property": "CreationTime",
        "is_asc": True,
    }


def _jobs(scene: Scene) -> dict[str, object]:
    return {"name_match": "one", "job_type": ["QuantumComputing"], "status": None, **_between(scene)}


ALONE: dict[str, Callable[[Scene], bool]] = {
    "azure.quantum.JobDetails": lambda s: isinstance(s.job.details, qsession_core.JobDetails),
    "azure.quantum.JobStatus": lambda s: s.done.details.status == qsession_core.JobStatus.SUCCEEDED,
    "azure.quantum.Priority": lambda s: (
        s.target.submit(X, priority=qsession_core.Priority.HIGH, shots=1).details.priority == "High"
    ),
    "azure.quantum.SessionDetails": lambda s: (
        SessionDetails(id="1", name="n", provider_id="ionq", target=IONQ, tags=["t"]).as_dict()["tags"] == ["t"]
    ),
    "azure.quantum.SessionJobFailurePolicy": lambda s: (
        s.target.open_session(job_failure_policy=SessionJobFailurePolicy.CONTINUE).details.job_failure_policy
        == "Continue"
    ),
    "azure.quantum.SessionStatus": lambda s: s.session.details.status in set(qsession_core.SessionStatus),
    "azure.quantum.cirq.service.AzureQuantumService": lambda s: (
        qsession_cirq.AzureQuantumService(s.workspace, IONQ).get_target().name == IONQ
    ),
    "azure.quantum.job.session.Session": lambda s: (
        qsession_core.Session(
            workspace=s.workspace, id=str(uuid.uuid4()), name="n", provider_id="ionq", target=IONQ,
            job_failure_policy=SessionJobFailurePolicy.ABORT, priority="High", tags=["a"],
        ).open().details.status == "Waiting"
    ),
    "azure.quantum.qiskit.provider.AzureQuantumProvider": lambda s: (
        qsession_qiskit.AzureQuantumProvider(s.workspace).get_workspace() is s.workspace
    ),
    "azure.quantum.target.ionq.IonQ": lambda s: qsession_core.IonQ(workspace=s.workspace, name=IONQ).name == IONQ,
    "azure.quantum.target.pasqal.result.Result": lambda s: callable(official.Result),
    "azure.quantum.target.pasqal.target.InputParams": lambda s: qsession_core.InputParams(runs=3) == {"runs": 3},
    "azure.quantum.target.pasqal.target.Pasqal": lambda s: (
        qsession_core.Pasqal(s.workspace, qsession_core.PasqalTarget.SIM_EMU_TN).name == "pasqal.sim.emu-tn"
    ),
    "azure.quantum.target.pasqal.target.PasqalTarget": lambda s: (
        qsession_core.PasqalTarget.num_qubits(qsession_core.PasqalTarget.SIM_EMU_TN) > 0
    ),
    "azure.quantum.target.quantinuum.Quantinuum": lambda s: (
        qsession_core.Quantinuum(workspace=s.workspace).name == "quantinuum.sim.h2-1sc"
    ),
    "azure.quantum.target.rigetti.result.Result": lambda s: (
        official.Result(qsession_core.Rigetti(s.workspace).submit(QUIL, shots=2))["ro"] == [[1], [1]]
    ),
    "azure.quantum.target.rigetti.target.InputParams": lambda s: (
        qsession_core.InputParams(count=2, skip_quilc=True, substitutions={"a": [[0.5]]})
        == {"count": 2, "skipQuilc": True, "substitutions": {"a": [[0.5]]}}
    ),
    "azure.quantum.target.rigetti.target.Rigetti": lambda s: (
        qsession_core.Rigetti(workspace=s.workspace, name=qsession_core.RigettiTarget.QVM).name == QVM
    ),
    "azure.quantum.target.rigetti.target.RigettiTarget": lambda s: qsession_core.RigettiTarget.simulators() == [QVM],
    "azure.quantum.workspace.Workspace": lambda s: (
        Workspace(
            subscription_id="11111111-2222-3333-4444-555555555555", resource_group="g", name="w", storage=None,
            location="eastus", credential=AzureKeyCredential("k"), user_agent="app",
            endpoint="https://eastus.quantum.azure.com/",
        ).user_agent == "app"
    ),
}  # fmt: skip

WORKSPACE: dict[str, Callable[[Scene], bool]] = {
    "cancel_job": lambda s: s.workspace.cancel_job(s.waiting).details.status == "Cancelled",
    "close": lambda s: s.workspace.close() is None,
    "close_session": lambda s: s.workspace.close_session(s.session) is None and s.session.is_closed,
    "delete_job": lambda s: s.workspace.delete_job(s.job) is None and _deleted(s, s.job.id),
    "from_connection_string": lambda s: Workspace.from_connection_string(CONNECTION, user_agent="app").name == "w",
    "get_container_uri": lambda s: (
        f"job-{s.job.id}" in s.workspace.get_container_uri(job_id=s.job.id)
        and "/mine?" in s.workspace.get_container_uri(container_name="mine")
        and f"x-{s.job.id}" in s.workspace.get_container_uri(s.job.id, None, "x-{job_id}")
    ),
    "get_job": lambda s: s.workspace.get_job(job_id=s.job.id).id == s.job.id,
    "get_quotas": lambda s: {"dimension", "limit", "utilization"} <= set(s.workspace.get_quotas()[0]),
    "get_session": lambda s: s.workspace.get_session(session_id=s.session.id).id == s.session.id,
    "get_targets": lambda s: (
        s.workspace.get_targets(name=IONQ).name == IONQ
        and IONQ in {target.name for target in s.workspace.get_targets(provider_id="ionq")}
    ),
    "list_jobs": lambda s: _ids(s.workspace.list_jobs(**_jobs(s))) == [s.job.id],
    "list_jobs_paginated": lambda s: _ids(s.workspace.list_jobs_paginated(skip=0, top=10, **_jobs(s))) == [s.job.id],
    "list_session_jobs": lambda s: (
        [job.details.name for job in s.workspace.list_session_jobs(s.session.id, "in", None, "Name", is_asc=True)]
        == ["inside"]
    ),
    "list_session_jobs_paginated": lambda s: (
        [each.name for each in s.workspace.list_session_jobs_paginated(session_id=s.session.id, skip=0, top=5)]
        == ["inside"]
    ),
    "list_sessions": lambda s: (
        s.session.id in _ids(s.workspace.list_sessions(status=["Waiting", "Executing"], **_between(s)))
    ),
    "list_sessions_paginated": lambda s: (
        s.session.id in _ids(s.workspace.list_sessions_paginated(skip=0, top=5, **_between(s)))
    ),
    "list_top_level_items": lambda s: (
        _ids(s.workspace.list_top_level_items(item_type=["Job"], **_jobs(s))) == [s.job.id]
    ),
    "list_top_level_items_paginated": lambda s: (
        _ids(s.workspace.list_top_level_items_paginated(skip=0, top=5, **_jobs(s))) == [s.job.id]
    ),
    "location": lambda s: s.workspace.location != "",
    "name": lambda s: s.workspace.name != "",
    "open_session": lambda s: s.workspace.open_session(s.described) is None and s.described.status == "Waiting",
    "refresh_session": lambda s: s.workspace.refresh_session(s.session) is None,
    "resource_group": lambda s: s.workspace.resource_group != "",
    "subscription_id": lambda s: uuid.UUID(s.workspace.subscription_id).int >= 0,
    "update_job": lambda s: (
        s.workspace.update_job(s.waiting, name="new", priority="High", tags=["t"]).details.tags == ["t"]
    ),
    "user_agent": lambda s: s.workspace.user_agent is None,
}

JOB: dict[str, Callable[[Scene], bool]] = {
    "container_name": lambda s: s.job.container_name == f"job-{s.job.id}",
    "create_job_id": lambda s: uuid.UUID(qsession_core.Job.create_job_id()).int > 0,
    "delete": lambda s: s.job.delete() is None and _deleted(s, s.job.id),
    "details": lambda s: (s.job.details.name, s.job.details.target) == ("one", IONQ),
    "download_attachment": lambda s: (
        s.job.upload_attachment(name="a", data=b"x") != "" and s.job.download_attachment(name="a") == b"x"
    ),
    "download_data": lambda s: s.done.has_completed() and b"{" in s.job.download_data(s.job.details.output_data_uri),
    "get_results": lambda s: s.job.get_results(timeout_secs=60) is not None,
    "get_results_histogram": lambda s: s.shots_job.get_results_histogram(timeout_secs=60)["[1]"]["count"] == 10,
    "get_results_shots": lambda s: s.shots_job.get_results_shots(timeout_secs=60) == [[1]] * 10,
    "has_completed": lambda s: s.waiting.has_completed() is False,
    "has_succeeded": lambda s: s.done.has_succeeded(),
    "id": lambda s: uuid.UUID(s.job.id).int > 0,
    "item_type": lambda s: s.job.item_type == "Job",
    "list_attachments": lambda s: (
        "inputData" in {each["name"] for each in s.job.list_attachments()}
        and all(each.size == each["size"] for each in s.job.list_attachments())
    ),
    "matches_filter": lambda s: s.waiting.matches_filter(name_match="wait", status=None, created_after=None),
    "refresh": lambda s: s.job.refresh() is not NotImplemented,
    "update": lambda s: s.waiting.update(name="new", priority="Standard", tags=["t"]).details.name == "new",
    "upload_attachment": lambda s: "/b" in s.job.upload_attachment("b", b"y"),
    "wait_until_completed": lambda s: (
        s.job.wait_until_completed(max_poll_wait_secs=30, timeout_secs=60, print_progress=False) is not NotImplemented
    ),
    "workspace": lambda s: s.job.workspace is s.workspace,
}

SESSION: dict[str, Callable[[Scene], bool]] = {
    "close": lambda s: s.session.close().details.status == "Succeeded",
    "details": lambda s: s.session.details.provider_id == "ionq",
    "id": lambda s: uuid.UUID(s.session.id).int > 0,
    "is_in_terminal_state": lambda s: s.session.is_in_terminal_state() is False,
    "item_type": lambda s: s.session.item_type == "Session",
    "list_jobs": lambda s: [job.details.name for job in s.session.list_jobs()] == ["inside"],
    "open": lambda s: s.described.open().id == s.described.id,
    "refresh": lambda s: s.session.refresh().id == s.session.id,
    "target": lambda s: str(s.session.target) == IONQ,
    "workspace": lambda s: s.session.workspace is s.workspace,
}

HOST: dict[str, Callable[[Scene, object], bool]] = {
    "get_latest_session_id": lambda s, host: host.get_latest_session_id() is None,  # type: ignore[attr-defined]
    "latest_session": lambda s, host: _joined(host, s.described.open()),
    "open_session": lambda s, host: _opened(host),
}

TARGET: dict[str, Callable[[Scene], bool]] = {
    "average_queue_time": lambda s: s.target.average_queue_time >= 0,
    "current_availability": lambda s: s.target.current_availability == "Available",
    "refresh": lambda s: s.target.refresh() is not NotImplemented,
    "submit": lambda s: (
        s.target.submit(X, "n", 5, {"noise": {"model": "ideal"}}, priority="High", tags=["t"]).details.tags == ["t"]
    ),
}

PROVIDER: dict[str, Callable[[Scene], bool]] = {
    "backends": lambda s: len(s.provider.backends()) > 3 and s.provider.backends(name=IONQ)[0].name == IONQ,
    "get_backend": lambda s: s.provider.get_backend(name=IONQ, gateset="qis").name == IONQ,
    "get_job": lambda s: s.provider.get_job(job_id=s.qiskit_job.id()).id() == s.qiskit_job.id(),
    "get_workspace": lambda s: s.provider.get_workspace() is s.workspace,
}

BACKEND: dict[str, Callable[[Scene], bool]] = {
    "configuration": lambda s: s.backend.configuration().n_qubits > 0,
    "max_circuits": lambda s: s.backend.max_circuits is None or s.backend.max_circuits > 0,
    "retrieve_job": lambda s: s.backend.retrieve_job(s.qiskit_job.job_id()).job_id() == s.qiskit_job.job_id(),
    "run": lambda s: s.backend.run(s.qiskit_circuit, shots=10, job_name="n").result().get_counts() == {"1": 10},
    "target": lambda s: s.backend.target.num_qubits > 0,
}

QISKIT_JOB: dict[str, Callable[[Scene], bool]] = {
    "cancel": lambda s: s.waiting is not None and s.qiskit_job.cancel() is not False,
    "delete": lambda s: s.qiskit_job.delete() is not False and _deleted(s, s.qiskit_job.id()),
    "id": lambda s: uuid.UUID(s.qiskit_job.id()).int > 0,
    "job_id": lambda s: s.qiskit_job.job_id() == s.qiskit_job.id(),
    "queue_position": lambda s: s.qiskit_job.queue_position() in {None, 0, 1},
    "refresh": lambda s: s.qiskit_job.refresh() is not NotImplemented,
    "result": lambda s: s.qiskit_job.result(timeout=60, sampler_seed=3).get_counts() == {"1": 10},
    "status": lambda s: s.qiskit_job.status().name in {"QUEUED", "RUNNING", "DONE"},
    "submit": lambda s: s.qiskit_job.submit() is None,
}

SERVICE: dict[str, Callable[[Scene], bool]] = {
    "create_job": lambda s: (
        s.service.create_job(program=s.cirq_circuit, repetitions=3, name="n", target=IONQ).name() == "n"
    ),
    "get_job": lambda s: s.service.get_job(job_id=s.cirq_job.job_id()).job_id() == s.cirq_job.job_id(),
    "get_target": lambda s: s.service.get_target(name=IONQ).name == IONQ,
    "run": lambda s: (
        s.service.run(s.cirq_circuit, 4, IONQ, "n", cirq.ParamResolver({}), seed=1, timeout_seconds=60)
        .measurements["m"]
        .tolist()
        == [[1]] * 4
    ),
    "targets": lambda s: s.service.targets(name=IONQ).name == IONQ and len(s.service.targets(provider_id="ionq")) >= 1,
}

CIRQ_JOB: dict[str, Callable[[Scene], bool]] = {
    "azure_job": lambda s: s.cirq_job.azure_job.id == s.cirq_job.job_id(),
    "cancel": lambda s: s.waiting is not None and s.cirq_job.cancel() is not False,
    "delete": lambda s: s.cirq_job.delete() is not False and _deleted(s, s.cirq_job.job_id()),
    "job_id": lambda s: uuid.UUID(s.cirq_job.job_id()).int > 0,
    "measurement_dict": lambda s: {name: list(at) for name, at in s.cirq_job.measurement_dict().items()} == {"m": [0]},
    "name": lambda s: s.cirq_job.name() == "named",
    "num_qubits": lambda s: s.cirq_job.num_qubits() == 1,
    "repetitions": lambda s: s.cirq_job.repetitions() == 10,
    "results": lambda s: s.cirq_job.results(timeout_seconds=60) is not None,
    "status": lambda s: s.cirq_job.status() != "",
    "target": lambda s: s.cirq_job.target() == IONQ,
}

CIRQ_TARGET: dict[str, Callable[[Scene], bool]] = {
    "submit": lambda s: s.cirq_target.submit(s.cirq_circuit, "n", 7).repetitions() == 7,
}


def _of(kind: str, calls: dict[str, Callable[[Scene], bool]]) -> dict[str, Callable[[Scene], bool]]:
    return {f"azure.quantum.{kind}.{name}": call for name, call in calls.items()}


def _hosted(kind: str, host: Callable[[Scene], object]) -> dict[str, Callable[[Scene], bool]]:
    return _of(kind, {name: lambda s, call=call: call(s, host(s)) for name, call in HOST.items()})  # type: ignore[misc]


CALLS: dict[str, Callable[[Scene], bool]] = {
    **ALONE,
    **_of("Workspace", WORKSPACE),
    **_of("job.Job", JOB),
    **_of("job.Session", SESSION),
    **_of("target.Target", TARGET),
    **_hosted("target.Target", lambda s: s.target),
    **_of("qiskit.AzureQuantumProvider", PROVIDER),
    **_of("qiskit.backends.backend.AzureBackendBase", BACKEND),
    **_hosted("qiskit.backends.backend.AzureBackendBase", lambda s: s.backend),
    **_of("qiskit.job.AzureQuantumJob", QISKIT_JOB),
    **_of("cirq.AzureQuantumService", SERVICE),
    **_of("cirq.job.Job", CIRQ_JOB),
    **_of("cirq.targets.Target", CIRQ_TARGET),
    **_hosted("cirq.targets.Target", lambda s: s.cirq_target),
}
