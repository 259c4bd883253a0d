"""A workspace's directory: only its owner can read it; one that cannot be used is told and left alone."""

import logging
import os
import sqlite3
import stat
from contextlib import closing

import pytest

from qsession_core.errors import ConfigurationError
from qsession_core.local import LocalWorkspace
from tests.support.store_faults import held
from tests.support.wire_client import BELL, Client

posix = pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")


@pytest.fixture(params=[0o022, 0o000], ids=["umask 022", "umask 000"])
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def ended(tmp_path):
    """A directory with a job that has succeeded, closed."""
    directory = tmp_path / "here"
    with LocalWorkspace(directory, seed=1) as workspace:
        Client(workspace).run(BELL)
    return directory


def modes(directory):
    return {
        path.relative_to(directory).as_posix(): stat.S_IMODE(path.lstat().st_mode)
        for path in (directory, *directory.rglob("*"))
    }


def content(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@posix
@pytest.mark.usefixtures("umask")
def test_nobody_else_can_read_a_directory_while_it_is_in_use(tmp_path):
    directory = tmp_path / "deep" / "here"
    with LocalWorkspace(directory) as workspace:
        client = Client(workspace)
        client.run(BELL)
        assert client.upload(client.container("00000000-0000-4000-8000-000000000000"), b"x" * 100_000).status == 201
        found = modes(directory)
    assert {"workspace.db", "workspace.db-wal", "workspace.db-shm"} <= set(found)
    assert any(name.startswith("blobs/") for name in found)
    assert any(name.startswith("owners/") for name in found)
    wide = {name: oct(mode) for name, mode in found.items() if mode & 0o077}
    assert wide == {}


@posix
@pytest.mark.usefixtures("umask")
def test_the_database_is_private_from_its_first_moment(tmp_path, monkeypatch):
    seen = []
    connect = sqlite3.connect

    def watched(place, *arguments, **options):
        seen.extend(stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*workspace.db*"))
        return connect(place, *arguments, **options)

    monkeypatch.setattr(sqlite3, "connect", watched)
    LocalWorkspace(tmp_path / "here").close()
    assert set(seen) == {0o600}


@posix
def test_a_directory_that_others_could_read_is_narrowed_and_said(ended, caplog):
    large = ended / "blobs" / "0123"
    with closing(sqlite3.connect(ended / "workspace.db")) as database, database:
        database.execute("INSERT INTO blobs VALUES ('box', 'a', '', '', '', 0, 4, NULL, '0123')")
    large.write_bytes(b"data")
    for path in (ended, *ended.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    with caplog.at_level(logging.WARNING, "qsession.local"):
        LocalWorkspace(ended).close()
    assert {name: mode for name, mode in modes(ended).items() if mode & 0o077} == {}
    assert f"other accounts could enter the directory {ended}; now only its owner can" in caplog.text
    assert "workspace.db; now only its owner can" in caplog.text


@posix
def test_a_directory_that_all_accounts_share_is_refused_and_stays_as_it_is(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(ConfigurationError, match="is shared by all accounts of this machine; name a directory of its"):
        LocalWorkspace(shared)
    assert modes(shared) == {".": 0o1777}


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def cut_within_a_page(path):
    os.truncate(path, path.stat().st_size - 100)


def empty(path):
    path.write_bytes(b"")


def rubbish(path):
    path.write_bytes(b"no database " * 1000)


def short_rubbish(path):
    path.write_bytes(b"{}")


def zeros_in_the_middle(path):
    data = path.read_bytes()
    path.write_bytes(data[:8192] + bytes(8192) + data[16384:])


def zeros_at_the_end(path):
    data = path.read_bytes()
    path.write_bytes(data[:-4096] + b"\xff" * 4096)


def only_the_first_page(path):
    os.truncate(path, 4096)


def statement(text):
    def change(path):
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(text)

    return change


def a_database_of_something_else(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE songs (name)")


def a_directory(path):
    path.unlink()
    path.mkdir()


def a_link(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (cut, "workspace.db (is damaged|cannot be opened)"),
        (cut_within_a_page, "workspace.db (is damaged|cannot be opened)"),
        (only_the_first_page, "workspace.db (is damaged|cannot be opened)"),
        (zeros_in_the_middle, "workspace.db (is damaged|cannot be opened)"),
        (zeros_at_the_end, "workspace.db (is damaged|cannot be opened)"),
        (empty, "workspace.db is empty"),
        (rubbish, "workspace.db is not a database"),
        (short_rubbish, "workspace.db is not a database"),
        (a_directory, "workspace.db is not a file of its own"),
        (a_link, "workspace.db is not a file of its own"),
        (a_database_of_something_else, "workspace.db is a database, but not that of a local workspace"),
        (statement("DROP TABLE items"), "workspace.db is a database, but not that of a local workspace"),
        (statement("PRAGMA user_version = 99"), "workspace.db was written by a newer version of qsession"),
        (statement("PRAGMA user_version = 100"), "workspace.db was written by a newer version of qsession"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_database_that_cannot_be_used_is_told_in_a_sentence_and_left_alone(ended, harm, sentence):
    harm(ended / "workspace.db")
    before = content(ended)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=sentence) as caught:
            LocalWorkspace(ended)
        assert str(caught.value).endswith("nothing was changed.")
        assert "\n" not in str(caught.value)
    assert content(ended) == before


def test_a_database_that_another_program_holds_is_told(ended):
    with held(ended) as other:
        other.execute("COMMIT")
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConfigurationError, match="is locked by another program"):
            LocalWorkspace(ended)
    LocalWorkspace(ended).close()


@pytest.mark.parametrize("place", ["file", "file/below", "bad\0name"])
def test_a_place_that_cannot_be_a_directory_is_told(tmp_path, place):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(ConfigurationError, match="name another place for the workspace"):
        LocalWorkspace(tmp_path / place)
    assert (tmp_path / "file").read_text() == "precious"


def test_a_start_that_was_interrupted_leaves_no_half_made_database(tmp_path, monkeypatch):
    link = os.link

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", interrupted)
    with pytest.raises(KeyboardInterrupt):
        LocalWorkspace(tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(os, "link", link)
    with LocalWorkspace(tmp_path, seed=1) as workspace:
        assert Client(workspace).run(BELL)
