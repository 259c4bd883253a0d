"""Client and local workspace share one clock: what a test makes of time holds on both sides of the transport."""

from __future__ import annotations

import asyncio
import pickle
from datetime import UTC, datetime

import pytest

from qsession_core import JobStatus, Workspace, errors
from qsession_core.clock import ManualClock, microseconds, moment
from qsession_core.local import Fault, Faults, LocalTarget, LocalWorkspace

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SLOW = LocalTarget("acme.sim.slow", num_qubits=4, queue_seconds=3600)


@pytest.fixture
def clock():
    return ManualClock(START)


@pytest.fixture
def workspace(clock):
    with Workspace.local(seed=3, clock=clock, targets=[SLOW]) as local:
        yield local


def _passed(clock) -> float:
    return (clock.now() - START).total_seconds()


def test_the_client_goes_by_the_clock_that_the_local_workspace_was_given(workspace, clock):
    assert workspace.clock is clock
    assert workspace.service.clock is clock


def test_a_wait_on_a_clock_that_stands_still_lets_the_queue_time_pass(workspace, clock, bell):
    job = workspace.get_target(SLOW.id).submit(bell, shots=4)
    job.wait_until_completed()
    assert job.status is JobStatus.SUCCEEDED
    assert 3600 <= _passed(clock) < 4000


def test_an_awaited_job_lets_the_queue_time_pass(workspace, clock, bell):
    job = workspace.get_target(SLOW.id).submit(bell, shots=4)

    async def wait() -> None:
        await job

    asyncio.run(wait())
    assert job.status is JobStatus.SUCCEEDED
    assert _passed(clock) >= 3600


def test_no_time_passes_while_the_local_workspace_works(workspace, clock, bell):
    target = workspace.get_target("ionq.simulator")
    for result in target.submit_all([bell] * 20, shots=100).results():
        assert result.shots == 100
    assert _passed(clock) == 0.0


def test_a_wait_times_out_by_the_clock(workspace, clock, bell):
    job = workspace.get_target(SLOW.id).submit(bell, shots=4)
    with pytest.raises(errors.WaitTimeoutError):
        job.wait_until_completed(timeout_secs=60)
    assert _passed(clock) == pytest.approx(60, abs=1e-3)


def test_a_wait_of_no_time_polls_once_and_passes_no_time(workspace, clock, bell):
    job = workspace.get_target(SLOW.id).submit(bell, shots=4)
    with pytest.raises(errors.WaitTimeoutError):
        job.wait_until_completed(timeout_secs=0)
    assert _passed(clock) == 0.0


@pytest.mark.parametrize("seconds", [1e-9, 1e-7, 0.001, 0.3])
def test_a_sleep_always_moves_the_clock(clock, seconds):
    clock.sleep(seconds)
    assert _passed(clock) >= 1e-6


def test_a_clock_starts_at_a_time_with_a_time_zone_only():
    with pytest.raises(ValueError, match="has no time zone"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake


def test_the_time_of_a_session_runs_out_by_the_clock(workspace, clock, bell):
    target = workspace.get_target("ionq.simulator")
    with target.open_session(max_time=100):
        target.submit(bell, shots=1)
        clock.advance(101)
        with pytest.raises(errors.BudgetExceededError):
            target.submit(bell, shots=1)


def test_retries_wait_by_the_clock(clock):
    faults = Faults()
    faults.add(Fault("throttle", route="GET providerStatus", count=1, retry_after=42))
    with Workspace.local(clock=clock, faults=faults) as workspace:
        workspace.get_targets()
    assert _passed(clock) == 42


def test_sleeps_that_overlap_pass_the_time_at_most_once_each(clock):
    async def both() -> None:
        await asyncio.gather(clock.sleep_async(60), clock.sleep_async(60))

    asyncio.run(both())
    assert 60 <= _passed(clock) <= 120


def test_a_clock_goes_on_after_its_workspace_was_closed(clock, bell):
    with Workspace.local(clock=clock) as workspace:
        workspace.get_target("ionq.simulator").submit(bell, shots=1).result()
    clock.sleep(5)
    assert _passed(clock) == 5


def test_a_pickled_local_workspace_keeps_one_clock(tmp_path, clock):
    with Workspace.local(tmp_path, clock=clock) as workspace:
        data = pickle.dumps(workspace)
    with pickle.loads(data) as again:  # noqa: S301 - our own bytes
        assert again.clock is again.service.clock
        assert again.clock.now() == START


def test_stored_times_are_exact_to_the_microsecond():
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    assert moment(microseconds(at)) == at


def test_a_clock_that_lacks_something_is_refused_by_name(tmp_path):
    class Half:
        def now(self):
            return datetime.now(UTC)

        def sleep(self, seconds):
            raise AssertionError("nothing is waited for")

    for make in (lambda: Workspace.local(clock=Half()), lambda: LocalWorkspace(tmp_path / "w", clock=Half())):
        with pytest.raises(errors.ConfigurationError, match=r"Half has no monotonic\(\), sleep_async\(\), wait\(\)"):
            make()
    assert not (tmp_path / "w").exists()
