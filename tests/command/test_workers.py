"""``qsession serve --workers``: several processes behind one port are one workspace."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qsession_core import Program, Workspace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="sockets that are handed to another process"),
]
FLIP = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))], name="flip")


def children(pid):
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def served(tmp_path):
    def start(*options):
        command = [
            sys.executable,
            "-m",
            "qsession_core",
            "--directory",
            str(tmp_path / "w"),
            "serve",
            *options,
            "--json",
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, json.loads(process.stdout.readline())

    started = []
    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.parametrize("tls", [(), ("--tls", "self")], ids=["http", "tls"])
def test_all_workers_are_one_workspace_and_a_dead_one_is_replaced(served, tls):
    process, told = served("--workers", "3", *tls)
    before = children(process.pid)
    assert len(before) == 3

    def run(_):
        with Workspace.from_connection_string(told["connectionString"]) as workspace:
            return workspace.get_target("ionq.simulator").submit(FLIP, shots=10).result(60).counts

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, range(24))) == [{"1": 10}] * 24
    os.kill(before[0], signal.SIGKILL)
    end = time.monotonic() + 60
    while len(set(children(process.pid)) - {before[0]}) < 3:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert run(0) == {"1": 10}
    with Workspace.from_connection_string(told["connectionString"]) as workspace:
        assert len(workspace.list_jobs()) == 25
    now = children(process.pid)
    process.terminate()
    assert process.wait(30) == 0
    assert not [pid for pid in now if os.path.exists(f"/proc/{pid}/fd")]  # noqa: PTH110


def test_workers_end_when_their_parent_is_killed(served):
    process, _ = served("--workers", "2")
    left = children(process.pid)
    process.kill()
    end = time.monotonic() + 30
    while [pid for pid in left if os.path.exists(f"/proc/{pid}/fd")]:  # noqa: PTH110
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--workers", "2"), "Several workers share a store"),
        (("--workers", "0"), "0 is not in the range"),
    ],
)
def test_what_cannot_be_is_told(run, options, sentence):
    ended = run("serve", *options)
    assert (ended.code, sentence in ended.err) == (2, True)
