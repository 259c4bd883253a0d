"""What networks and services do on bad days: nothing is lost, doubled or wrong, and no secret gets out."""

from __future__ import annotations

import logging
import pickle
import threading
import traceback

import pytest

from qsession_core import Program, Workspace, errors
from qsession_core.local import Fault, Faults
from qsession_core.transport.retry import RetryPolicy

JOBS = 1000
PATIENT = RetryPolicy(attempts=12, first_seconds=0.0)


def _program(number: int) -> Program:
    """A program whose result says which one it was."""
    operations = [("x", (bit,), ()) for bit in range(10) if number >> bit & 1]
    operations += [("measure", (bit,), (bit,)) for bit in range(10)]
    return Program.of(10, 10, operations, name=f"job {number}")


def _bad_day(probability: float) -> Faults:
    faults = Faults(seed=20)
    share = probability / 6
    for fault in (
        Fault("drop_before", probability=share),
        Fault("drop_after", probability=share),
        Fault("throttle", probability=share, retry_after=0.0),
        Fault("server_error", probability=share),
        Fault("truncate", probability=share),
        Fault("expired_sas", probability=share),
    ):
        faults.add(fault)
    return faults


@pytest.mark.timeout(280)
def test_a_thousand_jobs_on_a_bad_day_are_each_there_once_and_right():
    with Workspace.local(seed=1, faults=_bad_day(0.2), retry=PATIENT) as workspace:
        target = workspace.get_target("ionq.simulator")
        wrong = []
        jobs = []
        for number in range(JOBS):
            job = None
            while job is None:
                try:
                    job = target.submit(_program(number), shots=1, job_id=f"00000000-0000-4000-8000-{number:012d}")
                except errors.QSessionError:  # repeated by the user, with the same id
                    continue
            jobs.append(job)
        for number, job in enumerate(jobs):
            counts = None
            while counts is None:
                try:
                    counts = job.result().counts
                except errors.QSessionError:
                    continue
            if counts != {f"{number:010b}"[::-1]: 1}:
                wrong.append(number)
        names = []
        while not names:
            try:
                names = [job.name for job in workspace.list_jobs()]
            except errors.QSessionError:
                continue
    assert wrong == []
    assert sorted(names) == sorted(f"job {number}" for number in range(JOBS))


def test_every_error_of_a_terrible_day_is_one_of_ours():
    seen = set()
    with Workspace.local(seed=1, faults=_bad_day(0.9), retry=RetryPolicy(attempts=1)) as workspace:
        for number in range(300):
            try:
                workspace.get_target("ionq.simulator").submit(_program(number), shots=1).result(timeout_secs=0.2)
            except errors.QSessionError as error:  # anything else fails the test
                seen.add(type(pickle.loads(pickle.dumps(error))))  # noqa: S301 - our own bytes
    assert {errors.TransportError, errors.RateLimitError, errors.ServiceError} <= seen


def test_sixteen_threads_with_four_sessions_each_keep_their_jobs_apart():
    with Workspace.local(seed=1) as workspace:
        program = Program.of(1, 1, [("measure", (0,), (0,))])
        mixed: list[str] = []

        def work() -> None:
            target = workspace.get_target("ionq.simulator")
            for _ in range(4):
                with target.open_session() as session:
                    jobs = [target.submit(program, shots=1) for _ in range(25)]
                mixed.extend(job.id for job in jobs if job.session_id != session.id)

        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sessions = workspace.list_sessions()
        assert [len(session.list_jobs()) for session in sessions] == [25] * 64
    assert mixed == []


def test_no_secret_is_in_any_log_error_repr_or_file(tmp_path, caplog):
    texts: list[str] = []
    faults = _bad_day(0.3)
    with (
        caplog.at_level(logging.DEBUG),
        Workspace.local(tmp_path / "ws", faults=faults, retry=PATIENT, journal=tmp_path / "journal") as workspace,
    ):
        secrets = [workspace.service.connection.api_key]
        target = workspace.get_target("ionq.simulator")
        for number in range(30):
            try:
                with target.open_session() as session:
                    job = target.submit(_program(number), shots=1)
                    texts += [repr(thing) for thing in (job, session, target, workspace, job.details, job.result())]
                    address = job.refresh().details.output_data_uri or ""
                    secrets.append(address.partition("sig=")[2].partition("&")[0])
                    target.submit({"gateset": "qis", "qubits": 1, "circuit": [{"gate": "none"}]}).result()
            except errors.QSessionError as error:
                texts += [str(error), repr(error), "".join(traceback.format_exception(error))]
        workspace.service.connection.__repr__()
    texts += [record.getMessage() for record in caplog.records]
    texts += [str(record.__dict__) for record in caplog.records]
    texts.append((tmp_path / "journal").read_text())

    planted = [secret for secret in secrets if secret]
    assert len(planted) > 5
    assert caplog.records
    found = [secret for secret in planted for text in texts if secret in text]
    assert found == []


def test_the_journal_is_for_its_owner_only(tmp_path):
    with Workspace.local(journal=tmp_path / "journal") as workspace:
        workspace.get_target("ionq.simulator").submit(_program(1), shots=1)
    assert (tmp_path / "journal").stat().st_mode & 0o077 == 0
