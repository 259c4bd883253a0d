"""What the storage takes and refuses: blocks, lists of blocks, names, signatures."""

import base64
import uuid
from datetime import UTC, datetime
from functools import partial
from itertools import product
from urllib.parse import quote

import pytest

from qsession_core.local import LocalWorkspace
from qsession_core.local.service.addresses import decoded_query
from qsession_core.local.storage import endpoint
from qsession_core.local.storage.block_list import MAX_BLOCKS, block_ids
from qsession_core.local.storage.sas import Signer
from tests.support.counting import lines_run
from tests.support.wire_client import Client


@pytest.fixture(params=["in memory", "in a directory"])
def client(request, tmp_path):
    with LocalWorkspace(None if request.param == "in memory" else tmp_path / "here", seed=1) as workspace:
        yield Client(workspace)


@pytest.fixture
def place(client):
    return client.container(uuid.uuid1()).split("?")


def put_block(client, place, name, number, body):
    block = base64.b64encode(f"{number:08}".encode()).decode()
    return block, client.send("PUT", f"{place[0]}/{name}?comp=block&blockid={quote(block)}&{place[1]}", body)


def commit(client, place, name, blocks):
    xml = "<BlockList>" + "".join(f"<Latest>{block}</Latest>" for block in blocks) + "</BlockList>"
    return client.send("PUT", f"{place[0]}/{name}?comp=blocklist&{place[1]}", xml.encode())


def code(reply):
    return reply.headers["x-ms-error-code"]


def test_a_list_that_names_a_block_many_times_makes_no_larger_blob_than_may_be(client, place, monkeypatch):
    monkeypatch.setattr(endpoint, "MAX_BODY", 1_000_000)
    block, _ = put_block(client, place, "a", 0, b"x" * 100_000)
    reply = commit(client, place, "a", [block] * 11)
    assert (reply.status, code(reply)) == (413, "RequestBodyTooLarge")
    assert commit(client, place, "a", [block] * 10).status == 201


def test_uploads_that_were_given_up_make_room_for_new_ones(client, place, monkeypatch):
    monkeypatch.setattr(endpoint, "_MAX_UNCOMMITTED", 1_000_000)
    for number in range(30):
        assert put_block(client, place, f"given-up-{number}", 0, b"x" * 100_000)[1].status == 201
    total = client.service.store.read("SELECT sum(size) FROM blocks")[0][0]
    assert total <= 1_000_000
    blocks = [put_block(client, place, "mine", number, b"y" * 200_000)[0] for number in range(5)]
    assert commit(client, place, "mine", blocks).status == 201
    assert client.send("GET", f"{place[0]}/mine?{place[1]}").body == b"y" * 1_000_000


def test_one_upload_cannot_have_more_uncommitted_bytes_than_all_may_have(client, place, monkeypatch):
    monkeypatch.setattr(endpoint, "_MAX_UNCOMMITTED", 300_000)
    replies = [put_block(client, place, "a", number, b"x" * 100_000)[1] for number in range(5)]
    assert [reply.status for reply in replies] == [201, 201, 201, 413, 413]


def test_one_blob_has_at_most_so_many_uncommitted_blocks(client, place, monkeypatch):
    monkeypatch.setattr(endpoint, "MAX_BLOCKS", 3)
    replies = [put_block(client, place, "a", number, b"x")[1] for number in range(5)]
    assert [reply.status for reply in replies] == [201, 201, 201, 409, 409]
    assert code(replies[-1]) == "BlockCountExceedsLimit"


DOCTYPE = '<!DOCTYPE a [<!ENTITY b "YQ==">]><BlockList><Latest>&b;</Latest></BlockList>'


@pytest.mark.parametrize(
    "body",
    [
        *(f'<?xml version="1.0" encoding="{name}"?>{DOCTYPE}'.encode(name) for name in ("utf-8", "utf-16", "latin-1")),
        DOCTYPE.encode("utf-16-le"),
        b'<?xml version="1.0" encoding="rot13"?><BlockList/>',
        b'<?xml version="1.0" encoding="no-such"?><BlockList/>',
        b'<?xml version="1.0" encoding="shift_jis"?><BlockList/>',
        b"<a>" * 100_000,
        b"<a><b><c/></b></a>",
        b"\x00",
        b"",
    ],
)
def test_a_list_with_a_document_type_in_any_encoding_is_no_list(client, place, body):
    reply = client.send("PUT", f"{place[0]}/a?comp=blocklist&{place[1]}", body)
    assert (reply.status, code(reply)) == (400, "InvalidXmlDocument")


def test_lists_are_read_in_one_pass_and_bounded():
    entries = [f"<Latest>{number}</Latest>" for number in range(MAX_BLOCKS)]
    assert len(block_ids(f"<BlockList>{''.join(entries)}</BlockList>".encode())) == MAX_BLOCKS
    for bad, word in (
        (f"<BlockList>{''.join(entries)}<Latest/></BlockList>", "BlockListTooLong"),
        (f"<BlockList><Latest>{'a' * 200}</Latest></BlockList>", "InvalidBlockList"),
    ):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - its code is looked at
            block_ids(bad.encode())
        assert caught.value.code == word
    few, many = (
        lines_run(partial(block_ids, f"<BlockList>{''.join(entries[:count])}</BlockList>".encode()))
        for count in (100, 1000)
    )
    assert many < 11 * few


@pytest.mark.parametrize("name", ["%00", "%01", "a%1Fb", "a%0Ab", "%7F", "%EF%BF%BE", "a" * 1025])
def test_a_name_that_no_list_could_show_is_refused(client, place, name):
    reply = client.send("PUT", f"{place[0]}/{name}?{place[1]}", b"x", {"x-ms-blob-type": "BlockBlob"})
    assert (reply.status, code(reply)) == (400, "InvalidUri")
    assert client.send("GET", f"{place[0]}?restype=container&comp=list&{place[1]}").status == 200


def test_a_prefix_and_a_type_with_control_characters_are_refused(client, place):
    reply = client.send("GET", f"{place[0]}?restype=container&comp=list&prefix=%01&{place[1]}")
    assert reply.status == 400
    headers = {"x-ms-blob-type": "BlockBlob", "x-ms-blob-content-type": "text/plain\r\nx: y"}
    reply = client.send("PUT", f"{place[0]}/a?{place[1]}", b"x", headers)
    assert (reply.status, code(reply)) == (400, "InvalidHeaderValue")


def test_a_range_of_a_large_blob_reads_that_range(client, place):
    body = bytes(range(256)) * 2000
    assert client.send("PUT", f"{place[0]}/a?{place[1]}", body, {"x-ms-blob-type": "BlockBlob"}).status == 201
    for start, end in ((0, 0), (70_000, 70_010), (511_999, 600_000), (0, 10**17)):
        got = client.send("GET", f"{place[0]}/a?{place[1]}", headers={"x-ms-range": f"bytes={start}-{end}"})
        assert got.body == body[start : end + 1]
    for odd in ("bytes=²-3", "bytes=\u0661-\u0662", "bytes=" + "9" * 5000 + "-", "items=1-2", "bytes=-5"):
        assert client.send("GET", f"{place[0]}/a?{place[1]}", headers={"x-ms-range": odd}).body == body


def test_no_two_grants_have_the_same_signature():
    signer = Signer(b"key")
    pieces = ("", "a", "\n", "a\n", "\na", "1:", ":", "a\n\n", "1:a", "\r")
    signed = {}
    for parts in product(pieces, repeat=3):
        signed.setdefault(signer._signature((parts[0],), "r", parts[1], parts[2], ""), set()).add(parts)
    assert all(len(grants) == 1 for grants in signed.values())


@pytest.mark.parametrize(
    "name", ["a\nb", "a\r\nSet-Cookie: x=1", "\x01", "²", 'a"b', "a" * 100_000, "\ud7ff\U0001f600", "&sig=x"]
)
def test_a_job_of_any_name_has_addresses_that_work(client, name):
    job = client.done(client.submit(name=name))
    assert job["name"] == name
    assert client.result(job)
    assert client.send("GET", job["inputDataUri"]).status == 200
    assert len(job["outputDataUri"]) < 4000


def test_a_signature_for_one_blob_opens_no_other_whatever_the_names():
    signer, now = Signer(b"key"), datetime(2026, 1, 1, tzinfo=UTC)
    query = decoded_query(signer.read("box", "a/b", now))
    assert signer.check(query, "box", "a/b", now).rights == "r"
    for container, blob in (("box/a", "b"), ("box", "a"), ("box", "b"), ("box", None), ("bo", "x/a/b")):
        assert signer.check(query, container, blob, now).rights == ""
