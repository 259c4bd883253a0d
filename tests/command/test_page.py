"""``qsession serve`` with its page, and ``qsession page`` in front of another workspace: whole processes."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

from qsession_core import Workspace
from tests.support.known_jobs import BELL

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def _started(*arguments: str) -> Iterator[dict[str, Any]]:
    """Start a command that serves, and stop it after the block; yield what it writes first, as JSON."""
    command = [sys.executable, "-m", "qsession_core", "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(30)


def _asked(link: str, path: str, *, body: object = None) -> requests.Response:
    """Ask a page with the key of its link; with a body, for a change."""
    address, _, key = link.partition("#key=")
    headers = {"Authorization": f"Bearer {key}", "X-Qsession-Page": "1"}
    method = "GET" if body is None else "POST"
    return requests.request(method, address + path, headers=headers, json=body, timeout=30)


def _view(link: str, path: str) -> Any:
    answer = _asked(link, path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_served_workspace_has_a_page_and_another_process_can_have_one_in_front_of_it(tmp_path):
    file = tmp_path / "connection"
    with _started("serve", "--lab") as served:
        file.write_text(served["connectionString"], encoding="utf-8")
        with Workspace.from_connection_string(served["connectionString"]) as workspace:
            target = workspace.get_target("ionq.simulator")
            job = target.submit(BELL, name="seen", shots=10)
            session = target.open_session(name="open one")
            job.wait_until_completed()
            assert _view(served["page"], f"jobs/{job.id}.json")["job"]["name"] == "seen"
            lines = _view(served["page"], "connection.json")["lines"]
            assert lines["Connection string"] == served["connectionString"]
            with _started("page", "--connection-string-file", str(file)) as before:
                shown = _view(before["page"], "overview.json")
                assert [one["name"] for one in shown["open"]] == ["open one"]
                assert (shown["workspace"]["isLab"], shown["workspace"]["hasConnection"]) == (False, False)
                assert workspace.connection.subscription_id not in before["page"]
                assert _asked(before["page"], f"sessions/{session.id}/close", body={}).status_code == 204
            assert session.refresh().is_in_terminal_state()
            before_now = workspace.get_job(job.id).details.creation_time
            assert _asked(served["page"], "lab/advance", body={"seconds": 86400}).status_code == 204
            later = workspace.get_target("ionq.simulator").submit(BELL, shots=10).refresh().details.creation_time
            assert (later - before_now).total_seconds() > 86000


def test_a_page_to_read_only_and_a_service_without_a_page(tmp_path):
    file = tmp_path / "connection"
    with _started("serve", "--no-page") as served:
        assert served["page"] is None
        file.write_text(served["connectionString"], encoding="utf-8")
        with _started("page", "--read-only", "--connection-string-file", str(file)) as before:
            assert _view(before["page"], "overview.json")["workspace"]["mayChange"] is False
            assert _asked(before["page"], "sessions/x/close", body={}).status_code == 403


def test_the_page_of_a_directory_starts_nothing(tmp_path):
    folder = tmp_path / "workspace"
    with Workspace.local(folder) as workspace:
        workspace.get_target("ionq.simulator").submit(BELL, name="kept", shots=10).wait_until_completed()
    with _started("page", "--directory", str(folder)) as shown:
        assert [row["name"] for row in _view(shown["page"], "jobs.json")["rows"]] == ["kept"]
