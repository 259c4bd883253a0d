"""``qsession users``: keys are shown once, and only their hashes are kept."""

import json
import tomllib

import pytest


@pytest.fixture
def users(run, tmp_path):
    def call(*arguments, **options):
        return run("users", *arguments, "--users", str(tmp_path / "users.toml"), **options)

    return call


def test_a_person_is_added_listed_and_taken_out(users, tmp_path):
    path = tmp_path / "users.toml"
    added = users("add", "anna", "--jobs", "5", "--seconds", "60")
    assert added.code == 0
    key = added.out.strip()
    assert len(key) > 40
    text = path.read_text()
    assert key not in text
    assert tomllib.loads(text)["anna"]["key"].startswith("sha256:")
    assert path.stat().st_mode & 0o077 == 0
    assert users("add", "vera", "--role", "viewer").code == 0
    assert [line.split() for line in users("list").out.splitlines()] == [
        ["NAME", "ROLE", "JOBS", "SHOTS", "SECONDS"],
        ["anna", "member", "5", "-", "60"],
        ["vera", "viewer", "-", "-", "-"],
    ]
    assert users("revoke", "anna").code == 0
    assert set(tomllib.loads(path.read_text())) == {"vera"}


def test_adding_again_gives_a_new_key(users):
    first, second = users("add", "anna").out, users("add", "anna").out
    assert first != second


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("add", "a b"), 2, "users.toml cannot be used: 'a b' is no name"),
        (("add", "local"), 2, "is no name"),
        (("add", "anna", "--role", "king"), 2, "'king' is not one of"),
        (("add", "anna", "--jobs", "-1"), 2, "-1 is not in the range"),
        (("revoke", "nobody"), 4, "There is no 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(users, tmp_path, arguments, code, sentence):
    ended = users(*arguments)
    assert ended.code == code
    assert sentence in ended.err
    assert not (tmp_path / "users.toml").exists()
    assert list(tmp_path.glob(".users*")) == []


def test_a_program_reads_the_key_as_json(run, tmp_path):
    ended = run("users", "add", "anna", "--users", str(tmp_path / "u.toml"), "--json")
    assert set(json.loads(ended.out)) == {"name", "role", "key"}


def test_without_a_file_or_a_directory_the_way_out_is_told(run, monkeypatch):
    ended = run("users", "list")
    assert (ended.code, "--users" in ended.err) == (2, True)
