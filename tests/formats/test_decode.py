"""Results of every format, by one contract: classical bit i is character i, counts are ints that sum to the shots."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from qsession_core.errors import ResultFormatError
from qsession_core.formats import JobFacts, decode, microsoft
from qsession_core.results.layout import Layout, Register
from tests.support.counting import lines_run

V1, V2 = "microsoft.quantum-results.v1", "microsoft.quantum-results.v2"
IONQ, HONEYWELL = "ionq.quantum-results.v1", "honeywell.quantum-results.v1"
OFFICIAL_QISKIT = {"qiskit": "True", "name": "c", "num_qubits": "3", "metadata": "{}"}


def v2(*runs):
    results = []
    for shots in runs:
        counts = Counter(json.dumps(shot) for shot in shots)
        histogram = [{"Outcome": json.loads(text), "Display": "", "Count": count} for text, count in counts.items()]
        results.append({"Histogram": histogram, "Shots": shots})
    return json.dumps({"DataFormat": V2, "Results": results}).encode()


def decode_v2(*runs, metadata=None, data=None):
    return decode(V2, data or v2(*runs), JobFacts(job_id="job-1", shots=100, metadata=metadata or {}))


def layout(num_clbits, *registers, recorded=None):
    named = tuple(Register(name, tuple(bits)) for name, bits in registers)
    return {"qsession": Layout(num_clbits, named, recorded).to_text()}


# --- microsoft.quantum-results.v2 ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shots", "keys", "registers"),
    [
        ([0, 1, 1], ["0", "1", "1"], [("c", 1)]),
        ([[0, 1], [1, 1]], ["01", "11"], [("c", 2)]),
        ([{"Item1": 0, "Item2": 1}], ["01"], [("c0", 1), ("c1", 1)]),
        ([{"Item1": [0, 1], "Item2": [1]}] * 2, ["011"] * 2, [("c0", 2), ("c1", 1)]),
        ([{"Item1": {"Item1": [0], "Item2": 1}, "Item2": [1, 0, 0]}], ["01100"], [("c0", 2), ("c1", 3)]),
        ([[[0, 1], [1, 1]]], ["0111"], [("c", 4)]),
        ([[], []], ["", ""], [("c", 0)]),
        ([{f"Item{place}": place % 2 for place in range(1, 13)}], ["101010101010"], [(f"c{n}", 1) for n in range(12)]),
    ],
)
def test_scalars_arrays_and_tuples_are_read_from_left_to_right(shots, keys, registers):
    (result,) = decode_v2(shots)

    assert result.memory() == keys
    assert result.counts == Counter(keys)
    assert [(register.name, len(register.clbits)) for register in result.registers] == registers
    assert not result.memory_is_synthetic


def test_members_of_a_tuple_are_taken_by_name_not_by_place():
    shots = [{"Item2": [1, 1], "Item1": [0]}, {"Item2": [0, 1], "Item1": [0]}]

    (result,) = decode_v2(shots)

    assert result.memory() == ["011", "001"]


def test_our_layout_puts_recorded_bits_in_their_places():
    metadata = layout(5, ("a", (0, 1)), ("b", (2, 3, 4)), recorded=(4, 2, 1))

    (result,) = decode_v2([{"Item1": [1, 0], "Item2": [1]}], metadata=metadata)

    assert result.counts == {"01001": 1}
    assert [register.name for register in result.registers] == ["a", "b"]


@pytest.mark.parametrize("seed", range(30))
def test_every_way_of_writing_shots_gives_the_same_result(seed):
    draw = random.Random(seed)
    width = draw.randint(1, 6)
    recorded = draw.sample(range(8), width)
    metadata = layout(8, ("r", range(8)), recorded=tuple(recorded))
    keys = [
        [draw.choice((0, 1, "-" if seed % 3 == 0 else 0)) for _ in range(width)] for _ in range(draw.randint(1, 40))
    ]
    document = json.loads(v2(keys))
    plain = decode_v2(keys, metadata=metadata)

    spaced = json.dumps(document, indent=draw.choice((None, 1, 2))).encode()
    one_by_one = json.dumps(document).replace("[[", "[ [", 1).encode()
    as_words = json.dumps(json.loads(json.dumps(document), object_hook=worded)).encode()

    for data in (spaced, one_by_one, as_words, json.dumps(document, separators=(",", ":")).encode()):
        assert decode_v2(data=data, metadata=metadata) == plain
    (result,) = plain
    assert result.shots + result.lost_shots == len(keys)
    assert result.raw_memory == [
        "".join(str(key[recorded.index(bit)]) if bit in recorded else "0" for bit in range(8)) for key in keys
    ]


def worded(value):
    """Write 0, 1 and "-" as words, here and there."""
    words = {0: "Zero", 1: True, "-": "Loss"}
    return {
        name: [[words[bit] for bit in shot] for shot in member] if name == "Shots" else member
        for name, member in value.items()
    }


def test_shots_that_lost_a_qubit_are_apart():
    (result,) = decode_v2([[0, 1], [0, "-"], [1, 1], ["-", "-"]])

    assert result.counts == {"01": 1, "11": 1}
    assert result.raw_counts == {"--": 1, "0-": 1, "01": 1, "11": 1}
    assert (result.shots, result.lost_shots) == (2, 2)


def test_a_two_is_a_lost_qubit_where_the_job_says_that_outcomes_are_bits():
    (known,) = decode_v2([[0, 2], [1, 1]], metadata=OFFICIAL_QISKIT)
    (unknown,) = decode_v2([[0, 2], [1, 1]])

    assert known.raw_counts == {"11": 1, "-0": 1}
    assert unknown.values == ([0, 2], [1, 1])


def test_booleans_are_bits_where_the_job_says_so_and_values_where_not():
    shots = [[True, 0], [False, 1]]

    (known,) = decode_v2(shots, metadata=layout(2, ("c", (0, 1)), recorded=(1, 0)))
    (unknown,) = decode_v2(shots)

    assert known.memory() == ["01", "10"]
    assert unknown.values == ([True, 0], [False, 1])
    assert unknown.counts == {"[false, 1]": 1, "[true, 0]": 1}


def test_outcomes_that_are_no_bits_are_values_and_texts():
    shots = [{"Item1": 3, "Item2": [0, 1]}, {"Item1": -1, "Item2": [0, 1]}, {"Item1": 3, "Item2": [0, 1]}]

    (result,) = decode_v2(shots)

    assert result.values == ((3, [0, 1]), (-1, [0, 1]), (3, [0, 1]))
    assert result.counts == {"(-1, [0, 1])": 1, "(3, [0, 1])": 2}
    assert result.shots == 3


def test_shots_that_failed_are_reported_as_the_service_does():
    error = {"Code": "0x20", "Name": "TestErrorThirtyTwo", "Foo": "42"}

    (result,) = decode_v2([[0], {"Error": error}, [1], {"Error": {"Code": "0x21", "Name": "Other"}}])

    assert result.errors == (error, {"Code": "0x21", "Name": "Other"})
    assert result.counts == {"0": 1, "1": 1}


def test_a_job_all_of_whose_shots_failed_has_errors_only():
    (result,) = decode_v2(
        [{"Error": {"Code": "1", "Name": "A"}}] * 3, metadata=layout(2, ("c", (0, 1)), recorded=(1, 0))
    )

    assert (result.shots, result.counts, len(result.errors), result.num_clbits) == (0, {}, 3, 2)


def test_a_batch_is_a_result_for_each_program():
    found = decode_v2([[0, 1]], [[1, 1]] * 2, [1, 0, 1])

    assert [result.counts for result in found] == [{"01": 1}, {"11": 2}, {"0": 1, "1": 2}]


def test_fewer_shots_than_asked_for_are_what_they_are():
    (result,) = decode(V2, v2([[0]] * 992), JobFacts(shots=1000))

    assert (result.shots, result.counts) == (992, {"0": 992})


def test_a_histogram_without_shots_is_counts_with_synthetic_memory():
    error = {"Error": {"Code": "0x20", "Name": "Oh"}}
    histogram = [
        {"Outcome": [0, 1], "Display": "[0, 1]", "Count": 3},
        {"Outcome": [0, "-"], "Display": "[0, -]", "Count": 2},
        {"Outcome": error, "Display": "Error 0x20", "Count": 2},
        {"Outcome": [0, 1], "Display": "[0, 1]", "Count": 1},
    ]
    data = json.dumps({"DataFormat": V2, "Results": [{"Histogram": histogram}]}).encode()

    (result,) = decode_v2(data=data, metadata=layout(2, ("c", (0, 1)), recorded=(1, 0)))

    assert result.counts == {"10": 4}
    assert result.raw_counts == {"-0": 2, "10": 4}
    assert (result.shots, result.lost_shots) == (4, 2)
    assert len(result.errors) == 2
    assert result.memory_is_synthetic
    assert result.memory() == ["10"] * 4


def test_values_in_a_histogram_without_shots_are_counted():
    data = json.dumps(
        {"DataFormat": V2, "Results": [{"Histogram": [{"Outcome": 7, "Display": "7", "Count": 3}]}]}
    ).encode()

    (result,) = decode_v2(data=data)

    assert (result.counts, result.values) == ({"7": 3}, (7, 7, 7))


# --- jobs that the official client sent ----------------------------------------------------------------------------


def test_the_official_clients_qiskit_side_records_the_last_bit_first():
    (result,) = decode_v2([{"Item1": [0, 0, 1], "Item2": [1, 0]}], metadata=OFFICIAL_QISKIT)

    assert result.counts == {"01100": 1}
    assert [len(register.clbits) for register in result.registers] == [2, 3]


def test_the_official_clients_cirq_side_records_keys_in_order():
    metadata = {"cirq": "True", "qubits": "3", "measurement_dict": '{"c": [2], "ab": [0, 1]}'}

    (result,) = decode_v2([{"Item1": [1], "Item2": [0, 1]}], metadata=metadata)

    assert result.counts == {"101": 1}
    assert result.registers == (Register("c", (0,)), Register("ab", (1, 2)))


def test_the_official_clients_map_says_which_qubit_a_bit_reads():
    metadata = {**OFFICIAL_QISKIT, "meas_map": "[2, null, 0]"}

    (result,) = decode(IONQ, b'{"histogram": {"4": 0.75, "1": 0.25}}', JobFacts(shots=100, metadata=metadata))

    assert result.counts == {"001": 25, "100": 75}


def test_cirq_ionqs_pieces_of_keys_are_put_together():
    text = "c\x1f2\x1eab\x1f0,1"
    metadata = {"measurement0": text[:4], "measurement1": text[4:7], "measurement2": text[7:], "qubits": "3"}

    (result,) = decode(IONQ, b'{"histogram": {"4": 0.5, "2": 0.5}}', JobFacts(shots=10, metadata=metadata))

    assert result.counts == {"001": 5, "100": 5}
    assert result.registers == (Register("c", (0,)), Register("ab", (1, 2)))


def test_a_job_without_metadata_reads_qubit_i_as_bit_i():
    (result,) = decode(IONQ, b'{"histogram": {"6": 1.0}}', JobFacts(shots=10))
    (wider,) = decode(IONQ, b'{"histogram": {"1": 1.0}}', JobFacts(shots=10, metadata={"num_qubits": "3"}))

    assert (result.counts, wider.counts) == ({"011": 10}, {"100": 10})


# --- microsoft.quantum-results.v1 ----------------------------------------------------------------------------------


def decode_v1(*histogram, shots=100, metadata=None):
    data = json.dumps({"Histogram": list(histogram)}).encode()
    return decode(V1, data, JobFacts(job_id="job-1", shots=shots, metadata=metadata or {}))[0]


@pytest.mark.parametrize(
    ("display", "key", "sizes"),
    [
        ("0", "0", [1]),
        ("[0, 1]", "01", [2]),
        ("([0, 1], [1])", "011", [2, 1]),
        ("(1, 0)", "10", [1, 1]),
        ("[1]", "1", [1]),
    ],
)
def test_displays_are_read_from_left_to_right(display, key, sizes):
    result = decode_v1(display, 1.0)

    assert result.counts == {key: 100}
    assert [len(register.clbits) for register in result.registers] == sizes


def test_probabilities_become_counts_that_sum_to_the_shots():
    result = decode_v1("[0]", 1 / 3, "[1]", 2 / 3)

    assert result.counts == {"0": 33, "1": 67}
    assert result.probabilities == {"0": 1 / 3, "1": 2 / 3}
    assert result.memory_is_synthetic


def test_a_display_with_a_lost_qubit_is_apart():
    result = decode_v1("[0, -]", 0.25, "[0, 1]", 0.75)

    assert (result.counts, result.lost_shots) == ({"01": 75}, 25)


def test_our_layout_and_the_official_one_hold_for_displays_too():
    ours = decode_v1("([1], [0, 1])", 1.0, metadata=layout(4, ("a", (0, 1)), ("b", (2, 3)), recorded=(3, 1, 0)))
    official = decode_v1("[1, 0, 0]", 1.0, metadata=OFFICIAL_QISKIT)

    assert (ours.counts, official.counts) == ({"1001": 100}, {"001": 100})


def test_displays_that_are_no_bits_are_texts():
    assert decode_v1("3", 0.25, "-7", 0.75).counts == {"-7": 75, "3": 25}


# --- ionq.quantum-results.v1 ---------------------------------------------------------------------------------------


def test_bit_i_of_a_key_is_qubit_i_and_unmeasured_qubits_are_summed_over():
    metadata = {**layout(2, ("c", (0, 1))), "meas_map": "[1,0]"}

    (result,) = decode(IONQ, b'{"histogram": {"1": 0.25, "5": 0.25, "2": 0.5}}', JobFacts(shots=8, metadata=metadata))

    assert result.probabilities == {"01": 0.5, "10": 0.5}
    assert result.counts == {"01": 4, "10": 4}


@pytest.mark.parametrize("num_qubits", [63, 64, 65, 100, 200])
def test_wide_registers_keep_every_bit(num_qubits):
    number = (1 << (num_qubits - 1)) + 2
    key = "01" + "0" * (num_qubits - 3) + "1"

    (result,) = decode(IONQ, json.dumps({"histogram": {str(number): 1.0}}).encode(), JobFacts(shots=1))

    assert result.counts == {key: 1}


def test_mitigated_weights_need_not_sum_to_one():
    (result,) = decode(IONQ, b'{"histogram": {"0": 0.4, "1": 0.4}, "duration": 3}', JobFacts(shots=100))

    assert result.counts == {"0": 50, "1": 50}
    assert result.probabilities == {"0": 0.4, "1": 0.4}


def test_a_job_that_does_not_say_its_shots_has_probabilities_only():
    (result,) = decode(IONQ, b'{"histogram": {"0": 0.5, "1": 0.5}}', JobFacts())

    assert (result.shots, result.probabilities) == (0, {"0": 0.5, "1": 0.5})
    with pytest.raises(ResultFormatError, match=r"no counts: .* result\.probabilities"):
        _ = result.counts


def test_two_fetches_are_equal_and_seeds_are_not():
    facts = JobFacts(job_id="job-1", shots=500)
    data = json.dumps({"histogram": {str(key): 1 / 32 for key in range(32)}}).encode()
    (one,), (other,) = decode(IONQ, data, facts), decode(IONQ, data, facts)

    assert one == other
    assert one.memory() == other.memory() != one.memory(seed=0)


# --- honeywell.quantum-results.v1 ----------------------------------------------------------------------------------


def test_the_leftmost_character_is_a_registers_highest_bit():
    (result,) = decode(HONEYWELL, b'{"a": ["01", "11"], "b": ["100", "000"], "access_token": "x"}', JobFacts())

    assert result.memory() == ["10001", "11000"]
    assert result.registers == (Register("a", (0, 1)), Register("b", (2, 3, 4)))


def test_registers_are_found_by_name_in_whatever_order_they_come():
    metadata = {"qsession": Layout(3, (Register("b", (0,)), Register("a", (1, 2))), (0, 2, 1), ("b", "a")).to_text()}

    (one,) = decode(HONEYWELL, b'{"b": ["1"], "a": ["01"]}', JobFacts(metadata=metadata))
    (other,) = decode(HONEYWELL, b'{"a": ["01"], "b": ["1"]}', JobFacts(metadata=metadata))

    assert one == other
    assert one.counts == {"110": 1}


def test_other_things_beside_the_jobs_registers_are_no_registers():
    metadata = {"qsession": Layout(1, (Register("b", (0,)),), (0,), ("b",)).to_text()}

    (result,) = decode(HONEYWELL, b'{"b": ["1"], "warnings": {"none": 0}}', JobFacts(metadata=metadata))

    assert result.counts == {"1": 1}


def test_a_register_that_is_missing_is_named():
    metadata = {"qsession": Layout(1, (Register("b", (0,)),), (0,), ("b",)).to_text()}

    with pytest.raises(ResultFormatError, match="it has no register b; it has c"):
        decode(HONEYWELL, b'{"c": ["1"]}', JobFacts(metadata=metadata))


def test_cirqs_keys_are_registers_in_their_order():
    metadata = {"qubits": "3", "repetitions": "1", "measurement_dict": '{"z": [2], "a": [0, 1]}'}

    (result,) = decode(HONEYWELL, b'{"m_a": ["01"], "m_z": ["1"]}', JobFacts(metadata=metadata))

    assert result.counts == {"110": 1}
    assert [register.name for register in result.registers] == ["z", "a"]


def test_a_job_without_shots_has_none():
    (result,) = decode(HONEYWELL, b'{"c": []}', JobFacts(metadata=layout(2, ("c", (0, 1)), recorded=(1, 0))))

    assert (result.shots, result.num_clbits) == (0, 2)


# --- rigetti and pasqal --------------------------------------------------------------------------------------------


def test_quils_readout_is_one_row_a_shot():
    (result,) = decode("rigetti.quil-results.v1", b'{"ro": [[0, 1], [1, 1]], "other": "x"}', JobFacts())

    assert result.memory() == ["01", "11"]


def test_quils_numbers_are_values():
    (result,) = decode("rigetti.quil-results.v1", b'{"ro": [[0.5, [1, -2]], [3, 0]]}', JobFacts())

    assert result.values == ([0.5, 1 - 2j], [3, 0])


@pytest.mark.parametrize(
    "data",
    [
        b'{"0110": 3, "0000": 1}',
        b'{"counter": {"0110": 3, "0000": 1}}',
        b'{"counter": {"0110": 3, "0000": 1}, "serialised_results": "[[]]"}',
    ],
)
def test_pulsers_counts_are_counts(data):
    (result,) = decode("pasqal.pulser-results.v1", data, JobFacts(shots=9))

    assert (result.counts, result.shots) == ({"0000": 1, "0110": 3}, 4)
    assert result.memory_is_synthetic


# --- the bytes at once, or one value after the other ---------------------------------------------------------------


def read(data):
    try:
        (result,) = decode(V2, data, JobFacts(job_id="job-1", shots=100))
    except ResultFormatError:
        return "refused"
    return result.counts, result.memory(), result.raw_memory, result.registers, result.errors


def damaged(draw, data):
    text = bytearray(data)
    for _ in range(draw.randint(0, 2)):
        place, letter = draw.randrange(len(text)), draw.choice(b'0129[]{},"-: S\ne')
        match draw.randrange(3):
            case 0:
                text[place] = letter
            case 1:
                text.insert(place, letter)
            case _:
                del text[place]
    return bytes(text)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_read_at_once_is_what_a_patient_reader_reads(seed, monkeypatch):
    draw = random.Random(seed)
    documents = []
    for _ in range(150):
        width, number = draw.randint(1, 4), draw.randint(1, 5)
        shots = [[draw.choice([0, 1, 1, "-"]) if seed % 4 == 0 else draw.randint(0, 1) for _ in range(width)]
                 for _ in range(number)]  # fmt: skip
        document = json.loads(v2(shots))
        separators = draw.choice([(",", ":"), (", ", ": "), (" ,\n ", " : ")])
        documents.append(damaged(draw, json.dumps(document, separators=separators).encode()))
    at_once = [read(data) for data in documents]
    monkeypatch.setattr(microsoft, "histogram_and_shots", lambda _data: None)
    monkeypatch.setattr(microsoft, "shots_of", lambda _shots: None)

    for data, found in zip(documents, at_once, strict=True):
        assert read(data) == found, data


# --- work ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [False, True])
def test_ten_times_the_shots_are_looked_at_all_at_once(lost):
    draw = random.Random(1)

    def work(number):
        shots = [[draw.randint(0, 1) for _ in range(12)] for _ in range(number)]
        shots[-1][0] = "-" if lost else 0
        data = v2(shots)
        return lines_run(lambda: decode_v2(data=data)[0].counts)

    assert work(50_000) < 20_000


def test_openqasm_results_take_no_more_than_a_line_a_shot():
    def work(number):
        bits = json.dumps(["".join(random.Random(place).choices("01", k=20)) for place in range(number)])
        data = f'{{"c": {bits}}}'.encode()
        return lines_run(lambda: decode(HONEYWELL, data, JobFacts())[0].counts)

    assert work(20_000) < 30_000  # all of them are different
