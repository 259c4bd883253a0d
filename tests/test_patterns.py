"""Every regular expression of ours takes time that grows with the text, and no faster."""

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import qsession_core
from qsession_core.bundles import redaction
from qsession_core.transport import message
from tests.support.patterns import may_take_more_than_linear_time

SEARCHES = {"search", "sub", "subn", "findall", "finditer", "split"}
CALLS = SEARCHES | {"match", "fullmatch", "compile"}


def modules():
    """Return the modules of the core that can be imported here, with their text."""
    found = []
    for info in pkgutil.walk_packages(qsession_core.__path__, "qsession_core."):
        if "pytest_plugin" in info.name or info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        found.append((module, ast.parse(Path(module.__file__).read_text(encoding="utf-8"))))
    return found


def patterns_of(module, tree):
    """Return the patterns of a module: where each stands, the pattern, and what it is used for."""
    uses = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS:
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "re" and node.args:
                if isinstance(node.args[0], ast.Constant):
                    flags = re.DOTALL if "DOTALL" in ast.unparse(node) else 0
                    where = f"{module.__name__}:{node.lineno}"
                    yield where, re.compile(node.args[0].value, flags), {node.func.attr}
            elif isinstance(owner, ast.Name):
                uses.setdefault(owner.id, set()).add(node.func.attr)
    for name, value in vars(module).items():
        if isinstance(value, re.Pattern):
            yield f"{module.__name__}.{name}", value, uses.get(name, set())


# Modules whose patterns see what the author of a program writes in a call, and nothing that comes from elsewhere
SHORT = ("qsession_core.client.budget",)
# Patterns that take linear time for a reason that their structure does not show
LINEAR = {
    r"(?<![\w.])%?([A-Za-z_](?:[\w-]*\w)?)(\[\d+\])?": "an expression has at most 1,000 letters",
    r"\|\s*where\s+(\w+)\s*=~\s*'((?:[^'\\]|\\.)*)'": "the quote that begins a second clause ends the first one",
    redaction._MEMBER.pattern: "the quote that begins another member ends the value",
    redaction._PERSON.pattern: "the quote that begins another member ends the value",
    message._SECRET.pattern: "nothing behind the value can fail",
    r"(?:\s+|//[^\n]*(?:\n|\Z)|/\*.*?\*/|\#(?!pragma)[^\n]*(?:\n|\Z))*": "nothing behind it can fail",
}

FOUND = [entry for module, tree in modules() for entry in patterns_of(module, tree)]


@pytest.mark.parametrize(("where", "pattern", "uses"), FOUND, ids=[entry[0] for entry in FOUND])
def test_a_pattern_takes_linear_time(where, pattern, uses):
    if where.startswith(SHORT) or pattern.pattern in LINEAR:
        return
    if uses - SEARCHES:
        assert not may_take_more_than_linear_time(pattern), pattern.pattern
    if uses & SEARCHES:
        assert not may_take_more_than_linear_time(pattern, is_searched=True), pattern.pattern


@pytest.mark.parametrize(
    "text",
    [r"(a+)+b", r"\s*x?\s*=", r"(?:\w+\s*)*:", r".*x.*y", r"(\w|\d)+\w+!", r"(?:a|b+)*c", r"\d+\w*;", r"[^x]*a[^y]*;"],
)
def test_patterns_that_take_the_square_of_the_text_are_found(text):
    assert may_take_more_than_linear_time(re.compile(text))


@pytest.mark.parametrize(
    "text", [r"a+b+", r"(?:ab\s+)*c", r"\w+\s*\(", r'"(?:[^"\\]|\\.)*"', r"(?s)(\w+)\s(.*)", r"x*"]
)
def test_patterns_that_take_linear_time_are_let_through(text):
    assert not may_take_more_than_linear_time(re.compile(text))
