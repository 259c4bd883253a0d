"""What the documents say is true: their examples run, and so do those of the docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import sys
import tomllib
from pathlib import Path

import pytest

import qsession_cirq
import qsession_core
import qsession_qiskit
from qsession_core import plugins

ROOT = Path(__file__).resolve().parents[1]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
PACKAGES = (qsession_core, qsession_qiskit, qsession_cirq)
MODULES = sorted(
    module.name for package in PACKAGES for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)


RUNNING = [
    path for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if ">>> " in path.read_text("utf-8")
]
PLUGINS = ROOT / "docs" / "howto" / "plugins.md"


@pytest.fixture
def package_of_the_page(tmp_path, monkeypatch):
    """Install the package that the page about plugins shows."""
    blocks = dict(re.findall(r"(?s)```(python|toml)\n(?!>>>)(.*?)```", PLUGINS.read_text("utf-8")))
    (tmp_path / "acme.py").write_text(blocks["python"])
    installed = tmp_path / "acme-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    points = tomllib.loads(blocks["toml"])["project"]["entry-points"]
    (installed / "entry_points.txt").write_text(
        "".join(f"[{group}]\n" + "".join(f"{name} = {it}\n" for name, it in points[group].items()) for group in points)
    )
    monkeypatch.syspath_prepend(tmp_path)
    plugins.forget()
    yield
    sys.modules.pop("acme", None)
    monkeypatch.undo()
    plugins.forget()


@pytest.mark.parametrize("path", RUNNING, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_runs(path, request):
    if path == PLUGINS:
        request.getfixturevalue("package_of_the_page")
    result = doctest.testfile(str(path), module_relative=False, optionflags=FLAGS)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_documents_that_show_the_library_have_examples():
    running = {path.relative_to(ROOT / "docs").parts for path in RUNNING if path.is_relative_to(ROOT / "docs")}
    pages = {path.relative_to(ROOT / "docs").parts for path in (ROOT / "docs").glob("*/*.md")}
    assert {page for page in pages if page[0] in {"first", "howto"}} - running <= {("howto", "serving.md")}
    assert {page for page in pages if page[0] == "coming-from"} - running <= {("coming-from", "azure-quantum.md")}
    assert {("metadata.md",), ("index.md",), ("notebooks.md",)} <= running


def test_what_a_document_shows_of_python_runs_or_is_a_connection_to_azure():
    silent = [
        (path.name, block)
        for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
        for block in re.findall(r"(?s)```python\n(.*?)```", path.read_text("utf-8"))
        if not block.startswith(">>> ") and path not in {PLUGINS, ROOT / "docs" / "protocol.md"}
    ]
    assert [name for name, block in silent if not block.startswith("workspace = Workspace")] == []


@pytest.mark.parametrize("name", [package.__name__ for package in PACKAGES] + MODULES)
def test_the_docstrings_of_a_module_run(name):
    assert doctest.testmod(importlib.import_module(name), optionflags=FLAGS).failed == 0


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_public_name_has_an_example(package):
    named = {name: getattr(package, name) for name in package.__all__ if not name.startswith("__")}
    assert [name for name, thing in named.items() if ">>> " not in (thing.__doc__ or "")] == []


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
    "name",
    [str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")] + ["README.md", "CONTRIBUTING.md"],
)
def test_the_files_that_a_document_names_are_there(name):
    document = ROOT / name
    links = re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []
