"""What callers write into a job's parameters is checked like keywords: names, types and values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsession_core.keywords import near
from qsession_core.providers.find import find_provider
from qsession_core.providers.options import COMMON, programs_in, shots_in

GOOD = {
    "ionq": [
        {"error-mitigation": {"debias": False}},
        {"noise": {"model": "forte-1", "seed": 3}},
        {"noise": None},
        {"items": [{"entryPoint": "main", "arguments": []}], "target_profile": "Base"},
    ],
    "quantinuum": [
        {"error-model": False, "simulator": "stabilizer", "tket-opt-level": 0, "no-opt": True, "nativetq": "Rxxyyzz"},
        {"error-params": {"p1": 1e-3, "p_meas": [1e-3, 2e-3], "p2_emission_ratio": 0, "idle_dephasing": True}},
        {"noreduce": True},
    ],
    "rigetti": [{"skipQuilc": True, "substitutions": {"theta": [[0.0], [1.0]]}}, {"count": 5}, {"shots": 5}],
    "pasqal": [{"shots": 3}, {"runs": 3}, {}],
    "somebody-new": [{"anything": object()}, {"entryPoint": "main"}],
}


@pytest.mark.parametrize(("provider", "params"), [(name, each) for name, several in GOOD.items() for each in several])
def test_what_the_documentation_shows_is_taken(provider, params):
    assert find_provider(provider).option_problems(params) == []


@pytest.mark.parametrize(
    ("provider", "params", "sentence"),
    [
        (
            "ionq",
            {"error_mitigation": {"debias": True}},
            "no option 'error_mitigation'. Did you mean 'error-mitigation'",
        ),
        (
            "ionq",
            {"error-mitigation": {"debais": True}},
            "['error-mitigation'] has no option 'debais'. Did you mean 'debias'",
        ),
        ("ionq", {"error-mitigation": True}, "it must be a dict"),
        ("ionq", {"error-mitigation": {"debias": "no"}}, "it must be true or false"),
        ("ionq", {"error-mitigation": {"debias": 0}}, "it must be true or false"),
        ("ionq", {"noise": {"model": "aria1"}}, "Did you mean 'aria-1'"),
        ("ionq", {"noise": "aria-1"}, "it must be a dict"),
        ("ionq", {"noise": {"model": "ideal", "seed": True}}, "it must be a whole number"),
        ("ionq", {"noise": {"model": "ideal", "seed": 1.5}}, "it must be a whole number"),
        ("ionq", {"error-model": True}, "no option 'error-model'"),
        ("quantinuum", {"error_model": False}, "Did you mean 'error-model'"),
        ("quantinuum", {"error-model": "off"}, "it must be true or false"),
        ("quantinuum", {"error-params": {"p_1": 0.1}}, "Did you mean 'p1'"),
        ("quantinuum", {"error-params": {"p1": "0.1"}}, "it must be a number"),
        ("quantinuum", {"simulator": "statevector"}, "Did you mean 'state-vector'"),
        ("quantinuum", {"tket-opt-level": 9}, "there are: 0, 1, 2, 3"),
        ("quantinuum", {"noise": {"model": "aria-1"}}, "no option 'noise'"),
        ("rigetti", {"skip_quilc": True}, "Did you mean 'skipQuilc'"),
        ("rigetti", {"substitutions": [[0.1]]}, "it must be a dict"),
        ("rigetti", {"num_shots": 10}, "Did you mean 'shots'"),
        ("rigetti", {"runs": 10}, "Did you mean 'shots'"),
        ("ionq", {"items": {"entryPoint": "main"}}, "it must be a list"),
        ("ionq", {"items": ["main"]}, "['items'][0] is 'main'; it must be a dict"),
        ("ionq", {"items": [{}, {"entrypoint": "main"}]}, "Did you mean 'entryPoint'"),
        ("somebody-new", {"entryPoint": 3}, "it must be text"),
    ],
)
def test_what_nobody_has_is_one_sentence_with_the_way_out(provider, params, sentence):
    (problem,) = find_provider(provider).option_problems(params)
    assert sentence in problem


def test_every_problem_is_listed():
    params = {"error_mitigation": {}, "noise": {"model": "x", "sead": 1}, "entryPoint": 1}
    assert len(find_provider("ionq").option_problems(params)) == 4


def test_names_and_values_that_no_row_knows_are_let_through_on_request_but_no_wrong_types():
    ionq = find_provider("ionq")
    assert ionq.option_problems({"sharpen": True, "noise": {"model": "tempo-1", "seat": 1}}, allow_unknown=True) == []
    assert len(ionq.option_problems({"noise": {"model": 3}}, allow_unknown=True)) == 1


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.text(max_size=6) | st.sampled_from(
    [*sorted(COMMON), "noise", "error-params", "substitutions", "error-model"]
)


@given(st.sampled_from(sorted(GOOD)), st.dictionaries(NAMES, JSON, max_size=4))
def test_any_json_is_taken_or_refused_in_sentences(provider, params):
    row = find_provider(provider)
    problems = row.option_problems(params)
    assert all(problem.endswith((".", "?")) or "allow_unknown" in problem for problem in problems)
    unknown = [name for name in params if name not in {**COMMON, **row.input_params}]
    assert len(problems) >= (len(unknown) if row.id else 0)


@pytest.mark.parametrize("word", ["count", "repetitions", "num_shots", "n_shots", "nshots", "runs", "samples", "Count"])
def test_another_sdks_word_for_shots_hints_at_shots(word):
    assert near(word, ["circuit", "shots", "run_input"]) == "Did you mean 'shots'?"
    assert near(word, ["circuit", "gateset"]) != "Did you mean 'shots'?"


def test_cirqs_word_is_hinted_at_where_it_is_the_one():
    assert near("shots", ["repetitions", "name"]) == "Did you mean 'repetitions'?"


def test_shots_are_read_by_any_word_and_null_is_no_word():
    assert shots_in({"count": 5}) == shots_in({"shots": None, "count": 5}) == [5]
    assert shots_in({"shots": 3, "count": 5}) == [3, 5]
    assert shots_in({"shots": None}) == shots_in({}) == []


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, 1),
        ({"items": [{}, {}]}, 2),
        ({"substitutions": {"t": [[0], [1], [2]]}}, 3),
        ({"items": []}, 1),
        ({"items": None}, 1),
    ],
)
def test_the_shots_run_once_for_each_item_and_set_of_substitutions(params, expected):
    assert programs_in(params) == expected
