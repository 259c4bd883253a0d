"""A whole day at the command line, each command a process of its own; and the recording in the documentation."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from qsession_core import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPENQASM2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2]; creg c[2];\nh q[0]; cx q[0],q[1];\nmeasure q -> c;\n'
TARGET = "quantinuum.sim.h2-1e"
# Notes a job in the journal, and dies before the service has it
KILLED = """
import os, signal, sys
from qsession_core.command import main
from qsession_core.client.service.calls import Calls

def die(self, *arguments, **more):
    os.kill(os.getpid(), signal.SIGKILL)

Calls.create_job = die
main(sys.argv[1:])
"""


@contextmanager
def _served(directory: Path) -> Iterator[Path]:
    """Serve a directory; yield a file with the connection string."""
    command = [sys.executable, "-m", "qsession_core", "serve", "--seed", "7", "--directory", str(directory)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        file = directory.with_name("connection")
        file.write_text(process.stdout.readline())
        yield file
    finally:
        process.send_signal(signal.SIGTERM)
        process.stdout.close()
        process.wait()


@pytest.fixture(params=["served", "directory"])
def day(request, tmp_path) -> Iterator[list[str]]:
    """The options that name the workspace of this day."""
    if request.param == "directory":
        with Workspace.local(tmp_path / "here"):
            pass
        yield ["--directory", str(tmp_path / "here")]
    else:
        with _served(tmp_path / "here") as file:
            yield ["--connection-string-file", str(file)]


@pytest.mark.slow
def test_a_whole_day(day, tmp_path):
    (tmp_path / "bell.qasm").write_text(OPENQASM2)
    journal = str(tmp_path / "journal.jsonl")

    def run(*arguments: str, code: int = 0, **variables: str) -> str:
        command = [sys.executable, "-m", "qsession_core", *arguments, *day]
        done = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done.stdout

    assert "fail" not in run("doctor")
    assert "price 11.20 eHQC" in run("check", "bell.qasm", "--target", TARGET, "--shots", "1000")
    session = run("sessions", "open", "--target", TARGET, "--name", "day", "--max-jobs", "3").strip()
    submit = ["submit", "bell.qasm", "--target", TARGET, "--shots", "1000", "--journal", journal, "--tag", "day"]
    ids = [run(*submit, QSESSION_SESSION=session).strip() for _ in range(3)]
    assert len(set(ids)) == 3
    run(*submit, code=2, QSESSION_SESSION=session)  # the budget is used up
    assert run("jobs", "wait", *ids).count("Succeeded") == 3
    assert run("watch", session, "--until-done", "--json").count('"Succeeded"') >= 3
    results = run("jobs", "results", *(one[:8] for one in ids), "--csv").splitlines()
    assert len(results[0].split(",")) == 4
    assert sum(int(line.split(",")[1]) for line in results[1:]) == 1000
    cost = json.loads(run("cost", "--by", "tag", "--json"))
    assert (cost["tag"], cost["jobs"], cost["amounts"]["eHQC"]) == ("day", 3, 33.6)
    assert run("sessions", "close", "--all") == "closed 1 session\n"

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *submit, *day], cwd=tmp_path, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(run("jobs", "--json", "--all").splitlines()) == 3
    lost = json.loads(run("resume", journal, "--no-send", "--json", code=1))
    assert lost["outcome"] == "unsent"
    assert json.loads(run("resume", journal, "--json")) == {**lost, "outcome": "sent"}
    assert run("resume", journal) == "The journal has no open job.\n"
    assert run("jobs", "wait", lost["id"]).count("Succeeded") == 1
    assert len(run("jobs", "--json", "--all").splitlines()) == 4
