"""How Sphinx makes the site: `make docs`."""

import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")

from qsession_core import __version__

project = "qsession"
author = "The qsession team"
copyright = "The qsession team"  # noqa: A001 - Sphinx's name
release = version = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # they are committed with their outputs; a test executes them
html_theme = "furo"
html_title = f"qsession {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

# a type is called Session or Job in all three packages, and hints do not say in which
suppress_warnings = ["ref.python"]


_TERMS = re.findall(r"(?m)^([a-z ]+)\n  \S", (Path(__file__).parent / "glossary.md").read_text(encoding="utf-8"))
_TERM = re.compile(rf"(?<![`\w.:/-])({'|'.join(sorted(_TERMS, key=len, reverse=True))})(s?)(?![`\w:/-]|\.\w)")


def link_terms(_app, _what, _name, _thing, _options, lines):
    """Let the first sentence of a docstring lead to the glossary, once for each term."""
    seen = set()

    def linked(found):
        term, plural = found.groups()
        if term in seen:
            return found[0]
        seen.add(term)
        return f":term:`{term}{plural} <{term}>`"

    for place, line in enumerate(lines):
        if not line.strip():
            break
        if "`" not in line:
            lines[place] = _TERM.sub(linked, line)


def setup(app):
    """Connect what is above."""
    app.connect("autodoc-process-docstring", link_terms, priority=900)  # after napoleon
