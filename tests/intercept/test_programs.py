"""Programs for Azure Quantum, run offline with not one line changed."""

from __future__ import annotations

import ast
import shutil

import pytest

JOBS = "['Job 1', 'Job 2', 'Job 3']"
ARTICLE = "qsession: article: 1 session, 3 jobs, 300 shots"


def lines(text: str) -> list[str]:
    """Return the lines of a program's output without the dots that the official client prints while it waits."""
    return [line.lstrip(".") for line in text.splitlines() if line.strip(".")]


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("qiskit_session.py", "{'00': 50, '11': 50}"),
        ("cirq_session.py", "[(0, 0.5), (3, 0.5)]"),
        ("qsharp_session.py", "[('0', 0.5), ('1', 0.5)]"),
    ],
)
@pytest.mark.slow
def test_the_examples_of_the_article_run_with_the_official_packages(runner, name, printed):
    assert runner.program(name, seed=1) == 0
    assert lines(runner.output()) == [JOBS, printed]
    assert runner.said == [ARTICLE]


def test_a_program_signs_in_by_the_default_credential(runner):
    assert runner.program("default_credential.py", seed=1) == 0
    assert lines(runner.output()) == [
        "eastus ['ionq.qpu.aria-1', 'ionq.qpu.forte-1', 'ionq.qpu.forte-enterprise-1', 'ionq.simulator']",
        "{'histogram': {'1': 1.0}}",
    ]
    assert runner.said == ["qsession: article: 0 sessions, 1 job, 100 shots"]


def test_a_connection_string_in_the_program_is_taken(runner):
    assert runner.program("connection_string.py") == 0
    assert lines(runner.output()) == ["{'histogram': {'1': 1.0}}"]
    assert runner.said == ["qsession: by-key: 0 sessions, 1 job, 100 shots"]


@pytest.mark.slow
def test_the_quickstart_of_pytket_runs_and_its_price_is_told(runner):
    assert runner.program("pytket_quickstart.py", seed=1) == 0
    (shown,) = lines(runner.output())
    assert {(0, 0), (1, 1)} <= set(ast.literal_eval(shown))  # and what the emulator's noise makes of them
    assert runner.said == [
        "qsession: local-workspace: 0 sessions, 1 job, 100 shots; would have cost 5.72 eHQC"
    ]  # fmt: skip


@pytest.mark.slow
def test_a_sequence_of_pulses_runs_on_pasqals_emulator(runner):
    assert runner.program("pulser_sequence.py", seed=1) == 0
    assert lines(runner.output()) == ["100"]
    assert runner.said == ["qsession: article: 0 sessions, 1 job, 100 shots; 1 job without a price"]


def test_our_own_client_finds_the_workspace_of_the_run(runner):
    assert runner.program("own_client.py") == 0
    assert lines(runner.output()) == ["{'1': 100}"]


def test_a_shell_script_makes_its_calls_by_curl(runner):
    assert shutil.which("curl"), "this test needs curl"
    assert runner.program("jobs.sh") == 0
    assert lines(runner.output()) == ['{"histogram":{"1":1.0}}']
    assert runner.said == ["qsession: by-curl: 0 sessions, 1 job, 100 shots"]


def test_a_workspace_that_the_environment_names_keeps_its_names_and_loses_its_key(runner):
    runner.variables["AZURE_QUANTUM_CONNECTION_STRING"] = (
        "SubscriptionId=5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40;ResourceGroupName=ours;WorkspaceName=paid;"
        "ApiKey=the-real-key;QuantumEndpoint=https://uksouth.quantum.azure.com/;"
    )
    assert runner.python("import os; print(os.environ['AZURE_QUANTUM_CONNECTION_STRING'])") == 0
    shown = runner.output()
    assert "ResourceGroupName=ours;WorkspaceName=paid;" in shown
    assert "QuantumEndpoint=https://uksouth.quantum.azure.com/;" in shown
    assert "the-real-key" not in shown


def test_a_directory_keeps_the_workspaces_of_a_run(runner, tmp_path):
    assert runner.program("own_client.py", directory=tmp_path) == 0
    listing = "from qsession_core import Workspace\nprint(len(Workspace().list_jobs()))"
    assert runner.python(listing, directory=tmp_path) == 0
    assert runner.output() == "1\n"


def test_failures_on_request_reach_the_program(runner, tmp_path):
    faults = tmp_path / "faults.toml"
    faults.write_text('[[fault]]\nkind = "fail_job"\nmessage = "made to fail"\n')
    assert runner.program("own_client.py", faults=faults) == 1
    assert runner.said == ["qsession: local-workspace: 0 sessions, 1 job (1 Failed), 0 shots"]
