"""Runs of commands, and what they said."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qsession_core.intercept.run import RunOptions, run

PROGRAMS = Path(__file__).parent / "programs"


@dataclass
class Runner:
    """Runs commands in the tests' environment, without what names a workspace there.

    Attributes:
        capture: Of pytest.
        said: The lines that the last run said at its end.
    """

    capture: pytest.CaptureFixture
    said: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    def __call__(self, *command: str, **options) -> int:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "QSESSION_"))}
        environment = {**inherited, "QDK_PYTHON_TELEMETRY": "none", **self.variables}
        self.said.clear()
        self.capture.readouterr()
        return run(command, RunOptions(environment=environment, tell=self.said.append, **options))

    def python(self, text: str, **options) -> int:
        """Run a Python program that is given as text."""
        return self(sys.executable, "-c", text, **options)

    def program(self, name: str, **options) -> int:
        """Run one of the programs beside the tests."""
        interpreter = "sh" if name.endswith(".sh") else sys.executable
        return self(interpreter, str(PROGRAMS / name), **options)

    def output(self) -> str:
        """Return what the command has written since this was asked last."""
        return self.capture.readouterr().out


@pytest.fixture
def runner(capfd) -> Runner:
    return Runner(capfd)
