"""Ctrl-C, exit and SIGTERM at every call boundary of the client: no session stays open unwatched, no job gets lost."""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
from pathlib import Path

import pytest

import qsession_core.client
from qsession_core import Response, SessionStatus, errors

CLIENT = str(Path(qsession_core.client.__file__).parent)
PATIENCE = 2000  # no action has that many call boundaries
ABRUPT = (KeyboardInterrupt, SystemExit)


class Boundaries:
    """Counts the calls of the client and the returns from them, and acts at one of them."""

    def __init__(self, at, act) -> None:
        self.left = at
        self.act = act

    def __enter__(self):
        sys.settrace(self.trace)
        return self

    def __exit__(self, *error) -> None:
        sys.settrace(None)

    def trace(self, frame, event, argument):
        if not frame.f_code.co_filename.startswith(CLIENT):
            return None
        frame.f_trace_lines = False
        if event in {"call", "return"}:
            self.left -= 1
            if self.left == 0:
                sys.settrace(None)
                self.act()
        return self.trace


def _interrupted_everywhere(action, act, stop=ABRUPT):
    """Run an action again and again, each time interrupted one boundary later, until it ends; yield each time."""
    for at in itertools.count(1):
        assert at < PATIENCE
        with Boundaries(at, act) as boundaries, contextlib.suppress(*stop):
            action()
        yield at
        if boundaries.left > 0:
            return


def _raiser(kind):
    def act():
        raise kind

    return act


def _terminating(workspace):
    """Do what our SIGTERM handler does, in the thread that it interrupts; then end as the process would."""

    def act():
        workspace.parts.watch.close_all()
        raise SystemExit

    return act


@pytest.fixture
def ways(workspace):
    return {"ctrl-c": _raiser(KeyboardInterrupt), "exit": _raiser(SystemExit), "sigterm": _terminating(workspace)}


def _left_open(workspace):
    """What is open after the process has ended."""
    workspace.parts.watch.close_all()
    return [session.id for session in workspace.open_sessions()]


@pytest.mark.parametrize("way", ["ctrl-c", "exit", "sigterm"])
def test_an_opening_that_is_interrupted_anywhere_leaves_no_session(workspace, target, ways, way):
    left = [_left_open(workspace) for _ in _interrupted_everywhere(target.open_session, ways[way])]
    assert left == [[]] * len(left)
    assert len(left) > 20
    assert workspace.parts.watch._sessions == {}


@pytest.mark.parametrize("way", ["ctrl-c", "exit", "sigterm"])
def test_a_closing_that_is_interrupted_anywhere_is_tried_again(workspace, target, ways, way):

    def open_and_close():
        with target.open_session():
            pass

    left = [_left_open(workspace) for _ in _interrupted_everywhere(open_and_close, ways[way])]
    assert left == [[]] * len(left)
    assert len(left) > 20


def test_a_closing_that_was_interrupted_is_tried_again_while_the_process_goes_on(workspace, target, recorder):
    session = target.open_session()

    def interrupt(request):
        if ":close" in request.url:
            raise KeyboardInterrupt

    recorder.interfere = interrupt
    with pytest.raises(KeyboardInterrupt):
        session.close()
    recorder.interfere = lambda request: None
    workspace.parts.watch.check()
    assert session.refresh().status is SessionStatus.WAITING

    workspace.clock.advance(31)
    workspace.parts.watch.check()

    assert session.status is SessionStatus.SUCCEEDED


@pytest.mark.parametrize("kind", ABRUPT)
def test_a_submission_that_is_interrupted_anywhere_loses_and_doubles_no_job(connect, bell, tmp_path, kind):
    journal = tmp_path / "journal"
    workspace = connect(journal=journal)
    target = workspace.get_target("ionq.simulator")
    for number, _ in enumerate(
        _interrupted_everywhere(lambda: target.submit(bell, shots=1, name="one"), _raiser(kind)), 1
    ):
        workspace.resume()
        noted = {line["job"] for line in map(json.loads, journal.read_text().splitlines())}
        assert {job.id for job in workspace.list_jobs()} == noted
        assert workspace.resume() == type(workspace.resume())((), (), ())
        assert len(noted) <= number


def test_a_resumption_that_is_interrupted_anywhere_loses_and_doubles_no_job(connect, bell, recorder, tmp_path):
    journal = tmp_path / "journal"
    workspace = connect(journal=journal)
    target = workspace.get_target("ionq.simulator")
    points = 0

    def crash():
        recorder.interfere = lambda request: Response(501) if "sasUri" in request.url else None
        with pytest.raises(errors.ServiceError):
            target.submit(bell, shots=1)
        recorder.interfere = lambda request: None

    crash()
    for points in _interrupted_everywhere(workspace.resume, _raiser(KeyboardInterrupt)):
        workspace.resume()
        assert len(workspace.list_jobs()) == points
        journal.write_bytes(b"")  # a longer journal has more boundaries
        crash()
    assert points > 20


@pytest.mark.parametrize("answer", [409, 500, 503])
def test_a_session_and_a_job_that_are_there_despite_the_answer_are_ours(target, bell, recorder, answer):
    def work_and_fail(request):
        if request.method == "PUT" and "blob" not in request.url:
            recorder.service.handle(request)
            return Response(answer)
        return None

    recorder.interfere = work_and_fail
    with target.open_session() as session:
        job = target.submit(bell, shots=3)

    assert job.session_id == session.id
    assert sum(job.result().counts.values()) == 3


def test_a_session_of_another_target_with_our_id_is_not_ours_and_stays_open(workspace, target, recorder):
    theirs = workspace.get_target("rigetti.sim.qvm").open_session(id="00000000-0000-4000-8000-000000000001")
    recorder.interfere = lambda request: Response(409) if request.method == "PUT" else None

    with pytest.raises(errors.ConflictError):
        target.open_session(id=theirs.id)

    assert theirs.refresh().status is SessionStatus.WAITING


@pytest.mark.parametrize("answer", [500, 503, 408])
def test_a_session_that_the_service_opened_and_did_not_confirm_is_closed(workspace, target, recorder, answer):
    def work_and_fail(request):
        if "/sessions/" in request.url and ":close" not in request.url:
            if request.method == "PUT":
                recorder.service.handle(request)
            return Response(answer)
        return None

    recorder.interfere = work_and_fail
    with pytest.raises(errors.ServiceError):
        target.open_session()
    recorder.interfere = lambda request: None

    assert workspace.open_sessions() == []


def test_a_session_that_the_service_refused_is_not_closed(target, recorder):
    recorder.interfere = lambda request: Response(403) if request.method == "PUT" else None
    with pytest.raises(errors.PermissionDeniedError):
        target.open_session()
    assert recorder.count("POST", ":close") == 0
