"""The page for people who come from the official client: every public name is in it, and what it says is true."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from tests.support.official_names import CLASSES, official_names, resolved
from tests.support.official_table import page, said_of, sames

ROOT = Path(__file__).resolve().parents[2]
# attributes that our objects get when they are made
_OF_INSTANCES = {
    "qsession_core.Workspace.user_agent",
    "qsession_core.Job.workspace",
    "qsession_core.Session.workspace",
    "qsession_cirq.Job.azure_job",
}
# arguments of the official client's that ours do not have, and why
_LEFT_OUT = {
    "azure.quantum.target.rigetti.result.Result": set(),
}


def test_something_is_said_of_every_public_name():
    assert len(official_names()) > 200
    assert [name for name in official_names() if not said_of(name)] == []


def test_the_page_is_what_is_said():
    assert (ROOT / "docs" / "coming-from" / "azure-quantum.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize(("theirs", "ours"), sames())
def test_a_name_that_is_the_same_can_be_imported(theirs, ours):
    if ours not in _OF_INSTANCES:
        assert resolved(ours) is not None


def _called(path):
    """Return the parameters of a method or function by name; None for what is not called."""
    owner, _, name = path.rpartition(".")
    holder = resolved(owner)
    kept = inspect.getattr_static(holder, name) if inspect.isclass(holder) else getattr(holder, name)
    if isinstance(kept, property) or not callable(getattr(holder, name)) or inspect.isclass(getattr(holder, name)):
        return None
    parameters = inspect.signature(inspect.unwrap(getattr(holder, name))).parameters.values()
    return {each.name for each in parameters if each.kind not in {each.VAR_KEYWORD, each.VAR_POSITIONAL}}


@pytest.mark.parametrize(
    ("theirs", "ours"), [pair for pair in sames() if pair[0].rpartition(".")[0] in CLASSES and _called(pair[0])]
)
def test_a_method_that_is_the_same_takes_the_documented_arguments(theirs, ours):
    found = _called(ours)
    assert found is not None
    assert _called(theirs) - found - {"self", "cls"} - _LEFT_OUT.get(theirs, set()) == set()
