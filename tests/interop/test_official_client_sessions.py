"""The official client, unpatched, against the local workspace over loopback HTTP."""

import datetime as dt
import os
import warnings

import pytest

os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")

import qsession_core
from qsession_core.command.groups.serving import connection_string, official_lines
from qsession_core.local import Fault, LocalWorkspace, ManualClock
from qsession_core.local.http_server import Server

# the official client's own deprecations are not ours to fix
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

BELL = {"qubits": 2, "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]}
BAD = {"qubits": 2, "circuit": [{"gate": "warp", "target": 0}]}


@pytest.fixture
def served():
    """A served workspace, and the official client connected by the lines that ``qsession serve`` prints."""
    with LocalWorkspace(seed=3, clock=ManualClock()) as service, Server(service) as server:
        names = {}
        exec(official_lines(service.connection, server.endpoint), names)  # noqa: S102 - our own lines, as a user would run them
        yield service, names["workspace"]


@pytest.fixture
def workspace(served):
    return served[1]


@pytest.fixture
def target(workspace):
    return workspace.get_targets("ionq.simulator")


# --- the three examples of the sessions article ---


def test_the_qsharp_example_runs(workspace):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from qdk import TargetProfile, qsharp
    qsharp.init(target_profile=TargetProfile.Base)
    qsharp.eval("""operation Cat(n : Int) : Result[] {
        use qs = Qubit[n]; H(qs[0]); for i in 1..n-1 { CNOT(qs[0], qs[i]); } return MResetEachZ(qs); }""")
    target = workspace.get_targets("ionq.simulator")
    with target.open_session(name="Q# session") as session:
        for number in range(1, 4):
            target.submit(input_data=qsharp.compile(f"Cat({number + 1})"), name=f"Job {number}", shots=100)
        jobs = session.list_jobs()
        results = [job.get_results() for job in jobs]
    assert sorted(job.details.name for job in jobs) == ["Job 1", "Job 2", "Job 3"]
    assert results[0] == {"[0, 0]": 0.5, "[1, 1]": 0.5}
    assert results[2] == {"[0, 0, 0, 0]": 0.5, "[1, 1, 1, 1]": 0.5}
    session.refresh()
    assert session.details.status == "Succeeded"
    assert [job.id for job in workspace.list_session_jobs(session.id)] == [job.id for job in jobs]


def ghz():
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(3, 3, name="GHZ")
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.x(2)
    circuit.measure([0, 1, 2], [0, 1, 2])
    return circuit


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ionq.simulator", {}),
        ("ionq.simulator", {"input_data_format": "ionq.circuit.v1", "gateset": "qis"}),
        ("quantinuum.sim.h2-1e", {}),
        ("rigetti.sim.qvm", {}),
    ],
)
def test_the_qiskit_example_runs(workspace, name, options):
    from azure.quantum.qiskit import AzureQuantumProvider

    backend = AzureQuantumProvider(workspace).get_backend(name, **options)
    with backend.open_session(name="Qiskit session") as session:
        job1 = backend.run(ghz(), shots=100, job_name="Job 1")
        job1.wait_for_final_state()
        job2 = backend.run(ghz(), shots=100, job_name="Job 2")
        counts = [job.result().get_counts() for job in (job1, job2)]
    for found in counts:
        assert sum(found.values()) == 100
        assert found.get("100", 0) + found.get("111", 0) >= 95
        assert min(found.get("100", 0), found.get("111", 0)) > 20
    assert sorted(job.details.name for job in session.list_jobs()) == ["Job 1", "Job 2"]


def test_qiskit_sends_openqasm_to_quantinuum(workspace):
    from azure.quantum.qiskit import AzureQuantumProvider

    backend = AzureQuantumProvider(workspace).get_backend(
        "quantinuum.sim.h2-1e", input_data_format="honeywell.openqasm.v1"
    )
    counts = backend.run(ghz(), shots=100).result().get_counts()
    assert counts.get("100", 0) + counts.get("111", 0) >= 95


def test_native_gates_run_on_ionq(target):
    circuit = [
        {"gate": "ms", "targets": [0, 1], "phases": [0, 0], "angle": 0.25},
        {"gate": "gpi", "target": 0, "phase": 0.25},
    ]
    job = target.submit({"gateset": "native", "qubits": 2, "circuit": circuit}, shots=10)
    histogram = job.get_results()["histogram"]
    assert histogram == {"1": pytest.approx(0.5), "2": pytest.approx(0.5)}


def test_a_qiskit_program_with_feed_forward_runs_on_h2(workspace):
    from azure.quantum.qiskit import AzureQuantumProvider
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    counts = AzureQuantumProvider(workspace).get_backend("quantinuum.sim.h2-1e").run(circuit, shots=200).result()
    found = counts.get_counts()
    assert found.get("00", 0) + found.get("11", 0) > 190


@pytest.mark.parametrize("name", ["ionq.simulator", "quantinuum.sim.h2-1e", "rigetti.sim.qvm"])
def test_the_cirq_example_runs(workspace, name):
    import cirq
    from azure.quantum.cirq import AzureQuantumService

    service = AzureQuantumService(workspace=workspace)
    target = service.get_target(name)
    q0, q1 = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(cirq.H(q0), cirq.CNOT(q0, q1), cirq.measure(q0, key="a"), cirq.measure(q1, key="b"))
    with target.open_session(name="Cirq session") as session:
        target.submit(program=circuit, name="Job 1", repetitions=100)
        job = target.submit(program=circuit, name="Job 2", repetitions=100)
        result = job.results()
    if isinstance(result, list):
        result = result[0]
    if name == "ionq.simulator":
        result = result.to_cirq_result()
    pairs = result.multi_measurement_histogram(keys=["a", "b"])
    assert sum(pairs.values()) == 100
    assert pairs[0, 0] + pairs[1, 1] >= 95
    assert [entry.details.name for entry in session.list_jobs()] == ["Job 1", "Job 2"]


def test_cirqs_service_runs_a_program(workspace):
    import cirq
    from azure.quantum.cirq import AzureQuantumService

    qubit = cirq.LineQubit(0)
    service = AzureQuantumService(workspace=workspace)
    result = service.run(
        program=cirq.Circuit(cirq.X(qubit), cirq.measure(qubit, key="m")), repetitions=20, target="ionq.simulator"
    )
    assert result.measurements["m"].all()


# --- jobs ---


def test_results_histogram_and_shots_of_a_syntax_checker_are_zeros(workspace):
    target = workspace.get_targets("quantinuum.sim.h2-1sc")
    qasm = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; x q; measure q -> c;'
    assert target.submit(qasm, shots=3).get_results() == {"c": ["00", "00", "00"]}


def test_attachments_go_up_come_down_and_are_listed(target):
    job = target.submit(BELL, shots=10)
    job.upload_attachment("notes é.txt", b"hello")
    assert job.download_attachment("notes é.txt") == b"hello"
    assert {"notes é.txt", "inputData"} <= {blob["name"] for blob in job.list_attachments()}
    from azure.core.exceptions import ResourceExistsError

    with pytest.raises(ResourceExistsError):
        job.upload_attachment("notes é.txt", b"again")


def test_a_large_input_goes_up_in_blocks(workspace):
    target = workspace.get_targets("rigetti.sim.qvm")
    quil = "DECLARE ro BIT[1]\nX 0\nMEASURE 0 ro[0]\n" + "# " + "p" * 70_000_000
    assert len(quil) > 64 * 1024 * 1024
    job = target.submit(quil, shots=2)
    assert job.get_results() == {"ro": [[1], [1]]}


def test_cancel_update_and_delete(served, target):
    service, workspace = served
    service.dispatcher.paused = True
    job = target.submit(BELL, name="first", shots=10)
    updated = workspace.update_job(job, name="second", priority="High", tags=["a", "b"])
    assert updated.details.name == "second"
    assert updated.details.tags == ["a", "b"]
    cancelled = workspace.cancel_job(job)
    assert cancelled.details.status == "Cancelled"
    assert cancelled.details.cancellation_time is not None
    workspace.delete_job(job)
    from azure.core.exceptions import ResourceNotFoundError

    with pytest.raises(ResourceNotFoundError):
        workspace.get_job(job.id)


def test_a_failed_job_tells_why(target):
    job = target.submit(BAD, shots=10)
    with pytest.raises(RuntimeError, match="not in the gate set qis"):
        job.get_results()
    assert job.details.error_data.code == "InvalidInputData"


def test_an_expired_address_is_asked_for_anew(served, target):
    service, _ = served
    job = target.submit(BELL, shots=10)
    service.faults.add(Fault("expired_sas", route="GET jobs/*"))
    assert job.get_results() == {"histogram": {"0": 0.5, "3": 0.5}}


def test_the_clients_retries_get_over_faults(served, target):
    service, _ = served
    service.faults.add(Fault("server_error", count=2, status=503))
    service.faults.add(Fault("throttle", count=1, retry_after=0))
    assert target.submit(BELL, shots=10).get_results() == {"histogram": {"0": 0.5, "3": 0.5}}


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_the_clients_retries_get_over_broken_connections(served, target, kind):
    service, workspace = served
    service.faults.add(Fault(kind, route="PUT jobs/*", count=1))
    service.faults.add(Fault(kind, route="GET jobs/*", count=1))
    job = target.submit(BELL, shots=10)
    assert job.get_results() == {"histogram": {"0": 0.5, "3": 0.5}}
    assert [entry.id for entry in workspace.list_jobs()] == [job.id]
    assert kind in service.faults.happened


# --- sessions ---


def test_policies_abort_and_continue(workspace, target):
    from azure.core.exceptions import HttpResponseError
    from azure.quantum import SessionJobFailurePolicy

    aborting = target.open_session(job_failure_policy=SessionJobFailurePolicy.ABORT)
    target.submit(BAD, shots=10).wait_until_completed(print_progress=False)
    aborting.refresh()
    assert aborting.details.status == "Failed"
    with pytest.raises(HttpResponseError, match="terminal state"):
        target.submit(BELL, shots=10)
    going_on = target.open_session(job_failure_policy=SessionJobFailurePolicy.CONTINUE)
    target.submit(BAD, shots=10).wait_until_completed(print_progress=False)
    going_on.refresh()
    assert going_on.details.status == "Failure(s)"
    assert target.submit(BELL, shots=10).get_results()
    going_on.close()
    assert going_on.details.status == "Failed"
    assert workspace.get_session(going_on.id).is_in_terminal_state()


def test_ten_minutes_pass_in_no_time(served, target):
    service, _ = served
    session = target.open_session()
    service.clock.advance(601)
    session.refresh()
    assert session.details.status == "TimedOut"


def test_opening_again_closing_again_and_reading_change_nothing(workspace, target):
    session = target.open_session(name="mine")
    session.open()
    session.close()
    session.close()
    assert workspace.get_session(session.id).details.status == "Succeeded"


@pytest.fixture
def ours():
    """A served workspace: our client and the official one, both over HTTP."""
    with LocalWorkspace(seed=3, clock=ManualClock()) as service, Server(service) as server:
        names = {}
        exec(official_lines(service.connection, server.endpoint), names)  # noqa: S102 - our own lines
        text = connection_string(service.connection, server.endpoint)
        with qsession_core.Workspace.from_connection_string(text) as workspace:
            yield workspace, names["workspace"]


def test_a_session_that_was_opened_by_hand_here_is_read_and_closed_there(ours):
    mine, theirs = ours
    session = qsession_core.Session(
        workspace=mine, name="by hand", target="ionq.simulator", job_failure_policy="Continue", tags=["a"]
    )
    mine.open_session(session)
    mine.get_target("ionq.simulator").submit(BELL, "inside", shots=10, session=session).get_results()
    read = theirs.get_session(session.id)
    assert (read.details.name, read.details.provider_id, read.details.target) == ("by hand", "ionq", "ionq.simulator")
    assert (read.details.job_failure_policy, read.details.tags) == ("Continue", ["a"])
    assert [job.details.name for job in read.list_jobs()] == ["inside"]
    assert [each.id for each in theirs.list_sessions()] == [session.id]
    read.close()
    assert session.refresh().is_in_terminal_state()


def test_a_session_that_was_opened_by_hand_there_is_read_joined_and_closed_here(ours):
    mine, theirs = ours
    from azure.quantum.job.session import Session

    opened = Session(
        workspace=theirs, name="by hand", provider_id="ionq", target="ionq.simulator", job_failure_policy="Continue"
    )
    theirs.open_session(opened)
    session = mine.get_session(opened.id)
    assert (session.name, session.target, session.details.job_failure_policy) == (
        "by hand", "ionq.simulator", "Continue",
    )  # fmt: skip
    target = mine.get_target("ionq.simulator")
    target.latest_session = session
    target.submit(BELL, "inside", shots=10).get_results()
    theirs.refresh_session(opened)
    assert [job.details.name for job in opened.list_jobs()] == ["inside"]
    mine.close_session(session)
    theirs.refresh_session(opened)
    assert opened.is_in_terminal_state()
    assert target.latest_session is None


# --- lists ---


@pytest.fixture
def five(served, target):
    service, workspace = served
    for number in range(5):
        target.submit(BAD if number == 3 else BELL, name=f"job-{number % 3}", shots=10)
        service.settle()
        service.clock.advance(60)
    target.open_session(name="a session")
    return workspace


def test_every_filter_finds(five):
    today = dt.datetime.now(dt.UTC)
    day = dt.timedelta(days=1)
    assert len(five.list_jobs()) == 5
    assert {job.details.name for job in five.list_jobs(name_match="job-1")} == {"job-1"}
    assert len(five.list_jobs(status=["Failed", "Cancelled"])) == 1
    assert len(five.list_jobs(job_type=["QuantumComputing"], provider=["ionq"], target=["ionq.simulator"])) == 5
    assert len(five.list_jobs(created_after=today - day)) == 5
    assert five.list_jobs(created_before=today - day) == []
    assert len(five.list_top_level_items()) == 6
    assert len(five.list_top_level_items(item_type=["Session"])) == 1
    assert len(five.list_sessions(status=["Waiting"], target=["ionq.simulator"])) == 1


@pytest.mark.parametrize("name", ["Name", "JobType", "ProviderId", "Target", "State", "CreationTime"])
def test_every_order_is_kept(five, name):
    up = [job.id for job in five.list_jobs(orderby_property=name)]
    down = [job.id for job in five.list_jobs(orderby_property=name, is_asc=False)]
    assert up == down[::-1]
    assert len(up) == 5


def test_pages_are_followed_to_the_end(served, target):
    service, workspace = served
    service.dispatcher.paused = True
    sent = [target.submit(BELL, shots=1).id for _ in range(103)]
    assert [job.id for job in workspace.list_jobs()] == sent
    assert len(list(workspace.list_jobs_paginated(skip=100, top=2))) == 3


def test_quotas_and_targets(workspace):
    assert {"providerId", "utilization", "limit"} <= set(workspace.get_quotas()[0])
    names = {target.name for target in workspace.get_targets()}
    assert {"ionq.simulator", "quantinuum.sim.h2-1e", "rigetti.sim.qvm"} <= names


def test_a_wrong_key_is_an_authentication_error(served):
    service, workspace = served
    from azure.core.credentials import AzureKeyCredential
    from azure.core.exceptions import ClientAuthenticationError
    from azure.quantum import Workspace

    own = service.connection
    wrong = Workspace(
        subscription_id=own.subscription_id, resource_group=own.resource_group, name=own.name, location="eastus",
        credential=AzureKeyCredential("wrong"), _quantum_endpoint=workspace._connection_params.quantum_endpoint,
    )  # fmt: skip
    with pytest.raises(ClientAuthenticationError):
        wrong.list_jobs()
