"""Every recorded payload of the real service decodes to what the official client must have seen.

The recordings are not part of this project: they stand beside it, or these tests are skipped.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest

from qsession_core.errors import ResultFormatError
from qsession_core.formats import JobFacts, decode
from qsession_core.results.result import Register
from tests.support import payload_judge
from tests.support.recordings import RECORDINGS

pytestmark = pytest.mark.recordings


def conversation(name):
    path = RECORDINGS / f"{name}.json"
    if not path.exists():
        pytest.skip("the recorded traffic of the real service is not at hand; it is not part of this project")
    return json.loads(path.read_text())


def body_of(message):
    body = message["body"] or {"text": ""}
    return json.dumps(body["json"]).encode() if "json" in body else body["text"].encode()


def is_blob(entry, method):
    return (
        entry["request"]["method"] == method
        and "blob.core" in entry["request"]["url"]
        and "restype" not in entry["request"]["url"]
    )


def job_of(entries):
    return next(
        entry["request"]["body"]["json"]
        for entry in entries
        if entry["request"]["method"] == "PUT"
        and "/jobs/" in entry["request"]["url"]
        and "blob.core" not in entry["request"]["url"]
    )


def result_of(name):
    """Decode a recording's result with what the service stores of its job: metadata as texts."""
    entries = conversation(name)
    job = job_of(entries)
    data = next(body_of(entry["response"]) for entry in entries if is_blob(entry, "GET"))
    metadata = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in (job.get("metadata") or {}).items()
    }
    params = job["inputParams"]
    facts = JobFacts("job-1", job["target"], params.get("shots", params.get("count")), metadata, job["inputDataFormat"])
    (result,) = decode(job["outputDataFormat"], data, facts)
    return result, json.loads(data)


def test_qiskit_on_the_ionq_simulator_by_qir():
    result, data = result_of("plugins_submit_qiskit_to_ionq")

    assert result.counts == {"000": 250, "111": 250}
    assert result.memory() == ["".join(map(str, shot)) for shot in data["Results"][0]["Shots"]]


def test_qiskit_on_the_ionq_simulator_by_json_sums_over_the_unmeasured_qubit():
    result, data = result_of("plugins_submit_qiskit_to_ionq_passthrough")

    assert data == {"histogram": {"0": 0.25, "7": 0.25, "8": 0.25, "15": 0.25}}
    assert result.probabilities == {"000": 0.5, "111": 0.5}
    assert result.counts == {"000": 250, "111": 250}


def test_qiskit_measuring_one_of_five_qubits():
    result, _ = result_of("qiskit_submit_ionq_5_qubit_superposition_passthrough")

    assert result.counts == {"0": 500, "1": 500}


def test_qiskit_on_quantinuum_by_qir():
    result, data = result_of("plugins_submit_qiskit_to_quantinuum_h2_1e")

    assert result.counts == {"000": 258, "111": 242}
    assert result.memory() == ["".join(map(str, shot)) for shot in data["Results"][0]["Shots"]]


def test_qiskit_on_quantinuum_by_openqasm():
    result, data = result_of("plugins_submit_qiskit_to_quantinuum_passthrough")

    assert result.memory() == [shot[::-1] for shot in data["c"]]
    assert result.shots == 500


def test_bit_order_is_proved_by_one_flipped_qubit_and_three_registers():
    """An x on qubit 0, measured into the first bit of the first register: Qiskit shows ``000 000 001``."""
    result, data = result_of("qiskit_endianness_submit_to_rigetti")

    assert data["Results"][0]["Histogram"][0]["Display"] == "([0, 0, 0], [0, 0, 0], [0, 0, 1])"
    assert result.counts == {"100000000": 100}
    assert [register.clbits for register in result.registers] == [(0, 1, 2), (3, 4, 5), (6, 7, 8)]


def test_cirq_on_the_ionq_simulator():
    result, _ = result_of("plugins_ionq_cirq")

    assert result.counts == {"000": 250, "111": 250}
    assert result.registers == (Register("q0", (0,)), Register("q1", (1,)), Register("q2", (2,)))


def test_cirq_on_quantinuum_by_openqasm():
    result, data = result_of("plugins_quantinuum_cirq")

    assert result.memory() == ["".join(shot) for shot in zip(data["m_q0"], data["m_q1"], data["m_q2"], strict=True)]
    assert [register.name for register in result.registers] == ["q0", "q1", "q2"]


def test_raw_ionq_json():
    result, _ = result_of("job_submit_ionq_cost_estimate")

    assert result.probabilities == {"000": 0.5, "111": 0.5}


def test_a_program_of_two_results_on_rigetti():
    result, _ = result_of("qsharp_qir_inline_rigetti")

    assert (result.counts, result.shots) == ({"00": 1}, 1)


def test_quil_on_rigetti():
    result, _ = result_of("job_submit_rigetti_default_input_params")

    assert result.counts == {"00": 1}


def test_a_pulser_sequence_on_pasqal():
    result, data = result_of("job_submit_pasqal_default_input_params")

    assert Counter(result.counts) == Counter(data)
    assert result.shots == sum(data.values())


def test_an_output_that_is_no_format_of_results_is_refused_by_name():
    with pytest.raises(ResultFormatError, match=r"microsoft\.quantum-log\.v1"):
        result_of("job_get_results_with_expired_sas_token")


def qir_in(entries):
    """Return every QIR text that was uploaded."""
    uploaded = [body_of(entry["request"]) for entry in entries if is_blob(entry, "PUT")]
    return [text for text in uploaded if b"ENTRYPOINT__main" in text]


def recorded_qir():
    names = sorted(path.stem for path in RECORDINGS.glob("*.json"))
    return [name for name in names if qir_in(json.loads((RECORDINGS / f"{name}.json").read_text()))] or ["none"]


@pytest.mark.parametrize("name", recorded_qir())
def test_every_recorded_qir_text_is_read_and_means_a_distribution(name):
    texts = qir_in(conversation(name))

    for text in texts:
        assert sum(chance for _, chance in payload_judge.recorded(text)) == pytest.approx(1.0)
    assert texts


@pytest.mark.parametrize(
    "name",
    [
        "plugins_submit_qiskit_to_ionq",
        "plugins_submit_qiskit_to_quantinuum_h2_1e",
        "qiskit_endianness_submit_to_rigetti",
    ],
)
def test_a_recorded_result_is_one_that_its_recorded_program_can_have(name):
    text = next(body_of(entry["request"]) for entry in conversation(name) if is_blob(entry, "PUT"))
    possible = {"".join(map(str, values)) for values, chance in payload_judge.recorded(text) if chance > 1e-9}

    result, _ = result_of(name)

    assert {key[::-1] for key in result.counts} <= possible  # as it was recorded: last bit first
