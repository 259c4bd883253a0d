"""The service over HTTP."""

import urllib.request

import pytest

from qsession_core.local import LocalWorkspace
from qsession_core.local.http_server import Server
from tests.support.wire_client import Client


def test_large_bodies_need_no_temporary_files(monkeypatch):
    buffers = pytest.importorskip("waitress.buffers")

    def explode(*args, **kwargs):
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr(buffers, "TempfileBasedBuffer", explode)
    body = bytes(range(256)) * 20_000
    with LocalWorkspace() as service, Server(service) as server:
        container = Client(service).container("00000000-0000-4000-8000-000000000000")
        path, query = container.partition("/job-")[2].split("?")
        address = f"{server.endpoint}job-{path}/job-{path}/inputData?{query}"
        headers = {"x-ms-blob-type": "BlockBlob", "content-type": "application/octet-stream"}
        with urllib.request.urlopen(urllib.request.Request(address, body, headers, method="PUT")) as reply:  # noqa: S310
            assert reply.status == 201
        with urllib.request.urlopen(address) as reply:  # noqa: S310
            assert reply.read() == body
