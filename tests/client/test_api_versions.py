"""What the client does with later api-versions: queue positions, resuming, and what the service says of a job."""

from __future__ import annotations

import json
import re

import pytest

from qsession_core import Workspace, errors
from qsession_core.client.service.models import job_details
from qsession_qiskit import AzureQuantumProvider

DRAFT = "2026-08-01-preview"


@pytest.fixture
def draft():
    with Workspace.local(seed=3, api_version=DRAFT) as workspace:
        yield workspace


def test_a_job_tells_its_place_in_the_queue(draft, bell):
    target = draft.get_target("ionq.simulator")
    draft.service.dispatcher.paused = True
    jobs = [target.submit(bell, shots=10) for _ in range(3)]
    assert [job.queue_position() for job in jobs] == [1, 2, 3]
    assert AzureQuantumProvider(draft).get_job(jobs[2].id).queue_position() == 3
    draft.service.dispatcher.paused = False
    draft.service.settle()
    assert jobs[0].wait_until_completed().queue_position() is None


def test_a_cancelled_job_is_resumed_and_has_a_result(draft, bell):
    draft.service.dispatcher.paused = True
    job = draft.get_target("ionq.simulator").submit(bell, shots=10).cancel()
    with pytest.raises(errors.JobCancelledError):
        job.result()
    draft.service.dispatcher.paused = False
    assert job.resume().result().counts == {"00": 5, "11": 5}
    assert (job.details.resume_count, job.details.shots_succeeded, job.shots) == (1, 10, 10)
    with pytest.raises(errors.ConflictError, match="only a job that has failed"):
        job.resume()


def test_an_older_api_version_is_named_before_anything_is_sent(workspace, target, bell, recorder):
    job = target.submit(bell, shots=10)
    sent = len(recorder.requests)
    for call in (job.queue_position, job.resume):
        with pytest.raises(errors.ConfigurationError, match=f"{DRAFT}; this workspace uses 2026-01-15-preview"):
            call()
    assert len(recorder.requests) == sent
    assert AzureQuantumProvider(workspace).get_job(job.id).queue_position() is None


def test_everything_that_an_error_says_is_kept():
    error = {
        "code": "A", "message": "a", "target": "inputData",
        "details": [{"code": "B", "message": "b", "details": [{"code": "C", "message": "c"}]}],
        "innererror": {"code": "D", "innererror": {"code": "E"}},
    }  # fmt: skip
    found = job_details(json.dumps({"id": "j", "errorData": error}).encode()).error_data
    assert (found.target, found.details[0].code, found.details[0].details[0].message) == ("inputData", "B", "c")
    assert found.innererror == error["innererror"]


def test_who_made_a_job_and_what_it_used_are_kept(target, bell):
    details = target.submit(bell, shots=10).wait_until_completed().details
    assert (details.created_by, details.created_by_type) == ("local", "Key")
    assert details.last_updated_time == details.last_modified_time
    assert set(details.usage) == {"standardMinutes"}


def test_a_job_of_several_items_has_several_results(workspace, bell):
    target = workspace.get_target("quantinuum.sim.h2-1e")
    payload = target.encode(bell, shots=4)
    name = re.search(r"define \w+ @(\w+)\(", payload.data.decode())[1]
    items = {"items": [{"entryPoint": name, "arguments": []}] * 2}
    for output in ("microsoft.quantum-results.v2", "microsoft.quantum-results.v1"):
        job = target.submit(payload, input_params=items, output_data_format=output)
        assert [result.shots for result in job.results()] == [4, 4]


def test_encoded_ionq_circuits_have_keys_as_wide_as_the_circuit(target):
    for place, key in enumerate(("100", "010", "001")):
        data = {"qubits": 3, "circuit": [{"gate": "x", "target": place}]}
        assert target.submit(data, shots=4).result().counts == {key: 4}
    broken = target.submit(b'{"circuit": [', shots=4, input_data_format="ionq.circuit.v1")
    assert broken.wait_until_completed().status == "Failed"


def test_the_older_word_for_shots_holds(workspace):
    quil = "DECLARE ro BIT[1]\nH 0\nMEASURE 0 ro[0]\n"
    target = workspace.get_target("rigetti.sim.qvm")
    job = target.submit(quil, input_params={"count": 5})
    assert (job.shots, job.result().shots) == (5, 5)
    with pytest.raises(errors.ConversionError, match="Give them once"):
        target.submit(quil, shots=6, input_params={"count": 5})
    with target.open_session(max_shots=6):
        target.submit(quil, input_params={"count": 5})


def test_counts_of_a_job_whose_shots_are_no_number_are_an_error(workspace, target, bell, recorder):
    payload = target.encode(bell)
    job = target.submit(payload)
    job.wait_until_completed()
    silent = json.loads(job._raw)
    silent["inputParams"]["shots"] = "some"
    job.update_state(json.dumps(silent).encode())
    result = job.result()
    assert result.probabilities == {"00": 0.5, "11": 0.5}
    for read in (lambda: result.counts, result.memory, lambda: result.raw_counts):
        with pytest.raises(errors.ResultFormatError, match=r"result\.probabilities"):
            read()
    assert result == result  # noqa: PLR0124 - it compares without counts
