"""Jobs of other clients without shots, with odd ones, or without a width: what they hold is told, marked as assumed."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace, errors
from qsession_core.formats import JobFacts, decode
from qsession_qiskit import AzureQuantumProvider

BELL = {"qubits": 2, "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]}


@pytest.fixture(scope="module")
def local():
    with Workspace.local(seed=5) as workspace:
        yield workspace


def _sent(workspace, body, *, program=BELL, target="ionq.simulator"):
    """Send a job as a client would that knows less: without metadata, with these inputParams."""
    import uuid

    job_id = str(uuid.uuid4())
    container = workspace.parts.calls.blobs.container(job_id)
    uri = workspace.parts.calls.blobs.upload(container, "inputData", json.dumps(program).encode(), "application/json")
    workspace.parts.calls.create_job(
        job_id,
        {"itemType": "Job", "name": "other", "providerId": target.split(".")[0], "target": target,
         "inputDataFormat": "ionq.circuit.v1", "outputDataFormat": "ionq.quantum-results.v1", "containerUri": container,
         "inputDataUri": uri, **body},
    )  # fmt: skip
    return workspace.get_job(job_id)


@pytest.mark.parametrize(
    ("params", "shots"),
    [
        ({}, 500),
        ({"shots": None}, 500),
        ({"noise": {"model": "aria-1"}}, 1000),
        ({"noise": {"model": "aria-1"}, "count": None}, 1000),
    ],
    ids=str,
)
def test_counts_are_of_the_providers_default_and_say_so(local, caplog, params, shots):
    job = _sent(local, {"inputParams": params})
    with caplog.at_level(logging.WARNING, "qsession"):
        result = job.result()
    assert (result.shots, sum(result.counts.values())) == (shots, shots)
    assert result.shots_are_assumed
    assert "(assumed)" in repr(result)
    assert sum(result.probabilities.values()) == pytest.approx(1)
    assert f"of the {shots} that its provider runs" in caplog.text
    experiment = AzureQuantumProvider(local).get_job(job.id).result().results[0]
    assert (experiment.shots, experiment.shots_are_assumed) == (shots, True)
    records = AzureQuantumService(local).get_job(job.id).results().records
    assert len(next(iter(records.values()))) == shots


@pytest.mark.parametrize("params", [{"shots": 7}, {"count": 7}, {"shots": "7"}, {"shots": None, "count": 7}], ids=str)
def test_shots_by_any_word_are_not_assumed(local, params):
    result = _sent(local, {"inputParams": params}).result()
    assert (result.shots, result.shots_are_assumed) == (7, False)
    assert "assumed" not in repr(result)


@pytest.mark.parametrize("odd", ["many", -5, 0, True, 1.5, [], {}], ids=str)
@pytest.mark.parametrize("word", ["shots", "count"])
def test_odd_shots_end_in_one_error_of_ours(local, word, odd):
    job = _sent(local, {"inputParams": {"shots": 5}})
    job.wait_until_completed()
    record = json.loads(job._raw)
    record["inputParams"] = {word: odd}
    job.update_state(json.dumps(record).encode())
    assert job.shots is None
    result = job.result()
    assert result.probabilities == {"00": 0.5, "11": 0.5}
    assert not result.shots_are_assumed
    for read in (lambda: result.counts, result.memory, result.bits):
        with pytest.raises(errors.ResultFormatError, match="how many shots"):
            read()


@pytest.mark.parametrize("ones", [(), (0,), (1,), (0, 2)])
def test_keys_are_as_wide_as_the_program_though_the_job_does_not_say(local, ones):
    program = {"qubits": 4, "circuit": [{"gate": "x", "target": place} for place in ones]}
    key = "".join("1" if place in ones else "0" for place in range(4))
    assert _sent(local, {"inputParams": {"shots": 3}}, program=program).result().counts == {key: 3}


def test_a_program_that_is_gone_leaves_the_keys_that_the_result_has(local, caplog):
    job = _sent(local, {"inputParams": {"shots": 3}}, program={"qubits": 4, "circuit": [{"gate": "x", "target": 1}]})
    job.wait_until_completed()
    record = json.loads(job._raw)
    record["inputDataUri"] = record["inputDataUri"].replace("inputData", "gone")
    job.update_state(json.dumps(record).encode())
    assert job.result().counts == {"01": 3}
    assert "keys may be too short" in caplog.text


@pytest.mark.parametrize(
    ("provider", "shots"), [("quantinuum", 1), ("rigetti", 1), ("ionq", 500), ("pasqal", None), ("acme", None)]
)
def test_the_default_is_that_of_the_providers_documentation(provider, shots):
    from qsession_core.providers.find import find_provider

    assert find_provider(provider).shots_of_silent({}) == shots


PROBABILITIES = st.lists(st.floats(0.01, 1), min_size=1, max_size=4).map(
    lambda weights: [weight / sum(weights) for weight in weights]
)


@given(PROBABILITIES, st.none() | st.integers(1, 2000), st.none() | st.integers(1, 2000))
def test_counts_sum_to_the_shots_or_the_assumed_ones_or_are_an_error(probabilities, shots, assumed):
    keys = [f"[{place >> 1}, {place & 1}]" for place in range(len(probabilities))]
    for name, document in (
        ("ionq.quantum-results.v1", {"histogram": {str(place): each for place, each in enumerate(probabilities)}}),
        (
            "microsoft.quantum-results.v1",
            {"Histogram": [part for pair in zip(keys, probabilities, strict=True) for part in pair]},
        ),
    ):
        facts = JobFacts("id", "t", shots, {"num_qubits": "2"}, "", assumed)
        (result,) = decode(name, json.dumps(document).encode(), facts)
        assert result.shots_are_assumed == (shots is None and assumed is not None)
        assert sorted(result.probabilities.values()) == pytest.approx(sorted(probabilities))
        expected = shots if shots is not None else assumed
        if expected is None:
            with pytest.raises(errors.ResultFormatError):
                _ = result.counts
        else:
            assert sum(result.counts.values()) == expected
