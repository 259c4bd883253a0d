"""The calls of VS Code's extension for Azure Quantum, as its source makes them, on a served workspace.

It joins the connection string's endpoint, which ends with a slash, with paths that begin with one; it sends blobs
through ``storage/proxy``, to addresses of one container segment; and it takes the container and the blob of a result
from the last parts of ``outputDataUri``.
"""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

import pytest
import requests

from qsession_core.local import LocalWorkspace
from qsession_core.local.http_server import Server
from tests.support.qir_text import gate, pointer, qir, record

PROGRAM = qir(
    "\n".join(
        [
            gate("h__body", 0),
            gate("cnot__body", 0, 1),
            gate("mz__body", 0, 0),
            gate("mz__body", 1, 1),
            record("array", "i64 2"),
            record("result", pointer(0)),
            record("result", pointer(1)),
        ]
    )
)
VERSION = "2026-01-15-preview"


class Extension:
    """Sends requests as the extension does."""

    def __init__(self, service: LocalWorkspace, endpoint: str) -> None:
        at = service.connection
        self.key = at.api_key
        self.base = (
            f"{endpoint}/subscriptions/{at.subscription_id}/resourceGroups/{at.resource_group}"
            f"/providers/Microsoft.Quantum/Workspaces/{at.name}"
        )

    def call(self, method: str, path: str, body: object = None):
        headers = {"x-ms-useragent": "vscode", "x-ms-quantum-api-key": self.key}
        answer = requests.request(
            method, f"{self.base}{path}?api-version={VERSION}", json=body, headers=headers, timeout=60
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def blob(self, method: str, address: str, data: bytes | None = None) -> bytes:
        headers = {"x-ms-version": "2023-01-03", "x-ms-useragent": "vscode", "x-ms-quantum-api-key": self.key}
        headers |= {"x-proxy-to": address, "x-ms-blob-type": "BlockBlob", "Content-Type": "text/plain"}
        answer = requests.request(
            method, f"{self.base}/storage/proxy?api-version={VERSION}", data=data, headers=headers, timeout=60
        )
        assert answer.status_code < 300, answer.text
        return answer.content

    def signed(self, container: str, blob: str | None = None) -> str:
        body = {"containerName": container} | ({} if blob is None else {"blobName": blob})
        return self.call("POST", "/storage/sasUri", body)["sasUri"]


@pytest.fixture
def service():
    with LocalWorkspace(seed=1) as workspace, Server(workspace) as server:
        workspace.endpoint = server.endpoint
        yield workspace


def submitted(extension: Extension) -> str:
    job_id = str(uuid.uuid4())
    container = extension.signed(job_id)
    parts = urlsplit(container)
    blob = f"{parts.scheme}://{parts.netloc}/{job_id}/inputData"
    extension.blob("PUT", f"{blob}?{parts.query}", PROGRAM)
    job = {
        "id": job_id,
        "name": "from the editor",
        "providerId": "rigetti",
        "target": "rigetti.sim.qvm",
        "itemType": "Job",
        "containerUri": container,
        "inputDataUri": blob,
        "inputDataFormat": "qir.v1",
        "outputDataFormat": "microsoft.quantum-results.v2",
        "inputParams": {"entryPoint": "main", "arguments": [], "shots": 20},
    }
    extension.call("PUT", f"/jobs/{job_id}", job)
    return job_id


@pytest.mark.parametrize("ending", ["/", ""], ids=["endpoint with a slash", "endpoint without"])
def test_a_program_is_sent_and_its_result_read(service, ending):
    extension = Extension(service, service.endpoint.rstrip("/") + ending)
    assert extension.call("GET", "/providerStatus")["value"]
    assert extension.call("GET", "/quotas")["value"]
    job_id = submitted(extension)
    service.settle()

    job = extension.call("GET", f"/jobs/{job_id}")
    assert (job["status"], job["errorData"]) == ("Succeeded", None)
    container, blob = urlsplit(job["outputDataUri"]).path.strip("/").split("/")[-2:]
    result = extension.blob("GET", extension.signed(container, blob))
    assert b"Histogram" in result
    assert [shown["id"] for shown in extension.call("GET", "/jobs")["value"]] == [job_id]


def test_a_job_is_cancelled_and_deleted(service):
    extension = Extension(service, service.endpoint)
    job_id = submitted(extension)
    extension.call("POST", f"/jobs/{job_id}:cancel")
    service.settle()
    extension.call("DELETE", f"/jobs/{job_id}")
    assert extension.call("GET", "/jobs")["value"] == []
