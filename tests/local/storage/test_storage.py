"""The storage beside the service: signatures, ranges, blocks, lists, and what it refuses."""

import base64
import uuid
from urllib.parse import quote

import pytest

from qsession_core.local import LocalWorkspace
from tests.support.wire_client import Client


@pytest.fixture
def place(client):
    """The address and the query of a container that can be written."""
    return client.container(uuid.uuid1()).split("?")


def put(client, place, name, body, **headers):
    return client.send(
        "PUT", f"{place[0]}/{name}?{place[1]}", body,
        {"x-ms-blob-type": "BlockBlob", **{key.replace("_", "-"): value for key, value in headers.items()}},
    )  # fmt: skip


def read(client, place, name, span=None):
    return client.send("GET", f"{place[0]}/{name}?{place[1]}", headers={"x-ms-range": span} if span else {})


def xml_code(reply):
    assert reply.headers["content-type"] == "application/xml"
    assert reply.body.startswith(b'<?xml version="1.0" encoding="utf-8"?><Error><Code>')
    code = reply.body.split(b"<Code>")[1].split(b"</Code>")[0].decode()
    assert reply.headers["x-ms-error-code"] == code
    return code


def test_what_is_put_is_read(client, place):
    reply = put(client, place, "a", b"hello", x_ms_blob_content_type="text/plain", x_ms_blob_content_encoding="gzip")
    assert reply.status == 201
    assert {"etag", "last-modified"} <= set(reply.headers)
    got = read(client, place, "a")
    assert (got.status, got.body) == (200, b"hello")
    assert (got.headers["content-type"], got.headers["content-encoding"]) == ("text/plain", "gzip")
    head = client.send("HEAD", f"{place[0]}/a?{place[1]}")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "5")


@pytest.mark.parametrize(
    ("span", "status", "body", "shown"),
    [
        ("bytes=0-33554431", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=9-9", 206, b"9", "bytes 9-9/10"),
    ],
)
def test_ranges_are_answered_with_206(client, place, span, status, body, shown):
    put(client, place, "a", b"0123456789")
    got = read(client, place, "a", span)
    assert (got.status, got.body, got.headers["content-range"]) == (status, body, shown)


def test_a_range_beyond_the_end_or_of_nothing_is_416(client, place):
    put(client, place, "a", b"0123456789")
    put(client, place, "empty", b"")
    for name, span in (("a", "bytes=10-20"), ("a", "bytes=5-4"), ("empty", "bytes=0-33554431")):
        reply = read(client, place, name, span)
        assert (reply.status, xml_code(reply)) == (416, "InvalidRange")
    assert read(client, place, "empty").body == b""


def test_if_none_match_keeps_a_blob_from_being_overwritten(client, place):
    put(client, place, "a", b"one")
    again = put(client, place, "a", b"two", If_None_Match="*")
    assert (again.status, xml_code(again)) == (409, "BlobAlreadyExists")
    assert put(client, place, "a", b"three").status == 201
    assert read(client, place, "a").body == b"three"


def test_blocks_are_put_together_in_the_order_of_the_list(client, place):
    blocks = [base64.b64encode(f"{number:08}".encode()).decode() for number in range(3)]
    for block, body in zip(blocks, (b"aa" * 50_000, b"bb", b"cc"), strict=True):
        url = f"{place[0]}/big?comp=block&blockid={quote(block)}&{place[1]}"
        assert client.send("PUT", url, body).status == 201
    listed = "".join(f"<Latest>{block}</Latest>" for block in (blocks[1], blocks[0], blocks[2]))
    xml = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'
    reply = client.send("PUT", f"{place[0]}/big?comp=blocklist&{place[1]}", xml.encode(), {"If-None-Match": "*"})
    assert reply.status == 201
    assert read(client, place, "big").body == b"bb" + b"aa" * 50_000 + b"cc"
    reply = client.send("PUT", f"{place[0]}/other?comp=blocklist&{place[1]}", xml.encode())
    assert (reply.status, xml_code(reply)) == (400, "InvalidBlockList")


@pytest.mark.parametrize("xml", [b"", b"<", b"<!DOCTYPE a [<!ENTITY b 'c'>]><BlockList>&b;</BlockList>"])
def test_a_list_that_is_no_xml_is_refused(client, place, xml):
    reply = client.send("PUT", f"{place[0]}/a?comp=blocklist&{place[1]}", xml)
    assert (reply.status, xml_code(reply)) == (400, "InvalidXmlDocument")


def test_a_container_lists_its_blobs(client, place):
    for name in ("b", "a%20&%3C", "sub/c"):
        put(client, place, name, b"xyz", x_ms_blob_content_type="text/plain")
    reply = client.send("GET", f"{place[0]}?restype=container&comp=list&{place[1]}")
    text = reply.body.decode()
    assert "<Name>a &amp;&lt;</Name>" in text
    assert text.count("<Content-Length>3</Content-Length>") == 3
    assert "sub/c" in client.send("GET", f"{place[0]}?restype=container&comp=list&prefix=sub&{place[1]}").body.decode()


def test_old_clients_may_look_for_and_make_their_container(client):
    sas_uri = client.container(uuid.uuid1())
    address, query = sas_uri.split("?")
    assert client.send("GET", f"{address}?restype=container&{query}").status == 200
    again = client.send("PUT", f"{address}?restype=container&{query}")
    assert (again.status, xml_code(again)) == (409, "ContainerAlreadyExists")


def test_a_container_that_is_gone_is_not_found(client):
    job = client.done(client.submit())
    client.call("DELETE", f"jobs/{job['id']}")
    reply = client.send("GET", job["containerUri"] + "&restype=container")
    assert (reply.status, xml_code(reply)) == (404, "ContainerNotFound")


def test_a_blob_that_is_not_there_is_not_found(client, place):
    reply = read(client, place, "nothing")
    assert (reply.status, xml_code(reply)) == (404, "BlobNotFound")


# --- signatures ---


def test_without_a_signature_nothing_is_given(client, place):
    put(client, place, "a", b"secret")
    for url in (f"{place[0]}/a", f"{place[0]}/a?sig=", f"{place[0]}/a?{place[1].replace('sig=', 'sig=x')}"):
        reply = client.send("GET", url)
        assert (reply.status, xml_code(reply)) == (403, "AuthenticationFailed")
        assert b"secret" not in reply.body


def test_the_service_key_opens_no_blob(client, place):
    put(client, place, "a", b"secret")
    assert client.send("GET", f"{place[0]}/a", headers=client.headers).status == 403


@pytest.mark.parametrize("change", [("sp=rwlac", "sp=rwlacd"), ("se=20", "se=21"), ("st=20", "st=19")])
def test_what_is_signed_cannot_be_changed(client, place, change):
    query = place[1].replace(*change)
    assert query != place[1]
    reply = client.send("GET", f"{place[0]}/a?{query}")
    assert (reply.status, xml_code(reply)) == (403, "AuthenticationFailed")


def test_a_signature_opens_its_own_container_only(client, place):
    other = client.container(uuid.uuid1()).split("?")[0]
    assert client.send("GET", f"{other}/a?{place[1]}").status == 403


def test_a_signature_runs_out(client, service, place):
    put(client, place, "a", b"x")
    service.clock.advance(86_399)
    assert read(client, place, "a").status == 200
    service.clock.advance(2)
    reply = read(client, place, "a")
    assert (reply.status, xml_code(reply)) == (403, "AuthenticationFailed")
    assert b"time frame" in reply.body


def test_a_reading_signature_does_not_write(client):
    job = client.done(client.submit())
    address = job["inputDataUri"]
    reply = client.send("PUT", address, b"changed", {"x-ms-blob-type": "BlockBlob"})
    assert (reply.status, xml_code(reply)) == (403, "AuthorizationPermissionMismatch")
    other = address.replace("/inputData?", "/rawOutputData?")
    assert client.send("GET", other).status == 403


def test_a_blob_can_be_asked_for_by_name(client):
    job = client.done(client.submit())
    body = {"containerName": f"job-{job['id']}", "blobName": "rawOutputData"}
    sas_uri = client.call("POST", "storage/sasUri", body).json["sasUri"]
    assert "sr=b&sp=rcw" in sas_uri
    assert client.send("GET", sas_uri).json == {"histogram": {"0": 0.5, "3": 0.5}}


def test_signatures_are_secret_in_reprs(client, place):
    from qsession_core.transport.message import Request

    signature = place[1].split("sig=")[1]
    assert signature not in repr(Request("GET", f"{place[0]}?{place[1]}"))


def test_a_storage_request_can_go_through_the_service(client, place):
    put(client, place, "a", b"hello")
    reply = client.call("GET", "storage/proxy", headers={**client.headers, "x-proxy-to": f"{place[0]}/a?{place[1]}"})
    assert (reply.status, reply.body) == (200, b"hello")
    assert client.call("GET", "storage/proxy", headers={"x-proxy-to": f"{place[0]}/a?{place[1]}"}).status == 401


# --- hostile names ---


@pytest.mark.parametrize(
    "name",
    ["..%2F..%2Fworkspace.db", "../../../etc/passwd", "..\\..\\x", "%00", "a/../../b", "C:%5Cx", ".", "..", "con",
     "%2e%2e/%2e%2e/x", "a" * 1024, "é%20ü"],
)  # fmt: skip
def test_no_name_of_a_blob_leads_out_of_the_store(tmp_path, name):
    home = tmp_path / "deep" / "er" / "home"
    with LocalWorkspace(home) as service:
        client = Client(service)
        place = client.container(uuid.uuid1()).split("?")
        reply = put(client, place, quote(name, safe="%/\\.:"), b"x" * 100_000)
        assert reply.status in {201, 400, 403, 404, 405}
        outside = [path for path in tmp_path.rglob("*") if path.is_file() and home not in path.parents]
        assert outside == []
        for path in (home / "blobs").iterdir():
            assert len(path.name) == 32


@pytest.mark.parametrize("container", ["..", "a", "A_B", "job--1", "-x-", "x" * 64, "%2e%2e", "job-1%2f.."])
def test_no_name_of_a_container_leads_out_of_the_store(client, container):
    assert client.call("POST", "storage/sasUri", {"containerName": container}).status == 400
    assert client.send("GET", f"https://local.blob.core.windows.net/{container}/a?sig=x").status == 400


def test_a_large_blob_lives_in_a_file_and_goes_with_its_job(tmp_path):
    with LocalWorkspace(tmp_path) as service:
        client = Client(service)
        job_id = str(uuid.uuid1())
        client.upload(client.container(job_id), b"y" * 300_000, "attachment")
        assert len(list((tmp_path / "blobs").iterdir())) == 1
        client.done(client.submit(job_id=job_id))
        client.call("DELETE", f"jobs/{job_id}")
        assert list((tmp_path / "blobs").iterdir()) == []
