"""The process ends while threads open sessions: none is left open."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

import pytest

from qsession_core import errors
from qsession_core.local import LocalWorkspace
from qsession_core.local.http_server import Server
from tests.support.wire_client import Client


def test_a_daemon_thread_that_opens_sessions_until_the_interpreter_ends_leaves_none_open():
    from qsession_core.command.groups.serving import connection_string

    program = """
        import sys, threading
        from qsession_core import Workspace
        target = Workspace.from_connection_string(sys.argv[1]).get_target("ionq.simulator")
        begun = threading.Event()
        def work():
            while True:
                target.open_session()
                begun.set()
        for _ in range(4):
            threading.Thread(target=work, daemon=True).start()
        begun.wait(60)
    """
    with LocalWorkspace(seed=1) as service, Server(service) as server:
        text = connection_string(service.connection, server.endpoint)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program), text],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        sessions = Client(service).get("sessions").json["value"]
    assert sessions
    assert {session["status"] for session in sessions} == {"Succeeded"}


def test_a_session_that_is_being_opened_when_the_process_ends_is_closed(workspace, target, recorder):
    arrived, go_on = threading.Event(), threading.Event()

    def hold(request):
        if request.method == "PUT" and "/sessions/" in request.url:
            arrived.set()
            go_on.wait(60)

    recorder.interfere = hold
    opener = threading.Thread(target=target.open_session)
    opener.start()
    arrived.wait(60)
    ending = threading.Thread(target=workspace.parts.watch.end)
    ending.start()
    go_on.set()
    opener.join(60)
    ending.join(60)
    assert workspace.open_sessions() == []


def test_no_session_is_opened_once_the_process_ends(workspace, target, recorder):
    workspace.parts.watch.end()
    with pytest.raises(errors.ConfigurationError, match="The process ends"):
        target.open_session()
    assert not any("/sessions/" in request.url for request in recorder.requests)
