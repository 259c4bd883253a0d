"""Jobs of several items: each runs, and each has its result."""

import pytest

from tests.support.qir_text import gate, qir

pytest.importorskip("pyqir")

H2 = "quantinuum.sim.h2-1e"
QUIET = {"error-model": False}
TWO = qir("\n".join([gate("x__body", 0), gate("mz__body", 0, 0)]), more=(
    "define void @other() #0 {\n" + gate("mz__body", 0, 0) + "\n  ret void\n}\n"
))  # fmt: skip


def params(*names, shots=3):
    return {**QUIET, "shots": shots, "items": [{"entryPoint": name, "arguments": []} for name in names]}


def test_each_item_has_its_result_in_the_order_of_the_items(client):
    results = client.run(TWO, H2, "qir.v1", params=params("other", "main", "other"))["Results"]
    assert [result["Histogram"][0]["Display"] for result in results] == ["[0]", "[1]", "[0]"]
    assert [len(result["Shots"]) for result in results] == [3, 3, 3]


def test_the_first_version_of_results_lists_what_each_item_has_alone(client):
    results = client.run(TWO, H2, "qir.v1", params=params("main", "other"), output="microsoft.quantum-results.v1")
    assert results == [{"Histogram": ["[1]", 1.0]}, {"Histogram": ["[0]", 1.0]}]


def test_the_job_says_how_many_items_it_has_and_pays_for_all(client):
    one = client.done(client.submit(TWO, H2, "qir.v1", params=params("main", shots=1000)))
    two = client.done(client.submit(TWO, H2, "qir.v1", params=params("main", "main", shots=1000)))
    assert (one["quantumComputingData"], two["quantumComputingData"]) == ({"count": 1}, {"count": 2})
    paid = [job["costEstimate"]["events"][0]["amountBilled"] for job in (one, two)]
    assert paid == [5 + 1000 * (1 + 2 * 5) / 5000, 2 * paid[0]]


def test_an_item_that_fails_is_named(client):
    error = client.failure(TWO, H2, "qir.v1", params=params("main", "nowhere", "neither"))
    assert error["target"] == "items[1]"
    assert [detail["target"] for detail in error["details"]] == ["items[1]", "items[2]"]
    assert "'nowhere'" in error["message"]
    assert error["details"][0] == {key: error[key] for key in ("code", "message", "target")}
