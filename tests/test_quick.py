"""`make quick` runs the tests that belong to what has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.changed import tests_of as found_for


@pytest.mark.parametrize(
    ("changed", "folder"),
    [
        ("qsession_core/local/storage/blobs.py", "tests/local/storage"),
        ("qsession_core/client/service/rest.py", "tests/client"),
        ("qsession_cirq/conversion/walker.py", "tests/cirq"),
        ("qsession_qiskit/backend.py", "tests/qiskit"),
        ("qsession_core/page/assets/page.css", "tests/page"),
        ("examples/demo.py", "tests/examples"),
    ],
)
def test_a_module_has_the_tests_of_the_folder_that_mirrors_it(changed, folder):
    assert {str(Path(test).parent) for test in found_for([changed])} == {folder}


def test_a_module_without_a_folder_has_its_own_test_or_those_that_import_it():
    assert "tests/test_profiles.py" in found_for(["qsession_core/places.py"])
    assert "tests/client/test_one_clock.py" in found_for(["qsession_core/clock.py"])


def test_a_helper_has_the_tests_that_import_it():
    assert "tests/formats/test_linear.py" in found_for(["tests/support/counting.py"])


def test_a_test_is_its_own_and_one_that_is_gone_is_not_run():
    assert found_for(["tests/test_quick.py", "tests/test_that_is_gone.py"]) == ["tests/test_quick.py"]


def test_documents_are_run():
    assert found_for(["docs/local.md", "README.md"]) == ["tests/test_documents.py"]
