"""The page as a function: what it answers, to whom, and what it reads for that."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files

import pytest

from qsession_core import Workspace
from qsession_core.client.submitting.bill import JobCost
from qsession_core.display.rows import JobRow
from qsession_core.local import Fault
from qsession_core.page import Page, views
from qsession_core.page.mirror import KeptJob, Snapshot
from qsession_core.page.mount import Mounted, reader_of
from qsession_core.transport import Request
from tests.page.conftest import HOST, KEY, Asked, page_of
from tests.support.page_workspace import BAD, NOON, ansatz, with_many, with_work

VIEWS = ["overview", "sessions", "jobs", "targets", "costs", "lab", "connection"]
CHANGES = [
    "jobs/1/cancel",
    "sessions/1/close",
    "lab/advance",
    "lab/faults",
    "lab/calm",
    "lab/target",
    "lab/reset",
    "logout",
]


def _code(response) -> str:
    return json.loads(response.body)["error"]["code"]


# --- who may see and change what


@pytest.mark.parametrize(
    "view", [f"{view}.json" for view in VIEWS] + ["costs.csv", "jobs/1/input", "jobs/1.json", "x.json"]
)
@pytest.mark.parametrize("key", ["", "wrong", KEY + " "])
def test_data_needs_the_key(asked, view, key):
    response = asked.get(view, key=key)
    assert (response.status, _code(response)) == (401, "KeyRequired")


@pytest.mark.parametrize("path", CHANGES)
def test_changes_need_the_key(asked, path):
    assert asked.post(path, headers={"X-Qsession-Page": "1"}).status == 401


@pytest.mark.parametrize("path", [*CHANGES, "login"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Qsession-Page": "1", "Origin": "http://evil.example"},
        {"X-Qsession-Page": "1", "Origin": "null"},
        {"X-Qsession-Page": "1", "Origin": "http://127.0.0.1:9999"},
        {"X-Qsession-Page": "1", "Sec-Fetch-Site": "cross-site"},
        {"X-Qsession-Page": "1", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_changes_come_from_the_page_itself(asked, path, headers):
    response = asked.post(path, {"key": KEY}, {"Authorization": f"Bearer {KEY}", **headers})
    assert (response.status, _code(response)) == (403, "OtherOrigin")


@pytest.mark.parametrize("path", CHANGES)
def test_nothing_is_changed_by_a_get(asked, workspace, path):
    workspace.service.faults.add(Fault("throttle"))
    before = workspace.clock.now()
    assert asked.get(path).status in {200, 404}
    assert workspace.clock.now() == before
    assert workspace.service.faults.planted()


def test_the_key_is_given_once_for_a_cookie(asked):
    origin = {"X-Qsession-Page": "1", "Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
    assert asked.post("login", {"key": "another"}, origin).status == 401
    cookie = asked.post("login", {"key": KEY}, origin).headers["set-cookie"]
    assert cookie.endswith("; Path=/_/; HttpOnly; SameSite=Strict")
    assert KEY not in cookie
    pair = cookie.partition(";")[0]
    assert asked.get("overview.json", {"Cookie": f"other=1; {pair}"}, key="").status == 200
    assert asked.get("overview.json", {"Cookie": f"{pair}0"}, key="").status == 401


@pytest.mark.parametrize("body", [b"", b"[", b"[1]", b'"' + KEY.encode() + b'"', b'{"key": 1}', b"{}", b"[" * 100_000])
def test_what_is_no_key_signs_nobody_in(asked, body):
    request = Request("POST", f"http://{HOST}/_/login", {"X-Qsession-Page": "1"}, body)
    assert asked.page.handle(request).status == 401


def test_nobody_signs_in_without_a_key_if_the_key_is_empty(workspace):
    page = Asked(Page(reader_of(workspace.service), "k" * 8))
    assert page.get("overview.json", {"Authorization": "Bearer "}, key="").status == 401


@pytest.mark.parametrize(
    "path", ["", "jobs", "jobs/<script>", "assets/page.css", "assets/main.js", "overview.json", "nothing.json"]
)
def test_every_answer_is_safe_in_a_browser(asked, path):
    headers = asked.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "name", ["../page.py", "..%2fpage.py", "page.py", "", "x.js", "a/b.js", "%00.js", "index.html/"]
)
def test_only_the_pages_own_files_are_given(asked, name):
    assert asked.get(f"assets/{name}").status == 404


def test_the_pages_files_hold_no_markup_from_text_and_nothing_from_elsewhere():
    for file in (files("qsession_core.page") / "assets").iterdir():
        text = file.read_text(encoding="utf-8")
        for word in ("innerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://", "@import", " style="):
            assert word not in text, (file.name, word)


def test_the_pages_files_have_less_than_sixty_kilobytes():
    assert sum(len(file.read_bytes()) for file in (files("qsession_core.page") / "assets").iterdir()) < 60_000


def test_downloads_are_files_and_never_pages(asked, workspace):
    job = workspace.get_target("ionq.simulator").submit(ansatz(0.1), shots=10)
    job.wait_until_completed()
    for which in ("input", "output"):
        response = asked.get(f"jobs/{job.id}/{which}")
        assert response.headers["content-type"] == "application/octet-stream"
        assert response.headers["content-disposition"] == f'attachment; filename="{job.id}.{which}"'
    assert json.loads(response.body)
    assert asked.get("jobs/%22%0d%0aSet-Cookie:x/input").status in {404, 400}


def test_addresses_with_signatures_do_not_leave(asked, workspace):
    job = workspace.get_target("ionq.simulator").submit(ansatz(0.1), shots=10)
    job.wait_until_completed()
    text = asked.get(f"jobs/{job.id}.json").body.decode()
    assert "inputDataUri" in text
    assert "sig=" not in text


def test_a_page_to_read_only_changes_nothing(workspace):
    asked = Asked(page_of(workspace, may_change=False))
    session = workspace.get_target("ionq.simulator").open_session()
    assert _code(asked.post(f"sessions/{session.id}/close")) == "ReadOnly"
    assert asked.json("overview.json")["workspace"]["mayChange"] is False


def test_a_page_without_a_lab_has_none(workspace):
    asked = Asked(Page(reader_of(workspace.service), KEY))
    assert asked.get("lab.json").status == 404
    assert asked.post("lab/reset").status == 404


# --- in front of a service


def _mounted(workspace):
    return Mounted(workspace.service, page_of(workspace))


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/", "text/html,*/*", 302), ("/", "*/*", 400), ("/_", "text/html", 302), ("/_/", "text/html", 200),
        ("/_/health", "text/html", 200), ("/_/nothing/at/all", "", 401), ("/container", "text/html", 403),
    ],
)  # fmt: skip
def test_below_its_prefix_is_the_page_and_elsewhere_the_service(workspace, path, accept, status):
    request = Request("GET", f"http://{HOST}{path}", {"Accept": accept})
    assert _mounted(workspace).handle(request).status == status


def test_bodies_that_the_page_does_not_want_are_not_read(workspace):
    mounted = _mounted(workspace)
    assert mounted.turned_away(Request("POST", f"http://{HOST}/_/login"), 1000) is None
    assert mounted.turned_away(Request("POST", f"http://{HOST}/_/login"), 10_000_000).status == 413
    assert mounted.turned_away(Request("GET", f"http://{HOST}/_/"), 1).status == 413
    assert mounted.handle(Request("PUT", f"http://{HOST}/_/jobs")).status == 405


# --- polling


def test_a_poll_without_news_has_an_empty_answer(asked, workspace):
    target = workspace.get_target("ionq.simulator")
    target.submit(ansatz(0.1), shots=10).wait_until_completed()
    target.open_session()
    for view in ("overview", "sessions", "jobs", "costs", "targets", "lab"):
        tag = asked.get(f"{view}.json").headers["etag"]
        again = asked.get(f"{view}.json", {"If-None-Match": tag})
        assert (again.status, again.body) == (304, b""), view
        assert again.headers["qsession-now"]
    tag = asked.get("overview.json").headers["etag"]
    workspace.clock.advance(5)  # time alone is no news
    assert asked.get("overview.json", {"If-None-Match": tag}).status == 304
    target.submit(ansatz(0.2), shots=10)
    assert asked.get("overview.json", {"If-None-Match": tag}).status == 200


class _Counting:
    """Counts the requests that a reader of a workspace sends."""

    def __init__(self, service) -> None:
        self.service, self.sent = service, []

    def handle_calmly(self, request):
        self.sent.append(request.url.partition("?")[0].rpartition("/")[2])
        return self.service.handle_calmly(request)

    def __getattr__(self, name):
        return getattr(self.service, name)


def test_a_look_without_news_costs_a_call_for_jobs_and_one_for_sessions_however_many_there_are(workspace):
    with_many(workspace.service, 1000)
    counting = _Counting(workspace.service)
    asked = Asked(Page(reader_of(counting), KEY, period_seconds=0.0, patience_seconds=30.0))
    assert asked.json("jobs.json")["all"] == 1000
    counting.sent.clear()
    asked.json("jobs.json")
    assert sorted(counting.sent) == ["jobs", "sessions"]


def test_many_readers_ask_the_workspace_no_more_often_than_one(workspace):
    counting = _Counting(workspace.service)
    asked = Asked(Page(reader_of(counting), KEY, period_seconds=3600.0, patience_seconds=30.0))
    for _ in range(20):
        asked.json("overview.json")
    assert sorted(counting.sent) == ["jobs", "sessions"]


def test_a_change_through_the_page_is_seen_at_once(workspace):
    asked = Asked(
        Page(reader_of(workspace.service), KEY, lab=workspace.service, period_seconds=3600.0, patience_seconds=30.0)
    )
    session = workspace.get_target("ionq.simulator").open_session()
    assert len(asked.json("overview.json")["open"]) == 1
    assert asked.post(f"sessions/{session.id}/close").status == 204
    assert asked.json("overview.json")["open"] == []


# --- what the views say


def test_jobs_move_through_their_states_in_the_mirror(asked, workspace):
    targets = workspace.service.targets
    targets["ionq.qpu.aria-1"] = replace(targets["ionq.qpu.aria-1"], queue_seconds=100.0)
    job = workspace.get_target("ionq.qpu.aria-1").submit(ansatz(0.1), name="slow", shots=10)
    with_many(workspace.service, 150, start=workspace.clock.now())  # newer ones, so that it is on no first page
    assert asked.json("overview.json")["queue"] == [{"target": "ionq.qpu.aria-1", "waiting": 1, "running": 0}]
    workspace.clock.advance(101)
    workspace.service.settle()
    assert asked.json("overview.json")["queue"] == []
    assert asked.json(f"jobs.json?q={job.id}")["rows"][0]["state"] == "Succeeded"


def test_a_deleted_job_is_forgotten(asked, workspace):
    targets = workspace.service.targets
    targets["ionq.qpu.aria-1"] = replace(targets["ionq.qpu.aria-1"], queue_seconds=100.0)
    job = workspace.get_target("ionq.qpu.aria-1").submit(ansatz(0.1), name="slow", shots=10)
    assert asked.json("jobs.json")["all"] == 1
    job.delete()
    assert asked.json("jobs.json")["all"] == 0


def test_an_open_session_tells_its_limits(asked, workspace):
    hardware = workspace.get_target("quantinuum.qpu.h2-1")
    session = hardware.open_session(name="vqe", tags=["paper"])
    opened = int(workspace.clock.now().timestamp() * 1000)
    (shown,) = asked.json("overview.json")["open"]
    assert (shown["idleEnds"], shown["holdSeconds"], shown["holdEnds"]) == (opened + 600_000, 60.0, None)
    workspace.clock.advance(100)
    hardware.submit(ansatz(0.1), shots=10)
    workspace.service.settle()
    (shown,) = asked.json("overview.json")["open"]
    assert shown["idleEnds"] == opened + 700_000
    assert shown["holdEnds"] == opened + 160_000
    assert (shown["jobs"], shown["states"], len(shown["bars"])) == (1, {"Succeeded": 1}, 1)
    assert asked.json(f"sessions/{session.id}.json")["session"] == shown
    assert asked.get("sessions/nothing.json").status == 404


def test_a_target_of_ones_own_is_held_as_long_as_it_says(asked, workspace):
    targets = workspace.service.targets
    targets["rigetti.sim.qvm"] = replace(targets["rigetti.sim.qvm"], hold_seconds=7.0)
    workspace.get_target("rigetti.sim.qvm").open_session()
    assert asked.json("overview.json")["open"][0]["holdSeconds"] == 7.0
    (shown,) = (row for row in asked.json("targets.json")["targets"] if row["id"] == "rigetti.sim.qvm")
    assert shown["holdSeconds"] == 7.0


def test_jobs_are_chosen_and_counted_by_state_target_and_tag(asked, workspace):
    with_many(workspace.service, 60)
    whole = asked.json("jobs.json?top=5")
    assert (whole["all"], whole["total"], len(whole["rows"])) == (60, 60, 5)
    assert whole["facets"]["state"] == [["Succeeded", 40], ["Cancelled", 10], ["Failed", 10]]
    failed = asked.json("jobs.json?state=Failed&tag=night")
    assert failed["total"] == 10
    assert failed["facets"]["state"] == [["Succeeded", 20], ["Failed", 10]]
    assert failed["rows"][0]["note"] == "InvalidInputData: a gate is unknown"
    assert [row["name"] for row in asked.json("jobs.json?skip=58")["rows"]] == ["sweep-00001", "sweep-00000"]
    assert asked.json("jobs.json?q=SWEEP-0000")["total"] == 10
    assert asked.get("jobs.json?skip=-1").status == 400
    assert asked.get("jobs.json?top=x").status == 400
    assert len(asked.json("jobs.json?top=100000")["rows"]) == 60


def test_a_job_is_told_whole(asked, workspace):
    job = workspace.get_target("ionq.simulator").submit(ansatz(0.1, 2), name="one", shots=100)
    job.wait_until_completed()
    shown = asked.json(f"jobs/{job.id}.json")
    assert shown["job"]["state"] == "Succeeded"
    (result,) = shown["output"]["results"]
    assert dict(map(tuple, result["outcomes"])) == job.result().counts
    assert (result["shots"], result["others"]) == (100, 0)
    drawing = shown["input"]["drawing"]
    assert drawing["label"] == "Circuit, qubits: 2, operations: 7"
    titles = [shape[2][2] for shape in drawing["shapes"] if shape[0] == "g"]
    assert titles[2:4] == ["controlled x on q0, q1", "rz(0.1) on q0"]
    assert asked.get("jobs/00000000-0000-0000-0000-000000000000.json").status == 404


def test_many_outcomes_are_cut_and_counted(asked, workspace):
    found = with_work(workspace)
    result = asked.json(f"jobs/{found['long']}.json")["output"]["results"][0]
    assert 100 < len(result["outcomes"]) <= 256
    assert sum(count for _, count in result["outcomes"]) + result["otherShots"] == 4000


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (BAD, "no such gate"),
        ({"gateset": "qis", "qubits": 1, "circuit": [{"gate": "h", "target": 0}] * 700}, "too large to draw"),
        ({"gateset": "qis", "qubits": 1, "circuit": [{"gate": "h", "target": 0}] * 9000}, "may take long"),
    ],
)
def test_what_cannot_be_drawn_says_why(asked, workspace, program, sentence):
    job = workspace.get_target("ionq.simulator").submit(program, shots=10)
    workspace.service.settle()
    shown = asked.json(f"jobs/{job.id}.json")["input"]
    assert sentence in shown["drawing"]["problem"]
    assert shown["text"].startswith("{")


def test_costs_are_summed_up_and_are_a_file(asked, workspace):
    with_work(workspace)
    by_tag = asked.json("costs.json?by=tag")
    assert by_tag["units"] == ["AQT", "HQC", "eHQC", "USD"]
    assert {row["key"] for row in by_tag["rows"]} > {"paper", "vqe", ""}
    days = asked.json("costs.json")["rows"]
    assert days == sorted(days, key=lambda row: row["key"], reverse=True)
    assert asked.json("costs.json?since=2026-03-07")["total"]["jobs"] < asked.json("costs.json")["total"]["jobs"]
    lines = asked.get("costs.csv?by=tag").body.decode().split("\r\n")
    assert lines[0] == "tag,jobs,AQT,HQC,eHQC,USD"
    assert len(lines) == len(by_tag["rows"]) + 2
    assert asked.get("costs.json?by=mood").status == 400


def test_a_tag_does_not_become_a_formula_in_a_spreadsheet(asked, workspace):
    workspace.get_target("ionq.simulator").submit(ansatz(0.1), shots=10, tags=["=1+1"])
    workspace.service.settle()
    assert "\r\n'=1+1,1," in asked.get("costs.csv?by=tag").body.decode()


def test_the_page_meets_no_faults_and_uses_none_up(asked, workspace):
    workspace.service.faults.add(Fault("server_error", count=1))
    assert asked.json("overview.json")["problem"] == ""
    assert [happened for _, happened in workspace.service.faults.planted()] == [0]


def test_trouble_of_the_service_is_told_and_what_was_known_stays():
    with Workspace.local(seed=1) as workspace:
        workspace.get_target("ionq.simulator").submit(ansatz(0.1), shots=10)
        asked = Asked(Page(reader_of(workspace.service), KEY, period_seconds=0.0, patience_seconds=30.0))
        assert asked.json("jobs.json")["all"] == 1
    told = asked.json("jobs.json")
    assert told["all"] == 1
    assert "closed" in told["problem"]
    assert asked.get("targets.json").status == 503


# --- the lab


def test_the_clock_is_put_forward(asked, workspace):
    before = workspace.clock.now()
    assert asked.post("lab/advance", {"seconds": 90.5}).status == 204
    assert (workspace.clock.now() - before).total_seconds() == 90.5


@pytest.mark.parametrize("body", [{}, {"seconds": -1}, {"seconds": "1"}, {"seconds": 1e12}, {"minutes": 1}, [1]])
def test_time_that_is_none_is_refused(asked, workspace, body):
    before = workspace.clock.now()
    assert asked.post("lab/advance", body or {"x": 1}).status == 400
    assert workspace.clock.now() == before


def test_a_fault_is_added_listed_and_removed(asked, workspace):
    assert asked.post("lab/faults", {"kind": "throttle", "route": "PUT jobs/*", "count": 2}).status == 204
    shown = asked.json("lab.json")
    assert (shown["faults"][0]["route"], shown["faults"][0]["happened"]) == ("PUT jobs/*", 0)
    assert set(shown["kinds"]) >= {"throttle", "fail_job"}
    assert asked.post("lab/calm").status == 204
    assert workspace.service.faults.planted() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "earthquake"},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "probability": 2},
        {"kind": "delay", "often": 1},
    ],
)
def test_a_fault_that_is_none_is_refused(asked, workspace, body):
    assert asked.post("lab/faults", body or {"x": 1}).status == 400
    assert workspace.service.faults.planted() == []


def test_a_target_is_made_unavailable(asked, workspace):
    assert asked.post("lab/target", {"target": "ionq.simulator", "availability": "Unavailable"}).status == 204
    assert workspace.service.targets["ionq.simulator"].availability == "Unavailable"
    assert asked.post("lab/target", {"target": "ionq.simulator", "availability": "Perhaps"}).status == 400
    assert asked.post("lab/target", {"target": "nobody", "availability": "Available"}).status == 404


def test_a_fresh_start_leaves_nothing(asked, workspace):
    with_work(workspace)
    assert asked.post("lab/target", {"target": "ionq.simulator", "availability": "Unavailable"}).status == 204
    assert asked.post("lab/reset").status == 204
    shown = asked.json("overview.json")
    assert (shown["totals"]["jobs"], shown["totals"]["sessions"], shown["open"]) == (0, 0, [])
    assert workspace.service.targets["ionq.simulator"].availability == "Available"
    job = workspace.get_target("ionq.simulator").submit(ansatz(0.1), shots=10)
    assert sum(job.result().counts.values()) == 10


def test_the_last_failures_are_those_that_ended_last_whenever_they_were_sent():
    ended = {"early": 5, "late": 9, "never": None, "between": 7}
    rows = [
        JobRow(name, name, "ionq.simulator", "Failed", 1, NOON, 0.0, 0.0, "", (), "", NOON,
               None if after is None else NOON + timedelta(seconds=after))
        for name, after in ended.items()
    ]  # fmt: skip
    jobs = tuple(
        KeptJob(row, "", JobCost(row.id, row.name, row.target, None, NOON, None, None, {}), is_terminal=True)
        for row in rows
    )
    shown = views.overview(Snapshot(jobs=jobs), lambda target: 0.0)
    assert [job["id"] for job in shown["failures"]] == ["late", "between", "early", "never"]
