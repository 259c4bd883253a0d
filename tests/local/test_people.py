"""A workspace of several people: who sees and changes what, quotas, turns, keys that are taken away."""

import json
import uuid

import pytest

from qsession_core.errors import ConfigurationError
from qsession_core.local import Fault, LocalWorkspace, ManualClock
from qsession_core.local.people import key_hash, read_people
from qsession_core.local.service.requests import DRAFT_VERSION
from tests.support.wire_client import BELL, Client

KEYS = {name: f"key-of-{name}-{'x' * 20}" for name in ("anna", "ben", "vera", "root")}
ROLES = {"anna": "member", "ben": "member", "vera": "viewer", "root": "admin"}


def write(path, **more):
    rows = {name: {"key": key_hash(KEYS[name]), "role": ROLES[name], **more.get(name, {})} for name in KEYS}
    text = "".join(
        f"[{name}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in row.items()) for name, row in rows.items()
    )
    path.write_text(text)
    return path


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def service(tmp_path, clock):
    path = write(tmp_path / "users.toml", ben={"jobs": 2, "shots": 1500})
    with LocalWorkspace(seed=1, users=path, clock=clock) as workspace:
        yield workspace


def of(service, name):
    client = Client(service)
    client.headers = {**client.headers, "x-ms-quantum-api-key": KEYS[name]}
    return client


def ids(reply):
    return {item["id"] for item in reply.json["value"]}


def test_jobs_and_sessions_say_who_made_them(service):
    anna = of(service, "anna")
    job = anna.submit(BELL)
    assert (anna.job(job)["createdBy"], anna.session(anna.open())["createdBy"]) == ("anna", "anna")
    owner = Client(service)
    assert owner.job(owner.submit(BELL))["createdBy"] == "local"


def test_members_see_their_own_admins_and_viewers_see_all(service):
    made = {name: of(service, name).submit(BELL) for name in ("anna", "ben", "root")}
    session = of(service, "anna").open()
    everything = set(made.values())
    assert ids(of(service, "anna").get("jobs")) == {made["anna"]}
    assert ids(of(service, "ben").get("sessions")) == set()
    assert ids(of(service, "ben").get("topLevelItems")) == {made["ben"]}
    for name in ("vera", "root"):
        assert ids(of(service, name).get("jobs")) == everything
        assert of(service, name).get(f"sessions/{session}").status == 200
    assert ids(Client(service).get("jobs")) == everything
    for path in (f"jobs/{made['anna']}", f"sessions/{session}", f"sessions/{session}/jobs"):
        assert of(service, "ben").get(path).status == 404


@pytest.mark.parametrize(("name", "status"), [("ben", 404), ("vera", 403), ("root", 200), ("anna", 200)])
def test_a_job_is_cancelled_by_its_maker_and_by_admins(service, name, status):
    service.dispatcher.paused = True
    job = of(service, "anna").submit(BELL)
    assert of(service, name).call("POST", f"jobs/{job}:cancel").status == status
    assert of(service, "anna").job(job)["status"] == ("Cancelled" if status == 200 else "Waiting")


def test_another_persons_job_cannot_be_joined_overwritten_or_read(service):
    anna, ben = of(service, "anna"), of(service, "ben")
    session, job = anna.open(), anna.submit(BELL)
    assert ben.put(BELL, session=session)[0].status == 404
    own = str(uuid.uuid4())
    record = {"name": "x", "target": "ionq.simulator", "providerId": "ionq", "inputDataFormat": "ionq.circuit.v1"}
    there = {"containerUri": f"https://local.blob.core.windows.net/job-{own}"}
    assert ben.call("PUT", f"jobs/{job}", {**record, **there}).status == 409
    theirs = {"containerUri": f"https://local.blob.core.windows.net/job-{job}"}
    assert ben.call("PUT", f"jobs/{own}", {**record, **theirs}).status == 403
    session_record = {"name": "s", "target": "ionq.simulator", "providerId": "ionq"}
    assert ben.call("PUT", f"sessions/{session}", session_record).status == 409
    body = {"containerName": f"job-{job}"}
    assert ben.call("POST", "storage/sasUri", body).status == 403
    assert ben.call("POST", "storage/sasUri", {**body, "blobName": "outputData"}).status == 403
    assert anna.call("POST", "storage/sasUri", body).status == 200


def test_a_viewer_changes_nothing_and_reads_results(service):
    job = of(service, "anna").submit(BELL)
    service.settle()
    vera = of(service, "vera")
    assert vera.result(vera.job(job)) == of(service, "anna").result(of(service, "anna").job(job))
    session = {"name": "s", "target": "ionq.simulator", "providerId": "ionq"}
    for method, path, body in [
        ("PUT", f"sessions/{uuid.uuid4()}", session),
        ("DELETE", f"jobs/{job}", None),
        ("PATCH", f"jobs/{job}", {"name": "x"}),
        ("POST", "storage/sasUri", {"containerName": f"job-{uuid.uuid4()}"}),
    ]:
        reply = vera.call(method, path, body)
        assert (reply.status, reply.code) == (403, "Forbidden"), (method, path)
    address = vera.call("POST", "storage/sasUri", {"containerName": f"job-{job}", "blobName": "outputData"}).json[
        "sasUri"
    ]
    assert vera.send("PUT", address, b"other", {"x-ms-blob-type": "BlockBlob"}).status == 403


@pytest.mark.parametrize(
    "params",
    [
        {"items": [{"entryPoint": "a"}] * 4, "shots": 400},
        {"items": [{"shots": 1000}, {"shots": 501}]},
        {"substitutions": {"theta": [[0.1], [0.2], [0.3]]}, "count": 501},
    ],
)
def test_quotas_count_the_shots_of_all_items_and_substitutions(service, params):
    reply, _ = of(service, "ben").put(BELL, inputParams=params)
    assert (reply.status, reply.code) == (403, "QuotaExceeded")


def test_quotas_count_jobs_and_shots_of_the_last_day(service, clock):
    ben = of(service, "ben")
    assert ben.put(BELL, inputParams={"shots": 1000})[0].status == 200
    reply, _ = ben.put(BELL, inputParams={"shots": 501})
    assert (reply.status, reply.code) == (403, "QuotaExceeded")
    assert "1000 of 1500 shots are used" in reply.json["error"]["message"]
    first, again = ben.put(BELL, inputParams={"shots": 500})
    assert first.status == 200
    assert ben.put(BELL, job_id=again, inputParams={"shots": 500})[0].status == 200  # sent again, as clients do
    assert "2 of 2 jobs are used" in ben.put(BELL, inputParams={"shots": 1})[0].json["error"]["message"]
    mine = {row["dimension"]: (row["utilization"], row["limit"]) for row in ben.get("quotas").json["value"]
            if row["scope"] == "User"}  # fmt: skip
    assert mine == {"jobs": (2.0, 2.0), "shots": (1500.0, 1500.0)}
    assert of(service, "anna").put(BELL)[0].status == 200
    clock.advance(86_401)
    assert ben.put(BELL, inputParams={"shots": 1500})[0].status == 200


def test_quotas_count_jobs_that_have_run_and_were_removed(service, clock):
    ben = of(service, "ben")
    ran = ben.submit(BELL, inputParams={"shots": 900})
    ben.done(ran)
    service.dispatcher.paused = True
    waits = ben.submit(BELL, inputParams={"shots": 600})
    for job in (waits, ran):
        assert ben.call("DELETE", f"jobs/{job}").status == 204
    assert ben.get("jobs").json["value"] == []
    used = {row["dimension"]: row["utilization"] for row in ben.get("quotas").json["value"] if row["scope"] == "User"}
    assert used == {"jobs": 1.0, "shots": 900.0}  # what never ran costs nothing
    assert "900 of 1500 shots" in ben.put(BELL, inputParams={"shots": 601})[0].json["error"]["message"]
    assert ben.put(BELL, inputParams={"shots": 600})[0].status == 200
    clock.advance(86_401)
    assert ben.put(BELL, inputParams={"shots": 1500})[0].status == 200


def test_quotas_count_each_run_of_a_job_that_is_resumed(service):
    ben = of(service, "ben")
    ben.version = DRAFT_VERSION
    service.faults.add(Fault("fail_job"))
    job = ben.submit(BELL, inputParams={"shots": 700})
    assert ben.done(job)["status"] == "Failed"
    assert ben.call("POST", f"jobs/{job}:resume").status == 204
    assert ben.done(job)["status"] == "Failed"
    reply = ben.call("POST", f"jobs/{job}:resume")
    assert (reply.status, reply.code) == (403, "QuotaExceeded")
    assert "1400 of 1500 shots are used" in reply.json["error"]["message"]
    assert ben.job(job)["status"] == "Failed"


def test_who_sends_many_jobs_keeps_nobody_waiting(service):
    service.dispatcher.paused = True
    anna, root = of(service, "anna"), of(service, "root")
    loop = [anna.submit(BELL, name=f"loop {number}") for number in range(20)]
    single = [root.submit(BELL) for _ in range(2)]
    rows = service.store.read("SELECT id FROM items WHERE item_type = 'Job' ORDER BY rank, turn, number")
    order = [row[0] for row in rows]
    assert [order.index(job) for job in single] == [1, 3]
    assert [job for job in order if job in loop] == loop


@pytest.mark.parametrize("how", ["by each job", "by their session", "afterwards"])
def test_a_members_priority_goes_before_the_jobs_of_that_member_only(service, how):
    service.dispatcher.paused = True
    anna, ben, root = of(service, "anna"), of(service, "ben"), of(service, "root")
    usual = [anna.submit(BELL) for _ in range(3)]
    told = {"by each job": {"priority": "High"}, "by their session": {"session": anna.open(priority="High")}}
    urgent = [anna.submit(BELL, **told.get(how, {})) for _ in range(6)]
    for job in urgent if how == "afterwards" else ():
        assert anna.call("PATCH", f"jobs/{job}", {"priority": "High"}).status == 200
    other = [ben.submit(BELL, params={"shots": 1}) for _ in range(2)]
    first = root.submit(BELL, priority="High")
    rows = service.store.read("SELECT id FROM items WHERE item_type = 'Job' ORDER BY rank, turn, number")
    order = [row[0] for row in rows]
    assert order[0] == first  # who may see and change everything may go first, too
    assert order.index(other[0]) <= 4
    assert order.index(other[1]) <= 7
    assert order.index(urgent[0]) < order.index(usual[1])
    assert order.index(urgent[1]) < order.index(usual[2])
    assert [job for job in order if job in urgent] == urgent


def test_a_key_that_is_taken_away_opens_nothing_a_second_later(tmp_path, monkeypatch):
    path = write(tmp_path / "users.toml")
    with LocalWorkspace(users=path) as service:
        people = service._app._people
        assert of(service, "ben").get("jobs").status == 200
        path.write_text(path.read_text().replace("ben", "bert").replace(key_hash(KEYS["ben"]), key_hash("another")))
        people._look_at = 0.0  # a second later
        assert of(service, "ben").get("jobs").status == 401
        path.write_text("half a fi = le [")
        people._look_at = 0.0
        assert of(service, "anna").get("jobs").status == 200  # those that were known stay


def test_a_directory_has_people_of_its_own(tmp_path):
    with LocalWorkspace(tmp_path / "w"):
        pass
    write(tmp_path / "w" / "users.toml")
    with LocalWorkspace(tmp_path / "w") as service:
        assert of(service, "anna").get("jobs").status == 200


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[", "cannot be read"),
        ('[anna]\nkey = "abc"', "key is not sha256:"),
        (f'[anna]\nkey = "{key_hash("a")}"\nrole = "king"', "Invalid enum value|king"),
        (f'[anna]\nkey = "{key_hash("a")}"\n[ben]\nkey = "{key_hash("a")}"', "ben has the key of anna"),
        (f'["a b"]\nkey = "{key_hash("a")}"', "is no name"),
        (f'[local]\nkey = "{key_hash("a")}"', "is no name"),
        (f'[anna]\nkey = "{key_hash("a")}"\njobs = -1', "jobs is less than 0"),
        (f'[anna]\nkey = "{key_hash("a")}"\njob = 1', "unknown field `job`"),
    ],
)
def test_a_file_that_is_wrong_is_told(tmp_path, text, sentence):
    path = tmp_path / "users.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=sentence):
        read_people(path)
    with pytest.raises(ConfigurationError, match=sentence):
        LocalWorkspace(users=path)
