"""Typed values out of JSON, also by threads that meet a type for the first time together."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from qsession_core.decoding import read_json, typed

ROOT = Path(__file__).resolve().parents[1]

# Eight threads decode types that nobody has decoded before; each has fields that are types of their own
RACE = """
import sys, threading, types
from qsession_core.decoding import read_json, typed
sys.setswitchinterval(1e-6)
for number in range(60):
    module = sys.modules[f"m{number}"] = types.ModuleType(f"m{number}")
    part = "class C{}(msgspec.Struct):\\n    x: 'int | None' = None\\n    y: 'list[str]' = []\\n"
    parts = "".join(map(part.format, range(6)))
    whole = "class B(msgspec.Struct):\\n" + "".join(f"    c{n}: 'C{n} | None' = None\\n" for n in range(6))
    exec("import msgspec\\n" + parts + whole, module.__dict__)
    text = "{" + ", ".join(f'"c{n}": {{"x": {n}}}' for n in reversed(range(6))) + "}"
    together = threading.Barrier(8)
    seen = []
    def look(which):
        together.wait()
        found = read_json(text, module.B) if which % 2 else typed({f"c{n}": {"x": n} for n in range(6)}, module.B)
        seen.append([getattr(found, f"c{n}").x for n in range(6)])
    threads = [threading.Thread(target=look, args=(which,)) for which in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert seen == [[0, 1, 2, 3, 4, 5]] * 8, seen
print("done")
"""


class Pair(msgspec.Struct):
    one: int
    two: str = ""


def test_threads_that_meet_a_type_for_the_first_time_together_do_not_end_the_process():
    ran = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.strip(), ran.stderr[-500:]) == (0, "done", "")


@pytest.mark.parametrize("raw", [b'{"one": 1}', '{"one": 1}', bytearray(b'{"one": 1}'), msgspec.Raw(b'{"one": 1}')])
def test_a_value_has_the_type_that_was_asked_for(raw):
    assert read_json(raw, Pair) == typed({"one": 1}, Pair) == Pair(1)
    assert read_json(raw, dict[str, int]) == {"one": 1}


def test_what_is_of_another_type_is_an_error_of_msgspecs():
    with pytest.raises(msgspec.ValidationError, match="one"):
        read_json(b"{}", Pair)
    with pytest.raises(msgspec.ValidationError, match="two"):
        typed({"one": 1, "two": 2}, Pair)
    with pytest.raises(msgspec.DecodeError):
        read_json(b"{", Pair)


def _calls():
    """Yield each call of msgspec's in our packages that looks at a type, with its place."""
    for package in ("qsession_core", "qsession_qiskit", "qsession_cirq"):
        for file in (ROOT / package).rglob("*.py"):
            if file.name == "decoding.py":
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                has_type = isinstance(node, ast.Call) and any(each.arg == "type" for each in node.keywords)
                if name.endswith((".Decoder", "msgspec.convert")) or (name.startswith("msgspec.") and has_type):
                    yield f"{file.relative_to(ROOT)}:{node.lineno}"


def test_no_other_module_decodes_into_a_type():
    assert list(_calls()) == []
