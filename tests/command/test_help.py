"""Help pages, the version, and what is loaded for them."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import click
import pytest

import qsession_core
from qsession_core.command.main import commands
from qsession_core.command.root import COMMANDS
from tests.support.golden import same_as

GOLDEN = Path(__file__).with_name("golden")


def _pages(command: click.Command, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [words]
    context = click.Context(command)
    below = ((name, command.get_command(context, name)) for name in command.list_commands(context))
    return [words, *(page for name, one in below for page in _pages(one, (*words, name)))]


def test_each_command_says_of_itself_what_the_list_of_all_says():
    context = click.Context(commands)
    for name, (_, sentence) in COMMANDS.items():
        command = commands.get_command(context, name)
        assert (command.name, command.get_short_help_str(200)) == (name, sentence)


def test_help_pages_are_as_they_were_read(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    pages = []
    for words in _pages(commands):
        ended = run(*words, "--help")
        assert (ended.code, ended.err) == (0, "")
        pages.append(f"$ qsession {' '.join([*words, '--help'])}\n{ended.out}")
    assert same_as(GOLDEN / "help.txt", "\n".join(pages))


@pytest.mark.parametrize("words", _pages(commands), ids=" ".join)
def test_help_fits_eighty_columns_and_no_sentence_is_cut(words, run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = run(*words, "--help").out
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.replace("[ARGS]...", "").replace("JOB...", "").replace("...]", "").replace(
        "[SESSION]...", ""
    ).replace("MEMBER=VALUE...", "").replace("/subscriptions/...", "").replace("[NAMES]...", "")


def test_the_version_is_told_in_three_ways(run):
    told = run("--version").out
    module = subprocess.run(
        [sys.executable, "-m", "qsession_core", "--version"], capture_output=True, text=True, check=True
    )
    assert told == module.stdout == f"qsession {qsession_core.__version__}\n"
    assert importlib.metadata.version("qsession") == qsession_core.__version__


def test_help_loads_neither_the_client_nor_the_service():
    program = "from qsession_core.command import main\nmain(['--help'])\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {
        "numpy",
        "requests",
        "msgspec",
        "sqlite3",
        "qsession_core.connect",
        "qsession_core.local",
        "azure.identity",
        "qsession_core.command.groups.jobs",
    }
    assert heavy & set(done.stdout.split()) == set()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("jbos",), "has no command 'jbos'. Did you mean 'jobs'"),
        (("jobs", "shwo"), "has no command 'shwo'. Did you mean 'show'?"),
        (("jobs", "--limitt", "3"), "--limitt"),
        (("jobs", "--limit", "0"), "0 is not in the range"),
        (("jobs", "wait"), "Missing argument"),
        (("sessions", "close"), "Name the sessions to close, or give --all."),
        (("completion", "tcsh"), "'tcsh' is not one of"),
    ],
)
def test_wrong_use_is_one_sentence_with_the_way_to_the_help_page(run, arguments, told):
    ended = run(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert told in ended.err
    assert ended.err.startswith("qsession: ")
    assert "--help." in ended.err


def test_without_a_command_the_help_page_is_shown_and_that_is_wrong_use(run):
    ended = run()
    assert ended.code == 2
    assert ended.err.startswith("Usage: qsession")


def test_options_of_every_command_may_stand_before_and_behind_it(run, local):
    first = run("--json", "jobs", "list", workspace=local).out
    assert first
    for arguments in (("jobs", "--json"), ("jobs", "list", "--json"), ("jobs", "--json", "list")):
        assert run(*arguments, workspace=local).out == first


def test_a_groups_name_alone_is_its_list(run, local):
    assert run("jobs", "--limit", "2", workspace=local).out == run("jobs", "list", "--limit", "2", workspace=local).out
