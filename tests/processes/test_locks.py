"""Locks of files between processes, and which processes run."""

import os
import subprocess
import sys

from qsession_core.processes.locks import is_running, lock, try_lock

HOLDER = """
import sys
from qsession_core.processes.locks import try_lock
file = open(sys.argv[1], "r+b")
print(try_lock(file), flush=True)
sys.stdin.read()
"""


def test_a_lock_is_anothers_until_its_process_ends(tmp_path):
    path = tmp_path / "held"
    path.touch()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "True\n"
        with path.open("r+b") as file:
            assert not try_lock(file)
            assert is_running(other.pid)
            other.kill()
            lock(file)  # waits for the end of the other
            assert other.wait() != 0
    assert not is_running(other.pid)
    assert is_running(os.getpid())
