"""The page of errors, and the place on it that each error names."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import ClassVar

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


@pytest.mark.parametrize(
    ("facts", "told"),
    [({}, "operation"), ({"operation": "h", "shots": 3}, "shots"), ({"problems": (), "qubit": 1}, "operation.*qubit")],
)
def test_an_error_takes_its_own_fields_and_needs_those_without_a_default(facts, told):
    with pytest.raises(TypeError, match=told):
        errors.UnsupportedOperationError("No such gate.", **facts)


def test_an_error_with_another_message_keeps_its_facts_and_notes():
    first = errors.UnsupportedOperationError("No such gate.", operation="h", qubits=(1,))
    first.add_note("in circuit 2")
    second = pickle.loads(pickle.dumps(first.with_message("None.")))  # noqa: S301 - our own bytes
    assert (type(second), str(second), second.args) == (type(first), "None.", ("None.",))
    assert (second.operation, second.qubits, second.index, second.supported) == ("h", (1,), None, ())
    assert (second.__notes__, str(first)) == (["in circuit 2"], "No such gate.")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda error: error.with_message("It still runs.")])
def test_a_copy_of_an_error_that_is_pythons_too_shows_its_message(copied):
    found = copied(errors.WaitTimeoutError("It still runs.", job_id="1", status="Waiting"))
    assert (repr(found), found.args, found.status) == (
        "WaitTimeoutError('It still runs.')",
        ("It still runs.",),
        "Waiting",
    )


def test_subclasses_of_other_packages_have_fields_as_ours():
    class CalibrationError(errors.ServiceError):
        counted: ClassVar[int] = 0
        chip: str
        since: float | None = None

    error = CalibrationError("Being calibrated.", status_code=503, chip="A1")
    assert (error.status_code, error.chip, error.since, error.code) == (503, "A1", None, "")
    with pytest.raises(TypeError, match="chip"):
        CalibrationError("Being calibrated.", status_code=503)
