"""A local workspace with its page, in process and served, and a browser."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from qsession_core import Workspace
from qsession_core.local import ManualClock
from qsession_core.local.http_server import Server
from qsession_core.page import Page
from qsession_core.page.mount import Mounted, holds_of, reader_of
from qsession_core.transport import Request
from tests.support.page_workspace import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qsession_core.transport import Response

KEY = "the-key-of-this-page"
HOST = "127.0.0.1:8080"


@dataclass
class Asked:
    """A page, and how programs ask it."""

    page: Page

    def get(self, path: str, headers: dict[str, str] | None = None, *, key: str = KEY) -> Response:
        shown = {"Authorization": f"Bearer {key}"} if key else {}
        return self.page.handle(Request("GET", f"http://{HOST}/_/{path}", {**shown, **(headers or {})}))

    def json(self, path: str) -> Any:
        response = self.get(path)
        assert response.status == 200, response.body
        return json.loads(response.body)

    def post(self, path: str, body: object = None, headers: dict[str, str] | None = None) -> Response:
        shown = {"Authorization": f"Bearer {KEY}", "X-Qsession-Page": "1"} if headers is None else headers
        return self.page.handle(Request("POST", f"http://{HOST}/_/{path}", shown, json.dumps(body or {}).encode()))


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """A workspace whose clock stands still."""
    with Workspace.local(seed=7, clock=ManualClock(NOON)) as opened:
        yield opened


def page_of(workspace: Workspace, **how: Any) -> Page:
    """Return the page of a local workspace; each request waits for a look."""
    service = workspace.service
    return Page(
        reader_of(service),
        KEY,
        lab=service,
        holds=holds_of(service),
        period_seconds=0.0,
        patience_seconds=30.0,
        connection=lambda endpoint: {"Python": f"connect to {endpoint}"},
        **how,
    )


@pytest.fixture
def asked(workspace) -> Asked:
    """The page of the workspace, in process."""
    return Asked(page_of(workspace))


@pytest.fixture
def address(workspace) -> Iterator[str]:
    """Where the workspace is served with its page; without a slash at the end."""
    with Server(Mounted(workspace.service, page_of(workspace))) as server:
        yield server.endpoint.rstrip("/")


@pytest.fixture(scope="session")
def one_browser():
    """A browser for all tests of this process; they say so where there is none."""
    from tests.support import browser

    if problem := browser.missing():
        pytest.skip(problem)
    with browser.opened() as opened:
        yield opened


@pytest.fixture
def browser(one_browser):
    """A browser without cookies, that has nothing to complain of at the end."""
    one_browser.driver.get("about:blank")  # the page of the test before asks a server that is gone
    one_browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    one_browser.show()
    one_browser.complaints()
    return one_browser


@pytest.fixture
def inside(browser, address):
    """A browser that is signed in."""
    browser.open(f"{address}/_/#key={KEY}")
    browser.reads("Open sessions")
    yield browser
    assert browser.complaints() == []
