"""Sessions and time: warnings before it runs out, and going on after it did."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime

import pytest

from qsession_core import SessionStatus, Workspace, errors
from qsession_core.local import LocalWorkspace, ManualClock


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


@pytest.fixture
def service(clock):
    with LocalWorkspace(seed=3, clock=clock) as running:
        yield running


@pytest.fixture
def workspace(connect, clock):
    with connect(clock=clock) as client:
        yield client


def test_an_idle_session_warns_once_before_it_ends(workspace, target, clock, caplog):
    session = target.open_session()
    with caplog.at_level(logging.WARNING, "qsession"):
        clock.advance(400)
        workspace.parts.watch.check()
        assert caplog.records == []
        clock.advance(100)
        workspace.parts.watch.check()
        workspace.parts.watch.check()
    assert [record.getMessage() for record in caplog.records] == [
        f"session {session.id} ({session.name}) on ionq.simulator ends in 100 s unless a job is sent"
    ]


def test_a_job_starts_the_time_anew(workspace, target, bell, clock):
    session = target.open_session()
    clock.advance(500)
    target.submit(bell, shots=1)
    assert session.seconds_left == 600
    assert "idle time left 600 s" in repr(session)


def test_losing_the_hold_on_the_hardware_is_announced(workspace, bell, clock, caplog):
    h2 = workspace.get_target("quantinuum.qpu.h2-1")
    h2.open_session()
    h2.submit(bell, shots=1)
    clock.advance(50)
    with caplog.at_level(logging.WARNING, "qsession"):
        workspace.parts.watch.check()
    assert "gives the hardware back in 10 s" in caplog.text


def test_a_session_that_timed_out_is_told_before_anything_is_uploaded(target, bell, clock, recorder):
    session = target.open_session()
    clock.advance(900)
    uploads = recorder.count("POST", "sasUri")

    with pytest.raises(errors.SessionTimedOutError, match="ten minutes"):
        target.submit(bell, shots=1)
    assert recorder.count("POST", "sasUri") == uploads
    assert session.status is SessionStatus.TIMED_OUT


def test_a_session_that_timed_out_can_go_on_in_a_new_one(workspace, target, bell, clock):
    session = target.open_session(name="long", on_timeout="reopen", tags=["mine"])
    first = session.id
    target.submit(bell, shots=1)
    clock.advance(900)

    job = target.submit(bell, shots=1)

    assert session.id == job.session_id != first
    assert session.previous_ids == (first,)
    assert session.name == "long"
    assert workspace.get_session(first).status is SessionStatus.TIMED_OUT
    assert set(session.details.tags) == {"mine", f"continues:{first}"}
    session.close()
    assert target.latest_session is None


@pytest.mark.parametrize("ending", ["sys.exit(0)", "raise KeyboardInterrupt", "os.kill(os.getpid(), signal.SIGTERM)"])
def test_sessions_are_closed_when_the_process_ends(tmp_path, ending):
    program = f"""
        import os, signal, sys
        from qsession_core import Workspace
        session = Workspace.local({str(tmp_path)!r}).get_target("ionq.simulator").open_session()
        print(session.id, flush=True)
        {ending}
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False
    )
    if "SIGTERM" in ending:
        assert done.returncode == -signal.SIGTERM
    with Workspace.local(tmp_path) as workspace:
        assert workspace.get_session(done.stdout.strip()).status is SessionStatus.SUCCEEDED


def test_closing_a_workspace_closes_the_sessions_that_it_opened(tmp_path):
    with Workspace.local(tmp_path) as workspace:
        session_id = workspace.get_target("ionq.simulator").open_session().id
    with Workspace.local(tmp_path) as workspace:
        assert workspace.get_session(session_id).status is SessionStatus.SUCCEEDED


PROCESSES = {
    "a forked child ends": "if os.fork() == 0:\n    sys.exit(0)\nos.wait()",
    "a forked child leaves the block": "with session:\n    if os.fork():\n        os.wait()\n        tell(session)",
    "a forked child closes": "if os.fork() == 0:\n    session.close()\n    os._exit(0)\nos.wait()",
    "a forked child is terminated": (
        "ready, go = os.pipe()\n"
        "child = os.fork()\n"
        "if child == 0:\n    os.write(go, b'1')\n    signal.pause()\n"
        "os.read(ready, 1)\nos.kill(child, signal.SIGTERM)\nos.wait()"
    ),
    "a child of multiprocessing ends": (
        "process = multiprocessing.get_context('fork').Process(target=target.open_session)\n"
        "process.start()\nprocess.join()"
    ),
    "a forked child that has opened its own is terminated": (
        "ready, go = os.pipe()\n"
        "child = os.fork()\n"
        "if child == 0:\n    target.open_session()\n    os.write(go, b'1')\n    signal.pause()\n"
        "os.read(ready, 1)\nos.kill(child, signal.SIGTERM)\nos.wait()"
    ),
    "a forked child opens its own": "if os.fork() == 0:\n    target.open_session()\n    sys.exit(0)\nos.wait()",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("what", PROCESSES.values(), ids=PROCESSES)
def test_a_forked_child_closes_its_own_sessions_and_never_its_parents(tmp_path, what):
    program = """
import multiprocessing, os, signal, sys
from qsession_core import Workspace

workspace = Workspace.local(sys.argv[1])
target = workspace.get_target("ionq.simulator")
session = target.open_session()
parent = os.getpid()
def tell(session):
    if os.getpid() == parent:
        print(session.refresh().status, len(workspace.open_sessions()))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{program}{what}\ntell(session)", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[0] == "Waiting 1"
    with Workspace.local(tmp_path) as workspace:
        assert workspace.open_sessions() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("opened", [True, False])
def test_a_forked_child_ends_at_once_on_sigterm_even_where_it_waits_outside_of_python(tmp_path, opened):
    # a worker of a pool waits for a lock in C, where no handler in Python can run
    program = f"""
import os, signal, sys
from qsession_core import Workspace
workspace = Workspace.local(sys.argv[1])
if {opened}:
    workspace.get_target("ionq.simulator").open_session()
assert callable(signal.getsignal(signal.SIGTERM))
if os.fork() == 0:
    print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, flush=True)
    os._exit(0)
os.wait()
"""
    command = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "True\n"


def test_a_forked_child_is_told_that_it_cannot_use_a_workspace_in_memory():
    program = """
import os
from qsession_core import Workspace

target = Workspace.local().get_target("ionq.simulator")
if os.fork() == 0:
    try:
        target.submit({"gateset": "qis", "qubits": 1, "circuit": []})
    except Exception as error:
        print(type(error).__name__, error, flush=True)
    os._exit(0)
os.wait()
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("ConfigurationError This local workspace is in the memory of the process that made")


def test_sigterm_closes_sessions_that_a_thread_has_opened(tmp_path):
    program = f"""
        import os, signal, threading
        from qsession_core import Workspace
        target = Workspace.local({str(tmp_path)!r}).get_target("ionq.simulator")
        thread = threading.Thread(target=target.open_session)
        thread.start()
        thread.join()
        os.kill(os.getpid(), signal.SIGTERM)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], timeout=60, check=False)
    assert done.returncode == -signal.SIGTERM
    with Workspace.local(tmp_path) as workspace:
        assert [session.status for session in workspace.list_sessions()] == [SessionStatus.SUCCEEDED]


def test_a_workspace_made_in_a_thread_says_that_sigterm_leaves_its_sessions_open(tmp_path):
    program = f"""
        import logging, threading
        from qsession_core import Workspace
        logging.basicConfig()
        def work():
            Workspace.local({str(tmp_path)!r}).get_target("ionq.simulator").open_session()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=True
    )
    assert "Make the workspace in the main thread" in done.stderr
