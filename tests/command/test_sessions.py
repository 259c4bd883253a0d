"""``qsession sessions``: list, show, open with a budget, attach, close."""

from __future__ import annotations

import json

import pytest

from tests.support.known_jobs import SESSION

OPENQASM2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[1]; creg c[1];\nx q[0];\nmeasure q -> c;\n'
TARGET = "quantinuum.sim.h2-1e"


@pytest.fixture
def file(tmp_path):
    (tmp_path / "one.qasm").write_text(OPENQASM2)
    return str(tmp_path / "one.qasm")


def test_sessions_are_listed_and_shown_with_their_jobs(reach):
    listed = reach.run("sessions")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()] == ["ID", SESSION[:8]]
    shown = reach.run("sessions", "show", SESSION[:6])
    assert shown.code == 0
    assert f"id      {SESSION}" in shown.out
    assert shown.out.count("Succeeded") == 3


def test_a_session_stays_open_until_it_is_closed(reach):
    opened = reach.run(
        "sessions", "open", "--target", TARGET, "--name", "long", "--tag", "a", "--on-failure", "continue"
    )
    assert opened.code == 0
    session_id = opened.out.strip()
    session = reach.workspace.get_session(session_id)
    assert (session.name, session.is_in_terminal_state()) == ("long", False)
    assert session.details.job_failure_policy == "Continue"
    assert reach.run("sessions", "list", "--open", "--json").out.count(session_id) == 1
    closed = reach.run("sessions", "close", session_id[:8])
    assert (closed.code, closed.out) == (0, "closed 1 session\n")
    assert session.refresh().is_in_terminal_state()
    assert reach.run("sessions", "close", "--all").out == "closed 0 sessions\n"


def test_closing_says_how_many_jobs_go_on(local, run):
    local.service.dispatcher.paused = True
    target = local.get_target(TARGET)
    session = target.open_session(name="busy")
    target.submit({"x": 1}, input_data_format="qir.v1")
    ended = run("sessions", "close", "--all", workspace=local)
    assert (ended.code, ended.out) == (0, "closed 1 session; 1 job goes on\n")
    session.refresh()


def test_a_budget_holds_for_every_command_that_joins_the_session(local, run, file):
    opened = run("sessions", "open", "--target", TARGET, "--max-jobs", "2", "--max-shots", "15", workspace=local)
    session_id = opened.out.strip()
    submit = ["submit", file, "--target", TARGET, "--session", session_id[:8], "--shots"]
    assert run(*submit, "10", workspace=local).code == 0
    refused = run(*submit, "10", workspace=local)
    assert refused.code == 2
    assert "may use 15 (shots); the next job would make it 20" in refused.err
    assert run(*submit, "5", workspace=local).code == 0
    refused = run(*submit, "1", workspace=local)
    assert "may use 2 (jobs)" in refused.err
    shown = run("sessions", "show", session_id, workspace=local).out
    assert "2 of 2 jobs, 15 of 15 shots" in shown


def test_a_budget_of_cost_and_time_holds(local, run, file):
    opened = run("sessions", "open", "--target", TARGET, "--max-cost", "11", "--max-time", "60", workspace=local)
    session_id = opened.out.strip()
    submit = ["submit", file, "--target", TARGET, "--session", session_id, "--shots", "10"]
    assert run(*submit, workspace=local).code == 0
    assert run(*submit, workspace=local).code == 0
    refused = run(*submit, workspace=local)
    assert refused.code == 2
    assert "(cost)" in refused.err
    other = run("sessions", "open", "--target", TARGET, "--max-time", "60", workspace=local).out.strip()
    local.clock.sleep(61)
    refused = run(*submit[:5], other, "--shots", "1", workspace=local)
    assert refused.code == 2
    assert "(seconds)" in refused.err


def test_a_cost_limit_needs_a_price(local, run):
    ended = run("sessions", "open", "--target", "pasqal.sim.emu-free", "--max-cost", "1", workspace=local)
    assert ended.code == 2
    assert "no price" in ended.err


def test_attaching_writes_a_line_for_the_shell_and_submit_reads_its_variable(local, run, file, monkeypatch):
    session_id = run("sessions", "open", "--target", TARGET, "--name", "shell", workspace=local).out.strip()
    attached = run("sessions", "attach", session_id[:8], workspace=local)
    assert attached.out == f"export QSESSION_SESSION={session_id}\n"
    monkeypatch.setenv("QSESSION_SESSION", session_id)
    sent = run("submit", file, "--target", TARGET, "--json", workspace=local)
    assert json.loads(sent.out)["sessionId"] == session_id
    other = run("submit", file, "--target", "quantinuum.qpu.h2-1", workspace=local)
    assert other.code == 3
    assert "belongs to" in other.err


def test_a_session_that_has_ended_cannot_be_attached(local, run):
    ended = run("sessions", "attach", SESSION, workspace=local)
    assert (ended.code, ended.out) == (3, "")
    assert "is closed" in ended.err


def test_a_tag_that_looks_like_a_limit_and_is_none_is_told(local, run, file):
    session = local.get_target(TARGET).open_session(tags=["budget:max_jobs=lots"])
    ended = run("submit", file, "--target", TARGET, "--session", session.id, workspace=local)
    assert ended.code == 2
    assert "budget:max_jobs=lots" in ended.err
