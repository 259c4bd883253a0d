"""Everything public pickles, and works where it is unpickled."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor

import pytest

from qsession_core import Program, Workspace, errors


def _counts(job) -> dict[str, int]:
    return job.result().counts


@pytest.fixture
def workspace(tmp_path):
    with Workspace.local(tmp_path / "ws", seed=1) as local:
        yield local


@pytest.fixture
def job(workspace):
    program = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))])
    return workspace.get_target("ionq.simulator").submit(program, shots=10).wait_until_completed()


def _again(thing):
    return pickle.loads(pickle.dumps(thing))  # noqa: S301 - our own bytes


def test_jobs_sessions_and_targets_go_on_elsewhere(workspace, job):
    target = workspace.get_target("ionq.simulator")
    session = target.open_session()
    for thing in (job, session, target, workspace):
        copy = _again(thing)
        (copy if isinstance(copy, Workspace) else copy.workspace).close()
    with _again(workspace) as other:
        assert other.get_job(job.id).result().counts == {"1": 10}


def test_a_job_is_read_in_another_process(job):
    import multiprocessing

    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(_counts, job).result() == {"1": 10}


def test_no_signature_leaves_the_process_in_a_pickle(workspace, job):
    assert "sig=" in workspace.parts.calls.blobs.container(job.id)
    assert b"sig=" not in pickle.dumps(workspace)


def test_what_rich_shows_of_a_job_has_no_signature(job):
    details = job.refresh().details
    assert "sig=" in details.raw.decode()
    assert dict(details.__rich_repr__()) == {"id": job.id, "name": job.name, "status": "Succeeded"}


def test_a_result_pickles(job):
    assert _again(job.result()) == job.result()


def test_a_workspace_in_memory_says_why_it_cannot():
    with Workspace.local() as local, pytest.raises(TypeError, match="give it a directory"):
        pickle.dumps(local)


def test_a_connected_workspace_pickles():
    workspace = Workspace.from_connection_string(
        "SubscriptionId=11111111-2222-3333-4444-555555555555;ResourceGroupName=r;WorkspaceName=w;ApiKey=k;"
        "QuantumEndpoint=https://eastus.quantum.azure.com/;"
    )
    with workspace, _again(workspace) as other:
        assert other.connection == workspace.connection


ERRORS = [
    errors.QSessionError("m"),
    errors.ConfigurationError("m"),
    errors.PluginError("m", group="g", name="n", problem="p"),
    errors.TargetNotFoundError("m", name="n", close_matches=("a",)),
    errors.ConversionError.of([errors.ConversionError("a"), errors.ConversionError("b")]),
    errors.UnsupportedOperationError("m", operation="o", index=3, qubits=(1,), format="f", supported=("x",)),
    errors.ProgramTextError("m", line=2, column=3, language="openqasm"),
    errors.UnboundParameterError("m", parameters=("a",)),
    errors.LimitExceededError("m", what="shots", asked=1, limit=0),
    errors.TransportError("m", request="GET x"),
    errors.RequestTimeoutError("m"),
    errors.ReplayError("m", request="GET x", nearest="GET y"),
    *(errors.ServiceError.for_status(status)("m", status_code=status) for status in (400, 401, 403, 404, 409, 429)),
    errors.SessionError("m", session_id="s"),
    errors.SessionClosedError("m", session_id="s"),
    errors.SessionTimedOutError("m", session_id="s"),
    errors.SessionFailedError("m", session_id="s"),
    errors.BudgetExceededError("m", what="jobs", asked=2, limit=1),
    errors.JobError("m", job_id="j"),
    errors.JobFailedError("m", job_id="j", code="c"),
    errors.JobCancelledError("m", job_id="j"),
    errors.ResultMissingError("m", job_id="j"),
    errors.WaitTimeoutError("m", job_id="j", status="Waiting"),
    errors.ResultFormatError("m", format="f", problem="p"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_keep_their_facts(error):
    copy = _again(error)
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert {k: str(v) for k, v in vars(copy).items()} == {k: str(v) for k, v in vars(error).items()}


def test_every_error_is_tried():
    leaves = {type(error).__name__ for error in ERRORS}
    assert leaves == set(errors.__all__)
