"""Errors that ``except`` clauses for Qiskit's providers catch, with the facts of ours."""

from __future__ import annotations

import pickle

import pytest
from qiskit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.providers import JobError, JobTimeoutError, QiskitBackendNotFoundError

from qsession_core import Workspace, errors
from qsession_core.local import Fault, Faults
from qsession_qiskit import AzureQuantumProvider, SamplerV2
from qsession_qiskit.errors import as_qiskits


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def provider(faults):
    with Workspace.local(seed=3, faults=faults) as workspace:
        yield AzureQuantumProvider(workspace)


def measured():
    circuit = QuantumCircuit(1, name="one")
    circuit.measure_all()
    return circuit


def test_a_backend_that_is_not_there_is_qiskits_error_and_ours(provider):
    with pytest.raises(QiskitBackendNotFoundError) as caught:
        provider.get_backend("ionq.simulatr")
    assert isinstance(caught.value, errors.TargetNotFoundError)
    assert isinstance(caught.value, QiskitError)
    assert "ionq.simulator" in caught.value.close_matches
    assert "Did you mean 'ionq.simulator'" in str(caught.value)
    copied = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert (type(copied), copied.name, str(copied)) == (type(caught.value), "ionq.simulatr", str(caught.value))


@pytest.mark.parametrize("run", ["backend", "primitive"])
def test_a_failed_job_is_qiskits_error_ours_and_a_runtime_error(provider, faults, run):
    faults.add(Fault("fail_job", message="the trap is cold"))
    backend = provider.get_backend("ionq.simulator")
    job = backend.run(measured()) if run == "backend" else SamplerV2(backend).run([measured()])
    for kind in (JobError, errors.JobFailedError, RuntimeError, QiskitError):
        with pytest.raises(kind, match="the trap is cold"):
            job.result()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.JobCancelledError("gone", job_id="7"), JobError),
        (errors.ResultMissingError("lost", job_id="7"), JobError),
        (errors.WaitTimeoutError("late", job_id="7"), JobTimeoutError),
    ],
)
def test_other_ends_of_a_job_are_qiskits_errors_too(error, kind):
    error.add_note("a note")
    found = as_qiskits(error)
    assert isinstance(found, kind)
    assert isinstance(found, type(error))
    assert (str(found), found.job_id, found.__notes__) == (str(error), "7", ["a note"])


def test_an_error_without_a_word_of_qiskits_stays_as_it_is():
    error = errors.BudgetExceededError("enough", what="jobs", asked=2, limit=1)
    assert as_qiskits(error) is error
