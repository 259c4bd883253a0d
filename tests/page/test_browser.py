"""The page in a real browser: what a person sees and does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qsession_core import Workspace
from qsession_core.local import Fault
from qsession_core.local.http_server import Server
from qsession_core.page.mount import Mounted
from tests.page.conftest import KEY, page_of
from tests.support.browser import Keys
from tests.support.page_workspace import BAD, NOON, SCRIPT, ansatz, with_many, with_work

PAGES = [
    "",
    "sessions",
    "sessions/{vqe}",
    "jobs",
    "jobs/{job}",
    "jobs/{long}",
    "jobs/{failed}",
    "targets",
    "costs",
    "lab",
]


def test_a_job_appears_without_a_reload(inside, workspace):
    inside.script("window.mark = 'not loaded again'")
    workspace.get_target("ionq.simulator").submit(ansatz(0.1), name="a new job", shots=10)
    inside.reads("a new job")
    assert inside.script("return window.mark") == "not loaded again"


def test_the_countdown_of_a_session_falls(inside, workspace):
    session = workspace.get_target("ionq.simulator").open_session(name="idle one")
    inside.reads("idle one", "10 m 00 s")
    workspace.clock.advance(5)
    inside.reads("9 m 55 s")
    workspace.clock.advance(560)
    inside.reads("35 s")
    assert inside.all(".left.soon")
    session.close()


def test_a_session_times_out_before_ones_eyes(inside, address, workspace):
    session = workspace.get_target("ionq.simulator").open_session(name="forgotten")
    inside.open(f"{address}/_/sessions/{session.id}")
    inside.reads("forgotten", "Waiting", "Close the session")
    workspace.clock.advance(600)
    inside.reads("Timed out")
    inside.reads_no("Close the session")


def test_a_countdown_on_a_running_clock_falls_without_any_news(browser):
    with Workspace.local() as running, Server(Mounted(running.service, page_of(running))) as server:
        running.get_target("ionq.simulator").open_session(name="one")
        browser.open(f"{server.endpoint}_/#key={KEY}")
        browser.reads("one", "9 m 5")
        before = browser.script("return document.querySelector('.limits .left').textContent")
        browser.wait(
            lambda: browser.script("return document.querySelector('.limits .left').textContent") != before, "it stands"
        )


def test_markup_in_names_and_tags_is_text(inside, address, workspace):
    job = workspace.get_target("ionq.simulator").submit(ansatz(0.1), name=SCRIPT, shots=10, tags=[SCRIPT])
    for path in ("", "jobs", f"jobs/{job.id}", "costs?by=tag"):
        inside.open(f"{address}/_/{path}")
        inside.reads("<script>document.title")
        assert inside.script("return document.querySelectorAll('img[src=x], main script').length") == 0
        assert inside.script("return document.title") != "taken"


def test_what_time_has_written_into_an_element_goes_when_it_is_described_without_time(inside):
    drawn = inside.script("""
        const place = document.createElement('div');
        return import('/_/assets/dom.js').then(({ el, render, tick }) => {
            const lively = el.b({ live: (node) => { node.textContent = 'live'; node.title = 'soon'; } });
            document.body.append(place);
            return [lively, el.b('still'), lively].map((one) => {
                render(place, one);
                tick();
                return place.innerHTML;
            }).concat(place.remove() ?? []);
        });
    """)
    assert drawn == ['<b data-live="" title="soon">live</b>', "<b>still</b>", '<b data-live="" title="soon">live</b>']


def test_without_the_key_nothing_of_the_workspace_is_shown(browser, address, workspace):
    workspace.get_target("ionq.simulator").submit(ansatz(0.1), name="secret work", shots=10)
    browser.open(f"{address}/_/jobs")
    browser.reads("Sign in", "Key")
    assert "secret work" not in browser.script("return document.documentElement.outerHTML")
    browser.all("input[name=key]")[0].send_keys("a wrong key", Keys.ENTER)
    browser.reads("This is not the key of this workspace.")
    browser.all("input[name=key]")[0].send_keys(KEY, Keys.ENTER)
    browser.reads("secret work")


def test_the_key_leaves_the_address_for_a_cookie_that_no_script_reads(inside):
    assert inside.path == "/_/"
    assert inside.script("return document.cookie") == ""
    (cookie,) = inside.driver.get_cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/_/")
    assert KEY not in cookie["value"]


def test_signing_out_takes_the_data_away(inside):
    inside.click("Sign out")
    inside.reads("Sign in")
    inside.complaints()  # the browser tells of the 401
    assert inside.driver.get_cookies() == []


def test_the_keyboard_reaches_everything(inside, address, workspace):
    with_many(workspace.service, 60)
    inside.open(f"{address}/_/jobs")
    inside.reads("sweep-00059")
    inside.script("document.activeElement.blur()")
    heard = []
    for _ in range(10):
        inside.press(Keys.TAB)
        heard.append(inside.focused)
    words = ["Skip to the content", "qsession", "overview", "sessions", "jobs", "targets", "costs", "lab"]
    assert heard[: len(words)] == words
    inside.script("document.querySelector('#list a').focus()")
    inside.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    inside.wait(lambda: inside.focused == "sweep-00057", "the arrow keys do not walk")
    inside.press(Keys.END)
    inside.wait(lambda: inside.focused == "sweep-00000", "End does not reach the last row")
    inside.press(Keys.ENTER)
    inside.wait(lambda: inside.path.startswith("/_/jobs/"), "Enter does not open the job")
    inside.reads("sweep-00000", "Cost")


def test_back_returns_to_the_same_rows(inside, address, workspace):
    with_many(workspace.service, 500)
    inside.open(f"{address}/_/jobs")
    inside.reads("sweep-00499")
    inside.script("scrollTo(0, 6000)")
    inside.reads("sweep-00300")
    inside.wait(lambda: inside.script("return history.state && history.state.scroll") == 6000, "the place is not kept")
    inside.click("sweep-00300")
    inside.wait(lambda: inside.path.startswith("/_/jobs/"), "the job does not open")
    inside.driver.back()
    inside.goes_to("/_/jobs")
    inside.reads("sweep-00300")
    assert inside.script("return scrollY") == 6000


def test_filters_are_in_the_address(inside, address, workspace):
    with_many(workspace.service, 60)
    inside.open(f"{address}/_/jobs")
    inside.reads("sweep-00059", "60")
    inside.script("document.querySelector('a[href=\"/_/jobs?state=Failed\"]').click()")
    inside.goes_to("/_/jobs?state=Failed")
    inside.reads("10 of 60", "InvalidInputData")
    inside.all("input[type=search]")[0].send_keys("p-0005")
    inside.goes_to("/_/jobs?state=Failed&q=p-0005")
    inside.reads("2 of 60", "sweep-00052", "sweep-00058")
    inside.open(f"{address}/_/jobs?target=ionq.qpu.aria-1&tag=night")
    inside.reads("10 of 60")


def test_ten_thousand_jobs_are_rows_in_view_only(inside, address, workspace):
    with_many(workspace.service, 10_000)
    inside.open(f"{address}/_/jobs")
    inside.reads("10,000", "sweep-09999")
    assert len(inside.all("#list > *")) < 80
    inside.script("scrollTo(0, 150000)")
    inside.reads("sweep-05000")
    inside.script("scrollTo(0, document.body.scrollHeight)")
    inside.reads("sweep-00000")
    assert len(inside.all("#list > *")) < 80
    assert inside.script("return document.querySelector('[role=table]').getAttribute('aria-rowcount')") == "10001"


def test_rows_that_come_above_leave_what_is_read_where_it_is(inside, address, workspace):
    with_many(workspace.service, 300)
    inside.open(f"{address}/_/jobs")
    inside.reads("sweep-00299")
    inside.script("scrollTo(0, 3000)")
    inside.reads("sweep-00200", "sweep-00190")
    place = (
        "return [...document.querySelectorAll('#list a')].find((one) => one.textContent === 'sweep-00190')"
        ".getBoundingClientRect().top"
    )
    before = inside.script(place)
    workspace.clock.advance(400 * 60)
    for number in range(3):
        workspace.get_target("ionq.simulator").submit(ansatz(0.1), name=f"newer {number}", shots=10)
    inside.reads("303")
    assert inside.script(place) == before


def test_what_is_selected_and_in_focus_stays_through_an_update(inside, address, workspace):
    job = workspace.get_target("ionq.simulator").submit(ansatz(0.1), name="selected", shots=10)
    inside.open(f"{address}/_/")
    inside.reads("selected")
    inside.script(
        "const one = document.querySelector(`a[href='/_/jobs/${arguments[0]}']`);"
        "getSelection().selectAllChildren(one); one.focus(); window.node = one",
        job.id,
    )
    workspace.get_target("ionq.simulator").submit(ansatz(0.2), name="another", shots=10)
    inside.reads("another")
    assert inside.script("return getSelection().toString()") == "selected"
    assert inside.script("return document.activeElement === window.node")


def test_a_session_is_closed_and_a_job_cancelled_after_a_question(inside, address, workspace):
    target = workspace.get_target("ionq.simulator")
    session = target.open_session(name="to be closed")
    inside.open(f"{address}/_/sessions/{session.id}")
    inside.click("Close the session")
    inside.click("Go back")
    assert not session.refresh().is_in_terminal_state()
    inside.click("Close the session")
    inside.click("Close it")
    inside.reads("Succeeded")
    targets = workspace.service.targets
    targets["ionq.qpu.aria-1"] = replace(targets["ionq.qpu.aria-1"], queue_seconds=3600.0)
    job = workspace.get_target("ionq.qpu.aria-1").submit(ansatz(0.1), name="waits", shots=10)
    inside.open(f"{address}/_/jobs/{job.id}")
    inside.click("Cancel the job")
    inside.click("Cancel it")
    inside.reads("Cancelled")


def test_the_lab_advances_the_clock_adds_faults_and_starts_afresh(inside, address, workspace):
    workspace.get_target("ionq.simulator").submit(BAD, name="gone soon", shots=10)
    inside.open(f"{address}/_/lab")
    before = workspace.clock.now()
    inside.click("10 min")
    inside.wait(lambda: (workspace.clock.now() - before).total_seconds() == 600, "the clock was not put forward")
    inside.click("Add")
    inside.reads("always")
    assert [fault.kind for fault, _ in workspace.service.faults.planted()] == ["throttle"]
    inside.click("Remove everything")
    inside.click("Remove everything", "dialog button")
    inside.reads("No request and no job is made to fail.")
    inside.wait(lambda: workspace.list_jobs() == [], "the job is still there")


def test_the_lines_to_connect_are_shown_when_asked_for(inside, address):
    assert "connect to" not in inside.text
    inside.click("Show them")
    inside.reads(f"connect to {address}/")


def test_a_page_of_what_is_not_there_says_so(inside, address):
    for path, kind in (("jobs/nothing", "job"), ("sessions/nothing", "session")):
        inside.open(f"{address}/_/{path}")
        inside.reads(f"There is no {kind} nothing.", "No news")
        assert inside.hindrances() == []
    inside.complaints()  # the browser tells of the 404


def test_the_way_in_is_for_everybody(browser, address):
    for dark in (False, True):
        browser.show(dark=dark, width=320)
        browser.open(f"{address}/_/")
        browser.reads("Sign in")
        assert browser.hindrances() == []
        assert browser.script("return document.documentElement.scrollWidth") <= 320


def test_a_service_that_goes_away_is_told_and_taken_up_again(browser, workspace):
    mounted = Mounted(workspace.service, page_of(workspace))
    with Server(mounted) as server:
        port = server.port
        browser.open(f"{server.endpoint}_/#key={KEY}")
        browser.reads("Open sessions", "Live")
    browser.reads("The server does not answer. Trying again.", "No news")
    assert "Open sessions" in browser.text
    with Server(mounted, port=port):
        browser.reads("Live")


@pytest.fixture
def working(inside, workspace):
    """A browser beside a workspace with some days of work in it."""
    return inside, with_work(workspace)


@pytest.mark.slow
def test_every_page_is_for_everybody_in_light_and_dark(working, address):
    browser, ids = working
    seen = {}
    for dark in (False, True):
        browser.show(dark=dark)
        for page in PAGES:
            browser.open(f"{address}/_/{page.format(**ids)}")
            browser.wait(lambda: browser.all("main h1"), f"{page} is not drawn")
            browser.script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            seen[page, dark] = browser.hindrances()
    assert {place: found for place, found in seen.items() if found} == {}


@pytest.mark.slow
def test_no_page_is_wider_than_a_phone_or_than_half_a_screen(working, address):
    browser, ids = working
    seen = {}
    for width in (320, 390, 640):
        browser.show(width=width, height=800)
        for page in PAGES:
            browser.open(f"{address}/_/{page.format(**ids)}")
            browser.wait(lambda: browser.all("main h1"), f"{page} is not drawn")
            seen[page, width] = browser.script("return document.documentElement.scrollWidth")
    assert {place: found for place, found in seen.items() if found > place[1]} == {}


def test_a_long_word_in_an_error_is_broken(inside, address, workspace):
    workspace.service.faults.add(Fault("fail_job", message="x" * 900, code="Y" * 300))
    job = workspace.get_target("ionq.simulator").submit(ansatz(0.1), shots=10)
    for width in (320, 1280):
        inside.show(width=width, height=800)
        inside.open(f"{address}/_/jobs/{job.id}")
        inside.reads("xxxxxxxx")
        assert inside.script("return document.documentElement.scrollWidth") <= width


def test_the_colours_follow_the_system(inside):
    light = inside.script("return getComputedStyle(document.documentElement).backgroundColor")
    inside.show(dark=True)
    dark = inside.script("return getComputedStyle(document.documentElement).backgroundColor")
    assert (light, dark) == ("rgb(247, 247, 245)", "rgb(20, 22, 23)")


def test_nothing_moves_for_those_who_do_not_want_it(inside, address):
    moves = "return getComputedStyle(document.querySelector('.meter i')).transitionDuration"
    inside.open(f"{address}/_/targets")
    inside.wait(lambda: inside.all(".meter i"), "there is no meter")
    assert inside.script(moves) == "0.16s"
    inside.show(calm=True)
    assert inside.script(moves) == "0s"


def test_the_page_needs_no_network_but_its_own_server(working, address):
    browser, ids = working
    for page in PAGES:
        browser.open(f"{address}/_/{page.format(**ids)}")
        browser.wait(lambda: browser.all("main h1"), f"{page} is not drawn")
        names = browser.script("return performance.getEntriesByType('resource').map((one) => one.name)")
        assert [name for name in names if not name.startswith(f"{address}/_/")] == []


def test_two_and_two_hundred_outcomes_are_readable(working, address):
    browser, ids = working
    browser.open(f"{address}/_/jobs/{ids['bell']}")
    browser.reads("outcomes of 1,000 shots")
    assert browser.all(".histogram")
    assert not browser.all(".columns")
    browser.open(f"{address}/_/jobs/{ids['long']}?order=count")
    browser.reads("The ten most frequent")
    heights = browser.script(
        "return [...document.querySelectorAll('.col')].map((one) => Number(one.getAttribute('height')))"
    )
    assert len(heights) > 100
    assert heights == sorted(heights, reverse=True)


def test_the_times_of_the_workspace_count_not_those_of_the_browser(inside):
    inside.reads("Workspace time 12:00:00")
    assert NOON.hour == 12
