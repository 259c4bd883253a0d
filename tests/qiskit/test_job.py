import json
import pickle
from datetime import datetime

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.exceptions import QiskitError
from qiskit.providers import JobStatus

from qsession_core import Workspace
from qsession_core.errors import JobCancelledError, JobFailedError, NotFoundError, TargetNotFoundError, WaitTimeoutError
from qsession_core.local import Fault, Faults, LocalTarget, ManualClock
from qsession_core.results.result import Register, Result
from qsession_qiskit import AzureQuantumProvider
from qsession_qiskit.result import AzureQuantumResult, experiment

IONQ = "ionq.simulator"


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def workspace(faults):
    with Workspace.local(seed=5, faults=faults) as workspace:
        yield workspace


@pytest.fixture
def backend(workspace):
    return AzureQuantumProvider(workspace).get_backend(IONQ)


def bell(name="bell", **metadata):
    circuit = QuantumCircuit(2, 2, name=name, metadata=metadata)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


# --- states ----------------------------------------------------------------------------------------------------


def test_a_finished_job_is_done(backend):
    job = backend.run(bell())
    job.wait_for_final_state(timeout=60)
    assert (job.status(), job.done(), job.in_final_state(), job.error_message()) == (JobStatus.DONE, True, True, None)


def test_the_callback_hears_of_every_circuit(backend):
    heard = []
    job = backend.run([bell(), bell(), bell()])
    job.wait_for_final_state(callback=lambda job_id, status, job: heard.append((job_id, job)))
    assert heard == [(job.job_id(), job)] * 3


def test_an_unknown_state_counts_as_running(backend, faults):
    job = backend.run(bell())
    job.wait_for_final_state()
    faults.add(Fault("unknown_status", route="GET jobs/*", count=1))
    again = AzureQuantumProvider(backend.azure_target.workspace).get_job(job.job_id())
    assert again._known_status() is JobStatus.RUNNING
    assert again.status() is JobStatus.DONE
    assert again.result().get_counts() == job.result().get_counts()


def test_a_job_waits_and_is_cancelled():
    clock = ManualClock()
    slow = LocalTarget("acme.sim.slow", num_qubits=4, queue_seconds=100)
    with Workspace.local(seed=5, clock=clock, targets=[slow]) as workspace:
        job = AzureQuantumProvider(workspace).get_backend(slow.id).run(bell())
        assert job.status() is JobStatus.QUEUED
        with pytest.raises(WaitTimeoutError):
            job.result(timeout=1)
        assert job.cancel()
        assert job.status() is JobStatus.CANCELLED
        assert not job.cancel()
        with pytest.raises(JobCancelledError):
            job.result()


def test_a_failed_job_says_why(backend, faults):
    faults.add(Fault("fail_job", count=1, code="Cold", message="the trap is cold"))
    job = backend.run(bell())
    with pytest.raises(JobFailedError, match="the trap is cold"):
        job.result()
    assert job.status() is JobStatus.ERROR
    assert "the trap is cold" in job.error_message()


def test_of_a_list_the_good_results_are_kept_and_the_failures_told(backend, faults):
    faults.add(Fault("fail_job", name="second", message="the trap is cold"))
    job = backend.run([bell("first"), bell("second"), bell("third")], shots=4)
    result = job.result()
    assert not result.success
    assert result.get_counts("first") == result.get_counts(2) == {"00": 2, "11": 2}
    with pytest.raises(QiskitError, match="the trap is cold"):
        result.get_counts(1)
    assert job.status() is JobStatus.ERROR


def test_one_that_could_not_be_sent_keeps_its_place(backend, faults):
    faults.add(Fault("server_error", route="PUT jobs/*", status=400, code="Refused", count=1))
    backend.azure_target.workspace.parallelism = 1
    job = backend.run([bell("first"), bell("second")], shots=4)
    assert [each.success for each in job.result().results] == [False, True]
    assert job.status() is JobStatus.ERROR


# --- what is known of a job ------------------------------------------------------------------------------------


def test_times_and_names_come_from_the_service(backend):
    job = backend.run(bell(), job_name="Job 1")
    result = job.result()
    assert (job.name(), job.id()) == ("Job 1", job.job_id())
    assert isinstance(job.creation_date(), datetime)
    assert list(job.time_per_step()) == ["CREATED", "RUNNING", "COMPLETED"]
    assert result.date == job.time_per_step()["COMPLETED"]
    assert (result.job_id, result.backend_name, result.success) == (job.job_id(), IONQ, True)


def test_the_header_has_what_the_circuit_was(backend):
    header = backend.run(bell(run=np.int64(7), amplitude=1j, theta=Parameter("t"))).result().results[0].header
    assert header["metadata"] == {"run": 7, "amplitude": 1j, "theta": "t"}
    assert (header["name"], header["n_qubits"], header["memory_slots"]) == ("bell", 2, 2)
    assert header.creg_sizes == [["c", 2]]


def test_metadata_carries_the_official_clients_keys(backend):
    metadata = backend.run(bell(run=7), metadata={"lab": "3", "grid": np.arange(2)}).details.metadata
    assert metadata["grid"] == "[0,1]"
    assert metadata["qiskit"] == "True"
    assert json.loads(metadata["metadata"]) == {"run": 7}
    assert (metadata["name"], metadata["num_qubits"], metadata["lab"]) == ("bell", "2", "3")


def test_a_job_of_any_process_is_read_by_its_id(backend, workspace):
    job = backend.run([bell("a"), bell("b")], shots=6)
    counts = job.result().get_counts()
    again = AzureQuantumProvider(workspace).get_job(job.job_id())
    assert again.result().get_counts() == counts
    assert [each.header for each in again.result().results] == [each.header for each in job.result().results]
    assert again.backend().name == IONQ
    assert backend.retrieve_job(job.job_id()).backend() is backend


def test_an_unknown_job_is_told(workspace):
    with pytest.raises(NotFoundError):
        AzureQuantumProvider(workspace).get_job("00000000-0000-0000-0000-000000000000")


def test_a_job_is_read_when_its_target_is_gone(tmp_path):
    with Workspace.local(tmp_path, targets=[LocalTarget("acme.sim.old", num_qubits=4)]) as workspace:
        job = AzureQuantumProvider(workspace).get_backend("acme.sim.old").run(bell(), shots=10)
        counts = job.result().get_counts()
    with Workspace.local(tmp_path) as workspace:
        again = AzureQuantumProvider(workspace).get_job(job.job_id())
        assert again.result().get_counts() == counts
        with pytest.raises(TargetNotFoundError):
            again.backend()


def test_a_job_that_no_front_end_has_sent_is_read(workspace):
    target = workspace.get_target(IONQ)
    circuit = {"qubits": 2, "circuit": [{"gate": "x", "target": 1}]}
    job = target.submit(circuit, name="raw", shots=10)
    result = AzureQuantumProvider(workspace).get_job(job.id).result()
    assert result.get_counts() == {"10": 10}
    assert result.results[0].header["name"] == "raw"


def test_results_are_fetched_once(backend, workspace, monkeypatch):
    job = backend.run(bell())
    job.result()
    monkeypatch.setattr(workspace.parts.calls.blobs, "download", None)
    assert job.result().get_counts()


def test_jobs_backends_and_results_go_to_another_process(tmp_path):
    with Workspace.local(tmp_path, seed=5) as workspace:
        backend = AzureQuantumProvider(workspace).get_backend(IONQ)
        job = backend.run([bell(), bell()], shots=6)
        result = job.result()
        for one in (job, backend, result):
            twin = pickle.loads(pickle.dumps(one))  # noqa: S301 - our own bytes
            assert repr(twin) == repr(one)
        assert pickle.loads(pickle.dumps(job)).result().get_counts() == result.get_counts()  # noqa: S301
        assert pickle.loads(pickle.dumps(result)).get_memory(1) == result.get_memory(1)  # noqa: S301


# --- from the core's result ------------------------------------------------------------------------------------


def result_of(outcome, **metadata):
    return AzureQuantumResult(
        backend_name="t",
        backend_version=None,
        qobj_id=None,
        job_id="j",
        success=True,
        results=[experiment(outcome, metadata)],
    )


def test_the_last_bit_and_the_last_register_come_first():
    registers = (Register("a", (0, 1)), Register("b", (2,)), Register("c", (3, 4, 5)))
    result = result_of(Result.from_memory(["100110", "100110", "010001"], registers=registers))
    assert result.get_counts() == {"011 0 01": 2, "100 0 10": 1}
    assert result.get_memory() == ["011 0 01", "011 0 01", "100 0 10"]


@pytest.mark.parametrize(
    "registers",
    [(), (Register("a", (0,)),), (Register("a", (0, 1)), Register("b", (1, 2))), (Register("a", (2, 1, 0)),)],
)
def test_keys_have_no_spaces_where_registers_do_not_tile_the_bits(registers):
    result = result_of(Result.from_memory(["100"], registers=registers))
    assert result.get_counts() == {"001": 1}
    assert "creg_sizes" not in result.results[0].header


def test_lost_shots_are_kept_apart():
    result = result_of(Result.from_memory(["10", "-1", "10"]))
    data = result.data()
    assert result.get_counts() == {"01": 2}
    assert data["raw_counts"] == {"01": 2, "1-": 1}
    assert data["raw_memory"] == ["01", "1-", "01"]
    assert (result.results[0].lost_shots, result.results[0].shots) == (1, 2)


def test_outcomes_that_are_no_bits_keep_their_text():
    result = result_of(Result(0, texts=["[3]", "[4]", "[3]"]))
    assert result.get_counts() == {"[3]": 2, "[4]": 1}
    assert result.get_memory() == ["[3]", "[4]", "[3]"]


def test_wide_keys_are_formatted_as_qiskit_formats_them():
    rng = np.random.default_rng(1)
    memory = ["".join(map(str, row)) for row in rng.integers(0, 2, (50, 98))]
    registers = (Register("a", tuple(range(60))), Register("b", tuple(range(60, 98))))
    result = result_of(Result.from_memory(memory, registers=registers))
    slow = super(AzureQuantumResult, result)
    assert result.get_counts() == slow.get_counts()
    assert result.get_memory() == slow.get_memory()


def test_a_result_survives_its_dict(backend):
    result = backend.run(bell(), shots=4).result()
    again = AzureQuantumResult.from_dict(result.to_dict())
    assert again.get_counts() == result.get_counts()
    assert again.get_memory() == result.get_memory()
