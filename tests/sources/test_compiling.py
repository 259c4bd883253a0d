"""The compiler in its own process: what it never ends over ends there, and the next program is compiled."""

import os
import threading

import pytest

pytest.importorskip("qdk")

from qsession_core.errors import ConversionError
from qsession_core.processes.pool import WorkerPool
from qsession_core.sources import compiling

HEAD = 'OPENQASM 3; include "stdgates.inc"; qubit q; bit c; '
GOOD = HEAD + "h q; c = measure q;"
ENDLESS = [HEAD + "while (true) { h q; } c = measure q;", HEAD + "for int i in [0:1000000000] { h q; } c = measure q;"]


@pytest.fixture
def impatient(monkeypatch):
    """A compiler that is given up after a few seconds."""
    pool = WorkerPool(1, seconds=4)
    monkeypatch.setitem(compiling._pools, os.getpid(), pool)
    assert "h__body" in compiling.compiled(GOOD, "Base")
    yield pool
    pool.shutdown(cancel_futures=True)


def test_a_program_over_which_the_compiler_never_ends_is_refused(impatient):
    for text in ENDLESS:
        with pytest.raises(ConversionError, match=r"did not come to an end within .* seconds: a loop"):
            compiling.compiled(text, "Base")
    with pytest.raises(ConversionError, match="did not come to an end"):
        compiling.compiled_qsharp("operation Main() : Unit { mutable n = 0; while true { set n += 1; } }", "Base")
    assert "h__body" in compiling.compiled(GOOD, "Base")


def test_what_interrupts_the_caller_ends_the_compiler(monkeypatch):
    class Interrupted:
        def __init__(self):
            self.killed = []

        def submit(self, *_):
            return self

        def result(self):
            raise KeyboardInterrupt

        def done(self):
            return False

        def kill(self, future):
            self.killed.append(future)

    pool = Interrupted()
    monkeypatch.setitem(compiling._pools, os.getpid(), pool)
    with pytest.raises(KeyboardInterrupt):
        compiling.compiled(GOOD, "Base")
    assert pool.killed == [pool]


def test_programs_of_several_threads_are_compiled_one_after_the_other():
    found = []
    threads = [threading.Thread(target=lambda: found.append(compiling.compiled(GOOD, "Base"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1


def test_a_program_leaves_nothing_to_the_next():
    one = "operation Main() : Result { use q = Qubit(); X(q); return MResetZ(q); }"
    compiling.compiled_qsharp("operation Other() : Unit {} " + one, "Base")
    with pytest.raises(ConversionError, match="Other"):
        compiling.compiled_qsharp(one, "Base", entry="Other()")
