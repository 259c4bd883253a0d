"""What tools make of our names: notebooks complete the names of targets, type checkers know one from several."""

import subprocess
import sys
from pathlib import Path

import pytest

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace
from qsession_core.errors import TargetNotFoundError
from qsession_qiskit import AzureQuantumProvider

ROOT = Path(__file__).parents[1]
TYPED = {
    "Workspace.local().get_targets()": "list[qsession_core.client.target.Target]",
    'Workspace.local().get_targets("ionq.simulator")': "qsession_core.client.target.Target",
    'Workspace.local()["ionq.simulator"]': "qsession_core.client.target.Target",
    "AzureQuantumService(Workspace.local()).targets()": "list[qsession_cirq.target.Target]",
    'AzureQuantumService(Workspace.local()).targets("ionq.simulator")': "qsession_cirq.target.Target",
    'AzureQuantumProvider(Workspace.local())["ionq.simulator"]': "qsession_qiskit.backend.AzureQuantumBackend",
}


@pytest.mark.parametrize("make", [lambda ws: ws, AzureQuantumProvider, AzureQuantumService])
def test_targets_are_found_by_a_key_that_notebooks_complete(make):
    with Workspace.local() as workspace:
        holder = make(workspace)
        names = holder._ipython_key_completions_()
        assert {"ionq.simulator", "quantinuum.qpu.h2-1"} <= set(names)
        assert holder["ionq.simulator"].name == "ionq.simulator"
        with pytest.raises(TargetNotFoundError, match=r"ionq\.simulator"):
            _ = holder["ionq.simulatr"]


@pytest.mark.slow
def test_type_checkers_know_one_from_several(tmp_path):
    lines = [
        "from qsession_cirq import AzureQuantumService",
        "from qsession_core import Workspace",
        "from qsession_qiskit import AzureQuantumProvider",
        *(f"reveal_type({text})" for text in TYPED),
    ]
    (tmp_path / "typed.py").write_text("\n".join(lines))
    command = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", tmp_path / "typed.py"]
    told = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, cwd=ROOT).stdout
    found = [line.partition('Revealed type is "')[2].rstrip('"') for line in told.splitlines() if "Revealed" in line]
    # older versions of mypy write builtins.list
    assert dict(zip(TYPED, [kind.removeprefix("builtins.") for kind in found], strict=True)) == TYPED
