"""The QIR Alliance's runner as a judge: LLVM's own parser and compiler, and a simulator that is not ours.

It ends its process over many a wrong program, so it has one of its own.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_WORKER = """
import json, sys
import qirrunner
for line in sys.stdin:
    path, shots, entry_point = json.loads(line)
    lines = []
    try:
        qirrunner.run(path, entry_point or None, shots, 5, lambda text: lines.append(str(text)))
        answer = ["ran", "".join(lines)]
    except Exception as error:
        answer = ["refused", str(error)]
    sys.stdout.write("answer " + json.dumps(answer) + "\\n")
    sys.stdout.flush()
"""
_PATIENCE_SECONDS = 20


class Runner:
    """Runs programs, one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def shots(self, payload: bytes, shots: int, entry_point: str = "") -> Counter[tuple[Any, ...]] | None:
        """Return how often each tuple of recorded values came; None if the program is refused or does not end."""
        path = self._folder / ("program.bc" if payload.startswith(b"BC") else "program.ll")
        path.write_bytes(payload)
        kind, text = self._answer(json.dumps([str(path), shots, entry_point]))
        if kind != "ran":
            return None
        return Counter(tuple(_values(shot)) for shot in text.split("START\n")[1:])

    def _answer(self, question: str) -> tuple[str, str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _WORKER],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1,
            )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        while select.select([self._process.stdout], [], [], _PATIENCE_SECONDS)[0]:
            line = self._process.stdout.readline()
            if line.startswith("answer "):
                kind, text = json.loads(line.removeprefix("answer "))
                return kind, text
            if not line:
                break
        self.close()
        return "broke off", ""

    def close(self) -> None:
        """End its process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _values(shot: str) -> list[Any]:
    """Return the recorded values of one shot; arrays and tuples are what they hold."""
    read = {"RESULT": int, "BOOL": lambda text: int(text == "true"), "INT": int, "DOUBLE": float}
    records = [line.split("\t") for line in shot.splitlines() if line.startswith("OUTPUT\t")]
    return [read[record[1]](record[2]) for record in records if record[1] in read]
