"""Small payloads written by hand after the real service's, so that what must hold is checked in every clone.

Their sources: the test recordings of microsoft/azure-quantum-python (MIT, until January 2026), IonQ's documentation,
and azure-quantum-python's tests/test_job_results.py for lost qubits and error shots. Names, capitals, nulls and white
space are theirs; numbers are small ones of our own.
"""

from __future__ import annotations

import pytest

from qsession_core.formats import JobFacts, decode, official_views

V2 = "microsoft.quantum-results.v2"
QISKIT = {"qiskit": "True", "name": "circuit", "num_qubits": "3", "metadata": '{"some": "data"}'}

GROUPED = (
    b'{"DataFormat":"microsoft.quantum-results.v2","Results":[{"Histogram":['
    b'{"Outcome":[0,0,1],"Display":"[0, 0, 1]","Count":2},{"Outcome":[1,1,0],"Display":"[1, 1, 0]","Count":2}],'
    b'"Shots":[[0,0,1],[0,0,1],[1,1,0],[1,1,0]]}]}'
)
THREE_REGISTERS = (
    b'{"DataFormat": "microsoft.quantum-results.v2", "Results": [{"Histogram": [{"Outcome": '
    b'{"Item1": [0, 0], "Item2": [0, 0], "Item3": [0, 1]}, "Display": "([0, 0], [0, 0], [0, 1])", "Count": 2}], '
    b'"Shots": [{"Item1": [0, 0], "Item2": [0, 0], "Item3": [0, 1]}, '
    b'{"Item1": [0, 0], "Item2": [0, 0], "Item3": [0, 1]}]}]}'
)
TWO_RESULTS = (
    b'{"DataFormat":"microsoft.quantum-results.v2","Results":[{"Histogram":[{"Outcome":{"Item1":0,"Item2":1},'
    b'"Display":"(0, 1)","Count":1}],"Shots":[{"Item1":0,"Item2":1}]}]}'
)

# (source, output data format, bytes, metadata, shots asked for, counts by our keys)
PAYLOADS = [
    (
        "ionq.simulator by qir.v1: outcomes rounded down one by one, shots grouped, fewer than the 5 asked for",
        V2,
        GROUPED,
        QISKIT,
        5,
        {"011": 2, "100": 2},
    ),
    (
        "rigetti.sim.qvm by qir.v1: three registers, x on qubit 0 measured into the first bit of the first",
        V2,
        THREE_REGISTERS,
        QISKIT,
        2,
        {"100000": 2},
    ),
    (
        "Q# on rigetti.sim.qvm: a tuple of two results",
        V2,
        TWO_RESULTS,
        {},
        1,
        {"01": 1},
    ),
    (
        "ionq.simulator by ionq.circuit.v1: four qubits of which three are measured",
        "ionq.quantum-results.v1",
        b'{"histogram": {"0": 0.25, "7": 0.25, "8": 0.25, "15": 0.25}}',
        {**QISKIT, "meas_map": "[0, 1, 2]"},
        500,
        {"000": 250, "111": 250},
    ),
    (
        "ionq.simulator, Cirq: keys in measurement0 between control characters",
        "ionq.quantum-results.v1",
        b'{"duration": 26, "histogram": {"1": 1.0}}',
        {"measurement0": "q0\x1f0\x1eq1\x1f1\x1eq2\x1f2", "qubits": "3"},
        500,
        {"100": 500},
    ),
    (
        "quantinuum.sim.h2-1e by honeywell.openqasm.v1: one register, and a token that got into the output",
        "honeywell.quantum-results.v1",
        b'{"c": ["001", "110", "001"], "access_token": "PLACEHOLDER"}',
        {**QISKIT},
        3,
        {"011": 1, "100": 2},
    ),
    (
        "quantinuum.sim.h2-1e, Cirq: a register for each key",
        "honeywell.quantum-results.v1",
        b'{"m_q0": ["0", "1"], "m_q1": ["1", "1"]}',
        {"qubits": "2", "repetitions": "2", "measurement_dict": '{"q0": [0], "q1": [1]}'},
        2,
        {"01": 1, "11": 1},
    ),
    (
        "rigetti.sim.qvm by rigetti.quil.v1",
        "rigetti.quil-results.v1",
        b'{"ro": [[0, 0], [1, 1]]}',
        {},
        2,
        {"00": 1, "11": 1},
    ),
    (
        "pasqal.sim.emu-tn by pasqal.pulser.v1",
        "pasqal.pulser-results.v1",
        b'{"001000": 10, "000100": 9}',
        {},
        None,
        {"000100": 9, "001000": 10},
    ),
    (
        "microsoft.quantum-results.v1: texts and probabilities in turn",
        "microsoft.quantum-results.v1",
        b'{"Histogram": ["[0, 0]", 0.5, "[1, 1]", 0.5]}',
        {},
        10,
        {"00": 5, "11": 5},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("output_format", "data", "metadata", "shots", "counts"),
    [payload[1:] for payload in PAYLOADS],
    ids=[payload[0].partition(":")[0] for payload in PAYLOADS],
)
def test_a_payload_of_the_service_is_read(output_format, data, metadata, shots, counts):
    (result,) = decode(output_format, data, JobFacts("job-1", "", shots, metadata))

    assert result.counts == counts


LOST_AND_FAILED = (
    b'{"DataFormat":"microsoft.quantum-results.v2","Results":[{"Histogram":[{"Outcome":{"Error":{"Code":"0x20","Name":'
    b'"TestErrorThirtyTwo"}},"Display":"Error 0x20: TestErrorThirtyTwo","Count":1},{"Outcome":[0,"-"],'
    b'"Display":"[0, -]","Count":1},{"Outcome":[0,1],"Display":"[0, 1]","Count":2}],'
    b'"Shots":[[0,1],{"Error":{"Code":"0x20","Name":'
    b'"TestErrorThirtyTwo","Foo":"42"}},[0,"-"],[0,1]]}]}'
)


def test_lost_qubits_and_failed_shots_are_kept_apart_and_reported():
    (result,) = decode(V2, LOST_AND_FAILED, JobFacts("job-1", "", 4, QISKIT))

    assert result.counts == {"10": 2}
    assert result.raw_counts == {"-0": 1, "10": 2}
    assert result.errors == ({"Code": "0x20", "Name": "TestErrorThirtyTwo", "Foo": "42"},)
    assert (result.shots, result.lost_shots) == (2, 1)


def test_the_official_views_show_outcomes_as_they_were_recorded():
    assert official_views.view(V2, LOST_AND_FAILED)["[0, 1]"] == 0.5
    assert official_views.histograms(LOST_AND_FAILED)["[0, -]"] == {"outcome": [0, "-"], "count": 1}
    assert official_views.shots(LOST_AND_FAILED)[0] == [0, 1]
    assert official_views.shots(LOST_AND_FAILED)[1]["Error"]["Code"] == "0x20"


def test_the_official_views_of_a_batch_are_lists():
    data = (
        b'{"DataFormat":"microsoft.quantum-results.v2","Results":[{"Histogram":[{"Outcome":{"Item1":0,"Item2":1},'
        b'"Display":"(0, 1)","Count":1}],"Shots":[{"Item1":0,"Item2":1}]},{"Histogram":[],"Shots":[]}]}'
    )

    assert official_views.shots(data) == [[(0, 1)], []]
    assert official_views.histograms(data) == [{"(0, 1)": {"outcome": (0, 1), "count": 1}}, {}]


def test_the_official_view_of_other_formats_is_their_json_or_text():
    assert official_views.view("ionq.quantum-results.v1", b'{"histogram": {"0": 1.0}}') == {"histogram": {"0": 1.0}}
    assert official_views.view("microsoft.quantum-results.v1", b'{"Histogram": ["[0]", 1.0]}') == {"[0]": 1.0}
    assert official_views.view("something.else.v1", b"<xml/>") == "<xml/>"
