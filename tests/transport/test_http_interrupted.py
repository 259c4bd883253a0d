"""Ctrl-C anywhere in a call over HTTP costs that call and nothing else."""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import urllib3

import qsession_core.transport
from qsession_core import Request
from qsession_core.transport.http import HttpTransport

PLACES = tuple(str(Path(package.__file__).parent) for package in (qsession_core.transport, urllib3))
PATIENCE = 5000  # no call has that many boundaries


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def _interrupted(action, at):
    """Run an action with KeyboardInterrupt at one of its calls and returns; say whether it had that many."""
    left = at

    def trace(frame, event, _argument):
        nonlocal left
        if not frame.f_code.co_filename.startswith(PLACES):
            return None
        frame.f_trace_lines = False
        if event in {"call", "return"}:
            left -= 1
            if left == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    with contextlib.suppress(KeyboardInterrupt):
        sys.settrace(trace)
        try:
            action()
        finally:
            sys.settrace(before)
    return left <= 0


# where the interrupt comes while a generator of urllib3 is closed, Python says that it was ignored there
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_call_that_is_interrupted_anywhere_takes_no_connection_away(address):
    transport = HttpTransport(connections=1)
    with ThreadPoolExecutor(1) as other:
        for at in itertools.count(1):
            assert at < PATIENCE
            was = _interrupted(lambda: transport.send(Request("PUT", address, {}, b"first")), at)
            body = f"after {at}".encode()
            answer = other.submit(transport.send, Request("PUT", address, {}, body)).result(timeout=60)
            assert answer.body == body
            if not was:
                break
    transport.close()
