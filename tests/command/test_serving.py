"""``qsession serve``: what cannot be served is told in a sentence, with exit code 2."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys

import pytest

from qsession_core import Workspace

SERVE = [sys.executable, "-m", "qsession_core", "serve"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--port", "70000"], "There is no port 70000"),
        (["--port", "-1"], "There is no port -1"),
        (["--port", "9" * 30], "There is no port"),
        (["--port", "http"], "'http' is not a valid integer"),
        (["--host", "no.such.host.invalid"], "knows no host 'no.such.host.invalid'"),
        (["--host", ""], "knows no host ''"),
        (["--host", "a" * 300], "knows no host"),
        (["--host", "0.0.0.0"], "can be reached from other machines"),  # noqa: S104 - it is refused
        (["--host", "192.0.2.1", "--expose", "--allow-http"], "cannot be listened on"),
        (["--expose"], "would go over the network unencrypted. Add --tls self"),
        (["--tls", "self", "--allow-http"], "exclude each other"),
        (["--tls", "self", "--tls-cert", "c.pem"], "give one of them"),
        (["--tls-key", "k.pem"], "is the key of a --tls-cert"),
        (["--tls-cert", "/no/such.pem"], "No TLS with /no/such.pem: No such file"),
        (["--simulator", "nope"], "There is no plugin 'nope'"),
        (["--simulator", "os.system"], "There is no plugin 'os.system'"),
        (["--targets", "/no/such/file.toml"], "cannot be read"),
        (["--targets", "/"], "cannot be read"),
        (["--directory", "/dev/null"], "is a file, not a directory"),
        (["--seed", "x"], "'x' is not a valid integer"),
        (["--key-file", "/no/such/folder/key"], "The key cannot be written to"),
        (["--print", "xml"], "'xml' is not one of"),
        (["--job-seconds", "0"], "0.0 is not in the range x>0"),
        (["--job-seconds", "nan"], "nan is not a finite number"),
        (["--speed", "9"], "No such option"),
    ],
)
def test_what_cannot_be_served_is_told_in_a_sentence(run, options, sentence):
    ended = run("serve", *options)
    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err
    assert ended.err.startswith("qsession: ")
    assert ended.err.count("\n") == 1


def test_a_port_that_is_taken_is_told(run):
    from qsession_core.local import LocalWorkspace
    from qsession_core.local.http_server import Server

    with LocalWorkspace() as workspace, Server(workspace) as server:
        ended = run("serve", "--port", str(server.port))
    assert ended.code == 2
    assert "Address already in use" in ended.err


def test_a_damaged_directory_is_told(run, tmp_path):
    (tmp_path / "workspace.db").write_bytes(b"rubbish" * 100)
    ended = run("serve", "--directory", str(tmp_path))
    assert ended.code == 2
    assert "workspace.db is not a database" in ended.err.splitlines()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and shells of POSIX")
def test_nobody_reads_the_connection_string():
    closed = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *SERVE], capture_output=True, text=True, timeout=60, check=False
    )
    assert (closed.returncode, closed.stderr.count("\n")) == (2, 1)
    assert "Standard output is closed" in closed.stderr
    with subprocess.Popen(SERVE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as gone:
        assert gone.stdout is not None
        assert gone.stderr is not None
        gone.stdout.close()
        assert "standard output is closed" in gone.stderr.read()
        assert gone.wait(60) == 2


@pytest.fixture
def serving(tmp_path):
    """Start the command and return its process; it is stopped after the test."""
    started = []

    def start(*options, **variables):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("QSESSION_")}
        process = subprocess.Popen(
            [*SERVE, *options], stdout=subprocess.PIPE, text=True, cwd=tmp_path, env={**environment, **variables}
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def variables_of(process, count):
    lines = [process.stdout.readline() for _ in range(count)]
    return {name: value for name, _, value in (shlex.split(line)[0].partition("=") for line in lines)}


def test_a_key_file_is_made_once_for_its_owner_and_used_again(serving, tmp_path):
    keys = set()
    for _ in range(2):
        process = serving("--key-file", "key", "--print", "env", "--ready-file", "ready")
        told = variables_of(process, 3)
        with Workspace.from_connection_string(told["AZURE_QUANTUM_CONNECTION_STRING"]) as workspace:
            assert workspace.get_target("ionq.simulator").num_qubits == 29
        keys.add(told["AZURE_QUANTUM_CONNECTION_STRING"].partition("ApiKey=")[2].partition(";")[0])
        assert told["QSESSION_PAGE"].startswith(told["QSESSION_ENDPOINT"])
        assert (tmp_path / "ready").read_text() == told["QSESSION_ENDPOINT"] + "\n"
        process.terminate()
        assert process.wait(60) == 0
        assert not (tmp_path / "ready").exists()
    assert keys == {(tmp_path / "key").read_text().strip()}
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_key_of_the_environment_is_used_and_the_connection_is_told_as_json(serving):
    key = "a-key-that-nobody-guesses"
    told = json.loads(serving("--print", "json", QSESSION_KEY=key).stdout.readline())
    assert f"ApiKey={key};" in told["connectionString"]
    with Workspace.from_connection_string(told["connectionString"]) as workspace:
        assert workspace.list_jobs() == []


@pytest.mark.parametrize("key", ["short", "with a blank in it", "semicolon;in;the;key", "\u00fc" * 20])
def test_a_key_that_cannot_be_used_is_refused_and_not_shown(run, monkeypatch, key):
    monkeypatch.setenv("QSESSION_KEY", key)
    ended = run("serve")
    assert (ended.code, key in ended.err) == (2, False)
    assert "16 characters" in ended.err
