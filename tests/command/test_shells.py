"""Completion in the shells themselves, each with the script that the command writes for it."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qsession_core import Workspace
from tests.support.known_jobs import BELL

pty = pytest.importorskip("pty", reason="terminals of POSIX")
pytestmark = pytest.mark.slow
JOB = "77777777-0000-4000-8000-000000000000"
_PATIENCE_SECONDS = 60


@pytest.fixture
def environment(tmp_path):
    """Variables in which the command is on the path and has a workspace with one job."""
    with Workspace.local(tmp_path / "workspace", runs_jobs=False) as workspace:
        workspace.get_target("ionq.simulator").submit(BELL, name="one, two", shots=1, job_id=JOB)
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "QSESSION_LOCAL": str(tmp_path / "workspace"),
        "TERM": "dumb",
    }


def script_of(shell, environment, folder):
    """Write the script of a shell into a file; skip where there is no such shell."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} on this machine")
    written = subprocess.run(["qsession", "completion", shell], env=environment, capture_output=True, check=True)  # noqa: S607
    path = folder / f"script.{shell}"
    path.write_bytes(written.stdout)
    return path


def said(shell, options, environment, text):
    ran = subprocess.run([shell, *options, "-c", text], env=environment, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def test_bash_completes_commands_targets_and_jobs(environment, tmp_path):
    script = script_of("bash", environment, tmp_path)

    def completed(*words):
        quoted = " ".join(f"'{word}'" for word in words)
        text = (
            f"source {script}; COMP_WORDS=(qsession {quoted}); COMP_CWORD={len(words)}; _qsession_completion qsession;"
            ' printf "%s\\n" "${COMPREPLY[@]}"'
        )
        return said("bash", ["--norc"], environment, text)

    assert completed("jo") == ["jobs"]
    assert "ionq.simulator" in completed("submit", "x.qasm", "--target", "ionq.")
    assert completed("jobs", "show", "") == [JOB]


def test_fish_completes_commands_targets_and_jobs_and_describes_them_whole(environment, tmp_path):
    script = script_of("fish", environment, tmp_path)

    def completed(line):
        return said("fish", ["--no-config"], environment, f"source {script}; complete -C '{line}'")

    assert completed("qsession jo") == ["jobs\tJobs: list, watch over, fetch, cancel."]
    assert any(one.startswith("ionq.simulator\t") for one in completed("qsession submit x --target ionq."))
    assert completed("qsession jobs show ") == [f"{JOB}\tone, two Waiting"]


def test_zsh_completes_commands_targets_and_jobs(environment, tmp_path):
    script = script_of("zsh", environment, tmp_path)
    terminal, inner = pty.openpty()
    shell = subprocess.Popen(
        ["zsh", "-f", "-i"],  # noqa: S607 - the shell that is tested
        stdin=inner, stdout=inner, stderr=inner, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(inner)
    try:
        answer(terminal, f"PS1=; autoload -U compinit; compinit -u -d {tmp_path}/dump; source {script}\n", "")
        answer(terminal, "print rea''dy\n", "ready")
        answer(terminal, "qsession jo\t", "jobs ")
        answer(terminal, "show 7777\t", JOB)
        answer(terminal, "\x15qsession submit x --target ionq.si\t", "ionq.simulator")
    finally:
        shell.kill()
        shell.wait()
        os.close(terminal)


def answer(terminal, text, wanted):
    """Type a text and wait until the terminal shows another."""
    os.write(terminal, text.encode())
    shown, until = "", time.monotonic() + _PATIENCE_SECONDS
    while wanted not in shown:
        assert time.monotonic() < until, f"{wanted!r} is not in {shown!r}"
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace")
