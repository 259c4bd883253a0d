"""Programs that were recorded, in front of what was recorded.

The real service is played by a second run around the recording one: it answers for the hosts of Azure, with
certificates that the recording run trusts by its environment, as it would trust a company's proxy.
"""

from __future__ import annotations

import sys

import pytest

from qsession_core.bundles.bundle import read_bundle
from qsession_core.bundles.redaction import leaks
from qsession_core.errors import ConfigurationError
from tests.intercept.conftest import PROGRAMS


@pytest.fixture
def record(runner, tmp_path):
    def recorded(name: str, *options: str):
        path = tmp_path / f"{name}.zip"
        interpreter = "sh" if name.endswith(".sh") else sys.executable
        words = ["-m", "qsession_core", "run", "--record", str(path), *options, "--", interpreter, str(PROGRAMS / name)]
        assert runner(sys.executable, *words, seed=1) == 0
        return path

    return recorded


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("qiskit_session.py", marks=pytest.mark.slow),
        pytest.param("cirq_session.py", marks=pytest.mark.slow),
        pytest.param("qsharp_session.py", marks=pytest.mark.slow),
        pytest.param("pytket_quickstart.py", marks=pytest.mark.slow),
        "default_credential.py",
        "own_client.py",
        "jobs.sh",
    ],
)
def test_a_program_that_was_recorded_says_the_same_when_it_is_replayed(runner, record, name):
    path = record(name)
    recorded = runner.output().splitlines()[-2:]
    runner.said.clear()
    assert runner.program(name, replay=path) == 0
    assert [line.lstrip(".") for line in runner.output().splitlines()[-2:]] == [line.lstrip(".") for line in recorded]
    assert runner.said == []


def test_nothing_that_signs_in_is_in_the_bundle(record):
    path = record("default_credential.py")
    bundle = read_bundle(path)
    assert bundle.exchanges
    assert not any("login" in one.request.url for one in bundle.exchanges)
    assert [leak for one in bundle.exchanges for leak in leaks(one)] == []
    assert b"eyJ" not in b"".join(one.request.body + one.response.body for one in bundle.exchanges)


def test_a_call_that_was_not_recorded_is_told_to_the_program_and_at_the_end(runner, record):
    path = record("own_client.py")
    assert runner.python("from qsession_core import Workspace\nWorkspace().get_quotas()", replay=path) == 1
    (said,) = runner.said
    assert said.startswith("qsession: GET https://eastus.quantum.azure.com/")
    assert "was not recorded. The nearest that was is no. 1, GET /providerStatus" in said


def test_the_bundle_of_a_program_that_fails_is_written_too(runner, tmp_path):
    path = tmp_path / "b.zip"
    program = "from qsession_core import Workspace\nWorkspace().get_targets()\nraise SystemExit(5)"
    assert runner(
        sys.executable, "-m", "qsession_core", "run", "--record", str(path), "--", sys.executable, "-c", program
    ) == 5  # fmt: skip
    assert len(read_bundle(path).exchanges) == 1


def test_options_that_exclude_each_other_are_told_before_anything_starts(runner, tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        runner("true", record=tmp_path / "a", replay=tmp_path / "b", seed=1)
    for part in ("exclude each other", "--seed"):
        assert part in str(caught.value)
    with pytest.raises(ConfigurationError, match="There is no bundle"):
        runner("true", replay=tmp_path / "none.zip")
