"""What a run starts ends with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qsession_core.errors import ConfigurationError

DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        if {stubborn}:
            import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open({path!r}, "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
os.wait()
while not os.path.exists({path!r}) or not open({path!r}).read():
    time.sleep(0.01)
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("code", [0, 1, 77])
def test_the_exit_code_is_the_commands(runner, code):
    assert runner.python(f"import sys; sys.exit({code})") == code


def test_a_command_that_a_signal_ends_is_told_as_shells_tell_it(runner):
    assert runner.python("import os; os.kill(os.getpid(), 9)") == 128 + 9


def test_a_command_that_does_not_exist_is_one_sentence(runner, capfd):
    assert runner("no-such-command-anywhere") == 127
    assert runner("/") == 126


@pytest.mark.parametrize("stubborn", [False, True])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux adopts processes")
def test_a_process_that_made_itself_a_daemon_ends_with_the_run(runner, tmp_path, stubborn):
    path = tmp_path / "pid"
    assert runner.python(DAEMON.format(path=str(path), stubborn=stubborn)) == 0
    assert not is_alive(int(path.read_text()))


def test_when_the_run_is_killed_its_command_is_too(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import os, sys, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"
    )  # fmt: skip
    run = f"from qsession_core.intercept.run import *; run([{sys.executable!r}, {str(program)!r}], RunOptions())"
    with subprocess.Popen([sys.executable, "-c", run], stdout=subprocess.PIPE, text=True) as process:
        pid = int(process.stdout.readline())
        process.kill()
        assert process.stdout.read() == ""  # the pipe ends when the last of them has ended
    assert not is_alive(pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_run_reaches_the_command(tmp_path, number):
    program = tmp_path / "program.py"
    program.write_text(
        "import signal, sys, time\n"
        f"signal.signal({int(number)}, lambda number, frame: sys.exit(42))\n"
        "print('ready', flush=True)\ntime.sleep(600)\n"
    )
    run = (
        "import sys; from qsession_core.intercept.run import *;"
        f"sys.exit(run([{sys.executable!r}, {str(program)!r}], RunOptions()))"
    )
    # without a terminal, as in CI
    with subprocess.Popen(
        [sys.executable, "-c", run], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.wait(60) == 42


def test_nothing_of_a_run_is_left_on_disk(runner, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    text = "import os; p = os.environ['SSL_CERT_FILE']; print(p); assert 'PRIVATE' not in open(p).read()"
    assert runner.python(text) == 0
    assert runner.output().startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_hosts_that_were_refused_are_told_at_the_end(runner):
    text = "import requests\ntry: requests.get('https://pypi.org')\nexcept requests.exceptions.ProxyError: pass"
    assert runner.python(text) == 0
    assert runner.said == ["qsession: pypi.org:443 was refused once; --allow pypi.org lets it through"]


def test_each_workspace_is_shown_while_the_command_runs(runner):
    shown = []

    @contextlib.contextmanager
    def show(workspace):
        shown.append(workspace.connection.name)
        yield
        shown.append("left")

    text = (
        "from qsession_core import Workspace\n"
        "for name in ('local-workspace', 'other'):\n"
        "    with Workspace('00000000-0000-4000-8000-000000000001', 'local', name, location='eastus') as workspace:\n"
        "        workspace.list_jobs()"
    )
    assert runner.python(text, shown=show) == 0
    assert shown == ["local-workspace", "other", "left", "left"]
    with pytest.raises(ConfigurationError, match=r"--page are for local workspaces"):
        runner("true", shown=show, replay=Path("b.zip"))


def test_every_option_that_cannot_be_used_is_told_before_anything_starts(runner, tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        runner(allowed=("management.azure.com", "https://x/"), targets=tmp_path / "none.toml")
    for part in ("no command", "management.azure.com", "'https://x/' is not the name", "none.toml"):
        assert part in str(caught.value)
