"""Names and shapes of the official client that programs use: sessions by hand, details as dicts, lists, providers."""

from __future__ import annotations

import uuid

import pytest

import qsession_core
from qsession_core import (
    InputParams,
    IonQ,
    JobDetails,
    Pasqal,
    PasqalTarget,
    Quantinuum,
    Rigetti,
    RigettiTarget,
    Session,
    SessionDetails,
    SessionJobFailurePolicy,
    SessionStatus,
    Workspace,
    official,
)
from qsession_core.errors import ConfigurationError, JobFailedError, SessionClosedError, SessionError
from qsession_core.local import Fault, Faults

IONQ, QVM = "ionq.simulator", "rigetti.sim.qvm"
BELL = {"qubits": 2, "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]}
QUIL = "DECLARE ro BIT[2]\nX 0\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\n"


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def workspace(faults):
    with Workspace.local(seed=7, faults=faults) as workspace:
        yield workspace


@pytest.fixture
def target(workspace):
    return workspace.get_target(IONQ)


# --- sessions by hand ------------------------------------------------------------------------------------------------


def test_a_session_is_described_opened_attached_and_closed(workspace, target):
    session = Session(
        workspace=workspace,
        id=f"{uuid.uuid1()}",
        name="by hand",
        provider_id="ionq",
        target=IONQ,
        job_failure_policy=SessionJobFailurePolicy.CONTINUE,
        tags=["a"],
    )
    assert workspace.list_sessions() == []
    workspace.open_session(session)
    assert (session.status, session.details.job_failure_policy) == (SessionStatus.WAITING, "Continue")
    assert target.submit(BELL, "alone", shots=2).session_id is None, "nothing is attached by that"
    target.latest_session = session
    assert target.get_latest_session_id() == session.id
    assert target.submit(BELL, "inside", shots=2).session_id == session.id
    workspace.refresh_session(session)
    assert [job.name for job in session.list_jobs()] == ["inside"]
    workspace.close_session(session)
    assert target.latest_session is None


@pytest.mark.parametrize(
    "make",
    [
        lambda workspace: Session(workspace, target=IONQ),
        lambda workspace: Session(workspace, target=workspace.get_target(IONQ)),
        lambda workspace: Session(workspace, SessionDetails(id=str(uuid.uuid4()), target=IONQ)),
        lambda workspace: Session(workspace, target=IONQ, name="", id=None, tags=None),
    ],
)
def test_a_session_as_context_manager_is_closed_at_the_end(workspace, make):
    with make(workspace).open() as session:
        assert not session.is_in_terminal_state()
        assert session.details.provider_id == "ionq"
    assert workspace.get_session(session.id).is_in_terminal_state()


def test_a_session_that_is_not_open_takes_no_jobs(workspace, target):
    session = Session(workspace, target=IONQ)
    with pytest.raises(SessionError, match=r"not open yet.*open\(\)"):
        target.submit(BELL, "x", session=session)
    assert workspace.list_jobs() == []


def test_what_a_session_cannot_be_made_of_is_refused(workspace, target):
    with pytest.raises(ConfigurationError, match="needs a target"):
        Session(workspace)
    with pytest.raises(ConfigurationError, match="not both"):
        Session(workspace, SessionDetails(id="1", target=IONQ), target=IONQ)
    with pytest.raises(ConfigurationError, match="not both"):
        target.open_session("name", details=SessionDetails(id="1", target=IONQ))
    with pytest.raises(TypeError, match="job_failure_policy"):
        Session(workspace, target=IONQ, job_failure_polcy="Abort")


def test_details_of_a_session_open_it(target):
    details = SessionDetails(id=str(uuid.uuid4()), name="given", target=IONQ, job_failure_policy="Continue", tags=["t"])
    session = target.open_session(details=details)
    assert (session.id, session.name) == (details.id, "given")
    assert (session.details.job_failure_policy, session.details.tags) == ("Continue", ["t"])


def test_details_are_given_as_the_first_argument_too(target):
    details = SessionDetails(id=str(uuid.uuid4()), name="given", target=IONQ)
    assert target.open_session(details).id == details.id
    with pytest.raises(ConfigurationError, match="not both"):
        target.open_session(details, tags=["t"])


def test_details_of_another_target_open_nothing(workspace, target):
    with pytest.raises(ConfigurationError, match=r"session on rigetti\.sim\.qvm, and this is ionq\.simulator"):
        target.open_session(SessionDetails(id=str(uuid.uuid4()), target=QVM))
    assert workspace.list_sessions() == []


@pytest.mark.parametrize(
    ("members", "sentences"),
    [
        ({"name": 5}, ["name=5 is not text"]),
        ({"id": 1.5}, ["id=1.5 is not the text of a GUID"]),
        ({"id": "7", "name": ["a"]}, ["id='7' is not", "name=['a'] is not"]),
        ({"job_failure_policy": "Abrot"}, ["job_failure_policy='Abrot' is not known. Did you mean 'Abort'?"]),
        ({"priority": "urgent", "tags": "a"}, ["There are: High, Standard", "give a list of texts"]),
    ],
)
def test_what_a_session_cannot_have_is_refused_at_once_before_anything_is_sent(workspace, target, members, sentences):
    for open_one in (target.open_session, lambda **given: Session(workspace, target=IONQ, **given)):
        with pytest.raises(ConfigurationError) as caught:
            open_one(**members)
        assert all(part in str(caught.value) for part in sentences)
    assert workspace.list_sessions() == []


def test_words_of_the_service_are_taken_in_any_letter_case(target, bell):
    with target.open_session(job_failure_policy="continue", priority="HIGH") as session:
        assert (session.details.job_failure_policy, session.details.priority) == ("Continue", "High")
        job = target.submit(bell, priority="high")
    assert job.details.priority == "High"


def test_a_job_that_cannot_be_sent_says_all_that_is_wrong(workspace, target, bell):
    with pytest.raises(ConfigurationError, match=r"name=5.*priority='low'.*tags is 't'.*job_id='7'"):
        target.submit(bell, name=5, priority="low", tags="t", job_id="7")
    assert workspace.list_jobs() == []


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda of: of.list_jobs(status=["Faild"]), "status='Faild' is not known. Did you mean 'Failed'"),
        (lambda of: of.list_jobs(status="done", job_type=["Quantum"]), "job_type='Quantum'.*status='done'"),
        (lambda of: of.list_sessions(status=["Finishing"]), "status='Finishing' is not known"),
        (lambda of: of.list_top_level_items(item_type=["Jobs"]), "item_type='Jobs' is not known. Did you mean 'Job'"),
        (lambda of: of.list_jobs(name_match=5), "name_match=5 is not text"),
        (lambda of: of.list_jobs_paginated(skip=-1, top="5"), "skip=-1 is not.*top='5' is not"),
        (lambda of: of.list_sessions_paginated(skip=1.5), "skip=1.5 is not a whole number"),
    ],
)
def test_what_no_list_can_hold_is_refused_instead_of_found_nowhere(workspace, ask, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        ask(workspace)


@pytest.mark.parametrize("odd", ["{nothing}", "{0}", "job-{job_id", "{job_id.x}", "{job_id[7777]}"])
def test_a_format_of_container_names_that_cannot_be_filled_is_refused(workspace, odd):
    with pytest.raises(ConfigurationError, match=r"such as 'job-\{job_id\}'"):
        workspace.get_container_uri(container_name_format=odd)


def test_states_are_found_in_any_letter_case(workspace, target, bell):
    job = target.submit(bell)
    job.wait_until_completed()
    assert [one.id for one in workspace.list_jobs(status=["succeeded"], job_type="quantumcomputing")] == [job.id]
    assert workspace.list_top_level_items(status=["TIMEDOUT"], item_type=["session"]) == []


@pytest.mark.parametrize("method", ["open_session", "close_session", "refresh_session"])
@pytest.mark.parametrize("given", [None, "an id", 5])
def test_what_is_no_session_is_refused_with_the_way_to_one(workspace, method, given):
    with pytest.raises(ConfigurationError, match=r"Pass a session.*get_session"):
        getattr(workspace, method)(given)


@pytest.mark.parametrize("kind", ["target", "backend", "Cirq target"])
@pytest.mark.parametrize("given", ["an id", "", 5, {"id": "1"}])
def test_what_is_no_session_joins_nothing(workspace, kind, given):
    host = hosts(workspace)[kind]
    with pytest.raises(ConfigurationError, match=r"Pass a session.*get_session"):
        host.latest_session = given
    assert host.latest_session is None


@pytest.mark.parametrize("given", ["an id", "", 0, {"id": "1"}])
def test_a_job_for_what_is_no_session_is_not_sent(workspace, target, given):
    with pytest.raises(ConfigurationError, match=r"Pass a session.*get_session"):
        target.submit(BELL, shots=1, session=given)
    with pytest.raises(ConfigurationError, match=r"Pass a session.*get_session"):
        target.submit_all([BELL], shots=1, session=given)
    assert workspace.list_jobs() == []


@pytest.mark.parametrize("given", [{"name": "x", "target": IONQ}, "details", 5])
def test_details_that_are_none_are_refused_with_their_class(workspace, target, given):
    with pytest.raises(ConfigurationError, match=r"SessionDetails\(id="):
        target.open_session(details=given)
    with pytest.raises(ConfigurationError, match=r"SessionDetails\(id="):
        Session(workspace, given)


@pytest.mark.parametrize("call", ["get_job", "get_session"])
@pytest.mark.parametrize("given", [None, 5, b"id", ""])
def test_what_is_no_id_is_refused_by_name(workspace, call, given):
    with pytest.raises(ConfigurationError, match="is not an id"):
        getattr(workspace, call)(given)


def hosts(workspace):
    from qsession_cirq import AzureQuantumService
    from qsession_qiskit import AzureQuantumProvider

    return {
        "target": workspace.get_target(IONQ),
        "backend": AzureQuantumProvider(workspace).get_backend(IONQ),
        "Cirq target": AzureQuantumService(workspace).get_target(IONQ),
    }


@pytest.mark.parametrize("kind", ["target", "backend", "Cirq target"])
def test_the_latest_session_is_set_and_cleared_on_every_host(workspace, kind):
    host = hosts(workspace)[kind]
    session = host.open_session(name="x")
    host.latest_session = session
    assert host.latest_session is session
    host.latest_session = None
    assert host.latest_session is None
    assert not session.refresh().is_in_terminal_state(), "nothing is closed by that"
    other = hosts(workspace)[kind]
    other.latest_session = session
    assert other.get_latest_session_id() == session.id
    session.close()
    assert other.latest_session is None, "closing detaches it everywhere"


def test_one_session_is_joined_by_several_hosts(workspace):
    session = workspace.get_target(IONQ).open_session()
    for host in hosts(workspace).values():
        host.latest_session = session
        assert host.latest_session is session
    session.close()


def test_the_session_that_is_set_last_is_the_innermost(target):
    outer, inner = target.open_session(), target.open_session()
    target.latest_session = outer
    assert target.latest_session is outer
    outer.close()
    assert target.latest_session is inner


def test_a_session_of_another_target_is_not_taken(workspace, target):
    with pytest.raises(SessionError, match="belongs to"):
        target.latest_session = workspace.get_target(QVM).open_session()
    assert target.latest_session is None


def test_a_closed_session_may_be_set_and_takes_no_jobs(target):
    session = target.open_session()
    session.close()
    target.latest_session = session
    with pytest.raises(SessionClosedError):
        target.submit(BELL, "x")


def test_a_failed_opening_leaves_nothing_open(workspace, faults):
    faults.add(Fault("server_error", route="PUT sessions/*", status=400))
    session = Session(workspace, target=IONQ)
    with pytest.raises(qsession_core.errors.ServiceError):
        session.open()
    assert not session.is_open_on_service
    assert workspace.list_sessions() == []


# --- details as dicts ------------------------------------------------------------------------------------------------


def test_details_are_read_as_a_dict_by_both_names(target):
    job = target.submit(BELL, "named", shots=3)
    details = job.details
    assert isinstance(details, JobDetails)
    assert details["id"] == details.get("id") == job.id
    assert details["providerId"] == details["provider_id"] == "ionq"
    assert details.as_dict()["inputParams"]["shots"] == 3
    assert {"id", "target", "providerId"} <= set(details) == set(details.keys())
    assert dict(details.items())["name"] == "named"
    assert "target" in details
    assert "nothing" not in details
    assert details.get("nothing", 5) == 5
    with pytest.raises(KeyError):
        details["nothing"]
    with pytest.raises(KeyError):
        details["raw"]
    assert dict(target.open_session().details)["target"] == IONQ


def test_details_that_were_made_here_are_dicts_too():
    details = SessionDetails(id="1", target=IONQ, provider_id="ionq")
    assert details.as_dict() == {"id": "1", "name": "", "providerId": "ionq", "target": IONQ, "status": ""}
    assert details["provider_id"] == "ionq"


def test_quotas_are_dicts(workspace):
    for quota in workspace.get_quotas():
        assert quota["dimension"] == quota.dimension
        assert quota["provider_id"] == quota["providerId"]
        assert {"limit", "utilization"} <= set(quota.as_dict())


# --- lists, names, storage -------------------------------------------------------------------------------------------


def test_paginated_lists_give_details_one_by_one(workspace, target):
    with target.open_session(name="s") as session:
        for name in ("a", "b", "c"):
            target.submit(BELL, name, shots=1)
    order = {"orderby_property": "Name"}
    assert [each.name for each in workspace.list_jobs_paginated(**order)] == ["a", "b", "c"]
    assert [each.name for each in workspace.list_jobs_paginated(skip=1, top=1, **order)] == ["b", "c"]
    assert [each["name"] for each in workspace.list_sessions_paginated()] == ["s"]
    inside = workspace.list_session_jobs_paginated(session_id=session.id, name_match="b")
    assert [each.name for each in inside] == ["b"]
    assert [each.id for each in workspace.list_top_level_items_paginated()] == [session.id]


@pytest.mark.parametrize("name", ["IonQ.Simulator", "IONQ.SIMULATOR", "ionq.simulator"])
def test_names_of_targets_come_in_any_letter_case(workspace, name):
    assert workspace.get_target(name).name == workspace.get_targets(name).name == IONQ


def test_attachments_are_listed_with_input_and_result(workspace, target):
    job = target.submit(BELL, "x", shots=2)
    job.get_results()
    job.upload_attachment("notes & more.txt", b"four")
    found = {each.name: each for each in job.list_attachments()}
    assert {"inputData", "notes & more.txt"} <= set(found)
    assert found["notes & more.txt"].size == 4
    assert job.download_data(job.details.output_data_uri) == job.download_results()
    assert job.container_name == f"job-{job.id}"
    assert "sig=" in workspace.get_container_uri(job.id)


# --- the providers' names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "name"),
    [(IonQ, IONQ), (Quantinuum, "quantinuum.sim.h2-1sc"), (Rigetti, QVM), (Pasqal, "pasqal.sim.emu-tn")],
)
def test_the_providers_classes_make_targets(workspace, make, name):
    assert make(workspace=workspace).name == name
    assert make(workspace=workspace, name=name).provider_id == name.partition(".")[0]


def test_rigettis_names_work_as_documented(workspace):
    assert RigettiTarget.QVM == QVM
    assert RigettiTarget.simulators() == [QVM]
    assert PasqalTarget.num_qubits(PasqalTarget.SIM_EMU_TN) > 0
    target = Rigetti(workspace=workspace, name=RigettiTarget.QVM)
    job = target.submit(QUIL, "bell", input_params=InputParams(count=3, skip_quilc=False))
    result = official.Result(job)
    assert result["ro"] == result.data_per_register["ro"] == [[1, 0]] * 3
    with pytest.raises(KeyError):
        result["rho"]
    with pytest.raises(ValueError, match=r"rigetti\.sim\.qvm"):
        RigettiTarget.num_qubits("rigetti.qpu.nothing")


def test_substitutions_run_the_program_once_for_each_set_of_values(workspace):
    quil = "DECLARE ro BIT[1]\nDECLARE theta REAL[1]\nRX(theta[0]) 0\nMEASURE 0 ro[0]\n"
    params = InputParams(count=2, substitutions={"theta": [[0.0], [3.141592653589793]]})
    job = Rigetti(workspace).submit(quil, "x", input_params=params)
    assert sorted(official.Result(job)["ro"]) == [[0], [0], [1], [1]]


def test_a_failed_job_is_a_runtime_error(workspace, faults):
    faults.add(Fault("fail_job"))
    job = Rigetti(workspace).submit(QUIL, "x", shots=1)
    with pytest.raises(RuntimeError) as caught:
        official.Result(job)
    assert isinstance(caught.value, JobFailedError)


def test_a_connection_string_with_a_tenant_signs_in_instead_of_a_key():
    text = (
        "SubscriptionId=11111111-2222-3333-4444-555555555555;ResourceGroupName=g;WorkspaceName=w;"
        "TenantId=66666666-7777-8888-9999-000000000000;QuantumEndpoint=https://eastus.quantum.azure.com/"
    )
    assert Workspace.from_connection_string(text).name == "w"
    with pytest.raises(ConfigurationError, match="neither ApiKey nor TenantId"):
        Workspace.from_connection_string(text.replace("TenantId", "Nothing"))


@pytest.mark.parametrize("given", ["00000000-0000-1000-8000-000000000001", None, 5])
@pytest.mark.parametrize("call", ["cancel_job", "update_job"])
def test_what_is_no_job_is_refused_with_the_way_to_one(workspace, call, given):
    with pytest.raises(ConfigurationError, match=r"Pass a job, not .*get_job"):
        getattr(workspace, call)(given)


@pytest.mark.parametrize("given", [None, 5])
def test_what_cannot_be_deleted_or_be_the_name_of_a_target_is_told(workspace, given):
    with pytest.raises(ConfigurationError, match="Pass a job"):
        workspace.delete_job(given)
    with pytest.raises(ConfigurationError, match="asked for by its name"):
        workspace.get_target(given)
