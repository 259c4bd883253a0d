"""Edited results: by Qiskit's own functions, in place, sliced, renamed. The judge is a plain result of Qiskit's."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.result import Result as QiskitResult
from qiskit.result import marginal_counts, marginal_distribution
from qiskit.result.models import ExperimentResult
from qiskit.result.utils import marginal_memory

from qsession_core import Workspace
from qsession_core.results.result import Register, Result
from qsession_qiskit import AzureQuantumProvider
from qsession_qiskit.result import AzureQuantumResult, experiment

WIDTHS = st.lists(st.integers(1, 4), min_size=1, max_size=3)


@st.composite
def results(draw, number=1):
    """Draw a result of ours, and the same as a plain result of Qiskit's, as simulators return it."""
    ours, plain = [], []
    for place in range(number):
        sizes = draw(WIDTHS)
        width = sum(sizes)
        keys = draw(st.lists(st.text("01", min_size=width, max_size=width), min_size=1, max_size=6))
        ends = np.cumsum([0, *sizes]).tolist()
        registers = tuple(Register(f"r{n}", tuple(range(ends[n], ends[n + 1]))) for n in range(len(sizes)))
        mine = experiment(Result.from_memory(keys, registers=registers), {"name": f"circuit {place}"})
        memory = [hex(int(key[::-1], 2)) for key in keys]
        counts = {key: memory.count(key) for key in memory}
        header = {
            "name": f"circuit {place}",
            "memory_slots": width,
            "creg_sizes": [[r.name, len(r.clbits)] for r in registers],
        }
        data = {"counts": counts, "memory": memory}
        ours.append(mine)
        plain.append(
            ExperimentResult.from_dict(  # makes a header of the kind that this version of Qiskit has
                {"shots": len(keys), "success": True, "data": data, "meas_level": 2, "header": header}
            )
        )
    members = {"backend_name": "b", "backend_version": None, "qobj_id": None, "job_id": "j", "success": True}
    return AzureQuantumResult(**members, results=ours), QiskitResult(**members, results=plain)


def _told(result):
    """Return what users read from a result."""
    counts, memories = [], []
    for place in range(len(result.results)):
        counts.append(dict(result.get_counts(place)))
        memories.append(result.get_memory(place))
    return counts, memories


def _width(result):
    header = result.results[0].header
    return (header if isinstance(header, dict) else header.to_dict())["memory_slots"]


def _set(header, name, value):
    """Change a header: a dict, or an object of Qiskit 1."""
    if isinstance(header, dict):
        header[name] = value
    else:
        setattr(header, name, value)


def _indices(draw_from, result):
    width = _width(result)
    return draw_from(st.lists(st.integers(0, width - 1), min_size=1, max_size=width, unique=True))


@given(results(), st.data(), st.booleans(), st.sampled_from([True, None]))
def test_marginal_counts_gives_what_it_gives_of_a_plain_result(both, data, inplace, memory):
    ours, plain = both
    indices = _indices(data.draw, plain)
    before = _told(ours)
    mine = marginal_counts(ours, indices, inplace=inplace, marginalize_memory=memory)
    theirs = marginal_counts(plain, indices, inplace=inplace, marginalize_memory=memory)
    assert (mine is ours) == inplace
    if memory:
        assert _told(mine) == _told(theirs)
    else:
        assert dict(mine.get_counts()) == dict(theirs.get_counts())
    assert mine.results[0].data.counts == theirs.results[0].data.counts
    assert mine.results[0].data.memory == theirs.results[0].data.memory
    assert mine.to_dict()["results"][0]["data"]["counts"] == theirs.to_dict()["results"][0]["data"]["counts"]
    if not inplace:
        assert _told(ours) == before


@given(results())
def test_without_indices_the_spaces_stay(both):
    ours, plain = both
    assert _told(marginal_counts(ours)) == _told(marginal_counts(plain))


@given(results(), st.data())
def test_marginals_of_marginals(both, data):
    ours, plain = both
    for _ in range(2):
        indices = _indices(data.draw, plain)
        ours, plain = marginal_counts(ours, indices), marginal_counts(plain, indices)
        assert _told(ours) == _told(plain)


@given(results(), st.data(), st.booleans())
def test_marginals_of_counts_and_of_memory(both, data, formatted):
    ours, plain = both
    indices = _indices(data.draw, plain)
    for function in (marginal_counts, marginal_distribution):
        assert function(ours.get_counts(), indices, format_marginal=formatted) == function(
            plain.get_counts(), indices, format_marginal=formatted
        )
    schema = ours.to_dict()["results"][0]["data"]["memory"]
    assert marginal_memory(schema, indices) == marginal_memory(plain.results[0].data.memory, indices)


def test_memory_can_be_left_out_of_a_marginal():
    outcome = Result.from_memory(["101", "001"])
    result = AzureQuantumResult(
        backend_name="b",
        backend_version=None,
        qobj_id=None,
        job_id="j",
        success=True,
        results=[experiment(outcome, {})],
    )
    without = marginal_counts(result, [0, 1], marginalize_memory=False)
    assert not hasattr(without.results[0].data, "memory")
    assert dict(without.get_counts()) == {"00": 1, "01": 1}
    assert "memory" not in without.to_dict()["results"][0]["data"]
    assert hasattr(result.results[0].data, "memory")


@given(results(number=3), st.permutations(range(3)))
def test_experiments_can_be_reordered_sliced_and_renamed(both, order):
    for result in both:
        result.results = [result.results[place] for place in order][:2]
        _set(result.results[0].header, "name", "renamed")
    assert _told(both[0]) == _told(both[1])
    assert dict(both[0].get_counts("renamed")) == dict(both[1].get_counts("renamed"))
    if hasattr(both[1].results[1].header, "__setitem__"):
        both[0].results[1].header.name = "by attribute"
        assert dict(both[0].get_counts("by attribute")) == dict(both[1].get_counts(1))


@given(results(), st.data())
def test_replaced_counts_memory_and_headers_count(both, data):
    ours, plain = both
    width = _width(plain)
    keys = data.draw(st.lists(st.integers(0, 2**width - 1), min_size=1, max_size=5))
    change = data.draw(st.sampled_from(["counts", "memory", "header", "all"]))
    for result in both:
        target = result.results[0]
        if change in {"counts", "all"}:
            target.data.counts = {hex(key): keys.count(key) for key in keys}
        if change in {"memory", "all"}:
            target.data.memory = [hex(key) for key in keys]
        if change in {"header", "all"}:
            _set(target.header, "creg_sizes", [["all", width]])
    assert _told(ours) == _told(plain)


@given(results(), st.booleans())
def test_counts_and_memory_changed_in_place_count(both, in_schema):
    ours, plain = both
    ours.results[0].data.in_schema = in_schema
    mine, theirs = ours.results[0].data, plain.results[0].data
    key = next(iter(mine.counts))
    assert int(key.replace(" ", ""), 16 if in_schema else 2) in {int(each, 16) for each in theirs.counts}
    mine.counts[key] += 5
    theirs.counts[key if in_schema else hex(int(key.replace(" ", ""), 2))] += 5
    mine.memory.append(mine.memory[0])
    theirs.memory.append(theirs.memory[0])
    assert _told(ours) == _told(plain)
    assert ours.data(0)["counts"] == plain.data(0)["counts"]
    assert ours.data(0)["memory"] == plain.data(0)["memory"]
    assert mine.counts is mine.counts


@given(results(number=2))
def test_a_result_survives_its_dict_and_its_copy(both):
    ours, plain = both
    assert _told(QiskitResult.from_dict(ours.to_dict())) == _told(QiskitResult.from_dict(plain.to_dict()))
    assert _told(copy.deepcopy(ours)) == _told(ours) == _told(plain)
    for place in range(2):
        assert ours.data(place)["counts"] == plain.data(place)["counts"]
        assert ours.data(place)["memory"] == plain.data(place)["memory"]


@pytest.fixture(scope="module")
def run():
    with Workspace.local(seed=1) as local:
        circuit = QuantumCircuit(3, 3)
        circuit.x([0, 2])
        circuit.measure(range(3), range(3))
        yield lambda target: AzureQuantumProvider(local).get_backend(target).run(circuit, shots=4).result()


@pytest.mark.parametrize("target", ["ionq.simulator", "rigetti.sim.qvm"])
def test_the_data_is_as_the_official_clients_documentation_shows_it(run, target):
    data = run(target).results[0].data
    assert data.counts == data.raw_counts == {"101": 4}
    assert data.memory == data.raw_memory == ["101"] * 4
    assert data.probabilities == data.raw_probabilities == {"101": 1.0}


def test_raw_data_has_the_lost_shots():
    outcome = Result.from_memory(["10", "1-", "10", "00"])
    data = experiment(outcome, {}).data
    assert data.counts == {"00": 1, "01": 2}
    assert data.probabilities == {"00": pytest.approx(1 / 3), "01": pytest.approx(2 / 3)}
    assert data.raw_counts == {"00": 1, "01": 2, "-1": 1}
    assert data.raw_probabilities == {"00": 0.25, "01": 0.5, "-1": 0.25}
    assert data.raw_memory == ["01", "-1", "01", "00"]


@pytest.mark.parametrize("target", ["ionq.simulator", "quantinuum.sim.h2-1sc", "rigetti.sim.qvm"])
@pytest.mark.parametrize("way", ["keyword", "options"])
def test_whoever_asks_for_memory_gets_qiskits_schema_as_its_own_primitives_need(target, way):
    circuit = QuantumCircuit(6, 6)
    circuit.x([0, 5])
    circuit.measure(range(6), range(6))
    with Workspace.local(seed=1) as local:
        backend = AzureQuantumProvider(local).get_backend(target)
        if way == "options":
            backend.set_options(memory=True)
        result = backend.run(circuit, shots=2, memory=True if way == "keyword" else None).result()
    key = "000000" if target.endswith("sc") else "100001"
    assert result.results[0].data.memory == [hex(int(key, 2))] * 2
    assert result.results[0].data.counts == {hex(int(key, 2)): 2}
    assert result.get_memory() == [key] * 2
