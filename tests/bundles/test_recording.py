"""Recorded by ``Workspace(record=...)`` from a served workspace, and replayed."""

from __future__ import annotations

import base64
import subprocess
import sys
import zipfile
from urllib.parse import quote

import pytest

from qsession_core import Program, Workspace
from qsession_core.bundles.bundle import read_bundle
from qsession_core.bundles.redaction import leaks
from qsession_core.errors import ConfigurationError, JobFailedError, NotFoundError, ReplayError
from qsession_core.local import Fault, LocalWorkspace
from qsession_core.local.http_server import Server

BELL = Program.of(
    2, 2, [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))], name="bell"
)
HOSTILE = [
    "\x1b[2J\x07 control", "größer als ∞ 🐍", "../../etc/passwd", "</script><b>", "' OR 1=1 --", "a\u202eb", "x" * 100,
    "PK\x03\x04", '{"$ref": "#"}', "00000000-0000-4000-8000-000000000001", "2026-01-01T00:00:00Z", "%41%00?sig=x&",
]  # fmt: skip


@pytest.fixture
def service():
    with LocalWorkspace(seed=5) as made, Server(made) as server:
        at = made.connection
        made.connection_string = (
            f"SubscriptionId={at.subscription_id};ResourceGroupName={at.resource_group};WorkspaceName={at.name};"
            f"ApiKey={at.api_key};QuantumEndpoint={server.endpoint};"
        )
        yield made


def work(workspace: Workspace, key: str, names: list[str]) -> list[object]:
    """Use a workspace in many ways, with a secret in names, tags and programs; return everything that it said."""
    target = workspace.get_target("ionq.simulator")
    told: list[object] = []
    with target.open_session(name=f"session {key}", tags=[key]) as session:
        jobs = [
            target.submit(BELL, name=name, shots=100, tags=["t", f"k={key}"], metadata={"note": quote(key, "")})
            for name in names
        ]
        told += [job.result().counts for job in jobs]
        told += [job.download_results() for job in jobs]
    noted = jobs[names.index(HOSTILE[0])]
    noted.upload_attachment("notes", b"\x00\xff" + key.encode() + base64.b64encode(key.encode()))
    told.append(noted.download_attachment("notes")[:2])
    told += sorted(job.name for job in session.list_jobs())
    told.append(str(session.refresh().status))
    told += [quota.dimension for quota in workspace.get_quotas()]
    with pytest.raises(NotFoundError):
        workspace.get_job("12345678-1234-4234-8234-123456789012")
    with pytest.raises(JobFailedError) as failed:
        target.submit({"gateset": "qis", "qubits": 1, "circuit": [{"gate": "no", "targets": [0]}]}).result()
    told.append(failed.value.code)
    return told


def test_a_workspace_that_is_recorded_replays_what_was_said_without_its_secrets(service, tmp_path):
    path = tmp_path / "b.zip"
    key, subscription = service.connection.api_key, service.connection.subscription_id
    with Workspace.from_connection_string(service.connection_string, record=path) as workspace:
        live = work(workspace, key, HOSTILE)

    with Workspace.replay(path) as replayed:
        assert work(replayed, "replayed", HOSTILE)[: 2 * len(HOSTILE)] == live[: 2 * len(HOSTILE)]
    with Workspace.replay(path) as replayed:
        told = work(replayed, "replayed", list(reversed(HOSTILE)))
        assert told[: len(HOSTILE)] == live[: len(HOSTILE)][::-1]
        assert told[2 * len(HOSTILE) :][2:] == live[2 * len(HOSTILE) :][2:]

    with zipfile.ZipFile(path) as archive:
        everything = b"\n".join(archive.read(name) for name in archive.namelist())
    assert b"REDACTED" in everything
    for secret in (key, quote(key, ""), base64.b64encode(key.encode()).decode(), subscription):
        assert secret.encode() not in everything
    assert [leak for one in read_bundle(path).exchanges for leak in leaks(one)] == []


def test_a_local_workspace_of_the_environment_is_recorded_too_and_says_what_it_does_not_use(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setenv("QSESSION_LOCAL", "1")
    path = tmp_path / "b.zip"
    with Workspace(record=path, proxies={"https": "http://proxy.test"}, verify="ca.pem") as workspace:
        job = workspace.get_target("ionq.simulator").submit(BELL, shots=10)
        counts = job.result().counts
        assert workspace.service is not None
    assert [record.message.partition(" ")[0] for record in caplog.records if "not used" in record.message] == [
        "proxies",
        "verify",
    ]
    with Workspace.replay(path) as replayed:
        assert replayed.get_target("ionq.simulator").submit(BELL, shots=10).result().counts == counts


def test_a_replay_takes_no_time_whatever_the_recording_took(service, tmp_path, monkeypatch):
    path = tmp_path / "b.zip"
    service.faults.add(Fault("throttle", route="GET jobs/*", count=2, retry_after=0.01))
    with Workspace.from_connection_string(service.connection_string, record=path) as workspace:
        workspace.get_target("ionq.simulator").submit(BELL, shots=10).result()

    def sleep(seconds):
        raise AssertionError("the replay slept")

    monkeypatch.setattr("time.sleep", sleep)
    with Workspace.replay(path) as replayed:
        before = replayed.clock.now()
        assert replayed.get_target("ionq.simulator").submit(BELL, shots=10).result().counts == {"00": 5, "11": 5}
        assert replayed.clock.now() == before


def test_a_call_that_was_not_recorded_raises_at_once(service, tmp_path):
    path = tmp_path / "b.zip"
    with Workspace.from_connection_string(service.connection_string, record=path) as workspace:
        workspace.get_targets()
    with Workspace.replay(path) as replayed, pytest.raises(ReplayError, match=r"was not recorded\. The nearest"):
        replayed.get_quotas()


def test_a_bundle_is_never_written_over(service, tmp_path):
    path = tmp_path / "b.zip"
    path.touch()
    with pytest.raises(ConfigurationError, match="nothing was sent"):
        Workspace.from_connection_string(service.connection_string, record=path)


def test_a_program_that_forgets_to_close_has_its_bundle_all_the_same(service, tmp_path):
    path = tmp_path / "b.zip"
    program = (
        "from qsession_core import Workspace\n"
        f"workspace = Workspace.from_connection_string({service.connection_string!r}, record={str(path)!r})\n"
        "workspace.get_targets()\n"
        "raise SystemExit(3)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 3
    assert len(read_bundle(path).exchanges) == 1
