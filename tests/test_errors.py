"""The page of errors, and the place on it that each error names."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsession_core import errors
from tests.support.errors_page import page

PAGE = Path(__file__).resolve().parents[1] / "docs" / "errors.md"


def test_the_page_of_errors_is_what_the_classes_say():
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("name", errors.__all__)
def test_each_error_names_its_place_on_the_page(name):
    kind = getattr(errors, name)
    document, _, place = kind.__new__(kind).help_url.partition("#")
    assert document == "docs/errors.md"
    assert f"## {name}\n" in PAGE.read_text(encoding="utf-8")
    assert place == name.lower()
