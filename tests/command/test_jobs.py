"""``qsession jobs``: lists, one job, waiting, results, files, cancelling; on every kind of workspace."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from qsession_core import Workspace
from qsession_core.client.job_set import JobSet
from qsession_core.command import setting
from tests.support.golden import same_as
from tests.support.known_jobs import BELL, FAILED, FIRST, SECOND, SESSION, THIRD

GOLDEN = Path(__file__).with_name("golden")


def test_jobs_are_listed_the_newest_first(reach):
    ended = reach.run("jobs")
    assert (ended.code, ended.err) == (0, "")
    assert [line.split()[0] for line in ended.out.splitlines()] == [
        "ID",
        "0bad0bad",
        "c5a1182a",
        "9dffe966",
        "58112cf4",
    ]
    assert "vqe h2" in ended.out
    assert "InvalidInputData" in ended.out


@pytest.mark.parametrize("columns", [60, 80, 120, 160])
def test_the_list_is_as_it_was_read_and_fits(local, run, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run("jobs", workspace=local).out
    assert max(map(len, text.splitlines())) <= columns
    assert same_as(GOLDEN / f"jobs-{columns}.txt", text)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--status", "failed"], [FAILED]),
        (["--status", "Failed", "--status", "succeeded"], [FAILED, THIRD, SECOND, FIRST]),
        (["--target", "ionq.simulator"], [FAILED, THIRD]),
        (["--session", SESSION[:7]], [SECOND, FIRST]),
        (["--session", SESSION, "--limit", "1"], [SECOND]),
        (["--tag", "paper"], [THIRD, FIRST]),
        (["--tag", "paper", "--tag", "draft"], [THIRD]),
        (["--since", "2026-03-01T12:01:30+00:00"], [FAILED, THIRD]),
        (["--since", "2026-03-01"], [FAILED, THIRD, SECOND, FIRST]),
        (["--since", "2026-03-02"], []),
        (["--limit", "2"], [FAILED, THIRD]),
    ],
)
def test_filters_choose(local, run, options, expected):
    ended = run("jobs", "list", "--json", *options, workspace=local)
    assert ended.code == 0
    assert [json.loads(line)["id"] for line in ended.out.splitlines()] == expected


def test_json_has_the_services_names_and_no_signatures(reach):
    lines = reach.run("jobs", "--json").out.splitlines()
    first = json.loads(lines[-1])
    assert first["id"] == FIRST
    assert {"providerId", "creationTime", "inputDataFormat", "sessionId"} <= first.keys()
    assert "sig=" not in "".join(lines).replace("sig=...", "")


def test_a_job_is_shown(reach):
    ended = reach.run("jobs", "show", "0bad0b")
    assert ended.code == 0
    facts = dict(line.split(maxsplit=1) for line in ended.out.splitlines() if len(line.split()) > 1)
    assert (facts["id"], facts["state"], facts["shots"]) == (FAILED, "Failed", "10")
    assert "no such gate" in facts["why"]


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("58112", 2, "too short"),
        ("ffffff", 4, "No job has an id that begins with 'ffffff'"),
        ("12345678-0000-4000-8000-000000000000", 4, ""),
        ("../../etc", 4, "No job"),
        ("\x1b[2J\u202eabc", 4, "No job"),
        ("", 2, "too short"),
    ],
)
@pytest.mark.parametrize("command", ["show", "wait", "cancel", "results"])
def test_what_names_no_job_is_told(reach, command, name, code, told):
    ended = reach.run("jobs", command, name)
    assert ended.code == code
    assert ended.out == ""
    assert ended.err.startswith("qsession: ")
    assert told in ended.err
    assert "\x1b" not in ended.err


def test_a_beginning_that_two_jobs_have_names_both(local, run):
    target = local.get_target("ionq.simulator")
    target.submit(BELL, shots=1, job_id=FIRST[:-1] + "1")
    ended = run("jobs", "show", FIRST[:8], workspace=local)
    assert ended.code == 2
    assert FIRST in ended.err
    assert FIRST[:-1] + "1" in ended.err
    assert run("jobs", "list", "--whole-ids", workspace=local).out.count("58112cf4-0000-4000-8000-00000000000") == 2


def test_waiting_ends_with_the_states_and_says_whether_all_succeeded(reach):
    job = reach.workspace.get_target("ionq.simulator").submit(BELL, shots=10)
    ended = reach.run("jobs", "wait", job.id, FIRST)
    assert ended.code == 0
    assert ended.out.count("Succeeded") == 2
    assert reach.run("jobs", "wait", FAILED, FIRST).code == 1


def test_waiting_too_long_says_so(run, tmp_path):
    with Workspace.local(tmp_path, runs_jobs=False) as workspace:
        job = workspace.get_target("ionq.simulator").submit(BELL, shots=10)
        ended = run("jobs", "wait", job.id, "--timeout", "0", workspace=workspace)
    assert ended.code == 1
    assert "after 0 s" in ended.err


def test_waiting_for_jobs_of_a_directory_runs_them(run, tmp_path):
    with Workspace.local(tmp_path, runs_jobs=False) as workspace:
        job = workspace.get_target("ionq.simulator").submit(BELL, shots=10)
    listed = run("jobs", "--directory", str(tmp_path), "--json")
    assert json.loads(listed.out)["status"] == "Waiting"
    ended = run("jobs", "wait", job.id, "--directory", str(tmp_path))
    assert (ended.code, ended.out.count("Succeeded")) == (0, 1)


def test_an_interrupted_wait_says_how_to_come_back(local, run, monkeypatch):
    local.service.dispatcher.paused = True
    job = local.get_target("ionq.simulator").submit(BELL, shots=10, job_id="77777777-0000-4000-8000-000000000000")

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(local.clock, "sleep", interrupt)
    ended = run("jobs", "wait", job.id, FIRST, workspace=local)
    assert ended.code == 130
    assert ended.err == "Stopped waiting. The job continues. Come back with: qsession jobs wait 77777777\n"


def test_the_way_back_names_the_workspace_and_can_be_typed_into_a_shell(run, monkeypatch, tmp_path):
    directory = tmp_path / "it's here"
    with Workspace.local(directory, runs_jobs=False) as workspace:
        job = workspace.get_target("ionq.simulator").submit(BELL, shots=10)
    asked = ["jobs", "wait", job.id, "--directory", str(directory)]
    with monkeypatch.context() as patch:
        patch.setattr(JobSet, "wait", interrupted)
        patch.setattr(setting, "is_in_use", lambda directory: True)  # so that the job does not run yet
        ended = run(*asked)
    way = ended.err.partition("Come back with: qsession ")[2].splitlines()[0]
    back = run(*shlex.split(way))
    assert (ended.code, back.code, back.out.count("Succeeded")) == (130, 0, 1)


def test_an_interrupted_wait_for_jobs_that_have_ended_names_no_way_back(local, run, monkeypatch):
    monkeypatch.setattr(JobSet, "wait", interrupted)
    ended = run("jobs", "wait", FIRST, workspace=local)
    assert (ended.code, ended.err) == (130, "Stopped waiting. All jobs have ended.\n")


def interrupted(*_, **__):
    raise KeyboardInterrupt


def test_results_are_bars(local, run):
    assert same_as(GOLDEN / "results.txt", run("jobs", "results", THIRD, workspace=local).out)


def test_results_of_several_jobs_stand_side_by_side(reach):
    ended = reach.run("jobs", "results", FIRST, THIRD[:6])
    assert ended.code == 0
    lines = [line.split() for line in ended.out.splitlines()]
    assert lines[0] == ["OUTCOME", "58112cf4", "c5a1182a"]
    assert {"00", "11"} <= {line[0] for line in lines[1:]}  # the hardware is noisy
    assert sum(int(line[1]) for line in lines[1:]) == 1000
    assert sum(int(line[2]) for line in lines[1:]) == 100


def test_results_as_csv_memory_and_json(reach):
    csv = reach.run("jobs", "results", FIRST, THIRD, "--csv").out.splitlines()
    assert csv[0] == "outcome,58112cf4,c5a1182a"
    assert {line.split(",")[0]: line.split(",")[2] for line in csv[1:]}["11"] == "50"
    memory = reach.run("jobs", "results", SECOND, "--memory").out.splitlines()
    assert len(memory) == 500
    assert {"00", "11"} <= set(memory)
    told = json.loads(reach.run("jobs", "results", THIRD, "--json").out)
    assert told == {"id": "c5a1182a", "shots": 100, "counts": {"00": 50, "11": 50}}
    shots = json.loads(reach.run("jobs", "results", SECOND, "--memory", "--json").out)
    assert shots["memory"] == memory


def test_a_failed_job_has_no_results_and_its_reason_is_told(reach):
    ended = reach.run("jobs", "results", FAILED)
    assert ended.code == 1
    assert "no such gate" in ended.err


def test_a_job_that_has_not_ended_has_no_results_yet(local, run):
    local.service.dispatcher.paused = True
    job = local.get_target("ionq.simulator").submit(BELL, shots=10)
    ended = run("jobs", "results", job.id, workspace=local)
    assert ended.code == 1
    assert "qsession jobs wait" in ended.err


def test_jobs_are_written_to_files(reach, tmp_path):
    folder = tmp_path / "out"
    assert reach.run("jobs", "download", FIRST, FAILED, str(folder)).code == 0
    assert sorted(path.name for path in (folder / FIRST).iterdir()) == ["input.ll", "job.json", "output.json"]
    assert sorted(path.name for path in (folder / FAILED).iterdir()) == ["input.json", "job.json"]
    assert json.loads((folder / FIRST / "job.json").read_text())["id"] == FIRST
    again = reach.run("jobs", "download", FIRST, str(folder))
    assert again.code == 2
    assert "--force" in again.err
    assert reach.run("jobs", "download", FIRST, str(folder), "--force").code == 0


def test_jobs_are_cancelled(local, run):
    local.service.dispatcher.paused = True
    job = local.get_target("ionq.simulator").submit(BELL, shots=10, name="late")
    ended = run("jobs", "cancel", job.id, FIRST, workspace=local)
    assert ended.code == 0
    assert ended.out.splitlines() == [f"{job.id}  late: Cancelled", f"{FIRST}  bell: Succeeded already"]
    assert job.refresh().status == "Cancelled"


def test_old_jobs_of_a_directory_are_exported_and_deleted(run, tmp_path):
    with Workspace.local(tmp_path / "here") as workspace:
        workspace.get_target("ionq.simulator").submit(BELL, shots=10).wait_until_completed()
    options = ["--directory", str(tmp_path / "here")]
    assert run("jobs", "export", str(tmp_path / "out"), *options).out == f"1 jobs written to {tmp_path / 'out'}\n"
    assert len(list((tmp_path / "out").iterdir())) == 1
    assert run("jobs", "prune", "--days", "1", *options).out == "0 jobs and sessions deleted\n"
    assert run("jobs", "prune", "--days", "0", *options).out == "1 jobs and sessions deleted\n"
    assert run("jobs", "--json", *options).out == ""
    assert run("jobs", "prune", "--days", "1e9", *options).code == 2


def test_archives_are_for_directories(run, tmp_path, reach):
    if "--connection-string-file" in reach.options:
        ended = reach.run("jobs", "export", str(tmp_path / "out"))
        assert ended.code == 2
        assert "--directory" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("jobs",), ("jobs", "show", FIRST), ("jobs", "wait", FIRST), ("jobs", "results", FIRST),
        ("jobs", "results", FIRST, "--csv"), ("jobs", "results", FIRST, "--memory"), ("sessions",),
        ("sessions", "show", SESSION), ("targets",), ("targets", "show", "ionq.simulator"), ("cost",), ("quota",),
        ("watch", "--until-done", SESSION), ("jobs", "cancel", FIRST), ("sessions", "close", "--all"), ("doctor",),
        ("config",), ("config", "path"), ("config", "profiles"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_quiet_writes_nothing_on_success(local, run, arguments):
    ended = run(*arguments, "-q", workspace=local)
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_hostile_names_cannot_reach_the_terminal(local, run):
    name = "a\x1b]0;title\x07b\u202egnp.exe\r\nc\x9b31m量子"
    local.get_target("ionq.simulator").submit(BELL, shots=1, name=name, tags=["\x1b[2J"]).wait_until_completed()
    for arguments in (("jobs",), ("jobs", "--json"), ("watch", "--until-done")):
        text = run(*arguments, workspace=local).out
        assert not {"\x1b", "\x07", "\u202e", "\r", "\x9b"} & set(text)
    listed = run("jobs", "--json", "--limit", "1", workspace=local).out
    assert json.loads(listed)["name"] == name
