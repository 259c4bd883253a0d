"""Bytes that are not what they say: always one error that says what and where, never data and never another error."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
import random

import pytest

from qsession_core.errors import ResultFormatError
from qsession_core.formats import JobFacts, decode, official_views
from qsession_core.results.layout import Layout, Register

LAYOUT = Layout(3, (Register("a", (0,)), Register("b", (1, 2))), (2, 1, 0)).to_text()
V2 = "microsoft.quantum-results.v2"
V1 = "microsoft.quantum-results.v1"
IONQ = "ionq.quantum-results.v1"
HONEYWELL = "honeywell.quantum-results.v1"
RIGETTI = "rigetti.quil-results.v1"
PASQAL = "pasqal.pulser-results.v1"

ERROR = {"Error": {"Code": "0x20", "Name": "TestErrorThirtyTwo"}}
VALID = [
    (V2, {"DataFormat": V2, "Results": [{
        "Histogram": [{"Outcome": [0, 1, 1], "Display": "[0, 1, 1]", "Count": 2}], "Shots": [[0, 1, 1], [0, 1, 1]]}]}),
    (V2, {"DataFormat": V2, "Results": [{
        "Histogram": [{"Outcome": ERROR, "Display": "Error 0x20", "Count": 1},
                      {"Outcome": {"Item1": [0, "-"], "Item2": [1]}, "Display": "([0, -], [1])", "Count": 1}],
        "Shots": [ERROR, {"Item1": [0, "-"], "Item2": [1]}]}]}),
    (V2, {"DataFormat": V2, "Results": [{"Histogram": [{"Outcome": [0, 1, 1], "Display": "", "Count": 2}]}]}),
    (V1, {"Histogram": ["([0, 1], [1])", 0.5, "([1, 1], [1])", 0.5]}),
    (IONQ, {"histogram": {"0": 0.5, "7": 0.5}}),
    (HONEYWELL, {"a": ["01", "11"], "b": ["0", "1"]}),
    (RIGETTI, {"ro": [[0, 1, 0], [1, 0, 0]]}),
    (PASQAL, {"counter": {"001": 3, "111": 4}}),
]  # fmt: skip
METADATA = [
    {},
    {"qsession": LAYOUT},
    {"qsession": LAYOUT, "meas_map": "[0, null, 2]"},
    {"qiskit": "True", "num_qubits": "3", "meas_map": "[0, 1, 2]"},
    {"cirq": "True", "qubits": "3", "measurement_dict": '{"a": [0], "b": [1, 2]}'},
    {"qubits": "3", "measurement0": "a\x1f0\x1eb\x1f1,2"},
]
STRANGE = [
    None, True, -1, 2, 10**30, -(10**400), 1e308, 1e-320, 0.5, "", "-", "0", "NaN", "Zero", "\u0663", "Item1", [], [[]],
    {}, {"Item1": 0}, {"Item2": 1}, {"Error": 3}, [0, [1, [0]]], "0" * 5000, "9" * 5000, float("nan"), float("inf"),
]  # fmt: skip


def outcome_of(output_format, data, metadata):
    facts = JobFacts(job_id="job-1", shots=100, metadata=metadata)
    problem, results = None, []
    try:
        results = decode(output_format, data, facts)
    except ResultFormatError as error:
        problem = error
    if problem is not None:
        assert problem.format == output_format
        assert problem.problem
        assert problem.problem in str(problem)
        assert "job-1" in str(problem)
        return None
    for result in results:
        counts = result.counts
        assert sum(counts.values()) == result.shots
        assert all(type(count) is int for count in counts.values())
        assert sum(result.raw_counts.values()) == result.shots + result.lost_shots
    return results


@pytest.mark.parametrize("metadata", METADATA)
@pytest.mark.parametrize(("output_format", "document"), VALID)
def test_a_result_cut_off_anywhere_is_malformed(output_format, document, metadata):
    whole = json.dumps(document).encode()

    cut = [outcome_of(output_format, whole[:length], metadata) for length in range(len(whole))]

    assert all(found is None for found in cut)


def mutated(draw, document):
    """Put something strange somewhere: in place of a member, beside it, or as its name."""
    document = copy.deepcopy(document)
    inner = document
    while True:
        places = list(inner) if isinstance(inner, dict) else list(range(len(inner))) if isinstance(inner, list) else []
        if not places:
            return document
        place = draw.choice(places)
        if isinstance(inner[place], dict | list) and inner[place] and draw.random() < 0.75:
            inner = inner[place]
            continue
        kind = draw.random()
        if kind < 0.6:
            inner[place] = draw.choice(STRANGE)
        elif kind < 0.8:
            del inner[place]
        elif isinstance(inner, dict):
            inner[str(draw.choice(STRANGE))] = inner.pop(place)
        else:
            inner.append(draw.choice(STRANGE))
        return document


@pytest.mark.parametrize("metadata", METADATA)
@pytest.mark.parametrize(("output_format", "document"), VALID)
def test_a_result_with_something_strange_in_it_is_data_or_malformed_and_nothing_else(output_format, document, metadata):
    draw = random.Random(str((output_format, document, metadata)))

    found = [outcome_of(output_format, json.dumps(mutated(draw, document)).encode(), metadata) for _ in range(150)]

    assert any(result is None for result in found)


@pytest.mark.parametrize(("output_format", "document"), VALID)
def test_metadata_with_something_strange_in_it_is_data_or_malformed_and_nothing_else(output_format, document):
    draw = random.Random(str((output_format, document)))
    data = json.dumps(document).encode()
    texts = [str(strange) for strange in STRANGE] + [
        "[0, 99999999999]", "[-1]", "[null]", "[0, 1e400]", '{"a": [0]}', '{"a": [-5]}', "[" * 3000, '{"clbits": 1e9}',
        '{"clbits": 99999999999, "registers": []}', '{"clbits": 3, "registers": [["a", "0-999999999"]]}',
        '{"clbits": 3, "registers": [["a", "x"]]}', '{"clbits": 2, "registers": [], "recorded": [0, 7]}',
        '{"clbits": -2, "registers": []}', "a\x1f", "a\x1fx", "\x1e", "a\x1f0,", "a\x1f99999999999999",
    ]  # fmt: skip

    for _ in range(200):
        metadata = dict(draw.choice(METADATA))
        metadata[draw.choice(["qsession", "meas_map", "num_qubits", "qubits", "measurement_dict", "measurement0"])] = (
            draw.choice(texts)
        )
        outcome_of(output_format, data, metadata)


@pytest.mark.parametrize(("output_format", "document"), VALID)
def test_a_result_nested_too_deeply_is_malformed(output_format, document):
    deep = b"[" * 100_000 + b"]" * 100_000
    text = json.dumps(document).encode()
    for mark in (b"0.5", b"[0, 1, 1]", b'["01", "11"]', b"[1, 0, 0]", b'[0, "-"]', b": 3"):
        if mark in text:
            text = text.replace(mark, (b": " if mark == b": 3" else b"") + deep, 1)
            break

    assert deep in text
    assert outcome_of(output_format, text, {}) is None
    assert outcome_of(output_format, deep, {}) is None


def changed(draw, data):
    """Change, add or take away a byte, or jump from one place to another."""
    place, byte = draw.randrange(len(data)), bytes([draw.choice(b'01-",:[]{} \n\t\x002eE.+nul9\\/x\xff\xc3')])
    return draw.choice(
        [
            data[:place] + byte + data[place + 1 :],
            data[:place] + byte + data[place:],
            data[:place] + data[place + 1 :],
            data[:place] + data[draw.randrange(len(data)) :],
        ]
    )


def leaves(outcome):
    if isinstance(outcome, dict):
        outcome = [outcome[f"Item{place}"] for place in range(1, len(outcome) + 1)]
    return [leaf for member in outcome for leaf in leaves(member)] if isinstance(outcome, list) else [outcome]


def is_json(data):
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("style", [{}, {"separators": (",", ":")}, {"indent": 1}])
@pytest.mark.parametrize(("output_format", "document"), VALID)
def test_a_byte_changed_anywhere_leaves_json_or_malformed_bytes(output_format, document, style):
    draw = random.Random(str((output_format, document, style)))
    whole = json.dumps(document, **style).encode()

    for _ in range(600):
        data = changed(draw, whole)
        results = outcome_of(output_format, data, {})
        assert results is None or is_json(data), data


@pytest.mark.parametrize("style", [{}, {"separators": (",", ":")}, {"indent": 1}])
def test_a_byte_changed_in_many_shots_is_read_as_python_reads_it(style):
    draw = random.Random(str(style))
    words = {0: "0", 1: "1", "0": "0", "1": "1", "-": "-", "Zero": "0", "One": "1", "Loss": "-"}
    different = 0
    for shape in range(4):
        shots = [
            [
                draw.randint(0, 1),
                {"Item1": [draw.randint(0, 1)], "Item2": [1, 0]},
                [draw.randint(0, 1), 0, 1],
                [1, "-"],
            ][shape]
            for _ in range(6)
        ]
        document = {"DataFormat": V2, "Results": [{"Histogram": [], "Shots": shots}]}
        del document["Results"][0]["Histogram"]
        for _ in range(600):
            data = changed(draw, json.dumps(document, **style).encode())
            results = outcome_of(V2, data, {})
            if results is None:
                continue
            (read,) = json.loads(data)["Results"]
            if "Shots" not in read:
                continue
            wanted = [leaves(shot) for shot in read["Shots"]]
            if all(type(leaf) in (int, str) and leaf in words for shot in wanted for leaf in shot):
                assert results[0].raw_memory == ["".join(words[leaf] for leaf in shot) for shot in wanted], data
                different += results[0].raw_memory != ["".join(words[leaf] for leaf in leaves(shot)) for shot in shots]
            else:
                assert results[0].values is not None, data
    assert different > 5


@pytest.mark.parametrize("output_format", [V2, V1, IONQ, HONEYWELL, RIGETTI, PASQAL])
@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"3", b'"text"', b"<xml/>", b"\xff\xfe", b"{" * 50])
def test_what_is_no_such_document_is_malformed(output_format, data):
    assert outcome_of(output_format, data, {}) is None


@pytest.mark.parametrize("output_format", [V2, V1, IONQ, HONEYWELL, RIGETTI])
def test_an_empty_object_is_malformed_but_for_pasqal_where_it_is_no_shots(output_format):
    assert outcome_of(output_format, b"{}", {}) is None
    assert outcome_of(PASQAL, b"{}", {})[0].shots == 0


@pytest.mark.parametrize(
    ("output_format", "document", "said"),
    [
        (V2, {"DataFormat": V1, "Results": []}, "DataFormat is 'microsoft.quantum-results.v1'"),
        (V2, {"DataFormat": V2, "Results": []}, "Results is empty"),
        (V2, {"DataFormat": V2, "Results": [{}]}, "Results[0]: it has neither Shots nor Histogram"),
        (
            V2,
            {"DataFormat": V2, "Results": [{"Shots": [[0, 1], [0]]}]},
            "Results[0]: shot 1 has 1 bits, the first has 2",
        ),
        (
            V2,
            {"DataFormat": V2, "Results": [{"Histogram": [{"Outcome": 0, "Count": 3}], "Shots": [0, 0]}]},
            "Results[0]: Histogram counts 3 shots, Shots has 2",
        ),
        (
            V2,
            {"DataFormat": V2, "Results": [{"Histogram": [{"Outcome": 0, "Count": -3}], "Shots": []}]},
            "Results[0]: Histogram has the negative count -3",
        ),
        (
            V2,
            {"DataFormat": V2, "Results": [{"Histogram": [{"Outcome": [0], "Count": 10**15}]}]},
            "Results[0]: Histogram counts 1000000000000000 shots, more than any job has",
        ),
        (
            V2,
            {"DataFormat": V2, "Results": [{"Shots": [{"Item1": 0, "Item3": 1}]}]},
            "Results[0]: a tuple has the members Item1, Item3 instead of Item1 to Item2",
        ),
        (
            V2,
            {"DataFormat": V2, "Results": [{"Shots": [{"Error": 5}]}]},
            "Results[0]: shot 0 has an Error that is not an object",
        ),
        (V1, {"Histogram": ["[0]", 0.5, "[1]"]}, "Histogram has 3 members, an odd number"),
        (V1, {"Histogram": ["[0]", "0.5"]}, "Histogram does not alternate texts and numbers"),
        (V1, {"Histogram": ["[0]", 0.5, "[0, 1]", 0.5]}, "outcomes have different shapes: [0, 0], [0]"),
        (IONQ, {"histogram": {"0b1": 1.0}}, "the key '0b1' is not a decimal number"),
        (IONQ, {"histogram": {"-1": 1.0}}, "the key '-1' is not a decimal number"),
        (IONQ, {"histogram": {"1": 0.5, "-0": 0.5}}, "the key '-0' is not a decimal number"),
        (IONQ, {"histogram": {"0": -1.0, "1": 2.0}}, "its probabilities are not positive numbers"),
        (IONQ, {"histogram": {}}, "its probabilities are not positive numbers"),
        (HONEYWELL, {"access_token": "x"}, "it has no register"),
        (HONEYWELL, {"a": ["0"], "b": ["0", "1"]}, "register 'b' has 2 shots, 'a' has 1"),
        (HONEYWELL, {"a": ["0", "11"]}, "register 'a' has shots of different widths"),
        (HONEYWELL, {"a": ["2"]}, "register 'a' holds something else than bits"),
        (RIGETTI, {"ro": [[0, 1], [1]]}, "row 1 of ro has 1 cells, the first has 2"),
        (RIGETTI, {"ro": [[[1, 2, 3]]]}, "ro has the cell [1.0, 2.0, 3.0], which is neither a number nor"),
        (PASQAL, {"counter": {"01": -1}}, "it has the negative count -1"),
        (PASQAL, {"01": 1, "0": 2}, "the key '0' is not 2 characters of 0, 1 and -"),
    ],
)
def test_the_error_says_what_is_wrong_and_where(output_format, document, said):
    with pytest.raises(ResultFormatError) as caught:
        decode(output_format, json.dumps(document).encode(), JobFacts(job_id="job-1"))

    assert caught.value.problem.startswith(said)
    assert caught.value.job_id == "job-1"


def test_a_shot_that_is_no_bits_is_malformed_where_the_job_says_it_is_bits():
    data = json.dumps({"DataFormat": V2, "Results": [{"Shots": [[0, 1, 0], [0, 5, 0]]}]}).encode()

    with pytest.raises(ResultFormatError) as caught:
        decode(V2, data, JobFacts(metadata={"qsession": LAYOUT}))

    assert caught.value.problem == "Results[0]: shot 1 has 5 where a bit should be"


def test_a_format_without_a_decoder_is_named_with_those_that_have_one():
    with pytest.raises(ResultFormatError, match=r"honeywell\.qir\.v9.*no decoder.*microsoft\.quantum-results\.v2"):
        decode("honeywell.qir.v9", b"{}", JobFacts(job_id="job-1"))


def test_the_error_pickles_with_its_facts():
    with pytest.raises(ResultFormatError) as caught:
        decode(IONQ, b"{", JobFacts(job_id="job-1"))

    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert (again.format, again.problem, again.job_id) == (IONQ, caught.value.problem, "job-1")


@pytest.mark.parametrize(
    "look", [lambda data: official_views.view(V2, data), official_views.histograms, official_views.shots]
)
def test_the_official_views_of_something_strange_are_data_or_malformed(look):
    draw = random.Random(5)
    for _, document in VALID[:2]:
        for _ in range(150):
            data = json.dumps(mutated(draw, document)).encode()
            with contextlib.suppress(ResultFormatError):
                look(data)


def test_the_official_view_of_a_result_without_shots_is_empty():
    data = json.dumps({"DataFormat": V2, "Results": [{"Histogram": [], "Shots": []}]}).encode()

    assert official_views.view(V2, data) == {}
