"""The queue and a store that cannot be used for a while: nothing is lost, nothing runs twice, and work goes on."""

import logging
import sqlite3
from concurrent.futures import Executor, Future
from contextlib import closing

import pytest

from qsession_core.local import LocalWorkspace
from qsession_core.local.execution.task import Outcome
from qsession_core.local.storage.trouble import trouble_of
from tests.support.store_faults import held, no_room
from tests.support.wire_client import BELL, Client

OUTPUT = b'{"histogram":{"0":1.0}}' + b" " * 50_000


class Writer(Executor):
    """Runs nothing: every job has a large result at once, as soon as it may."""

    def __init__(self):
        self.before = lambda: None

    def submit(self, function, /, *args):
        self.before()
        future = Future()
        future.set_running_or_notify_cancel()
        future.set_result(Outcome(OUTPUT, content_type="application/json"))
        return future


def paused_job(client):
    client.service.dispatcher.paused = True
    return client.submit(BELL)


def go(workspace):
    workspace.dispatcher.paused = False
    workspace.dispatcher.wake()


def waits_for_room(workspace):
    with workspace.dispatcher._changed:
        assert workspace.dispatcher._changed.wait_for(lambda: workspace.dispatcher.problem, 30)


@pytest.mark.sqlite
def test_results_wait_for_room_on_the_disk_and_are_stored_when_there_is_some(caplog):
    with LocalWorkspace(executor=Writer()) as workspace:
        client = Client(workspace)
        client.service.dispatcher.paused = True
        jobs = [client.submit(BELL) for _ in range(5)]
        with no_room(workspace), caplog.at_level(logging.WARNING, "qsession.local"):
            go(workspace)
            waits_for_room(workspace)
            assert {client.job(job)["status"] for job in jobs} <= {"Waiting", "Executing"}
        assert [client.done(job)["status"] for job in jobs] == ["Succeeded"] * 5
        attempts = workspace.store.read("SELECT attempts FROM items")
    assert attempts == [(1,)] * 5
    assert "The queue waits. The local workspace's disk is full. It tries again." in caplog.text
    assert "the queue works again" in caplog.text
    assert workspace.dispatcher.problem == ""


@pytest.mark.sqlite
def test_a_result_that_comes_while_the_database_is_held_is_not_lost(tmp_path):
    executor = Writer()
    with LocalWorkspace(tmp_path / "here", executor=executor) as workspace:
        client = Client(workspace)
        job = paused_job(client)
        holders = []

        def hold():
            holders.append(held(tmp_path / "here"))
            holders[0].__enter__()

        executor.before = hold
        go(workspace)
        waits_for_room(workspace)
        assert client.job(job)["status"] == "Executing"
        holders[0].__exit__(None, None, None)
        assert client.done(job)["status"] == "Succeeded"


def test_a_job_whose_input_cannot_be_read_for_a_while_waits_again(monkeypatch):
    with LocalWorkspace(seed=1) as workspace:
        client = Client(workspace)
        job = paused_job(client)
        read, failed = workspace._blobs.read, []

        def breaks_once(*arguments):
            if not failed:
                failed.append(arguments)
                raise OSError(24, "Too many open files")
            return read(*arguments)

        monkeypatch.setattr(workspace._blobs, "read", breaks_once)
        go(workspace)
        assert client.done(job)["status"] == "Succeeded"
        assert failed


@pytest.mark.parametrize(
    "error", [sqlite3.DatabaseError("broken"), sqlite3.OperationalError("locked"), OSError("gone")]
)
def test_whatever_the_store_raises_the_queue_goes_on(monkeypatch, caplog, error):
    with LocalWorkspace(seed=1) as workspace:
        client = Client(workspace)
        job = paused_job(client)
        jobs, failed = workspace.store.jobs, []

        def breaks_twice(*arguments):
            if len(failed) < 2:
                failed.append(arguments)
                raise error
            return jobs(*arguments)

        monkeypatch.setattr(workspace.store, "jobs", breaks_twice)
        go(workspace)
        assert client.done(job)["status"] == "Succeeded"
    assert caplog.text.count("The queue waits") == 1  # said once, not at each try


@pytest.mark.sqlite
def test_a_workspace_closes_while_its_store_is_full_and_its_jobs_run_later(tmp_path):
    executor = Writer()
    workspace = LocalWorkspace(tmp_path / "here", executor=executor)
    client = Client(workspace)
    job = paused_job(client)
    with no_room(workspace):
        go(workspace)
        waits_for_room(workspace)
        workspace.close()
    with LocalWorkspace(tmp_path / "here", seed=1) as again:
        assert Client(again).done(job)["status"] == "Succeeded"


def test_an_error_of_the_program_is_no_trouble_of_the_store():
    for error in (sqlite3.ProgrammingError("Cannot operate on a closed database."), ValueError("x")):
        assert trouble_of(error) is None
    with closing(sqlite3.connect(":memory:")) as database, pytest.raises(sqlite3.OperationalError) as caught:
        database.execute("SELEC 1")
    assert trouble_of(caught.value) is None
