"""The wheel and the source distribution: built, checked, and used in an environment that has nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from qsession_core import __version__

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
UV = str(Path(sys.executable).with_name("uv"))
PROGRAM = """
from qsession_core import Workspace
with Workspace.local(seed=7) as workspace:
    target = workspace.get_target("ionq.simulator")
    with target.open_session() as session:
        job = target.submit('{"qubits": 1, "circuit": [{"gate": "x", "target": 0}]}', shots=5)
        print(job.result().counts, job.details.session_id == session.id)
"""


def ran(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of what was built."""
    folder = tmp_path_factory.mktemp("built")
    ran(UV, "build", "--quiet", "--python", sys.executable, "--out-dir", folder, ROOT)
    return folder


def test_what_is_built_passes_the_checks_of_the_index(built):
    files = sorted(built.glob("qsession-*"))
    assert [path.name for path in files] == [
        f"qsession-{__version__}-py3-none-any.whl",
        f"qsession-{__version__}.tar.gz",
    ]
    ran(sys.executable, "-m", "twine", "check", "--strict", *files)


def test_the_wheel_has_all_files_of_the_packages_and_no_others(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    tracked = ran(
        "git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "qsession_core", "qsession_qiskit", "qsession_cirq"
    ).split()
    assert packed == set(tracked)


def test_the_wheel_runs_in_an_empty_environment(built, tmp_path):
    ran(UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "empty")
    python = tmp_path / "empty" / "bin" / "python"
    constraints = ROOT / "locks" / "dev.txt"
    wheel = next(built.glob("*.whl"))
    ran(UV, "pip", "install", "--quiet", "--python", python, "--constraint", constraints, wheel)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "QSESSION_"))}
    assert ran(python, "-c", PROGRAM, cwd=tmp_path, env=clean) == "{'1': 5} True\n"
    assert ran(python.with_name("qsession"), "--version", cwd=tmp_path, env=clean) == f"qsession {__version__}\n"
    refused = subprocess.run(
        [python.with_name("qsession"), "serve"], capture_output=True, text=True, check=False, cwd=tmp_path, env=clean
    )
    assert (refused.returncode, 'pip install "qsession[serve]"' in refused.stderr) == (2, True)
