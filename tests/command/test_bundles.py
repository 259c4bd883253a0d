"""``qsession run`` and ``qsession bundle`` on the command line."""

from __future__ import annotations

import sys

import pytest

from qsession_core.bundles.bundle import read_bundle, write_bundle
from tests.support.exchanges import bundle, exchange


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "b.zip"
    clean = exchange("GET", "/jobs", answer={"value": ["\x1b[2J"]})
    dirty = exchange("PUT", "/jobs/1", {"name": "our secret plan", "apiKey": "planted-secret"}, status=201)
    write_bundle(made, bundle(clean, dirty))
    return made


def test_a_bundle_is_listed(run, path):
    ended = run("bundle", "show", str(path))
    assert ended.code == 0
    assert [line.split() for line in ended.out.splitlines()[1:]] == [
        ["NO", "AFTER", "STATUS", "SENT", "GOT", "REQUEST"],
        ["1", "0.00", "s", "200", "0", "24", "GET", "/jobs"],
        ["2", "0.00", "s", "201", "55", "0", "PUT", "/jobs/1"],
    ]
    assert (
        '{"number":2,"at":0.0,"status":201,"request":"PUT /jobs/1"}' in run("bundle", "show", str(path), "--json").out
    )


def test_one_request_is_shown_whole_without_control_characters(run, path):
    ended = run("bundle", "show", str(path), "--number", "1")
    assert "answered 200 after 0.100 s" in ended.out
    assert "\x1b" not in ended.out
    assert run("bundle", "show", str(path), "--number", "3").code == 2


def test_secrets_are_found_and_taken_out(run, path, tmp_path):
    found = run("bundle", "check", str(path))
    assert found.code == 1
    assert "no. 2: request, body: a member that holds a secret" in found.out
    assert "planted-secret" not in found.out + found.err

    (tmp_path / "texts").write_text("secret plan\n")
    assert run("bundle", "redact", str(path), "--text-file", str(tmp_path / "texts")).code == 0
    assert run("bundle", "check", str(path)).code == 0
    text = b"".join(one.request.body for one in read_bundle(path).exchanges)
    assert b"planted-secret" not in text
    assert b"secret plan" not in text


@pytest.mark.parametrize("words", [("show",), ("check",), ("redact",)])
def test_what_is_no_bundle_is_a_sentence(run, words, tmp_path):
    ended = run("bundle", *words, str(tmp_path / "none.zip"))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("qsession: There is no bundle")


def test_run_takes_the_commands_own_options_and_gives_its_exit_code(run):
    assert run("run", "--seed", "3", sys.executable, "-c", "import sys; sys.exit(int(sys.argv[1]))", "7").code == 7
    assert run("run", "--", sys.executable, "-c", "pass").code == 0


def test_run_tells_what_it_cannot_do_in_a_sentence(run):
    ended = run("run")
    assert (ended.code, ended.out) == (2, "")
    assert "there is no command" in ended.err
    assert run("run", "--connection-string-file", "x", "--", "true").code == 2
    assert "Azure Quantum's own" in run("run", "--allow", "management.azure.com", "--", "true").err
