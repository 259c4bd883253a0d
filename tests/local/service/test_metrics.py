"""Metrics, read by Prometheus' own parser."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

URL = "https://local.quantum.azure.com/_/metrics"
QASM = b'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; creg c[1]; x q[0]; measure q -> c;'


def samples(client, **headers):
    reply = client.send("GET", URL, headers={"authorization": f"Bearer {client.service.connection.api_key}", **headers})
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }


def test_they_count_jobs_sessions_and_requests(client):
    before = samples(client)
    assert before[("qsession_healthy",)] == 1
    client.submit(QASM, "quantinuum.sim.h2-1e", "honeywell.openqasm.v1")
    client.service.settle()
    found = samples(client)
    assert found[("qsession_jobs", ("state", "Succeeded"), ("target", "quantinuum.sim.h2-1e"))] == 1
    assert found[("qsession_oldest_waiting_seconds",)] == 0
    put = ("qsession_requests_total", ("method", "PUT"), ("route", "jobs/*"), ("status", "200"))
    assert found[put] == 1
    count = found[("qsession_request_seconds_count",)]
    assert count == sum(value for key, value in found.items() if key[0] == "qsession_requests_total")
    assert found[("qsession_request_seconds_bucket", ("le", "+Inf"))] == count
    rising = [value for key, value in found.items() if key[0] == "qsession_request_seconds_bucket"]
    assert rising == sorted(rising)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"x-ms-quantum-api-key": ""}])
def test_they_need_the_key(client, headers):
    assert client.send("GET", URL, headers={"x-ms-quantum-api-key": "none", **headers}).status == 401


def test_what_strangers_send_makes_no_new_rows(client):
    for number in range(50):
        client.send(f"VERB{number}", f"https://local.quantum.azure.com/path{number}/x", headers={})
    rows = [key for key in samples(client) if key[0] == "qsession_requests_total"]
    assert len(rows) < 10
    assert all("path" not in str(key) and "VERB" not in str(key) for key in rows)
