"""The notebooks of the site: they run, and what they show in print is what they would show today."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.slow
NOTEBOOKS = sorted((Path(__file__).parents[1] / "docs" / "examples").glob("*.ipynb"))
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def printed(notebook):
    """Return what each cell printed, and the text of its last line, without ids."""
    return [
        [_ID.sub("ID", output.get("text") or output["data"]["text/plain"]) for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def test_there_are_three():
    assert [path.stem for path in NOTEBOOKS] == ["faults", "qaoa", "vqe"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("default")  # of the libraries of Jupyter
def test_a_notebook_shows_what_it_shows_in_the_site(path):
    committed, run = nbformat.read(path, as_version=4), nbformat.read(path, as_version=4)
    NotebookClient(run, timeout=240, kernel_name="python3").execute()
    assert printed(run) == printed(committed)
