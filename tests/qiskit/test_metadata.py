import json

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qsession_qiskit.metadata import from_text, stamps, to_text


def test_stamps_are_the_official_clients_keys():
    circuit = QuantumCircuit(3, name="bell", metadata={"experiment": 7})
    assert stamps(circuit) == {"qiskit": "True", "name": "bell", "num_qubits": "3", "metadata": '{"experiment":7}'}


@pytest.mark.parametrize(
    ("value", "back"),
    [
        (np.float64(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(1), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (1 + 2j, 1 + 2j),
        (np.complex64(1 - 1j), 1 - 1j),
        (np.array([1j]), [1j]),
        ((1, "two", None), [1, "two", None]),
        ({3, 1}, [1, 3]),
        (Parameter("theta"), "theta"),
        ({1: {"deep": np.arange(2)}}, {"1": {"deep": [0, 1]}}),
    ],
    ids=repr,
)
def test_any_metadata_becomes_json_and_comes_back(value, back):
    text = to_text({"value": value})
    json.loads(text)
    assert from_text(text) == {"value": back}


@pytest.mark.parametrize("text", ["no json", "[1, 2]", ""])
def test_metadata_that_is_no_object_is_kept_as_text(text):
    assert from_text(text) == {"text": text}
