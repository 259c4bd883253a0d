"""The clock of a lab: it runs, and can be put forward."""

from __future__ import annotations

import threading

import pytest

from qsession_core.local import LabClock


def test_it_runs_as_the_machines_clock_does_from_where_it_was_put():
    clock = LabClock()
    before, steady = clock.now(), clock.monotonic()
    clock.advance(3600)
    assert (clock.now() - before).total_seconds() >= 3600
    assert clock.monotonic() - steady >= 3600
    assert clock.now() <= clock.now()


def test_who_sleeps_wakes_when_it_is_put_forward():
    clock = LabClock()
    started = threading.Event()

    def sleep() -> None:
        started.set()
        clock.sleep(3600)

    sleeper = threading.Thread(target=sleep)
    sleeper.start()
    started.wait(10)
    while sleeper.is_alive():  # it may not have begun to wait: then the next step wakes it, or it does not wait at all
        clock.advance(3600)
        sleeper.join(0.01)


def test_it_does_not_run_backwards():
    with pytest.raises(ValueError, match="backwards"):
        LabClock().advance(-1)
