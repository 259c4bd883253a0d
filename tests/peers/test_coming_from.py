"""The tables for people who come from another package: every name in them, theirs and ours, is there."""

import importlib
import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs" / "coming-from").glob("*.md"))
ROWS = [
    (path.stem, *row)
    for path in PAGES
    if path.stem != "azure-quantum"  # written from the installed package; tests/interop looks after it
    for row in re.findall(r"(?m)^\| `([\w.]+)` \| (.*) \|$", path.read_text("utf-8"))
]


def found(path: str) -> object:
    """Return what a dotted path names: the longest part that is a module, then attributes."""
    words = path.split(".")
    for end in range(len(words), 0, -1):
        try:
            thing = importlib.import_module(".".join(words[:end]))
        except ModuleNotFoundError:
            continue
        for word in words[end:]:
            thing = getattr(thing, word)
        return thing
    raise ModuleNotFoundError(path)


def test_every_table_is_read():
    assert {row[0] for row in ROWS} == {path.stem for path in PAGES} - {"azure-quantum"}
    assert len(ROWS) > 80


@pytest.mark.parametrize(("page", "theirs", "ours"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_both_names_of_a_row_are_there(page, theirs, ours):
    assert found(theirs) is not None
    for name in re.findall(r"`(qsession_\w+[\w.]*)`", ours):
        assert found(name) is not None
