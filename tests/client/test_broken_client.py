"""What has once broken the client: races, half-done calls, odd ids, keys in texts. Each stays mended."""

from __future__ import annotations

import gc
import itertools
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import traceback
from datetime import UTC, datetime

import pytest

from qsession_core import Response, SessionStatus, Workspace, errors
from qsession_core.client.polling import poll_pauses
from qsession_core.client.service.connection import parse_resource_id
from qsession_core.client.service.rest import segment
from qsession_core.client.submitting.journal import Intent, Journal
from qsession_core.clock import ManualClock
from qsession_core.transport import Request
from qsession_core.transport.auth import ApiKey, Token
from qsession_core.transport.http import HttpTransport
from qsession_core.transport.retry import RetryingTransport, RetryPolicy


def _path(request: Request) -> str:
    return request.url.partition("?")[0]


# --- sessions --------------------------------------------------------------------------------------------------------


def test_threads_that_find_a_session_timed_out_open_one_new_session_together(workspace, target, bell, recorder):
    session = target.open_session(on_timeout="reopen")
    first = session.id
    recorder.service.handle(  # it ends without this process knowing
        Request("POST", _closing(recorder, first), {"x-ms-quantum-api-key": recorder.service.connection.api_key})
    )
    session._details = type(session.details)(id=first, name="s", target="ionq.simulator", status="TimedOut")
    everybody = threading.Barrier(8)
    jobs = []

    def work() -> None:
        everybody.wait()
        jobs.append(target.submit(bell, shots=1))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {job.session_id for job in jobs} == {session.id}
    assert len(workspace.list_sessions()) == 2
    assert session.previous_ids == (first,)


def _closing(recorder, session_id: str) -> str:
    (opened,) = (request.url for request in recorder.requests if f"/sessions/{session_id}" in request.url)
    return opened.replace(session_id, f"{session_id}:close")


@pytest.mark.parametrize("failure", [errors.TransportError("the line broke"), KeyboardInterrupt()])
def test_a_session_whose_closing_failed_is_closed_at_exit(workspace, target, recorder, failure):
    workspace.clock.sleep = lambda seconds: None
    session = target.open_session()

    def fail(request):
        if _path(request).endswith(":close"):
            raise failure

    recorder.interfere = fail
    with pytest.raises(type(failure)):
        session.close()
    recorder.interfere = lambda request: None
    workspace.parts.watch.close_all()

    assert workspace.get_session(session.id).status is SessionStatus.SUCCEEDED


def test_a_session_whose_opening_was_not_heard_of_does_not_stay_open(workspace, target, recorder):
    workspace.clock.sleep = lambda seconds: None

    def lose(request):
        if request.method == "PUT" and "/sessions/" in request.url:
            recorder.service.handle(request)
            raise errors.TransportError("the line broke")

    recorder.interfere = lose
    with pytest.raises(errors.TransportError):
        target.open_session()
    recorder.interfere = lambda request: None

    assert [session.status for session in workspace.list_sessions()] == [SessionStatus.SUCCEEDED]


def test_cancelling_a_session_cancels_every_job_although_one_fails(target, recorder):
    session = target.open_session()
    cancelled = []

    def answer(request):
        path = _path(request)
        if path.endswith(f"/sessions/{session.id}/jobs"):
            jobs = ",".join(f'{{"id": "{number}", "status": "Waiting"}}' for number in range(3))
            return Response(200, {}, f'{{"value": [{jobs}]}}'.encode())
        if path.endswith(":cancel"):
            cancelled.append(path[-8:-7])
            return Response(409) if len(cancelled) == 1 else Response(200, {}, b'{"id": "1", "status": "Cancelled"}')
        return Response(409) if path.endswith(":close") else None

    recorder.interfere = answer
    with pytest.raises(errors.ConflictError) as caught:
        session.cancel()
    assert cancelled == ["0", "1", "2"]
    assert "failed too" in caught.value.__notes__[0]


def test_an_error_that_is_not_ours_takes_the_job_back_from_the_budget(target, bell, recorder):
    session = target.open_session(max_jobs=1)

    def fail(request):
        if "sasUri" in request.url:
            raise RuntimeError("a credential's own error")

    recorder.interfere = fail
    with pytest.raises(RuntimeError):
        target.submit(bell, shots=1)
    recorder.interfere = lambda request: None

    assert target.submit(bell, shots=1).session_id == session.id


def cut_off(request):
    """Let a job be created, and lose the answer."""
    if request.method == "PUT" and "/jobs/" in request.url and "inputData" not in request.url:
        raise errors.TransportError("the line was cut")


@pytest.mark.parametrize(
    ("answer", "counts"), [(cut_off, True), (503, True), (408, True), (400, False), (403, False), (429, False)]
)
def test_a_job_that_may_be_there_stays_in_the_budget_and_one_that_was_refused_does_not(
    target, bell, recorder, answer, counts, caplog
):
    session = target.open_session(max_jobs=1)

    def refuse(request):
        is_creation = request.method == "PUT" and "/jobs/" in request.url and "inputData" not in request.url
        return Response(answer) if is_creation else None

    recorder.interfere = refuse if isinstance(answer, int) else answer
    with pytest.raises((errors.ServiceError, errors.TransportError)):
        target.submit(bell, shots=1)
    recorder.interfere = lambda request: None

    if counts:
        assert "may exist" in caplog.text
        with pytest.raises(errors.BudgetExceededError):
            target.submit(bell, shots=1)
    else:
        assert target.submit(bell, shots=1).session_id == session.id


@pytest.mark.parametrize("tags", ["nightly", [1], b"ab"])
def test_tags_that_are_no_list_of_texts_are_refused_before_anything_is_sent(target, bell, recorder, tags):
    job = target.submit(bell, shots=1)
    recorder.requests.clear()

    for use in (
        lambda: target.submit(bell, shots=1, tags=tags),
        lambda: target.open_session(tags=tags),
        lambda: job.update(tags=tags),
    ):
        with pytest.raises(errors.ConfigurationError, match="give a list of texts"):
            use()

    assert not recorder.requests


@pytest.mark.parametrize("ending", ["sys.exit(0)", "os.kill(os.getpid(), signal.SIGTERM)"])
def test_sessions_of_every_workspace_are_closed_at_the_end_kept_or_forgotten(tmp_path, ending):
    program = f"""
        import gc, os, signal, sys
        from qsession_core import Workspace
        def opened(path):
            return Workspace.local(path).get_target("ionq.simulator").open_session().id
        print(opened({str(tmp_path / "a")!r}), opened({str(tmp_path / "b")!r}), flush=True)
        gc.collect()
        {ending}
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False
    )
    for folder, session_id in zip("ab", done.stdout.split(), strict=True):
        with Workspace.local(tmp_path / folder) as workspace:
            assert workspace.get_session(session_id).status is SessionStatus.SUCCEEDED


def test_a_signal_that_comes_while_the_locks_are_held_still_closes(workspace, target):
    session = target.open_session()
    before = signal.getsignal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, lambda number, frame: workspace.parts.watch.close_all())
    try:
        with workspace.parts.watch._lock, session._lock, target.session_slot._lock:
            os.kill(os.getpid(), signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert session.is_in_terminal_state()


def test_a_workspace_without_open_sessions_is_let_go(bell):
    import weakref

    workspace = Workspace.local(seed=1)
    with workspace.get_target("ionq.simulator").open_session():
        pass
    watch = weakref.ref(workspace.parts.watch)
    workspace.close()
    del workspace
    gc.collect()
    assert watch() is None


# --- jobs and the journal --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 408, 429])
@pytest.mark.parametrize("call", ["sasUri", "inputData", "/jobs/"])
def test_a_no_that_passes_leaves_the_job_in_the_journal(connect, recorder, bell, tmp_path, status, call):
    workspace = connect(retry=RetryPolicy(attempts=1), journal=tmp_path / "journal")
    target = workspace.get_target("ionq.simulator")
    recorder.interfere = lambda request: Response(status) if call in request.url else None
    with pytest.raises(errors.ServiceError):
        target.submit(bell, shots=1, name="mine")
    recorder.interfere = lambda request: None

    assert [job.name for job in workspace.resume().sent] == ["mine"]


def test_a_job_is_not_sent_when_the_journal_cannot_note_it(connect, bell, tmp_path):
    workspace = connect(retry=RetryPolicy(attempts=1), journal=tmp_path / "journal")
    target = workspace.get_target("ionq.simulator")
    (tmp_path / "journal").unlink()

    with pytest.raises(errors.ConfigurationError, match="was not sent"):
        target.submit(bell, shots=1)
    assert workspace.list_jobs() == []


def test_a_job_that_was_sent_is_returned_although_the_journal_is_gone(connect, recorder, bell, tmp_path, caplog):
    workspace = connect(retry=RetryPolicy(attempts=1), journal=tmp_path / "journal")
    target = workspace.get_target("ionq.simulator")

    def lose(request):
        if request.method == "PUT" and "/jobs/" in request.url:
            (tmp_path / "journal").unlink()

    recorder.interfere = lose
    with caplog.at_level(logging.WARNING):
        job = target.submit(bell, shots=1)
    assert workspace.get_job(job.id).id == job.id
    assert "was not noted" in caplog.text


def test_a_line_that_was_not_written_whole_is_an_error(tmp_path):
    with pytest.raises(errors.ConfigurationError, match="No space left"):
        _on_a_full_disk(Journal(tmp_path / "journal"))


def _on_a_full_disk(journal: Journal) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        journal.intend(Intent("one", {"target": "t", "inputParams": {}}, "qir.v1", b"payload", 1.0))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_too_few_names_are_refused_before_the_first_job_is_sent(workspace, target, bell):
    with pytest.raises(errors.ConfigurationError, match="3 inputs and 2 names"):
        target.submit_all([bell] * 3, names=["a", "b"], shots=1)
    assert workspace.list_jobs() == []


# --- what goes into addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifier", ["", ".", ".."])
def test_an_id_that_leads_elsewhere_is_refused_and_nothing_is_sent(workspace, recorder, identifier):
    for call in (workspace.get_job, workspace.delete_job, workspace.get_session):
        with pytest.raises(errors.ConfigurationError, match="not an id"):
            call(identifier)
    assert recorder.requests == []


@pytest.mark.parametrize("identifier", ["a?b#c", "../sessions/x", "a/b", "ü", "a b", "%2e%2e"])
def test_an_odd_id_is_one_segment_of_the_address(workspace, recorder, identifier):
    with pytest.raises(errors.ServiceError):
        workspace.get_job(identifier)
    (request,) = recorder.requests
    head, _, tail = _path(request).rpartition("/")
    assert head.endswith("/jobs")
    assert tail == segment(identifier)


def test_an_attachments_name_is_one_segment_too(target, bell):
    job = target.submit(bell, shots=1)
    job.upload_attachment("a?b#c/d", b"bytes")
    assert job.download_attachment("a?b#c/d") == b"bytes"


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_a_keys_line_end_is_no_part_of_it():
    assert ApiKey("planted\n").headers() == ApiKey("planted").headers()


@pytest.mark.parametrize("key", ["plan\nted", "planted\u2013", "plan ted"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(key):
    with pytest.raises(errors.ConfigurationError) as caught:
        ApiKey(key)
    assert "plan" not in str(caught.value)


@pytest.mark.parametrize("value", ["planted\n", "planted\u2013"])
def test_a_header_that_cannot_be_sent_is_not_shown(value):
    transport = HttpTransport(proxies={}, connect_seconds=0.1)
    with pytest.raises(errors.TransportError) as caught:
        transport.send(Request("GET", "http://127.0.0.1:9/", {"x-ms-quantum-api-key": value}))
    transport.close()
    assert "planted" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_connection_string_in_the_wrong_place_is_not_shown():
    with pytest.raises(errors.ConfigurationError) as caught:
        parse_resource_id("SubscriptionId=x;ApiKey=planted")
    assert "planted" not in str(caught.value)
    with pytest.raises(errors.ConfigurationError) as caught:
        Workspace("s", "r", "n", location="l", endpoint="ApiKey=planted", credential="k", transport=HttpTransport())
    assert "planted" not in str(caught.value)


# --- waiting, trying again, prices -----------------------------------------------------------------------------------


def test_a_wait_of_no_time_looks_once(workspace, target, bell):
    job = target.submit(bell, shots=1)
    workspace.get_job(job.id).wait_until_completed(timeout_secs=30)
    assert not job.has_completed()
    assert job.wait_until_completed(timeout_secs=0).has_completed()


def test_the_last_poll_comes_when_the_time_is_over():
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    start, polls = clock.monotonic(), []
    for pause in poll_pauses(clock, 5.0):
        clock.sleep(pause)
        polls.append(clock.monotonic() - start)
    assert polls[0] == 0.0
    assert polls[-1] == pytest.approx(5.0, abs=1e-5)


def test_a_length_that_is_no_number_is_no_error():
    class Odd:
        def send(self, request: Request) -> Response:
            return Response(200, {"content-length": "many"}, b"{}")

        def close(self) -> None: ...

    assert RetryingTransport(Odd()).send(Request("GET", "https://a.example/")).status == 200


# --- answers that are none ---------------------------------------------------------------------------------


LISTS = ["get_targets", "list_jobs", "list_sessions", "list_top_level_items", "get_quotas"]
NO_LISTS = [b"{}", b"null", b"<html>", b'{"value": [1]}']
NO_ITEMS = [(call, b'{"value": [{"id": 3}]}') for call in LISTS[:-1]]  # a quota has no id


@pytest.mark.parametrize(("call", "answer"), [*itertools.product(LISTS, NO_LISTS), *NO_ITEMS])
def test_a_list_that_is_none_is_one_of_our_errors(workspace, recorder, answer, call):
    recorder.interfere = lambda request: Response(200, {}, answer)
    with pytest.raises(errors.TransportError):
        [item.id for item in getattr(workspace, call)()]


@pytest.mark.parametrize("address", [b'{"sasUri": "http://["}', b'{"sasUri": ""}', b"{}", b"\xff"])
def test_an_address_that_is_none_is_one_of_our_errors(target, bell, recorder, address):
    recorder.interfere = lambda request: Response(200, {}, address) if "sasUri" in request.url else None
    with pytest.raises(errors.TransportError):
        target.submit(bell, shots=1)


def test_a_session_that_comes_without_an_id_is_closed_again(workspace, target, recorder):
    def replace(request):
        if request.method != "PUT":
            return None
        recorder.service.handle(request)
        return Response(200, {}, b"{}")

    recorder.interfere = replace
    with pytest.raises(errors.TransportError):
        target.open_session()
    recorder.interfere = lambda request: None
    assert [session.status for session in workspace.list_sessions()] == [SessionStatus.SUCCEEDED]


@pytest.mark.parametrize("answer", [b"", b"{}", b"<html>"])
def test_a_job_whose_answer_is_none_keeps_its_id(target, bell, recorder, answer):
    def replace(request):
        if request.method != "PUT" or "/jobs/" not in request.url:
            return None
        recorder.service.handle(request)
        return Response(200, {}, answer)

    recorder.interfere = replace
    job = target.submit(bell, shots=1)
    recorder.interfere = lambda request: None

    assert job.refresh().name == "bell"
    assert [listed.id for listed in target.workspace.list_jobs()] == [job.id]


def test_a_credential_that_fails_is_one_of_our_errors():
    from azure.core import exceptions

    class Locked:
        def get_token(self, *scopes: str):
            raise exceptions.ClientAuthenticationError("nobody is signed in")

    with pytest.raises(errors.AuthenticationError, match="nobody is signed in"):
        Token(Locked).headers()


def test_a_resource_manager_that_answers_nonsense_is_one_of_our_errors():
    class Nonsense:
        def send(self, request: Request) -> Response:
            return Response(200, {}, b"<html>")

        def close(self) -> None: ...

    class Credential:
        def get_token(self, *scopes: str):
            return type("AccessToken", (), {"token": "t", "expires_on": 2**40})()

    with pytest.raises(errors.TransportError, match="cannot be read"):
        Workspace(name="ws", credential=Credential(), transport=Nonsense())


def test_a_list_that_goes_on_nowhere_is_one_of_our_errors(workspace, recorder):
    recorder.interfere = lambda request: Response(200, {}, b'{"value": [], "nextLink": "http://["}')
    with pytest.raises(errors.TransportError):
        workspace.list_jobs()


@pytest.mark.parametrize("host", ["a..b", "a" * 70 + ".example"])
def test_a_host_that_cannot_be_is_one_of_our_errors(host):
    transport = HttpTransport(proxies={}, connect_seconds=0.1)
    with pytest.raises(errors.TransportError):
        transport.send(Request("GET", f"https://{host}/?sig=planted"))
    transport.close()


def test_the_key_is_in_no_local_of_an_errors_frames(workspace, recorder):
    recorder.interfere = lambda request: Response(403)
    with pytest.raises(errors.PermissionDeniedError) as caught:
        workspace.list_jobs()
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert recorder.service.connection.api_key not in "".join(shown.format())
