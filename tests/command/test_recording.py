"""What docs/command-line.md shows is what a terminal shows."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest

from qsession_core import Workspace
from qsession_core.client import session_details
from qsession_core.client.submitting import submission
from qsession_core.local import ManualClock
from tests.support.golden import same_as
from tests.support.known_jobs import START

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "command-line.md"
START_OF_PROGRAM = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\n'
FILES = {
    "bell.qasm": f"{START_OF_PROGRAM}h q[0];\ncx q[0], q[1];\nmeasure q -> c;\n",
    "typo.qasm": f"{START_OF_PROGRAM}hh q[0];\ncx q[0], r[1];\nmeasure q -> c;\n",
    "bell.json": '{"gateset": "qis", "qubits": 2, "circuit": [{"gate": "h", "target": 0}, '
    '{"gate": "cnot", "control": 0, "target": 1}]}',
}


@pytest.fixture
def known_ids(monkeypatch):
    """Jobs and sessions get ids in order."""

    def numbered(start: str) -> SimpleNamespace:
        numbers = iter(range(1, 1000))
        return SimpleNamespace(UUID=UUID, uuid4=lambda: f"{start}{next(numbers):02d}-0000-4000-8000-000000000000")

    monkeypatch.setattr(submission, "uuid", numbered("10b000"))
    monkeypatch.setattr(session_details, "uuid", numbered("5e5510"))


def test_the_recording_is_what_a_terminal_shows(run, tmp_path, monkeypatch, known_ids):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for name, text in FILES.items():
        Path(name).write_text(text)
    parts = DOCUMENT.read_text(encoding="utf-8").split("```")
    with Workspace.local(seed=7, clock=ManualClock(START)) as workspace:
        for place, part in enumerate(parts):
            if not part.startswith("console\n"):
                continue
            lines = ["console"]
            for line in part.splitlines():
                if line.startswith("$ "):
                    lines += [line, *_shown(line, workspace, run)]
            parts[place] = "\n".join([*lines, ""])
    assert same_as(DOCUMENT, "```".join(parts))


def _shown(line: str, workspace: Workspace, run) -> list[str]:
    """Return what a terminal shows after a command."""
    word, *arguments = shlex.split(line.removeprefix("$ "))
    if word == "cat":
        return Path(arguments[0]).read_text().splitlines()
    ended = run(*arguments, workspace=workspace)
    workspace.service.settle()
    workspace.clock.advance(60)
    return [*ended.out.splitlines(), *ended.err.splitlines()]
