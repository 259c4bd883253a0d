"""What we say of each public name of the official client, and the page that says it to people."""

from __future__ import annotations

from tests.support.official_names import CLASSES, official_names, resolved

PAGE_HEAD = """# Coming from azure-quantum

Most programs run with their import lines changed: `azure.quantum` becomes `qsession_core`, `azure.quantum.qiskit`
becomes `qsession_qiskit`, `azure.quantum.cirq` becomes `qsession_cirq`. The tables have every public name of
azure-quantum 3.13: `same` is called in the same way; else the table says where the thing is, or why there is none. A
test reads the names from the installed package and writes this page.

What differs where a name is the same:

* A session that is opened inside another does not close it: sessions nest, and closing the inner one brings back the
  outer.
* Counts are whole numbers that sum to the shots, and nothing is drawn at random unless it is asked for.
* Options, in `input_params` and as keywords, are checked before anything is sent.
* Errors are of `qsession_core.errors`; see [the errors](../errors.md). On Qiskit's side they are Qiskit's errors too.
"""

_BACKEND = (
    "`provider.get_backend(name)`: one class for all backends; `gateset=` and `input_data_format=` choose the rest"
)
_CIRQ_TARGET = "`qsession_cirq.Target`: one class for all targets"
_STORAGE = "no; attachments of jobs: `job.upload_attachment`, `list_attachments`, `download_attachment`"
_QSHARP = "no; arguments of Q# programs are given as qdk has them"

SAYS: dict[str, str] = {
    "azure.quantum.cirq.targets.target.Target": "`qsession_cirq.Target`; `service.get_target` returns them",
    "azure.quantum.cirq.job.Job": "`qsession_cirq.Job`; `service.create_job` and `service.get_job` return them",
    "azure.quantum.qiskit.job.AzureQuantumJob": "`qsession_qiskit.AzureQuantumJob`; `backend.run` returns them",
    "azure.quantum.target.target.Target": "`qsession_core.Target`; `workspace.get_targets()` returns them",
    "azure.quantum.job.job.Job": "`qsession_core.Job`; `target.submit` and `workspace.get_job` return them",
    "azure.quantum.ItemType": 'no; `item_type` of jobs and sessions is the text `"Job"` or `"Session"`',
    "azure.quantum.job.base_job.BaseJob": "`qsession_core.Job`",
    "azure.quantum.job.base_job.ContentType": "no; the content type follows from the input data format",
    "azure.quantum.job.filtered_job.FilteredJob": "`qsession_core.Job`",
    "azure.quantum.job.job_failed_with_results_error.JobFailedWithResultsError": (
        "`errors.JobFailedError`, a `RuntimeError` too; no provider of today gives results of a failed job"
    ),
    "azure.quantum.job.session.SessionHost": "targets, backends and Cirq targets; no class to import",
    "azure.quantum.job.workspace_item.WorkspaceItem": "`qsession_core.Job` and `qsession_core.Session`",
    "azure.quantum.job.workspace_item_factory.WorkspaceItemFactory": "`workspace.list_top_level_items()`",
    "azure.quantum.qiskit.backends.backend.AzureBackendBase": (
        "`qsession_qiskit.AzureQuantumBackend`; `provider.get_backend` returns them"
    ),
    "azure.quantum.qiskit.backends.backend.AzureBackendConfig": "`backend.configuration()`",
    "azure.quantum.target.ionq.int_to_bitstring": "no; `job.result().counts` has bit strings",
    "azure.quantum.target.params.InputParams": "a dict as `input_params=`",
    "azure.quantum.target.params.InputParamsItem": "a dict as `input_params=`; a list of payloads: `target.submit_all`",
    "azure.quantum.target.params.AutoValidatingParams": "no; `input_params` are checked by the provider's row",
    "azure.quantum.target.params.validating_field": "no; `input_params` are checked by the provider's row",
    "azure.quantum.target.params.EntryPointArguments": 'no; `input_params={"arguments": [...]}`',
    "azure.quantum.target.pasqal.result.Result": "same, `qsession_core.official.Result`",
    "azure.quantum.target.rigetti.result.Result": "same, `qsession_core.official.Result`",
    "azure.quantum.target.rigetti.result.create_readout": "no; `official.Result` does it",
    "azure.quantum.target.pasqal.target.InputParams": "same, `qsession_core.InputParams`",
    "azure.quantum.target.rigetti.target.InputParams": "same, `qsession_core.InputParams`",
    "azure.quantum.target.target.GateStats": "`target.estimate_cost(program)`, whose quote has the gates",
    "azure.quantum.target.target.QirRepresentable": "any object with `_repr_qir_`; no class to import",
    "azure.quantum.target.target_factory.TargetFactory": "`workspace.get_targets()`",
    "azure.quantum.Workspace.append_user_agent": "`Workspace(user_agent=)`",
    "azure.quantum.Workspace.credential": "no; a credential is given and not given back",
    "azure.quantum.Workspace.storage": "no; the storage is the workspace's own",
    "azure.quantum.Workspace.submit_job": "`target.submit`, which returns a job that was sent",
    "azure.quantum.job.Job.download_blob_properties": "`job.list_attachments()` has sizes and types",
    "azure.quantum.job.Job.from_input_data": "`target.submit`",
    "azure.quantum.job.Job.from_storage_uri": "no; a program is sent with its job",
    "azure.quantum.job.Job.submit": "`target.submit`; a job was sent when it is made",
    "azure.quantum.job.Job.upload_input_data": "`target.submit`",
    "azure.quantum.target.Target.from_target_status": "`workspace.get_targets()`",
    "azure.quantum.target.Target.make_params": "a dict as `input_params=`",
    "azure.quantum.target.Target.target_names": "`workspace.get_targets()` lists those that are there",
}
# classes of providers of which we have makers
MAKERS = {
    "azure.quantum.target.ionq.IonQ": "IonQ",
    "azure.quantum.target.quantinuum.Quantinuum": "Quantinuum",
    "azure.quantum.target.rigetti.target.Rigetti": "Rigetti",
    "azure.quantum.target.pasqal.target.Pasqal": "Pasqal",
}
# beginnings of names of which all say the same
GROUPS = {
    "azure.quantum.argument_types.": _QSHARP,
    "azure.quantum.storage.": _STORAGE,
    "azure.quantum.qiskit.backends.": _BACKEND,
    "azure.quantum.cirq.targets.": _CIRQ_TARGET,
}
# names that we have in another module
OURS = {
    "azure.quantum.JobDetails": "qsession_core.JobDetails",
    "azure.quantum.JobStatus": "qsession_core.JobStatus",
    "azure.quantum.Priority": "qsession_core.Priority",
    "azure.quantum.SessionDetails": "qsession_core.SessionDetails",
    "azure.quantum.SessionJobFailurePolicy": "qsession_core.SessionJobFailurePolicy",
    "azure.quantum.SessionStatus": "qsession_core.SessionStatus",
    "azure.quantum.workspace.Workspace": "qsession_core.Workspace",
    "azure.quantum.job.session.Session": "qsession_core.Session",
    "azure.quantum.target.rigetti.target.RigettiTarget": "qsession_core.RigettiTarget",
    "azure.quantum.target.pasqal.target.PasqalTarget": "qsession_core.PasqalTarget",
    "azure.quantum.qiskit.provider.AzureQuantumProvider": "qsession_qiskit.AzureQuantumProvider",
    "azure.quantum.cirq.service.AzureQuantumService": "qsession_cirq.AzureQuantumService",
}


def said_of(name: str) -> str:
    """Return the right column of a name's row.

    Raises:
        KeyError: Nothing is said of it yet.
    """
    if name in SAYS:
        return SAYS[name]
    if name in MAKERS:
        return f"`qsession_core.{MAKERS[name]}(workspace, name)` returns the target; formats are chosen at submit"
    if name in OURS:
        return f"same, `{OURS[name]}`"
    if our_member(name) is not None:
        return "same"
    for start, said in GROUPS.items():
        if name.startswith(start):
            return said
    raise KeyError(name)


def our_member(name: str) -> str | None:
    """Return the path of our member of the same name as a member of an official class; None if it is no member."""
    for theirs, ours in CLASSES.items():
        if name.startswith(f"{theirs}."):
            return f"{ours}.{name.removeprefix(f'{theirs}.')}"
    return None


def sames() -> list[tuple[str, str]]:
    """Return the official names that are the same here, each with the path of ours."""
    found = []
    for name in official_names():
        said = said_of(name)
        if said == "same":
            found.append((name, our_member(name) or ""))
        elif said.startswith("same, `"):
            found.append((name, said.removeprefix("same, `").removesuffix("`")))
    return found


def page() -> str:
    """Return the text of the page."""
    names = official_names()
    lines = [PAGE_HEAD, "## Classes and functions", "", "| azure-quantum | here |", "|---|---|"]
    members = {name for name in names if our_member(name) is not None}
    lines += [f"| `{name}` | {said_of(name)} |" for name in names if name not in members]
    for theirs, ours in CLASSES.items():
        resolved(ours)
        lines += ["", f"## {theirs}", "", f"Here `{ours}`.", "", "| member | here |", "|---|---|"]
        own = [name for name in names if name in members and name.rpartition(".")[0] == theirs]
        lines += [f"| `{name.rpartition('.')[2]}` | {said_of(name)} |" for name in own]
    return "\n".join(lines) + "\n"
