"""Requests that mean ill, or nothing: each is answered with 4xx or becomes a job that ends; nothing raises."""

import json
import uuid
from urllib.parse import quote

import pytest

from tests.support.wire_client import BELL

DEEP = "[" * 100_000 + "]" * 100_000
VALUES = [
    "null", "1", '"x"', "[]", "{}", "true", r'"\u0000"', r'"\ud800"', r'"\ud800\udc00"', r'"\n\r\u0001"', '"²"',
    "1e400", "9" * 5000, "-" + "9" * 5000, f'"{"a" * 100_000}"', "[" * 900 + "]" * 900, DEEP,
    '{"a":' * 5000 + "1" + "}" * 5000,
    f'{{"shots":{"9" * 5000}}}', f'{{"shots":"{"9" * 5000}"}}', '{"shots":"²"}', '{"shots":1e308}', '{"items":5}',
    '{"shots":9223372036854775808}', '["\\u0000"]', '"http://[::1"', '"http://h:99999999/a/b"', '"//"', '"http://h/a/%00"',
]  # fmt: skip
MEMBERS = [
    "name", "target", "containerUri", "inputDataFormat", "inputDataUri", "outputDataFormat", "inputParams", "metadata",
    "sessionId", "jobType", "providerId", "priority", "tags", "itemType", "jobFailurePolicy", "containerName",
    "blobName",
]  # fmt: skip
BODIES = [b"", b"null", b"[]", b'"x"', b"\xff\xfe", b"\x00", DEEP.encode(), b'{"a":' * 100_000, b"9" * 5000, b"NaN"]


def raw(client, method, path, body):
    return client.send(method, f"{client.base}/{path}", body, client.headers)


@pytest.mark.parametrize("member", MEMBERS)
def test_no_value_of_a_member_breaks_the_service(client, member):
    done = client.submit(BELL)
    known = {
        "name": "n",
        "target": "ionq.simulator",
        "containerUri": f"https://h/job-{done}",
        "inputDataFormat": "ionq.circuit.v1",
    }
    jobs = []
    for value in VALUES:
        for method, path, base in (
            ("PUT", f"jobs/{uuid.uuid4()}", known),
            ("PUT", f"sessions/{uuid.uuid4()}", known),
            ("PATCH", f"jobs/{done}", {}),
            ("POST", "storage/sasUri", {"containerName": "box-1"}),
        ):
            members = {**{name: json.dumps(given) for name, given in base.items()}, member: value}
            body = "{" + ",".join(f'"{name}":{given}' for name, given in members.items()) + "}"
            reply = raw(client, method, path, body.encode())
            assert reply.status in {200, 400}, (path, value[:40], reply.body[:200])
            if reply.status == 200 and method == "PUT":
                assert client.get(path).status == 200
                jobs += [path[5:]] if path[:5] == "jobs/" else []
    assert client.get("jobs").status == 200
    ends = [client.done(job) for job in jobs]
    assert {job["status"] for job in ends} <= {"Succeeded", "Failed"}
    assert "InternalError" not in {(job["errorData"] or {}).get("code") for job in ends}


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_body_that_is_no_record_is_refused(client, body):
    for method, path in (
        ("PUT", f"jobs/{uuid.uuid4()}"),
        ("PUT", f"sessions/{uuid.uuid4()}"),
        ("POST", "storage/sasUri"),
    ):
        reply = raw(client, method, path, body)
        assert (reply.status, reply.code) == (400, "InvalidRequestBody")
    graph = "https://local.quantum.azure.com/providers/Microsoft.ResourceGraph/resources"
    assert client.send("POST", graph, body, client.headers).status == 400


def nested(word, levels):
    """Brackets in brackets, each with two parts, so that none can be left out."""
    text = "name eq 'z'"
    for level in range(levels):
        text = f"(name eq 'a' {word if level % 2 else 'or'} {text})"
    return text


FILTERS = [
    nested("and", 20), nested("and", 24), nested("and not", 24), nested("and", 25), nested("and", 49),
    nested("and", 60), "(" * 45 + "name eq 'a'" + ")" * 45, "(" * 4000, "not " * 2000 + "name eq 'a'",
    "(not " * 40 + "name eq 'a'" + ")" * 40, "or".join([" name eq'a'"] * 600),
    " and ".join(["not name eq 'a'"] * 450), f"name eq '{'a' * 8000}'",
    "creationTime ge ²", "creationTime ge \u0662026-01-01", f"creationTime ge 2026-01-01T{'9' * 5000}",
    "creationTime ge '0001-01-01T00:00:00+14:00'", "creationTime ge 9999-12-31T23:59:59-14:00", "name eq '\x00'",
    "startswith(name,'\x00\x01')", "startswith(creationTime,'a')", "name eq", "'", "((", ")", "\x00", "and and and",
]  # fmt: skip


@pytest.mark.parametrize("text", FILTERS, ids=range(len(FILTERS)))
def test_a_filter_is_understood_or_refused(client, text):
    reply = raw(client, "GET", f"jobs?filter={quote(text)}", b"")
    assert reply.status in {200, 400}
    assert reply.status == 200 or reply.code in {"InvalidQueryParameter", "InvalidText"}


def test_not_is_the_opposite_of_what_it_stands_before(client):
    jobs = {name: client.submit(name=name) for name in ("a", "b", "c")}
    client.open()
    client.done(jobs["a"])

    def found(text):
        return {item["name"] for item in client.get(f"toplevelitems?filter={quote(text)}").json["value"]} & set(jobs)

    assert found("not name eq 'a'") == {"b", "c"}
    assert found("not not name eq 'a'") == {"a"}
    assert found("not (name eq 'a' or name eq 'b')") == {"c"}
    assert found("not (name eq 'a' and name eq 'b')") == {"a", "b", "c"}
    assert found("not (not (name eq 'a' or not name eq 'b'))") == {"a", "c"}
    assert found("not (name eq 'a' and (name eq 'b' or not startswith(name, 'a')))") == {"a", "b", "c"}
    # a session has no job type, so it is not of this one
    assert (
        len(client.get(f"toplevelitems?filter={quote('not jobType eq ' + repr('QuantumComputing'))}").json["value"])
        == 1
    )


@pytest.mark.parametrize("name", ["skip", "top"])
@pytest.mark.parametrize("value", ["²", "\u0661", "9" * 5000, "-1", "1e3", "0x10", " 1", "+1", "\x00", "2147483648"])
def test_a_number_that_is_none_is_refused(client, name, value):
    reply = client.get(f"jobs?{name}={quote(value)}")
    assert (reply.status, reply.code) == (400, "InvalidQueryParameter")


@pytest.mark.parametrize("text", ["name," * 1600 + "name", "name desc," * 700 + "name", "²", ",", "name desc desc"])
def test_an_order_is_understood_or_refused(client, text):
    assert client.get(f"jobs?orderby={quote(text)}").status in {200, 400}


ADDRESSES = [
    "http://[::1", "x", "", "//", "file:///etc/passwd", "http://h:abc/subscriptions", "http://h/%00", "http://h/_/x",
    "http://h/_/_/a", "http://h/" + "%01" * 10, "http://h/subscriptions/%zz", "http://h/subscriptions/" + "a/" * 5000,
    "http://h/a/a/b?sig=%ff", "http://h/abc/abc/b?sv=2025-07-05&sig=²",
    "http://h/abc?restype=container&sig=" + "a" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES, ids=range(len(ADDRESSES)))
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "", "²"])
def test_an_address_that_leads_nowhere_is_refused(client, address, method):
    assert client.send(method, address, b"", client.headers).status in {400, 401, 403, 404, 405}
