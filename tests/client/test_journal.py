"""The journal: no job lost, none doubled, no secret written."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from qsession_core import Response, Workspace, errors
from qsession_core.client.submitting.journal import Intent, Journal
from tests.support.wire_client import LONG

KILLS = 100 if LONG else 40


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


@pytest.fixture
def workspace(connect, path):
    return connect(journal=path)


def test_what_is_sent_is_noted_first_and_then_ticked_off(target, bell, recorder, path):
    seen = []
    recorder.interfere = lambda request: seen.append(len(path.read_text().splitlines()))
    job = target.submit(bell, shots=10)

    steps = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(step["step"], step["job"]) for step in steps] == [("intent", job.id), ("sent", job.id)]
    assert seen == [1, 1, 1]
    assert target.workspace.resume() == type(target.workspace.resume())((), (), ())


def test_no_secret_is_in_the_journal(target, bell, path, service):
    target.submit(bell, shots=10)
    text = path.read_text()
    assert "sig=" not in text
    assert service.connection.api_key not in text


@pytest.mark.parametrize("lost_at", ["sasUri", "inputData", "/jobs/"])
def test_a_job_that_did_not_get_through_is_sent_by_resume_with_its_id(target, bell, recorder, lost_at):
    recorder.interfere = lambda request: Response(501) if lost_at in request.url else None
    with pytest.raises(errors.ServiceError):
        target.submit(bell, shots=10, name="mine")
    recorder.interfere = lambda request: None

    resumed = target.workspace.resume()

    assert [job.name for job in resumed.sent] == ["mine"]
    assert resumed.found == resumed.unsent == ()
    assert sum(resumed.sent[0].result().counts.values()) == 10
    assert len(target.workspace.list_jobs()) == 1


def test_a_job_whose_answer_was_lost_is_found_and_not_sent_again(target, bell, recorder):
    def lose(request):
        if request.method == "PUT" and "/jobs/" in request.url:
            recorder.service.handle(request)
            raise errors.TransportError("the line was cut")

    recorder.interfere = lose
    with pytest.raises(errors.TransportError):
        target.submit(bell, shots=10)
    recorder.interfere = lambda request: None

    resumed = target.workspace.resume()

    assert len(resumed.found) == 1
    assert resumed.sent == ()
    assert len(target.workspace.list_jobs()) == 1


def test_resume_can_look_without_sending(target, bell, recorder):
    recorder.interfere = lambda request: Response(501) if "sasUri" in request.url else None
    with pytest.raises(errors.ServiceError):
        target.submit(bell, shots=10, name="mine")
    recorder.interfere = lambda request: None

    resumed = target.workspace.resume(send=False)

    assert [intent.body["name"] for intent in resumed.unsent] == ["mine"]
    assert target.workspace.list_jobs() == []


def test_what_the_service_refuses_for_good_is_not_sent_again(target, bell, recorder):
    recorder.interfere = lambda request: Response(403) if "sasUri" in request.url else None
    with pytest.raises(errors.PermissionDeniedError):
        target.submit(bell, shots=10)
    recorder.interfere = lambda request: None

    assert target.workspace.resume().sent == ()


def _intent(job_id, data=b"payload"):
    return Intent(job_id, {"target": "t", "inputParams": {}}, "qir.v1", data, 1.0)


def _noted(job_id, **changes):
    line = {"step": "intent", "job": job_id, "at": 1.0, "body": {"target": "t", "inputParams": {}}, "payload": ""}
    return json.dumps({**line, **changes}).encode()


@pytest.mark.parametrize(
    "damaged",
    [
        b"\x00" * 40,
        b"\xff\xfe{",
        b"[" * 5000,
        b'{"step": "intent", "job": "x", "at": 1, "body": {"a": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
        b'{"step": "intent", "job": "x"}',
        _noted(""),
        _noted(".."),
        _noted("x", payload="not base 85 \u00e9"),
        _noted("x", payload="0096"),
        _noted("x", body={}),
        _noted("x", job=None),
    ],
)
def test_a_damaged_line_costs_itself_only_and_is_named(path, damaged, caplog):
    journal = Journal(path)
    journal.intend(_intent("one"))
    with path.open("ab") as file:
        file.write(damaged + b"\n")
    journal.intend(_intent("two"))

    assert [intent.job_id for intent in journal.open_intents()] == ["one", "two"]
    assert "line 2 is damaged" in caplog.text


def test_an_editors_mark_in_front_of_the_first_line_does_no_harm(path):
    Journal(path).intend(_intent("one"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert [intent.job_id for intent in Journal(path).open_intents()] == ["one"]


def test_a_job_of_another_workspace_is_left_to_it(target, bell, recorder, path, caplog):
    recorder.interfere = lambda request: Response(501) if "sasUri" in request.url else None
    with pytest.raises(errors.ServiceError):
        target.submit(bell, shots=10, name="mine")
    recorder.interfere = lambda request: None

    with Workspace.local(journal=path) as other:
        resumed = other.resume()
        assert [intent.body["name"] for intent in resumed.elsewhere] == ["mine"]
        assert (resumed.found, resumed.sent, resumed.unsent, other.list_jobs()) == ((), (), (), [])
    assert "resume it from that workspace" in caplog.text

    assert [job.name for job in target.workspace.resume().sent] == ["mine"]


def test_a_cut_line_is_passed_over_and_harms_no_other(path):
    journal = Journal(path)
    journal.intend(_intent("one", b"payload"))
    with path.open("ab") as file:
        file.write(b'{"step": "int')
    journal.intend(_intent("two", bytes(range(256))))

    assert [(intent.job_id, intent.data) for intent in journal.open_intents()] == [
        ("one", b"payload"),
        ("two", bytes(range(256))),
    ]


def test_without_a_journal_there_is_nothing_to_resume():
    with Workspace.local() as local, pytest.raises(errors.ConfigurationError, match="journal=<path>"):
        local.resume()


def test_a_journal_that_cannot_be_written_is_a_configuration_error(tmp_path):
    with pytest.raises(errors.ConfigurationError, match="cannot be written"):
        Journal(tmp_path / "no such folder" / "journal")


KILLER = """
import os, random, signal, sys, time
from qsession_core import Workspace

workspace, journal, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
source = random.Random(7)
for kill in range(kills):
    seen, say = os.pipe()
    child = os.fork()  # before there is any thread
    if child == 0:
        target = Workspace.local(workspace, journal=journal).get_target("ionq.simulator")
        circuit = {"gateset": "qis", "qubits": 1, "circuit": []}
        target.encode(circuit)  # loads what sending needs
        os.write(say, b"connected")
        for number in range(1000):
            target.submit(circuit, name=f"{kill}-{number}", shots=1)
    os.read(seen, 9)
    time.sleep(source.uniform(0.0, 0.05))  # the moment of the kill is what is tested
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(seen)
    os.close(say)
"""


@pytest.mark.slow
def test_a_process_that_is_killed_at_any_moment_loses_and_doubles_nothing(tmp_path):
    arguments = [str(tmp_path / "ws"), str(tmp_path / "journal"), str(KILLS)]
    subprocess.run([sys.executable, "-c", KILLER, *arguments], check=True, timeout=240)

    with Workspace.local(tmp_path / "ws", journal=tmp_path / "journal") as workspace:
        workspace.resume()
        names = [job.name for job in workspace.list_jobs()]
        intended = {
            step["body"]["name"]
            for step in map(json.loads, filter(_is_whole, (tmp_path / "journal").read_text().splitlines()))
            if step["step"] == "intent"
        }
        assert workspace.resume() == type(workspace.resume())((), (), ())
    assert len(intended) > KILLS // 4
    assert sorted(names) == sorted(intended)


def _is_whole(line: str) -> bool:
    return line.startswith("{") and line.endswith("}")
