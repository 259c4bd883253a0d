"""What the documents say is true: their examples run, and so do those of the docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import qsession_cirq
import qsession_core
import qsession_qiskit

ROOT = Path(__file__).resolve().parents[1]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
PACKAGES = (qsession_core, qsession_qiskit, qsession_cirq)
MODULES = sorted(
    module.name for package in PACKAGES for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)


RUNNING = [
    path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if ">>> " in path.read_text("utf-8")
]


@pytest.mark.parametrize("path", RUNNING, ids=lambda path: path.name)
def test_a_document_runs(path):
    result = doctest.testfile(str(path), module_relative=False, optionflags=FLAGS)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_documents_that_show_the_library_have_examples():
    assert {"README.md", "guide.md", "metadata.md", "index.md", "notebooks.md"} <= {path.name for path in RUNNING}


@pytest.mark.parametrize("name", [package.__name__ for package in PACKAGES] + MODULES)
def test_the_docstrings_of_a_module_run(name):
    assert doctest.testmod(importlib.import_module(name), optionflags=FLAGS).failed == 0


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_public_names_are_there(package):
    assert all(getattr(package, name) is not None for name in package.__all__)


def test_what_is_cited_of_the_protocol_is_there():
    sections = set(
        re.findall(r"(?m)^#+ ([\d.]+\d|\d)\.? ", (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8"))
    )
    cited = {
        number
        for package in PACKAGES
        for path in Path(package.__path__[0]).rglob("*.py")
        for listed in re.findall(
            r"protocol\.md((?:,?(?: and)? \d[\d.]*\d|,?(?: and)? \d)+)", path.read_text(encoding="utf-8")
        )
        for number in re.findall(r"\d[\d.]*\d|\d", listed)
    }
    assert len(cited) > 5
    assert cited <= sections


@pytest.mark.parametrize(
    "name", [path.name for path in (ROOT / "docs").glob("*.md")] + ["README.md", "CONTRIBUTING.md"]
)
def test_the_files_that_a_document_names_are_there(name):
    document = ROOT / name if (ROOT / name).exists() else ROOT / "docs" / name
    links = re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []
