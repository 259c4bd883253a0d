"""What the caller has encoded already goes out as it is."""

from __future__ import annotations

import json

import pytest

from qsession_core.errors import ConfigurationError
from qsession_core.formats.qir.module import from_qir_object
from qsession_core.formats.registry import as_is, input_format


@pytest.mark.parametrize(
    ("input_data_format", "output_data_format", "content_type"),
    [
        ("ionq.circuit.v1", "ionq.quantum-results.v1", "application/json"),
        ("qir.v1", "microsoft.quantum-results.v2", "qir.v1"),
        ("honeywell.openqasm.v1", "honeywell.quantum-results.v1", "application/qasm"),
        ("rigetti.quil.v1", "rigetti.quil-results.v1", "text/plain"),
        ("pasqal.pulser.v1", "pasqal.pulser-results.v1", "application/json"),
        ("acme.gates.v7", "microsoft.quantum-results.v2", "application/octet-stream"),
    ],
)
def test_each_format_has_its_results_and_label(input_data_format, output_data_format, content_type):
    payload = as_is("anything", input_data_format)

    assert payload.data == b"anything"
    assert payload.output_data_format == output_data_format == input_format(input_data_format).output_data_format
    assert payload.content_type == content_type
    assert payload.metadata == {}


@pytest.mark.parametrize("data", ["Ünïcode", "Ünïcode".encode(), b"\xff\x00raw"])
def test_texts_and_bytes_are_not_touched(data):
    payload = as_is(data, "rigetti.quil.v1")

    assert payload.data == (data.encode() if isinstance(data, str) else data)


def test_a_mapping_becomes_json():
    circuit = {"qubits": 1, "circuit": [{"gate": "rx", "target": 0, "rotation": 0.1}]}

    assert json.loads(as_is(circuit, "ionq.circuit.v1").data) == circuit


def test_a_mapping_that_json_does_not_know_is_refused_with_the_way_out():
    with pytest.raises(ConfigurationError, match="plain dicts, lists, texts and numbers"):
        as_is({"circuit": object()}, "ionq.circuit.v1")


def test_an_output_format_that_is_asked_for_wins():
    payload = as_is("", "qir.v1", output_data_format="microsoft.quantum-results.v1")

    assert payload.output_data_format == "microsoft.quantum-results.v1"


@pytest.mark.parametrize("written", ["; QIR", b"BC\xc0\xde"])
def test_an_object_that_writes_itself_as_qir_is_asked_for_it(written):
    class Program:
        def _repr_qir_(self, *, target):
            assert target == "rigetti.sim.qvm"
            return written

    payload = from_qir_object(Program(), "rigetti.sim.qvm", "Base")

    assert payload.data == (written.encode() if isinstance(written, str) else written)
    assert payload.input_params == {"entryPoint": "ENTRYPOINT__main", "arguments": [], "target_profile": "Base"}


def test_the_width_of_a_circuit_in_json_travels_with_the_job():
    for data in ({"qubits": 3, "circuit": []}, b'{"qubits":3,"circuit":[]}', '{"circuit":[],"qubits":3}'):
        assert as_is(data, "ionq.circuit.v1").metadata == {"num_qubits": "3"}
    for data in ({"circuit": []}, b"{", '{"qubits":"many"}'):
        assert not as_is(data, "ionq.circuit.v1").metadata
