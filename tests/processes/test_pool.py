"""Worker processes: what is killed does not run, what takes too much ends, and nothing outlives its pool."""

import os
import subprocess
import sys
import threading
import time

import pytest

from qsession_core.processes import pool as process_pool
from qsession_core.processes.pool import (
    Lane,
    WorkerDiedError,
    WorkerPool,
    WorkGivenBackError,
    WorkTimedOutError,
)
from qsession_core.processes.worker import bounded_memory

ENDLESS = (time.sleep, 10**6)
needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits that Linux keeps")


@pytest.fixture
def pools():
    """Make pools, and shut them at the end."""
    made = []

    def make(*arguments, **keywords):
        made.append(WorkerPool(*arguments, **keywords))
        return made[-1]

    yield make
    for pool in made:
        pool.shutdown(cancel_futures=True)


def test_work_that_is_killed_while_its_process_starts_does_not_run(pools, monkeypatch, tmp_path):
    pool = pools(1)
    is_starting, may_start = threading.Event(), threading.Event()
    started = process_pool._started

    def start(*limits):
        is_starting.set()
        may_start.wait(60)
        return started(*limits)

    monkeypatch.setattr(process_pool, "_started", start)
    trace = tmp_path / "ran"
    future = pool.submit(trace.touch)
    assert is_starting.wait(60)
    pool.kill(future)
    may_start.set()
    with pytest.raises(WorkerDiedError):
        future.result(60)
    assert not trace.exists()


@needs_linux
def test_the_interrupt_of_a_terminal_reaches_no_worker_not_even_one_that_starts(pools):
    assert pools(1).submit(os.getpgid, 0).result(60) != os.getpgid(0)


def test_a_process_that_cannot_be_started_fails_the_work_and_not_the_pool(pools, monkeypatch):
    pool = pools(1)

    def refuse(*limits):
        raise BlockingIOError(11, "no more processes")

    with monkeypatch.context() as patch:
        patch.setattr(process_pool, "_started", refuse)
        with pytest.raises(WorkerDiedError, match="no more processes"):
            pool.submit(abs, -1).result(60)
    assert pool.submit(abs, -1).result(60) == 1


def test_work_that_does_not_end_is_killed_at_the_deadline(pools):
    pool = pools(1, seconds=0.5)
    with pytest.raises(WorkTimedOutError, match=r"0\.5 seconds"):
        pool.submit(*ENDLESS).result(60)
    with pytest.raises(WorkTimedOutError):
        pool.submit_in(Lane.LONG, *ENDLESS).result(60)
    pool._seconds = 600.0
    assert pool.submit(abs, -1).result(60) == 1


@needs_linux
def test_work_that_takes_too_much_memory_fails_and_its_process_is_not_used_again(pools):
    pool = pools(1, memory_bytes=512 << 20)
    with pytest.raises(MemoryError):
        pool.submit(bytearray, 1 << 30).result(60)
    assert len(pool.submit(bytearray, 1 << 20).result(60)) == 1 << 20


def test_short_work_does_not_wait_for_short_work_that_takes_long(pools):
    has_room = threading.Event()
    pool = pools(1, patience=0.1, on_room=has_room.set)
    pool.submit_in(Lane.SHORT, *ENDLESS)
    assert not pool.has_room(Lane.SHORT)
    assert has_room.wait(60)
    assert pool.has_room(Lane.SHORT)
    assert not pool.has_room(Lane.LONG)
    pool._patience = 600.0  # the next one is to end, however slow the machine is
    assert pool.submit_in(Lane.SHORT, abs, -1).result(600) == 1


def test_work_that_takes_long_is_given_back_when_long_work_runs_already(pools):
    pool = pools(1, patience=0.1)
    pool.submit_in(Lane.LONG, *ENDLESS)
    with pytest.raises(WorkGivenBackError):
        pool.submit_in(Lane.SHORT, *ENDLESS).result(60)
    pool._patience = 600.0
    assert pool.submit_in(Lane.SHORT, abs, -1).result(600) == 1


def test_work_that_died_says_how(pools):
    pool = pools(1)
    with pytest.raises(WorkerDiedError, match="with exit code 3"):
        pool.submit(__import__("os")._exit, 3).result(60)


@needs_linux
def test_a_worker_within_one_call_of_c_ends_with_the_process_that_asked_it(tmp_path):
    # sum() over a range lets no other thread of the worker run: only the system can end it
    program = (
        "import sys\n"
        "from qsession_core.processes.pool import WorkerPool\n"
        "pool = WorkerPool(1)\n"
        "pool.submit(abs, -1).result()\n"
        "pool.submit(sum, range(10**15))\n"
        "print('begun', flush=True)\n"
        "sys.stdin.read()\n"
    )
    # worker and parent share the pipe of errors, which ends with the last of them
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert parent.stdout.readline() == b"begun\n"
    parent.kill()
    assert parent.communicate(timeout=60)[1] == b""


def _bytes_within_bounds(size):
    with bounded_memory(64 << 20):
        return len(bytearray(size))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory that Linux keeps")
def test_a_worker_can_bound_the_memory_of_a_part_of_its_work():
    pool = WorkerPool(1)
    try:
        assert pool.submit(_bytes_within_bounds, 1 << 20).result(60) == 1 << 20
        with pytest.raises(MemoryError):
            pool.submit(_bytes_within_bounds, 256 << 20).result(60)
        assert pool.submit(len, bytes(1)).result(60) == 1
    finally:
        pool.shutdown()
    assert _bytes_within_bounds(256 << 20) == 256 << 20  # this process is no worker
