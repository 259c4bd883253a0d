"""Random sessions, jobs, failures and time, against a model of docs/protocol.md 4.4 that is written another way."""

import uuid
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from qsession_core.local import LocalWorkspace, ManualClock
from tests.support.wire_client import BAD, BELL, LONG, Client

PENDING, GOOD, WRONG, GONE = "Waiting", "Succeeded", "Failed", "Cancelled"


@dataclass
class Session:
    """What a session should be, told from its jobs and its history rather than from a table."""

    policy: str
    touched: float
    jobs: list = field(default_factory=list)
    started: bool = False
    asked_to_close: bool = False
    end: str = ""

    @property
    def status(self):
        if self.end:
            return self.end
        if any(job.status == WRONG for job in self.jobs):
            return "Failure(s)"
        return "Executing" if self.started else "Waiting"

    @property
    def takes_jobs(self):
        return not self.end and not self.asked_to_close

    def look(self):
        """Draw the conclusions that do not depend on time."""
        if self.end:
            return
        failed = any(job.status == WRONG for job in self.jobs)
        if failed and self.policy == "Abort":
            self.end = "Failed"
            for job in self.jobs:
                if job.status == PENDING:
                    job.status = GONE
        elif self.asked_to_close and not any(job.status == PENDING for job in self.jobs):
            self.end = "Failed" if failed else "Succeeded"


@dataclass
class Job:
    session: Session
    is_good: bool
    status: str = PENDING


class Machine(RuleBasedStateMachine):
    """Drives both, one job at a time, and compares them after every step."""

    sessions = Bundle("sessions")
    jobs = Bundle("jobs")

    @initialize()
    def start(self):
        self.clock = ManualClock()
        self.service = LocalWorkspace(clock=self.clock, seed=1)
        self.service.dispatcher.paused = True
        self.client = Client(self.service)
        self.now = 0.0
        self.of_session, self.of_job = {}, {}

    def teardown(self):
        if hasattr(self, "service"):
            self.service.close()

    @rule(target=sessions, policy=st.sampled_from(["Abort", "Continue", None]))
    def open(self, policy):
        members = {} if policy is None else {"jobFailurePolicy": policy}
        session_id = self.client.open(**members)
        self.of_session[session_id] = Session(policy or "Abort", self.now)
        return session_id

    @rule(target=jobs, session_id=sessions, good=st.booleans())
    def submit(self, session_id, good):
        session = self.of_session[session_id]
        reply, job_id = self.client.put(BELL if good else BAD, session=session_id, job_id=str(uuid.uuid1()))
        if session.takes_jobs:
            assert reply.status == 200
            self.of_job[job_id] = Job(session, good)
            session.jobs.append(self.of_job[job_id])
            session.touched = self.now
        else:
            assert (reply.status, reply.code) == (400, "InvalidJobDefinition")
        return job_id

    @rule()
    def run_everything(self):
        self.service.dispatcher.paused = False
        self.service.settle()
        self.service.dispatcher.paused = True
        for job in self.of_job.values():  # in order of submission, as the queue takes them
            if job.status != PENDING:
                continue
            if not job.session.end:
                job.session.started = True
            job.status = GOOD if job.is_good else WRONG
            # a failure found in the input comes after the start was seen
            job.session.look()

    @rule(job_id=jobs)
    def cancel(self, job_id):
        reply = self.client.call("POST", f"jobs/{job_id}:cancel")
        job = self.of_job.get(job_id)
        assert reply.status == (404 if job is None else 200)
        if job is not None and job.status == PENDING:
            job.status = GONE
            job.session.look()

    @rule(session_id=sessions)
    def close(self, session_id):
        session = self.of_session[session_id]
        session.asked_to_close = True
        session.look()
        assert self.client.close(session_id)["status"] == session.status

    @rule(seconds=st.sampled_from([1, 299, 300, 599, 600, 601]))
    def wait(self, seconds):
        self.clock.advance(seconds)
        self.now += seconds
        for session in self.of_session.values():
            if not session.end and not session.asked_to_close and self.now - session.touched >= 600:
                session.end = "TimedOut"

    @invariant()
    def both_agree(self):
        if not hasattr(self, "of_session"):
            return
        for session_id, session in self.of_session.items():
            shown = self.client.session(session_id)
            assert shown["status"] == session.status
            assert (shown["endExecutionTime"] is not None) == bool(session.end)
        for job_id, job in self.of_job.items():
            assert self.client.job(job_id)["status"] == job.status


TestSessions = Machine.TestCase
TestSessions.settings = settings(
    max_examples=2000 if LONG else 120, stateful_step_count=60 if LONG else 40, deadline=None
)  # fmt: skip
