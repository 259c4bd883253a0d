"""The marker ``qsession_bundle``: tests of users, run by pytest in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

TEST = """
import os
import pytest
from azure.quantum import Workspace

@pytest.mark.qsession_bundle("bundles/job.zip")
def test_a_job():
    workspace = Workspace.from_connection_string(os.environ["AZURE_QUANTUM_CONNECTION_STRING"])
    program = {"qubits": 1, "circuit": [{"gate": "x", "target": 0}]}
    job = workspace.get_targets("ionq.simulator").submit(program, name="x", shots=SHOTS)
    assert job.get_results() == {"histogram": {"1": 1.0}}

def test_without_a_bundle():
    assert "HTTPS_PROXY" not in os.environ or "qsession" not in os.environ.get("AZURE_CLIENT_SECRET", "")
"""


def run(folder, *words: str, around: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "PYTEST_"))}
    command = [
        *around,
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(folder / "test_it.py"),
        *words,
    ]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_marked_test_is_recorded_once_and_replayed_ever_after(tmp_path):
    (tmp_path / "bundles").mkdir()
    (tmp_path / "test_it.py").write_text(TEST.replace("SHOTS", "100"))
    missing = run(tmp_path)
    assert "There is no bundle" in missing.stdout
    assert "1 passed, 1 error" in missing.stdout

    azure = (sys.executable, "-m", "qsession_core", "run", "--")
    recorded = run(tmp_path, "--qsession-record", around=azure)
    assert "2 passed" in recorded.stdout
    assert [path.name for path in (tmp_path / "bundles").iterdir()] == ["job.zip"]

    assert "2 passed" in run(tmp_path).stdout

    (tmp_path / "test_it.py").write_text(TEST.replace("SHOTS", "200"))
    changed = run(tmp_path)
    assert "body.inputParams.shots is '200' here and '100' there" in changed.stdout
