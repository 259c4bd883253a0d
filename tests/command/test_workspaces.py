"""Which workspace a command uses, profiles, doctor, costs, watching, completion, pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qsession_core import Workspace
from qsession_core.places import cache_folder, config_file
from tests.support.golden import same_as
from tests.support.known_jobs import BELL, FIRST, SECOND, SESSION

GOLDEN = Path(__file__).with_name("golden")
OPENQASM2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[1]; creg c[1];\nx q[0];\nmeasure q -> c;\n'


@pytest.fixture
def directory(tmp_path):
    """A directory with one job that has ended, and nobody in it."""
    with Workspace.local(tmp_path / "here") as workspace:
        workspace.get_target("ionq.simulator").submit(BELL, shots=10, job_id=FIRST).wait_until_completed()
    return tmp_path / "here"


def test_a_workspace_is_named_by_option_profile_or_environment(directory, run, monkeypatch):
    run("config", "set", "home", f"directory={directory}")
    listed = run("jobs", "--directory", str(directory)).out
    assert FIRST[:8] in listed
    assert run("jobs", "--profile", "home").out == listed
    monkeypatch.setenv("QSESSION_PROFILE", "home")
    assert run("jobs").out == listed
    monkeypatch.delenv("QSESSION_PROFILE")
    monkeypatch.setenv("QSESSION_LOCAL", str(directory))
    assert run("jobs").out == listed
    monkeypatch.delenv("QSESSION_LOCAL")
    run("config", "set", "default", f"directory={directory}")
    assert run("jobs").out == listed


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["jobs"], 2, "Which workspace?"),
        (["jobs", "--profile", "lab"], 2, "has no profile 'lab'"),
        (["jobs", "--directory", "nowhere"], 4, "There is no local workspace in nowhere"),
        (["jobs", "--directory", "nowhere", "--profile", "x"], 2, "each name a workspace"),
        (["jobs", "--connection-string-file", "nowhere"], 2, "No such file"),
        (["jobs", "--directory", ""], 4, "no local workspace"),
        (["resume", "nowhere"], 2, "does not exist"),
        (["check", "x.qasm", "--target", "ionq.simulator", "--directory", "nowhere"], 4, "no local workspace"),
    ],
)
def test_a_workspace_that_is_not_there_is_told(run, arguments, code, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = run(*arguments)
    assert ended.code == code
    assert ended.out == ""
    assert told in ended.err
    assert not (tmp_path / "nowhere").exists()


def test_a_file_instead_of_a_directory_is_told(run, tmp_path):
    (tmp_path / "file").write_text("x")
    ended = run("jobs", "--directory", str(tmp_path / "file"))
    assert ended.code == 4
    assert "is a file" in ended.err


@pytest.mark.usefixtures("impatient")
def test_a_service_that_does_not_answer_is_told(run, tmp_path):
    (tmp_path / "string").write_text(
        "SubscriptionId=11111111-2222-3333-4444-555555555555;ResourceGroupName=rg;WorkspaceName=ws;ApiKey=k3y;"
        "QuantumEndpoint=http://127.0.0.1:9/;"
    )
    ended = run("quota", "--connection-string-file", str(tmp_path / "string"))
    assert ended.code == 3
    assert "k3y" not in ended.err + ended.out


def test_a_directory_that_a_service_has_open_is_looked_at(directory, run):
    with Workspace.local(directory) as serving:
        serving.service.dispatcher.paused = True
        job = serving.get_target("ionq.simulator").submit(BELL, shots=10)
        options = ["--directory", str(directory)]
        assert run("jobs", *options).out.count("Waiting") == 1
        assert run("jobs", "results", FIRST[:8], *options).code == 0
        assert run("quota", *options).code == 0
        serving.service.dispatcher.paused = False
        serving.service.dispatcher.wake()
        assert run("jobs", "wait", job.id, *options).code == 0


# --- profiles ---


def test_profiles_are_written_line_by_line_and_the_rest_stays(run):
    config_file().write_text(
        '# mine\n[profile.lab]   # the lab\ndirectory = "a"  # old\n\n[profile.other]\ndirectory = "b"\n'
    )
    assert run("config", "set", "lab", "directory=c", "journal=~/j").code == 0
    assert run("config", "set", "new one", "directory=d").code == 0
    assert run("config", "set", "other", "journal=").code == 0
    assert config_file().read_text() == (
        '# mine\n[profile.lab]   # the lab\ndirectory = "c"\njournal = "~/j"\n\n[profile.other]\ndirectory = "b"\n\n'
        '[profile."new one"]\ndirectory = "d"\n'
    )
    assert [line.split()[-1] for line in run("config", "profiles").out.splitlines()[1:]] == ["c", "b", "d"]
    if os.name == "posix":
        assert config_file().stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (["api_key=s3cret"], "secret"),
        (["endpoint=SubscriptionId=1;ApiKey=s3cret"], "secret"),
        (["directry=x"], "'directory'"),
        (["directory"], "MEMBER=VALUE"),
        (["directory=x", "resource_id=y"], "give one of"),
    ],
)
def test_what_a_profile_cannot_have_is_not_written(run, pairs, told):
    ended = run("config", "set", "lab", *pairs)
    assert ended.code == 2
    assert told in ended.err
    assert "s3cret" not in ended.err
    assert not config_file().exists()


def test_a_configuration_of_another_form_is_left_alone(run):
    text = 'profile = { lab = { directory = "a" } }\n'
    config_file().write_text(text)
    ended = run("config", "set", "lab", "directory=b")
    assert ended.code == 2
    assert "edit it by hand" in ended.err
    assert config_file().read_text() == text


def test_config_says_what_would_be_used_without_a_key(run, tmp_path, monkeypatch):
    string = (
        "SubscriptionId=11111111-2222-3333-4444-555555555555;ResourceGroupName=rg;WorkspaceName=ws;ApiKey=k3y;"
        "QuantumEndpoint=https://eastus.quantum.azure.com/;"
    )
    monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", string)
    shown = run("config").out
    assert "the environment (AZURE_QUANTUM_CONNECTION_STRING)" in shown
    assert "https://eastus.quantum.azure.com" in shown
    (tmp_path / "string").write_text(string)
    assert "the key in" in run("config", "--connection-string-file", str(tmp_path / "string")).out
    assert "k3y" not in shown + run("config", "--json").out
    assert run("config", "path").out == f"{config_file()}\n"


# --- doctor, costs, quotas, targets ---


def test_doctor_looks_at_everything_and_finds_nothing_wrong(reach):
    ended = reach.run("doctor", "--json")
    found = {one["what"]: one["state"] for one in map(json.loads, ended.out.splitlines())}
    assert {"qsession", "extra simulators", "simulators", "workspace", "service", "quotas", "sessions"} <= found.keys()
    assert ended.code == 0
    assert "fail" not in found.values()


@pytest.mark.usefixtures("impatient")
def test_doctor_says_what_is_wrong(run, tmp_path):
    ended = run("doctor")
    assert ended.code == 2
    assert "No workspace is named" in ended.out
    (tmp_path / "key").write_text("k3y")
    (tmp_path / "key").chmod(0o644)
    config_file().write_text(
        '[profile.lab]\nresource_id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/'
        f'Microsoft.Quantum/Workspaces/ws"\nendpoint = "http://127.0.0.1:9"\nkey_file = "{tmp_path / "key"}"\n'
    )
    ended = run("doctor", "--profile", "lab", "--json")
    found = {one["what"]: one for one in map(json.loads, ended.out.splitlines())}
    assert found["service"]["state"] == "fail"
    assert found["key"]["state"] == "warn"
    assert "k3y" not in ended.out
    assert ended.code == 3


@pytest.mark.parametrize("by", ["target", "tag", "day", "session"])
def test_costs_are_summed(local, run, by):
    assert same_as(GOLDEN / f"cost-{by}.txt", run("cost", "--by", by, workspace=local).out)


def test_costs_are_the_same_everywhere_and_in_every_form(reach):
    rows = [json.loads(line) for line in reach.run("cost", "--json").out.splitlines()]
    assert [(row["target"], row["jobs"]) for row in rows] == [("ionq.simulator", 2), ("quantinuum.qpu.h2-1", 2)]
    csv = reach.run("cost", "--csv", "--since", "2026-03-01", "--until", "2026-03-01").out.splitlines()
    assert csv[0].startswith("target,jobs,")
    assert len(csv) == 3
    assert reach.run("cost", "--since", "2026-03-02", "--json").out == ""


def test_quotas_and_targets_are_shown(reach):
    assert "hqc" in reach.run("quota").out
    assert "ionq.simulator" in reach.run("targets").out
    assert "quantinuum" not in reach.run("targets", "--provider", "ionq").out
    shown = reach.run("targets", "show", "quantinuum.qpu.h2-1").out
    assert "keeps the hardware for 1m 0s" in shown
    assert reach.run("targets", "show", "ionq.simulatr").code == 4


@pytest.mark.parametrize(
    "arguments", [["targets"], ["targets", "show", "ionq.qpu.aria-1"], ["quota"], ["sessions"]], ids=" ".join
)
@pytest.mark.parametrize("columns", [60, 80, 160])
def test_tables_fit_the_terminal(local, run, monkeypatch, arguments, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run(*arguments, workspace=local).out
    assert max(map(len, text.splitlines())) <= columns
    assert same_as(GOLDEN / f"{'-'.join(arguments)}-{columns}.txt", text)


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "\x1b[2J"])
def test_a_time_that_is_none_is_told(local, run, since):
    for command in (["jobs"], ["sessions"], ["cost"]):
        ended = run(*command, "--since", since, workspace=local)
        assert ended.code == 2
        assert "\x1b" not in ended.err


# --- watch ---


def test_watching_a_session_ends_when_its_jobs_have(reach):
    ended = reach.run("watch", SESSION[:6], "--until-done")
    assert ended.code == 0
    assert FIRST[:8] in ended.out
    assert SECOND[:8] in ended.out
    assert "\x1b" not in ended.out


def test_watching_writes_a_list_whenever_it_has_changed(local, run, monkeypatch):
    local.service.dispatcher.paused = True
    local.get_target("ionq.simulator").submit(BELL, shots=5, name="late")
    looks = 0

    def sleep(seconds):
        nonlocal looks
        looks += 1
        if looks == 3:
            local.service.dispatcher.paused = False
            local.service.settle()

    monkeypatch.setattr(local.clock, "sleep", sleep)
    ended = run("watch", "--until-done", workspace=local)
    assert ended.out.count("local-workspace at") == 2
    assert ended.out.count("Waiting") == 1
    assert ended.code == 1  # one of the older jobs has failed


def test_an_interrupted_watch_ends_with_130(local, run, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(local.clock, "sleep", interrupt)
    ended = run("watch", workspace=local)
    assert (ended.code, ended.err) == (130, "")


# --- completion ---


def _completed(words: str, current: str, **variables: str) -> list[str]:
    done = _command([], _QSESSION_COMPLETE="zsh_complete", COMP_WORDS=words, COMP_CWORD=current, **variables)
    assert done.stderr == b""
    return done.stdout.decode().splitlines()[1::3]


def _command(arguments: list[str], **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    environment = {**os.environ, **variables}
    command = [sys.executable, "-m", "qsession_core", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, stdin=subprocess.DEVNULL, check=False)


def test_the_shell_completes_commands_targets_and_ids(directory):
    named = {"QSESSION_LOCAL": str(directory)}
    assert "results" in _completed("qsession jobs ", "2", **named)
    assert FIRST in _completed("qsession jobs show ", "3", **named)
    assert "ionq.simulator" in _completed("qsession targets show io", "3", **named)
    assert _completed("qsession jobs show ", "3", QSESSION_LOCAL=str(directory / "nowhere")) == []


def test_what_is_offered_is_kept_for_a_minute(directory):
    named = {"QSESSION_LOCAL": str(directory)}
    assert FIRST in _completed("qsession jobs show ", "3", **named)
    (kept,) = cache_folder().iterdir()
    kept.write_text(json.dumps([["kept-id", "x"]]))
    assert _completed("qsession jobs show ", "3", **named) == ["kept-id"]
    old = time.time() - 61
    os.utime(kept, (old, old))
    assert FIRST in _completed("qsession jobs show ", "3", **named)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_written(run, shell):
    ended = run("completion", shell)
    assert ended.code == 0
    assert "_QSESSION_COMPLETE" in ended.out


# --- pipes and terminals ---


def test_a_reader_that_leaves_is_no_error(directory):
    with Workspace.local(directory) as workspace:
        target = workspace.get_target("ionq.simulator")
        for _ in range(30):
            target.submit(BELL, shots=1).wait_until_completed()
    command = f"{sys.executable} -m qsession_core jobs --all --json --directory {directory}"
    pipe = ["/bin/bash", "-o", "pipefail", "-c", f"{command} | head -1"]
    done = subprocess.run(pipe, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(("variable", "has_colour"), [("", True), ("NO_COLOR", False)])
def test_colours_are_for_terminals_and_not_with_no_color(directory, variable, has_colour):
    import pty

    primary, secondary = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "QSESSION_LOCAL": str(directory)} | (
        {variable: "1"} if variable else {}
    )
    subprocess.run(
        [sys.executable, "-m", "qsession_core", "jobs"],
        stdout=secondary,
        env=environment,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    os.close(secondary)
    text = os.read(primary, 65536).decode()
    os.close(primary)
    assert FIRST[:8] in text
    assert ("\x1b[32m" in text) == has_colour


def test_an_encoding_without_blocks_gets_plain_bars(directory):
    done = _command(["jobs", "results", FIRST], PYTHONIOENCODING="ascii", QSESSION_LOCAL=str(directory))
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"####" in done.stdout


COMMANDS = (
    "jobs list", "jobs show", "jobs wait", "jobs cancel", "jobs results", "jobs download", "jobs export", "jobs prune",
    "sessions list", "sessions show", "sessions open", "sessions attach", "sessions close", "targets show", "check",
    "submit", "resume", "watch --until-done", "config set", "config show", "completion", "cost", "quota", "serve",
)  # fmt: skip
ODD = (["\x1b[2J"], ["--nonsense"], ["--limit", "x"], ["a" * 5000], ["\udc80"], ["../../x"], ["--target"], ["", ""])


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_ends_in_a_traceback_whatever_it_is_given(local, run, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    for odd in ODD:
        ended = run(*command.split(), *odd, workspace=local)
        writes_there = command == "jobs export" and len(odd) == 1 and not odd[0].startswith("--")
        assert ended.code in ({0, 2} if writes_there else {2, 4}), (odd, ended)
        assert ended.code == 0 or ended.err.startswith(("qsession: ", "Usage: "))
        assert "Traceback" not in ended.err
        assert "\x1b" not in ended.err + ended.out
