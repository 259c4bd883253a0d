"""The file of a bundle."""

from __future__ import annotations

import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsession_core.bundles.bundle import Bundle, Exchange, check_place, read_bundle, write_bundle
from qsession_core.errors import ConfigurationError
from qsession_core.transport.message import Request, Response
from tests.support.exchanges import START, bundle, exchange

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
HEADERS = st.dictionaries(TEXTS, TEXTS, max_size=3)
EXCHANGES = st.builds(
    Exchange,
    st.just(1.5),
    st.just(0.25),
    st.builds(Request, st.sampled_from(["GET", "PUT"]), TEXTS, HEADERS, st.binary(max_size=50)),
    st.builds(Response, st.integers(100, 599), HEADERS, st.binary(max_size=50)),
)


@given(st.lists(EXCHANGES, max_size=4), st.booleans())
def test_what_is_written_is_read_byte_for_byte(tmp_path_factory, exchanges, is_shared):
    path = tmp_path_factory.mktemp("bundle") / "b.zip"
    written = Bundle(START, tuple(exchanges), is_shared)
    write_bundle(path, written)
    assert read_bundle(path) == written


def test_equal_bundles_are_equal_files_and_equal_bodies_are_stored_once(tmp_path):
    made = bundle(*[exchange("GET", "/jobs", answer=b"the same")] * 3)
    for name in ("a.zip", "b.zip"):
        write_bundle(tmp_path / name, made)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert len(zipfile.ZipFile(tmp_path / "a.zip").namelist()) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip"]


def test_the_index_can_be_read_by_people(tmp_path):
    write_bundle(tmp_path / "b.zip", bundle(exchange("PUT", "/jobs/1", {"name": "größer"}, status=201)))
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        text = archive.read("index.json").decode()
        assert '\n   "request": {\n    "method": "PUT",' in text
        assert json.loads(archive.read(json.loads(text)["exchanges"][0]["request"]["body"])) == {"name": "größer"}


def spoilt(path, **parts: bytes):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("_", "."), data)
    return path


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({}, "index is damaged"),
        ({"index_json": b"{"}, "index is damaged"),
        ({"index_json": b"[]"}, "index is damaged"),
        ({"index_json": b"[" * 100_000}, "index is damaged"),
        ({"index_json": b'{"format": "other"}'}, "not one of a bundle"),
        ({"index_json": b'{"format": "qsession-bundle", "version": 2}'}, "newer qsession"),
        ({"index_json": b'{"format": "qsession-bundle", "version": 1}'}, "recorded"),
        (
            {
                "index_json": b'{"format": "qsession-bundle", "version": 1, "recorded": "2026-01-01T00:00:00Z",'
                b' "exchanges": [{"at": 0, "seconds": 0, "request": {"method": "GET", "url": "u", "body": "gone"},'
                b' "response": {"status": 200}}]}'
            },
            "1 bodies are missing",
        ),
    ],
)
def test_what_is_no_bundle_is_told_in_one_sentence(tmp_path, parts, told):
    with pytest.raises(ConfigurationError, match=told):
        read_bundle(spoilt(tmp_path / "b.zip", **parts))


def test_a_missing_and_a_damaged_file_are_told(tmp_path):
    with pytest.raises(ConfigurationError, match="There is no bundle"):
        read_bundle(tmp_path / "none.zip")
    (tmp_path / "b.zip").write_bytes(b"no zip")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_bundle(tmp_path / "b.zip")


def test_a_zip_that_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("qsession_core.bundles.bundle._MAX_BYTES", 1000)
    write_bundle(tmp_path / "b.zip", bundle(exchange("GET", "/jobs", answer=bytes(5000))))
    with pytest.raises(ConfigurationError, match="unpacks to more"):
        read_bundle(tmp_path / "b.zip")


def test_a_place_is_checked_before_anything_is_recorded(tmp_path):
    (tmp_path / "there.zip").touch()
    for path in (tmp_path / "there.zip", tmp_path / "no folder" / "b.zip"):
        with pytest.raises(ConfigurationError, match="nothing was sent"):
            check_place(path)
