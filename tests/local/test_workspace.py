"""A local workspace that runs no jobs: it looks, and changes what it is asked to change."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from qsession_core import Program, Workspace
from qsession_core.errors import WaitTimeoutError
from qsession_core.local import ManualClock
from qsession_core.local.storage.owners import is_in_use

BELL = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))], name="one")


def test_jobs_wait_until_a_workspace_that_runs_jobs_opens_the_directory(tmp_path):
    with Workspace.local(tmp_path, runs_jobs=False) as looking:
        job = looking.get_target("ionq.simulator").submit(BELL, shots=5)
        assert looking.get_job(job.id).status == "Waiting"
        with pytest.raises(WaitTimeoutError):
            job.wait_until_completed(timeout_secs=0.01)
    with Workspace.local(tmp_path, clock=ManualClock()) as running:
        assert running.get_job(job.id).result().counts == {"1": 5}


@pytest.mark.sqlite
def test_a_workspace_that_runs_no_jobs_takes_over_nothing_and_is_not_in_use(tmp_path):
    with Workspace.local(tmp_path, runs_jobs=False):
        assert not is_in_use(tmp_path)
    assert not (tmp_path / "owners").exists()
    with Workspace.local(tmp_path):
        assert is_in_use(tmp_path)
    assert not is_in_use(tmp_path)


def test_waiting_jobs_can_be_cancelled_without_running_any(tmp_path):
    with Workspace.local(tmp_path, runs_jobs=False) as looking:
        target = looking.get_target("ionq.simulator")
        first, second = target.submit(BELL, shots=5), target.submit(BELL, shots=5)
        assert first.cancel().refresh().status == "Cancelled"
        assert second.refresh().status == "Waiting"


def test_lists_load_no_numpy_and_no_formats(tmp_path):
    code = (
        "import sys\n"
        "from qsession_core import Workspace\n"
        f"with Workspace.local({str(tmp_path)!r}, runs_jobs=False) as workspace:\n"
        "    workspace.list_jobs(), workspace.list_sessions(), workspace.get_quotas()\n"
        "print(sorted({'numpy', 'requests', 'waitress', 'qsession_core.formats.qir.module'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_workspace_in_postgresql_says_that_its_address_is_not_handed_on(postgres):
    message = "in PostgreSQL cannot leave its process; open it there by its address"
    with Workspace.local(store=postgres()) as workspace, pytest.raises(TypeError, match=message):
        pickle.dumps(workspace)
