"""A directory that version 0.1.0 has written opens: its jobs, sessions and blobs are there, and what waited runs."""

import sqlite3

from qsession_core.local import LocalWorkspace
from tests.support.wire_client import Client

# the tables as version 0.1.0 made them
SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE items (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, item_type TEXT NOT NULL, name TEXT NOT NULL,
    provider_id TEXT NOT NULL, target TEXT NOT NULL, state TEXT NOT NULL, job_type TEXT, created INTEGER NOT NULL,
    modified INTEGER NOT NULL, began INTEGER, ended INTEGER, session_id TEXT, priority TEXT, tags TEXT NOT NULL,
    cost TEXT, number INTEGER, container TEXT, input_blob TEXT, input_format TEXT, output_format TEXT,
    output_blob TEXT, input_params TEXT, metadata TEXT, error TEXT, item_count INTEGER, cancelled INTEGER,
    seed TEXT, owner TEXT, attempts INTEGER NOT NULL, policy TEXT, closing INTEGER NOT NULL, last_submitted INTEGER,
    rank INTEGER NOT NULL, not_before INTEGER NOT NULL, UNIQUE (item_type, id)
);
CREATE INDEX items_by_session ON items (session_id, sequence);
CREATE INDEX items_by_creation ON items (created, sequence);
CREATE INDEX items_by_kind ON items (item_type, created, sequence);
CREATE INDEX items_waiting ON items (rank, number) WHERE item_type = 'Job' AND state = 'Waiting';
CREATE INDEX items_running ON items (target)
    WHERE item_type = 'Job' AND state IN ('Executing', 'CancellationRequested');
CREATE INDEX items_idle ON items (last_submitted)
    WHERE item_type = 'Session' AND closing = 0 AND state IN ('Waiting', 'Executing', 'Failure(s)');
CREATE TABLE containers (name TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE blobs (
    container TEXT NOT NULL, name TEXT NOT NULL, content_type TEXT NOT NULL, content_encoding TEXT NOT NULL,
    etag TEXT NOT NULL, modified INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB, file TEXT,
    PRIMARY KEY (container, name)
);
CREATE TABLE blocks (
    container TEXT NOT NULL, name TEXT NOT NULL, block TEXT NOT NULL, size INTEGER NOT NULL, body BLOB, file TEXT,
    PRIMARY KEY (container, name, block)
);
PRAGMA user_version = 1;
"""
NOW = 1_790_000_000_000_000
SESSION, ENDED, WAITING = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(3))
BELL = b'{"gateset":"qis","qubits":2,"circuit":[{"gate":"h","targets":[0]},{"gate":"x","controls":[0],"targets":[1]}]}'
COST = '{"currencyCode":"USD","events":[],"estimatedTotal":0.0}'


def insert(database, table, **values):
    names = ", ".join(values)
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", list(values.values()))  # noqa: S608


def job(database, job_id, state, number, **members):
    insert(
        database, "items", id=job_id, item_type="Job", name=f"job {number}", provider_id="ionq",
        target="ionq.simulator", state=state, job_type="QuantumComputing", created=NOW, modified=NOW, tags='["old"]',
        number=number, container=f"job-{job_id}", input_blob="inputData", input_format="ionq.circuit.v1",
        output_format="ionq.quantum-results.v1", input_params='{"shots":100}', metadata='{"meas_map":"[0,1]"}',
        seed="3484456365840137659", closing=0, rank=1, not_before=NOW, **members,
    )  # fmt: skip
    insert(database, "containers", name=f"job-{job_id}", created=NOW)
    blob(database, job_id, "inputData", BELL)


def blob(database, job_id, name, body):
    insert(
        database, "blobs", container=f"job-{job_id}", name=name, content_type="application/json", content_encoding="",
        etag='"0x1"', modified=NOW, size=len(body), body=body,
    )  # fmt: skip


def old_directory(folder):
    """Write a directory as version 0.1.0 left it: a session, a job in it that has ended, and one that waits."""
    database = sqlite3.connect(folder / "workspace.db")
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(SCHEMA)
    insert(database, "facts", name="jobs", value=2)
    insert(database, "facts", name="api key", value=b"a key of some length")
    insert(database, "facts", name="signing key", value=b"0123456789abcdef0123456789abcdef")
    insert(database, "facts", name="subscription", value=b"11111111-2222-4333-8444-555555555555")
    insert(
        database, "items", id=SESSION, item_type="Session", name="old session", provider_id="ionq",
        target="ionq.simulator", state="Succeeded", created=NOW, modified=NOW, ended=NOW, tags="[]", cost=COST,
        attempts=0, policy="Continue", closing=0, last_submitted=NOW, rank=1, not_before=0,
    )  # fmt: skip
    job(database, ENDED, "Succeeded", 1, began=NOW, ended=NOW, session_id=SESSION, output_blob="rawOutputData",
        item_count=1, attempts=1, cost=COST)  # fmt: skip
    blob(database, ENDED, "rawOutputData", b'{"histogram":{"0":0.5,"3":0.5}}')
    job(database, WAITING, "Waiting", 2, output_blob="outputData", attempts=0)
    database.commit()
    database.close()


def test_a_directory_of_version_0_1_0_opens_and_goes_on(tmp_path):
    old_directory(tmp_path)
    with LocalWorkspace(tmp_path) as service:
        client = Client(service)
        assert service.connection.subscription_id == "11111111-2222-4333-8444-555555555555"
        session = client.session(SESSION)
        assert (session["name"], session["status"], session["jobFailurePolicy"]) == (
            "old session", "Succeeded", "Continue"
        )  # fmt: skip
        ended = client.job(ENDED)
        assert (ended["name"], ended["tags"], ended["sessionId"], ended["inputParams"]) == (
            "job 1", ["old"], SESSION, {"shots": 100}
        )  # fmt: skip
        assert client.result(ended) == {"histogram": {"0": 0.5, "3": 0.5}}
        assert client.result(client.done(WAITING)) == {"histogram": {"0": 0.5, "3": 0.5}}
        assert [item["id"] for item in client.get("topLevelItems").json["value"]] == [SESSION, WAITING]
        new = client.submit()
        assert service.store.job(new).number == 3
        assert client.done(new)["status"] == "Succeeded"


def test_the_tables_are_those_of_version_0_1_0_with_new_columns_behind_theirs(tmp_path):
    def tables(path):
        database = sqlite3.connect(path)
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        found = {name: database.execute(f"PRAGMA table_info({name})").fetchall() for name in names}
        database.close()
        return found

    (tmp_path / "old").mkdir()
    old_directory(tmp_path / "old")
    before = tables(tmp_path / "old" / "workspace.db")
    for place in ("new", "old", "old"):
        with LocalWorkspace(tmp_path / place):
            pass
    after = tables(tmp_path / "new" / "workspace.db")
    assert {name: after[name][: len(columns)] for name, columns in before.items()} == before
    assert after.keys() - before.keys() == {"spent"}
    assert [column[1] for column in after["items"][len(before["items"]) :]] == [
        "shots",
        "resumed",
        "created_by",
        "turn",
    ]
    assert tables(tmp_path / "old" / "workspace.db") == after
