"""One suite for the door: whatever carries the requests, the service behind it answers the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qsession_core import JobStatus, Program, SessionStatus, Workspace, errors
from qsession_core.local import LocalWorkspace
from qsession_core.local.http_server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

BELL = Program.of(
    2, 2, [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))], name="bell"
)
FAILING = {"gateset": "qis", "qubits": 1, "circuit": [{"gate": "no such gate", "targets": [0]}]}


@pytest.fixture(params=["in process", "loopback"])
def workspace(request) -> Iterator[Workspace]:
    if request.param == "in process":
        with Workspace.local(seed=5) as local:
            yield local
        return
    with LocalWorkspace(seed=5) as service, Server(service) as server:
        at = service.connection
        connection = (
            f"SubscriptionId={at.subscription_id};ResourceGroupName={at.resource_group};WorkspaceName={at.name};"
            f"ApiKey={at.api_key};QuantumEndpoint={server.endpoint};"
        )
        with Workspace.from_connection_string(connection) as remote:
            yield remote


@pytest.fixture
def target(workspace):
    return workspace.get_target("ionq.simulator")


@pytest.mark.parametrize("input_data_format", ["ionq.circuit.v1", "qir.v1"])
def test_a_session_of_jobs_with_their_results(workspace, target, input_data_format):
    with target.open_session(name="s", tags=["a"]) as session:
        jobs = [target.submit(BELL, name=f"Job {n}", shots=100, input_data_format=input_data_format) for n in (1, 2, 3)]
        results = [job.result() for job in jobs]

    assert all(result.counts == {"00": 50, "11": 50} for result in results)
    assert [job.name for job in session.list_jobs()] == ["Job 1", "Job 2", "Job 3"]
    assert workspace.get_session(session.id).status is SessionStatus.SUCCEEDED
    assert session.refresh().details.tags == ["a"]


def test_a_failing_job_ends_its_session(target):
    with target.open_session() as session:
        with pytest.raises(errors.JobFailedError):
            target.submit(FAILING).result()
        with pytest.raises(errors.SessionFailedError):
            target.submit(BELL)
    assert session.status is SessionStatus.FAILED


def test_batches_are_sent_and_read_in_order(target):
    jobs = target.submit_all([BELL] * 20, shots=10, names=[f"{n:02d}" for n in range(20)])
    assert [result.shots for result in jobs.results()] == [10] * 20
    assert [job.name for job in jobs.jobs] == [f"{n:02d}" for n in range(20)]


def test_lists_are_filtered_ordered_and_walked_over_pages(workspace, target):
    target.submit_all(
        [BELL] * 120, shots=1, names=[f"{'even' if n % 2 == 0 else 'odd'} {n:03d}" for n in range(120)]
    ).wait()

    assert len(workspace.list_jobs()) == 120
    names = [job.name for job in workspace.list_jobs(name_match="odd", orderby_property="Name", is_asc=False)]
    assert names == [f"odd {n:03d}" for n in range(119, 0, -2)]
    assert workspace.list_jobs(status=["Failed"]) == []
    assert len(workspace.list_top_level_items(item_type=["Job"])) == 120


def test_a_job_is_renamed_cancelled_attached_to_and_deleted(workspace, target):
    job = target.submit(BELL, shots=10).wait_until_completed()
    assert job.update(name="it's new", tags=["x"]).name == "it's new"
    job.upload_attachment("notes", b"\x00\xff")
    assert job.download_attachment("notes") == b"\x00\xff"
    assert job.cancel().status is JobStatus.SUCCEEDED
    job.delete()
    with pytest.raises(errors.NotFoundError):
        workspace.get_job(job.id)


def test_what_does_not_exist_is_not_found(workspace):
    nobody = "00000000-0000-4000-8000-000000000000"
    for look in (workspace.get_job, workspace.get_session):
        with pytest.raises(errors.NotFoundError) as caught:
            look(nobody)
        assert caught.value.status_code == 404
        assert caught.value.code


def test_a_wrong_key_is_refused(workspace):
    at = workspace.connection
    transport = workspace._transport
    stranger = Workspace(
        at.subscription_id,
        at.resource_group,
        at.name,
        location=at.location,
        endpoint=at.endpoint,
        credential="wrong",
        transport=transport,
    )
    with pytest.raises(errors.AuthenticationError):
        stranger.get_targets()


def test_quotas_and_targets_are_told(workspace):
    assert {target.provider_id for target in workspace.get_targets()} >= {"ionq", "quantinuum", "rigetti"}
    assert all(quota.dimension for quota in workspace.get_quotas())


def test_large_results_come_whole(workspace):
    program = Program.of(16, 16, [("h", (q,), ()) for q in range(16)] + [("measure", (q,), (q,)) for q in range(16)])
    target = workspace.get_target("quantinuum.sim.h2-1e")
    result = target.submit(program, shots=10_000, input_params={"error-model": False}).result()
    assert sum(result.counts.values()) == len(result.memory()) == 10_000
