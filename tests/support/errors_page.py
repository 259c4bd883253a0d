"""The page of errors, written from their classes: what each means, what it carries, what it is besides."""

from __future__ import annotations

import inspect

from qsession_core import errors
from qsession_qiskit import errors as qiskits

_HEAD = """# Errors

Every error of qsession is an `errors.QSessionError`; its message ends with the way out, `help_url` names its place on
this page, and its facts are attributes. A test writes this page from the classes.
"""


def page() -> str:
    """Return the text of the page."""
    kinds = [errors.QSessionError, *(getattr(errors, name) for name in errors.__all__ if name != "QSessionError")]
    ours = [*kinds, *(getattr(qiskits, name) for name in qiskits.__all__ if name[0].isupper())]
    return "\n".join([_HEAD, *(section for kind in ours for section in _section(kind))]) + "\n"


def _section(kind: type) -> list[str]:
    about, _, facts = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:")
    bases = ", ".join(f"`{base.__name__}`" for base in kind.__bases__ if base is not Exception)
    lines = [f"## {kind.__name__}", "", about.strip()]
    if bases:
        lines += ["", f"It is a {bases} too."]
    if facts.strip():
        lines += [""] + [f"* `{line.strip().replace(': ', '`: ', 1)}" for line in _joined(facts)]
    return [*lines, ""]


def _joined(facts: str) -> list[str]:
    """Return one line for each attribute; those that go on are indented more."""
    rows: list[str] = []
    for line in facts.strip("\n").splitlines():
        depth = len(line) - len(line.lstrip())
        if depth <= 4 or not rows:
            rows.append(line.strip())
        else:
            rows[-1] += " " + line.strip()
    return rows
